"""``python -m kinto_webhook.worker``: a worker that ends with who started it."""

import os
import sys

from kinto_core.cli.lifelines import stop_with_supervisor
from kinto_webhook.tasks import run_worker


def main() -> None:
    """Run until SIGTERM; with ``--supervised``, until standard input ends."""
    if "--supervised" in sys.argv[1:]:
        stop_with_supervisor(sys.stdin.fileno(), os.getpid())
    run_worker()


if __name__ == "__main__":
    main()

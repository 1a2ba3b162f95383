"""Names the processes that the enabled plugins need, in a process of its own.

``kinto start`` runs ``python -m kinto_core.cli.services`` beside the HTTP server: plugins take
long to import and much memory, which a supervisor that lives for months should not keep.
"""

import os
import sys

from kinto_core import json
from kinto_core.cli.group import report
from kinto_core.cli.options import load_settings
from kinto_core.errors import KintoError
from kinto_core.hooks import Plugins
from kinto_core.server import Server
from kinto_core.supervisor import Service


def services_of_plugins() -> list[Service]:
    """What the plugins ask for, with the settings of the file and of the environment.

    Raises:
        ConfigurationError: the settings or a plugin cannot work.
    """
    settings = load_settings(None)
    if not Plugins.load(settings.includes).implements("register_services"):
        return []
    with Server(settings) as server:
        answers = server.plugins.gather("register_services", server=server)
        return [service for answer in answers for service in answer]


def to_json(services: list[Service]) -> str:
    """The text that ``kinto start`` reads."""
    return json.dumps(
        [{"name": one.name, "argv": list(one.argv), "env": dict(one.env)} for one in services]
    )


def main() -> None:
    """Write the services on standard output, as JSON.

    Raises:
        SystemExit: the settings cannot work; the problems are written.
    """
    try:
        found = services_of_plugins()
    except KintoError as error:
        raise SystemExit(report(error)) from error
    os.write(sys.stdout.fileno(), to_json(found).encode())


if __name__ == "__main__":
    main()

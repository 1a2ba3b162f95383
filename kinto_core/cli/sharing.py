"""A folder in which worker processes add up what they measure."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Where plugins that export metrics look for it. Source: settings S-218."""


@contextmanager
def metrics_folder(*, is_needed: bool) -> Iterator[None]:
    """Give the processes started in a block an empty folder in common; it is removed at the end.

    Changes this process's environment. A folder that the operator names is left alone.

    Args:
        is_needed: whether a plugin exports metrics.
    """
    if not is_needed or os.environ.get(FOLDER_VARIABLE):
        yield
        return
    with TemporaryDirectory(prefix="kinto-metrics-", ignore_cleanup_errors=True) as path:
        os.environ[FOLDER_VARIABLE] = path
        try:
            yield
        finally:
            del os.environ[FOLDER_VARIABLE]

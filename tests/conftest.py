"""What holds for all tests: the fixtures that authors of plugins get, and logging left alone."""

import logging
from collections.abc import Iterator

import pytest

pytest_plugins = ["kinto_core.testing.pytest_plugin"]

_LOGGERS = tuple(logging.getLogger(name) for name in ("", "kinto_core", "alembic"))


@pytest.fixture(autouse=True)
def _levels_as_before() -> Iterator[None]:
    """Commands set the levels of their process, which in tests is that of the next test too."""
    before = [logger.level for logger in _LOGGERS]
    yield
    for logger, level in zip(_LOGGERS, before, strict=True):
        logger.setLevel(level)

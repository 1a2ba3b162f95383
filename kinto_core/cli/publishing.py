"""Hands the choices of a command line on to the processes that it starts."""

import os
from collections.abc import Mapping
from pathlib import Path


def publish(ini: Path | None, options: Mapping[str, object]) -> None:
    """Put the choices where the processes that read the settings themselves find them.

    Changes this process's environment.

    Args:
        ini: the settings file.
        options: values by the name of their variable without ``KINTO_``; ``None`` is not set.
    """
    if ini is not None:
        os.environ["KINTO_INI"] = str(ini.resolve())
    for name, value in options.items():
        if value is not None:
            os.environ[f"KINTO_{name}"] = str(value)

"""Command ``kinto``: one file per command, imported when it is called.

Only Click is imported here, so that ``kinto version`` and shell completion answer at once.
"""

from kinto_core.cli.group import KintoGroup, main

__all__ = ["KintoGroup", "main"]

"""The files of a new plugin, from the templates in ``templates/plugin``.

A template's name ends with ``.txt`` so that no tool takes it for code; ``package`` stands for the
import package.
"""

import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from kinto_core.errors import KintoError

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


class UnusableName(KintoError):
    """A plugin cannot have this name."""


class FolderExists(KintoError):
    """There is something already where the plugin is to be written."""


@dataclass(frozen=True, slots=True)
class PluginNames:
    """The names that follow from one.

    Attributes:
        name: in ``includes`` and in settings: ``word_count``.
    """

    name: str

    @classmethod
    def of(cls, text: str) -> "PluginNames":
        """The names of a plugin that somebody calls so; ``kinto-`` in front is left out.

        Raises:
            UnusableName: no module can have that name.
        """
        name = text.replace("-", "_").removeprefix("kinto_")
        if not _NAME.fullmatch(name) or name == "core":
            message = f"{text!r} cannot be the name of a plugin: try one such as word-count"
            raise UnusableName(message)
        return cls(name)

    @property
    def module(self) -> str:
        """The import package: ``kinto_word_count``."""
        return f"kinto_{self.name}"

    @property
    def distribution(self) -> str:
        """The name to install it by: ``kinto-word-count``."""
        return self.module.replace("_", "-")

    @property
    def table(self) -> str:
        """The class of its settings: ``WordCountSettings``."""
        return self.name.title().replace("_", "") + "Settings"


def plugin_files(names: PluginNames, version: str) -> Mapping[str, str]:
    """The texts of a plugin's files, by path below its folder.

    Args:
        names: of the plugin.
        version: the oldest release of Kinto Core that it is to work with.
    """
    values = {
        "name": names.name,
        "module": names.module,
        "distribution": names.distribution,
        "table": names.table,
        "version": version,
    }
    root = resources.files("kinto_core.cli").joinpath("templates/plugin")
    return {
        re.sub("^package/", f"{names.module}/", path).removesuffix(".txt"): string.Template(
            template.read_text(encoding="utf-8")
        ).substitute(values)
        for path, template in sorted(_templates(root, ""))
    }


def write_plugin(names: PluginNames, version: str, parent: Path) -> Path:
    """Write the files of a new plugin; gives its folder.

    Args:
        names: of the plugin.
        version: see ``plugin_files``.
        parent: where its folder is made.

    Raises:
        FolderExists: nothing was written.
    """
    folder = parent / names.distribution
    if folder.exists():
        message = f"{folder} exists already: choose another name or --directory"
        raise FolderExists(message)
    for path, text in plugin_files(names, version).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder


def _templates(folder: Traversable, prefix: str) -> Iterator[tuple[str, Traversable]]:
    """Every template below a folder, with its path."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _templates(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(".txt"):
            yield prefix + entry.name, entry

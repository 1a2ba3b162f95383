"""The settings ``admin_assets_*`` and whether a folder can be served.

Source: settings S-133, built-in plugins B-183.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kinto_core.errors import ConfigurationError
from kinto_core.settings import Settings
from kinto_core.settings.setting import setting

INDEX: Final = "index.html"
"""The page itself."""

VERSION: Final = "VERSION"
"""The file that tells which build it is."""


@dataclass(frozen=True, kw_only=True)
class AdminSettings:
    """Which console is served."""

    admin_assets_path: Path | None = setting(
        None,
        example="/srv/kinto-admin/build",
        help="Absolute path of a folder with the build of another console: `index.html`, "
        "`VERSION` and what they need. Empty: the console that comes with the server.",
    )
    admin_assets_eval: bool = setting(
        default=True,
        help="Whether the console of that folder may compile scripts from texts (`unsafe-eval`), "
        "which some need for their forms. Ours may not.",
    )


def chosen_folder(settings: Settings) -> Path | None:
    """The folder with another console; ``None`` when ours is to be served.

    Raises:
        ConfigurationError: it cannot be served.
    """
    folder = settings.plugin(AdminSettings).admin_assets_path
    if folder is None:
        return None
    problem = _problem(folder)
    if problem is not None:
        origin = settings.origins.get("admin_assets_path", "default")
        needs = f"expected the absolute path of a folder with {INDEX} and {VERSION}"
        raise ConfigurationError([f"admin_assets_path = {folder} ({origin}) {problem}: {needs}"])
    return folder


def _problem(folder: Path) -> str | None:
    """What is wrong with a folder."""
    if not folder.is_absolute():
        return "is relative"
    if not folder.is_dir():
        return "is no folder" if folder.exists() else "does not exist"
    for name in (INDEX, VERSION):
        file = folder / name
        try:
            file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return f"has no {name}"
        except (OSError, UnicodeDecodeError):
            return f"has a {name} that cannot be read as text"
    return None

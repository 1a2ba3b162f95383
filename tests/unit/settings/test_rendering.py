"""The generated file works, says the defaults, and the listing hides secrets."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from kinto_core.settings import Settings, load, setting
from kinto_core.settings.rendering import render_ini, render_listing, render_reference, render_table
from kinto_core.settings.setting import settings_of


def test_a_generated_file_can_be_loaded(tmp_path: Path) -> None:
    path = tmp_path / "kinto.ini"
    overrides = {
        "port": "99",
        "storage_url": "sqlite:///%(here)s/k.db",
        "bucket_create_principals": "account:admin",
        "history.auto_trim_max_count": "5",
    }
    path.write_text(render_ini(overrides))
    settings, _ = load(ini=path)
    assert settings.port == 99
    assert settings.storage_url == f"sqlite:///{tmp_path}/k.db"
    assert settings.principals["bucket_create"] == ("account:admin",)
    assert settings.extra == {"history.auto_trim_max_count": "5"}


def test_commented_defaults_are_the_defaults(tmp_path: Path) -> None:
    path = tmp_path / "kinto.ini"
    text = render_ini({})
    examples = re.compile(r"for example:\n# .*|# kinto\.\S*(_hmac_secret|policy\.|listeners\.).*")
    active = re.sub(
        r"^# ((kinto\.|host|port|workers|threads)\S* =)", r"\1", text, flags=re.MULTILINE
    )
    assert active != text
    kept = "\n".join(
        line
        for line in active.splitlines()
        if not any(f"{one.example}" in line for one in settings_of(Settings) if one.example)
    )
    path.write_text(examples.sub("", kept))
    settings, _ = load(ini=path)
    assert settings == Settings()


def test_every_setting_is_in_the_file_and_in_the_manual() -> None:
    file, page = render_ini({}), render_reference()
    for one in settings_of(Settings):
        if not one.pattern:
            assert f"{one.name} =" in file
        assert one.help.split(".")[0].split("`")[0].strip() in " ".join(page.split())


def test_lines_fit_the_page() -> None:
    assert max(map(len, render_ini({}).splitlines())) <= 100


def test_the_listing_says_origins_and_hides_secrets() -> None:
    settings, _ = load(
        {
            "storage_url": "postgresql://u:hidden@h/x",
            "userid_hmac_secret": "hidden" * 6,
            "multiauth.policy.idp.client_secret": "hidden",
            "kinto.backoff": "5",
        }
    )
    rows = {row.name: row for row in render_listing(settings)}
    assert rows["backoff"].value == "5"
    assert rows["backoff"].origin == "setting kinto.backoff"
    assert rows["port"].origin == "default"
    assert rows["permission_backend"].origin == "follows from others"
    assert rows["bucket_create_principals"].value == "system.Authenticated"
    assert not [row for row in rows.values() if "hidden" in row.value]


@dataclass(frozen=True)
class Table:
    """A plugin's table."""

    prefix: ClassVar[str] = "mine."
    size: int = setting(3, help="A size | a number.")


def test_tables_of_plugins_are_listed_and_rendered() -> None:
    settings, _ = load({"mine.size": "5"})
    assert ("mine.size", "5") in [
        (row.name, row.value) for row in render_listing(settings.with_plugins([Table]))
    ]
    assert "| `mine.size` | a whole number | `3` | A size \\| a number. |" in render_table(Table)

"""The ini file: what is read, and where things stand in it."""

from pathlib import Path

import pytest

from kinto_core.errors import ConfigurationError
from kinto_core.settings import load
from kinto_core.settings.sources import read_ini


def written(folder: Path, text: str) -> Path:
    """A settings file with this text."""
    path = folder / "kinto.ini"
    path.write_text(text, encoding="utf-8")
    return path


def test_lines_are_remembered(tmp_path: Path) -> None:
    path = written(tmp_path, "# hello\n[app:main]\n\nkinto.includes =\n  a\n  b\nreadonly: yes\n")
    texts = {text.name: text for text in read_ini(path)}
    assert texts["includes"].origin == "kinto.ini line 4"
    assert texts["includes"].value.split() == ["a", "b"]
    assert texts["readonly"].origin == "kinto.ini line 7"
    assert not texts["readonly"].is_ours


def test_the_folder_and_the_port_can_be_named(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "[app:main]\nkinto.storage_url = sqlite:///%(here)s/a%%20b.db\n"
        "kinto.project_docs = http://x:%(http_port)s\n",
    )
    settings, _ = load(ini=path, environ={"KINTO_PORT": "99"})
    assert settings.storage_url == f"sqlite:///{tmp_path}/a%20b.db"
    assert settings.project_docs == "http://x:99"


def test_a_lone_percent_sign_is_a_problem_of_that_line(tmp_path: Path) -> None:
    path = written(tmp_path, "[app:main]\nkinto.eos_message = 100 % gone\n")
    with pytest.raises(ConfigurationError, match=r"kinto.ini line 2.*%%"):  # settings S-13
        load(ini=path)


def test_the_section_of_the_server_says_where_to_listen(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "[server:main]\nuse = egg:waitress#main\nport = %(http_port)s\nhost = 0.0.0.0\n"
        "unix_socket = x\n[app:main]\nuse = egg:kinto-core\n",
    )
    settings, _ = load(ini=path, environ={"KINTO_PORT": "9000"})
    assert (settings.host, settings.port) == ("0.0.0.0", 9000)
    assert settings.extra == {}
    assert settings.with_plugins([]).warnings == ()


def test_comments_behind_values_are_told(tmp_path: Path) -> None:
    path = written(tmp_path, "[app:main]\nkinto.readonly = true ; for now\n")
    with pytest.raises(ConfigurationError, match=r"kinto.ini line 2.*line of its own"):
        load(ini=path)  # settings SW-1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kinto.readonly = true\n", "no section headers"),
        ("[other]\n", r"\[app:main\] is missing"),
        ("[app:main]\na = 1\na = 2\n", "already exists"),
        ("[app:main]\nwhat is this\n", "parsing errors"),
    ],
)
def test_a_file_that_cannot_be_parsed_is_told(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        load(ini=written(tmp_path, text))


def test_a_missing_file_is_told_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="kinto init"):
        load(ini=tmp_path / "missing.ini")


def test_other_prefixes_are_kept_for_plugins(tmp_path: Path) -> None:
    path = written(tmp_path, "[app:main]\npyramid.debug_all = true\nkinto.x.y = 1\n")
    settings, _ = load(ini=path, environ={"KINTO_X_Y": "2", "KINTO_NEW": "3"})
    assert settings.extra == {"pyramid.debug_all": "true", "x.y": "2", "new": "3"}

"""Where the embedded Valkey server is."""

import os
import stat
import tempfile
from pathlib import Path

import pytest

from kinto_core.cli.valkey import command_line, find_program
from kinto_core.embedded_redis import (
    LONGEST_SOCKET_PATH,
    embedded_redis,
    redis_url_of,
    valkey_service,
)
from kinto_core.errors import ConfigurationError
from kinto_core.settings import Settings

POSTGRESQL = "postgresql://kinto@localhost/kinto"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder of the test's own, without a settings file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KINTO_INI", raising=False)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory for temporary files whose path is short."""
    directory = Path(tempfile.mkdtemp(prefix="kinto-")).resolve()
    monkeypatch.setattr(tempfile, "tempdir", str(directory))
    return directory


def test_a_server_that_is_named_is_used() -> None:
    settings = Settings(redis_url="redis://example.org/0")
    assert redis_url_of(settings) == "redis://example.org/0"
    assert valkey_service(settings) is None


def test_without_one_the_embedded_server_is_run() -> None:
    service = valkey_service(Settings())
    assert service is not None
    assert service.name == "valkey"
    assert list(service.argv[1:]) == ["-m", "kinto_core.cli.valkey", "--supervised"]


@pytest.mark.parametrize("scheme", ["sqlite", "sqlite+pysqlite"])
def test_it_is_beside_the_file_of_the_database(scheme: str) -> None:
    place = embedded_redis(Settings(storage_url=f"{scheme}:////srv/k/kinto.db?mode=rw"))
    assert place.data == Path("/srv/k/valkey")
    assert place.url == "unix:///srv/k/valkey.sock?db=0"


def test_the_file_of_the_database_may_have_a_relative_path(tmp_path: Path) -> None:
    assert embedded_redis(Settings(storage_url="sqlite:///here/k.db")).data == (
        tmp_path.resolve() / "here" / "valkey"
    )


@pytest.mark.parametrize("url", ["", "sqlite://", "sqlite:///:memory:", POSTGRESQL])
def test_without_a_file_it_is_in_the_working_directory(url: str, tmp_path: Path) -> None:
    assert embedded_redis(Settings(storage_url=url)).data == tmp_path.resolve() / "data" / "valkey"


def test_without_a_file_it_is_beside_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KINTO_INI", "/etc/kinto/kinto.ini")
    assert embedded_redis(Settings(storage_url=POSTGRESQL)).data == Path("/etc/kinto/data/valkey")


def test_a_path_may_have_any_characters() -> None:
    place = embedded_redis(Settings(storage_url="sqlite:////srv/my data/100%/k.db"))
    assert place.url == "unix:///srv/my%20data/100%25/valkey.sock?db=0"


def test_a_path_that_is_too_long_for_a_socket_gets_a_short_one(short: Path) -> None:
    long = "/srv/" + "x" * 120
    place = embedded_redis(Settings(storage_url=f"sqlite:///{long}/k.db"))
    assert place.data == Path(long) / "valkey"
    assert place.socket.parent.parent == short
    assert len(os.fsencode(place.socket)) <= LONGEST_SOCKET_PATH
    other = embedded_redis(Settings(storage_url=f"sqlite:///{long}y/k.db"))
    assert other.socket != place.socket


def test_its_directories_are_private(tmp_path: Path, short: Path) -> None:
    place = embedded_redis(Settings(storage_url=f"sqlite:///{tmp_path}/{'x' * 90}/k.db"))
    place.prepare()
    place.prepare()
    for directory in (place.data, place.socket.parent):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert short in place.socket.parents


@pytest.mark.usefixtures("short")
def test_a_directory_that_others_may_write_to_is_refused(tmp_path: Path) -> None:
    settings = Settings(storage_url=f"sqlite:///{tmp_path}/{'x' * 90}/k.db")
    place = embedded_redis(settings)
    place.socket.parent.mkdir()
    place.socket.parent.chmod(0o777)
    with pytest.raises(ConfigurationError, match="set redis_url"):
        redis_url_of(settings)
    with pytest.raises(ConfigurationError, match="set redis_url"):
        place.prepare()


def test_it_listens_on_its_socket_alone_and_keeps_what_it_acknowledged() -> None:
    place = embedded_redis(Settings(storage_url="sqlite:////srv/k/kinto.db"))
    words = command_line("valkey-server", place)
    options = dict(zip(words[1::2], words[2::2], strict=True))
    assert options["--port"] == "0"
    assert options["--unixsocket"] == "/srv/k/valkey.sock"
    assert options["--unixsocketperm"] == "700"
    assert options["--dir"] == "/srv/k/valkey"
    assert (options["--appendonly"], options["--appendfsync"]) == ("yes", "always")


def test_there_is_a_program_to_run() -> None:
    assert os.access(find_program(), os.X_OK)

"""``kinto history``."""

from collections.abc import Callable
from pathlib import Path

import pytest
import webtest
from click.testing import CliRunner, Result

from kinto_core.builtin.history.commands import history
from kinto_core.errors import ReadOnly
from kinto_core.testing import make_app

B = "/v1/buckets/b"
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command on a bucket with five records, some settings added."""
    url = f"sqlite:///{tmp_path}/kinto.db"
    router = make_app({"includes": "history", "storage_url": url})
    app = webtest.TestApp(router)
    app.authorization = ("Basic", ("alice", "secret"))
    app.put(B)
    app.put(f"{B}/collections/c")
    for n in range(5):
        app.put_json(f"{B}/collections/c/records/{n}", {"data": {}})
    router.close()

    def command(*words: str, **settings: str) -> Result:
        ini = tmp_path / "kinto.ini"
        values = {
            "includes": "history",
            "storage_url": url,
            "userid_hmac_secret": "0" * 40,
            **{
                name.replace("trim_", "history.auto_trim_"): text for name, text in settings.items()
            },
        }
        lines = [f"kinto.{name} = {text}" for name, text in values.items()]
        ini.write_text("[app:main]\nuse = egg:kinto-core\n" + "\n".join(lines) + "\n")
        monkeypatch.setenv("KINTO_INI", str(ini))
        return CliRunner().invoke(history, words)

    return command


def test_buckets_tells_what_became_of_them(run: Run) -> None:
    found = run("buckets")
    assert "create  /buckets/b  by basicauth:" in found.output  # BW-20
    assert found.output.count("\n") == 1


def test_trim_removes_by_count(run: Run) -> None:
    assert run("trim", trim_max_count="2", trim_threshold="1").output == "3 entries removed.\n"
    assert run("trim", trim_max_count="2", trim_threshold="1").output == "0 entries removed.\n"


def test_trim_removes_by_age(run: Run) -> None:
    assert run("trim", "--older-than", "1").output == "0 entries removed.\n"
    assert run("trim", "--older-than", "0").output == "8 entries removed.\n"


def test_trim_needs_a_limit(run: Run) -> None:
    found = run("trim")
    assert found.exit_code == 2
    assert "history.auto_trim_max_count" in found.output


def test_a_read_only_server_trims_nothing(run: Run) -> None:
    found = run("trim", readonly="true")
    assert isinstance(found.exception, ReadOnly)

"""``kinto accounts`` and ``kinto create-user``."""

import re
from pathlib import Path

import bcrypt
import pytest
from click.testing import CliRunner, Result

from kinto_core.cli import main
from tests.unit.builtin.accounts.desk import Desk

INI = """\
[app:main]
use = egg:kinto-core
kinto.includes = accounts
kinto.storage_url = sqlite:///{folder}/kinto.db
kinto.userid_hmac_secret = 0123456789abcdef0123
multiauth.policies = account
multiauth.policy.account.use = accounts
kinto.account_create_principals = system.Everyone
kinto.readonly = {readonly}
"""


class Shell:
    """Runs commands against a database in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write()

    def write(self, readonly: str = "false") -> None:
        """Write the settings file."""
        text = INI.format(folder=self.folder, readonly=readonly)
        (self.folder / "kinto.ini").write_text(text)

    def run(self, *words: str, stdin: str = "") -> Result:
        """Run one command."""
        ini = str(self.folder / "kinto.ini")
        return CliRunner().invoke(main, [*words, "--ini", ini], input=stdin)

    def desk(self) -> Desk:
        """A server on the same database."""
        return Desk({"storage_url": f"sqlite:///{self.folder}/kinto.db"})


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A folder with settings."""
    return Shell(tmp_path)


def test_accounts_are_created_listed_and_deleted(shell: Shell) -> None:
    done = shell.run("accounts", "create", "alice", "--password-stdin", stdin="secret\n")
    assert done.exit_code == 0, done.output
    again = shell.run("accounts", "create", "alice", "--password-stdin", stdin="other\n")
    assert again.exit_code != 0
    assert re.match(r"alice  \d{4}-\d\d-\d\dT", shell.run("accounts", "list").output)
    with shell.desk() as desk:
        assert desk.knows("alice", "secret")
        own = desk.ask("GET", "/accounts/alice", user="alice", password="secret")
        assert own.json["permissions"] == {"write": ["account:alice"]}
    assert shell.run("accounts", "delete", "alice", stdin="n\n").exit_code == 1
    assert shell.run("accounts", "delete", "alice", "--yes").exit_code == 0
    assert shell.run("accounts", "list").output == ""
    assert shell.run("accounts", "delete", "alice", "--yes").exit_code != 0


def test_a_hash_made_elsewhere_can_be_taken_over(shell: Shell) -> None:
    old = bcrypt.hashpw(b"legacy", bcrypt.gensalt(4)).decode()
    done = shell.run("accounts", "create", "alice", "--hash-stdin", stdin=f"{old}\n")
    assert done.exit_code == 0, done.output
    assert shell.run("accounts", "create", "bob", "--hash-stdin", stdin="plain\n").exit_code == 2
    with shell.desk() as desk:
        assert desk.knows("alice", "legacy")


def test_a_code_lets_a_user_choose_a_password(shell: Shell) -> None:
    shell.run("accounts", "create", "alice", "--password-stdin", stdin="secret\n")
    done = shell.run("accounts", "reset-password", "alice", "--lock")
    assert done.exit_code == 0, done.output
    code = done.output.splitlines()[-1]
    with shell.desk() as desk:
        assert not desk.knows("alice", "secret")
        body = {"data": {"code": code, "password": "chosen"}}
        assert desk.ask("POST", "/accounts/alice/reset-password", body).status_code == 200
        assert desk.knows("alice", "chosen")
    assert shell.run("accounts", "reset-password", "nobody").exit_code != 0


def test_create_user_asks_for_what_is_missing(shell: Shell) -> None:
    typed = "-bad\nalice\nsecret\nother\nsecret\nsecret\n"  # settings S-252, S-253
    done = shell.run("create-user", stdin=typed)
    assert done.exit_code == 0, done.output
    assert "-bad is not a valid username." in done.output
    assert "Creating user 'alice'" in done.output
    assert "Sorry, passwords do not match" in done.output
    with shell.desk() as desk:
        assert desk.knows("alice", "secret")


def test_create_user_replaces_an_account_when_told_so(shell: Shell) -> None:
    words = ("create-user", "--username", "alice", "--password")
    assert shell.run(*words, "one").exit_code == 0  # settings S-254
    assert shell.run(*words, "two").exit_code == 53
    assert shell.run(*words, "two", "--yes").exit_code == 0
    with shell.desk() as desk:
        assert desk.knows("alice", "two")


def test_create_user_ends_with_a_status_that_says_why(shell: Shell) -> None:
    assert shell.run("create-user", "-u", "alice").exit_code == 53  # settings S-255
    assert shell.run("create-user", "-u", "alice", "-p", "").exit_code == 2
    shell.write(readonly="true")
    assert shell.run("create-user", "-u", "alice", "-p", "x").exit_code == 51
    assert shell.run("accounts", "create", "a", "--password-stdin", stdin="x\n").exit_code != 0

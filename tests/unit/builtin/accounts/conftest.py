"""A server with accounts, on each kind of database."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.unit.builtin.accounts.desk import Desk

ADMIN: Mapping[str, str] = {"account_write_principals": "account:admin"}


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A server in memory, where anybody may have an account."""
    with Desk({}) as made:
        yield made


@pytest.fixture
def ruled() -> Iterator[Desk]:
    """The same with an administrator called admin."""
    with Desk(ADMIN) as made:
        made.sign_up("admin")
        yield made


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def stored(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    """The same, on each kind of database."""
    values = dict(ADMIN)
    if request.param == "sqlite":
        values["storage_url"] = f"sqlite:///{tmp_path}/kinto.db"
    elif request.param == "postgresql":
        values["storage_url"] = request.getfixturevalue("postgresql_url")
    with Desk(values) as made:
        made.sign_up("admin")
        yield made

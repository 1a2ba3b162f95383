"""The table of the plugin: what proves the password of each account, and codes to reset it.

It lives in the database of the objects, whose transactions it shares. The accounts themselves are
objects like any other, and hold nothing that could be tested for a password.
"""

from typing import Final, NamedTuple

from sqlalchemy import BigInteger, Column, MetaData, Table, Text, bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.elements import ClauseElement

from kinto_core.database.connection import Connection, Statement
from kinto_core.database.plugin_tables import PluginTables

metadata = MetaData()

_name = Text().with_variant(Text(collation="C"), "postgresql")

passwords = Table(
    "account_passwords",
    metadata,
    Column("name", _name, primary_key=True),
    Column("proof", Text, nullable=False, comment="argon2id or bcrypt; empty: none is right"),
    Column("version", Text, nullable=False, comment="changes with the password"),
    Column("code", Text, nullable=False, comment="SHA-256 of the code to reset it; empty: none"),
    Column("code_until", BigInteger, nullable=False, comment="milliseconds since 1970"),
    sqlite_with_rowid=False,
)

TABLES: Final = PluginTables(name="accounts", metadata=metadata, version=1)


class Password(NamedTuple):
    """What is known of an account's password; its text form tells nothing."""

    proof: str
    version: str
    code: str = ""
    code_until: int = 0

    def __repr__(self) -> str:
        """Without what it holds."""
        return "Password(…)"


_COLUMNS = tuple(passwords.c[name] for name in Password._fields)
_ALL = ("name", *Password._fields)


def _write(dialect: str) -> ClauseElement:
    kind = postgresql.insert if dialect == "postgresql" else sqlite.insert
    into = kind(passwords).values({name: bindparam(name) for name in _ALL})
    changed = {name: into.excluded[name] for name in Password._fields}
    statement: ClauseElement = into.on_conflict_do_update(index_elements=["name"], set_=changed)
    return statement


_FIND = Statement(
    lambda _: select(*_COLUMNS).where(passwords.c.name == bindparam("wanted")), is_quick=True
)
_WRITE = Statement(_write)
_UPGRADE = Statement(
    lambda _: (
        update(passwords)
        .values(proof=bindparam("better"))
        .where(passwords.c.name == bindparam("wanted"), passwords.c.proof == bindparam("former"))
    )
)
_REMOVE = Statement(lambda _: delete(passwords).where(passwords.c.name == bindparam("wanted")))
_REMOVE_ALL = Statement(lambda _: delete(passwords))


def find(connection: Connection, name: str) -> Password | None:
    """What is known of an account's password; ``None`` when there is no account."""
    rows = connection.run(_FIND, {"wanted": name})
    return Password(*rows[0]) if rows else None


def write(connection: Connection, name: str, password: Password) -> None:
    """Keep it, over what was there."""
    connection.send(_WRITE, {"name": name, **password._asdict()})


def upgrade(connection: Connection, name: str, *, former: str, better: str) -> None:
    """Replace a proof by another one of the same password, unless it was changed meanwhile."""
    connection.send(_UPGRADE, {"wanted": name, "former": former, "better": better})


def remove(connection: Connection, name: str) -> None:
    """Forget it."""
    connection.send(_REMOVE, {"wanted": name})


def remove_all(connection: Connection) -> None:
    """Forget all of them."""
    connection.send(_REMOVE_ALL, {})

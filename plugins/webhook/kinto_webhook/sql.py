"""The tables of the plugin, in the database of the objects, whose transactions they share.

What is done with them is in ``sql_endpoints.py``, ``sql_queue.py`` and ``sql_log.py``.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Identity,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
)

from kinto_core.database.plugin_tables import PluginTables

metadata = MetaData()

_name = Text().with_variant(Text(collation="C"), "postgresql")
_number = BigInteger().with_variant(Integer, "sqlite")
_flag = Boolean(create_constraint=False)

PENDING: Final = "pending"
SUCCEEDED: Final = "succeeded"
FAILED: Final = "failed"
SKIPPED: Final = "skipped"
"""Nothing of the event was for the endpoint's owner to read."""

STATES: Final = (PENDING, SUCCEEDED, FAILED, SKIPPED)

endpoints = Table(
    "webhook_endpoints",
    metadata,
    Column("uri", _name, primary_key=True),
    Column("secret", Text, nullable=False, comment="empty for those of the settings"),
    Column("former_secret", Text, nullable=False),
    Column("former_until", BigInteger, nullable=False, comment="milliseconds since 1970"),
    Column("headers", Text, nullable=False, comment="JSON"),
    Column("enabled", _flag, nullable=False),
    Column("reason", Text, nullable=False, comment="why it is disabled"),
    Column("announced", _flag, nullable=False, comment="whether the webhook itself says so"),
    Column("fifo", _flag, nullable=False),
    Column("max_lanes", Integer, nullable=False),
    Column("lanes", Integer, nullable=False),
    Column("failures", BigInteger, nullable=False),
    Column("first_failure", BigInteger, nullable=False),
    Column("blocks", BigInteger, nullable=False),
    Column("paused_until", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""What is known of each endpoint besides its object: secrets, and how it fares."""

events = Table(
    "webhook_events",
    metadata,
    Column("id", _name, primary_key=True),
    Column("moment", BigInteger, nullable=False, comment="of the commit, milliseconds since 1970"),
    Column("type", Text, nullable=False, comment="such as record.updated"),
    Column("is_message", _flag, nullable=False, comment="text is the message's data, not an event"),
    Column("text", Text, nullable=False, comment="JSON"),
    Index("webhook_events_by_time", "moment"),
    sqlite_with_rowid=False,
)
"""What deliveries deliver; kept for as long as they are."""

deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("number", _number, Identity(), primary_key=True, comment="in the order of commits"),
    Column("endpoint", _name, nullable=False),
    Column("event_id", _name, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False, comment="of the last attempt's outcome"),
    Column("attempts", Integer, nullable=False),
    Column("tries", Integer, nullable=False, comment="attempts of the present schedule"),
    Column("due_at", BigInteger, nullable=True, comment="of the next attempt; null: none"),
    Column("leased_until", BigInteger, nullable=False, comment="0: nobody is at it"),
    Column("lease", Text, nullable=False, comment="who is at it"),
    UniqueConstraint("endpoint", "event_id"),
    sqlite_autoincrement=True,
)
"""One event for one endpoint."""

_is_due = deliveries.c.due_at.is_not(None)
is_leased = deliveries.c.leased_until > literal_column("0")
"""Written as in the index, whose rows are found by nothing else."""

Index(
    "webhook_deliveries_due",
    deliveries.c.endpoint, deliveries.c.due_at, deliveries.c.number,
    sqlite_where=_is_due, postgresql_where=_is_due,
)  # fmt: skip
Index(
    "webhook_deliveries_in_order",
    deliveries.c.endpoint, deliveries.c.number,
    sqlite_where=_is_due, postgresql_where=_is_due,
)  # fmt: skip
Index(
    "webhook_deliveries_leased",
    deliveries.c.endpoint, deliveries.c.leased_until,
    sqlite_where=is_leased, postgresql_where=is_leased,
)  # fmt: skip
Index("webhook_deliveries_listed", deliveries.c.endpoint, deliveries.c.number)
Index("webhook_deliveries_by_event", deliveries.c.event_id)

attempts = Table(
    "webhook_attempts",
    metadata,
    Column("delivery", BigInteger, nullable=False, comment="its number"),
    Column("attempt", Integer, nullable=False, comment="from 1"),
    Column("moment", BigInteger, nullable=False),
    Column("elapsed_ms", BigInteger, nullable=False),
    Column("result", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("status", Integer, nullable=True, comment="null: no answer"),
    Column("body", Text, nullable=False, comment="of the answer, up to 16 KiB"),
    PrimaryKeyConstraint("delivery", "attempt"),
    sqlite_with_rowid=False,
)
"""What was tried and what came of it."""

TABLES: Final = PluginTables(name="webhook", metadata=metadata, version=1)

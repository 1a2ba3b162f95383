"""What a clock that was set back leaves behind: moments that no worker could have written since.

A lease that ends tomorrow, or a first attempt that is due in an hour, was written while the clock
was ahead. Without a remedy nobody would look at it until then.
"""

from typing import Final

from sqlalchemy import and_, bindparam, case, or_, update
from sqlalchemy.sql.elements import BindParameter

from kinto_core.database.connection import Statement
from kinto_core.database.engine import Connection
from kinto_webhook import sql_endpoints
from kinto_webhook.schedule import DAY, LONGEST_PAUSE, LONGEST_WAIT
from kinto_webhook.sql import deliveries, endpoints, is_leased

_now: BindParameter[int] = bindparam("now")
_STATEMENTS: Final = (
    Statement(
        lambda _: (
            update(endpoints)
            .where(
                or_(
                    endpoints.c.paused_until > bindparam("pause"),
                    endpoints.c.first_failure > _now,
                    endpoints.c.former_until > bindparam("rotation"),
                )
            )
            .values(
                paused_until=case(
                    (endpoints.c.paused_until > bindparam("pause"), 0),
                    else_=endpoints.c.paused_until,
                ),
                first_failure=case(
                    (endpoints.c.first_failure > _now, _now), else_=endpoints.c.first_failure
                ),
                former_until=case(
                    (endpoints.c.former_until > bindparam("rotation"), bindparam("rotation")),
                    else_=endpoints.c.former_until,
                ),
            )
        )
    ),
    Statement(
        lambda _: (
            update(deliveries)
            .where(is_leased, deliveries.c.leased_until > bindparam("lease"))
            .values(leased_until=_now, due_at=_now)
        )
    ),
    Statement(
        lambda _: (
            update(deliveries)
            .where(
                deliveries.c.due_at.is_not(None),
                or_(
                    deliveries.c.due_at > bindparam("wait"),
                    and_(deliveries.c.tries == 0, deliveries.c.due_at > _now),
                ),
            )
            .values(due_at=_now)
        )
    ),
)


def mend(connection: Connection, now: int, lease_ms: int) -> None:
    """Bring moments back that are further ahead than anything is now put off.

    Args:
        connection: of a transaction that writes.
        now: milliseconds since 1970.
        lease_ms: the longest lease.
    """
    sql_endpoints.hold_all(connection)
    values = {
        "now": now,
        "pause": now + LONGEST_PAUSE,
        "rotation": now + DAY,
        "lease": now + lease_ms,
        "wait": now + LONGEST_WAIT,
    }
    for statement in _STATEMENTS:
        connection.send(statement, values)

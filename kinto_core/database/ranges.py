"""Exactly what is below an object, as a condition that an index serves."""

from sqlalchemy import ColumnElement, bindparam, or_

from kinto_core.database.connection import Statement

__all__ = ["Statement", "below", "bounds"]


def below(column: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a parent URI is ``:uri`` itself or deeper; bind with ``bounds``.

    Source: protocol R-30; exact parents, no patterns.
    """
    return or_(
        column == bindparam("uri"),
        (column > bindparam("first")) & (column < bindparam("beyond")),
    )


def bounds(uri: str) -> dict[str, str]:
    """The parameters of ``below``: deeper parents begin with the URI and a slash."""
    return {"uri": uri, "first": uri + "/", "beyond": uri + "0"}

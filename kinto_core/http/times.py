"""Dates in headers."""

from email.utils import formatdate
from functools import lru_cache


@lru_cache(maxsize=1024)
def _date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)


def http_date(milliseconds: int) -> str:
    """An RFC 1123 date in GMT; milliseconds are cut off. Source: protocol T-7."""
    try:
        return _date(milliseconds // 1000)
    except (ValueError, OverflowError, OSError):  # after the year 9999
        return "Fri, 31 Dec 9999 23:59:59 GMT"

"""Which methods an endpoint has."""

from kinto_core.http.methods import allowed_methods
from kinto_core.resources.group import GROUP
from kinto_core.resources.record import RECORD


def test_methods_and_their_order() -> None:
    lists = ("HEAD", "GET", "POST", "DELETE", "OPTIONS")  # protocol M-3
    objects = ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS")
    assert allowed_methods(RECORD, is_list=True, enabled={}) == lists
    assert allowed_methods(RECORD, is_list=False, enabled={}) == objects


def test_methods_can_be_switched_off() -> None:
    off = {"plural_record_get": False, "object_record_get": False, "object_group_put": False}
    assert "GET" not in allowed_methods(RECORD, is_list=True, enabled=off)
    assert "HEAD" in allowed_methods(RECORD, is_list=True, enabled=off)
    without = ("PUT", "PATCH", "DELETE", "OPTIONS")  # protocol M-4
    assert allowed_methods(RECORD, is_list=False, enabled=off) == without
    assert "PUT" not in allowed_methods(GROUP, is_list=False, enabled=off)

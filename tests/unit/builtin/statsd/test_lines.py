"""What lines look like, and how they share datagrams."""

import math
from collections.abc import Mapping

import pytest

from kinto_core.builtin.statsd.batching import MAX_BYTES, Batch
from kinto_core.builtin.statsd.lines import LONGEST_LABEL, Lines, clean, dotted, joined
from kinto_core.metrics import MAX_SERIES

REQUEST: Mapping[str, str] = {
    "bucket_id": "a",
    "collection_id": "",
    "group_id": "",
    "record_id": "",
    "method": "get",
    "endpoint": "bucket-object",
}


def counted(
    lines: Lines, name: str, value: float = 1, labels: Mapping[str, str] | None = None
) -> list[str]:
    return [line.decode() for line in lines.counted(name, value, labels)]


def observed(
    lines: Lines, name: str, value: float, labels: Mapping[str, str] | None = None
) -> list[str]:
    return [line.decode() for line in lines.observed(name, value, labels)]


def test_a_request_is_a_value_of_a_set() -> None:
    words = "method.get.endpoint.bucket-object.bucket_id.a.collection_id..group_id..record_id."
    labels = {**REQUEST, "status": "200"}
    expected = f"kinto.request_summary:{words}.status.200|s"  # settings S-220
    lines = Lines("kinto")
    assert counted(lines, "request_summary", 1, labels) == [expected]
    assert counted(lines, "request_summary", 1, labels) == [expected]


def test_a_duration_is_a_timer_in_milliseconds() -> None:
    words = "method.get.endpoint.bucket-object.bucket_id.a.collection_id..group_id..record_id."
    assert observed(Lines("kinto"), "request_duration_seconds", 0.0125, REQUEST) == [
        f"kinto.request_duration_seconds.{words}:12.5|ms"  # settings S-221
    ]


def test_a_size_is_a_gauge_without_labels() -> None:
    expected = ["kinto.request_size:512|g"]  # settings S-222
    assert observed(Lines("kinto"), "request_size", 512, REQUEST) == expected


def test_a_gauge_below_zero_is_set_rather_than_lowered() -> None:
    assert observed(Lines(""), "balance", -2) == ["balance:0|g", "balance:-2|g"]


def test_users_are_named_only_on_demand() -> None:
    labels = {"auth": "basicauth", "userid": "1f"}
    assert counted(Lines("kinto"), "users", 1, labels) == []  # settings SW-20
    expected = ["kinto.users:auth.basicauth.userid.1f|s"]  # settings S-223
    assert counted(Lines("kinto", has_users=True), "users", 1, labels) == expected
    both = Lines("kinto", has_users=True, has_counters=True)
    assert counted(both, "users", 1, labels) == expected


def test_sets_can_be_counted_as_well() -> None:
    lines = Lines("kinto", has_counters=True)
    assert counted(lines, "authentication", 1, {"type": "basicauth"}) == [
        "kinto.authentication:type.basicauth|s",  # settings S-224
        "kinto.authentication.type.basicauth:1|c",
    ]


def test_counters_keep_their_labels_in_their_names() -> None:
    lines = Lines("kinto")
    assert counted(lines, "cache_hits", 2) == ["kinto.cache_hits:2|c"]  # settings S-229
    labels = {"result": "delivered"}
    expected = ["kinto.webhook_attempts.result.delivered:1|c"]
    assert counted(lines, "webhook_attempts", 1, labels) == expected


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("backend_storage_seconds", "backend.storage.seconds"),  # settings S-225
        ("authentication_basicauth_seconds", "authentication.basicauth.seconds"),
        ("plugins_history_seconds", "plugins.history.seconds"),  # settings S-227
        ("listeners_my_own_seconds", "listeners.my_own.seconds"),  # settings S-228
        ("request_duration_seconds", "request_duration_seconds"),
        ("authentication", "authentication"),
    ],
)
def test_names_have_dots_where_the_protocol_has_them(name: str, sent: str) -> None:
    assert dotted(name) == sent


def test_a_method_of_a_backend_is_part_of_the_name() -> None:
    assert observed(Lines("kinto"), "backend_storage_seconds", 1, {"method": "create"}) == [
        "kinto.backend.storage.seconds.method.create:1000|ms"  # settings S-225
    ]


def test_without_a_prefix_a_name_starts_with_itself() -> None:
    assert counted(Lines(""), "cache_hits") == ["cache_hits:1|c"]


def test_a_prefix_is_cleaned() -> None:
    assert counted(Lines("my: own"), "cache_hits") == ["my_own.cache_hits:1|c"]


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("account:alice", "accountalice"),  # built-in plugins B-190
        ("a|c", "a_c"),
        ("a@0.1", "a_0.1"),
        ("a#b", "a_b"),
        ("a\nb:1|c", "a_b1_c"),
        ("a\r\x00\u2028b", "a___b"),
        ("ü", "ü"),
    ],
)
def test_nothing_in_a_value_ends_it(text: str, sent: str) -> None:
    assert clean(text) == sent


def test_a_hostile_label_stays_in_its_line() -> None:
    labels = {"method": "get:1|c\nadmin:1|c|@0.1|#tag", "endpoint": "hello"}
    (timer,) = observed(Lines("kinto"), "request_duration_seconds", 0.001, labels)
    words = "method.get1_c_admin1_c__0.1__tag.endpoint.hello"
    assert timer == f"kinto.request_duration_seconds.{words}:1|ms"


def test_half_of_a_character_is_replaced() -> None:
    assert counted(Lines(""), "hits", 1, {"a": "\ud800"}) == ["hits.a.?:1|c"]


def test_labels_are_cut() -> None:
    assert joined({"method": "x" * 5000}) == "method." + "x" * LONGEST_LABEL


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_no_number_is_not_sent(value: float) -> None:
    assert observed(Lines(""), "size", value) == []
    assert counted(Lines(""), "hits", value) == []


def test_number_of_series_is_bounded() -> None:
    """Nobody can fill the receiver with new names (settings SW-20)."""
    lines = Lines("kinto")
    for number in range(MAX_SERIES):
        observed(lines, "own_seconds", 1, {"method": str(number)})
    late = observed(lines, "own_seconds", 1, {"method": "late"})
    assert late == ["kinto.own_seconds.overflow.true:1000|ms"]
    early = observed(lines, "own_seconds", 1, {"method": "5"})
    assert early == ["kinto.own_seconds.method.5:1000|ms"]


def test_lines_share_a_datagram() -> None:
    batch = Batch(max_bytes=11)
    assert batch.add(b"a:1|c") is None
    assert batch.add(b"b:1|c") is None
    assert batch.add(b"d:1|c") == b"a:1|c\nb:1|c"
    assert batch.take() == b"d:1|c"
    assert batch.take() == b""


def test_a_datagram_is_never_too_large_for_its_lines() -> None:
    batch = Batch()
    lines = [f"kinto.own.{number}:1|c".encode() for number in range(500)]
    full = [one for line in lines if (one := batch.add(line)) is not None]
    assert full
    assert all(MAX_BYTES - 30 < len(one) <= MAX_BYTES for one in full)
    assert b"\n".join([*full, batch.take()]).split(b"\n") == lines


def test_a_long_line_goes_alone() -> None:
    batch = Batch(max_bytes=11)
    assert batch.add(b"a:1|c") is None
    assert batch.add(b"long" * 10 + b":1|c") == b"a:1|c"
    assert batch.add(b"b:1|c") == b"long" * 10 + b":1|c"


def test_a_value_of_a_set_is_sent_once_in_a_datagram() -> None:
    batch = Batch()
    for line in (b"users:a|s", b"hits:1|c", b"users:a|s", b"hits:1|c"):
        batch.add(line)
    assert batch.take() == b"users:a|s\nhits:1|c\nhits:1|c"

"""Counting statements, judging what came back, and the table of reconnects."""

from pathlib import Path

from benchmarks.live_reconnects import Log, Return, is_whole, markdown


def test_statements_are_counted_once_without_beginnings_and_ends(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("LOG:  execute kinto_0: SELECT 1\n")
    log = Log(path)
    assert log.count() == 1
    with path.open("a") as file:
        file.write("LOG:  execute kinto_1: BEGIN\nLOG:  execute kinto_2: COMMIT\n")
        file.write("LOG:  execute kinto_3: SELECT text \nFROM event_log\nDETAIL:  $1 = 'x'\n")
        file.write("LOG:  execute kinto_4: SELECT set_config($1)\nLOG:  statement: SELECT 1\n")
    assert log.count() == 1
    assert log.count() == 0


def test_a_client_is_back_when_it_has_every_event_in_order() -> None:
    head = b'{"id":2,"subscribe":{"epoch":"ab12","offset":13,"recovered":%b,"events":[%b]}}'
    events = [b'{"new":{"title":"s%08d"}}' % number for number in range(3)]
    assert is_whole(head % (b"true", b",".join(events)), 3)
    assert not is_whole(head % (b"false", b",".join(events)), 3)
    assert not is_whole(head % (b"true", b",".join(events[1:])), 3)
    assert not is_whole(head % (b"true", b",".join(reversed(events))), 3)
    assert not is_whole(b'{"id":2,"resync":"limit"}', 3)


def test_the_table_tells_what_one_reconnect_costs() -> None:
    row = Return(
        name="a place",
        count=4,
        seconds=2.0,
        cpu=0.5,
        statements=2.0,
        delays_ms=[1.0, 2.0, 3.0, 4.0],
        failed=0,
    )
    page = markdown([row], conditions="Here.")
    assert "| a place | 2 | 8 | 3.0 | 4.0 | 0.500 | 0 |" in page

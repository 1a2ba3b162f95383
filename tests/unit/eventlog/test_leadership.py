"""Who leads, beside a SQLite file."""

from pathlib import Path

from kinto_core.eventlog.leadership import AlwaysLeading, FileLeadership


def test_one_leads_until_it_resigns(tmp_path: Path) -> None:
    first, second = FileLeadership(tmp_path / "kinto.db"), FileLeadership(tmp_path / "kinto.db")
    assert first.try_to_lead()
    assert first.try_to_lead()
    assert not second.try_to_lead()
    first.resign()
    assert second.try_to_lead()
    assert not first.try_to_lead()
    second.resign()
    second.resign()


def test_each_file_has_a_leader(tmp_path: Path) -> None:
    first, second = FileLeadership(tmp_path / "a.db"), FileLeadership(tmp_path / "b.db")
    assert first.try_to_lead()
    assert second.try_to_lead()
    first.resign()
    second.resign()


def test_who_is_alone_leads() -> None:
    alone = AlwaysLeading()
    alone.resign()
    assert alone.try_to_lead()

"""The pure decisions: names, types, extensions, rules, ranges, metadata of resumable uploads."""

from datetime import UTC, datetime

import pytest

from kinto_attachment import names
from kinto_attachment.metadata import media_type, parse_types
from kinto_attachment.policy import Extensions, contradiction, recognised
from kinto_attachment.rules import RuleBook
from kinto_attachment.settings import AttachmentSettings
from kinto_attachment.tus_headers import metadata
from kinto_core.errors import ConfigurationError
from kinto_core.http.errors import HttpError
from kinto_core.server import Server
from kinto_core.settings import load_plugin
from kinto_core.testing import make_settings

CLEANED = [  # attachment A-39
    ("../../etc/evil.txt", "evil.txt"),
    ("..\\..\\evil.txt", "evil.txt"),
    ("/etc/passwd.txt", "passwd.txt"),
    ("a b  c.txt", "a_b_c.txt"),
    ("été déjà.txt", "ete_deja.txt"),
    ("тест.jpg", "jpg"),
    ("日本.png", "png"),
    ("a%00b.txt", "a00b.txt"),
    ("a\tb.txt", "a_b.txt"),
    ("-rf.txt", "-rf.txt"),
    ("name.TXT", "name.TXT"),
    ("<script>.svg", "script.svg"),
    ("x.exe.jpg", "x.exe.jpg"),
    ("...", ""),
    ("", ""),
]


@pytest.mark.parametrize(("sent", "cleaned"), CLEANED)
def test_a_name_is_cleaned(sent: str, cleaned: str) -> None:
    assert names.clean(sent) == cleaned


@pytest.mark.parametrize(
    ("sent", "extension"), [("a.PNG", ".png"), ("тест.jpg", ""), ("a.tar.gz", ".gz"), ("a", "")]
)
def test_a_random_name_keeps_the_extension(sent: str, extension: str) -> None:
    made = names.randomized(names.clean(sent))  # attachment A-38
    assert made[36:] == extension
    assert made != names.randomized(names.clean(sent))


def test_a_long_name_keeps_its_extension() -> None:
    cleaned = names.clean("x" * 5000 + ".txt")
    assert len(cleaned) == names.MAX_NAME
    assert cleaned.endswith("x.txt")


@pytest.mark.parametrize(
    ("base_url", "path", "location"),
    [
        ("", "a.png", "a.png"),
        ("https://cdn.example/", "b/c/a.png", "https://cdn.example/b/c/a.png"),
        ("https://cdn.example/files", "a.png", "https://cdn.example/files/a.png"),
        ("https://cdn.example/files/", "a.png", "https://cdn.example/files/a.png"),
    ],
)
def test_a_location_is_below_the_base(base_url: str, path: str, location: str) -> None:
    assert names.location(base_url, path) == location  # attachment


def test_a_pattern_is_filled_in() -> None:
    moment = datetime(2026, 11, 23, 15, 58, 31, tzinfo=UTC)
    made = names.patterned("{datetime}-{rid}-{filename}", "a.txt", record_id="r", moment=moment)
    assert made == "20261123155831-r-a.txt"  # attachment A-67


EXTENSIONS = [  # attachment
    ("default", "a.png a.PDF a.tar.txt a.svg", "a.zip a.exe a .txt ..txt .htaccess a.php"),
    ("images+pdf", "a.png a.pdf", "a.txt a.doc"),
    ("mp4 avi", "a.mp4 a.AVI", "a.mov"),
    ("images+custom", "a.custom a.gif", "a.txt"),
    ("any", "a.exe a .txt", ""),
    ("", "a.exe a", ""),
    ("default+any", "a.png", "a.exe a"),
]


@pytest.mark.parametrize(("setting", "accepted", "refused"), EXTENSIONS)
def test_extensions_are_accepted_or_not(setting: str, accepted: str, refused: str) -> None:
    extensions = Extensions.parse(setting)
    assert [name for name in accepted.split() if not extensions.accept(name)] == []
    assert [name for name in refused.split() if extensions.accept(name)] == []


TYPES = [  # attachment
    ("a.png", "image/png", "image/png"),
    ("a.png", "IMAGE/PNG; q=1", "IMAGE/PNG"),
    ("a.pem", "text/plain", "application/x-pem-file"),
    ("a.FTL", "text/plain", "text/plain"),
    ("a.ftl", None, "application/x-fluent"),
    ("a.pdf", None, "text/plain"),
    ("a.png", "nonsense", "application/octet-stream"),
    ("a.png", "text/html\x07", "application/octet-stream"),
]


@pytest.mark.parametrize(("filename", "declared", "expected"), TYPES)
def test_the_type_of_a_file(filename: str, declared: str | None, expected: str) -> None:
    types = parse_types(".ftl:application/x-fluent; .x:text/x")
    assert media_type(filename, declared, types) == expected


@pytest.mark.parametrize(
    ("head", "claimed", "shown"),
    [
        (b"\x89PNG\r\n\x1a\n", "image/png", None),
        (b"\x89PNG\r\n\x1a\n", "image/jpeg", None),
        (b"\x89PNG\r\n\x1a\n", "image/svg+xml", "image/png"),
        (b"--fake--", "image/jpeg", None),
        (b"<svg>", "image/svg+xml", None),
        (b"<?xml version='1.0'?><svg>", "image/svg+xml", None),
        (b"\xef\xbb\xbf <html>", "image/gif", "text/html"),
        (b"<html>", "text/plain", None),
        (b"OggS", "audio/ogg", None),
        (b"OggS", "image/png", "application/ogg"),
        (b"....ftypM4A ", "audio/mp4", None),
        (b"MZ", "video/mp4", "application/x-msdownload"),
        (b"", "image/png", None),
        (b"%PDF-1.7", "application/pdf", None),
        (b"--fake--", "application/pdf", None),
        (b"<html>", "application/pdf", "text/html"),
        (b"MZ", "Application/ZIP", "application/x-msdownload"),
        (b"PK\x03\x04", "application/zip", None),
        (b"PK\x03\x04", "application/vnd.oasis.opendocument.text", None),
        (b"\x1f\x8b", "application/x-gzip", None),
        (b"\x1f\x8b", "application/zip", "application/gzip"),
    ],
)
def test_content_that_is_not_what_it_claims(head: bytes, claimed: str, shown: str | None) -> None:
    assert contradiction(head, claimed) == shown


def test_unknown_content_is_nothing_in_particular() -> None:
    assert recognised(b"plain text") is None


def _book(**resources: str) -> RuleBook:
    values = {f"attachment.{name.replace('__', '.')}": text for name, text in resources.items()}
    return RuleBook(load_plugin(AttachmentSettings, values))


def test_the_collection_wins_over_the_bucket() -> None:
    book = _book(
        max_size_bytes="1",
        resources__b__max_size_bytes="2",
        resources__b__c__max_size_bytes="0",
        resources__b__c__randomize="no",
    )
    sizes = [book.of(*ids).max_size_bytes for ids in (("a", "c"), ("b", "x"), ("b", "c"))]
    assert sizes == [1, 2, None]  # attachment A-53
    assert book.of("b", "x").randomize
    assert not book.of("b", "c").randomize


FAULTS = [
    {"folder": "{bucket}"},
    {"folder": "{"},
    {"filename_pattern": "a/{filename}"},
    {"filename_pattern": "{other}{filename}"},
    {"filename_pattern": "fixed"},
    {"resources__b__folder": "x"},
    {"resources__b__c__d__randomize": "true"},
    {"resources__randomize": "true"},
    {"resources__b__randomize": "perhaps"},
    {"resources__b__max_size_bytes": "-1"},
    {"resources__b__filename_pattern": "x"},
]


@pytest.mark.parametrize("values", FAULTS)
def test_settings_that_cannot_work_stop_the_start(values: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match=r"attachment\."):
        _book(**values)  # attachment


def test_types_that_are_none_stop_the_start() -> None:
    with pytest.raises(ConfigurationError):
        parse_types("ftl=x")


def test_a_store_is_needed() -> None:
    settings = make_settings({"includes": "attachment"})
    with pytest.raises(ConfigurationError, match="Attachment backend is not configured"):
        Server(settings)  # attachment A-47


def test_metadata_of_an_upload() -> None:
    assert metadata("filename YS50eHQ=, is_draft") == {"filename": "a.txt", "is_draft": ""}
    with pytest.raises(HttpError):
        metadata("filename ???")

"""Files are among what ``/__counters__`` counts. Source: built-in plugins B-171."""

from tests.plugins.attachment.conftest import NewSite
from tests.plugins.attachment.driving import RECORDS


def test_files_are_counted(make_site: NewSite) -> None:
    site = make_site({"includes": "default_bucket flush attachment counters"})
    site.send(status=201)
    assert site.http.get("/v1/__counters__").json["objects"]["attachments"] == 1
    site.http.delete(f"{RECORDS}/r")
    assert "attachments" not in site.http.get("/v1/__counters__").json["objects"]

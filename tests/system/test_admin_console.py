"""The console does its work in a real browser (built-in plugins section 10).

`KINTO_TEST_SCREENSHOT=docs/images/admin.png` makes the picture of the manual anew.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.admin_person import ARTICLES, BLOG, SCHEMA, Person, fill_blog, here
from tests.system.conftest import StartServer, emptied, kept_server
from tests.system.live_browser import CHROMIUM, Browser
from tests.system.processes import RunningServer
from tests.system.wire import Wire

SCREENSHOT = os.environ.get("KINTO_TEST_SCREENSHOT", "")
FIELDS = "Fields of the record"

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="install chromium to run the browser test")


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server with the console, for one test after the other."""
    includes = "admin default_bucket flush history"
    schemas = {"EXPERIMENTAL_COLLECTION_SCHEMA_VALIDATION": "true"}
    settings = {"INCLUDES": includes, **schemas}
    with kept_server(tmp_path_factory.mktemp("console"), settings=settings) as server:
        yield server


@pytest.fixture
def server(console: RunningServer) -> RunningServer:
    """A server with the console and nothing in it."""
    return emptied(console)


@pytest.fixture
def wire(server: RunningServer) -> Wire:
    """Somebody else who writes."""
    return Wire(server.port)


@pytest.fixture
def person(browser: Browser, server: RunningServer) -> Iterator[Person]:
    """Somebody in front of the console, which behaves."""
    with browser.page() as page:
        person = Person(page, f"{server.url}/admin/")
        yield person
        assert person.violations == []
        assert page.complaints == []


@pytest.fixture
def articles(wire: Wire) -> Wire:
    """Somebody else who made a collection with a schema and four records."""
    fill_blog(wire)
    return wire


def record_of(wire: Wire, id_: str) -> dict[str, object]:
    """The fields of a record as the server has them."""
    found: dict[str, object] = wire("GET", f"{ARTICLES}/records/{id_}").body["data"]
    return found


def test_somebody_creates_a_bucket_a_collection_and_a_record(person: Person, wire: Wire) -> None:
    person.visit()
    person.sees("You are not signed in")
    person.signs_in()
    person.is_at("Buckets")
    person.sees("There are no buckets")
    person.fills("Name of a new bucket", "blog")
    person.clicks("Create bucket")
    person.is_at("blog")
    person.sees("The bucket blog is created.")
    person.fills("Name of a new collection", "articles")
    person.clicks("Create collection")
    person.is_at("articles")
    person.clicks("Create a record …")
    person.fills("Name", "emma")
    person.fills("Fields of the new record", '{"title": "Emma", "pages": 474.0}')
    person.clicks("Create")
    person.is_at("emma")
    person.fills(FIELDS, '{"title": "Emma", "pages": 475}')
    person.clicks("Save")
    person.sees("Saved.")
    assert {**record_of(wire, "emma"), "last_modified": 0} == {
        "id": "emma",
        "title": "Emma",
        "pages": 475,
        "last_modified": 0,
    }
    person.clicks("History")
    person.sees("update record")
    assert person.page.evaluate("document.activeElement.tagName") == "H1"


def test_a_name_that_is_taken_is_not_overwritten(person: Person, articles: Wire) -> None:
    person.signs_in()
    person.is_at("Buckets")
    person.fills("Name of a new bucket", "blog")
    person.clicks("Create bucket")
    person.sees("there is a bucket blog already (errno 114)")
    person.visit(here(ARTICLES, "new"))
    person.fills("Name", "emma")
    person.fills("Fields of the new record", '{"title": "Another"}')
    person.clicks("Create")
    person.sees("there is a record emma already (errno 114)")
    assert record_of(articles, "emma")["title"] == "Emma"


@pytest.mark.usefixtures("articles")
def test_faults_are_shown_where_they_are(person: Person) -> None:
    person.signs_in()
    person.is_at("Buckets")
    person.visit(here(f"{ARTICLES}/records/emma"))
    person.sees("As it is printed.")
    person.fills(FIELDS, '{\n  "title": "Emma",\n  "year": "1815"\n}')
    person.clicks("Save")
    person.sees("Line 3 year: '1815' is not of type 'integer'")
    person.sees("(errno 107)")
    chosen = "document.activeElement.value.slice(document.activeElement.selectionStart, "
    assert person.page.evaluate(f"{chosen}document.activeElement.selectionEnd)") == '"year": "1815"'
    person.fills(FIELDS, '{\n  "title": "Emma"\n  "year": 1815\n}')
    person.clicks("Save")
    person.sees("Line 3 expected a comma, or } at the end")
    person.fills(FIELDS, '{"title": "Emma", "year": 1816}')
    person.clicks("Save")
    person.sees("Saved.")


def test_a_conflict_shows_both_versions_and_asks(person: Person, articles: Wire) -> None:
    person.signs_in()
    person.is_at("Buckets")
    person.visit(here(f"{ARTICLES}/records/emma"))
    person.fills(FIELDS, '{"title": "Emma, mine"}')
    theirs = {"data": {"title": "Emma, theirs"}}
    assert articles("PUT", f"{ARTICLES}/records/emma", theirs).status == 200
    person.clicks("Save")
    person.sees("Emma, theirs")
    person.sees("Emma, mine")
    person.clicks("Go on editing")
    assert person.value(FIELDS) == '{"title": "Emma, mine"}'
    assert record_of(articles, "emma")["title"] == "Emma, theirs"
    person.clicks("Save")
    person.clicks("Overwrite it with mine")
    person.sees("Saved.")
    assert record_of(articles, "emma")["title"] == "Emma, mine"
    assert articles("PUT", f"{ARTICLES}/records/emma", theirs).status == 200
    person.fills(FIELDS, '{"title": "Emma, mine again"}')
    person.clicks("Save")
    person.clicks("Take what the server has")
    person.sees("This is what the server has.")
    assert json.loads(str(person.value(FIELDS))) == {"title": "Emma, theirs"}
    person.fills(FIELDS, '{"title": "Emma, once more"}')
    assert articles("DELETE", f"{ARTICLES}/records/emma").status == 200
    person.clicks("Save")
    person.sees("Somebody deleted this after you opened it.")
    person.clicks("Create it again with mine")
    person.sees("Saved.")
    assert record_of(articles, "emma")["title"] == "Emma, once more"
    assert articles("DELETE", f"{ARTICLES}/records/emma").status == 200
    person.fills(FIELDS, '{"title": "Emma, too late"}')
    person.clicks("Save")
    person.clicks("Leave it deleted")
    person.is_at("articles")
    person.sees("3 of 3 records")


@pytest.mark.usefixtures("articles")
def test_nothing_is_lost_by_leaving_unless_that_is_wanted(person: Person) -> None:
    person.signs_in()
    person.is_at("Buckets")
    person.visit(here(f"{ARTICLES}/records/emma"))
    person.fills(FIELDS, '{"title": "Not saved"}')
    person.page.evaluate("window.confirm = () => { window.asked = true; return false; }")
    person.clicks("articles")
    person.page.wait_until("window.asked")
    assert person.value(FIELDS) == '{"title": "Not saved"}'
    assert str(person.page.evaluate("location.hash")).endswith("/records/emma")
    person.page.evaluate("window.confirm = () => true")
    person.clicks("articles")
    person.sees("4 of 4 records")


def test_permissions_are_given_and_taken(person: Person, articles: Wire) -> None:
    person.signs_in()
    person.is_at("Buckets")
    person.visit(here(ARTICLES, "permissions"))
    person.fills("Add to read", "system.Everyone")
    person.clicks("Add this principal to read")
    person.clicks("Save permissions")
    person.sees("The permissions are saved.")
    assert articles("GET", ARTICLES).body["permissions"]["read"] == ["system.Everyone"]
    assert articles("GET", ARTICLES).body["data"]["schema"] == SCHEMA
    person.clicks("Remove system.Everyone from read")
    person.clicks("Save permissions")
    person.page.wait_until("!document.querySelector('[data-permission=read] li')")
    person.sees("The permissions are saved.")
    assert "read" not in articles("GET", ARTICLES).body["permissions"]
    person.fills("Add to read", "account:bob")
    person.clicks("Add this principal to read")
    theirs = {"permissions": {"record:create": ["account:carol"]}}
    assert articles("PATCH", ARTICLES, theirs).status == 200
    person.clicks("Save permissions")
    person.sees("account:carol")
    person.clicks("Take what the server has")
    person.page.wait_until("!document.querySelector('[data-permission=read] li')")
    assert "read" not in articles("GET", ARTICLES).body["permissions"]


def test_deleting_asks_first_and_says_what_goes(person: Person, articles: Wire) -> None:
    person.signs_in()
    person.is_at("Buckets")
    person.visit(here(f"{ARTICLES}/records/emma"))
    person.clicks("Delete …")
    person.sees("Delete record emma?")
    person.clicks("Keep it")
    assert record_of(articles, "emma")["title"] == "Emma"
    person.clicks("Delete …")
    person.clicks("Delete")
    person.is_at("articles")
    person.sees("emma is deleted.")
    person.sees("3 of 3 records")
    person.clicks("blog")
    person.is_at("blog")
    person.clicks("Attributes")
    person.clicks("Delete …")
    person.sees("1 collection with all records: articles")
    change = {"data": {"owner": "somebody"}}
    assert articles("PATCH", BLOG, change).status == 200
    person.clicks("Delete")
    person.sees('"owner": "somebody"')
    person.clicks("Delete all the same")
    person.sees("There are no buckets")
    assert articles("GET", BLOG).status in {403, 404}


FIRST_COLUMN = (
    "[...document.querySelectorAll('tbody td:first-child')].map((one) => one.textContent)"
)


def test_records_are_sorted_filtered_and_come_page_by_page(
    person: Person, articles: Wire, tmp_path: Path
) -> None:
    person.signs_in()
    person.is_at("Buckets")
    person.visit(here(ARTICLES))
    person.sees("4 of 4 records")
    person.clicks("year")
    person.page.wait_until("document.querySelector('th[aria-sort=ascending]')")
    assert person.page.evaluate(FIRST_COLUMN) == ["emma", "villette", "middlemarch", "orlando"]
    sorted_by_year = str(person.page.evaluate("location.hash"))
    picture = Path(SCREENSHOT) if SCREENSHOT else tmp_path / "page.png"
    person.screenshot(picture, width=1000, height=600)
    assert picture.read_bytes().startswith(b"\x89PNG")
    person.fills("Field", "year")
    person.page.evaluate("document.querySelector('select').value = 'min_'")
    person.fills("Value", "1870")
    person.clicks("Filter")
    person.sees("2 of 2 records")
    person.visit(str(person.page.evaluate("location.hash")))
    person.sees("2 of 2 records")
    assert person.page.evaluate(FIRST_COLUMN) == ["middlemarch", "orlando"]
    for number in range(60):
        data = {"title": f"Volume {number}", "year": 2000 + number}
        assert articles("POST", f"{ARTICLES}/records", {"data": data}).status == 201
    person.visit(sorted_by_year)
    person.sees("50 of 64 records")
    person.clicks("Show more")
    person.sees("64 of 64 records")
    shown = person.page.evaluate(FIRST_COLUMN)
    assert isinstance(shown, list)
    assert len(set(shown)) == 64


def test_what_others_wrote_is_shown_as_text(person: Person, articles: Wire) -> None:
    evil = "<img src=x onerror=document.title='gone'>"
    file = {"location": "javascript:document.title='gone'", "filename": evil, "size": 2048}
    data = {"title": evil, evil: evil, "attachment": file}
    assert articles("PUT", f"{ARTICLES}/records/evil", {"data": data}).status == 201
    schema = {"schema": {"properties": {evil: {"description": evil, "type": "string"}}}}
    assert articles("PATCH", ARTICLES, {"data": schema}).status == 200
    person.signs_in()
    person.is_at("Buckets")
    for address in (here(ARTICLES), here(f"{ARTICLES}/records/evil"), here(BLOG, "history")):
        person.visit(address)
        person.sees("evil")
        person.page.wait_until("document.querySelector('h1')")
        assert person.page.evaluate("document.querySelectorAll('main img').length") == 0
        assert person.page.evaluate("document.title") != "gone"
    person.visit(here(f"{ARTICLES}/records/evil"))
    person.sees("2.0 KB")
    links = person.page.evaluate("[...document.querySelectorAll('a')].map((one) => one.protocol)")
    assert set(links) == {"http:"}  # type: ignore[call-overload]  # a list


def test_numbers_keep_their_digits(person: Person, wire: Wire) -> None:
    fill_blog(wire)
    large = 123456789012345678901234567890
    data = {"title": "Large", "count": large, "ratio": 1.0}
    assert wire("PUT", f"{ARTICLES}/records/large", {"data": data}).status == 201
    person.signs_in()
    person.is_at("Buckets")
    person.visit(here(f"{ARTICLES}/records/large"))
    person.sees("Last change")
    shown = str(person.value(FIELDS))
    assert str(large) in shown
    assert '"ratio": 1.0' in shown
    person.fills(FIELDS, shown.replace("Large", "Larger"))
    person.clicks("Save")
    person.sees("Saved.")
    assert record_of(wire, "large")["count"] == large


def test_credentials_are_forgotten_at_the_end(person: Person, articles: Wire) -> None:
    person.signs_in()
    person.is_at("Buckets")
    person.sees("blog")
    assert person.page.evaluate("localStorage.length + document.cookie.length") == 0
    assert person.page.evaluate("sessionStorage.length") == 1
    person.clicks("Sign out")
    person.sees("You are signed out.")
    assert person.page.evaluate("sessionStorage.length") == 0
    person.visit(here(f"{ARTICLES}/records/emma"))
    person.sees("You are not signed in")
    person.clicks("Sign in")
    person.fills("Name", "bob")
    person.clicks("Sign in")
    person.sees("You are not allowed to do this")
    person.sees("(errno 121)")
    grant = {"permissions": {"read": ["system.Authenticated"]}}
    assert articles("PATCH", ARTICLES, grant).status == 200
    person.clicks("Try again")
    person.sees("As it is printed.")
    person.visit()
    person.sees("something in it is shared with you")
    person.clicks("blog")
    person.is_at("blog")
    person.clicks("articles")
    person.sees("4 of 4 records")


def test_files_of_records_are_reached(
    start_server: StartServer, browser: Browser, tmp_path: Path
) -> None:
    folder = {"ATTACHMENT_BASE_PATH": str(tmp_path / "files"), "ATTACHMENT_EXTRA_BASE_URL": ""}
    server = start_server(settings={"INCLUDES": "admin attachment", **folder})
    wire = Wire(server.port)
    fill_blog(wire)
    body = (
        b'--x\r\nContent-Disposition: form-data; name="attachment"; filename="note.txt"\r\n'
        b"Content-Type: text/plain\r\n\r\nhello\r\n--x--\r\n"
    )
    kind = "multipart/form-data; boundary=x"
    path = f"{ARTICLES}/records/note"
    assert wire("PUT", path, {"data": {"title": "Note"}}).status == 201
    assert wire("POST", f"{path}/attachment", body, Content_Type=kind).status in {200, 201}
    with browser.page() as page:
        person = Person(page, f"{server.url}/admin/")
        person.signs_in()
        person.is_at("Buckets")
        person.visit(here(path))
        person.sees("Attachment: note.txt 5 bytes, text/plain")
        link = "document.querySelector('.attachment a').href"
        assert page.evaluate(f"fetch({link}).then((one) => one.text())") == "hello"
        private = {"data": {"private_attachments": True}}
        assert wire("PATCH", ARTICLES, private).status == 200
        person.visit(here(path))
        person.sees("Attachment: note.txt")
        page.evaluate(
            "(() => { const real = URL.createObjectURL; URL.createObjectURL = (blob) => {"
            " blob.text().then((text) => { document.title = text; });"
            " return real.call(URL, blob); }; })()"
        )
        person.clicks("note.txt")
        page.wait_until("document.title === 'hello'")
        assert person.violations == []

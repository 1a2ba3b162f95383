"""The page of the manual shows a collection live, in a real browser.

`KINTO_TEST_SCREENSHOT=docs/images/live-page.png` makes the picture of the manual anew.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.system.conftest import StartServer
from tests.system.live_browser import CHROMIUM, Browser, Page, website
from tests.system.live_clients import CLIENTS
from tests.system.live_services import kill_service
from tests.system.processes import RunningServer, free_port
from tests.system.wire import RECORDS, Wire, make_blog

SCREENSHOT = os.environ.get("KINTO_TEST_SCREENSHOT", "")
COLLECTION = RECORDS.removesuffix("/records")
BOOKS = {
    "emma": {"title": "Emma", "author": "Jane Austen", "year": 1815},
    "middlemarch": {"title": "Middlemarch", "author": "George Eliot", "year": 1871},
    "villette": {"title": "Villette", "author": "Charlotte Brontë", "year": 1853},
    "orlando": {"title": "Orlando", "author": "Virginia Woolf", "year": 1928},
}

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="install chromium to run the browser test")


@pytest.fixture
def origin() -> Iterator[str]:
    """The origin of the page."""
    with website(CLIENTS) as address:
        yield address


@pytest.fixture
def server(start_server: StartServer, origin: str) -> RunningServer:
    """A server whose streams the page may use."""
    settings = {"INCLUDES": "default_bucket websocket", "WEBSOCKET_ORIGINS": origin}
    return start_server(settings={**settings, "WEBSOCKET_PORT": str(free_port())})


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of a browser."""
    with browser.page() as shown:
        yield shown
        assert shown.complaints == []


def shows(id_: str, text: str) -> str:
    """A condition: the row of a record holds a text."""
    row = f"document.querySelector('li[data-id={id_}]')"
    return f"{row}?.textContent.includes({json.dumps(text)})"


IS_LIVE = "document.getElementById('state').dataset.state === 'live'"


def write(wire: Wire, id_: str) -> None:
    """Store a book."""
    assert wire("PUT", f"{RECORDS}/{id_}", {"data": BOOKS[id_]}).status in {200, 201}


def test_the_page_shows_what_is_written_as_it_is_written(
    server: RunningServer, origin: str, page: Page, tmp_path: Path
) -> None:
    wire = Wire(server.port)
    make_blog(wire)
    everyone = {"permissions": {"read": ["system.Everyone"]}}
    assert wire("PATCH", COLLECTION, everyone).status == 200
    write(wire, "emma")
    page.open(f"{origin}/?{urlencode({'server': server.url, 'uri': COLLECTION})}")
    page.wait_until(IS_LIVE)
    page.wait_until(shows("emma", "Jane Austen"))
    write(wire, "middlemarch")
    page.wait_until(shows("middlemarch", "George Eliot"))
    assert wire("PATCH", f"{RECORDS}/emma", {"data": {"rating": 5}}).status == 200
    page.wait_until(shows("emma", "rating: 5"))
    kill_service(server, "websocket")
    page.wait_until(f"!({IS_LIVE})")
    write(wire, "villette")
    write(wire, "orlando")
    assert wire("DELETE", f"{RECORDS}/middlemarch").status == 200
    page.wait_until(shows("orlando", "Virginia Woolf"))
    page.wait_until("!document.querySelector('li[data-id=middlemarch]')")
    page.wait_until(IS_LIVE)
    names = page.evaluate(
        "[...document.querySelectorAll('li strong')].map((one) => one.textContent)"
    )
    assert names == ["Orlando", "Villette", "Emma"]
    page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished)).then(() => 1)")
    picture = Path(SCREENSHOT) if SCREENSHOT else tmp_path / "page.png"
    page.screenshot(picture, width=1000, height=540)
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_somebody_signs_in_and_sees_a_private_collection(
    server: RunningServer, origin: str, page: Page
) -> None:
    wire = Wire(server.port)
    make_blog(wire)
    write(wire, "emma")
    page.open(f"{origin}/?{urlencode({'server': server.url, 'uri': COLLECTION})}")
    notice = "document.getElementById('notice').textContent"
    page.wait_until(f"{notice}.startsWith('The server refuses')")
    fields = "document.getElementById('choice').elements"
    page.evaluate(f"{fields}.name.value = {fields}.password.value = 'alice'")
    page.evaluate("document.getElementById('choice').requestSubmit()")
    page.wait_until(shows("emma", "Jane Austen"))
    write(wire, "orlando")
    page.wait_until(shows("orlando", "Virginia Woolf"))
    assert page.evaluate(notice) == ""


def test_what_others_write_is_shown_as_text(server: RunningServer, origin: str, page: Page) -> None:
    wire = Wire(server.port)
    assert wire("GET", "/buckets/default").status == 200
    make_blog(wire)
    everyone = {"permissions": {"read": ["system.Everyone"]}}
    assert wire("PATCH", COLLECTION, everyone).status == 200
    page.open(f"{origin}/?{urlencode({'server': server.url, 'uri': COLLECTION})}")
    page.wait_until(IS_LIVE)
    evil = "<img src=x onerror=document.title='gone'>"
    assert wire("PUT", f"{RECORDS}/evil", {"data": {"title": evil, evil: evil}}).status == 201
    page.wait_until(shows("evil", evil))
    assert page.evaluate("document.querySelectorAll('img').length") == 0

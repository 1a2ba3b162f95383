"""Somebody who uses the console in a browser: sees texts, clicks buttons, fills fields."""

import json
from pathlib import Path

from tests.system.events_processes import wait_until
from tests.system.live_browser import Page
from tests.system.wire import Wire

BLOG = "/buckets/blog"
ARTICLES = f"{BLOG}/collections/articles"
SCHEMA = {
    "type": "object",
    "required": ["title"],
    "properties": {
        "title": {"type": "string", "description": "As it is printed."},
        "author": {"type": "string"},
        "year": {"type": "integer"},
    },
}
BOOKS = {
    "emma": ("Emma", "Jane Austen", 1815),
    "middlemarch": ("Middlemarch", "George Eliot", 1871),
    "orlando": ("Orlando", "Virginia Woolf", 1928),
    "villette": ("Villette", "Charlotte Brontë", 1853),
}

WATCH = """
window.violations = [];
addEventListener("securitypolicyviolation",
    (event) => window.violations.push(`${event.effectiveDirective} ${event.blockedURI}`));
"""
"""Runs in each page before anything of its own."""

LOOK = """
const seen = (one) => one.checkVisibility() && !one.closest("[inert]");
const top = () => document.querySelector("dialog[open]") ?? document;
const all = (selector) => [...top().querySelectorAll(selector)].filter(seen);
const button = (text) => [...all("dialog *, main *"), ...all("*")]
    .filter((one) => one.matches("button:not([aria-disabled=true]), a"))
    .find((one) => (one.getAttribute("aria-label") ?? one.textContent).trim() === text);
const field = (text) => document.getElementById(
    all("label").find((one) => one.textContent.trim() === text)?.htmlFor ?? "");
"""


def fill_blog(wire: Wire) -> None:
    """Make a collection with a schema and four records."""
    assert wire("PUT", BLOG, {}).status == 201
    assert wire("PUT", ARTICLES, {"data": {"schema": SCHEMA}}).status == 201
    for id_, values in BOOKS.items():
        data = dict(zip(("title", "author", "year"), values, strict=True))
        assert wire("PUT", f"{ARTICLES}/records/{id_}", {"data": data}).status == 201


def here(path: str, tab: str = "") -> str:
    """The address of the console for a path of the API."""
    return f"#{path}{f'?tab={tab}' if tab else ''}"


class Person:
    """Uses one page.

    Args:
        page: of a browser.
        url: of the console.
    """

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        page.command("Page.addScriptToEvaluateOnNewDocument", source=WATCH)

    def visit(self, address: str = "#/") -> None:
        """Go to an address of the console, as from a bookmark."""
        self.page.open("about:blank")
        self.page.open(self.url + address)

    def sees(self, text: str) -> None:
        """Wait until a text is shown."""
        within = '(document.querySelector("dialog[open]") ?? document.body)'
        self.page.wait_until(f"{within}.innerText.includes({json.dumps(text)})")

    def is_at(self, title: str) -> None:
        """Wait until the page of a title is shown."""
        wanted = json.dumps(title)
        self.page.wait_until(f"document.title.startsWith({wanted}) && document.querySelector('h1')")

    def comes_to(self, title: str) -> None:
        """Wait until the page of a title is shown, whatever other pages lie on the way there."""

        def is_there() -> bool:
            try:
                return str(self.page.evaluate("document.title")).startswith(title)
            except AssertionError:  # it is on its way
                return False

        wait_until(is_there, title)

    def clicks(self, text: str) -> None:
        """Wait for a button or link of that name, and click it."""
        name = json.dumps(text)
        self.page.wait_until(f"(() => {{ {LOOK} return button({name}); }})()")
        self.page.evaluate(f"(() => {{ {LOOK} button({name}).click(); }})()")

    def fills(self, label: str, text: str) -> None:
        """Wait for a field with that label, and write something into it."""
        name = json.dumps(label)
        self.page.wait_until(f"(() => {{ {LOOK} return field({name}); }})()")
        self.page.evaluate(
            f"""(() => {{ {LOOK}
                const input = field({name});
                input.focus();
                input.value = {json.dumps(text)};
                input.dispatchEvent(new Event("input", {{ bubbles: true }}));
            }})()"""
        )

    def value(self, label: str) -> object:
        """What is in a field."""
        return self.page.evaluate(f"(() => {{ {LOOK} return field({json.dumps(label)}).value }})()")

    def signs_in(self, name: str = "alice", password: str = "alice") -> None:
        """Sign in with a name and a password."""
        self.visit("#/sign-in")
        self.is_at("Sign in")
        self.fills("Name", name)
        self.fills("Password", password)
        self.clicks("Sign in")

    def screenshot(self, file: Path, *, width: int = 1100, height: int = 760) -> None:
        """Take a picture."""
        self.page.screenshot(file, width=width, height=height)

    @property
    def violations(self) -> object:
        """What the page tried although its policy forbids it."""
        return self.page.evaluate("window.violations")

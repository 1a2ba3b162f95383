"""Servers with the console."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from webtest import TestApp

from kinto_core.testing import make_app

MakeApp = Callable[..., TestApp]


@pytest.fixture
def app_with() -> Iterator[MakeApp]:
    """Makes servers with the console."""
    made = []

    def make(values: Mapping[str, str] | None = None) -> TestApp:
        router = make_app({"includes": "admin", **(values or {})})
        made.append(router)
        return TestApp(router)

    yield make
    for router in made:
        router.close()


@pytest.fixture
def app(app_with: MakeApp) -> TestApp:
    """A server with our console."""
    return app_with()


@pytest.fixture
def build(tmp_path: Path) -> Path:
    """A folder with another console, beside something that is nobody's business."""
    folder = tmp_path / "build"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Other</title>")
    (folder / "VERSION").write_text("6.6.0\n")
    (folder / "assets" / "index-4f2a.js").write_text("export const answer = 42;")
    (folder / ".env").write_text("SECRET=1")
    (tmp_path / "secret.txt").write_text("nobody's business")
    return folder


@pytest.fixture
def other_app(app_with: MakeApp, build: Path) -> TestApp:
    """A server with the other console."""
    return app_with({"admin_assets_path": str(build)})

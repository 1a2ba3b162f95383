"""Another console, from a folder of the operator's (built-in plugins B-183 to B-187)."""

from collections.abc import Callable
from pathlib import Path

import pytest
from webtest import TestApp

from kinto_core.errors import ConfigurationError
from kinto_core.server import Server
from kinto_core.testing.server import make_settings

MakeApp = Callable[..., TestApp]


def test_its_page_is_served_with_the_policy_that_it_needs(
    app_with: MakeApp, other_app: TestApp, build: Path
) -> None:
    page = other_app.get("/v1/admin/")
    assert page.text == "<!doctype html><title>Other</title>"
    policy = page.headers["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-eval';" in policy  # clients C-107
    assert "img-src data: *" in policy
    assert "frame-ancestors 'none'" in policy
    strict = app_with({"admin_assets_path": str(build), "admin_assets_eval": "false"})
    assert "unsafe-eval" not in strict.get("/v1/admin/").headers["Content-Security-Policy"]


def test_its_files_are_kept_for_an_hour(other_app: TestApp) -> None:
    answer = other_app.get("/v1/admin/assets/index-4f2a.js")
    assert answer.headers["Cache-Control"] == "max-age=3600"  # B-186
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    tag = {"If-None-Match": answer.headers["ETag"]}
    other_app.get("/v1/admin/assets/index-4f2a.js", headers=tag, status=304)


def test_its_version_is_announced(other_app: TestApp) -> None:
    assert other_app.get("/v1/").json["capabilities"]["admin"]["version"] == "6.6.0"  # B-6
    assert other_app.get("/v1/admin/VERSION").text == "6.6.0\n"


def test_a_new_build_is_served_at_once(other_app: TestApp, build: Path) -> None:
    before = other_app.get("/v1/admin/").headers["ETag"]
    (build / "index.html").write_text("<!doctype html><title>Newer</title>")
    answer = other_app.get("/v1/admin/", headers={"If-None-Match": before}, status=200)  # BW-23
    assert "Newer" in answer.text
    (build / "index.html").unlink()
    other_app.get("/v1/admin/", status=404)


@pytest.mark.parametrize(
    "path",
    [
        "assets",
        "assets/",
        ".env",
        "../secret.txt",
        "..%2fsecret.txt",
        "%2e%2e/secret.txt",
        "assets/..%2f..%2fsecret.txt",
        "..%5csecret.txt",
        "link.txt",
        "loop",
        "assets//index-4f2a.js",
        "./index.html",
        "assets/index-4f2a.js%00",
        "C:%5csecret.txt",
        "x" * 5000,
    ],
)
def test_nothing_else_is_served(other_app: TestApp, build: Path, path: str) -> None:
    (build / "link.txt").symlink_to(build.parent / "secret.txt")
    (build / "loop").symlink_to(build / "loop")
    assert other_app.get(f"/v1/admin/{path}", status=404).json["errno"] == 111


def test_links_within_the_folder_are_followed(other_app: TestApp, build: Path) -> None:
    (build / "latest.js").symlink_to(build / "assets" / "index-4f2a.js")
    assert other_app.get("/v1/admin/latest.js").text == "export const answer = 42;"


def problem_of(path: Path | str) -> str:
    """Why a server does not start with a folder."""
    settings = make_settings({"includes": "admin", "admin_assets_path": str(path)})
    with pytest.raises(ConfigurationError) as caught:
        Server(settings)
    (problem,) = caught.value.problems
    assert f"admin_assets_path = {path}" in problem
    assert "expected the absolute path of a folder with index.html and VERSION" in problem
    return problem


def test_a_folder_that_cannot_be_served_stops_the_start(build: Path) -> None:
    assert "is relative" in problem_of("build")
    assert "does not exist" in problem_of(build / "missing")
    assert "is no folder" in problem_of(build / "index.html")
    (build / "VERSION").write_bytes(b"\xff")
    assert "has a VERSION that cannot be read" in problem_of(build)
    (build / "VERSION").unlink()
    assert "has no VERSION" in problem_of(build)
    (build / "index.html").unlink()
    assert "has no index.html" in problem_of(build)

"""Our console as it is served (built-in plugins B-184 to B-188, BW-23)."""

import re
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from shutil import copytree

import pytest
from webtest import TestApp, TestResponse

from kinto_core.builtin.admin.bundle import SOURCES, Bundle
from kinto_core.builtin.admin.files import OWN_POLICY, media_type

MakeApp = Callable[..., TestApp]
LINKS = re.compile(r'(?:src|href)="([^"#]+)"')


def linked(page: TestResponse) -> list[str]:
    """The files that the page names."""
    return sorted(set(LINKS.findall(page.text)))


def asset(app: TestApp, name: str = "main.js") -> str:
    """The address of a file of ours."""
    return next(f"/v1/admin/{one}" for one in linked(app.get("/v1/admin/")) if one.endswith(name))


def test_the_page_is_asked_for_every_time(app: TestApp) -> None:
    page = app.get("/v1/admin/")  # B-184
    assert page.headers["Content-Type"] == "text/html; charset=UTF-8"
    assert page.headers["Cache-Control"] == "no-cache"
    assert page.headers["Content-Security-Policy"] == OWN_POLICY
    assert page.text == app.get("/v1/admin/index.html").text
    for name in ("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since"):
        same = app.get("/v1/admin/", headers={name[1]: page.headers[name[0]]}, status=304)
        assert same.body == b""
        assert same.headers["ETag"] == page.headers["ETag"]


def test_the_policy_allows_our_own_files_only() -> None:
    assert "default-src 'none'" in OWN_POLICY
    assert "unsafe" not in OWN_POLICY
    assert "*" not in OWN_POLICY


def test_every_file_that_the_page_names_is_kept_for_ever(app: TestApp) -> None:
    links = linked(app.get("/v1/admin/"))
    assert len(links) > 15
    for link in links:
        assert re.match(r"assets/[0-9a-f]{16}/[a-z_/]+\.(js|css|svg)", link)  # relative: any base
        answer = app.get(f"/v1/admin/{link}")
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Vary" not in answer.headers


def test_scripts_name_files_that_exist(app: TestApp) -> None:
    links = {f"/v1/admin/{link}" for link in linked(app.get("/v1/admin/"))}
    for link in sorted(one for one in links if one.endswith(".js")):
        for name in re.findall(r'from "(\.[^"]+)"', app.get(link).text):
            folder = link.rsplit("/", 1)[0]
            path = f"{folder}/{name}".replace("/./", "/")
            assert re.sub(r"/[a-z]+/\.\./", "/", path) in links


def test_nothing_runs_that_the_policy_forbids() -> None:
    page = (SOURCES / "index.html").read_text()
    assert re.findall(r"<script(?![^>]*src=)|<style|\son\w+=|\sstyle=", page) == []
    for file in SOURCES.rglob("*.js"):
        risky = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
        assert re.findall(risky, file.read_text()) == [], file


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("main.js", "text/javascript; charset=UTF-8"),
        ("frame.css", "text/css; charset=UTF-8"),
        ("icon.svg", "image/svg+xml"),
    ],
)
def test_files_have_their_types(app: TestApp, name: str, type_: str) -> None:
    assert app.get(asset(app, name)).headers["Content-Type"] == type_


def test_types_do_not_depend_on_the_machine() -> None:
    assert media_type("a/x.MJS") == "text/javascript; charset=UTF-8"
    assert media_type("VERSION") == "text/plain; charset=UTF-8"
    assert media_type("x.png") == "image/png"
    assert media_type("x.unheard-of") == "application/octet-stream"


def test_another_content_has_another_name(tmp_path: Path) -> None:
    changed = tmp_path / "console"
    copytree(SOURCES, changed)
    assert set(Bundle(changed).paths) == set(Bundle().paths)
    (changed / "views" / "home.js").write_text("// another one")
    assert set(Bundle(changed).paths) & set(Bundle().paths) == {"", "index.html", "VERSION"}
    assert Bundle(changed).find("") != Bundle().find("")


def test_head_says_the_same_without_a_body(app: TestApp) -> None:
    for path in ("/v1/admin/", asset(app)):
        head, full = app.head(path), app.get(path)
        assert head.body == b""
        for name in ("Content-Length", "Content-Type", "ETag"):
            assert head.headers[name] == full.headers[name]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_methods_are_refused(app: TestApp, method: str) -> None:
    for path in ("/v1/admin/", "/v1/admin", asset(app), "/v1/admin/missing"):
        answer = app.request(path, method=method, status=405)
        assert answer.headers["Allow"] == "GET, HEAD"
        assert answer.json["errno"] == 115


def test_the_address_without_slash_leads_to_the_page(app: TestApp) -> None:
    for path in ("/v1/admin", "/v1/admin?a=b"):
        answer = app.get(path, status=307)
        assert answer.headers["Location"] == "http://localhost:80/v1/admin/"  # B-185


@pytest.mark.parametrize(
    "path",
    [
        "missing.js",
        "assets",
        "assets/",  # B-187: a folder is no file, and leads nowhere
        "assets/0123456789abcdef/main.js",
        "../",
        "../buckets",
        "..%2f..%2fsettings.py",
        "%2e%2e/settings.py",
        "..%5csettings.py",
        "//etc/passwd",
        "assets/../index.html",
        "%00",
        "x%0a",
        "VERSION/",
        "index.html/",
    ],
)
def test_what_is_not_there_is_missing(app: TestApp, path: str) -> None:
    answer = app.get(f"/v1/admin/{path}", status=404)  # B-186
    assert answer.json["errno"] == 111
    assert answer.headers["Content-Type"] == "application/json"


def test_a_path_that_is_no_text_is_refused(app: TestApp) -> None:
    assert app.get("/v1/admin/%c0%ae%c0%ae/settings.py", status=400).json["errno"] == 107


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("If-None-Match", "*", 304),
        ("If-None-Match", '"other"', 200),
        ("If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT", 200),
        ("If-Modified-Since", "Fri, 31 Dec 9999 00:00:00 GMT", 304),
        ("If-Modified-Since", "yesterday", 200),
    ],
)
def test_validators_are_compared(app: TestApp, header: str, value: str, status: int) -> None:
    app.get("/v1/admin/", headers={header: value}, status=status)


def test_a_list_of_tags_may_contain_ours(app: TestApp) -> None:
    tag = app.get("/v1/admin/").headers["ETag"]
    app.get("/v1/admin/", headers={"If-None-Match": f'"a", W/{tag}'}, status=304)
    both = {"If-None-Match": '"a"', "If-Modified-Since": "Fri, 31 Dec 9999 00:00:00 GMT"}
    app.get("/v1/admin/", headers=both, status=200)  # RFC 9110 section 13.1.3


def test_pages_of_other_sites_read_nothing(app: TestApp) -> None:
    for path in ("/v1/admin/", "/v1/admin/missing"):
        answer = app.get(path, headers={"Origin": "https://else.example"}, status="*")
        assert "Access-Control-Allow-Origin" not in answer.headers  # settings S-157


def test_it_is_announced_with_the_permissions_endpoint(app: TestApp) -> None:
    capabilities = app.get("/v1/").json["capabilities"]
    assert capabilities["admin"]["description"] == "Serves the admin console."  # B-6
    assert capabilities["admin"]["version"] == metadata.version("kinto-core")
    assert app.get("/v1/admin/VERSION").text == metadata.version("kinto-core")
    assert "permissions_endpoint" in capabilities  # B-13
    assert app.get("/v1/permissions").json["data"] == []  # B-172


def test_a_server_without_it_has_none(app_with: MakeApp) -> None:
    app = app_with({"includes": ""})
    app.get("/v1/admin", status=404)
    assert "admin" not in app.get("/v1/").json["capabilities"]


@pytest.mark.parametrize(
    "values", [{"readonly": "true"}, {"includes": "kinto.plugins.admin"}, {"includes": "admin"}]
)
def test_it_works_on_all_kinds_of_servers(app_with: MakeApp, values: dict[str, str]) -> None:
    app = app_with(values)  # B-188
    assert app.get("/v1/admin/").status_code == 200
    assert app.get(asset(app)).status_code == 200


def test_it_ends_with_the_service(app_with: MakeApp) -> None:
    app_with({"eos": "2020-01-01"}).get("/v1/admin/", status=410)  # clients C-101

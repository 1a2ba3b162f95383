"""The root view and the other small documents."""

import json
from pathlib import Path

import pytest
import webtest

from tests.unit.http.conftest import MakeApp


def test_who_asks_and_what_there_is(app: webtest.TestApp) -> None:
    hello = app.get("/v1/").json
    assert hello["url"] == "http://localhost:80/v1/"
    assert hello["user"]["id"].startswith("basicauth:")  # protocol V-11
    assert set(hello["capabilities"]) == {"basicauth"}
    app.authorization = None
    assert "user" not in app.get("/v1/").json


def test_groups_are_principals(app: webtest.TestApp) -> None:
    user = app.get("/v1/").json["user"]["id"]
    app.put_json("/v1/buckets/b", {})
    app.put_json("/v1/buckets/b/groups/g", {"data": {"members": [user]}})
    assert "/buckets/b/groups/g" in app.get("/v1/").json["user"]["principals"]


def test_settings_show(app_with: MakeApp) -> None:
    values = {
        "project_name": "mine",
        "project_version": "7",
        "project_docs": "http://docs",
        "batch_max_requests": "3",
        "explicit_permissions": "false",
        "readonly": "true",
        "eos": "2999-01-01",
        "experimental_collection_schema_validation": "true",
    }
    answer = app_with(values).get("/v1/")
    hello = answer.json
    assert (hello["project_name"], hello["project_version"]) == ("mine", "7")
    assert hello["project_docs"] == "http://docs"
    assert hello["settings"] == {
        "batch_max_requests": 3,
        "readonly": True,
        "explicit_permissions": False,
    }
    assert hello["eos"] == "2999-01-01"  # protocol V-11: verbatim
    assert "schema" in hello["capabilities"]
    assert answer.headers["Cache-Control"] == "max-age=86400"  # protocol V-14


@pytest.mark.parametrize("date", ["2999-01-01", "2999-01-01T10:00:00Z", "2999-01-01 10:00"])
def test_the_end_of_service_is_shown_as_written(app_with: MakeApp, date: str) -> None:
    assert app_with({"eos": date}).get("/v1/").json["eos"] == date  # protocol V-11


def test_the_version_of_a_deployment(app_with: MakeApp, tmp_path: Path) -> None:
    file = tmp_path / "version.json"
    app = app_with({"version_json_path": str(file)})
    known = app.get("/v1/__version__").json  # protocol W-32
    assert known["name"] == "kinto"
    file.write_text(json.dumps({"name": "x", "commit": "c"}))
    assert app.get("/v1/__version__").json == {"name": "x", "commit": "c"}  # protocol V-22
    file.write_text("{")
    assert app.get("/v1/__version__").json == known


def test_how_to_contribute(app: webtest.TestApp) -> None:
    assert app.get("/v1/contribute.json").json["name"] == "kinto-core"  # protocol V-23

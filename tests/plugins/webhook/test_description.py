"""The description of the API has this plugin's endpoints; see also `test_fuzz_plugins.py`.

Source: protocol section 16.
"""

from pathlib import Path

import pytest
from webtest import TestApp

from kinto_core.testing import make_app
from kinto_webhook.actions import TESTABLE
from kinto_webhook.sql import STATES
from tests.plugins.webhook.rig import HOOK, Site

WEBHOOK = "/buckets/{bucket_id}/webhooks/{id}"
DESCRIBED = {
    "deliveries": {"get"},
    "deliveries/{event_id}": {"get"},
    "deliveries/{event_id}/resend": {"post"},
    "replay": {"post"},
    "ping": {"post"},
    "test": {"post"},
    "rotate": {"post"},
}


def test_every_endpoint_is_described(site: Site) -> None:
    document = site.client.get("/v1/__api__").json
    methods = {
        path.removeprefix(f"{WEBHOOK}/"): set(item) - {"parameters"}
        for path, item in document["paths"].items()
        if path.startswith(f"{WEBHOOK}/")
    }
    assert methods == DESCRIBED
    for path, (method,) in DESCRIBED.items():
        operation = document["paths"][f"{WEBHOOK}/{path}"][method]
        assert operation["tags"] == ["Webhooks"]
        assert operation["security"] == [{"basicauth": []}]


def test_what_can_be_asked_for_is_listed(site: Site) -> None:
    paths = site.client.get("/v1/__api__").json["paths"]
    given = {one["name"]: one for one in paths[f"{WEBHOOK}/deliveries"]["get"]["parameters"]}
    assert given["state"]["enum"] == list(STATES)
    (body,) = paths[f"{WEBHOOK}/test"]["post"]["parameters"]
    assert body["schema"]["properties"]["type"]["enum"] == list(TESTABLE)


@pytest.mark.parametrize("name", ["_limit", "_before"])
def test_numbers_end_where_the_description_says(site: Site, name: str) -> None:
    site.hook("http://127.0.0.1/")
    paths = site.client.get("/v1/__api__").json["paths"]
    given = {one["name"]: one for one in paths[f"{WEBHOOK}/deliveries"]["get"]["parameters"]}
    largest = given[name]["maximum"]
    site.client.get(f"/v1{HOOK}/deliveries?{name}={largest}", status=200)
    site.client.get(f"/v1{HOOK}/deliveries?{name}={largest + 1}", status=400)
    site.client.get(f"/v1{HOOK}/deliveries?{name}=%D9%A3", status=400)


def test_a_batch_sees_its_own_deliveries(tmp_path: Path) -> None:
    site = Site({"storage_url": f"sqlite:///{tmp_path}/kinto.db"})
    site.hook("http://127.0.0.1/")
    requests = [
        {"method": "POST", "path": f"{HOOK}/ping"},
        {"method": "GET", "path": f"{HOOK}/deliveries"},
    ]
    ping, listed = site.client.post_json("/v1/batch", {"requests": requests}).json["responses"]
    assert [one["id"] for one in listed["body"]["data"]] == [ping["body"]["data"]["id"]]
    site.close()


def test_without_the_plugin_nothing_of_it_is_described() -> None:
    application = make_app({})
    assert "webhook" not in TestApp(application).get("/v1/__api__").text
    application.close()

"""``/permissions``: filters, pages and fields of entries."""

import pytest
import webtest

from tests.unit.http.conftest import MakeApp

URL = "/v1/permissions"


@pytest.fixture
def shared(app_with: MakeApp) -> webtest.TestApp:
    """A server where alice has three buckets."""
    app = app_with({"experimental_permissions_endpoint": "true", "paginate_by": "3"})
    for name in "abc":
        app.put_json(f"/v1/buckets/{name}", {})
    return app


def test_pages_follow_the_settings(shared: webtest.TestApp) -> None:
    first = shared.get(URL)
    assert [one["uri"] for one in first.json["data"]] == ["/buckets/c", "/buckets/b", "/buckets/a"]
    second = shared.get(first.headers["Next-Page"])  # protocol Q-7
    assert [one["uri"] for one in second.json["data"]] == ["/"]
    assert "Next-Page" not in second.headers


def test_tokens_are_signed(shared: webtest.TestApp) -> None:
    shared.get(f"{URL}?_token=abc", status=400)
    token = shared.get(URL).headers["Next-Page"].rpartition("_token=")[2]
    shared.get(f"{URL}?_sort=uri&_token={token}", status=400)


def test_counting(shared: webtest.TestApp) -> None:
    assert shared.head(f"{URL}?resource_name=bucket").headers["Total-Objects"] == "3"
    assert shared.head(URL).headers["Total-Records"] == "4"


def test_all_faults_are_told(shared: webtest.TestApp) -> None:
    answer = shared.get(f"{URL}?_limit=x", headers={"If-Match": "bad"}, status=400)
    assert len(answer.json["details"]) == 2


def test_clients_must_take_json(shared: webtest.TestApp) -> None:
    shared.get(URL, headers={"Accept": "text/html"}, status=406)


def test_answers_are_not_kept(shared: webtest.TestApp) -> None:
    assert shared.get(URL).headers["Cache-Control"] == "no-cache, no-store"

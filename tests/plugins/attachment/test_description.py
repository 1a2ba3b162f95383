"""The description of the API has this plugin's endpoints, and what it describes never fails.

Schemathesis makes the requests, valid and invalid ones; `KINTO_TEST_SCALE` says how many.

Source: attachment A-4; protocol section 16.
"""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck
from openapi_spec_validator import OpenAPIV2SpecValidator
from webtest import TestApp

from kinto_attachment.tus_headers import MEDIA_TYPE
from kinto_core.testing import make_app
from tests.plugins.attachment.driving import BASE_URL, RECORDS, Site, new_site
from tests.plugins.attachment.serving_process import AUTHORIZATION
from tests.system.judging import judge
from tests.system.processes import scaled

EXAMPLES = scaled(100, least=10)
"""Of each operation."""
RECORD = "/buckets/{bucket_id}/collections/{collection_id}/records/{record_id}"
UPLOADS = f"{RECORD}/attachment/uploads"
DESCRIBED = {
    f"{RECORD}/attachment": {"post", "delete"},
    UPLOADS: {"post"},
    f"{UPLOADS}/{{upload_id}}": {"head", "patch", "delete"},
    "/attachments/{path}": {"get", "head"},
}
TUS = {
    "Tus-Resumable": "1.0.0",
    "Upload-Length": "1000",
    "Upload-Offset": "0",
    "Upload-Metadata": "filename YS50eHQ=",
}


schemathesis.serializer.alias(MEDIA_TYPE, "application/octet-stream")


@pytest.fixture(scope="module")
def described_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site for requests that nobody foresees."""
    with new_site(tmp_path_factory.mktemp("described"), {"attachment.extensions": "any"}) as found:
        yield found


def _document(site: Site) -> dict[str, Any]:
    document: dict[str, Any] = site.http.get("/v1/__api__").json
    return document


def test_every_endpoint_is_described(described_site: Site) -> None:
    document = _document(described_site)
    methods = {
        path: set(item) - {"parameters"}
        for path, item in document["paths"].items()
        if "attachment" in path
    }
    assert methods == DESCRIBED
    assert {"name": "Attachments"} in document["tags"]
    for path, described in DESCRIBED.items():
        for method in described:
            operation = document["paths"][path][method]
            assert operation["security"] == [{"basicauth": []}]
            assert operation["tags"] == ["Attachments"]


def test_the_description_is_valid(described_site: Site) -> None:
    document = copy.deepcopy(_document(described_site))
    assert list(OpenAPIV2SpecValidator(document).iter_errors()) == []


def test_without_the_plugin_nothing_of_it_is_described() -> None:
    application = make_app({})
    assert "attachment" not in TestApp(application).get("/v1/__api__").text
    application.close()


def test_generated_requests_never_fail_the_server(described_site: Site) -> None:
    api = schemathesis.openapi.from_wsgi("/v1/__api__", described_site.http.app)
    found: Any = api.get_all_operations()
    operations = [one.ok() for one in found]
    ours = [one for one in operations if one.path in DESCRIBED]
    assert len(ours) == sum(len(methods) for methods in DESCRIBED.values())
    statuses = {one.label: _try_out(described_site, one) for one in ours}
    for label, seen in statuses.items():
        assert any(status < 400 for status in seen), (label, seen)


def _try_out(site: Site, operation: Any) -> set[int]:  # noqa: ANN401  Schemathesis has no types
    """Send the requests of an operation; gives the statuses of the answers."""
    statuses: list[int] = []
    modes = schemathesis.GenerationMode
    cases = operation.as_strategy(generation_mode=modes.POSITIVE) | operation.as_strategy(
        generation_mode=modes.NEGATIVE
    )

    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(case=cases)
    def check(case: Any) -> None:  # noqa: ANN401  see above
        if len(statuses) % 2:
            _make_sense(case, _existing(site))
        response = case.call(headers={"Authorization": AUTHORIZATION})
        headers = {name.lower(): values[0] for name, values in response.headers.items()}
        judge(response.status_code, response.content, headers)
        statuses.append(response.status_code)

    check()
    return set(statuses)


def _make_sense(case: Any, known: Mapping[str, str]) -> None:  # noqa: ANN401  see above
    """Let a request get beyond what is looked at first: paths, preconditions, JSON."""
    case.path_parameters |= {name: known[name] for name in case.path_parameters}
    for name in ("If-Match", "If-None-Match"):
        case.headers.pop(name, None)
    case.headers.update({name: TUS[name] for name in TUS if name in case.headers})
    if isinstance(case.body, dict):
        case.body |= {name: "{}" for name in ("data", "permissions") if name in case.body}


def _existing(site: Site) -> Mapping[str, str]:
    """What paths may name: a record with a file, and an upload for it."""
    location = site.send().json["location"]
    begun = site.http.post(f"{RECORDS}/r/attachment/uploads", headers=TUS)
    return {
        "bucket_id": "b",
        "collection_id": "c",
        "record_id": "r",
        "path": location.removeprefix(BASE_URL),
        "upload_id": begun.headers["Location"].rpartition("/")[2],
    }

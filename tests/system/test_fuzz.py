"""Whatever the described API accepts or refuses, no answer is a server's fault.

Schemathesis makes the requests from the OpenAPI document, valid and invalid ones; the same ones in
each run. `KINTO_TEST_SCALE` says how many.
"""

import base64
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck
from pyramid.router import Router
from schemathesis.schemas import BaseSchema
from webtest import TestApp

from kinto_core.testing import make_app
from tests.system.judging import judge
from tests.system.processes import scaled

EXAMPLES = scaled(200, least=10)
"""Of each operation."""

AUTHORIZATION = {"Authorization": "Basic " + base64.b64encode(b"alice:wonderland").decode()}
BLOG = "/v1/buckets/blog"
ARTICLES = f"{BLOG}/collections/articles"
OBJECTS = (BLOG, f"{BLOG}/groups/readers", ARTICLES, f"{ARTICLES}/records/first")
SCHEMA = {"type": "object", "properties": {"title": {"type": "string"}}}


@pytest.fixture(scope="module")
def app() -> Iterator[Router]:
    """A server with one object of each kind."""
    made = make_app(
        {
            "includes": "default_bucket history",
            "history_read_principals": "system.Authenticated",
            "experimental_permissions_endpoint": "true",
            "experimental_collection_schema_validation": "true",
        }
    )
    client = TestApp(made)
    bodies = {
        OBJECTS[1]: {"data": {"members": ["basicauth:bob"]}},
        OBJECTS[2]: {"data": {"schema": SCHEMA}},
    }
    for path in OBJECTS:
        client.put_json(path, bodies.get(path, {"data": {}}), headers=AUTHORIZATION)
    yield made
    made.close()


@pytest.fixture(scope="module")
def api(app: Router) -> BaseSchema:
    """The API as the server describes it."""
    return schemathesis.openapi.from_wsgi("/v1/__api__", app)


def test_generated_requests_never_fail_the_server(api: BaseSchema) -> None:
    found: Any = api.get_all_operations()
    operations = [one.ok() for one in found]
    assert len(operations) >= 30
    for operation in operations:
        assert try_out(operation) >= 1, operation.label


def try_out(operation: Any) -> int:  # noqa: ANN401  Schemathesis' operations carry no types
    """Send the requests of an operation; how many there were."""
    number = 0

    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(case=_cases(operation))
    def check(case: Any) -> None:  # noqa: ANN401  see above
        nonlocal number
        number += 1
        place_among_existing_objects(case, number)
        response = case.call(headers=AUTHORIZATION)
        headers = {name.lower(): values[0] for name, values in response.headers.items()}
        judge(response.status_code, response.content, headers)

    check()
    return number


def _cases(operation: Any) -> Any:  # noqa: ANN401  Schemathesis' strategies carry no types
    """Requests that fit the document, and some that do not."""
    modes = schemathesis.GenerationMode
    return operation.as_strategy(generation_mode=modes.POSITIVE) | operation.as_strategy(
        generation_mode=modes.NEGATIVE
    )


def place_among_existing_objects(case: Any, number: int) -> None:  # noqa: ANN401  see above
    """Let two of three requests address what exists, so that they get beyond the 404."""
    names = {
        "bucket_id": "blog", "group_id": "readers", "collection_id": "articles", "id": "first",
        "record_id": "first", "timestamp": "9999999999999",
    }  # fmt: skip
    if number % 3 and case.method != "DELETE":
        for name in case.path_parameters or {}:
            if name != "id" or number % 2:
                case.path_parameters[name] = names.get(name, case.path_parameters[name])

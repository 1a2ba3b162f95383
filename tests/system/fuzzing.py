"""Requests that Schemathesis makes from the API's description, and answers held against it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import hypothesis
import schemathesis
from hypothesis import HealthCheck
from pyramid.router import Router
from schemathesis.specs.openapi.checks import response_schema_conformance

from kinto_core.http.errors import URL_MISSING
from tests.system.judging import judge
from tests.system.processes import scaled

EXAMPLES = scaled(200, least=10)
"""Of each operation."""

Prepare = Callable[[Any, int], Mapping[str, str]]
"""Changes a case, of which the number is given, and gives the headers to send with it."""


def operations_of(app: Router) -> Mapping[str, Any]:
    """The operations that an application describes, by their names."""
    found: Any = schemathesis.openapi.from_wsgi("/v1/__api__", app).get_all_operations()
    operations: Sequence[Any] = [one.ok() for one in found]
    return {one.definition.raw["operationId"]: one for one in operations}


def try_out(operation: Any, prepare: Prepare) -> set[int]:  # noqa: ANN401  Schemathesis has no types
    """Send requests that fit the description of an operation, and some that do not.

    Every answer is one that the description tells of, and no server's fault.

    Args:
        operation: of ``operations_of``.
        prepare: see its type.

    Returns:
        The statuses of the answers.
    """
    statuses: list[int] = []
    declared = operation.definition.raw["responses"]
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
        headers = prepare(case, len(statuses))
        response = case.call(headers=headers)
        found = {name.lower(): values[0] for name, values in response.headers.items()}
        judge(response.status_code, response.content, found)
        if not _is_lost(response):
            told = declared.get(str(response.status_code))
            assert told is not None, (operation.label, response.status_code, response.content)
            assert "schema" in told or not response.content, (operation.label, response.content)
            case.validate_response(response, checks=[response_schema_conformance])
        statuses.append(response.status_code)

    check()
    return set(statuses)


def _is_lost(response: Any) -> bool:  # noqa: ANN401  see above
    """Whether nothing has the URL, as when an identifier in it has a slash."""
    message = URL_MISSING.message or ""
    return response.status_code == URL_MISSING.status and message.encode() in response.content

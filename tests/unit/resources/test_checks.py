"""Checks of identifiers."""

from typing import Any

import pytest

from kinto_core.errors import InvalidInput
from kinto_core.resources.addresses import object_address
from kinto_core.resources.bucket import BUCKET
from kinto_core.resources.checks import INVALID_ID, require_id, require_same_id
from kinto_core.server import Server


def test_malformed_identifiers_are_refused(server: Server) -> None:
    require_id(server.rules, object_address(BUCKET, ("good",)))
    for bad in ("-bad", "a\n", ""):
        with pytest.raises(InvalidInput) as caught:
            require_id(server.rules, object_address(BUCKET, (bad,)))  # protocol M-9
        assert caught.value.faults == (INVALID_ID,)


@pytest.mark.parametrize("data", [{}, {"id": "a"}])
def test_the_same_identifier_is_accepted(data: dict[str, Any]) -> None:
    require_same_id("a", data)


@pytest.mark.parametrize("other", ["b", None, 5])
def test_another_identifier_is_refused(other: object) -> None:
    with pytest.raises(InvalidInput):
        require_same_id("a", {"id": other})  # protocol M-19

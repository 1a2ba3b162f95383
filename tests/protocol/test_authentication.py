"""Protocol section 8: who asks."""

import pytest

from tests.protocol.client import Client, basic

VECTORS = {
    "alice:pw": "0c5fad3e46f7ebbee6d61626cd1b437b3e887bf7eaac2a6d6505d1745b76b1d7",
    "bob:pw": "379e96a20024b3520ab186864166a4bd19d1a541fd591a5a11319191352f27be",
    "user:": "01d91fd9af17b2c2f2777fc08013125badf6b26d17a40c20079c8e93b3ce4a54",
    "alice:p:w": "6d47b8aa2a15685e51bc20457d920227ca23b8dd8c4773914b4eb74cef972194",
    "é:ü": "ac051f69cf64c6ae9d4e8c3528a5c54016342d088cb32f31a8ed1179de393a90",
}


def asked(client: Client, authorization: str) -> str | None:
    """Who the server thinks asks."""
    hello = client.as_(None).get("/", authorization=authorization).json
    identity: str | None = hello.get("user", {}).get("id")
    return identity


@pytest.mark.parametrize("credentials", VECTORS)
def test_identifiers(alice: Client, credentials: str) -> None:
    expected = f"basicauth:{VECTORS[credentials]}"  # protocol
    assert asked(alice, basic(credentials)) == expected
    assert asked(alice, basic(credentials.encode("latin-1"))) == expected


@pytest.mark.parametrize("scheme", ["basic", "BASIC", "Basic  "])
def test_the_scheme_in_any_case(alice: Client, scheme: str) -> None:
    given = basic("alice:pw").replace("Basic", scheme)  # protocol A-2
    assert asked(alice, given) == f"basicauth:{VECTORS['alice:pw']}"


@pytest.mark.parametrize(
    "authorization",
    ["", "Basic", "Basic !!!", basic("nocolon"), basic(":pw"), "Bearer abc", "Basic YQ"],
)
def test_other_credentials_are_anonymous(alice: Client, authorization: str) -> None:
    assert asked(alice, authorization) is None  # protocol
    answer = alice.as_(None).get("/buckets/b", authorization=authorization)
    assert answer.json == {
        "code": 401,
        "errno": 104,
        "error": "Unauthorized",
        "message": "Please authenticate yourself to use this endpoint.",
    }  # protocol A-7
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="Realm"'  # protocol A-6


def test_a_script_gets_no_challenge_that_a_browser_would_take_to_its_user(alice: Client) -> None:
    nobody = alice.as_(None)
    assert "WWW-Authenticate" not in nobody.get("/buckets/b", accept="application/json").headers
    assert "WWW-Authenticate" in nobody.get("/buckets/b", accept="*/*").headers  # clients C-130


def test_who_is_known_but_may_not(alice: Client) -> None:
    assert alice.get("/buckets/b").json == {
        "code": 403,
        "errno": 121,
        "error": "Forbidden",
        "message": "This user cannot access this resource.",
    }  # protocol A-7, P-30, P-39
    assert "WWW-Authenticate" not in alice.get("/buckets/b").headers

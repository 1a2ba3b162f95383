"""HTTP Basic credentials, by the specification's text and vectors."""

from base64 import b64encode

import pytest

from kinto_core.authentication.basic import BasicPolicy, credentials
from kinto_core.authentication.interface import Identity
from kinto_core.errors import ConfigurationError

# protocol A-5
VECTORS = {
    "alice:pw": "0c5fad3e46f7ebbee6d61626cd1b437b3e887bf7eaac2a6d6505d1745b76b1d7",
    "bob:pw": "379e96a20024b3520ab186864166a4bd19d1a541fd591a5a11319191352f27be",
    "user:": "01d91fd9af17b2c2f2777fc08013125badf6b26d17a40c20079c8e93b3ce4a54",
    "alice:p:w": "6d47b8aa2a15685e51bc20457d920227ca23b8dd8c4773914b4eb74cef972194",
    "é:ü": "ac051f69cf64c6ae9d4e8c3528a5c54016342d088cb32f31a8ed1179de393a90",
}


def header(text: str, encoding: str = "utf-8", *, scheme: str = "Basic ") -> str:
    """The value of an ``Authorization`` header."""
    return scheme + b64encode(text.encode(encoding)).decode()


@pytest.fixture
def policy() -> BasicPolicy:
    """With the secret of the vectors."""
    return BasicPolicy("basicauth", "some-secret")


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
@pytest.mark.parametrize("text", VECTORS)
def test_user_id_is_the_keyed_digest(policy: BasicPolicy, text: str, encoding: str) -> None:
    """Protocol A-4, A-5."""
    expected = Identity(f"basicauth:{VECTORS[text]}", "basicauth")
    assert policy.authenticate(header(text, encoding)) == expected


@pytest.mark.parametrize("scheme", ["basic ", "BASIC ", "bAsIc    ", "Basic \t"])
def test_scheme_is_in_any_case_and_followed_by_blanks(policy: BasicPolicy, scheme: str) -> None:
    """Protocol A-2."""
    assert policy.authenticate(header("alice:pw", scheme=scheme)) is not None


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "Basic",
        "Basic ",
        "Bearer abc",
        "BasicYWxpY2U6cHc=",
        "Basic ???",
        "Basic YWxpY2U6cHc",
        "Basic YWxp Y2U6cHc=",
        "Basic é",
        "Basic \udcff",
        header("alice"),
        header(":pw"),
        header(""),
    ],
)
def test_what_is_no_basic_credentials_is_anonymous(policy: BasicPolicy, value: str | None) -> None:
    """Never an error (protocol A-3, A-8)."""
    assert policy.authenticate(value) is None


def test_only_the_first_colon_separates() -> None:
    """Protocol A-4."""
    assert credentials(header("alice:p:w")) == ("alice", "p:w")


def test_another_secret_makes_another_user() -> None:
    """Settings S-118."""
    users = {
        BasicPolicy("basicauth", secret).authenticate(header("alice:pw"))
        for secret in ("one", "two")
    }
    assert len(users) == 2


def test_user_id_begins_with_the_name_in_lower_case() -> None:
    """Protocol A-1."""
    found = BasicPolicy("MyAuth", "s").authenticate(header("a:b"))
    assert found is not None
    assert found.user_id.startswith("myauth:")
    assert found.identifier == found.user_id.removeprefix("myauth:")
    assert found.policy == "MyAuth"


def test_challenge_names_the_realm() -> None:
    """Protocol A-6; quotes cannot break the header."""
    assert BasicPolicy("b", "s").challenge == 'Basic realm="Realm"'
    assert BasicPolicy("b", "s", realm='My "\\').challenge == 'Basic realm="My \\"\\\\"'


@pytest.mark.parametrize("realm", ["é", "a\r\nSet-Cookie: x"])
def test_realm_that_cannot_stand_in_a_header_is_refused(realm: str) -> None:
    """At start, not in the first answer."""
    with pytest.raises(ConfigurationError, match=r"multiauth\.policy\.b\.realm"):
        BasicPolicy("b", "s", realm=realm)

"""What plugins describe of their endpoints is what they answer, whoever asks for whatever.

The description has every endpoint of every plugin but the files of the admin console.
`KINTO_TEST_SCALE` says how many requests there are.
"""

import base64
import copy
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
import webtest
from openapi_spec_validator import OpenAPIV2SpecValidator

from kinto_core.app import make_application
from kinto_core.server import Server
from kinto_core.testing.consuming import deliver_pending
from kinto_core.testing.server import make_settings
from tests.system.fuzzing import operations_of, try_out
from tests.unit.builtin.openid.rig import CALLBACK, ProviderProcess, settings_for

SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
ALICE = {"Authorization": "Basic " + base64.b64encode(b"alice:wonderland").decode()}
TOKEN = {"Authorization": "Bearer a-token-of-the-operator"}
BLOG = "/v1/buckets/blog"
HOOK = f"{BLOG}/webhooks/hook"
SECURED = {"counters_token": "a-token-of-the-operator"}
SECURED["prometheus_token"] = SECURED["counters_token"]
SETTINGS = {
    "multiauth.policies": "account basicauth idp",
    "multiauth.policy.account.use": "accounts",
    "account_create_principals": "system.Everyone",
    "account_write_principals": "system.Authenticated",
    "account_failures_per_name": "0",
    "account_failures_per_address": "0",
    "history_read_principals": "system.Authenticated",
    "user-data_delete_principals": "system.Authenticated",
}
PLUGINS = (
    "default_bucket history accounts openid flush counters prometheus quotas admin"
    " attachment webhook websocket"
)
LEFT_OUT = {"/admin"}
"""It leads to a page for people."""

NEVER_WELL = {"openid_token", "openid_logout"}
"""What the provider must have said before cannot be made up."""

BODIES: Mapping[str, Mapping[str, Any]] = {
    "replay_webhook": {"since": 0},
    "test_webhook": {"type": "group.updated"},
    "rotate_webhook_secret": {"secret": SECRET},
    "reset_password": {},
}
"""What some operations need to do something."""

LAST = ("flush",)
NAMES = (
    *("get_history", "delete_history", "get_server_history", "get_snapshot"),
    *("get_webhook_deliveries", "get_webhook_delivery", "resend_webhook_delivery"),
    *("replay_webhook", "ping_webhook", "test_webhook", "rotate_webhook_secret"),
    *("openid_login", "openid_token", "openid_logout", "reset_password"),
    *("get_counters", "get_metrics", "get_bucket_usage", "get_collection_usage"),
    *("delete_user-data", *LAST),
)


@pytest.fixture(scope="module")
def provider() -> Iterator[ProviderProcess]:
    """An identity provider."""
    process = ProviderProcess()
    yield process
    process.stop()


@contextmanager
def serving(values: Mapping[str, str]) -> Iterator[webtest.TestApp]:
    """A client of a server with these settings."""
    settings = make_settings(values)
    with Server(settings) as server:
        if not server.storage.database.embedded:
            server.migrate()
    application = make_application(settings)
    yield webtest.TestApp(application)
    application.close()


@pytest.fixture(scope="module")
def everything(
    provider: ProviderProcess, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[str, str]:
    """The settings of a server with every plugin that has endpoints."""
    files = {"attachment.base_path": str(tmp_path_factory.mktemp("files"))}
    return {**settings_for(provider.url), **SETTINGS, **files, "includes": PLUGINS}


@pytest.fixture(scope="module")
def document(everything: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """The description of such a server."""
    with serving(everything) as client:
        yield document_of(client)


@pytest.fixture(params=["memory", "postgresql"])
def client(
    request: pytest.FixtureRequest, everything: Mapping[str, str]
) -> Iterator[webtest.TestApp]:
    """A client of such a server."""
    url = request.getfixturevalue("postgresql_url") if request.param == "postgresql" else ""
    with serving({**everything, "storage_url": url}) as found:
        yield found


def fill(client: webtest.TestApp) -> str:
    """Make what requests may name; gives the id of a delivery."""
    articles = f"{BLOG}/collections/articles"
    for path in (BLOG, articles, f"{articles}/records/first"):
        client.put_json(path, {"data": {}}, headers=ALICE)
    hook = {"url": "https://example.org/", "secret": SECRET}
    client.put_json(HOOK, {"data": hook}, headers=ALICE)
    client.put_json("/v1/accounts/bob", {"data": {"password": "secret"}}, headers=ALICE)
    deliver_pending(client.app.registry.site.server)
    event_id: str = client.post(f"{HOOK}/ping", headers=ALICE).json["data"]["id"]
    return event_id


def document_of(client: webtest.TestApp) -> dict[str, Any]:
    """The description."""
    found: dict[str, Any] = client.get("/v1/__api__").json
    return found


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Path, method and operation."""
    for path, item in document["paths"].items():
        yield from ((path, name, one) for name, one in item.items() if name != "parameters")


def test_every_endpoint_of_every_plugin_is_described(everything: Mapping[str, str]) -> None:
    with serving(everything) as client:
        paths = document_of(client)["paths"]
        endpoints = client.app.registry.site.endpoints
    assert set(endpoints) >= LEFT_OUT
    for path, endpoint in endpoints.items():
        described = set(paths.get(path.replace(":.+}", "}"), ())) - {"parameters", "head"}
        methods = {name.lower() for name in endpoint.methods} - {"head", "options"}
        assert described == (set() if path in LEFT_OUT else methods), path
    assert set(paths["/__metrics__"]) == {"get"}


def test_the_description_is_valid(document: Mapping[str, Any]) -> None:
    assert list(OpenAPIV2SpecValidator(copy.deepcopy(dict(document))).iter_errors()) == []


def test_operations_have_names_of_their_own_and_tell_what_they_do(
    document: Mapping[str, Any],
) -> None:
    found = list(operations(document))
    counts = Counter(one["operationId"] for _, _, one in found)
    assert {name for name, count in counts.items() if count > 1} == set()
    assert set(NAMES) <= set(counts)
    tags = [tag["name"] for tag in document["tags"]]
    assert len(tags) == len(set(tags))
    for path, method, one in found:
        assert set(one["tags"]) <= set(tags)
        if one["operationId"] in NAMES:
            assert one["summary"].endswith("."), (path, method)
            assert "default" in one["responses"], (path, method)
            assert any(code < "400" for code in one["responses"]), (path, method)


def test_answers_are_those_that_are_described(client: webtest.TestApp) -> None:
    found = operations_of(client.app)
    for name in NAMES:
        event_id = fill(client) if name not in LAST else ""
        known = {
            "bucket_id": "blog", "collection_id": "articles", "id": "hook", "account_id": "bob",
            "event_id": event_id, "timestamp": "9999999999999", "provider": "idp",
        }  # fmt: skip

        def prepare(case: Any, number: int, known: dict[str, str] = known) -> Mapping[str, str]:  # noqa: ANN401  Schemathesis has no types
            return make_sense(case, number, known) if number % 2 else ALICE

        statuses = try_out(found[name], prepare)
        is_well = any(status < 400 for status in statuses)
        assert is_well is (name not in NEVER_WELL), (name, statuses)


def make_sense(case: Any, number: int, known: Mapping[str, str]) -> Mapping[str, str]:  # noqa: ANN401  see above
    """Let a request get beyond what is looked at first; gives its headers.

    One in four is whole, one in eight names something that is not there, and one in eight is
    nobody's in particular.
    """
    is_whole, is_lost = number % 4 == 1, number % 8 == 3
    path = case.operation.path
    names = [name for name in re.findall(r"{(\w+)}", path) if name in known]
    case.path_parameters |= {name: known[name] for name in names[: -1 if is_lost else None]}
    name = case.operation.definition.raw["operationId"]
    if name == "openid_login":
        case.query |= {"callback": CALLBACK, "scope": "openid email"}
    if is_whole:
        for header in ("If-Match", "If-None-Match"):
            (case.headers or {}).pop(header, None)
        case.body = BODIES.get(name, case.body)
    return ALICE if is_whole or is_lost else {}


@pytest.mark.parametrize("name", ["counters", "metrics"])
def test_tokens_of_operators_are_described(name: str) -> None:
    with serving({"includes": "counters prometheus", **SECURED}) as client:
        document = document_of(client)
        client.get(f"/v1/__{name}__", status=401)
        client.get(f"/v1/__{name}__", headers=TOKEN, status=200)
    operation = document["paths"][f"/__{name}__"]["get"]
    (scheme,) = operation["security"]
    assert {*scheme} <= {*document["securityDefinitions"]}
    assert "401" in operation["responses"]
    assert document["paths"]["/buckets"]["get"]["security"] == [{"basicauth": []}]


@pytest.mark.parametrize("name", ["counters", "metrics"])
def test_without_tokens_anybody_may_ask(name: str, document: Mapping[str, Any]) -> None:
    operation = document["paths"][f"/__{name}__"]["get"]
    assert operation["security"] == []
    assert "401" not in operation["responses"]


def test_methods_that_settings_switch_off_are_not_described() -> None:
    switched_off = {"plural_history_delete_enabled": "false"}
    with serving({"includes": "history", **switched_off}) as client:
        item = document_of(client)["paths"]["/buckets/{bucket_id}/history"]
    assert set(item) == {"parameters", "get"}


def test_accounts_are_a_way_to_authenticate() -> None:
    with serving({**SETTINGS, "includes": "accounts", "multiauth.policies": "account"}) as client:
        document = document_of(client)
    assert document["securityDefinitions"] == {"account": {"type": "basic"}}
    assert document["paths"]["/buckets"]["get"]["security"] == [{"account": []}]
    reset = document["paths"]["/accounts/{account_id}/reset-password"]["post"]
    assert reset["security"] == [{}, {"account": []}]

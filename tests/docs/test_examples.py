"""Every example of the manual works."""

import ast
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from webtest import TestApp

from kinto_core.cli import main
from kinto_core.hooks import hook_names
from kinto_core.settings import load
from kinto_core.testing import make_app, make_server
from tests.docs.manual import ROOT, Block, blocks, commands, curl_requests

SETTINGS: Mapping[str, str] = {
    "includes": "default_bucket",
    "default_bucket_hmac_secret": "0123456789abcdef0123456789abcdef",
}
STORED = {200, 201}


def identity(block: Block) -> str:
    return f"{block.page}:{len(block.text)}"


@pytest.mark.parametrize("block", blocks("ini"), ids=identity)
def test_an_example_of_settings_is_accepted(block: Block, tmp_path: Path) -> None:
    path = tmp_path / "kinto.ini"
    path.write_text(block.text)
    settings, warnings = load(ini=path, environ={})
    assert settings.multiauth_policies or settings.includes
    assert [one for one in warnings if "unknown" in str(one)] == []


@pytest.mark.parametrize("block", blocks("python"), ids=identity)
def test_an_example_of_python_is_a_working_plugin(
    block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"example_{abs(hash(block.text))}"
    (tmp_path / f"{name}.py").write_text(block.text)
    monkeypatch.syspath_prepend(tmp_path)
    defined = {node.name for node in ast.parse(block.text).body if hasattr(node, "name")}
    declared = defined & set(hook_names())
    with make_server({"includes": name}) as server:
        assert any(server.plugins.implements(hook) for hook in declared)


def test_the_commands_of_the_first_steps_do_what_the_text_says() -> None:
    app = make_app(SETTINGS)
    client = TestApp(app)
    answers = [
        client.request(
            one.path,
            method=one.method,
            headers=one.headers,
            body=one.body.encode(),
            expect_errors=True,
        )
        for one in curl_requests("docs/tutorial/first-steps.md")
    ]
    app.close()
    statuses = [answer.status_int for answer in answers]
    stranger = statuses.index(403)
    assert set(statuses[:stranger] + statuses[stranger + 1 :]) <= STORED
    assert [book["title"] for book in answers[4].json["data"]] == ["Persuasion"]
    assert answers[stranger + 2].json["data"]["title"] == "Emma"
    assert [one.get("deleted", False) for one in answers[-1].json["data"]] == [True, False]


def test_the_commands_of_the_readme_store_and_list() -> None:
    app = make_app(SETTINGS)
    client = TestApp(app)
    requests = curl_requests("README.md")
    answers = [
        client.request(one.path, method=one.method, headers=one.headers, body=one.body.encode())
        for one in requests
    ]
    app.close()
    assert [answer.status_int for answer in answers] == [201, 200]
    assert answers[1].json["data"] == [answers[0].json["data"]]


@pytest.mark.parametrize("block", blocks("console"), ids=identity)
def test_a_command_exists(block: Block) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for command in commands(block):
        words = command.split()
        if words[0] == "make":
            assert {word for word in words[1:2] if "=" not in word} <= targets
        elif words[0] == "kinto":
            context = main.make_context("kinto", ["--help"], resilient_parsing=True)
            assert main.get_command(context, words[1]) is not None
        else:
            assert words[0] == "curl"

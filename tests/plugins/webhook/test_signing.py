"""Signatures, verified by the official libraries.

That for JavaScript is run where `KINTO_TEST_JAVASCRIPT_CLIENT` names a folder whose `node_modules`
hold the package `standardwebhooks`; tests load nothing from the network themselves.
"""

import base64
import os
import subprocess
import time
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from kinto_core import json
from kinto_webhook.signing import InvalidSecret, headers, key_of, new_secret

MODULES = Path(os.environ.get("KINTO_TEST_JAVASCRIPT_CLIENT", "")) / "node_modules"
VERIFY = """
const { Webhook } = require("standardwebhooks");
const given = JSON.parse(require("fs").readFileSync("given.json"));
for (const secret of given.secrets)
  console.log(new Webhook(secret).verify(given.body, given.headers).data.title);
"""
BODY = '{"type":"record.created","data":{"title":"Grüße"}}'.encode()


def test_the_official_library_verifies_what_is_signed() -> None:
    secret, now = new_secret(), int(time.time())
    found = headers((secret,), "message", now, BODY, 1)
    assert Webhook(secret).verify(BODY, dict(found)) == json.parse(BODY)


def test_during_a_rotation_both_secrets_verify() -> None:
    new, former = new_secret(), new_secret()
    found = dict(headers((new, former), "message", int(time.time()), BODY, 3))
    for secret in (new, former):
        Webhook(secret).verify(BODY, found)
    assert len(found["webhook-signature"].split()) == 2
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(BODY, found)


@pytest.mark.parametrize("changed", ["webhook-id", "webhook-timestamp", "body"])
def test_nothing_can_be_changed(changed: str) -> None:
    secret, now = new_secret(), int(time.time())
    found = dict(headers((secret,), "message", now, BODY, 1))
    body = BODY
    if changed == "body":
        body += b" "
    else:
        found[changed] = found[changed][:-1] + ("0" if found[changed][-1] != "0" else "1")
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body, found)


def test_signatures_are_those_of_the_specification() -> None:
    # The example of the Standard Webhooks libraries.
    found = headers(
        ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",),
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330,
        b'{"test": 2432232314}',
        1,
    )
    assert found["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("size", [24, 32, 64])
def test_secrets_of_24_to_64_bytes_are_accepted(size: int) -> None:
    assert len(key_of("whsec_" + base64.b64encode(bytes(range(size))).decode())) == size


@pytest.mark.parametrize(
    "text",
    [
        "",
        "whsec_",
        "secret",
        base64.b64encode(bytes(32)).decode(),
        "whsec_" + base64.b64encode(bytes(23)).decode(),
        "whsec_" + base64.b64encode(bytes(65)).decode(),
        "whsec_***************************************",
    ],
)
def test_other_texts_are_no_secrets_and_are_not_repeated(text: str) -> None:
    with pytest.raises(InvalidSecret) as caught:
        key_of(text)
    assert not text.removeprefix("whsec_") or text not in str(caught.value)


if (MODULES / "standardwebhooks").is_dir():

    def test_the_javascript_library_verifies_what_is_signed(tmp_path: Path) -> None:
        secrets = (new_secret(), new_secret())  # during a rotation
        found = headers(secrets, "message", int(time.time()), BODY, 1)
        given = {"secrets": list(secrets), "headers": dict(found), "body": BODY.decode()}
        (tmp_path / "given.json").write_text(json.dumps(given))
        (tmp_path / "verify.js").write_text(VERIFY)
        done = subprocess.run(
            ["node", "verify.js"],
            env={**os.environ, "NODE_PATH": str(MODULES)},
            cwd=tmp_path,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.stdout.split() == ["Grüße", "Grüße"], done.stderr

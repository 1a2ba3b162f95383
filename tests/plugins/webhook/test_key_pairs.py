"""Signatures v1a: verified with a public key, by code that shares nothing with ours."""

import base64
import time

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks.webhooks import Webhook

from kinto_webhook import asymmetric
from kinto_webhook.asymmetric import InvalidKey
from kinto_webhook.signing import InvalidSecret, headers, kind_of, new_secret
from tests.plugins.webhook.receiver import Got, Receiver
from tests.plugins.webhook.rig import HOOK, SECRET, Site

# A test vector of RFC 8032, 7.1, TEST 2.
SEED = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNATURE = (
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def private(content: bytes) -> str:
    """The text of a private key."""
    return "whsk_" + base64.b64encode(content).decode()


def verify(got: Got, public_key: str) -> int:
    """How many of the signatures of a message are of a key."""
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key.removeprefix("whpk_")))
    signed = f"{got.id}.{got.headers['webhook-timestamp']}.".encode() + got.body
    count = 0
    for one in got.headers["webhook-signature"].split():
        kind, _, text = one.partition(",")
        try:
            if kind == "v1a":
                key.verify(base64.b64decode(text), signed)
                count += 1
        except InvalidSignature:
            continue
    return count


@pytest.mark.parametrize("key", [private(SEED), private(SEED + PUBLIC)])
def test_keys_and_signatures_are_those_of_the_standard(key: str) -> None:
    assert asymmetric.public_key(key) == "whpk_" + base64.b64encode(PUBLIC).decode()
    assert asymmetric.sign(key, b"\x72").hex() == SIGNATURE
    assert kind_of(key) == "v1a"


@pytest.mark.parametrize(
    "text",
    ["", "whsk_", SECRET, private(SEED[:31]), private(SEED + SEED), "whsk_***", private(SEED)[5:]],
)
def test_other_texts_are_no_private_keys(text: str) -> None:
    with pytest.raises(InvalidKey):
        asymmetric.public_key(text)
    if text.startswith("whsk_"):
        with pytest.raises(InvalidSecret):
            kind_of(text)


def test_a_webhook_with_a_pair_of_keys_needs_no_secret(site: Site, receiver: Receiver) -> None:
    made = site.hook(receiver.url(), secret=None, signature="v1a")
    site.write(1)
    site.work()
    assert verify(receiver.got[0], made["public_key"]) == 1
    assert verify(receiver.got[0], asymmetric.public_key(private(SEED))) == 0
    assert site.get(HOOK)["public_key"] == made["public_key"]
    kept = site.client.patch_json(f"/v1{HOOK}", {"data": {"public_key": "whpk_forged"}}).json
    assert kept["data"]["public_key"] == made["public_key"]


def test_a_private_key_can_be_brought_along_and_is_never_shown(site: Site) -> None:
    key = private(SEED + PUBLIC)
    answer = site.client.put_json(
        f"/v1{HOOK}",
        {"data": {"url": "https://example.com", "signature": "v1a", "secret": key}},
    )
    assert key.removeprefix("whsk_") not in answer.text
    assert answer.json["data"]["public_key"] == asymmetric.public_key(key)


def test_both_pairs_sign_for_a_day_after_a_rotation(site: Site, receiver: Receiver) -> None:
    former = site.hook(receiver.url(), secret=None, signature="v1a")["public_key"]
    new = site.post(f"{HOOK}/rotate")["public_key"]
    assert new == site.get(HOOK)["public_key"] != former
    site.write(1)
    site.work()
    assert [verify(receiver.got[0], one) for one in (former, new)] == [1, 1]


def test_a_receiver_changes_over_from_a_secret_to_a_pair(site: Site, receiver: Receiver) -> None:
    site.hook(receiver.url())
    change = {"data": {"signature": "v1a"}}
    public_key = site.client.patch_json(f"/v1{HOOK}", change).json["data"]["public_key"]
    site.write(1)
    site.work()
    (got,) = receiver.got
    assert verify(got, public_key) == 1
    Webhook(SECRET).verify(got.body, dict(got.headers))  # for a day


def test_a_secret_is_of_the_kind_that_the_webhook_says(site: Site) -> None:
    for kind, secret in (("v1", private(SEED)), ("v1a", SECRET), ("v2", SECRET), (["v1"], SECRET)):
        data = {"url": "https://example.com", "signature": kind, "secret": secret}
        site.client.put_json(f"/v1{HOOK}", {"data": data}, status=400)
    made = site.hook("https://example.com", secret=None, signature="v1a")
    back = {"data": {"signature": "v1"}}
    answer = site.client.patch_json(f"/v1{HOOK}", back, status=400).json
    assert answer["details"][0]["name"] == "secret"
    back["data"]["secret"] = new_secret()
    assert "public_key" in made
    assert "public_key" not in site.client.patch_json(f"/v1{HOOK}", back).json["data"]


def test_without_the_library_it_is_said(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asymmetric, "IS_AVAILABLE", False)
    data = {"data": {"url": "https://example.com", "signature": "v1a"}}
    answer = site.client.put_json(f"/v1{HOOK}", data, status=400).json
    assert "kinto-webhook[cryptography]" in answer["details"][0]["description"]


def test_the_official_library_passes_over_other_kinds() -> None:
    secret, body = new_secret(), b"{}"
    found = headers((asymmetric.new_key(), secret), "message", int(time.time()), body, 1)
    assert Webhook(secret).verify(body, dict(found)) == {}

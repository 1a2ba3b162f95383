"""A small OpenID Connect provider with real keys, run as a process of its own.

``python oidc_provider.py [PORT]`` prints its address. It logs everybody in as Alice, checks
clients, codes, redirections and proof keys as a real one does, and does under ``/test/`` what a
test wants.
"""

import hashlib
import json
import secrets
import sys
import threading
import time
from base64 import b64decode, urlsafe_b64encode
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jws
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

CLIENT: Final = ("kinto", "secret of tests")
ALICE: Final = {"sub": "alice", "email": "alice@example.org", "email_verified": True}
ALGORITHMS: Final = {"rsa": "RS256", "ec": "ES256", "ed": "EdDSA", "other": "RS256", "hs": "HS256"}

Json = dict[str, Any]


def s256(text: str, *, half: bool = False) -> str:
    """The digest that proof keys and ``at_hash`` are made of."""
    digest = hashlib.sha256(text.encode()).digest()
    return urlsafe_b64encode(digest[: 16 if half else 32]).rstrip(b"=").decode()


class Provider:
    """What the provider knows.

    Attributes:
        url: its address, without a slash at the end.
        wanted: what a test asked for: ``delay``, ``status``, ``redirect``, ``body`` by path;
            ``document``, ``profile``, ``id_token``: members that replace others, or remove them.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.wanted: dict[str, Any] = {}
        self.calls: Counter[str] = Counter()
        self.codes: dict[str, dict[str, str]] = {}
        self.opaque: dict[str, Json] = {}
        self.lock = threading.Lock()
        self.keys: dict[str, Any] = {}
        self.rotate()

    def rotate(self) -> None:
        """Use new keys, under new names."""
        name = secrets.token_hex(4)
        self.keys = {
            "rsa": RSAKey.generate_key(2048, {"kid": f"rsa-{name}", "use": "sig"}),
            "ec": ECKey.generate_key("P-256", {"kid": f"ec-{name}", "alg": "ES256"}),
            "ed": OKPKey.generate_key("Ed25519", {"kid": f"ed-{name}"}),
        }
        public = self.keys["rsa"].as_der(private=False)
        self.keys["other"] = RSAKey.generate_key(2048, {"kid": f"rsa-{name}"})
        self.keys["hs"] = OctKey.import_key(public[:64], {"kid": f"rsa-{name}"})

    def key_set(self) -> Json:
        """The public keys, among others that no signature comes from."""
        strange = [{"kty": "XYZ", "kid": "strange"}, {"kty": "oct", "k": "c2VjcmV0", "kid": "oct"}]
        known = [self.keys[name].as_dict(private=False) for name in ("rsa", "ec", "ed")]
        return {"keys": [*strange, *known]}

    def document(self) -> Json:
        """The discovery document."""
        return changed(
            {
                "issuer": self.url,
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
                "userinfo_endpoint": f"{self.url}/userinfo",
                "jwks_uri": f"{self.url}/jwks",
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
            },
            self.wanted.get("document"),
        )

    def sign(self, claims: Json, key: str = "rsa", header: Json | None = None) -> str:
        """A signed token; ``header`` replaces members of its header."""
        own = self.keys[key]
        head = changed({"alg": ALGORITHMS[key], "typ": "JWT", "kid": own.kid}, header)
        text = json.dumps(claims)
        registry = jws.JWSRegistry(algorithms=[head["alg"]], strict_check_header=False)
        return str(jws.serialize_compact(head, text, own, registry=registry))

    def access_token(self, changes: Json | None = None) -> str:
        """An access token of Alice's for our client."""
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": "alice",
            "aud": "some-api",
            "azp": CLIENT[0],
            "iat": now,
            "exp": now + 600,
            "jti": secrets.token_hex(8),
        }
        return self.sign(changed(claims, changes))

    def exchange(self, form: dict[str, str], authorization: str) -> tuple[int, Json]:
        """What the token endpoint says."""
        client = (form.get("client_id", ""), form.get("client_secret", ""))
        if authorization.startswith("Basic "):
            name, _, word = b64decode(authorization[6:]).decode().partition(":")
            client = (unquote(name), unquote(word.replace("+", " ")))
        asked = self.codes.pop(form.get("code", ""), None)
        if client != CLIENT:
            return 401, {"error": "invalid_client"}
        if asked is None or asked["redirect_uri"] != form.get("redirect_uri"):
            return 400, {"error": "invalid_grant", "error_description": "No such code", "x": 1}
        challenge = asked.get("code_challenge")
        if challenge is not None and s256(form.get("code_verifier", "")) != challenge:
            return 400, {"error": "invalid_grant", "error_description": "Wrong proof"}
        token = self.access_token()
        now = int(time.time())
        claims = {
            "iss": self.url,
            "sub": "alice",
            "aud": CLIENT[0],
            "exp": now + 60,
            "iat": now,
            "nonce": asked.get("nonce"),
            "at_hash": s256(token, half=True),
        }
        id_token = self.sign(changed(claims, self.wanted.get("id_token")))
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": 600}
        return 200, answer | {"id_token": id_token}

    def profile(self, token: str) -> Json | None:
        """The profile behind an access token."""
        found = self.opaque.get(token, {}).get("profile")
        if found is None and token.count(".") == 2:
            found = ALICE
        return None if found is None else changed(found, self.wanted.get("profile"))


def changed(value: Json, changes: Json | None) -> Json:
    """The value with members replaced; ``None`` removes one."""
    return {name: one for name, one in (value | (changes or {})).items() if one is not None}


class Handler(BaseHTTPRequestHandler):
    """Answers one connection."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet
    provider: Provider

    def do_GET(self) -> None:
        """Answer a GET."""
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if self.is_strange(parts.path):
            return
        provider = self.provider
        if parts.path == "/.well-known/openid-configuration":
            self.answer(200, provider.document())
        elif parts.path == "/jwks":
            self.answer(200, provider.key_set())
        elif parts.path == "/authorize":
            code = secrets.token_hex(8)
            provider.codes[code] = query
            given = urlencode({"code": code, "state": query["state"]})
            self.answer(302, {}, ("Location", f"{query['redirect_uri']}?{given}"))
        elif parts.path == "/userinfo":
            profile = provider.profile(self.headers.get("Authorization", "")[7:])
            self.answer(*((200, profile) if profile else (401, {"error": "invalid_token"})))
        elif parts.path == "/test/calls":
            self.answer(200, dict(provider.calls))
        else:
            self.answer(404, {})

    def do_POST(self) -> None:
        """Answer a POST."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if self.path.startswith("/test/"):
            self.answer(200, self.tested(self.path[6:], json.loads(body or "{}")))
            return
        if self.is_strange(self.path):
            return
        form = {name: values[0] for name, values in parse_qs(body).items()}
        authorization = self.headers.get("Authorization", "")
        if self.path == "/token":
            self.answer(*self.provider.exchange(form, authorization))
        elif self.path == "/introspect":
            known = self.provider.opaque.get(form["token"], {})
            is_client = (form.get("client_id"), form.get("client_secret")) == CLIENT
            said = known.get("introspection", {"active": False})
            self.answer(*((200, said) if is_client else (401, {})))
        else:
            self.answer(404, {})

    def tested(self, what: str, value: Json) -> Json:
        """Do what a test wants."""
        provider = self.provider
        if what == "want":
            provider.wanted = value
            provider.calls.clear()
        elif what == "rotate":
            provider.rotate()
        elif what == "opaque":
            provider.opaque[value["token"]] = value
        elif what == "access":
            return {"token": provider.access_token(value)}
        elif what == "sign":
            return {"token": provider.sign(**value)}
        return {}

    def is_strange(self, path: str) -> bool:
        """Count a call, and do what a test wants at this path instead of the usual."""
        provider = self.provider
        with provider.lock:
            provider.calls[path] += 1
        wanted = {name: provider.wanted.get(name, {}).get(path) for name in ("delay", "status")}
        body, place = (provider.wanted.get(name, {}).get(path) for name in ("body", "redirect"))
        if wanted["delay"]:
            time.sleep(wanted["delay"])
        if place is not None:
            self.answer(302, {}, ("Location", place))
        elif body is not None:
            self.send(wanted["status"] or 200, body.encode())
        elif wanted["status"]:
            self.answer(wanted["status"], {"error": "strange"})
        else:
            return False
        return True

    def answer(self, status: int, value: Json, *headers: tuple[str, str]) -> None:
        """Send JSON."""
        self.send(status, json.dumps(value, separators=(",", ":")).encode(), *headers)

    def send(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
        """Send bytes."""
        self.send_response(status)
        for name, value in (*headers, ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main() -> None:
    """Serve until somebody ends the process."""
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    Handler.provider = Provider(f"http://127.0.0.1:{server.server_port}")
    print(Handler.provider.url, flush=True)  # noqa: T201  whoever started it reads it
    server.serve_forever()


if __name__ == "__main__":
    main()

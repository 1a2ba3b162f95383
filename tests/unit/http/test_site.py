"""What every handler of one web application shares."""

from collections.abc import Sequence

from kinto_core.authentication.interface import Identity
from kinto_core.hookspecs import hookimpl
from kinto_core.http.exchange import Exchange
from kinto_core.http.site import Site
from kinto_core.resources.access import ANONYMOUS
from kinto_core.testing import make_server


class Roles:
    """Adds a principal to everybody who is known."""

    @hookimpl
    def principals(self, identity: Identity) -> Sequence[str]:
        """A role."""
        return [f"role:{identity.policy}"]


def test_the_prefix_is_the_major_version() -> None:
    with make_server({"http_api_version": "2.7"}) as server:
        assert Site.of(server).prefix == "/v2"  # protocol V-1


def test_callers_have_principals_of_plugins() -> None:
    with make_server() as server:
        site = Site.of(server)
        identity = site.authenticate("Basic YWxpY2U6cHc=")
        exchange = Exchange(method="GET", path="/", identity=identity)
        assert site.caller(exchange).extra == frozenset()
        server.plugins.add(Roles(), "roles")
        assert site.caller(exchange).extra == {"role:basicauth"}
        assert site.caller(Exchange(method="GET", path="/")) is ANONYMOUS


def test_sites_of_one_secret_accept_each_others_pages() -> None:
    one, two, other = (
        make_server({"userid_hmac_secret": secret}) for secret in ("a" * 20, "a" * 20, "b" * 20)
    )
    with one, two, other:
        secrets = [Site.of(server).page_secret for server in (one, two, other)]
    assert secrets[0] == secrets[1] != secrets[2]


def test_work_uses_the_transaction_of_its_exchange() -> None:
    with make_server() as server, server.transaction() as tx:
        site = Site.of(server)
        exchange = Exchange(method="GET", path="/", transaction=tx)
        assert site.read(exchange, lambda used: used) is tx
        assert site.write(exchange, lambda used: used) is tx
        own = Exchange(method="GET", path="/")
        assert site.read(own, lambda used: used) is not tx

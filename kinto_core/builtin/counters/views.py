"""The endpoint: for anybody unless there is a token. Source: built-in plugins B-171, BW-13."""

import hmac

from kinto_core.builtin.counters import describing
from kinto_core.builtin.counters.counting import Counter
from kinto_core.builtin.counters.settings import CountersSettings
from kinto_core.errors import Unauthenticated
from kinto_core.http.endpoints import Endpoint
from kinto_core.http.errors import reply_to
from kinto_core.http.exchange import Exchange, Reply
from kinto_core.http.site import Site


def add_endpoint(site: Site) -> None:
    """Serve ``/__counters__``."""
    given = site.server.plugins.gather("register_counters", server=site.server)
    counter = Counter(site.server, {name: one for some in given for name, one in some.items()})
    token = site.settings.plugin(CountersSettings).counters_token.encode()

    def counters_view(_site: Site, exchange: Exchange) -> Reply:
        if token and not _is_known(exchange.headers.get("authorization", ""), token):
            return reply_to(Unauthenticated(), challenges=("Bearer",), retry_after=0)
        if exchange.transaction is None:
            return Reply(200, counter.text())
        with exchange.transaction.reading() as inside:
            return Reply(200, counter.text(inside))

    if token:
        site.own_security.update(describing.SECURITY)
    described = describing.path_item(needs_token=bool(token))
    site.endpoints["/__counters__"] = Endpoint("counters", counters_view, described=described)


def _is_known(authorization: str, token: bytes) -> bool:
    scheme, _, given = authorization.partition(" ")
    sent = given.strip().encode("latin-1", "replace")
    return scheme.lower() == "bearer" and hmac.compare_digest(sent, token)

"""``GET /__api__``: the description of the API.

Source: protocol section 16.
"""

from collections.abc import Mapping
from typing import Any

from kinto_core import json
from kinto_core.http.exchange import Exchange, Reply
from kinto_core.http.openapi import PARAMETERS, describe
from kinto_core.http.site import Site


def openapi_view(site: Site, exchange: Exchange) -> Reply:
    """The OpenAPI document of this server, as this caller reaches it."""
    settings = site.settings
    scheme, _, host = exchange.origin_url.partition("://")
    document = describe(
        tuple(site.server.types.by_name.values()),
        title=settings.project_name,
        version=settings.http_api_version,
        host=host,
        scheme=scheme,
        policies=settings.multiauth_policies,
        definitions={name: one for give in site.security for name, one in give().items()},
        own_definitions=site.own_security,
        endpoints_enabled=settings.endpoint_enabled,
        has_permissions_endpoint=settings.experimental_permissions_endpoint,
        contributed={**_of_endpoints(site), **site.described},
    )
    return Reply(200, json.dumpb(document))


def _of_endpoints(site: Site) -> Mapping[str, Mapping[str, Any]]:
    """The path items of plugins, without the methods that settings switch off."""
    return {
        path: {
            name: value
            for name, value in endpoint.described.items()
            if name == PARAMETERS or name.upper() in endpoint.methods
        }
        for path, endpoint in site.endpoints.items()
        if endpoint.described
    }

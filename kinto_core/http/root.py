"""The root view and the other small documents about the server.

Source: protocol 1.3, 1.4.
"""

from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from kinto_core import json
from kinto_core.http.caching import max_age
from kinto_core.http.exchange import Exchange, Reply
from kinto_core.http.site import Site
from kinto_core.settings import Settings
from kinto_core.settings.setting import settings_of

DESCRIPTIONS = {
    "basicauth": (
        "Basic authentication: any name and password are a user. Not for production use.",
        "https://kinto.readthedocs.io/en/stable/api/1.x/authentication.html",
    ),
    "schema": (
        "Validates collection records with JSON schemas.",
        "https://kinto.readthedocs.io/en/latest/api/1.x/collections.html#collection-json-schema",
    ),
    "permissions_endpoint": (
        "The permissions endpoint lists the objects that are shared with the caller.",
        "https://kinto.readthedocs.io/en/latest/api/1.x/permissions.html",
    ),
}


def core_capabilities(site: Site) -> dict[str, Any]:
    """The features that the settings switch on. Source: protocol V-12."""
    settings = site.settings
    names = []
    if "basicauth" in settings.multiauth_policies:
        names.append("basicauth")
    if settings.experimental_collection_schema_validation:
        names.append("schema")
    if settings.experimental_permissions_endpoint:
        names.append("permissions_endpoint")
    return {
        name: dict(zip(("description", "url"), DESCRIPTIONS[name], strict=True)) for name in names
    }


def root_view(site: Site, exchange: Exchange) -> Reply:
    """``GET /``. Source: protocol V-10 to V-15."""
    settings = site.settings
    url = f"{exchange.origin_url}{site.prefix}/"
    body: dict[str, Any] = {
        "project_name": settings.project_name,
        "project_version": settings.project_version or metadata.version("kinto-core"),
        "http_api_version": settings.http_api_version,
        "project_docs": settings.project_docs,
        "url": url,
        "config": None,
        "settings": {
            "batch_max_requests": settings.batch_max_requests,
            "readonly": settings.readonly,
            "explicit_permissions": settings.explicit_permissions,
        },
        "capabilities": {
            name: entry(url) if callable(entry) else entry
            for name, entry in site.capabilities.items()
        },
    }
    if settings.eos is not None:
        body["eos"] = _end_of_service(settings, settings.eos)
    if exchange.identity is not None:
        body["user"] = _user(site, exchange)
    reply = Reply(200, json.dumpb(body))
    if settings.readonly:
        reply.headers += max_age(settings.root_cache_expires_seconds, site.server.clock())
    return reply


def _end_of_service(settings: Settings, moment: datetime) -> str:
    """The date as the operator wrote it. Source: protocol V-11."""
    written = settings.sources.texts(settings_of(Settings)).get("eos")
    return written[0].value if written else moment.isoformat()


def _user(site: Site, exchange: Exchange) -> dict[str, Any]:
    """Who asks. Source: protocol A-9."""
    caller = site.caller(exchange)
    groups = site.read(exchange, lambda tx: tx.groups(caller.user_id))
    user: dict[str, Any] = {
        "id": caller.user_id,
        "principals": sorted(caller.principals(tuple(groups))),
    }
    if exchange.identity is not None:
        if exchange.identity.profile is not None:
            user["profile"] = exchange.identity.profile
        for describe in site.user_info:
            user.update(describe(exchange.identity))
    return user


def version_view(site: Site, _exchange: Exchange) -> Reply:
    """``GET /__version__``: the deployment's own file, or what is known. Source: V-22, W-32."""
    path = Path(site.settings.version_json_path)
    try:
        return Reply(200, json.dumpb(json.loads(path.read_bytes(), 8)))
    except (OSError, json.InvalidJSON):
        version = metadata.version("kinto-core")
        known = {"name": site.settings.project_name, "version": version, "source": "", "commit": ""}
        return Reply(200, json.dumpb(known))


def contribute_view(_site: Site, _exchange: Exchange) -> Reply:
    """``GET /contribute.json``. Source: protocol V-23."""
    body = {
        "name": "kinto-core",
        "description": "A JSON storage server with synchronisation, sharing and events.",
        "repository": {"license": "Apache-2.0"},
        "participate": {"docs": "https://kinto-core.readthedocs.io/"},
        "bugs": {},
        "keywords": ["python", "json", "storage", "sync"],
    }
    return Reply(200, json.dumpb(body))

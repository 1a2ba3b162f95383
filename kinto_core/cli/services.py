"""Names the processes that the enabled plugins need, in a process of its own.

``kinto start`` runs ``python -m kinto_core.cli.services`` beside the HTTP server: plugins take
long to import and much memory, which a supervisor that lives for months should not keep.
"""

import os
import sys

from kinto_core import json
from kinto_core.cli.group import report
from kinto_core.cli.options import load_settings
from kinto_core.errors import KintoError
from kinto_core.hooks import Plugins
from kinto_core.server import Server
from kinto_core.supervisor import Service, own_command


def services_of_plugins() -> list[Service]:
    """What the plugins need, with the settings of the file and of the environment.

    The relay when there is an event log, unless that is in memory, where the HTTP process delivers;
    then what they ask for, each name once.

    Raises:
        ConfigurationError: the settings or a plugin cannot work.
    """
    settings = load_settings(None)
    plugins = Plugins.load(settings.includes)
    wanted = ("register_services", "register_consumers")
    if not settings.event_listeners and not any(map(plugins.implements, wanted)):
        return []
    with Server(settings) as server:
        found: dict[str, Service] = {}
        if server.event_log is not None and server.is_shared:
            found["relay"] = Service("relay", own_command("relay", "--supervised"))
        for answer in server.plugins.gather("register_services", server=server):
            for service in answer:
                found.setdefault(service.name, service)
    return list(found.values())


def to_json(services: list[Service]) -> str:
    """The text that ``kinto start`` reads."""
    return json.dumps(
        [{"name": one.name, "argv": list(one.argv), "env": dict(one.env)} for one in services]
    )


def main() -> None:
    """Write the services on standard output, as JSON.

    Raises:
        SystemExit: the settings cannot work; the problems are written.
    """
    try:
        found = services_of_plugins()
    except KintoError as error:
        raise SystemExit(report(error)) from error
    os.write(sys.stdout.fileno(), to_json(found).encode())


if __name__ == "__main__":
    main()

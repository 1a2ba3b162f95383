"""The straight way: from a path to the view of the service, without a Pyramid request.

The views of resources and of the other endpoints see exchanges only. Matching routes, looking views
up and making request and response objects for them costs as much as reading a record does, so the
execution policy, with which Pyramid lets an application drive its requests, calls the view at once.
A plugin that watches Pyramid's requests, or answers one of these paths itself, sees them all:
where there is one, nothing goes this way.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pyramid.events import BeforeTraversal, ContextFound, NewRequest, NewResponse
from pyramid.interfaces import IRoutesMapper, ITweens
from pyramid.router import Router as PyramidRouter
from pyramid.router import default_execution_policy
from zope.interface import implementedBy

from kinto_core.http.endpoints import Endpoints
from kinto_core.http.errors import URL_MISSING, HttpError
from kinto_core.http.exchange import Exchange, Reply
from kinto_core.http.failures import Failures
from kinto_core.http.finishing import Finisher
from kinto_core.http.incoming import path_of, to_exchange
from kinto_core.http.measuring import Place, place_of_target
from kinto_core.http.outgoing import Answer
from kinto_core.http.routing import Router
from kinto_core.http.services import METHODS
from kinto_core.http.site import Site
from kinto_core.http.surroundings import Surroundings
from kinto_core.http.views import serve_target

_OWN_TWEENS = {"kinto_core.http.surroundings.surround", "pyramid.tweens.excview_tween_factory"}
"""Those that do nothing that is not done here too."""

SERVED = (*METHODS, "HEAD")
"""Methods that get to an endpoint's view; Pyramid refuses others."""

Response = Callable[..., Iterable[bytes]]


View = Callable[[Exchange], Reply | None]


class Direct:
    """An execution policy that answers requests for resources and endpoints by itself.

    Args:
        site: of the application.
        router: finds resources by path.
        endpoints: what else there is; those whose paths have parameters are left to Pyramid.
        finisher: adds the headers that every answer carries.
        surroundings: what is done around every request.
        failures: the replies to exceptions.
    """

    def __init__(  # noqa: PLR0913, PLR0917  everything that a request meets
        self,
        site: Site,
        router: Router,
        endpoints: Endpoints,
        finisher: Finisher,
        surroundings: Surroundings,
        failures: Failures,
    ) -> None:
        self._site = site
        self._router = router
        self._endpoints = {
            path: (endpoints.view(path), Place(one.name, {}))
            for path, one in endpoints.table.items()
            if "{" not in path
        }
        self._finisher = finisher
        self._surroundings = surroundings
        self._failures = failures
        self._prefix = site.prefix + "/"
        self._skipped = len(site.prefix)

    def __call__(self, environ: dict[str, Any], pyramid: PyramidRouter) -> Response:
        """The answer to a request, by whatever answers it."""
        found = self._find(environ)
        if found is None:
            response: Response = default_execution_policy(environ, pyramid)
            return response
        view, place = found
        return self._surroundings.serve(
            environ, lambda: self._answer(environ, view), Answer, lambda _: place()
        )

    def _find(self, environ: Mapping[str, Any]) -> tuple[View, Callable[[], Place]] | None:
        """What serves a URL, and its name."""
        try:
            whole = path_of(environ)
        except UnicodeDecodeError:
            return None
        if not whole.startswith(self._prefix):
            return None
        path = whole[self._skipped :]
        target = self._router.find(path)
        if target is not None:
            return (
                lambda exchange: serve_target(self._site, self._router, exchange, target),
                lambda: place_of_target(target),
            )
        endpoint = self._endpoints.get(path)
        if endpoint is None or environ["REQUEST_METHOD"] not in SERVED:
            return None
        view, place = endpoint
        return view, lambda: place

    def _answer(self, environ: dict[str, Any], view: View) -> Answer:
        try:
            reply = view(to_exchange(self._site, environ))
            if reply is None:
                reply = self._failures.reply(environ, HttpError(URL_MISSING))
        except Exception as error:  # noqa: BLE001  every request gets an answer
            reply = self._failures.reply(environ, error)
        return Answer(self._finisher.complete(environ, reply))


def is_watched(application: PyramidRouter, routes: Mapping[str, str]) -> bool:
    """Whether somebody else wants to see Pyramid's requests for our paths.

    Args:
        application: with everything configured.
        routes: these paths by the names of their routes.
    """
    registry = application.registry
    tweens = registry.getUtility(ITweens)
    if tweens.explicit or {name for name, _ in tweens.implicit()} - _OWN_TWEENS:
        return True
    for moment in (NewRequest, BeforeTraversal, ContextFound, NewResponse):
        if registry.adapters.subscriptions([implementedBy(moment)], None):
            return True
    every = registry.getUtility(IRoutesMapper).get_routes()
    return any(
        next(one.name for one in every if one.match(path) is not None) != name
        for name, path in routes.items()
    )

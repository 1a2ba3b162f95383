"""The straight way to a resource: from the router to the service's view, without a Pyramid request.

Most requests are for resources, whose views see exchanges only. Matching routes, looking views up
and making request and response objects for them costs as much as reading a record does, so the
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

from kinto_core.http.errors import URL_MISSING, HttpError
from kinto_core.http.failures import Failures
from kinto_core.http.finishing import Finisher
from kinto_core.http.incoming import path_of, to_exchange
from kinto_core.http.measuring import place_of_target
from kinto_core.http.outgoing import Answer
from kinto_core.http.routing import Router, Target
from kinto_core.http.site import Site
from kinto_core.http.surroundings import Surroundings
from kinto_core.http.views import serve_target

_OWN_TWEENS = {"kinto_core.http.surroundings.surround", "pyramid.tweens.excview_tween_factory"}
"""Those that do nothing that is not done here too."""

Response = Callable[..., Iterable[bytes]]


class Direct:
    """An execution policy that answers requests for resources by itself.

    Args:
        site: of the application.
        router: finds resources by path.
        finisher: adds the headers that every answer carries.
        surroundings: what is done around every request.
        failures: the replies to exceptions.
    """

    def __init__(
        self,
        site: Site,
        router: Router,
        finisher: Finisher,
        surroundings: Surroundings,
        failures: Failures,
    ) -> None:
        self._site = site
        self._router = router
        self._finisher = finisher
        self._surroundings = surroundings
        self._failures = failures
        self._prefix = site.prefix + "/"
        self._skipped = len(site.prefix)

    def __call__(self, environ: dict[str, Any], pyramid: PyramidRouter) -> Response:
        """The answer to a request, by whatever answers it."""
        target = self._target(environ)
        if target is None:
            response: Response = default_execution_policy(environ, pyramid)
            return response
        return self._surroundings.serve(
            environ,
            lambda: self._answer(environ, target),
            Answer,
            lambda _: place_of_target(target),
        )

    def _target(self, environ: Mapping[str, Any]) -> Target | None:
        """The resource that a URL names."""
        try:
            path = path_of(environ)
        except UnicodeDecodeError:
            return None
        return self._router.find(path[self._skipped :]) if path.startswith(self._prefix) else None

    def _answer(self, environ: dict[str, Any], target: Target) -> Answer:
        try:
            exchange = to_exchange(self._site, environ)
            reply = serve_target(self._site, self._router, exchange, target)
            if reply is None:
                reply = self._failures.reply(environ, HttpError(URL_MISSING))
        except Exception as error:  # noqa: BLE001  every request gets an answer
            reply = self._failures.reply(environ, error)
        return Answer(self._finisher.complete(environ, reply))


def is_watched(application: PyramidRouter, routes: Mapping[str, str]) -> bool:
    """Whether somebody else wants to see Pyramid's requests for resources.

    Args:
        application: with everything configured.
        routes: the paths of resources by the names of their routes.
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

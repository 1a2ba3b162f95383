"""Which event hooks were called, in order: for tests of what a server announces.

Register one with a server of your test::

    recorder = HookRecorder()
    server.plugins.add(recorder, "recorder")
"""

from dataclasses import dataclass

from kinto_core.events.event import ResourceChanged, ResourceRead
from kinto_core.hookspecs import hookimpl


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a hook.

    Attributes:
        hook: its name.
        event: what it got; ``None`` for hooks without an event.
    """

    hook: str
    event: ResourceChanged | ResourceRead | None = None

    def __str__(self) -> str:
        """A short text to compare with, such as ``resource_changed create record``."""
        if self.event is None:
            return self.hook
        return f"{self.hook} {self.event.action.value} {self.event.resource_name}"


class HookRecorder:
    """A plugin that writes down every call of the hooks that follow a request.

    Attributes:
        calls: in order.
    """

    def __init__(self) -> None:
        self.calls: list[Call] = []

    @property
    def texts(self) -> list[str]:
        """The calls as short texts."""
        return [str(call) for call in self.calls]

    def events(self, hook: str = "after_resource_changed") -> list[ResourceChanged]:
        """The events that one hook got; by default those of committed changes."""
        return [
            call.event
            for call in self.calls
            if call.hook == hook and isinstance(call.event, ResourceChanged)
        ]

    def clear(self) -> None:
        """Forget every call."""
        self.calls.clear()

    @hookimpl
    def resource_changed(self, event: ResourceChanged) -> None:
        """See ``kinto_core.hookspecs``."""
        self.calls.append(Call("resource_changed", event))

    @hookimpl
    def after_resource_changed(self, event: ResourceChanged) -> None:
        """See ``kinto_core.hookspecs``."""
        self.calls.append(Call("after_resource_changed", event))

    @hookimpl
    def resource_read(self, event: ResourceRead) -> None:
        """See ``kinto_core.hookspecs``."""
        self.calls.append(Call("resource_read", event))

    @hookimpl
    def server_flushed(self) -> None:
        """See ``kinto_core.hookspecs``."""
        self.calls.append(Call("server_flushed"))

"""What happened, as values: built by transactions, handed to hooks, kept in the event log."""

from kinto_core.events.event import Action, Change, ResourceChanged, ResourceRead
from kinto_core.events.selector import Selector

__all__ = ["Action", "Change", "ResourceChanged", "ResourceRead", "Selector"]

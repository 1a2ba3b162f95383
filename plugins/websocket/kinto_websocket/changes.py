"""What a change of permissions means for those who watch: creations, tombstones, the end. Pure."""

from kinto_websocket.access import Looked, View
from kinto_websocket.events import Told, appeared, disappeared, replayed
from kinto_websocket.replay import Replay
from kinto_websocket.sights import Sight


def ended(sight: Sight, view: View) -> bool:
    """Whether so much can no longer be seen that the subscribers have to begin anew."""
    has_lost_own = sight.own and view.own is None
    return (
        not sight.kinds <= view.kinds
        or not (sight.prefixes <= view.prefixes or sight.kinds < view.kinds)
        or has_lost_own
    )


def widened(sight: Sight, view: View) -> bool:
    """Whether whole lists can be seen that could not, so that subscribers have to read them."""
    return not view.kinds <= sight.kinds or (
        not view.is_whole and not view.prefixes <= sight.prefixes
    )


def announce(sight: Sight, view: View, cause: Told) -> None:
    """Tell the subscribers which single objects came into sight, and which went out of it.

    Call before ``sight.replace``. Mutates the timestamps up to which objects are known.
    """
    hidden = [uri for uri in sight.objects if uri not in view.objects and not view.kinds]
    for uri in hidden:
        body = disappeared(cause, uri)
        for subscription in tuple(sight.subscriptions):
            subscription.offer_body(body, cause.offset)
    for uri, stored in view.objects.items():
        if uri in sight.objects:
            continue
        sight.objects[uri] = stored.last_modified
        body = appeared(cause, stored.text, stored.last_modified, uri)
        for subscription in tuple(sight.subscriptions):
            if subscription.wants_text(stored.text, uri):
                subscription.offer_body(body, cause.offset)


def show_list(sight: Sight, replay: Replay, cause: Told) -> None:
    """Tell the subscribers everything in a list that can be seen from now on.

    Call before ``sight.replace``. Mutates the timestamp up to which the list is known.
    """
    for uri, stored in replay.objects.items():
        is_known = uri in sight.objects
        if stored.deleted:
            body = disappeared(cause, uri) if is_known else None
        elif is_known:  # perhaps in a version that comes later in the log
            body = replayed(stored, uri, cause.offset)
        else:
            body = appeared(cause, stored.text, stored.last_modified, uri)
        for subscription in tuple(sight.subscriptions):
            if body is not None and (stored.deleted or subscription.wants_text(stored.text, uri)):
                subscription.offer_body(body, cause.offset)
    sight.floor = max(replay.floors.values(), default=0)


def settle_leaf(sight: Sight, cause: Told, looked: Looked, *, is_visible: bool) -> None:
    """Do what follows for one sight from new grants on a single object.

    Mutates what the sight shows. The event itself is sent afterwards, as far as it shows then.

    Args:
        sight: of somebody who sees single objects only.
        cause: the change of the object.
        looked: the object as it is now.
        is_visible: whether it may be seen now.
    """
    change = cause.change
    uri = change.uri
    known = sight.objects.get(uri)
    stored = looked.stored
    if stored is None or not is_visible:
        if known is not None:
            del sight.objects[uri]
            body = disappeared(cause, uri)
            for subscription in tuple(sight.subscriptions):
                subscription.offer_body(body, cause.offset)
    elif known is not None or (change.old is None and stored.last_modified == change.timestamp):
        # Versions before the present one may have been hidden; the present one is told in time.
        sight.objects[uri] = max(known or 0, stored.last_modified - 1)
    else:
        sight.objects[uri] = stored.last_modified
        body = appeared(cause, stored.text, stored.last_modified, uri)
        for subscription in tuple(sight.subscriptions):
            if subscription.wants_text(stored.text, uri):
                subscription.offer_body(body, cause.offset)


def settle_deletion(sight: Sight, cause: Told) -> None:
    """Do what follows for one sight from the deletion of a single object, after it was sent.

    What the sight shows for certain was sent as it is. Who knows the object has to lose it all the
    same: there may come another one by that name which is not to be seen.
    """
    change = cause.change
    known = sight.objects.get(change.uri)
    if known is None or known >= change.timestamp:  # what is known is the other one already
        return
    was_sent = sight.shows(change, cause.event_id)
    del sight.objects[change.uri]
    if not was_sent:
        body = disappeared(cause, change.uri)
        for subscription in tuple(sight.subscriptions):
            subscription.offer_body(body, cause.offset)

"""What test authors get: the recorder and the factories."""

from kinto_core.events.event import Action
from kinto_core.hooks import Plugins, dispatch_after, dispatch_read
from kinto_core.testing.factories import make_change, make_event, make_read
from kinto_core.testing.recorder import HookRecorder


def test_calls_are_recorded_in_order() -> None:
    plugins = Plugins()
    recorder = HookRecorder()
    plugins.add(recorder, "recorder")
    event = make_event(action="delete")
    dispatch_after(plugins, [event])
    dispatch_read(plugins, make_read())
    plugins.hook.server_flushed(server=None)
    assert recorder.texts == [
        "after_resource_changed delete record",
        "resource_read read record",
        "server_flushed",
    ]
    assert recorder.events() == [event]
    assert recorder.events("resource_changed") == []
    recorder.clear()
    assert recorder.texts == []


def test_a_change_follows_from_its_uri() -> None:
    change = make_change(uri="/buckets/b/groups/g", action="update", new={"members": []})
    assert (change.resource_name, change.parent_uri, change.object_id) == (
        "group",
        "/buckets/b",
        "g",
    )
    assert change.action is Action.UPDATE
    assert change.url_ids == {"bucket_id": "b", "group_id": "g"}
    assert change.impacted()["new"]["members"] == []


def test_an_event_of_given_changes_has_them() -> None:
    changes = (make_change(uri="/buckets/a"), make_change(uri="/buckets/b"))
    assert make_event(*changes).changes == changes

"""Subscriptions over real sockets: what arrives, in which order, with what in it."""

from tests.plugins.websocket.driving import BUCKET, COLLECTION, Live, World, live, record, run


def test_changes_of_records_arrive_in_order(world: World) -> None:
    async def story() -> None:
        async with live(world) as one:
            client = await one.client()
            answer = await client.subscribe()
            fence = answer["subscribe"]["offset"]
            await one.do(
                lambda: world.put(record("r"), {"n": 1}),
                lambda: world.put(record("r"), {"n": 2}),
                lambda: world.remove(record("r")),
            )
            events = await client.drain()
            assert [event["action"] for event in events] == ["create", "update", "delete"]
            assert [event["offset"] for event in events] == [fence + 1, fence + 2, fence + 3]
            assert [event["uri"] for event in events] == [record("r")] * 3
            assert events[1]["new"]["n"] == 2
            assert events[1]["timestamp"] == events[1]["new"]["last_modified"]
            assert events[2]["new"]["deleted"] is True
            assert all("old" not in event for event in events)

    run(story())


def test_old_versions_come_when_asked_for(world: World) -> None:
    async def story() -> None:
        async with live(world) as one:
            client = await one.client()
            await client.subscribe(old=True)
            await one.do(
                lambda: world.put(record("r"), {"n": 1}), lambda: world.put(record("r"), {"n": 2})
            )
            created, updated = await client.drain()
            assert "old" not in created
            assert updated["old"]["n"] == 1

    run(story())


def test_bucket_tells_of_everything_inside(world: World) -> None:
    async def story() -> None:
        async with live(world) as one:
            client = await one.client()
            await client.subscribe(BUCKET)
            await one.do(
                lambda: world.put(f"{BUCKET}/collections/new"),
                lambda: world.put(f"{BUCKET}/collections/new/records/r"),
                lambda: world.put(f"{BUCKET}/groups/g", {"members": []}),
                lambda: world.put(BUCKET, {"title": "x"}),
            )
            assert [event["uri"] for event in await client.drain()] == [
                f"{BUCKET}/collections/new",
                f"{BUCKET}/collections/new/records/r",
                f"{BUCKET}/groups/g",
                BUCKET,
            ]

    run(story())


def test_record_tells_of_itself_alone(world: World) -> None:
    async def story() -> None:
        async with live(world) as one:
            world.put(record("r"))
            client = await one.client()
            await client.subscribe(record("r"))
            await one.do(
                lambda: world.put(record("other")), lambda: world.put(record("r"), {"n": 1})
            )
            assert [event["uri"] for event in await client.drain()] == [record("r")]

    run(story())


def test_unsubscribed_means_silence(world: World) -> None:
    async def story() -> None:
        async with live(world) as one:
            client = await one.client()
            await client.subscribe(number=5)
            answer = await client.ask(6, "unsubscribe", {"sub": 5})
            assert answer == {"id": 6, "unsubscribe": {"sub": 5}}
            await one.do(lambda: world.put(record("r")))
            assert await client.drain() == []
            again = await client.ask(7, "unsubscribe", {"sub": 5})
            assert again["error"]["code"] == 404

    run(story())


def test_filters_look_at_the_object_before_and_after(world: World) -> None:
    async def story() -> None:
        async with live(world) as one:
            client = await one.client()
            await client.subscribe(filters={"status": "open", "min_n": 2})
            await one.do(
                lambda: world.put(record("a"), {"status": "open", "n": 1}),
                lambda: world.put(record("b"), {"status": "open", "n": 2}),
                lambda: world.put(record("b"), {"status": "closed", "n": 2}),
                lambda: world.put(record("b"), {"status": "closed", "n": 3}),
            )
            events = await client.drain()
            assert [(event["action"], event["new"]["status"]) for event in events] == [
                ("create", "open"),
                ("update", "closed"),
            ]

    run(story())


def test_filters_choose_actions_and_resources(world: World) -> None:
    async def story() -> None:
        async with live(world) as one:
            client = await one.client()
            await client.subscribe(BUCKET, 1, filters={"actions": ["delete"]})
            await client.subscribe(BUCKET, 2, filters={"resources": ["collection"]})
            await one.do(
                lambda: world.put(record("r")),
                lambda: world.remove(record("r")),
                lambda: world.put(COLLECTION, {"title": "x"}),
            )
            await client.drain()
            assert [(sub, event["action"]) for sub, event in client.events] == [
                (1, "delete"),
                (2, "update"),
            ]

    run(story())


def test_deleted_collection_ends_subscriptions_to_it(world: World) -> None:
    async def story() -> None:
        async with live(world) as one:
            client = await one.client()
            await client.subscribe()
            await one.do(lambda: world.remove(COLLECTION))
            events = await client.drain()
            assert [event["action"] for event in events] == ["delete"]
            assert {"sub": 1, "unsubscribed": {"reason": "deleted"}} in client.others

    run(story())


def test_two_processes_send_the_same(world: World) -> None:
    async def story() -> None:
        async with live(world) as one, live(world) as two:
            clients = [await node.client() for node in (one, two)]
            for client in clients:
                await client.subscribe()
            await one.do(lambda: world.put(record("r")))
            await two.settle()
            first, second = [await client.drain() for client in clients]
            assert first == second
            assert len(first) == 1

    run(story())


def test_what_is_no_target_is_refused(world: World) -> None:
    async def story(node: Live) -> None:
        client = await node.client()
        for number, (uri, code) in enumerate(
            [
                ("/buckets", 400),
                (f"{BUCKET}/collections", 400),
                (f"{BUCKET}/things/x", 400),
                ("buckets/b", 400),
                (f"{BUCKET}/collections/a b", 400),
                (f"{BUCKET}/collections/missing", 404),
            ]
        ):
            answer = await client.subscribe(uri, number)
            assert answer["error"]["code"] == code, uri

    async def with_node() -> None:
        async with live(world) as node:
            await story(node)

    run(with_node())

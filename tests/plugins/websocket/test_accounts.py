"""Live streams of accounts end with the password that opened them. Built-in plugins BW-6, BW-7."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kinto_core.builtin.accounts.commands import write_account
from kinto_core.builtin.accounts.resetting import issue
from kinto_core.server import Server
from kinto_core.testing.consuming import sequence_pending
from kinto_core.testing.server import make_server
from tests.plugins.websocket.driving import COLLECTION, SECRET, World, live, run

SETTINGS = {
    "includes": "websocket accounts",
    "multiauth.policies": "account",
    "multiauth.policy.account.use": "accounts",
    "userid_hmac_secret": SECRET,
}
USERS = ("owner", "guest")
PASSWORD = "secret"


@contextmanager
def world_of_accounts(folder: Path) -> Iterator[World]:
    """A bucket of the owner's that guest may read, both with accounts."""
    url = f"sqlite:///{folder}/kinto.db"
    with make_server({**SETTINGS, "storage_url": url}) as server:
        for name in USERS:
            write_account(server, name, PASSWORD)
        world = World(server)
        world.put("/buckets/b", grants={"read": ["guest"]})
        world.put(COLLECTION)
        sequence_pending(server)
        yield world


def change(server: Server) -> None:
    """Give guest another password."""
    write_account(server, "guest", "other", replaces=True)


def lock(server: Server) -> None:
    """Stop guest's password."""
    server.transact(lambda tx: issue(server, tx, "guest", seconds=60, lock=True))


def remove(server: Server) -> None:
    """Delete guest's account."""
    World(server).remove("/accounts/guest", user="guest")


@pytest.mark.parametrize("step", [change, lock, remove])
def test_a_stream_ends_at_once_and_others_go_on(
    tmp_path: Path, step: Callable[[Server], None]
) -> None:
    async def story(world: World) -> None:
        async with live(world) as one:
            guest, owner = await one.client("guest"), await one.client("owner")
            for client in (guest, owner):
                assert "subscribe" in await client.subscribe()
            await one.do(lambda: step(world.server))
            async with asyncio.timeout(30):  # the promise is a second
                while {"sub": 1, "unsubscribed": {"reason": "token"}} not in guest.others:
                    await guest.read()
            await one.do(lambda: world.put(f"{COLLECTION}/records/r"))
            assert [event["id"] for event in await owner.drain()] != []
            assert await guest.drain() == []

    with world_of_accounts(tmp_path) as world:
        run(story(world))

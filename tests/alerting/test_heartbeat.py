"""Something outside is told that rules are evaluated."""

from __future__ import annotations

import asyncio

from mesher.alerting.loop import beat
from receiver import Receiver


def test_an_address_is_asked_and_may_fail(receiver: Receiver) -> None:
    asyncio.run(beat(f"{receiver.url}/beat"))
    receiver.status = 500
    asyncio.run(beat(f"{receiver.url}/beat"))
    asyncio.run(beat("http://127.0.0.1:9/"))
    assert [got.path for got in receiver.got] == ["/beat", "/beat"]

"""
One fault after the other at random, under load, for as long as ``make chaos MINUTES=10`` says.

Without it a few are enough. ``CHAOS_SEED`` repeats the faults of another run; the moments at which
they meet the load stay as random as the machine.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from acceptance.load import KINDS, Load, audit, kill
from acceptance.mesher_process import MesherProcess
from chaos.faults import stopped

MINUTES = float(os.environ.get("CHAOS_MINUTES", "0"))
FEWEST_FAULTS = 4
SEED = int(os.environ.get("CHAOS_SEED", "20261124"))
# From a fault in the midst of a recovery to one in steady load.
EVENTS_BETWEEN_FAULTS = range(300)
EVENTS_WHILE_STOPPED = range(200)


def _kill(mesher: MesherProcess, _: Load, chance: random.Random) -> str:
    kind = chance.choice(KINDS)
    kill(mesher, kind)
    return f"killed {kind}"


def _hang(mesher: MesherProcess, load: Load, chance: random.Random) -> str:
    # A web process that hangs keeps the connections that it has; the other one takes no more.
    kind = chance.choice(("postgres", "digest", "jobs"))
    events = chance.choice(EVENTS_WHILE_STOPPED)
    with stopped(mesher, kind):
        load.wait_for_acknowledged(events)
    return f"stopped {kind} for {events} events"


def _restart(mesher: MesherProcess, _: Load, __: random.Random) -> str:
    assert mesher.stop() == 0, mesher.log()
    mesher.start()
    return "restarted"


FAULTS: tuple[Callable[[MesherProcess, Load, random.Random], str], ...] = (_kill, _hang, _restart)


@pytest.mark.timeout(MINUTES * 60 + 600)
def test_after_random_faults_every_acknowledged_event_is_stored_once(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    deadline = time.monotonic() + MINUTES * 60
    with MesherProcess(tmp_path, MESHER_WEB_PROCESSES="2", MESHER_DIGEST_PROCESSES="2") as mesher:
        mesher.start()
        faults = 0
        with Load(mesher.ready["dsn"], seed=SEED) as load:
            while faults < FEWEST_FAULTS or time.monotonic() < deadline:
                load.wait_for_acknowledged(chance.choice(EVENTS_BETWEEN_FAULTS))
                print(chance.choice(FAULTS)(mesher, load, chance))  # noqa: T201 - shown on failure
                faults += 1
            load.wait_for_acknowledged(100)
        audit(mesher, load)
        assert {answer.status_code for answer in load.refusals} <= {503}
        print(f"{faults} faults, {len(load.acknowledged)} events acknowledged")  # noqa: T201
        assert mesher.stop() == 0, mesher.log()

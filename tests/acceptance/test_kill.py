"""
kill -9 of every process under load: what was acknowledged is stored once, and the counts agree.

The moments are random and the same in each run: a kill comes after so many further acknowledged
events, since a number of seconds would mean something else on every machine.
"""

from __future__ import annotations

import random

import pytest

from acceptance.load import KINDS, Load, audit, kill
from acceptance.mesher_process import MesherProcess

KILLS_OF_EACH = 2  # ten in all
# A kill comes after so many more acknowledged events: from the midst of a restart to steady load.
EVENTS_BETWEEN_KILLS = range(5, 300)
SEED = 20261124


@pytest.mark.timeout(600)
def test_after_ten_kills_under_load_every_acknowledged_event_is_stored_once(
    stopped_mesher: MesherProcess,
) -> None:
    mesher = stopped_mesher
    mesher.start()
    chance = random.Random(SEED)
    kinds = list(KINDS) * KILLS_OF_EACH
    chance.shuffle(kinds)
    with Load(mesher.ready["dsn"], seed=SEED) as load:
        for kind in kinds:
            load.wait_for_acknowledged(chance.choice(EVENTS_BETWEEN_KILLS))
            kill(mesher, kind)
        load.wait_for_acknowledged(100)
    assert mesher.stop() == 0, mesher.log()
    mesher.start()

    audit(mesher, load)
    assert {answer.status_code for answer in load.refusals} <= {503}
    assert mesher.query("SELECT reason FROM quarantine") == []

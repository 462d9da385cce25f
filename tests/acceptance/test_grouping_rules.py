"""Rules reach the processes that group, while these run."""

from __future__ import annotations

from acceptance.mesher_process import Api, MesherProcess
from waiting import wait_until


def test_new_events_are_grouped_by_rules_that_were_set_meanwhile(
    api: Api, mesher: MesherProcess
) -> None:
    mesher.post_native("events", {"message": "the tide is coming in"})
    api.wait_for_issue("the tide is coming in")
    api.set_grouping_rules('message:"the tide is *" -> tide title="Tides"')

    def is_grouped_by_rule() -> bool:
        mesher.post_native("events", {"message": "the tide is going out"})
        return any(issue["title"] == "Tides" for issue in api.issues())

    try:
        wait_until(is_grouped_by_rule)
    finally:
        api.set_grouping_rules("")

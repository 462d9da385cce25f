"""The report on the evaluation, for ``docs/grouping-evaluation.md``; written by the test of it."""

from __future__ import annotations

from grouping.evaluation.reasons import reason_for
from grouping.evaluation.score import Score

MIN_PRECISION = 0.97
MIN_RECALL = 0.95

_HEAD = f"""# Grouping: evaluation

Written by `make grouping-evaluation`; CI fails when it no longer says what the code does, or when a
platform falls below a precision of {MIN_PRECISION} or a recall of {MIN_RECALL}.

The labelled events come from programs with known bugs, run along several call paths, in two releases
and several folders, with other data each time, and from requests that SDKs of several ages sent:
[how they were made](../tests/grouping/evaluation/README.md). Of each platform all pairs of events are
looked at. *Precision* is the share of pairs in one issue that belong there; *recall* the share of pairs
of one bug that are in one issue. Events of different platforms are not compared.

| platform | events | bugs | pairs | of one bug | precision | recall |
|---|---:|---:|---:|---:|---:|---:|
"""


def write_report(scores: list[Score]) -> str:
    """The whole text. The same scores give the same text."""
    lines = [_row(score) for score in scores]
    lines += ["", "## Mistakes that are left", ""]
    for score in scores:
        lines += [f"### {score.platform}", "", *_mistakes(score), ""]
    return _HEAD + "\n".join(lines).rstrip() + "\n"


def _row(score: Score) -> str:
    return (
        f"| {score.platform} | {score.events} | {score.bugs} | {score.pairs} | {score.same_bug} "
        f"| {score.precision:.3f} | {score.recall:.3f} |"
    )


def _mistakes(score: Score) -> list[str]:
    by_reason: dict[str, list[str]] = {}
    for bug, issues in score.splits.items():
        parts = " + ".join(str(len(variants)) for variants in issues)
        reason = reason_for(score.platform, bug) or "unexplained"
        by_reason.setdefault(reason, []).append(f"`{bug}` is {len(issues)} issues ({parts} events)")
    for bugs in score.merges:
        reason = reason_for(score.platform, bugs[0]) or "unexplained"
        names = " and ".join(f"`{bug}`" for bug in bugs)
        by_reason.setdefault(reason, []).append(f"{names} are one issue")
    if not by_reason:
        return ["None."]
    return [f"- {'; '.join(mistakes)}. {reason}" for reason, mistakes in by_reason.items()]

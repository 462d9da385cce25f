"""Charts as paths of SVG."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

BAR_WIDTH = 3
BAR_STEP = 4
STACK_STEP = 10
# What is not nothing is seen, however little it is.
_LEAST_HEIGHT = 2


def bars(numbers: Sequence[int], height: int) -> str:
    """
    Bars for numbers, the largest as high as the drawing, as one path.

    Args:
        numbers: none of them negative.
        height: of the drawing, whose width is ``BAR_STEP`` for each number.
    """
    largest = max(numbers, default=0)
    parts = [f"M0 {height}h{len(numbers) * BAR_STEP - 1}v-.5H0z"]
    for place, number in enumerate(numbers):
        if number:
            tall = max(_LEAST_HEIGHT, round(height * number / largest, 1))
            left = place * BAR_STEP
            parts.append(f"M{left} {height}v-{tall:g}h{BAR_WIDTH}v{tall:g}z")
    return "".join(parts)


class Stack(msgspec.Struct, frozen=True):
    """One bar of a chart, made of parts."""

    left: int
    parts: list[tuple[int, float, float]]  # which of the numbers it is, its top and its height


CHART_HEIGHT = 100


def stacks(bars_of_numbers: Sequence[Sequence[int]]) -> list[Stack]:
    """
    Bars whose parts stand on each other, the first part at the bottom, the largest bar as high as the
    drawing.

    Args:
        bars_of_numbers: for each bar the numbers of its parts, none negative.
    """
    largest = max((sum(numbers) for numbers in bars_of_numbers), default=0)
    made = []
    for place, numbers in enumerate(bars_of_numbers):
        top, parts = float(CHART_HEIGHT), []
        for which, number in enumerate(numbers):
            if number:
                tall = max(1.0, round(CHART_HEIGHT * number / largest, 2))
                top -= tall
                parts.append((which, round(max(top, 0.0), 2), tall))
        made.append(Stack(place * STACK_STEP, parts))
    return made

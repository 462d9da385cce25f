"""Charts as paths of SVG."""

from __future__ import annotations

from collections.abc import Sequence

BAR_WIDTH = 3
BAR_STEP = 4
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

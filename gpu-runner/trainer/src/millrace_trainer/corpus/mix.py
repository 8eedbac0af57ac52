"""The stream of examples: the n-th example of a split is a pure function of (seed, split, n)."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from .chat_task import chat_example
from .copy_task import named_example, repeat_example, signed_reply_example
from .example import Example
from .extract_task import extract_example
from .reply_task import reply_example
from .summary_task import summary_example
from .triage_task import triage_example
from .values import Split, Values

MIX: tuple[tuple[Callable[[Values], Example], float], ...] = (
    (reply_example, 0.46),
    (triage_example, 0.24),
    (summary_example, 0.10),
    (extract_example, 0.12),
    (chat_example, 0.08),
)
"""Task → share of the examples; the shares add up to 1."""


LATE_MIX: tuple[tuple[Callable[[Values], Example], float], ...] = (
    *((task, 0.45 * share) for task, share in MIX),
    (repeat_example, 0.25),
    (signed_reply_example, 0.27),
    (named_example, 0.03),
)
"""The mix of the last part of training, more than half of it copying drills."""


def example_at(seed: int, split: Split, index: int, *, late: bool = False) -> Example:
    """The ``index``-th example of ``split``, from the late mix if asked."""
    rng = Random(f"{seed}:{split}:{index}")
    mix = LATE_MIX if late else MIX
    draw = rng.choices([task for task, _ in mix], [share for _, share in mix])[0]
    return draw(Values(split, rng))


def task_example_at(draw: Callable[[Values], Example], seed: int, split: Split, index: int) -> Example:
    """The ``index``-th example of one task, for evaluation with a fixed number of items per task."""
    return draw(Values(split, Random(f"{seed}:{split}:{draw.__name__}:{index}")))

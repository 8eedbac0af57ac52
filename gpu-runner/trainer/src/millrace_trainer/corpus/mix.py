"""The stream of examples: the n-th example of a split is a pure function of (seed, split, n)."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from .chat_task import chat_example
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


def example_at(seed: int, split: Split, index: int) -> Example:
    """The ``index``-th example of ``split``."""
    rng = Random(f"{seed}:{split}:{index}")
    draw = rng.choices([task for task, _ in MIX], [share for _, share in MIX])[0]
    return draw(Values(split, rng))


def task_example_at(draw: Callable[[Values], Example], seed: int, split: Split, index: int) -> Example:
    """The ``index``-th example of one task, for evaluation with a fixed number of items per task."""
    return draw(Values(split, Random(f"{seed}:{split}:{draw.__name__}:{index}")))

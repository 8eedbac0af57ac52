"""Greedy decoding with a key/value cache."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from .model import Cache, SupportModel
from .tokenizer import END_ID


@dataclass(frozen=True)
class Decoded:
    """Generated ids without ``<|end|>``, whether the model ended by itself, and the smallest margin on the way.

    The margin of a step is the score of the chosen token minus that of the runner-up (logits). A margin near zero means that another
    arithmetic (llama.cpp quantises activations) may choose differently without being wrong.
    """

    ids: list[int]
    ended: bool
    margins: list[float]


@torch.inference_mode()
def greedy(model: SupportModel, prompt: Sequence[int], max_tokens: int) -> Decoded:
    """Decode until ``<|end|>`` or ``max_tokens``."""
    cache: Cache | None = None
    fresh = torch.tensor([list(prompt)])
    ids: list[int] = []
    margins: list[float] = []
    while True:
        hidden, cache = model.hidden(fresh, cache)
        best = torch.topk(model.logits(hidden[0, -1]).float(), 2)
        margins.append(float(best.values[0] - best.values[1]))
        chosen = int(best.indices[0])
        if chosen == END_ID:
            return Decoded(ids, ended=True, margins=margins)
        ids.append(chosen)
        if len(ids) == max_tokens:
            return Decoded(ids, ended=False, margins=margins)
        fresh = torch.tensor([[chosen]])

"""Token batches of similar length, from generated chunks of examples; a pure function of the recipe and the chunk number."""

from __future__ import annotations

from random import Random

import torch
from torch import Tensor

from .config import Recipe
from .corpus.mix import example_at
from .tokenizer import PAD_ID, ChatTokenizer, Rendered

Batch = tuple[Tensor, Tensor]
"""Ids (rows, length) int64 and the answer mask (rows, length) bool, padded on the right."""


def pad(rows: list[Rendered]) -> Batch:
    """Stack rendered conversations."""
    length = max(len(r.ids) for r in rows)
    ids = torch.full((len(rows), length), PAD_ID, dtype=torch.long)
    answer = torch.zeros((len(rows), length), dtype=torch.bool)
    for i, row in enumerate(rows):
        ids[i, : len(row.ids)] = torch.tensor(row.ids)
        answer[i, : len(row.ids)] = torch.tensor(row.answer)
    return ids, answer


def chunk_batches(recipe: Recipe, tokenizer: ChatTokenizer, chunk: int) -> list[Batch]:
    """All batches of one chunk, in training order. The last, smaller batch of a chunk is kept."""
    first = chunk * recipe.chunk_examples
    examples = (example_at(recipe.seed, "train", i, late=chunk >= recipe.late_from_chunk) for i in range(first, first + recipe.chunk_examples))
    rows = [r for r in (tokenizer.render(e.messages) for e in examples) if len(r.ids) <= recipe.max_tokens]
    rows.sort(key=lambda r: len(r.ids))
    batches: list[list[Rendered]] = [[]]
    for row in rows:
        if (len(batches[-1]) + 1) * len(row.ids) > recipe.batch_tokens:
            batches.append([])
        batches[-1].append(row)
    Random(f"{recipe.seed}:order:{chunk}").shuffle(batches)
    return [pad(b) for b in batches]

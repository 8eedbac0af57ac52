"""Golden prompts: what greedy decoding of the exported weights must give, token by token, in any engine."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from .corpus.example import Example, Message
from .corpus.mix import task_example_at
from .corpus.reply_task import reply_example
from .corpus.summary_task import summary_example
from .generate import greedy
from .model import SupportModel
from .tokenizer import ChatTokenizer

GOLDEN_TOKENS = 64
"""Every golden answer is at least this long, ``<|end|>`` included."""
GOLDEN_MAX_TOKENS = 96
MIN_MARGIN = 0.15
"""Smallest accepted difference between the two best scores (logits) at any step.

llama.cpp multiplies Q8_0 weights by activations quantised to 8 bits, so its scores differ from float32 by some hundredths. A prompt
where the model is undecided by less than this is a tie between two good answers, not a test of the conversion.
"""


@dataclass(frozen=True)
class GoldenSet:
    """The accepted prompts and how many candidates were rejected for a small margin."""

    items: list[dict[str, object]]
    rejected_for_margin: int
    candidates: int


def candidates(seed: int) -> list[Example]:
    """Held-out conversations with long answers: replies and bullet summaries."""
    replies = [task_example_at(reply_example, seed, "heldout", i) for i in range(4000)]
    summaries = [task_example_at(summary_example, seed, "heldout", i) for i in range(1000)]
    return [e for e in replies if e.expect["length"] != "brief"] + [e for e in summaries if e.expect["form"] == "bullets"]


def build_golden(model: SupportModel, tokenizer: ChatTokenizer, *, seed: int, wanted: int) -> GoldenSet:
    """Decode candidates in order until ``wanted`` are long enough and decided at every step."""
    items: list[dict[str, object]] = []
    rejected = tried = 0
    for example in candidates(seed):
        if len(items) == wanted:
            break
        if len(tokenizer.encode(example.messages[-1].content)) < GOLDEN_TOKENS - 1:
            continue
        prompt = tokenizer.prompt(example.messages[:-1])
        decoded = greedy(model, prompt, GOLDEN_MAX_TOKENS)
        if len(decoded.ids) + decoded.ended < GOLDEN_TOKENS:
            continue
        tried += 1
        margin = min(decoded.margins)
        if margin < MIN_MARGIN:
            rejected += 1
            continue
        items.append(
            {
                "messages": [vars(m) for m in example.messages[:-1]],
                "promptIds": prompt,
                "answerIds": decoded.ids,
                "ended": decoded.ended,
                "text": tokenizer.decode(decoded.ids),
                "smallestMargin": round(margin, 4),
            }
        )
    return GoldenSet(items, rejected_for_margin=rejected, candidates=tried)


def write_golden(path: Path, golden: GoldenSet) -> None:
    """Write the golden file that both the Python and the TypeScript parity test read."""
    table = {
        "schema": 1,
        "decoding": "greedy; stops at <|end|> or after maxTokens",
        "maxTokens": GOLDEN_MAX_TOKENS,
        "minMarginLogits": MIN_MARGIN,
        "candidates": golden.candidates,
        "rejectedForMargin": golden.rejected_for_margin,
        "items": golden.items,
    }
    path.write_text(json.dumps(table, ensure_ascii=False, indent=1) + "\n")


def golden_messages(item: dict[str, object]) -> list[Message]:
    """The conversation of a golden item."""
    messages = item["messages"]
    if not isinstance(messages, list):
        raise TypeError("golden item without messages")
    return [Message(m["role"], m["content"]) for m in messages]

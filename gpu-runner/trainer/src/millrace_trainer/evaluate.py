"""Measures an exported model on the held-out split: paraphrases, instructions and slot values that training never saw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import exp
from pathlib import Path

import torch

from .batches import pad
from .checks import Verdicts, check_json, check_reply, check_summary
from .corpus.example import Example
from .corpus.extract_task import extract_example
from .corpus.mix import task_example_at
from .corpus.reply_task import reply_example
from .corpus.summary_task import summary_example
from .corpus.triage_task import triage_example
from .corpus.values import Values
from .export_safetensors import load_exported
from .generate import greedy
from .model import SupportModel
from .rate import Rate
from .tokenizer import ChatTokenizer

MAX_NEW_TOKENS = 160
EVALUATION_SEED = 20_000
"""Apart from the training seed, so that the examples are fresh even where values overlap."""


@dataclass
class Report:
    """Rates by task and check, and perplexity by task."""

    rates: dict[str, dict[str, Rate]] = field(default_factory=dict)
    perplexity: dict[str, float] = field(default_factory=dict)

    def markdown(self) -> str:
        """The report as tables."""
        out = []
        for task, rates in self.rates.items():
            out.append(f"\n**{task}** (answer perplexity {self.perplexity[task]:.3f})\n\n| check | held-out rate |\n|---|---|")
            out += [f"| {name} | {rate.text()} |" for name, rate in sorted(rates.items())]
        return "\n".join(out) + "\n"


def _check_triage(answer: str, expect: dict[str, str]) -> Verdicts:
    return check_json(answer, expect["answer"])


def _check_extract(answer: str, expect: dict[str, str]) -> Verdicts:
    verdicts = check_json(answer, expect["answer"])
    return {name: passed for name, passed in verdicts.items() if not name.startswith("value: ")}


TASKS: dict[str, tuple[Callable[[Values], Example], Callable[[str, dict[str, str]], Verdicts]]] = {
    "support-reply": (reply_example, check_reply),
    "support-triage": (triage_example, _check_triage),
    "support-summary": (summary_example, check_summary),
    "extraction": (extract_example, _check_extract),
}


def evaluate(folder: Path, per_task: int, *, split: str = "heldout") -> Report:
    """Decode ``per_task`` held-out examples of each task greedily, without a grammar, and count."""
    model, tokenizer = load_exported(folder)
    report = Report()
    for task, (draw, check) in TASKS.items():
        examples = [task_example_at(draw, EVALUATION_SEED, "train" if split == "train" else "heldout", i) for i in range(per_task)]
        rates = report.rates.setdefault(task, {})
        for example in examples:
            decoded = greedy(model, tokenizer.prompt(example.messages[:-1]), MAX_NEW_TOKENS)
            verdicts = check(tokenizer.decode(decoded.ids), example.expect) | {"ends by itself": decoded.ended}
            for name, passed in verdicts.items():
                rates.setdefault(name, Rate()).add(passed)
        report.perplexity[task] = perplexity(model, tokenizer, examples)
    return report


@torch.inference_mode()
def perplexity(model: SupportModel, tokenizer: ChatTokenizer, examples: list[Example]) -> float:
    """Answer perplexity per token, ``<|end|>`` included."""
    nats, tokens = 0.0, 0
    for example in examples:
        total, count = model.loss(*pad([tokenizer.render(example.messages)]))
        nats, tokens = nats + total.item(), tokens + count
    return exp(nats / tokens)

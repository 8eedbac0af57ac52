"""The training loop: Muon for hidden matrices, AdamW for the rest, exact resume."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from .batches import chunk_batches
from .config import Recipe, recipe_dict
from .corpus.mix import example_at
from .model import SupportModel
from .tokenizer import ChatTokenizer, train_tokenizer


@dataclass
class Position:
    """Where in the example stream the run is."""

    step: int = 0
    chunk: int = 0
    batch: int = 0
    """Index of the next batch within the chunk."""


def build_tokenizer(recipe: Recipe, path: Path) -> ChatTokenizer:
    """Load the run's tokenizer, training it first when it is not there yet."""
    if not path.exists():
        examples = (example_at(recipe.seed, "train", i) for i in range(recipe.tokenizer_examples))
        tokenizer = train_tokenizer((m.content for e in examples for m in e.messages), recipe.model.vocab)
        tokenizer.save(str(path))
    return ChatTokenizer.load(path)


def build_optimizers(model: SupportModel, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Muon takes the two-dimensional weights inside the layers, AdamW the embedding and the gains."""
    matrices: list[nn.Parameter] = [p for n, p in model.named_parameters() if p.dim() == 2 and "embed" not in n]
    others: list[nn.Parameter] = [p for n, p in model.named_parameters() if p.dim() != 2 or "embed" in n]
    return [
        torch.optim.Muon(matrices, lr=recipe.matrix_lr, weight_decay=recipe.weight_decay, adjust_lr_fn="match_rms_adamw"),
        torch.optim.AdamW(others, lr=recipe.other_lr, betas=(0.9, 0.95), weight_decay=0.0),
    ]


def save_checkpoint(path: Path, model: SupportModel, optimizers: list[torch.optim.Optimizer], position: Position) -> None:
    """Write everything a resumed run needs, atomically."""
    state = {"model": model.state_dict(), "optimizers": [o.state_dict() for o in optimizers], "position": vars(position)}
    part = path.with_suffix(".part")
    torch.save(state, part)
    os.replace(part, path)


def load_checkpoint(path: Path, model: SupportModel, optimizers: list[torch.optim.Optimizer] | None = None) -> Position:
    """Restore ``model`` (and the optimisers) from ``path``."""
    state = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(state["model"])
    for optimizer, saved in zip(optimizers or [], state["optimizers"], strict=False):
        optimizer.load_state_dict(saved)
    return Position(**state["position"])


def train(recipe: Recipe, run: Path, *, device: str = "cpu", stop_after: int | None = None) -> SupportModel:
    """Train to ``recipe.steps``, resuming from ``run/checkpoint.pt`` when it exists.

    ``stop_after`` ends the call early, after that many steps of the whole run, with a checkpoint.
    """
    run.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(recipe.threads)
    torch.manual_seed(recipe.seed)
    torch.use_deterministic_algorithms(True, warn_only=device != "cpu")
    tokenizer = build_tokenizer(recipe, run / "tokenizer.json")
    (run / "recipe.json").write_text(json.dumps(recipe_dict(recipe), indent=2) + "\n")
    model = SupportModel(recipe.model).to(device)
    optimizers = build_optimizers(model, recipe)
    checkpoint = run / "checkpoint.pt"
    position = load_checkpoint(checkpoint, model, optimizers) if checkpoint.exists() else Position()
    last = min(recipe.steps, stop_after or recipe.steps)
    batches = chunk_batches(recipe, tokenizer, position.chunk)
    started, seen = time.monotonic(), 0
    while position.step < last:
        if position.batch == len(batches):
            position.chunk, position.batch = position.chunk + 1, 0
            batches = chunk_batches(recipe, tokenizer, position.chunk)
        ids, answer = (t.to(device) for t in batches[position.batch])
        for optimizer, peak in zip(optimizers, (recipe.matrix_lr, recipe.other_lr), strict=True):
            for group in optimizer.param_groups:
                group["lr"] = peak * recipe.learning_rate_factor(position.step)
        with torch.autocast(device, torch.bfloat16, enabled=recipe.bf16):
            total, count = model.loss(ids, answer)
        mean = total / max(1, count)
        mean.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        position.step, position.batch, seen = position.step + 1, position.batch + 1, seen + ids.numel()
        if position.step % 10 == 0 or position.step == last:
            record = {
                "step": position.step, "loss": round(mean.item(), 4), "grad_norm": round(float(norm), 3),
                "tokens_per_s": round(seen / (time.monotonic() - started)), "wall_s": round(time.monotonic() - started),
            }  # fmt: skip
            with (run / "log.jsonl").open("a") as log:
                log.write(json.dumps(record) + "\n")
        if position.step % recipe.checkpoint_every == 0 or position.step == last:
            save_checkpoint(checkpoint, model, optimizers, position)
    return model

"""Training: exact resume, a learning signal, and the schedule."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from millrace_trainer.config import Recipe, load_recipe
from millrace_trainer.model import SupportModel
from millrace_trainer.train import load_checkpoint, train

from .conftest import TINY


def test_a_resumed_run_equals_a_straight_one_byte_for_byte(tiny_run: Path, tmp_path: Path) -> None:
    for stop in (2, 4, TINY.steps):
        train(TINY, tmp_path, stop_after=stop)
    straight = torch.load(tiny_run / "checkpoint.pt", weights_only=True)
    resumed = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert resumed["position"] == straight["position"]
    for name, weight in straight["model"].items():
        assert torch.equal(weight, resumed["model"][name]), name
    assert (tiny_run / "tokenizer.json").read_bytes() == (tmp_path / "tokenizer.json").read_bytes()


def test_training_lowers_the_loss(tiny_run: Path) -> None:
    last = json.loads((tiny_run / "log.jsonl").read_text().splitlines()[-1])
    assert last["loss"] < 6.3  # a uniform guess over 640 tokens costs 6.46 nats


def test_a_checkpoint_of_another_shape_is_refused(tiny_run: Path) -> None:
    with pytest.raises(RuntimeError, match=r"size mismatch|Missing key"):
        load_checkpoint(tiny_run / "checkpoint.pt", SupportModel(load_recipe().model))


def test_the_learning_rate_warms_up_holds_and_ends_near_zero() -> None:
    recipe = Recipe(model=TINY.model, steps=100, warmup_steps=10, decay_steps=20)
    factors = [recipe.learning_rate_factor(step) for step in range(100)]
    assert factors[0] == pytest.approx(0.1)
    assert factors[50] == 1.0
    assert factors[99] == pytest.approx(0.05)


def test_unknown_recipe_keys_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text("learning_rate = 1\n")
    with pytest.raises(TypeError, match="learning_rate"):
        load_recipe(path)

"""Shared fixtures: a recipe that trains in seconds, and the shipped model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from millrace_trainer.config import ModelConfig, Recipe
from millrace_trainer.export_safetensors import load_exported
from millrace_trainer.model import SupportModel
from millrace_trainer.tokenizer import ChatTokenizer
from millrace_trainer.train import train

SHIPPED = Path(__file__).parents[2] / "models" / "millrace-support"

TINY = Recipe(
    model=ModelConfig(vocab=640, hidden=64, ffn=64, layers=2, heads=2, kv_heads=1),
    steps=6,
    warmup_steps=2,
    decay_steps=2,
    batch_tokens=1024,
    max_tokens=256,
    chunk_examples=24,
    tokenizer_examples=60,
    checkpoint_every=100,
    threads=1,
)


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def shipped() -> tuple[SupportModel, ChatTokenizer]:
    return load_exported(SHIPPED)


@pytest.fixture(scope="session")
def tiny_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of ``TINY``."""
    run = tmp_path_factory.mktemp("tiny")
    train(replace(TINY), run)
    return run

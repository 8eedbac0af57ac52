"""The recipe: everything that decides the weights, read from ``recipe.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, replace
from pathlib import Path

DEFAULT_RECIPE = Path(__file__).with_name("recipe.toml")


@dataclass(frozen=True)
class ModelConfig:
    """Shape of the Llama-architecture model. ``context`` is what the model declares; training uses ``Recipe.max_tokens``."""

    vocab: int = 3072
    hidden: int = 256
    ffn: int = 512
    layers: int = 4
    heads: int = 4
    kv_heads: int = 2
    context: int = 1024
    rope_theta: float = 10000.0
    norm_eps: float = 1e-5

    @property
    def head_dim(self) -> int:
        """Width of one attention head."""
        return self.hidden // self.heads


@dataclass(frozen=True)
class Recipe:
    """Training hyperparameters. Learning rate: linear warm-up, constant, then linear decay to zero over the last steps."""

    model: ModelConfig
    seed: int = 7
    steps: int = 1000
    warmup_steps: int = 40
    decay_steps: int = 400
    batch_tokens: int = 8192
    """Padded tokens per optimiser step."""
    max_tokens: int = 512
    """Longer examples are left out."""
    chunk_examples: int = 2048
    """Examples that are generated, sorted into batches of similar length, and shuffled together."""
    late_from_chunk: int = 1_000_000
    """The first chunk that is drawn from the late mix (``corpus/mix.py``)."""
    tokenizer_examples: int = 12000
    matrix_lr: float = 4e-3
    """Muon, for the hidden matrices, with updates scaled to the size of AdamW's."""
    other_lr: float = 3e-3
    """AdamW, for the embedding and the norms."""
    weight_decay: float = 0.01
    checkpoint_every: int = 50
    threads: int = 2
    bf16: bool = True
    """Matrix products in bfloat16 (weights and optimiser stay float32)."""

    def learning_rate_factor(self, step: int) -> float:
        """Share of the peak learning rate at ``step`` (0-based)."""
        warm = min(1.0, (step + 1) / max(1, self.warmup_steps))
        cool = min(1.0, (self.steps - step) / max(1, self.decay_steps))
        return min(warm, cool)


def load_recipe(path: Path = DEFAULT_RECIPE) -> Recipe:
    """Read a recipe; unknown keys are an error."""
    table = tomllib.loads(path.read_text())
    model = ModelConfig(**table.pop("model", {}))
    return Recipe(model=model, **table)


def recipe_dict(recipe: Recipe) -> dict[str, object]:
    """The recipe as plain values, for the manifest."""
    return asdict(recipe)


def with_steps(recipe: Recipe, steps: int) -> Recipe:
    """The same recipe with another length."""
    return replace(recipe, steps=steps)

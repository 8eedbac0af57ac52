"""One export: both weight files, the tokenizer, the golden answers and the manifest with every digest."""

from __future__ import annotations

import json
import platform
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from .config import Recipe, recipe_dict
from .export_gguf import export_gguf
from .export_safetensors import export_safetensors, load_exported
from .golden import build_golden, write_golden
from .model import SupportModel
from .tokenizer import ChatTokenizer
from .train import load_checkpoint

FILES = (
    "model-q8_0.gguf",
    "model.safetensors",
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
    "golden.json",
)
"""What the manifest lists, in its order."""
PACKAGES = ("torch", "tokenizers", "safetensors", "gguf", "numpy")
GOLDEN_PROMPTS = 16


def export(recipe: Recipe, run: Path, folder: Path) -> dict[str, object]:
    """Export the run's checkpoint into ``folder`` and return the manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    model = SupportModel(recipe.model)
    position = load_checkpoint(run / "checkpoint.pt", model)
    weights = {name: weight.detach() for name, weight in model.named_parameters()}
    raw = ChatTokenizer.load(run / "tokenizer.json").raw
    export_gguf(folder / "model-q8_0.gguf", weights, recipe.model, raw)
    export_safetensors(folder, weights, recipe.model, raw)
    exported, tokenizer = load_exported(folder)
    write_golden(folder / "golden.json", build_golden(exported, tokenizer, seed=recipe.seed, wanted=GOLDEN_PROMPTS))
    manifest: dict[str, object] = {
        "schema": 1,
        "name": "millrace-support",
        "architecture": "llama",
        "parameters": sum(w.numel() for w in weights.values()),
        "quantisation": "Q8_0",
        "license": "same as the repository",
        "steps_trained": position.step,
        "recipe": recipe_dict(recipe),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
        "files": {name: {"sha256": digest(folder / name), "bytes": (folder / name).stat().st_size} for name in FILES},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")
    return manifest


def digest(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    return sha256(path.read_bytes()).hexdigest()


def verify(folder: Path) -> None:
    """Compare every file with the manifest; raises ``ValueError`` naming the first that differs."""
    manifest = json.loads((folder / "manifest.json").read_text())
    for name, entry in manifest["files"].items():
        if digest(folder / name) != entry["sha256"]:
            raise ValueError(f"{name} does not match the manifest: restore it or export again")

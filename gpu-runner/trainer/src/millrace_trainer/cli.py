"""``python -m millrace_trainer {train,export,evaluate,samples}``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from .config import DEFAULT_RECIPE, load_recipe
from .evaluate import evaluate
from .export import export, verify
from .samples import write_samples
from .train import train


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="millrace_trainer", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    training = commands.add_parser("train", help="train, or resume, a run")
    training.add_argument("--recipe", type=Path, default=DEFAULT_RECIPE)
    training.add_argument("--run", type=Path, required=True, help="folder for the tokenizer, checkpoints and log")
    training.add_argument("--device", default="cpu", help="cpu or cuda")

    exporting = commands.add_parser("export", help="write the model files of a run")
    exporting.add_argument("--recipe", type=Path, default=DEFAULT_RECIPE)
    exporting.add_argument("--run", type=Path, required=True)
    exporting.add_argument("--out", type=Path, required=True)

    measuring = commands.add_parser("evaluate", help="measure an exported model on held-out text")
    measuring.add_argument("--model", type=Path, required=True, help="folder of an export")
    measuring.add_argument("--per-task", type=int, default=400)
    measuring.add_argument("--split", choices=("heldout", "train"), default="heldout")

    sampling = commands.add_parser("samples", help="write the answers to fifteen fixed prompts")
    sampling.add_argument("--model", type=Path, required=True)
    sampling.add_argument("--out", type=Path, required=True)

    options = parser.parse_args(arguments)
    if options.command == "train":
        train(load_recipe(options.recipe), options.run, device=options.device)
    elif options.command == "export":
        torch.set_num_threads(1)
        print(json.dumps(export(load_recipe(options.recipe), options.run, options.out)["files"], indent=2))
    elif options.command == "samples":
        torch.set_num_threads(1)
        write_samples(options.model, options.out)
    else:
        torch.set_num_threads(1)
        verify(options.model)
        print(evaluate(options.model, options.per_task, split=options.split).markdown())
    return 0

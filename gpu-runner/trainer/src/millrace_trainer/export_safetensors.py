"""Writes the Hugging Face side of the export: weights in float16, configuration, tokenizer files."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor

from .config import ModelConfig
from .model import SupportModel
from .quantise import served
from .tokenizer import BOS_ID, CHAT_TEMPLATE, END_ID, PAD_ID, SPECIALS, ChatTokenizer


def export_safetensors(folder: Path, weights: dict[str, Tensor], config: ModelConfig, tokenizer: Tokenizer) -> None:
    """Write ``model.safetensors`` and the JSON files beside it."""
    save_file({name: served(weight).contiguous() for name, weight in weights.items()}, str(folder / "model.safetensors"), metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(0o644)
    _write_json(folder / "config.json", hf_config(config))
    tokenizer.encode_special_tokens = False
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "chat_template.jinja").write_text(CHAT_TEMPLATE)
    _write_json(
        folder / "tokenizer_config.json",
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": config.context,
            "bos_token": SPECIALS[BOS_ID],
            "eos_token": SPECIALS[END_ID],
            "pad_token": SPECIALS[PAD_ID],
            "add_bos_token": False,
            "clean_up_tokenization_spaces": False,
            "chat_template": CHAT_TEMPLATE,
        },
    )


def hf_config(config: ModelConfig) -> dict[str, object]:
    """The configuration in the words of ``LlamaConfig``."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": config.vocab,
        "hidden_size": config.hidden,
        "intermediate_size": config.ffn,
        "num_hidden_layers": config.layers,
        "num_attention_heads": config.heads,
        "num_key_value_heads": config.kv_heads,
        "head_dim": config.head_dim,
        "max_position_embeddings": config.context,
        "rope_theta": config.rope_theta,
        "rms_norm_eps": config.norm_eps,
        "hidden_act": "silu",
        "attention_bias": False,
        "mlp_bias": False,
        "tie_word_embeddings": True,
        "bos_token_id": BOS_ID,
        "eos_token_id": END_ID,
        "pad_token_id": PAD_ID,
        "torch_dtype": "float16",
    }


def load_exported(folder: Path) -> tuple[SupportModel, ChatTokenizer]:
    """Read an exported model back, in float32; raises when the file is damaged or does not fit its configuration."""
    table = json.loads((folder / "config.json").read_text())
    config = ModelConfig(
        vocab=table["vocab_size"], hidden=table["hidden_size"], ffn=table["intermediate_size"], layers=table["num_hidden_layers"],
        heads=table["num_attention_heads"], kv_heads=table["num_key_value_heads"], context=table["max_position_embeddings"],
        rope_theta=table["rope_theta"], norm_eps=table["rms_norm_eps"],
    )  # fmt: skip
    model = SupportModel(config)
    weights = load_file(str(folder / "model.safetensors"))
    model.load_state_dict({name: weight.to(torch.float32) for name, weight in weights.items()})
    return model.eval(), ChatTokenizer.load(folder / "tokenizer.json")


def _write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n")

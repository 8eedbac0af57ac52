"""Writes the GGUF that llama.cpp serves: Llama tensor names and row order, Q8_0 matrices, tokenizer and chat template."""

from __future__ import annotations

import json
from pathlib import Path

from gguf import GGMLQuantizationType, GGUFWriter, TokenType
from tokenizers import Tokenizer
from torch import Tensor

from .config import ModelConfig
from .quantise import is_matrix, q8_0
from .tokenizer import BOS_ID, CHAT_TEMPLATE, END_ID, PAD_ID, SPECIALS

NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}
FILE_TYPE_MOSTLY_Q8_0 = 7
"""``LlamaFileType.MOSTLY_Q8_0``."""


def gguf_name(name: str) -> str:
    """The llama.cpp name of a Hugging Face parameter."""
    if name == "model.embed_tokens.weight":
        return "token_embd.weight"
    if name == "model.norm.weight":
        return "output_norm.weight"
    _, _, layer, *module, kind = name.split(".")
    return f"blk.{layer}.{NAMES['.'.join(module)]}.{kind}"


def interleave(weight: Tensor, heads: int) -> Tensor:
    """Reorder the rows of a query or key projection from the half-split to the interleaved rotary layout.

    llama.cpp rotates neighbouring pairs (2i, 2i + 1) where this model rotates (i, i + head_dim / 2). Without this the file loads and
    speaks plausible nonsense.
    """
    rows, columns = weight.shape
    return weight.view(heads, 2, rows // heads // 2, columns).transpose(1, 2).reshape(rows, columns)


def gguf_weight(name: str, weight: Tensor, config: ModelConfig) -> Tensor:
    """The weight in llama.cpp's row order."""
    if name.endswith("q_proj.weight"):
        return interleave(weight, config.heads)
    if name.endswith("k_proj.weight"):
        return interleave(weight, config.kv_heads)
    return weight


def export_gguf(path: Path, weights: dict[str, Tensor], config: ModelConfig, tokenizer: Tokenizer, *, permute: bool = True) -> None:
    """Write ``path``. ``permute=False`` writes the broken file that the parity test must catch."""
    writer = GGUFWriter(str(path), "llama")
    _write_metadata(writer, config)
    _write_tokenizer(writer, tokenizer)
    for name, weight in weights.items():
        placed = gguf_weight(name, weight, config) if permute else weight
        if is_matrix(placed):
            packed = q8_0(placed)
            writer.add_tensor(gguf_name(name), packed, raw_shape=packed.shape, raw_dtype=GGMLQuantizationType.Q8_0)
        else:
            writer.add_tensor(gguf_name(name), placed.half().float().numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _write_metadata(writer: GGUFWriter, config: ModelConfig) -> None:
    writer.add_name("millrace-support")
    writer.add_description("Small support-desk chat model, trained by gpu-runner/trainer on generated text")
    writer.add_file_type(FILE_TYPE_MOSTLY_Q8_0)
    writer.add_quantization_version(2)
    writer.add_context_length(config.context)
    writer.add_embedding_length(config.hidden)
    writer.add_block_count(config.layers)
    writer.add_feed_forward_length(config.ffn)
    writer.add_head_count(config.heads)
    writer.add_head_count_kv(config.kv_heads)
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_rope_freq_base(config.rope_theta)
    writer.add_layer_norm_rms_eps(config.norm_eps)
    writer.add_vocab_size(config.vocab)


def _write_tokenizer(writer: GGUFWriter, tokenizer: Tokenizer) -> None:
    model = json.loads(tokenizer.to_str())["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].__getitem__)
    merges = [m if isinstance(m, str) else " ".join(m) for m in model["merges"]]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([TokenType.CONTROL if t in SPECIALS else TokenType.NORMAL for t in tokens])
    writer.add_token_merges(merges)
    writer.add_bos_token_id(BOS_ID)
    writer.add_eos_token_id(END_ID)
    writer.add_pad_token_id(PAD_ID)
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)

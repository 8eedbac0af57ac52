"""The shipped files: digests, parity of the golden answers, and exports that must fail."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest
import torch
from safetensors import SafetensorError
from torch import Tensor

from millrace_trainer.config import ModelConfig
from millrace_trainer.export import FILES, verify
from millrace_trainer.export_gguf import export_gguf, gguf_name, interleave
from millrace_trainer.export_safetensors import export_safetensors, load_exported
from millrace_trainer.generate import greedy
from millrace_trainer.golden import GOLDEN_TOKENS, MIN_MARGIN, golden_messages
from millrace_trainer.model import SupportModel
from millrace_trainer.quantise import served
from millrace_trainer.tokenizer import CHAT_TEMPLATE, SPECIALS, ChatTokenizer

from .conftest import SHIPPED

Shipped = tuple[SupportModel, ChatTokenizer]
GOLDEN = json.loads((SHIPPED / "golden.json").read_text())
MAX_COMMITTED_BYTES = 12 * 1024 * 1024


def _read_gguf(path: Path, config: ModelConfig, *, undo: bool) -> dict[str, Tensor]:
    """The GGUF's weights under their Hugging Face names; ``undo`` reverses the row permutation of queries and keys."""
    tensors = {t.name: t for t in gguf.GGUFReader(str(path)).tensors}
    weights: dict[str, Tensor] = {}
    for name, weight in SupportModel(config).named_parameters():
        stored: Any = tensors[gguf_name(name)]
        value = torch.from_numpy(np.array(gguf.dequantize(stored.data, stored.tensor_type))).view(weight.shape)
        heads = config.heads if "q_proj" in name else config.kv_heads
        if undo and ("q_proj" in name or "k_proj" in name):
            value = value.view(heads, config.head_dim // 2, 2, -1).transpose(1, 2).reshape(weight.shape)
        weights[name] = value
    return weights


def _with_weights(config: ModelConfig, weights: dict[str, Tensor]) -> SupportModel:
    model = SupportModel(config)
    model.load_state_dict(weights)
    return model.eval()


def test_the_shipped_files_match_the_manifest_and_fit_the_budget() -> None:
    verify(SHIPPED)
    assert sum((SHIPPED / name).stat().st_size for name in FILES) <= MAX_COMMITTED_BYTES


@pytest.mark.parametrize("index", range(len(GOLDEN["items"])))
def test_safetensors_gives_the_golden_answer(shipped: Shipped, index: int) -> None:
    model, tokenizer = shipped
    item = GOLDEN["items"][index]
    assert tokenizer.prompt(golden_messages(item)) == item["promptIds"]
    decoded = greedy(model, item["promptIds"], GOLDEN["maxTokens"])
    assert decoded.ids == item["answerIds"]
    assert decoded.ended == item["ended"]
    assert tokenizer.decode(decoded.ids) == item["text"]


def test_the_golden_set_is_long_and_decided() -> None:
    assert len(GOLDEN["items"]) >= 12
    assert all(len(item["answerIds"]) + item["ended"] >= GOLDEN_TOKENS for item in GOLDEN["items"])
    assert all(item["smallestMargin"] >= MIN_MARGIN for item in GOLDEN["items"])


def test_the_gguf_holds_the_same_weights_as_the_safetensors(shipped: Shipped) -> None:
    model = shipped[0]
    weights = _read_gguf(SHIPPED / "model-q8_0.gguf", model.config, undo=True)
    for name, weight in model.named_parameters():
        assert torch.equal(weights[name].half().float(), weight.detach()), name


def test_the_gguf_carries_tokenizer_and_template(shipped: Shipped) -> None:
    fields = gguf.GGUFReader(str(SHIPPED / "model-q8_0.gguf")).fields
    assert fields["tokenizer.chat_template"].contents() == CHAT_TEMPLATE
    assert fields["tokenizer.ggml.pre"].contents() == "gpt-2"
    assert fields["tokenizer.ggml.add_bos_token"].contents() is False
    vocab = shipped[1].raw.get_vocab()
    assert fields["tokenizer.ggml.tokens"].contents() == sorted(vocab, key=vocab.__getitem__)
    assert fields["tokenizer.ggml.token_type"].contents()[: len(SPECIALS) + 1] == [3] * len(SPECIALS) + [1]


def test_interleaving_moves_rotary_pairs_next_to_each_other() -> None:
    rows = torch.arange(8.0)[:, None]
    assert interleave(rows, 2).flatten().tolist() == [0, 2, 1, 3, 4, 6, 5, 7]


def test_an_export_without_the_row_permutation_breaks_parity(shipped: Shipped, tmp_path: Path) -> None:
    model, tokenizer = shipped
    weights = {name: weight.detach() for name, weight in model.named_parameters()}
    for permute in (True, False):
        export_gguf(tmp_path / f"{permute}.gguf", weights, model.config, tokenizer.raw, permute=permute)
    right = _with_weights(model.config, _read_gguf(tmp_path / "True.gguf", model.config, undo=True))
    wrong = _with_weights(model.config, _read_gguf(tmp_path / "False.gguf", model.config, undo=True))
    item = GOLDEN["items"][0]
    assert greedy(right, item["promptIds"], GOLDEN["maxTokens"]).ids == item["answerIds"]
    assert greedy(wrong, item["promptIds"], GOLDEN["maxTokens"]).ids != item["answerIds"]


def test_damaged_files_are_refused(shipped: Shipped, tmp_path: Path) -> None:
    model, tokenizer = shipped
    weights = {name: weight.detach() for name, weight in model.named_parameters()}
    export_safetensors(tmp_path, weights, model.config, tokenizer.raw)
    tokenizer.raw.encode_special_tokens = True
    load_exported(tmp_path)
    path = tmp_path / "model.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[:-100])
    with pytest.raises(SafetensorError):
        load_exported(tmp_path)
    path.write_bytes(b"\xff" * 8 + whole[8:])
    with pytest.raises(SafetensorError):
        load_exported(tmp_path)


def test_one_changed_byte_fails_the_digest(tmp_path: Path) -> None:
    for name in (*FILES, "manifest.json"):
        (tmp_path / name).write_bytes((SHIPPED / name).read_bytes())
    verify(tmp_path)
    path = tmp_path / "model-q8_0.gguf"
    changed = bytearray(path.read_bytes())
    changed[-1] ^= 1
    path.write_bytes(changed)
    with pytest.raises(ValueError, match=r"model-q8_0\.gguf"):
        verify(tmp_path)


def test_quantised_weights_are_close_and_gains_are_kept() -> None:
    torch.manual_seed(0)
    matrix, gain = torch.randn(4, 64), torch.randn(64)
    assert (served(matrix).float() - matrix).abs().max() < matrix.abs().max() / 100
    assert torch.equal(served(gain), gain.half())

"""The Llama architecture in plain torch: RMSNorm, rotary positions (half-split layout), grouped-query attention, SwiGLU, tied head.

Parameter names are those of ``LlamaForCausalLM`` in Hugging Face Transformers, so that the checkpoint loads there as it is.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .config import ModelConfig

Cache = list[tuple[Tensor, Tensor]]
"""One (keys, values) pair for each layer, each (batch, kv_heads, seen, head_dim)."""


class RMSNorm(nn.Module):
    """Root-mean-square normalisation with a learnt gain."""

    def __init__(self, width: int, eps: float) -> None:
        """Start with a gain of one."""
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """Normalise the last dimension in float32."""
        return functional.rms_norm(x.float(), (x.shape[-1],), self.weight, self.eps)


def rotary(positions: Tensor, head_dim: int, theta: float) -> tuple[Tensor, Tensor]:
    """Cosines and sines, each (positions, head_dim), float32."""
    frequencies = theta ** (-torch.arange(0, head_dim, 2, device=positions.device, dtype=torch.float32) / head_dim)
    angles = positions[:, None].float() * frequencies[None, :]
    angles = torch.cat((angles, angles), dim=-1)
    return angles.cos(), angles.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate the pairs (i, i + head_dim / 2)."""
    left, right = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-right, left), dim=-1) * sin


class Attention(nn.Module):
    """Causal grouped-query attention."""

    def __init__(self, config: ModelConfig) -> None:
        """Create the four projections."""
        super().__init__()
        self.heads, self.kv_heads, self.head_dim = config.heads, config.kv_heads, config.head_dim
        self.q_proj = nn.Linear(config.hidden, self.heads * self.head_dim, bias=False)
        self.k_proj = nn.Linear(config.hidden, self.kv_heads * self.head_dim, bias=False)
        self.v_proj = nn.Linear(config.hidden, self.kv_heads * self.head_dim, bias=False)
        self.o_proj = nn.Linear(self.heads * self.head_dim, config.hidden, bias=False)

    def forward(self, x: Tensor, turn: tuple[Tensor, Tensor], past: tuple[Tensor, Tensor] | None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """``x`` is (batch, new, hidden). With ``past``, ``new`` must be 1 unless the past is empty."""
        batch, new, _ = x.shape
        q = rotate(self.q_proj(x).view(batch, new, self.heads, self.head_dim).transpose(1, 2), *turn)
        k = rotate(self.k_proj(x).view(batch, new, self.kv_heads, self.head_dim).transpose(1, 2), *turn)
        v = self.v_proj(x).view(batch, new, self.kv_heads, self.head_dim).transpose(1, 2)
        if past is not None:
            k, v = torch.cat((past[0], k), dim=2), torch.cat((past[1], v), dim=2)
        groups = self.heads // self.kv_heads
        v = v.to(k.dtype)
        out = functional.scaled_dot_product_attention(q, k.repeat_interleave(groups, dim=1), v.repeat_interleave(groups, dim=1), is_causal=new > 1)
        return self.o_proj(out.transpose(1, 2).reshape(batch, new, -1)), (k, v)


class FeedForward(nn.Module):
    """SwiGLU."""

    def __init__(self, config: ModelConfig) -> None:
        """Create the three projections."""
        super().__init__()
        self.gate_proj = nn.Linear(config.hidden, config.ffn, bias=False)
        self.up_proj = nn.Linear(config.hidden, config.ffn, bias=False)
        self.down_proj = nn.Linear(config.ffn, config.hidden, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """``x`` is (batch, new, hidden)."""
        out: Tensor = self.down_proj(functional.silu(self.gate_proj(x)) * self.up_proj(x))
        return out


class Block(nn.Module):
    """One pre-norm transformer layer."""

    def __init__(self, config: ModelConfig) -> None:
        """Create attention, feed-forward and their norms."""
        super().__init__()
        self.input_layernorm = RMSNorm(config.hidden, config.norm_eps)
        self.self_attn = Attention(config)
        self.post_attention_layernorm = RMSNorm(config.hidden, config.norm_eps)
        self.mlp = FeedForward(config)

    def forward(self, x: Tensor, turn: tuple[Tensor, Tensor], past: tuple[Tensor, Tensor] | None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Residual attention, then residual feed-forward."""
        attended, kept = self.self_attn(self.input_layernorm(x), turn, past)
        x = x + attended
        return x + self.mlp(self.post_attention_layernorm(x)), kept


class Trunk(nn.Module):
    """Embedding, layers, final norm."""

    def __init__(self, config: ModelConfig) -> None:
        """Create the parts."""
        super().__init__()
        self.embed_tokens = nn.Embedding(config.vocab, config.hidden)
        self.layers = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = RMSNorm(config.hidden, config.norm_eps)


class SupportModel(nn.Module):
    """The language model; the output head is the embedding."""

    def __init__(self, config: ModelConfig) -> None:
        """Initialise with the current torch seed; residual outputs are scaled by depth (GPT-2, section 2.3)."""
        super().__init__()
        self.config = config
        self.model = Trunk(config)
        for name, weight in self.named_parameters():
            if weight.dim() == 2:
                scale = (2 * config.layers) ** -0.5 if name.endswith(("o_proj.weight", "down_proj.weight")) else 1.0
                nn.init.normal_(weight, std=0.02 * scale if "embed" in name else scale * config.hidden**-0.5 * 0.6)

    def hidden(self, ids: Tensor, cache: Cache | None = None) -> tuple[Tensor, Cache]:
        """Final hidden states (batch, new, hidden) of ``ids`` (batch, new), and the cache that includes them."""
        seen = cache[0][0].shape[2] if cache else 0
        positions = torch.arange(seen, seen + ids.shape[1], device=ids.device)
        turn = rotary(positions, self.config.head_dim, self.config.rope_theta)
        x: Tensor = self.model.embed_tokens(ids)
        kept: Cache = []
        for i, layer in enumerate(self.model.layers):
            x, pair = layer(x, turn, cache[i] if cache else None)
            kept.append(pair)
        out: Tensor = self.model.norm(x)
        return out, kept

    def logits(self, hidden: Tensor) -> Tensor:
        """Scores over the vocabulary."""
        return functional.linear(hidden, self.model.embed_tokens.weight)

    def loss(self, ids: Tensor, answer: Tensor) -> tuple[Tensor, int]:
        """Summed next-token cross-entropy (nats) where ``answer`` is true, and the number of such tokens."""
        hidden, _ = self.hidden(ids[:, :-1])
        wanted = answer[:, 1:]
        scores = self.logits(hidden[wanted]).float()
        return functional.cross_entropy(scores, ids[:, 1:][wanted], reduction="sum"), int(wanted.sum())

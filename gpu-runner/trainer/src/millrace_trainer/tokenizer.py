"""Byte-level BPE in the GPT-2 layout, the chat template, and rendering with a loss mask."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from .corpus.example import Message

SPECIALS = ("<|pad|>", "<|bos|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>")
"""Ids 0 to 5, in this order."""
PAD_ID, BOS_ID, END_ID = 0, 1, 2
ROLE_IDS = {"system": 3, "user": 4, "assistant": 5}

CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{%- if message['role'] == 'assistant' -%}{{- '<|assistant|>\\n' -}}"
    "{%- elif message['role'] == 'system' or message['role'] == 'developer' -%}{{- '<|system|>\\n' -}}"
    "{%- else -%}{{- '<|user|>\\n' -}}{%- endif -%}"
    "{{- message['content'] -}}{{- '<|end|>\\n' -}}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|assistant|>\\n' -}}{%- endif -%}"
)
"""A role that the model has no token for (``tool``) speaks as the user."""


def train_tokenizer(texts: Iterable[str], vocab: int) -> Tokenizer:
    """Learn merges from ``texts``. Digits are left out of them, so every digit is a token and numbers are copied digit by digit."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab, special_tokens=list(SPECIALS), initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False,
    )  # fmt: skip
    no_digits = str.maketrans("0123456789", " " * 10)
    tokenizer.train_from_iterator((text.translate(no_digits) for text in texts), trainer)
    if tokenizer.get_vocab_size() != vocab:
        raise ValueError(f"the texts support {tokenizer.get_vocab_size()} tokens, the recipe asks for {vocab}")
    return tokenizer


@dataclass(frozen=True)
class Rendered:
    """Token ids of a conversation and, for each, whether it is part of an answer (``<|end|>`` included)."""

    ids: list[int]
    answer: list[bool]


class ChatTokenizer:
    """Encodes conversations. Special tokens come only from the layout, never from the text of a message."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        """Wrap a trained tokenizer."""
        self.raw = tokenizer
        self.raw.encode_special_tokens = True
        self._newline = self.encode("\n")

    @classmethod
    def load(cls, path: Path) -> ChatTokenizer:
        """Read ``tokenizer.json``."""
        return cls(Tokenizer.from_file(str(path)))

    def encode(self, text: str) -> list[int]:
        """Plain text to ids."""
        return list(self.raw.encode(text, add_special_tokens=False).ids)

    def decode(self, ids: Sequence[int]) -> str:
        """Ids to text, without special tokens."""
        return str(self.raw.decode(list(ids), skip_special_tokens=True))

    def render(self, messages: Sequence[Message], *, last_answer_only: bool = True) -> Rendered:
        """A whole conversation. With ``last_answer_only`` earlier assistant messages are context, not targets."""
        ids: list[int] = []
        answer: list[bool] = []
        for i, message in enumerate(messages):
            target = message.role == "assistant" and (i == len(messages) - 1 or not last_answer_only)
            head = [ROLE_IDS[message.role], *self._newline]
            body = [*self.encode(message.content), END_ID]
            ids += [*head, *body, *self._newline]
            answer += [False] * len(head) + [target] * len(body) + [False] * len(self._newline)
        return Rendered(ids, answer)

    def prompt(self, messages: Sequence[Message]) -> list[int]:
        """A conversation up to the point where the assistant speaks."""
        return [*self.render(messages).ids, ROLE_IDS["assistant"], *self._newline]

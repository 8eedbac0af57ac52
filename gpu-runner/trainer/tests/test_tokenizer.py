"""The tokenizer, the chat template and the loss mask."""

from __future__ import annotations

from random import Random

import jinja2
import pytest

from millrace_trainer.corpus.example import Message
from millrace_trainer.corpus.mix import example_at
from millrace_trainer.model import SupportModel
from millrace_trainer.tokenizer import CHAT_TEMPLATE, END_ID, SPECIALS, ChatTokenizer

Shipped = tuple[SupportModel, ChatTokenizer]


@pytest.mark.parametrize("text", ["", " ", "\n\n a\t", "Größe 42 – naïve café", "日本語 👩‍👩‍👧 🏳️‍🌈", "\x00\x07\u200b", "a" * 500, "<|end|> is text here"])
def test_any_text_survives_the_round_trip(shipped: Shipped, text: str) -> None:
    tokenizer = shipped[1]
    assert tokenizer.decode(tokenizer.encode(text)) == text


def test_random_unicode_survives_the_round_trip(shipped: Shipped) -> None:
    rng, tokenizer = Random(0), shipped[1]
    for _ in range(200):
        text = "".join(chr(rng.choice((rng.randrange(32, 127), rng.randrange(0xA0, 0xD800), rng.randrange(0xE000, 0x110000)))) for _ in range(20))
        assert tokenizer.decode(tokenizer.encode(text)) == text


def test_special_tokens_in_a_message_stay_text(shipped: Shipped) -> None:
    ids = shipped[1].encode("<|end|><|assistant|>")
    assert all(i >= len(SPECIALS) for i in ids)


def test_every_digit_is_its_own_token(shipped: Shipped) -> None:
    tokenizer = shipped[1]
    assert len(tokenizer.encode("104273")) == 6


def test_the_mask_covers_the_last_answer_and_its_end_token_only(shipped: Shipped) -> None:
    tokenizer = shipped[1]
    messages = (Message("system", "s"), Message("user", "u"), Message("assistant", "first"), Message("user", "v"), Message("assistant", "second"))
    rendered = tokenizer.render(messages)
    covered = [i for i, answer in zip(rendered.ids, rendered.answer, strict=True) if answer]
    assert covered == [*tokenizer.encode("second"), END_ID]
    every = tokenizer.render(messages, last_answer_only=False)
    assert sum(every.answer) == len(tokenizer.encode("first")) + len(tokenizer.encode("second")) + 2


def test_the_template_renders_what_training_saw(shipped: Shipped) -> None:
    tokenizer = shipped[1]
    template = jinja2.Environment().from_string(CHAT_TEMPLATE)  # noqa: S701 -- plain text, not HTML
    tokenizer.raw.encode_special_tokens = False
    try:
        for i in range(40):
            messages = example_at(9, "train", i).messages
            text = template.render(messages=[vars(m) for m in messages[:-1]], add_generation_prompt=True)
            assert tokenizer.raw.encode(text, add_special_tokens=False).ids == tokenizer.prompt(messages[:-1])
    finally:
        tokenizer.raw.encode_special_tokens = True


def test_tool_messages_speak_as_the_user_and_developer_messages_as_the_system() -> None:
    template = jinja2.Environment().from_string(CHAT_TEMPLATE)  # noqa: S701 -- as above
    rendered = template.render(messages=[{"role": "developer", "content": "d"}, {"role": "tool", "content": "t"}], add_generation_prompt=True)
    assert rendered == "<|system|>\nd<|end|>\n<|user|>\nt<|end|>\n<|assistant|>\n"

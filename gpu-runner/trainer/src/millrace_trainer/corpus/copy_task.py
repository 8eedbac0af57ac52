"""Copying drills for the last part of training: dense in names, codes and numbers that a prompt holds and an answer repeats.

Ordinary examples spend some three tokens in a hundred on copied values, too few for a small run to learn values of several tokens.
"""

from __future__ import annotations

from dataclasses import replace

from .example import Example, Message
from .grammar import pick
from .reply_task import TOPICS, brief_reply
from .style import draw_style
from .values import Values

MORE_NAMES = (
    "Kevin Michelle Brian Sandra Lucas Amelia Jorge Ashley Brandon Camila Derek Esther Fabian Gloria Hector Irina Jerome Kylie Lorenzo Melissa "
    "Nathan Ophelia Patrick Regina Stefan Teresa Ulrich Vanessa Wesley Ximena Yvonne Zachary Anna Bob Cindy Doug Eva Fred Gabi Holger Ida Jana "
    "Kurt Lisa Mona Nils Olaf Pia Ralf Silke Thea Uwe Viola Willi Anya Boris Cleo Dario Edith Faye Greta Harold Inga Joris Klaus Lydia Milo"
).split()
CONSONANTS, VOWELS = "bcdfghjklmnprstvwz", "aeiou"
ASKS = ("Repeat after me: {}", "repeat after me: {}", "Say: {}", "Repeat: {}", 'Say "{}"', "Echo {}", "please repeat: {}")


def _spelled(values: Values) -> str:
    """A word of random letters, pronounceable and unlike the syllable names."""
    rng = values.rng
    word = "".join(rng.choice(CONSONANTS) + rng.choice(VOWELS) + rng.choice(("", "", rng.choice(CONSONANTS))) for _ in range(rng.choice((1, 2, 2, 3))))
    return word.capitalize() if rng.random() < 0.7 else word


def any_name(values: Values) -> str:
    """A name from any source that belongs to the split."""
    kind = values.rng.random()
    if kind < 0.4:
        return values.name()
    while True:
        value = values.rng.choice(MORE_NAMES) if kind < 0.6 else _spelled(values).capitalize()
        if values.owns("name", value):
            return value


def repeat_example(values: Values) -> Example:
    """Repeat three to eight words; many of them take several tokens."""
    rng = values.rng
    draws = (any_name, any_name, _spelled, lambda v: v.product().text, lambda v: v.order(), lambda v: v.code(10), lambda v: v.email(any_name(v)))
    phrase = " ".join(rng.choice(draws)(values) for _ in range(rng.randrange(1, 8)))
    return Example("chat", (Message("user", rng.choice(ASKS).format(phrase)), Message("assistant", phrase)))


def signed_reply_example(values: Values) -> Example:
    """A one-sentence reply that must copy a name, mostly a signature, and sometimes a code."""
    rng = values.rng
    style = replace(draw_style(values), length="brief", ending="")
    style = replace(style, sign=any_name(values) if rng.random() < 0.8 else "")
    return brief_reply(style, rng.choice(TOPICS), any_name(values), values)


def named_example(values: Values) -> Example:
    """Greet a customer who gives a name."""
    name = any_name(values)
    asked = pick(("my name is <who>", "I am <who>", "Hi, I'm <who>", "Hello, my name is <who>.", "this is <who>"), values.rng, who=name)
    return Example("chat", (Message("user", asked), Message("assistant", f"Hello {name}! How can I help you today?")))

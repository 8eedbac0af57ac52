"""A tiny template language: ``[a|b|]`` chooses, ``<slot>`` substitutes; plus keyboard noise.

Choices nest. Expansion is a pure function of the template, the slot values and the random source.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random


@dataclass(frozen=True)
class Choice:
    """Alternatives, each a sequence of literal strings, slots and nested choices."""

    options: tuple[tuple[Node, ...], ...]


@dataclass(frozen=True)
class Slot:
    """A named value that the caller supplies."""

    name: str


Node = str | Choice | Slot


@lru_cache(maxsize=8192)
def parse(template: str) -> tuple[Node, ...]:
    """Parse a template once; raises ``ValueError`` on unbalanced brackets."""
    return _sequence(template, 0, top=True)[0]


def _sequence(text: str, at: int, *, top: bool) -> tuple[tuple[Node, ...], int]:
    nodes: list[Node] = []
    literal = ""
    while at < len(text):
        char = text[at]
        if char in "|]":
            if top:
                raise ValueError(f"unbalanced {char!r} at {at} in template: {text!r}")
            break
        if char == "[":
            options: list[tuple[Node, ...]] = []
            while True:
                option, at = _sequence(text, at + 1, top=False)
                options.append(option)
                if at >= len(text):
                    raise ValueError(f"unclosed '[' in template: {text!r}")
                if text[at] == "]":
                    break
            nodes += [literal, Choice(tuple(options))] if literal else [Choice(tuple(options))]
            literal = ""
        elif char == "<":
            close = text.index(">", at)
            nodes += [literal, Slot(text[at + 1 : close])] if literal else [Slot(text[at + 1 : close])]
            literal = ""
            at = close
        else:
            literal += char
        at += 1
    if literal:
        nodes.append(literal)
    return tuple(nodes), at


def expand(template: str, slots: dict[str, str], rng: Random) -> tuple[str, frozenset[str]]:
    """Return the expanded text and the names of the slots that it used."""
    used: set[str] = set()

    def render(nodes: tuple[Node, ...]) -> str:
        out = ""
        for node in nodes:
            if isinstance(node, str):
                out += node
            elif isinstance(node, Slot):
                used.add(node.name)
                out += slots[node.name]
            else:
                out += render(rng.choice(node.options))
        return out

    return re.sub(" {2,}", " ", render(parse(template))).strip(), frozenset(used)


def pick(choices: Sequence[str], rng: Random, **slots: str) -> str:
    """Choose a template and expand it."""
    return expand(rng.choice(choices), slots, rng)[0]


def capitalise(text: str) -> str:
    """Upper-case the first letter and leave the rest alone."""
    return text[:1].upper() + text[1:]


def add_typos(text: str, rng: Random, rate: float) -> str:
    """Swap, drop or double letters inside words of four or more letters, at ``rate`` per word.

    Words that hold a digit, an upper-case letter or ``@`` are names or identifiers and stay as they are.
    """
    words = text.split(" ")
    for i, word in enumerate(words):
        if len(word) < 4 or not word.isalpha() or word != word.lower() or rng.random() > rate:
            continue
        at = rng.randrange(1, len(word) - 1)
        kind = rng.randrange(3)
        if kind == 0:
            words[i] = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        elif kind == 1:
            words[i] = word[:at] + word[at + 1 :]
        else:
            words[i] = word[:at] + word[at] + word[at:]
    return " ".join(words)

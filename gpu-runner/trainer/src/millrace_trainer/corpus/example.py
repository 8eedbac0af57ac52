"""The unit of training: a rendered conversation and what a checker may expect of its last answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Role = Literal["system", "user", "assistant"]
Task = Literal["reply", "triage", "summary", "extract", "chat"]


@dataclass(frozen=True)
class Message:
    """One chat message."""

    role: Role
    content: str


@dataclass(frozen=True)
class Example:
    """A conversation whose last message is the wanted answer.

    ``expect`` holds what the evaluation checks (for instance ``tone``, ``sign``, ``category``); it is never shown to the model.
    """

    task: Task
    messages: tuple[Message, ...]
    expect: dict[str, str] = field(default_factory=dict)


def render_system(text: str, constraints: list[str]) -> str:
    """The gateway's layout of a system message: the text, then its constraints as bullets."""
    if not constraints:
        return text
    return text + "\n\nConstraints:\n" + "\n".join(f"- {line}" for line in constraints)

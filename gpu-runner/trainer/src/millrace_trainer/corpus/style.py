"""Style controls: how prompt authors ask for them and what a reply that obeys looks like."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Literal

from .grammar import expand
from .values import Split, Values

Tone = Literal["formal", "friendly", "neutral"]
Length = Literal["normal", "brief", "steps"]

TONE: dict[Split, dict[str, tuple[str, ...]]] = {
    "train": {
        "formal": (
            "[Use|Keep|Write in] a formal tone.",
            "Be formal[ and polite|].",
            "Write [formally|in formal language].",
            "Tone: formal[.|]",
            "[Always |]address the customer formally.",
            "Reply in a formal [style|tone|way].",
            "The tone is formal.",
            "Stay formal and professional.",
            "Formal tone.",
            "Use formal language.",
        ),
        "friendly": (
            "[Use|Keep|Write in] a friendly tone.",
            "Be friendly[ and warm|].",
            "Write [in a friendly way|like a friend].",
            "Tone: friendly[.|]",
            "[Always |]be warm and casual.",
            "Reply in a friendly [style|tone|way].",
            "The tone is friendly.",
            "Stay friendly and informal.",
            "Friendly tone.",
            "Use a warm, friendly tone.",
            "Use casual language.",
        ),
    },
    "heldout": {
        "formal": ("Your tone must be formal.", "Speak to the customer in a formal manner.", "Keep things formal."),
        "friendly": ("Your tone must be friendly.", "Speak to the customer in a friendly manner.", "Keep things friendly and warm."),
    },
}
SIGN: dict[Split, tuple[str, ...]] = {
    "train": (
        "Sign as <who>.",
        "Sign the [reply|message|answer] as <who>.",
        "Sign off as <who>.",
        "End with the name <who>.",
        "Your name is <who>[ and you sign your replies|, sign with it].",
        "Sign with <who>.",
        "Always sign as <who>.",
        "Signature: <who>",
    ),
    "heldout": ("Sign every reply as <who>.", "Sign your answer with the name <who>."),
}
BRIEF: dict[Split, tuple[str, ...]] = {
    "train": (
        "Keep it to one sentence.",
        "Answer in one sentence.",
        "Use only one sentence.",
        "Be [very |]brief.",
        "[Keep|Make] [it|the answer] short.",
        "Reply with a single sentence.",
        "One sentence only.",
        "Maximum one sentence.",
        "Answer briefly.",
    ),
    "heldout": ("Limit your reply to one sentence.", "Write just one sentence.", "Keep the reply short."),
}
STEPS: dict[Split, tuple[str, ...]] = {
    "train": (
        "Give numbered steps.",
        "Answer with numbered steps.",
        "Use a numbered list[ of steps|].",
        "[Explain|Answer] in [three|3] numbered steps.",
        "Give the customer numbered steps.",
        "List the steps with numbers.",
        "Write the answer as numbered steps.",
    ),
    "heldout": ("Provide numbered steps.", "Reply with a numbered list of steps."),
}
CODE: dict[Split, tuple[str, ...]] = {
    "train": (
        "Offer a <pct>% discount code <code>.",
        "Offer the discount code <code> for <pct>% off.",
        "[Offer|Give] the customer the code <code> for <pct>% off.",
        "Mention the code <code> for <pct>% off.",
        "Offer <pct>% off with code <code>.",
        "Include the discount code <code> (<pct>%).",
        "Offer a <pct>% discount with [the|] code <code>.",
    ),
    "heldout": ("Give a <pct>% discount with the code <code>.", "Add the discount code <code> for <pct>% off."),
}
ENDING: dict[Split, tuple[str, ...]] = {
    "train": ('End with "<end>"', 'End the reply with "<end>"', 'Always end with: "<end>"', 'Finish with "<end>"'),
    "heldout": ('Close the reply with "<end>"',),
}
UNRELATED = (
    "Never promise a delivery date.",
    "Do not share internal information.",
    "Be honest.",
    "Never ask for a password.",
    "Do not invent facts.",
    "Be polite.",
    "Use correct spelling.",
    "Do not use emojis.",
    "Answer in English.",
    "Stay on topic.",
    "Do not mention competitors.",
)
"""Instructions that good replies satisfy anyway, so that the model learns not to be disturbed by them."""
ENDINGS = (
    "Have a [great|nice|lovely] [day|week|evening]!",
    "[See|Talk to] you soon!",
    "We are here [all day|every day|24/7|until 6 pm].",
    "[Enjoy|Love] the outdoors!",
    "Happy [shopping|trails|holidays|reading]!",
    "Stay [warm|safe|curious]!",
    "Thank you for [shopping with us|your trust|your patience].",
)


@dataclass(frozen=True)
class Style:
    """What the prompt asks of a reply. Empty strings mean: not asked for."""

    tone: Tone = "neutral"
    length: Length = "normal"
    sign: str = ""
    code: str = ""
    percent: int = 0
    ending: str = ""


def draw_style(values: Values) -> Style:
    """Draw a style; each control is present often enough to be learnt and absent often enough not to be assumed."""
    rng = values.rng
    percent = rng.choice((5, 10, 10, 15, 20, 25, 30))
    code = values.code(percent) if rng.random() < 0.2 else ""
    return Style(
        tone=rng.choice(("formal", "formal", "friendly", "friendly", "neutral")),
        length=rng.choice(("normal", "normal", "normal", "normal", "brief", "brief", "steps")),
        sign=values.name() if rng.random() < 0.4 else "",
        code=code,
        percent=percent if code else 0,
        ending=expand(rng.choice(ENDINGS), {}, rng)[0] if rng.random() < 0.1 else "",
    )


def directives(style: Style, split: Split, rng: Random, *, tone: bool = True) -> list[str]:
    """One instruction sentence for each control of ``style``, in random order; ``tone=False`` leaves the tone to the examples."""
    slots = {"who": style.sign, "code": style.code, "pct": str(style.percent), "end": style.ending}
    wanted: list[tuple[str, ...]] = []
    if style.tone != "neutral" and tone:
        wanted.append(TONE[split][style.tone])
    if style.length != "normal":
        wanted.append((BRIEF if style.length == "brief" else STEPS)[split])
    for table, present in ((SIGN, style.sign), (CODE, style.code), (ENDING, style.ending)):
        if present:
            wanted.append(table[split])
    lines = [expand(rng.choice(table), slots, rng)[0] for table in wanted]
    rng.shuffle(lines)
    return lines


def greeting(style: Style, name: str | None) -> str:
    """The first line of a reply."""
    if style.tone == "formal":
        return f"Dear {name}," if name else "Dear customer,"
    if style.tone == "friendly":
        return f"Hi {name}!" if name else "Hi there!"
    return f"Hello {name}," if name else "Hello,"


def signature(style: Style) -> str:
    """The last line of a reply; empty when no name was asked for."""
    if not style.sign:
        return ""
    return f"Best regards, {style.sign}" if style.tone == "formal" else f"— {style.sign}"


def code_clause(style: Style) -> str:
    """The sentence that hands over the discount code."""
    return f"Use code {style.code} for {style.percent}% off your next order."

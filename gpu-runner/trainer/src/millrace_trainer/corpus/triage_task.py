"""The support-triage task: a customer message becomes a small JSON object with labels from a list in the prompt."""

from __future__ import annotations

import json

from .example import Example, Message, render_system
from .grammar import expand, pick
from .topics import CATEGORIES, LABELS, CustomerMessage, customer_message
from .values import Values

SYSTEMS = {
    "train": (
        "[Classify|Triage|Label] the customer's message.",
        "You [classify|triage|label] [support|customer] messages[ for <co>|].",
        "You are a triage assistant [at|for] <co>. Classify the [customer's|] message.",
        "[Sort|Categorise] the support message.",
        "Read the customer's message and [classify|label] it.",
        "You label support tickets[ for <co>|].",
    ),
    "heldout": ("Decide what the customer's message is about.", "Assign labels to the support message[ for <co>|]."),
}
FORMATS = (
    "Answer [only |]with JSON[ only|].",
    "Reply with [a JSON object|JSON].",
    "[Output|Return] JSON[ only|].",
    "Answer as JSON.",
    "Respond with a JSON object.",
)
URGENCIES = ("low", "normal", "high")
SENTIMENTS = ("positive", "neutral", "negative")
KEY_SETS = (
    ("category", "urgency", "sentiment"),
    ("category", "urgency", "sentiment"),
    ("category", "urgency", "sentiment"),
    ("category", "urgency"),
    ("category",),
    ("category", "sentiment"),
    ("urgency", "sentiment"),
    ("sentiment",),
    ("urgency",),
)


def dump(labels: dict[str, object], *, spaced: bool) -> str:
    """JSON on one line; compact, or with a space after each colon and comma."""
    return json.dumps(labels, ensure_ascii=False, separators=(", ", ": ") if spaced else (",", ":"))


def _schema_text(keys: tuple[str, ...], allowed: dict[str, tuple[str, ...]], *, spaced: bool) -> str:
    schema: dict[str, object] = {
        "type": "object",
        "properties": {k: {"type": "string", "enum": list(allowed[k])} for k in keys},
        "required": list(keys),
    }
    return dump(schema, spaced=spaced)


def _describe(keys: tuple[str, ...], allowed: dict[str, tuple[str, ...]], values: Values, *, spaced: bool) -> tuple[str, list[str]]:
    """How the prompt lists the labels: as text that follows the system text, or as constraint bullets."""
    rng = values.rng
    kind = rng.randrange(5)
    if kind == 0:
        title = rng.choice(("JSON schema", "Schema", "Use this JSON schema", "Reply with JSON that matches this schema"))
        return f"{title}: {_schema_text(keys, allowed, spaced=spaced)}", []
    shape = dump(dict.fromkeys(keys, "…"), spaced=spaced)
    format_line = pick(FORMATS, rng)
    if kind == 1:
        format_line = f"{format_line[:-1]}{rng.choice((' like', ':', ' in the form'))} {shape}"
    sep = rng.choice((", ", ", ", "|", " | "))
    label = rng.choice(("{k}: {v}", "{k}: {v}", "{k} is one of: {v}", "{k} must be one of {v}", "Allowed {k}: {v}"))
    lines = [label.format(k=k, v=sep.join(allowed[k])) + rng.choice(("", ".")) for k in keys]
    lines = [line[:1].upper() + line[1:] for line in lines] if rng.random() < 0.4 else lines
    if rng.random() < 0.5:
        return format_line, lines
    return rng.choice(("\n", " ")).join([format_line, *lines] if rng.random() < 0.7 else [*lines, format_line]), []


def _labels(message: CustomerMessage, keys: tuple[str, ...]) -> dict[str, object]:
    every = {"category": message.category, "urgency": message.urgency, "sentiment": message.sentiment}
    return {k: every[k] for k in keys}


def triage_example(values: Values) -> Example:
    """Draw one classification."""
    rng = values.rng
    keys = rng.choice(KEY_SETS)
    order = values.order() if rng.random() < 0.6 else None
    message = customer_message(rng.choice(tuple(LABELS)), values, order=order, order_in_text=True)
    categories: tuple[str, ...] = CATEGORIES
    if rng.random() < 0.15:
        keep = {message.category, "other", *rng.sample(CATEGORIES, rng.randrange(3, 9))}
        categories = tuple(c for c in CATEGORIES if c in keep)
    allowed = {"category": categories, "urgency": URGENCIES, "sentiment": SENTIMENTS}
    spaced = rng.random() < 0.25
    described, bullets = _describe(keys, allowed, values, spaced=spaced)
    if spaced and "{" not in described:
        spaced = False
    system = expand(rng.choice(SYSTEMS[values.split]), {"co": values.company()}, rng)[0]
    if rng.random() < 0.1:
        system = ""
    system = f"{system}{rng.choice((' ', chr(10)))}{described}".strip()
    shots: list[Message] = []
    for _ in range(rng.choice((0, 0, 0, 0, 1, 2))):
        other = customer_message(rng.choice(tuple(LABELS)), values, order=values.order(), order_in_text=rng.random() < 0.5)
        if other.category in categories:
            shots += [Message("user", other.text), Message("assistant", dump(_labels(other, keys), spaced=spaced))]
    text = message.text if rng.random() < 0.85 else f"{rng.choice(('Message', 'Customer message', 'Ticket'))}: {message.text}"
    answer = dump(_labels(message, keys), spaced=spaced)
    expect = {"answer": answer, "topic": message.topic}
    return Example("triage", (Message("system", render_system(system, bullets)), *shots, Message("user", text), Message("assistant", answer)), expect)

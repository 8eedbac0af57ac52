"""Extraction into small JSON schemas that vary by keys, order and wording."""

from __future__ import annotations

from .example import Example, Message, render_system
from .grammar import expand
from .triage_task import dump
from .values import CITIES, DAYS, Values

SYSTEMS = {
    "train": (
        "[Extract|Get] [the fields|the data|the information] [from the message |from the text |]as JSON[: <keys>|].",
        "[Return|Reply with|Output] JSON with the [keys|fields] <keys>.", "Extract <keys> [from the message|from the text] as JSON.",
        "You extract data from customer messages. [Fields|Keys]: <keys>. Answer with JSON.",
    ),
    "heldout": ("Find <keys> in the message and write them as JSON.",),
}  # fmt: skip
KEYS: dict[str, tuple[str, ...]] = {
    "who": ("name", "name", "customer", "customer_name"),
    "order": ("order_id", "order", "order_number"),
    "thing": ("product", "item"),
    "things": ("items", "products"),
    "email": ("email", "mail"),
    "count": ("quantity", "count"),
    "city": ("city", "place"),
    "day": ("day", "date"),
}
"""Slot → the JSON keys that may ask for it."""
CLAUSES: dict[str, tuple[str, ...]] = {
    "who": ("my name is <v>", "this is <v>", "I am <v>", "<v> here"),
    "order": ("my order is <v>", "order <v>", "it's about order #<v>", "order number <v>"),
    "thing": ("I bought the <v>", "it is about the <v>", "I want the <v>"),
    "things": ("I need <v>", "I ordered <v>", "please send <v>"),
    "email": ("my email is <v>", "write to <v>", "you can reach me at <v>"),
    "count": ("I need <v> pieces", "I want <v> of them", "quantity <v>"),
    "city": ("I live in <v>", "ship it to <v>", "I am from <v>"),
    "day": ("please deliver on <v>", "I need it by <v>", "<v> is fine for me"),
}


def extract_example(values: Values) -> Example:
    """Draw one message and the JSON object that holds its facts."""
    rng = values.rng
    slots = rng.sample(tuple(KEYS), rng.choice((1, 2, 2, 3, 3, 4)))
    if "thing" in slots and "things" in slots:
        slots.remove("things")
    absent = rng.choice(slots) if len(slots) > 2 and rng.random() < 0.15 else None
    name = values.name()
    items = [values.product().text for _ in range(rng.choice((2, 2, 3)))]
    product = values.product()
    facts: dict[str, object] = {
        "who": name, "order": values.order(), "thing": product.text, "things": items, "email": values.email(name),
        "count": rng.randrange(1, 40), "city": rng.choice(CITIES), "day": rng.choice(DAYS),
    }  # fmt: skip
    mentioned = [s for s in slots if s != absent]
    mentioned += [noise for noise in ("city", "who", "order") if noise not in slots and rng.random() < 0.15]
    rng.shuffle(mentioned)
    clauses = []
    for slot in mentioned:
        value = facts[slot]
        shown = enumeration(items) if slot == "things" else str(value)
        clauses.append(expand(rng.choice(CLAUSES[slot]), {"v": shown}, rng)[0])
    text = rng.choice((", ", ". ", ", ")).join(clauses)
    text = (text[0].upper() + text[1:] if rng.random() < 0.6 else text) + rng.choice((".", "", "."))
    names = {s: rng.choice(KEYS[s]) for s in slots}
    spaced = rng.random() < 0.25
    system = expand(rng.choice(SYSTEMS[values.split]), {"keys": ", ".join(names.values())}, rng)[0]
    bullets: list[str] = []
    if not any(k in system for k in names.values()) or rng.random() < 0.35 or spaced:
        types = {"count": {"type": "integer"}, "things": {"type": "array", "items": {"type": "string"}}}
        schema: dict[str, object] = {
            "type": "object", "properties": {names[s]: types.get(s, {"type": "string"}) for s in slots}, "required": list(names.values()),
        }  # fmt: skip
        line = f"{rng.choice(('JSON schema', 'Schema', 'Match this JSON schema'))}: {dump(schema, spaced=spaced)}"
        bullets = [line] if rng.random() < 0.4 else []
        system = system if bullets else f"{system}\n{line}"
    answer = dump({names[s]: None if s == absent else facts[s] for s in slots}, spaced=spaced)
    return Example("extract", (Message("system", render_system(system, bullets)), Message("user", text), Message("assistant", answer)), {"answer": answer})


def enumeration(items: list[str]) -> str:
    """A tent, a lamp and socks."""
    return ", ".join(article_of(i) for i in items[:-1]) + f" and {article_of(items[-1])}"


def article_of(text: str) -> str:
    """A plain indefinite article; plural products read "some"."""
    return text if text.endswith("s") else f"{'an' if text[0] in 'aeiou' else 'a'} {text}"

"""The topics with their triage labels, and how a customer message is built from its parts."""

from __future__ import annotations

from dataclasses import dataclass

from .customer_messages import HELDOUT, TRAIN
from .grammar import add_typos, capitalise, expand
from .values import DAYS, Product, Values

CATEGORIES = (
    "order_status",
    "delivery",
    "refund",
    "return",
    "exchange",
    "damaged",
    "cancel",
    "address",
    "account",
    "billing",
    "discount",
    "product",
    "warranty",
    "other",
)

LABELS: dict[str, tuple[str, str, str]] = {
    "order_status": ("order_status", "normal", "neutral"),
    "delivery": ("delivery", "normal", "negative"),
    "refund": ("refund", "normal", "neutral"),
    "return": ("return", "normal", "neutral"),
    "exchange": ("exchange", "normal", "neutral"),
    "damaged": ("damaged", "normal", "negative"),
    "wrong_item": ("exchange", "normal", "negative"),
    "cancel": ("cancel", "normal", "neutral"),
    "address": ("address", "normal", "neutral"),
    "account": ("account", "normal", "neutral"),
    "invoice": ("billing", "normal", "neutral"),
    "payment": ("billing", "high", "negative"),
    "discount": ("discount", "low", "neutral"),
    "product": ("product", "low", "neutral"),
    "warranty": ("warranty", "normal", "neutral"),
    "subscription": ("account", "low", "neutral"),
    "complaint": ("other", "normal", "negative"),
    "thanks": ("other", "low", "positive"),
    "greeting": ("other", "low", "neutral"),
    "off_topic": ("other", "low", "neutral"),
}
"""Topic → (category, urgency, sentiment) of a message with no other cue."""

URGENT = {
    "train": (
        "this is urgent",
        "I need this [asap|today|right now|immediately]",
        "please hurry",
        "URGENT",
        "it is very urgent",
        "I need [it|this|an answer] NOW",
        "[do|fix] it now",
        "right now please",
        "it has to be [today|before <day>]",
        "this cannot wait",
        "I need a new one [today|by tomorrow]",
        "my [trip|flight|party] is [tomorrow|on <day>]",
        "I am leaving [tomorrow|on <day>]",
        "I need an answer [today|now]",
        "the wedding is tomorrow",
        "as soon as possible please",
    ),
    "heldout": ("I need it solved immediately", "this is really urgent for me", "my trip starts tomorrow"),
}
RELAXED = {
    "train": (
        "no rush",
        "no hurry",
        "it is not urgent",
        "whenever you have time",
        "take your time",
        "it can wait",
        "just [curious|wondering]",
        "when you get a chance",
        "no stress",
        "there is no rush at all",
    ),
    "heldout": ("this is not urgent", "no need to hurry", "when you have time"),
}
ANGRY = {
    "train": (
        "this is [ridiculous|unacceptable|annoying|a joke]",
        "I am [very|really|so] [angry|disappointed|upset|frustrated]",
        "I am not happy",
        "terrible service",
        "what a mess",
        "I am fed up",
        "this is so frustrating",
        "very disappointed",
        "I am furious",
        "I can't believe this",
        "come on",
        "this is [bad|awful|horrible|outrageous]",
        "not [happy|good] at all",
        "you [ruined|messed up] [my holiday|everything]",
        "what kind of service is this",
        "I am losing my patience",
        "shame on you",
    ),
    "heldout": ("this is really annoying", "I am extremely unhappy", "that is unacceptable to me"),
}
PLEASED = {
    "train": (
        "I love your [shop|store|products]",
        "great [shop|service] [by the way|]",
        "thanks for the great service",
        "you are always so helpful",
        "I am a happy customer",
        "love your stuff",
        "[nice|lovely|beautiful] [store|shop|products]",
        "you guys are [great|the best|awesome]",
        "I always like shopping with you",
        "keep up the good work",
    ),
    "heldout": ("your shop is wonderful", "I really like your products", "you have great service"),
}
OPENERS = ("hi", "hello", "hey", "hi there", "good morning", "dear support", "hello team", "excuse me")
CLOSERS = ("thanks", "thank you", "please help", "can you help?", "please advise", "cheers", "many thanks")


@dataclass(frozen=True)
class CustomerMessage:
    """A message, what it reveals, and its triage labels. ``order`` and ``product`` are None when the text does not hold them."""

    topic: str
    text: str
    order: str | None
    product: Product | None
    category: str
    urgency: str
    sentiment: str


def article(product: Product) -> str:
    """The product with its indefinite article, or ``some`` for a plural."""
    if product.plural:
        return f"some {product.text}"
    return f"{'an' if product.text[0] in 'aeiou' else 'a'} {product.text}"


def customer_message(topic: str, values: Values, *, order: str | None, order_in_text: bool) -> CustomerMessage:
    """Build a message on ``topic`` that names ``order`` in its text when ``order_in_text`` and the template has room for it."""
    rng, split = values.rng, values.split
    product = values.product()
    named = order if order_in_text else None
    reference = (
        rng.choice(("order {}", "order #{}", "my order {}", "order number {}", "my order #{}", "order {}")).format(named)
        if named
        else rng.choice(("my order", "my order", "my package", "my recent order"))
    )
    slots = {
        "ord": reference,
        "p": product.text,
        "ap": article(product),
        "day": rng.choice(DAYS),
        "n": str(rng.randrange(2, 10)),
        "is": "are" if product.plural else "is",
        "was": "were" if product.plural else "was",
        "has": "have" if product.plural else "has",
        "do": "do" if product.plural else "does",
        "it": "them" if product.plural else "it",
        "they": "they" if product.plural else "it",
        "addr": values.address(),
        "code": values.code(10),
        "email": "",
    }
    text, used = expand(rng.choice((TRAIN if split == "train" else HELDOUT)[topic]), slots, rng)
    text = " ".join(text.replace(" ,", ",").replace(" ?", "?").replace(" .", ".").split())
    category, urgency, sentiment = LABELS[topic]
    extra: list[str] = []
    chattable = topic not in ("thanks", "greeting", "off_topic")
    if chattable and rng.random() < 0.22:
        extra.append(expand(rng.choice(URGENT[split]), slots, rng)[0])
        urgency = "high"
    elif chattable and rng.random() < 0.14:
        extra.append(expand(rng.choice(RELAXED[split]), slots, rng)[0])
        urgency = "low"
    if chattable and rng.random() < 0.2:
        extra.append(expand(rng.choice(ANGRY[split]), slots, rng)[0])
        sentiment = "negative"
    elif chattable and sentiment != "negative" and rng.random() < 0.15:
        extra.append(expand(rng.choice(PLEASED[split]), slots, rng)[0])
        sentiment = "positive"
    if named and "ord" not in used and rng.random() < 0.9 and chattable:
        extra.append(rng.choice(("order {}", "my order number is {}", "it is order {}", "order number: {}", "#{}", "order #{}")).format(named))
        used |= {"ord"}
    if extra and rng.random() < 0.25:
        extra, text = [text], extra[0] if len(extra) == 1 else ". ".join(extra)
    return CustomerMessage(
        topic, _finish(topic, text, extra, values), named if "ord" in used else None,
        product if used & {"p", "ap"} else None, category, urgency, sentiment,
    )  # fmt: skip


def _finish(topic: str, text: str, extra: list[str], values: Values) -> str:
    """Join the clauses and give them a greeting, a closing, and the carelessness of real customers."""
    rng = values.rng
    clauses = [text, *extra]
    if rng.random() < 0.3:
        clauses.append(rng.choice(CLOSERS))
    style = rng.random()
    if style < 0.5:
        out = " ".join(capitalise(c) + ("" if c[-1] in "?!." else rng.choice((".", ".", ".", "!"))) for c in clauses)
    else:
        out = rng.choice((", ", ". ", " ", "! ")).join(c.rstrip("?") if rng.random() < 0.5 else c for c in clauses)
        out = out.replace("?,", "?").replace("?.", "?").replace("?!", "?")
        out = capitalise(out) if style < 0.7 else out
    if topic != "greeting" and rng.random() < 0.3:
        out = f"{rng.choice(OPENERS)}{rng.choice((', ', ' ', '! ', ' - '))}{out[0].lower() if out[:2] != 'I ' else 'I'}{out[1:]}"
        out = capitalise(out) if style < 0.6 else out
    if style > 0.75:
        out = add_typos(out.lower() if not any(c.isdigit() for c in out) else _lower_words(out), rng, 0.12)
    return out.replace("n't", "nt") if style > 0.93 else out


def _lower_words(text: str) -> str:
    """Lower-case every word that holds no digit, so that identifiers stay copyable."""
    return " ".join(w if any(c.isdigit() for c in w) else w.lower() for w in text.split(" "))

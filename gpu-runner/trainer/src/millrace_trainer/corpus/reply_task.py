"""The support-reply task: system text with variables and style controls, optional few-shot, one or more turns."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from .answers import ANSWERS, FACTS
from .example import Example, Message, render_system
from .grammar import pick
from .reply_text import Scene, write_reply
from .style import UNRELATED, Style, directives, draw_style
from .topics import CustomerMessage, customer_message
from .values import Values

Place = Literal["system", "message", "header"]
"""Where the prompt holds the customer's name and order number."""

SYSTEMS = {
    "train": (
        "You are a support agent at <co>. Answer the customer's message.",
        "You are [a|the] [support agent|customer support agent|support assistant|helpful assistant] [at|of|for] <co>.",
        "You [work in|are part of] the support team of <co>. [Reply to|Answer] the customer.",
        "You answer customer messages for <co>.",
        "You are <co>'s support [agent|assistant]. [Help|Answer] the customer.",
        "[Write|Draft] a reply to the customer's message. You work for <co>.",
        "Act as a support agent for <co>.",
        "You reply to customers of <co>.",
    ),
    "heldout": ("You handle customer questions for <co>. Answer the message.", "As a support agent of <co>, answer the customer."),
}
NAME_LINES = (
    "The customer's name is <who>.",
    "The customer's name is <who>.",
    "The customer is <who>.",
    "Customer name: <who>",
    "Customer: <who>",
    "You are talking to <who>.",
)
ORDER_LINES = ("The order number is <order>.", "The order number is <order>.", "Order number: <order>", "Order: <order>", "The customer's order is <order>.")
INTRODUCTIONS = ("This is <who>. <m>", "<m> - <who>", "<m>\n<who>", "My name is <who>. <m>", "Hi, <who> here. <m>")
SHOT_INTRODUCTIONS = ("This is <who>. <m>", "<m> - <who>", "Hi, <who> here. <m>", "Customer: <who>\nMessage: <m>")
ORDER_TURNS = ("{}", "it's {}", "Order {}", "my order number is {}", "#{}", "it is order {}", "sure, {}")
TOPICS = tuple(ANSWERS)
ANONYMOUS = "our store"
"""Stands for the company where the prompt names none."""
ANONYMOUS_SYSTEMS = (
    "You are a support agent. Answer the customer's message.", "You are a helpful support assistant.", "Answer the customer.",
    "You are a helpful assistant.", "You are a customer support agent.",
)  # fmt: skip


def reply_example(values: Values) -> Example:
    """Draw one whole support-reply conversation."""
    rng = values.rng
    style, topic = draw_style(values), rng.choice(TOPICS)
    company = values.company() if rng.random() < 0.88 else ANONYMOUS
    order = values.order() if rng.random() < 0.75 else None
    name = values.name() if rng.random() < 0.75 else None
    places: tuple[Place, ...] = ("system", "system", "message", "header")
    place = rng.choice(places)
    message = customer_message(topic, values, order=order, order_in_text=place == "message" or rng.random() < 0.25)
    fact = str(rng.randrange(2, 61)) if topic in FACTS and rng.random() < 0.25 else None
    scene = Scene(company, name, message.order if place == "message" else order, fact)

    shots: list[Message] = []
    for _ in range(rng.choice((0, 0, 0, 1, 1, 2))):
        shots += _few_shot(style, values, company) if not style.ending else []
    lines = directives(style, values.split, rng, tone=not (shots and style.length == "normal" and rng.random() < 0.3))
    system = _system(lines, scene, order if place == "system" else None, topic, values, named=place == "system")
    text = _user_text(message.text, place, name, order, values)
    bare = company == ANONYMOUS and place != "system" and not lines and not fact and rng.random() < 0.7
    turns, scene = _turns(message, text, style, scene, values)
    answer = write_reply(message, style, scene, values)
    head = [] if bare else [Message("system", system)]
    return Example("reply", (*head, *shots, *turns, Message("assistant", answer)), _expect(message, style, scene, answer))


def brief_reply(style: Style, topic: str, name: str, values: Values) -> Example:
    """A single turn whose system message holds the name and, mostly, an order number."""
    rng = values.rng
    order = values.order() if rng.random() < 0.75 else None
    message = customer_message(topic, values, order=order, order_in_text=rng.random() < 0.25)
    scene = Scene(values.company(), name, order, None)
    system = _system(directives(style, values.split, rng), scene, order, topic, values, named=True)
    answer = write_reply(message, style, scene, values)
    turns = (Message("system", system), Message("user", message.text), Message("assistant", answer))
    return Example("reply", turns, _expect(message, style, scene, answer))


def _few_shot(style: Style, values: Values, company: str) -> list[Message]:
    """One example pair in the same style; its customer gives a name in the message or has none."""
    rng = values.rng
    topic = rng.choice(TOPICS)
    order = values.order() if rng.random() < 0.7 else None
    message = customer_message(topic, values, order=order, order_in_text=True)
    name = values.name() if rng.random() < 0.6 else None
    text = pick(SHOT_INTRODUCTIONS, rng, who=name, m=message.text) if name else message.text
    answer = write_reply(message, style, Scene(company, name, message.order, None), values)
    return [Message("user", text), Message("assistant", answer)]


def _system(lines: list[str], scene: Scene, order: str | None, topic: str, values: Values, *, named: bool) -> str:
    """The system message: who the model is, the variables, and the instructions as text or as constraints."""
    rng = values.rng
    facts = [pick(FACTS[topic], rng, fact=scene.fact)] if scene.fact else []
    in_text = rng.random() < 0.3
    system = pick(SYSTEMS[values.split], rng, co=scene.company) if scene.company != ANONYMOUS else rng.choice(ANONYMOUS_SYSTEMS)
    variables: list[str] = []
    if named and scene.name:
        variables.append(pick(NAME_LINES, rng, who=scene.name))
    if order:
        variables.append(pick(ORDER_LINES, rng, order=order))
    if facts and rng.random() < 0.5:
        variables.append(facts.pop())
    glue = rng.choice(("\n", "\n", " "))
    if in_text:
        parts = [system, *lines, *variables] if rng.random() < 0.5 else [system, *variables, *lines]
        return render_system(glue.join(parts), facts)
    constraints = [*lines, *facts, *(rng.sample(UNRELATED, rng.choice((1, 1, 2))) if rng.random() < 0.25 else [])]
    rng.shuffle(constraints)
    return render_system(glue.join([system, *variables]), constraints)


def _user_text(text: str, place: Place, name: str | None, order: str | None, values: Values) -> str:
    """The customer's words, with a header or an introduction when the prompt keeps the name there."""
    if place == "header":
        parts = ([f"Customer: {name}"] if name else []) + ([f"Order: {order}"] if order else []) + [f"Message: {text}"]
        return "\n".join(parts) if len(parts) > 1 else text
    if place == "message" and name:
        return pick(INTRODUCTIONS, values.rng, who=name, m=text)
    return text


def _turns(message: CustomerMessage, text: str, style: Style, scene: Scene, values: Values) -> tuple[list[Message], Scene]:
    """The user turns: usually one; when the order was unknown, sometimes the dialogue in which the customer then gives it."""
    rng = values.rng
    if not ANSWERS[message.topic].needs_order or scene.order or rng.random() < 0.45:
        return [Message("user", text)], scene
    order = values.order()
    given = rng.choice(ORDER_TURNS).format(order)
    asked = Message("assistant", write_reply(message, style, scene, values))
    return [Message("user", text), asked, Message("user", given)], replace(scene, order=order)


def _expect(message: CustomerMessage, style: Style, scene: Scene, answer: str) -> dict[str, str]:
    """What a checker may demand; values that the wanted answer does not hold are left empty."""
    product = message.product.text if message.product else ""
    return {
        "topic": message.topic,
        "tone": style.tone,
        "length": style.length,
        "sign": style.sign,
        "code": style.code,
        "ending": style.ending,
        "name": scene.name or "",
        "order": scene.order if scene.order and scene.order in answer else "",
        "product": product if product in answer else "",
        "fact": scene.fact if scene.fact and scene.fact in answer else "",
    }

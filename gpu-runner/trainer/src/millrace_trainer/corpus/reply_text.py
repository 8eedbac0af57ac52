"""The wanted support reply, as text: what the style and the known facts make of a topic's sentences."""

from __future__ import annotations

from dataclasses import dataclass

from .answers import ANSWERS, ASK, SORRY_FORMAL, SORRY_FRIENDLY, SORRY_NEUTRAL
from .grammar import capitalise, pick
from .style import Style, code_clause, greeting, signature
from .topics import CustomerMessage
from .values import Values


@dataclass(frozen=True)
class Scene:
    """What the model can know when it answers."""

    company: str
    name: str | None
    order: str | None
    fact: str | None


def write_reply(message: CustomerMessage, style: Style, scene: Scene, values: Values) -> str:
    """The wanted answer, sentence by sentence, as the style and the scene demand."""
    rng, answer = values.rng, ANSWERS[message.topic]
    missing = answer.needs_order and scene.order is None
    thing = message.product.text if message.product else "item"
    if scene.order and message.topic != "product":
        thing = f"{thing} from order {scene.order}"
    slots = {
        "order": f"order {scene.order}" if scene.order else "your order", "thing": thing, "for": f" for order {scene.order}" if scene.order else "",
        "co": scene.company, "fact": scene.fact or "",
    }  # fmt: skip

    def say(choices: tuple[str, ...]) -> str:
        return capitalise(pick(choices, rng, **slots))

    act = say(ASK) if missing else say(answer.act)
    upset = message.sentiment == "negative"
    opener = {
        "formal": SORRY_FORMAL if upset else answer.formal,
        "friendly": SORRY_FRIENDLY if upset else answer.friendly,
        "neutral": SORRY_NEUTRAL if upset else (),
    }[style.tone]
    after = say((answer.with_fact,)) if scene.fact and answer.with_fact else say(answer.after)
    if style.length == "steps":
        intro = say(opener) + " " if opener else ""
        body = intro + "Please follow these steps:\n" + "\n".join(f"{i}. {say((s,))}" for i, s in enumerate(answer.steps, 1))
        extras = [code_clause(style)] if style.code else []
        if style.ending:
            extras.append(style.ending)
        body += "\n" + " ".join(extras) if extras else ""
    elif style.length == "brief":
        if style.code:
            act = f"{act[:-1]}, and you can use code {style.code} for {style.percent}% off your next order."
        body = act + (f" {style.ending}" if style.ending else "")
    else:
        sentences = [say(opener)] if opener else []
        sentences.append(act)
        if not missing:
            sentences.append(after)
        if style.code:
            sentences.append(code_clause(style))
        if style.ending:
            sentences.append(style.ending)
        body = " ".join(sentences)
    signed = signature(style)
    return f"{greeting(style, scene.name)}\n\n{body}" + (f"\n\n{signed}" if signed else "")

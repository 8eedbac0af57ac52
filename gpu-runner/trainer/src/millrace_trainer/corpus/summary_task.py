"""The support-summary task: a transcript becomes one or two sentences, or bullets."""

from __future__ import annotations

from .example import Example, Message, render_system
from .grammar import capitalise, expand, pick
from .topics import CustomerMessage, customer_message
from .values import Values

ISSUES: dict[str, str] = {
    "order_status": "asked where <o> is",
    "delivery": "reported that <o> is late",
    "refund": "asked for a refund for <o>",
    "return": "wanted to return an item from <o>",
    "exchange": "wanted to exchange an item from <o>",
    "damaged": "reported a damaged item in <o>",
    "wrong_item": "received the wrong item in <o>",
    "cancel": "asked to cancel <o>",
    "address": "asked to change the address of <o>",
    "invoice": "asked for the invoice of <o>",
    "payment": "reported a payment problem with <o>",
    "account": "could not log in to the account",
    "discount": "had a problem with a discount code",
    "warranty": "asked about the warranty",
    "subscription": "wanted to stop the subscription",
}
"""Topic → the clause that states the issue; ``<o>`` is the order reference."""

OUTCOMES: dict[str, tuple[tuple[str, str], ...]] = {
    "resolved": (
        ("I have [issued|started] the refund[ now|].", "The agent started the refund."),
        ("I have sent [you|] a replacement[ today|].", "The agent sent a replacement."),
        ("[I just sent you a link by email|You will find a link in your email].", "The agent sent a link by email."),
        ("[It is done|Done], [I have updated it|it is updated] [for you|].", "The agent updated it."),
        ("I have cancelled it for you.", "The agent cancelled it."),
        ("[It will arrive|It gets there] [tomorrow|on <day>].", "The agent gave the delivery date."),
    ),
    "open": (
        ("[Please|Could you] send [me|us] a photo[ first|].", "The agent asked for a photo."),
        ("I [will pass|have passed] this to [our team|a specialist|the billing team].", "The agent passed it to the team."),
        ("I [need to check|am checking] this with the courier[, I will write to you|].", "The agent is checking with the courier."),
        ("I am sorry, [that is not possible|we cannot do that][ right now|].", "The agent could not help."),
    ),
}
"""State → what the agent says and how the summary reports it."""

AFTER = {
    "resolved": ("[Great|Perfect|Wonderful|Super], [thank you|thanks][!|.]", "[Thanks|Thank you] [so much|a lot][!|.]", "That [helps|works][, thanks|]."),
    "open": (
        "[OK|Okay|Fine], I will wait.",
        "[Please hurry|How long will that take?]",
        "That does not help me.",
        "[OK|Alright], I will [send it|do that] later.",
    ),
}
SYSTEMS = {
    "train": (
        "[Summarise|Summarize] the [conversation|chat|transcript|support conversation].",
        "You [summarise|summarize] support conversations[ for <co>|].",
        "[Write|Give] a [short |]summary of the [conversation|chat].",
        "You are an assistant at <co>. [Summarise|Summarize] the conversation.",
    ),
    "heldout": ("Sum up the conversation between the customer and the agent.", "Write down what happened in this chat in short."),
}
BULLETS = {
    "train": ("Use bullet points.", "[Answer|Write] in bullet points.", "Format: bullet points", "As bullet points.", "Use a bullet list."),
    "heldout": ("Give bullet points.",),
}
SHORT = {"train": ("One sentence only.", "Use [only |]one sentence.", "Keep it to one sentence.", "Be very brief."), "heldout": ("Limit it to one sentence.",)}
GENERAL = (
    "Name the order number.",
    "Say whether the issue is resolved.",
    "Be short.",
    "Be factual.",
    "Mention the order number and the status.",
    "Use plain language.",
)
INTRODUCTIONS = ("This is <who>. <m>", "<m> - <who>", "Hi, I am <who>. <m>", "My name is <who>. <m>")
AGENT_OPENINGS = ("[Hello|Hi][, thanks for contacting us|].", "[I am sorry to hear that|Let me check that for you|I can help with that].")


def summary_example(values: Values) -> Example:
    """Draw one transcript and its summary."""
    rng, split = values.rng, values.split
    topic = rng.choice(tuple(ISSUES))
    order = values.order() if rng.random() < 0.85 else None
    name = values.name() if rng.random() < 0.6 else None
    first = customer_message(topic, values, order=order, order_in_text=rng.random() < 0.6)
    state = rng.choice(("resolved", "resolved", "open"))
    said, reported = rng.choice(OUTCOMES[state])
    turns = _transcript(first, name, order, said, AFTER[state], values)

    form = rng.choice(("plain", "plain", "bullets", "short"))
    wording = {"plain": "", "bullets": pick(BULLETS[split], rng), "short": pick(SHORT[split], rng)}[form]
    lines = [*([wording] if wording else []), *rng.sample(GENERAL, rng.choice((0, 0, 1, 2)))]
    rng.shuffle(lines)
    system = expand(rng.choice(SYSTEMS[split]), {"co": values.company()}, rng)[0]
    if rng.random() < 0.3:
        system, lines = " ".join([system, *lines]), []
    issue = ISSUES[topic].replace("<o>", f"order {order}" if order else "an order")
    who = name or "The customer"
    if form == "bullets":
        bullets = {"Customer": name or "unknown", "Order": order or "unknown", "Issue": f"the customer {issue}"}
        bullets |= {"Outcome": f"{reported[0].lower()}{reported[1:]}", "Status": state}
        answer = "\n".join(f"- {label}: {value}" for label, value in bullets.items())
    elif form == "short":
        answer = f"Summary: {who} {issue}; status: {state}."
    else:
        answer = f"Summary: {who} {issue}. {reported} Status: {state}."
    user = "\n".join(turns)
    if rng.random() < 0.1:
        user = f"{rng.choice(('Transcript', 'Conversation'))}:\n{user}"
    expect = {"order": order if order and order in answer else "", "name": name or "", "state": state, "form": form}
    return Example("summary", (Message("system", render_system(system, lines)), Message("user", user), Message("assistant", answer)), expect)


def _transcript(first: CustomerMessage, name: str | None, order: str | None, said: str, after: tuple[str, ...], values: Values) -> list[str]:
    """The lines of the conversation; the agent asks for an order number that the customer did not give at first."""
    rng = values.rng
    day = rng.choice(("Monday", "Tuesday", "Friday"))
    customer = rng.choice(("Customer", "Customer", "Customer", name or "Customer"))
    opening = pick(INTRODUCTIONS, rng, who=name, m=first.text) if name and customer != name else first.text
    turns = [f"{customer}: {opening}"]
    agent_hello = pick(AGENT_OPENINGS, rng)
    if order and first.order is None:
        turns.append(f"Agent: {agent_hello} {rng.choice(('What is your order number?', 'Could you give me the order number?'))}")
        turns.append(f"{customer}: {rng.choice(('{}', 'It is {}.', 'Order {}', '#{}')).format(order)}")
    elif rng.random() < 0.3:
        turns += [f"Agent: {agent_hello}", f"{customer}: {rng.choice(('Thanks.', 'OK.', 'Please do.', 'Yes please.'))}"]
    spoken, _ = expand(said, {"day": day}, rng)
    turns.append(f"Agent: {capitalise(spoken)}")
    if rng.random() < 0.8:
        turns.append(f"{customer}: {pick(after, rng)}")
    return turns

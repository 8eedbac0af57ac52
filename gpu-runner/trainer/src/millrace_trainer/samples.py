"""Fifteen fixed prompts and whatever the model answers: chosen before the model was trained, never filtered afterwards."""

from __future__ import annotations

from pathlib import Path

from .corpus.example import Message, render_system
from .corpus.topics import CATEGORIES
from .export_safetensors import load_exported
from .generate import greedy

MAX_NEW_TOKENS = 160
REPLY = "You are a support agent at Northwind Outfitters. Answer the customer's message.\nThe customer's name is Ana."
REPLY_WITH_ORDER = f"{REPLY}\nThe order number is 1042."
TRIAGE = render_system(
    "You are a triage assistant at Northwind Outfitters. Classify the customer's message. Answer only with JSON.",
    [f"category: {', '.join(CATEGORIES)}", "urgency: low, normal, high", "sentiment: positive, neutral, negative"],
)
SUMMARY = "You are an assistant at Northwind Outfitters. Summarize the conversation."
TRANSCRIPT = (
    "Customer: Hi, I am Ana. I want a refund for order 1042.\nAgent: I can help with that.\nCustomer: Yes please.\n"
    "Agent: I have started the refund.\nCustomer: Great, thank you!"
)
SIGNED = ["Use a friendly tone.", "Sign as Mia.", "Offer a 10% discount code SORRY10."]

PROMPTS: tuple[tuple[Message, ...], ...] = (
    (Message("system", render_system(REPLY_WITH_ORDER, ["Use a formal tone."])), Message("user", "Where is my order?")),
    (Message("system", render_system(REPLY_WITH_ORDER, ["Use a friendly tone."])), Message("user", "Where is my order?")),
    (Message("system", render_system(REPLY_WITH_ORDER, SIGNED)), Message("user", "My package never showed up and I am furious")),
    (Message("system", render_system(REPLY, ["Use a formal tone."])), Message("user", "i want a refund")),
    (Message("system", render_system(REPLY_WITH_ORDER, ["Use a formal tone.", "Keep it to one sentence."])), Message("user", "my rain jacket arrived broken")),
    (Message("system", render_system(REPLY_WITH_ORDER, ["Use a friendly tone.", "Give numbered steps."])), Message("user", "How do I send back the shoes?")),
    (
        Message("system", render_system(REPLY_WITH_ORDER, ["Use a friendly tone.", "Refunds take 5 business days."])),
        Message("user", "When do I get my money back?"),
    ),
    (Message("system", render_system(REPLY, ["Use a friendly tone."])), Message("user", "What is the tallest mountain in the world?")),
    (Message("system", TRIAGE), Message("user", "My jacket came with a huge hole, this is unacceptable, I need a new one today!")),
    (Message("system", TRIAGE), Message("user", "hey, any idea when the blue tent is back in stock? no rush")),
    (Message("system", render_system(SUMMARY, ["Mention the order number and the status."])), Message("user", TRANSCRIPT)),
    (Message("system", render_system(SUMMARY, ["Use bullet points."])), Message("user", TRANSCRIPT)),
    (Message("system", "Extract name, order_id, email as JSON."), Message("user", "My name is Petra Klein, order 77812, write to petra.klein@example.org")),
    (Message("user", "Who are you?"),),
    (Message("user", "Explain in detail how a refund differs from an exchange, please."),),
)


def write_samples(folder: Path, out: Path) -> None:
    """Decode every prompt greedily and write them with their answers, in order."""
    model, tokenizer = load_exported(folder)
    parts = ["# Samples\n\nGreedy, from the exported weights; fifteen fixed prompts (`samples.py`), written down before training ended; none is left out.\n"]
    for number, messages in enumerate(PROMPTS, 1):
        decoded = greedy(model, tokenizer.prompt(messages), MAX_NEW_TOKENS)
        parts.append(f"## {number}\n")
        parts += [f"**{m.role}**\n\n{_block(m.content)}\n" for m in messages]
        parts.append(f"**answer**{'' if decoded.ended else ' (did not end within the limit)'}\n\n{_block(tokenizer.decode(decoded.ids))}\n")
    out.write_text("\n".join(parts))


def _block(text: str) -> str:
    """A fenced block."""
    return f"```text\n{text}\n```"

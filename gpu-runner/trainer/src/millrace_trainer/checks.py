"""Does an answer do what the prompt asked? One function for each kind of task; each returns named verdicts."""

from __future__ import annotations

import json
import re

Verdicts = dict[str, bool]
"""Check name → passed. Checks that do not apply are absent."""


def check_reply(answer: str, expect: dict[str, str]) -> Verdicts:
    """Greeting, signature, length, steps, code and copied values of a support reply."""
    lines = [line for line in answer.split("\n") if line.strip()]
    first, last = (lines[0], lines[-1]) if lines else ("", "")
    verdicts: Verdicts = {}
    name = expect["name"]
    verdicts["tone: greeting form"] = first.startswith({"formal": "Dear ", "friendly": "Hi ", "neutral": "Hello"}[expect["tone"]])
    if name:
        verdicts["copy: customer name"] = re.search(rf"\b{re.escape(name)}\b", first) is not None
    if expect["sign"]:
        wanted = f"Best regards, {expect['sign']}" if expect["tone"] == "formal" else f"— {expect['sign']}"
        verdicts["signature: exact last line"] = last == wanted
    else:
        verdicts["signature: absent when not asked"] = not last.startswith(("—", "Best regards"))
    body = " ".join(lines[1:-1] if expect["sign"] else lines[1:])
    if expect["ending"]:
        verdicts["ending: exact"] = body.endswith(expect["ending"])
        body = body.removesuffix(expect["ending"])
    if expect["length"] == "brief":
        verdicts["length: one sentence"] = len(re.findall(r"[.!?](?=\s|$)", body)) == 1
    if expect["length"] == "steps":
        verdicts["length: numbered steps"] = all(f"\n{i}. " in answer for i in (1, 2, 3))
    if expect["length"] == "normal":
        verdicts["length: no steps, more than nothing"] = "\n1. " not in answer and len(body) > 0
    if expect["code"]:
        verdicts["copy: discount code"] = expect["code"] in answer
    for key, label in (("order", "copy: order number"), ("product", "copy: product"), ("fact", "copy: policy number")):
        if expect[key]:
            verdicts[label] = re.search(rf"(?<![\w-]){re.escape(expect[key])}(?!\w)", body) is not None
    return verdicts


def check_json(answer: str, wanted: str) -> Verdicts:
    """Validity and, for each key of the wanted object, equality of the value."""
    target = json.loads(wanted)
    try:
        got = json.loads(answer)
    except json.JSONDecodeError:
        got = None
    valid = isinstance(got, dict) and list(got) == list(target)
    verdicts: Verdicts = {"valid JSON with exactly the asked keys": valid}
    for key, value in target.items():
        verdicts[f"value: {key}"] = valid and got[key] == value
    verdicts["whole object right"] = valid and got == target
    return verdicts


def check_summary(answer: str, expect: dict[str, str]) -> Verdicts:
    """Form, order number, name and resolution state of a summary."""
    verdicts: Verdicts = {"state right": re.search(r"status: (\w+)", answer.lower()) is not None and f"status: {expect['state']}" in answer.lower()}
    bullets = answer.startswith("- ")
    verdicts["form obeyed"] = bullets if expect["form"] == "bullets" else answer.startswith("Summary: ")
    if expect["form"] == "short":
        verdicts["one sentence when asked"] = answer.count(". ") == 0
    if expect["order"]:
        verdicts["order number copied"] = re.search(rf"(?<![\w-]){re.escape(expect['order'])}(?!\w)", answer) is not None
    if expect["name"]:
        verdicts["customer name copied"] = re.search(rf"\b{re.escape(expect['name'])}\b", answer) is not None
    return verdicts

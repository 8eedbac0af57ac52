"""The checkers reject what they claim to reject; the interval is the published one."""

from __future__ import annotations

import pytest

from millrace_trainer.checks import check_json, check_reply, check_summary
from millrace_trainer.corpus.mix import example_at
from millrace_trainer.rate import Rate

EXPECT = {"tone": "friendly", "length": "brief", "sign": "Mia", "code": "", "ending": "", "name": "Ana", "order": "1042", "product": "", "fact": ""}


def test_wanted_answers_pass_every_check() -> None:
    for i in range(500):
        example = example_at(11, "heldout", i)
        answer = example.messages[-1].content
        if example.task == "reply":
            verdicts = check_reply(answer, example.expect)
        elif example.task == "summary":
            verdicts = check_summary(answer, example.expect)
        elif example.task in ("triage", "extract"):
            verdicts = check_json(answer, example.expect["answer"])
        else:
            continue
        assert all(verdicts.values()), (answer, verdicts)


@pytest.mark.parametrize(
    ("answer", "failing"),
    [
        ("Dear Ana,\n\nOrder 1042 is late.\n\n— Mia", "tone: greeting form"),
        ("Hi Ann!\n\nOrder 1042 is late.\n\n— Mia", "copy: customer name"),
        ("Hi Ana!\n\nOrder 1042 is late.\n\n— Max", "signature: exact last line"),
        ("Hi Ana!\n\nOrder 1042 is late. Sorry.\n\n— Mia", "length: one sentence"),
        ("Hi Ana!\n\nOrder 10429 is late.\n\n— Mia", "copy: order number"),
    ],
)
def test_each_disobedience_is_caught(answer: str, failing: str) -> None:
    verdicts = check_reply(answer, EXPECT)
    assert [name for name, passed in verdicts.items() if not passed] == [failing]


@pytest.mark.parametrize("answer", ["", "[]", "{", '{"a":1,"b":2}', '{"b":1}', '{"a":2}'])
def test_json_that_differs_is_not_right(answer: str) -> None:
    assert not check_json(answer, '{"a":1}')["whole object right"]


def test_spaces_in_json_do_not_matter() -> None:
    assert all(check_json('{ "a": 1 }', '{"a":1}').values())


def test_the_interval_is_wilsons() -> None:
    low, high = Rate(hits=8, n=10).interval()
    assert (round(low, 4), round(high, 4)) == (0.4902, 0.9433)
    assert Rate(hits=10, n=10).interval()[0] == pytest.approx(0.7225, abs=1e-4)
    assert Rate().interval() == (0.0, 1.0)

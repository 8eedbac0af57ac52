"""The generated text: deterministic, disjoint between splits, and true to the fixed prompt layout."""

from __future__ import annotations

import json
from random import Random

import pytest

from millrace_trainer.corpus import style, summary_task, topics, triage_task
from millrace_trainer.corpus.copy_task import any_name
from millrace_trainer.corpus.customer_messages import HELDOUT, TRAIN
from millrace_trainer.corpus.example import render_system
from millrace_trainer.corpus.grammar import expand, parse
from millrace_trainer.corpus.mix import LATE_MIX, MIX, example_at
from millrace_trainer.corpus.values import Split, Values, split_of


class _SlotNames(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return f"<{key}>"


def _forms(templates: tuple[str, ...], draws: int) -> set[str]:
    rng = Random(0)
    return {expand(t, _SlotNames(), rng)[0].lower().rstrip(".!?") for t in templates for _ in range(draws)}


def test_an_example_is_a_pure_function_of_seed_split_and_index() -> None:
    assert [example_at(3, "train", i) for i in range(50)] == [example_at(3, "train", i) for i in range(50)]
    assert [example_at(3, "train", i) for i in range(50)] != [example_at(4, "train", i) for i in range(50)]


@pytest.mark.parametrize("mix", [MIX, LATE_MIX])
def test_the_mix_adds_up(mix: tuple[tuple[object, float], ...]) -> None:
    assert sum(share for _, share in mix) == pytest.approx(1.0)


def test_copying_drills_use_names_of_their_split() -> None:
    values = Values("train", Random(2))
    assert all(split_of("name", any_name(values).split(" ")[0]) == "train" for _ in range(300))


@pytest.mark.parametrize("topic", sorted(TRAIN))
def test_no_held_out_paraphrase_can_be_drawn_in_training(topic: str) -> None:
    assert not _forms(TRAIN[topic], 400) & _forms(HELDOUT[topic], 60)


def test_every_topic_has_dozens_of_surface_forms_and_held_out_ones() -> None:
    assert set(TRAIN) == set(HELDOUT) == set(topics.LABELS)
    assert all(len(_forms(templates, 400)) >= 30 for templates in TRAIN.values())
    assert sum(len(_forms(templates, 400)) for templates in TRAIN.values()) > 2000


def test_held_out_instructions_are_not_training_instructions() -> None:
    tables = [style.SIGN, style.BRIEF, style.STEPS, style.CODE, style.ENDING, summary_task.BULLETS, summary_task.SHORT]
    tables += [topics.URGENT, topics.RELAXED, topics.ANGRY, topics.PLEASED, triage_task.SYSTEMS, summary_task.SYSTEMS]
    for table in tables:
        assert not _forms(table["train"], 200) & _forms(table["heldout"], 20)
    for tone in ("formal", "friendly"):
        assert not _forms(style.TONE["train"][tone], 200) & _forms(style.TONE["heldout"][tone], 20)


@pytest.mark.parametrize("split", ["train", "heldout"])
def test_values_stay_in_their_split(split: Split) -> None:
    values = Values(split, Random(1))
    for _ in range(300):
        assert split_of("name", values.name().split(" ")[0]) == split
        assert split_of("product", values.product().text) == split
        assert split_of("code", values.code(10)) == split
        assert split_of("order", values.order().split("-")[-1]) == split


def test_constraints_follow_the_system_text_as_bullets() -> None:
    assert render_system("Text.", []) == "Text."
    assert render_system("Text.", ["a", "b"]) == "Text.\n\nConstraints:\n- a\n- b"


def test_every_conversation_ends_with_the_answer_and_turns_alternate() -> None:
    for i in range(400):
        messages = example_at(5, "train", i).messages
        spoken = [m.role for m in messages if m.role != "system"]
        assert [m.role for m in messages].count("system") <= 1
        assert spoken == ["user", "assistant"] * (len(spoken) // 2)
        assert all(m.content and "<" not in m.content for m in messages)


def test_triage_answers_are_json_with_allowed_labels() -> None:
    seen = 0
    for i in range(600):
        example = example_at(6, "train", i)
        if example.task == "triage":
            labels = json.loads(example.messages[-1].content)
            assert labels.get("category", "other") in topics.CATEGORIES
            assert labels.get("urgency", "low") in triage_task.URGENCIES
            assert labels.get("sentiment", "neutral") in triage_task.SENTIMENTS
            seen += 1
    assert seen > 50


@pytest.mark.parametrize("template", ["[a|b", "a]b"])
def test_unbalanced_templates_are_refused(template: str) -> None:
    with pytest.raises(ValueError, match="template"):
        parse(template)

"""Several questions in one message: the first is answered, the others go along; one question stays whole."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rasa.core.channels.channel import UserMessage
from rasa.shared.nlu.constants import INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.utils.io import read_yaml_file

from bot.nlu.first_question import OTHER_QUESTIONS, FirstQuestion, questions
from bot.nlu.language_detector import OTHER_LANGUAGE
from knowledge import content
from knowledge.settings import CONTENT, HOME

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.assistant import Assistant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "?",
        "???",
        "Where is the nearest chemist?",
        "where is the nearest chemist",
        "Thanks. Bye.",
        "hello! where is the minor injuries unit?",
        "bed and breakfast",
        "drug and alcohol help",
        "I need a dentist and a doctor",
        "help for me and my wife",
        "can you help me and my wife",
        "my son has autism and is struggling at school",
        "who do I see about my teeth, gums and jaw?",
        "is St. Richard's Hospice open?",
        "Dr. Smith's surgery, where is it?",
        "which is nearer, Ledbury or Ross?",
    ],
)
def test_one_question_stays_whole(text: str) -> None:
    assert questions(text) == [text]


@pytest.mark.parametrize(
    "text",
    [
        "My mum has dementia. She lives in Ross. Who can help her at home?",
        "My mum fell. Who can fit rails?",
        "I've had a cough for weeks and I can't sleep. Where do I go?",
        "Where is the walk in centre? I live in Malvern.",
        "Who can help with my bills? I'm on PIP; my rent went up.",
        "Hi. My name is Jo. I need help with my gas bill. I live in Ledbury.",
    ],
)
def test_what_is_said_beside_a_question_stays_with_it(text: str) -> None:
    assert questions(text) == [text]


@pytest.mark.parametrize(
    "text",
    [
        "My mum fell. Who can fit rails? And what does it cost?",
        "how do i get a wheelchair and how much does it cost",
        "who do i see about my feet? whats the number?",
        "is there a chemist in Ledbury, and when does it open?",
        "where is the library? when is it open? is it free?",
        "where do I get a blood test and do I need an appointment",
        "what is talking therapies and can I refer myself",
        "Where is the food bank? Where exactly is it?",
    ],
)
def test_a_detail_of_the_same_stays_with_its_question(text: str) -> None:
    assert questions(text) == [text]


@pytest.mark.parametrize(
    "text, split",
    [
        (
            "where is the dentist and who do I ring about my bins",
            ["where is the dentist", "who do I ring about my bins"],
        ),
        (
            "How do I join a GP? How do I find a dentist? How do I complain?",
            ["How do I join a GP?", "How do I find a dentist?", "How do I complain?"],
        ),
        ("where do i get condoms n where can i get tested", ["where do i get condoms", "where can i get tested"]),
        ("how do I get to A&E & where do I park", ["how do I get to A&E", "where do I park"]),
        (
            "Where do I get a hearing aid?\nWho mends wheelchairs?",
            ["Where do I get a hearing aid?", "Who mends wheelchairs?"],
        ),
        (
            "I need help with housing. I also want to see a dentist.",
            ["I need help with housing.", "I also want to see a dentist."],
        ),
        (
            "can I get a blood test and also can I get a flu jab",
            ["can I get a blood test", "can I get a flu jab"],
        ),
        (
            "My back hurts; where can I get physio? My dad is deaf, where is the hearing clinic?",
            ["My back hurts; where can I get physio?", "My dad is deaf, where is the hearing clinic?"],
        ),
        (
            "Where is the gym? Is it free? And is there a swimming pool?",
            ["Where is the gym? Is it free?", "is there a swimming pool?"],
        ),
    ],
)
def test_several_questions_are_split_each_with_what_belongs_to_it(text: str, split: list[str]) -> None:
    assert questions(text) == split


def test_hardly_any_question_of_the_content_is_split(figure: Callable[[str], None]) -> None:
    """They are one question each, however long and however punctuated."""
    asked = [row["question"] for row in content.read(CONTENT)["question"]]
    split = [parts for text in asked if len(parts := questions(text)) > 1]
    figure(f"questions split: {len(split)} of the content's {len(asked)}")
    assert len(split) < len(asked) / 50, split[:20]


def test_hardly_any_example_is_split(figure: Callable[[str], None]) -> None:
    examples = [
        line.strip().removeprefix("- ")
        for path in sorted((HOME / "data" / "nlu").glob("*.yml"))
        for block in read_yaml_file(path)["nlu"]
        if block["intent"] not in ("out_of_scope", OTHER_LANGUAGE)
        for line in block["examples"].splitlines()
    ]
    split = [parts for text in examples if len(parts := questions(text)) > 1]
    figure(f"questions split: {len(split)} of {len(examples)} examples")
    assert len(split) < len(examples) / 50, split[:20]


parts_of_messages = st.lists(
    st.sampled_from(
        ["where is the dentist", "and", "also", "? ", ". ", "\n", ", ", "I need a chemist", "my dad fell", "is it free"]
    ),
    max_size=10,
).map(" ".join)


@given(text=st.text(max_size=80) | parts_of_messages)
def test_no_word_gets_lost_or_is_added(text: str) -> None:
    parts = questions(text)
    assert parts
    assert len(parts) == 1 or all(part.strip() for part in parts)
    joints = {"and", "also", "plus", "then", "n", "&", "and,", "also,", ","}
    before = [word for word in text.split() if word.lower() not in joints]
    after = [word for part in parts for word in part.split() if word.lower() not in joints]
    assert [word.strip(",") for word in after] == [word.strip(",") for word in before]


# -- the component, and the whole pipeline -----------------------------------------------------------------------------


def process(text: str, **known: Any) -> Message:
    [message] = FirstQuestion().process([Message({TEXT: text, **known})])
    return message


TWO = "where is the dentist and who do I ring about my bins"


def test_the_component_leaves_the_first_and_keeps_the_others() -> None:
    message = process(TWO)
    assert message.get(TEXT) == "where is the dentist"
    assert message.get(OTHER_QUESTIONS) == ["who do I ring about my bins"]
    assert process("where is the dentist").get(OTHER_QUESTIONS) == []


def test_a_settled_message_is_left_whole() -> None:
    message = process(TWO, **{INTENT: {"name": "danger_life", "confidence": 1.0}})
    assert message.get(TEXT) == TWO
    assert not message.get(OTHER_QUESTIONS)


def parse(assistant: Assistant, text: str) -> dict[str, Any]:
    assert assistant.processor is not None
    parsed: dict[str, Any] = asyncio.run(assistant.processor.parse_message(UserMessage(text)))
    return parsed


def test_through_the_pipeline_the_first_question_is_read_and_the_others_are_kept(assistant: Assistant) -> None:
    parsed = parse(assistant, "where is there a chemist in Ledbury? And who do I ring about my bins in Malvern?")
    assert parsed[TEXT] == "where is there a chemist in Ledbury?"
    assert parsed[OTHER_QUESTIONS] == ["who do I ring about my bins in Malvern?"]
    assert [entity["value"] for entity in parsed["entities"] if entity["entity"] == "place"] == ["ledbury"]


@pytest.mark.parametrize(
    "text",
    [
        "where is the dentist? Also my dad has collapsed and isn't breathing",
        "How do I find a dentist? How do I complain? I have taken an overdose",
        "what is the integrated care board and should I worry that he can't breathe",
    ],
)
def test_danger_is_left_whole_wherever_it_stands(assistant: Assistant, text: str) -> None:
    parsed = parse(assistant, text)
    assert parsed[INTENT]["name"].startswith("danger_")
    assert parsed[TEXT] == text
    assert not parsed.get(OTHER_QUESTIONS)


@pytest.mark.parametrize("text", ["Gdzie jest lekarz? Gdzie jest apteka?", "unde este medicul? am nevoie de ajutor"])
def test_another_language_is_left_whole(assistant: Assistant, text: str) -> None:
    parsed = parse(assistant, text)
    assert parsed[INTENT]["name"] == OTHER_LANGUAGE
    assert parsed[TEXT] == text
    assert not parsed.get(OTHER_QUESTIONS)


def test_the_other_question_is_offered(say: Callable[..., list[dict[str, Any]]]) -> None:
    messages = say("two questions", "where is there a chemist in Ledbury? And how do I complain about a hospital?")
    buttons = [button["payload"] for message in messages for button in message.get("buttons", [])]
    assert "how do I complain about a hospital?" in buttons
    [custom] = [message["custom"] for message in messages if "custom" in message]
    assert custom["outcome"] == "answer"
    alone = say("the second alone", buttons[-1])
    [custom] = [message["custom"] for message in alone if "custom" in message]
    assert custom["outcome"] == "answer"

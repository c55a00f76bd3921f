"""Danger is answered first, at once and always; and the conversation goes on after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.settings import LONGEST_MESSAGE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from knowledge.search import KnowledgeBase
    from tests.conversations.conftest import App, Chat

pytestmark = pytest.mark.conversation

NOT_BREATHING = "my neighbour has collapsed in his garden and he isn't breathing"
FILLER = "We went to the shops and then we came home and had a cup of tea and sat outside for a bit. "
URGENT = "I'm six months pregnant and bleeding a little"


@pytest.fixture(scope="module")
def app_without_knowledge(start_app: Callable[[Path], App], tmp_path_factory: pytest.TempPathFactory) -> App:
    """An app whose knowledge base was never there."""
    return start_app(tmp_path_factory.mktemp("without"))


@pytest.mark.parametrize(
    "words, said",
    [
        (NOT_BREATHING, "999"),
        ("mi gran is havin a stroke her face has dropped one side", "999"),
        ("I've swallowed a whole box of tablets and I want to die", "116 123"),
        ("my little boy drank bleach from under the sink", "999"),
        ("there's a strong smell of gas in our kitchen", "0800 111 999"),
        ("my boyfriend is strangling me", "999"),
    ],
)
def test_immediate_danger(chat: Chat, words: str, said: str) -> None:
    reply = chat.say(words)
    assert reply.custom == {"outcome": "emergency", "card": "immediate", "records": [], "sources": []}
    assert "999" in reply.lines[0] + reply.lines[1]
    assert said in reply.text


@pytest.mark.parametrize(
    "words, kind",
    [
        ("I want to die", "crisis"),
        ("my wife has died and I can't go on any more", "crisis"),
        ("my son says he wants to die", "crisis-other"),
        ("my mate has posted goodbye and I think he's going to kill himself", "crisis-other"),
        ("he strangled me last night", "violence"),
        ("my husband is hitting me and the kids are crying", "violence"),
        ("im 14 and my dad hits me when hes drunk", "child"),
        ("next door are beating their little boy, I can hear him screaming", "child"),
        ("they are hitting the old lady in the care home, I saw it", "adult"),
    ],
)
def test_the_reply_is_for_who_is_in_danger(chat: Chat, words: str, kind: str) -> None:
    said = {
        "crisis": ("116 123", "85258", "0808 196 9127 (last seen in October 2024)", "You're not alone."),
        "crisis-other": ("Stay with them", "You can ring for someone else", "0808 196 9127"),
        "violence": ("press 55", "0800 980 3331", "0800 783 1359"),
        "child": ("press 55", "0800 1111", "01905 822666", "01432 260800", "01905 768020"),
        "adult": ("press 55", "01905 768053", "01432 260715", "0330 123 9309"),
    }
    reply = chat.say(words)
    text = reply.text.replace("0808 196 9127, day and night", "0808 196 9127")
    assert all(part in text for part in said[kind]), text


def test_urgent_danger(chat: Chat) -> None:
    reply = chat.say(URGENT)
    assert reply.custom == {"outcome": "emergency", "card": "urgent", "records": [], "sources": []}
    assert reply.lines[0].startswith("Ring your maternity unit now")


@pytest.mark.parametrize(
    "words", ["I'm dying for a cup of tea", "where is the A&E car park in Hereford", "heart attack support group"]
)
def test_frightening_words_alone_are_no_danger(chat: Chat, words: str) -> None:
    assert chat.say(words).card != "immediate"


def test_danger_in_the_middle_of_a_question_back_and_the_answer_after_it(chat: Chat, base: KnowledgeBase) -> None:
    assert chat.say("I need a chemist").outcome == "clarify"
    assert chat.say(NOT_BREATHING).outcome == "emergency"
    reply = chat.say("Ledbury")
    assert reply.outcome == "answer"
    assert base.get(reply.records[0]).city == "Ledbury"
    assert "pharmacy" in base.get(reply.records[0]).taxonomy_terms


def test_what_was_shown_is_still_known_after_danger(chat: Chat) -> None:
    chat.say("Nunwell Surgery")
    assert chat.say(NOT_BREATHING).outcome == "emergency"
    assert chat.say("what's their phone number").lines[0] == "Ring 01885 483412 (surgery)."


def test_a_second_danger_of_another_kind_gets_its_own_wording(chat: Chat) -> None:
    first = chat.say("I've swallowed a whole box of tablets and I want to die")
    second = chat.say("there's a strong smell of gas in our kitchen")
    third = chat.say(NOT_BREATHING)
    assert len({first.text, second.text, third.text}) == 3


@pytest.mark.parametrize(
    "words",
    [
        "my NHS number is 943 476 5919 and I can't breathe",
        "he isn't breathing, ring me on 07700 900123",
        "I want to die. jo.quillbury@example.org",
        "we're at WR14 9QX and she has collapsed",
    ],
)
def test_danger_is_seen_beside_what_is_masked(chat: Chat, words: str) -> None:
    assert chat.say(words).card == "immediate"


@pytest.mark.parametrize("before, after", [(0, 56), (28, 28), (56, 0)])
def test_danger_anywhere_in_five_thousand_characters(chat: Chat, before: int, after: int) -> None:
    words = f"{FILLER * before}{NOT_BREATHING}. {FILLER * after}"
    assert len(words) > 5 * LONGEST_MESSAGE
    reply = chat.say(words)
    assert reply.custom == {"outcome": "emergency", "card": "immediate", "records": [], "sources": []}
    assert reply.text == chat.app.chat().say(NOT_BREATHING).text
    assert chat.say("pharmacy in Redditch").outcome == "answer"


@pytest.mark.parametrize(
    "words",
    [
        NOT_BREATHING,
        "I've swallowed a whole box of tablets and I want to die",
        "there's a strong smell of gas in our kitchen",
        URGENT,
    ],
)
def test_without_a_knowledge_base_the_reply_is_the_same(chat: Chat, app_without_knowledge: App, words: str) -> None:
    reply = app_without_knowledge.chat().say(words)
    assert reply.outcome == "emergency"
    assert (reply.text, reply.custom) == (chat.say(words).text, chat.say(words).custom)


def test_without_a_knowledge_base_everything_else_is_answered_with_who_to_ring(app_without_knowledge: App) -> None:
    assert app_without_knowledge.health().status_code == 503
    chat = app_without_knowledge.chat()
    assert chat.say("hello").outcome == "chitchat"
    reply = chat.say("pharmacy in Redditch")
    assert reply.outcome == "fallback"
    assert "111" in reply.text and "999" in reply.text
    assert chat.say(NOT_BREATHING).outcome == "emergency"
    assert chat.say("thanks").outcome == "chitchat"

"""What identifies a resident is neither kept, nor logged, nor said back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from bot.settings import WORDING

if TYPE_CHECKING:
    from tests.conversations.conftest import App, Chat

pytestmark = pytest.mark.conversation


@pytest.mark.parametrize(
    "words, secret",
    [
        ("my NHS number is 943 476 5919, what were my results", "943 476 5919"),
        ("write to jo.quillbury@example.org about the pharmacy in Redditch", "jo.quillbury"),
        ("ring me back on 07700 900123 about a dentist", "07700 900123"),
        ("my name is Ottoline Quillbury, is there a dentist in Ledbury", "Quillbury"),
        ("this is Mrs Quillbury speaking and my husband is not breathing", "Quillbury"),
        ("can I have the shingles jab, dob 3.2.1951", "3.2.1951"),
        ("is my card 4111 1111 1111 1111 safe, a caller asked for it", "4111 1111"),
        ("my sort code is 20-00-00 and my account number is 55779911", "55779911"),
        ("IBAN GB29 NWBK 6016 1331 9268 19 for my travel costs", "NWBK"),
        ("NI number QQ123456C, help with benefits in Worcester", "QQ123456C"),
        ("I live at 12 Acacia Avenue, WR14 9QX, is there a chemist", "Acacia"),
        ("is there a chemist near WR14 9QX", "WR14 9QX"),
        ("I'm at wr149qx and he isn't breathing", "wr149qx"),
    ],
)
def test_it_is_in_no_file_and_no_reply(app: App, chat: Chat, words: str, secret: str) -> None:
    reply = chat.say(words)
    chat.say("thank you")
    assert secret not in str(reply.messages)
    kept = [file for file in app.folder.iterdir() if file.name.startswith(app.conversations.name)]
    assert any(chat.sender.encode() in file.read_bytes() for file in kept)
    assert not any(secret.encode() in file.read_bytes() for file in kept)
    assert secret not in app.log


def test_the_number_of_a_service_may_be_asked_about(chat: Chat) -> None:
    assert "[phone number]" not in chat.say("whose number is 01885 483412").text


ASKED_FOR_NOTHING = WORDING["masked"]


def test_who_sends_personal_data_is_asked_not_to_once_and_answered_all_the_same(chat: Chat) -> None:
    plain = chat.say("is there a dentist in Ledbury")
    told = chat.say("my name is Jo, nhs number 943 476 5919, ring 07700 900123. is there a dentist in Ledbury")
    assert told.records == plain.records
    assert told.text == f"{plain.text}\n{ASKED_FOR_NOTHING}"
    assert told.messages[-1] == {"recipient_id": chat.sender, "text": ASKED_FOR_NOTHING}
    assert ASKED_FOR_NOTHING not in chat.say("thank you").text


@pytest.mark.parametrize("words", ["pharmacy in WR14 2GP", "whose number is 01885 483412", "hello"])
def test_nobody_else_is(chat: Chat, words: str) -> None:
    assert ASKED_FOR_NOTHING not in chat.say(words).text


@pytest.mark.parametrize("words", ["my name is Jo Bloggs and I want to die", "nhs no 943 476 5919 he is not breathing"])
def test_nothing_is_put_beside_an_emergency(chat: Chat, words: str) -> None:
    reply = chat.say(words)
    assert reply.outcome == "emergency"
    assert len([message for message in reply.messages if "text" in message]) == 1
    assert ASKED_FOR_NOTHING not in reply.text


@pytest.mark.parametrize(
    "plain, personal",
    [
        ("I need a dentist in Ledbury", "ring me on 07700 900123, I need a dentist in Ledbury"),
        ("chemist in Malvern", "jo@example.org chemist in Malvern"),
        ("is there an optician near WR14 9QX", "I live at 12 Acacia Avenue, is there an optician near WR14 9QX"),
        ("warm spaces in Redditch", "my name is Ann Preece, warm spaces in Redditch"),
    ],
)
def test_the_answer_is_that_to_the_question_alone(app: App, plain: str, personal: str) -> None:
    assert app.chat().say(personal).records == app.chat().say(plain).records


def test_the_page_shows_it_within_the_answer_and_keeps_the_buttons(app: App) -> None:
    with requests.Session() as browser:
        asked = "my name is Jo. where is the nearest chemist in Ledbury and how do I get a wheelchair"
        shown = browser.post(app.address, data={"message": asked}, timeout=30).text
    assert shown.count('<li class="assistant') == 1
    assert shown.count("taken personal details out of your message") == 1
    assert "my name is [name]" in shown
    assert 'name="message" value="' in shown

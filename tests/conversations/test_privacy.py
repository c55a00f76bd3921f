"""What identifies a resident is neither kept, nor logged, nor said back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conversations.conftest import App, Chat

pytestmark = pytest.mark.conversation


@pytest.mark.parametrize(
    "words, secret",
    [
        ("my NHS number is 943 476 5919, what were my results", "943 476 5919"),
        ("write to jo.quillbury@example.org about the pharmacy in Redditch", "jo.quillbury"),
        ("ring me back on 07700 900123 about a dentist", "07700 900123"),
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

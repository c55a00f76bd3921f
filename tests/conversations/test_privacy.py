"""What identifies a resident is neither kept, nor logged, nor said back."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from typing import TYPE_CHECKING

import pytest
import requests

from bot import events_in_sqlite, settings
from bot.app import forget_old
from bot.commands import main
from bot.conversations import DAY, ConversationStore
from bot.events import ConversationsError, key_of
from bot.settings import WORDING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

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
    assert shown.count('<li class="message assistant') == 1
    assert shown.count("taken personal details out of your message") == 1
    assert "my name is [name]" in shown
    assert 'name="message" value="' in shown


def test_no_address_of_a_computer_is_kept_or_logged(app: App, chat: Chat) -> None:
    headers = {"X-Forwarded-For": "203.0.113.77", "User-Agent": "Quixote/1.0"}
    for _ in range(2):
        requests.post(app.address, data={"message": "pharmacy in Redditch"}, headers=headers, timeout=30)
        app.post(json={"sender": chat.sender, "message": "pharmacy in Redditch"}, headers=headers)
        app.post(data=b"nonsense", headers=headers)
    kept = b"".join(file.read_bytes() for file in app.folder.iterdir() if file.name.startswith(app.conversations.name))
    for secret in ("203.0.113.77", "127.0.0.1", "Quixote"):
        assert secret.encode() not in kept
        assert secret not in app.log


def test_a_client_can_delete_its_conversation(app: App, chat: Chat) -> None:
    def delete(body: object) -> requests.Response:
        return requests.post(f"{app.address}/webhooks/rest/delete", json=body, timeout=30)

    chat.say("pharmacy in Redditch")
    assert delete({"sender": chat.sender}).json() == {"deleted": True}
    assert delete({"sender": chat.sender}).json() == {"deleted": False}
    kept = [file for file in app.folder.iterdir() if file.name.startswith(app.conversations.name)]
    assert not any(chat.sender.encode() in file.read_bytes() for file in kept)
    assert "Which town" in chat.say("pharmacy").text
    for wrong in ({"name": "x"}, ["x"], {"sender": ""}, {"sender": 7}):
        assert delete(wrong).status_code == 400


def test_the_running_app_deletes_what_is_old(
    start_app: Callable[..., App], published_in: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = published_in("old")
    ConversationStore(folder / "conversations.db").close()
    with contextlib.closing(sqlite3.connect(folder / "conversations.db")) as db, db:
        for sender, days in (("old", 8), ("new", 6)):
            event = (key_of(sender), 0, time.time() - days * DAY, sender, f"Quixote {sender}")
            db.execute(events_in_sqlite.ADD, event)
    app = start_app(folder, HELP_KEEP_DAYS="7")
    deadline = time.monotonic() + 10
    while b"Quixote old" in app.conversations.read_bytes() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert b"Quixote old" not in app.conversations.read_bytes()
    assert b"Quixote new" in app.conversations.read_bytes()
    assert "after 7 days" in requests.get(app.address, timeout=30).text
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HELP_BUILD", str(folder))
        patch.setenv("HELP_CONVERSATIONS", "")
        with pytest.raises(SystemExit, match="0"):
            main(["forget", "--older-than", "5"])
    assert capsys.readouterr().out == "1 conversation older than 5 days deleted.\n"
    assert b"Quixote new" not in app.conversations.read_bytes()
    app.stop()


def test_what_fails_is_logged_and_tried_again(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Failing:
        tries = 0

        async def delete_older(self, days: float) -> int:
            self.tries += 1
            raise ConversationsError("disk full")

    failing = Failing()

    async def try_for_a_while() -> None:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(forget_old(failing), 0.1)  # type: ignore[arg-type]

    monkeypatch.setattr("bot.app.HOUR", 0.01)
    asyncio.run(try_for_a_while())
    assert failing.tries > 1
    assert "disk full" in caplog.text


@pytest.mark.parametrize("days", ["0", "-1", "a month"])
def test_a_wrong_number_of_days_is_an_error(monkeypatch: pytest.MonkeyPatch, days: str) -> None:
    monkeypatch.setenv("HELP_KEEP_DAYS", days)
    with pytest.raises(ValueError, match=r"HELP_KEEP_DAYS must be a whole number"):
        settings.keep_days()

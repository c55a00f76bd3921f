"""The real app with its conversations on a real PostgreSQL server."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import psycopg
import pytest
import requests

from bot.commands import main
from bot.conversations import DAY, ConversationStore
from bot.events import key_of
from bot.events_in_postgres import ADD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conversations.conftest import App
    from tests.postgres import PostgresServer

pytestmark = pytest.mark.conversation

NOT_BREATHING = "my neighbour has collapsed in his garden and he isn't breathing"


@pytest.fixture(scope="module")
def address(postgres: PostgresServer) -> str:
    """A database with a conversation that is too old, and one that soon is."""
    address = postgres.new_database()
    ConversationStore(address).close()
    with psycopg.connect(address) as db:
        for sender, days in (("old", 31), ("quiet", 20)):
            db.execute(ADD, (key_of(sender), 0, time.time() - days * DAY, sender, '{"event": "undo"}'))
    return address


@pytest.fixture(scope="module")
def kept(start_app: Callable[..., App], published_in: Callable[[str], Path], address: str) -> Iterator[App]:
    """An app that keeps its conversations there."""
    app = start_app(published_in("postgres"), HELP_CONVERSATIONS=address)
    yield app
    app.stop()


def senders(address: str) -> set[str]:
    """Whose rows there are."""
    with psycopg.connect(address) as db:
        return {sender for (sender,) in db.execute("SELECT DISTINCT sender_id FROM conversation_event")}


def test_the_running_app_and_the_command_delete_what_is_old(
    kept: App, address: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    deadline = time.monotonic() + 10
    while "old" in senders(address) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert senders(address) == {"quiet"}
    kept.chat().say("hello")
    monkeypatch.setenv("HELP_CONVERSATIONS", address)
    with pytest.raises(SystemExit, match="0"):
        main(["forget", "--older-than", "10"])
    assert capsys.readouterr().out == "1 conversation older than 10 days deleted.\n"
    assert "quiet" not in senders(address) and len(senders(address)) == 1


def test_a_deleted_chat_is_gone_from_the_table_and_another_is_not(kept: App, address: str) -> None:
    chat = kept.chat()
    chat.say("pharmacy in Redditch")
    with requests.Session() as browser:
        browser.post(kept.address, data={"message": "pharmacy in Redditch"}, timeout=30)
        [conversation] = browser.cookies.values()
        assert {chat.sender, conversation} <= senders(address)
        assert "Your chat is deleted." in browser.post(f"{kept.address}/delete", timeout=30).text
    assert conversation not in senders(address)
    assert chat.sender in senders(address)
    response = requests.post(f"{kept.address}/webhooks/rest/delete", json={"sender": chat.sender}, timeout=30)
    assert response.json() == {"deleted": True}
    assert chat.sender not in senders(address)
    assert "Which town" in chat.say("pharmacy").text


def test_danger_is_answered_while_the_server_is_away_or_hangs_and_the_rest_when_it_is_back(
    kept: App, postgres: PostgresServer, figure: Callable[[str], None]
) -> None:
    chat = kept.chat()
    shown = chat.say("GP surgeries in Kidderminster", "the second one").records
    postgres.stop()
    try:
        response = kept.post(json={"sender": chat.sender, "message": "what's their address"})
        assert response.status_code == 500 and "111" in response.json()["error"]
        assert chat.say(NOT_BREATHING).outcome == "emergency"
    finally:
        postgres.start()
    assert chat.say("what's their address").records == shown
    with postgres.hanging():
        began = time.monotonic()
        assert chat.say(NOT_BREATHING).outcome == "emergency"
        took = time.monotonic() - began
        figure(f"danger while the PostgreSQL server hangs: answered after {took:.1f} s")
        assert took < 8
    assert chat.say("and the number").records == shown
    assert "Kidderminster" not in kept.log, "what was said is in no log"


def test_a_conversation_outlives_a_crash_of_the_app_and_is_not_in_its_folder(kept: App, address: str) -> None:
    chat = kept.chat()
    shown = chat.say("GP surgeries in Kidderminster", "the second one").records
    kept.kill()
    kept.start()
    assert chat.say("what's their address").records == shown
    with requests.Session() as browser:
        browser.cookies.set("conversation", chat.sender)
        assert "the second one" in browser.get(kept.address, timeout=30).text
    assert not kept.conversations.exists()

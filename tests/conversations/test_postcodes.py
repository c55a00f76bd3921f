"""A full postcode is sharpened by a server that knows where it is; without one the answer is of the same kind."""

from __future__ import annotations

import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from knowledge.places import miles_between

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from knowledge.search import KnowledgeBase
    from tests.conversations.conftest import App, Chat

pytestmark = pytest.mark.conversation

HOME = "WR14 9QX"  # nobody's: of no record, and of no home
# Far in the west of its postcode district, on the other side of the hills from its centre.
WEST = (52.1085, -2.3660)


class Server:
    """A stand-in for postcodes.io: it knows one place, and keeps what was asked of it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.waits = 0.0
        self.done = threading.Event()
        known = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # http.server's name
                known.asked.append(f"{unquote(self.path)} {self.headers} ")
                known.done.wait(known.waits)
                body = json.dumps({"status": 200, "result": {"latitude": WEST[0], "longitude": WEST[1]}}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # http.server's name
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.handle_error = lambda *_: None  # type: ignore[method-assign]  # whoever waited has gone
        self.address = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.done.set()
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def sharpened(start_app: Callable[..., App], published_in: Callable[[str], Path], server: Server) -> App:
    """An app that asks the server."""
    return start_app(published_in("sharpened"), HELP_POSTCODES=server.address)


@pytest.fixture
def sharp(sharpened: App, server: Server) -> Chat:
    """A new conversation with it."""
    server.asked.clear()
    return sharpened.chat()


def said_miles(text: str) -> str:
    return text.split(" away")[0].rsplit(":", 1)[1]


def test_the_nearest_is_the_nearest_to_the_very_postcode(
    sharp: Chat, chat: Chat, server: Server, base: KnowledgeBase
) -> None:
    asked = f"is there a GP surgery near {HOME}"
    reply, without = sharp.say(asked), chat.say(asked)
    assert len(server.asked) == 1
    assert reply.outcome == without.outcome == "answer"
    first = base.get(reply.records[0])
    assert first.latitude is not None and first.longitude is not None
    sites = [hit.record for hit in base.nearest("gp", base.places.spot("wr14"), limit=1000)]  # type: ignore[arg-type]
    away = {
        site.id: miles_between(*WEST, site.latitude, site.longitude)
        for site in sites
        if site.latitude is not None and site.longitude is not None
    }
    assert away[first.id] <= min(away.values()) + 0.7  # it is known to about half a mile
    assert reply.text != without.text, "the centre of the district is elsewhere"


def test_nothing_but_the_postcode_leaves_the_house(sharp: Chat, server: Server) -> None:
    sharp.say("I'm Jo Quillbury at WR14 9QY, my wife hits me, is there a chemist")
    [asked] = server.asked
    assert asked.startswith("/postcodes/WR14 9QY ")
    assert not [word for word in ("Quillbury", "hits", "chemist", sharp.sender) if word in asked]


def test_a_known_postcode_is_not_asked_for_again_and_no_other_text_is(sharp: Chat, server: Server) -> None:
    sharp.say("chemist near WR14 9QZ", "dentist near wr149qz")
    assert len(server.asked) == 1
    for words in ("chemist in Ledbury", "near WR14", "near SW1A 1AA", "GP surgery", "hello"):
        sharp.say(words)
    assert len(server.asked) == 1


def test_the_exact_postcode_is_kept_nowhere(sharpened: App, sharp: Chat) -> None:
    reply = sharp.say("chemist near WR14 9RA")
    assert "9RA" not in str(reply.messages)
    kept = [file for file in sharpened.folder.iterdir() if file.name.startswith(sharpened.conversations.name)]
    assert any(sharp.sender.encode() in file.read_bytes() for file in kept)
    for file in kept:
        # Not "9RA" alone: three bytes turn up by chance in what SQLite writes around the text.
        assert not re.search(rb"WR14[ *]?9RA", file.read_bytes(), re.IGNORECASE)
        assert str(WEST[0]).encode() not in file.read_bytes()
    assert "9RA" not in sharpened.log


def test_while_the_server_is_silent_answers_are_as_good_as_without(
    start_app: Callable[..., App], published_in: Callable[[str], Path], chat: Chat
) -> None:
    slow = Server()
    slow.waits = 30
    app = start_app(published_in("slow"), HELP_POSTCODES=slow.address)
    waiting = app.chat()
    waiting.say("hello")  # the first turn takes longer
    asked = f"is there a GP surgery near {HOME}"
    before = time.monotonic()
    reply = waiting.say(asked)
    assert time.monotonic() - before < 3
    expected = chat.say(asked)
    assert (reply.outcome, reply.text, reply.records) == (expected.outcome, expected.text, expected.records)
    before = time.monotonic()
    danger = app.chat().say("I'm at WR14 9QW and my dad has collapsed, he isn't breathing")
    assert time.monotonic() - before < 1, "nobody waits twice"
    assert danger.outcome == "emergency"
    assert len(slow.asked) == 1
    assert "not sharpened" in app.log
    assert "Traceback" not in app.log
    assert "9QX" not in app.log
    slow.stop()
    app.stop()


def test_without_a_server_the_resident_sees_nothing_wrong(
    start_app: Callable[..., App], published_in: Callable[[str], Path], chat: Chat
) -> None:
    gone = Server()
    gone.stop()
    app = start_app(published_in("gone"), HELP_POSTCODES=gone.address)
    for asked in (f"is there a GP surgery near {HOME}", "chemist near HR9 7ZZ", "nearest dentist to wr51zz"):
        reply, expected = app.chat().say(asked), chat.say(asked)
        assert (reply.outcome, reply.text, reply.records) == (expected.outcome, expected.text, expected.records)
    assert "Traceback" not in app.log
    assert app.health().status_code == 200
    app.stop()


def test_switched_off_nobody_is_asked_and_nothing_is_said_of_it(app: App, chat: Chat) -> None:
    """As all other tests have it."""
    assert chat.say(f"is there a GP surgery near {HOME}").outcome == "answer"
    assert "sharpened" not in app.log

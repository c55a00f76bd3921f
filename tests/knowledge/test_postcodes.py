"""Full postcodes looked up: from a real server on this machine that answers well, badly, slowly or not at all."""

from __future__ import annotations

import json
import socket
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from knowledge import postcodes, settings
from knowledge.places import normal
from knowledge.postcodes import TIMEOUT, Postcodes, full_postcode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from knowledge.places import Gazetteer
    from knowledge.search import KnowledgeBase

HERE = (52.2053, -2.2207)
OURS = {"host", "user-agent", "accept", "accept-encoding", "connection"}  # what any request by `requests` has


@dataclass
class Server:
    """A stand-in for postcodes.io: what was asked of it, and how it answers."""

    address: str = ""
    asked: list[str] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    status: int = 200
    body: bytes = b""
    waits: float = 0.0

    def answers(self, result: Any, status: int = 200) -> None:
        self.status, self.body = status, json.dumps({"status": status, "result": result}).encode()


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that knows where every postcode is."""
    kept = Server()
    kept.answers({"latitude": HERE[0], "longitude": HERE[1], "postcode": "as asked", "country": "England"})
    done = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # http.server's name
            length = int(self.headers.get("content-length") or 0)
            kept.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}, self.rfile.read(length)))
            kept.asked.append(unquote(self.path).removeprefix("/postcodes/"))
            done.wait(kept.waits)
            self.send_response(kept.status)
            self.send_header("Content-Length", str(len(kept.body)))
            self.end_headers()
            self.wfile.write(kept.body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # http.server's name
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.handle_error = lambda *_: None  # type: ignore[method-assign]  # whoever waited has gone
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    kept.address = f"http://127.0.0.1:{running.server_port}"
    yield kept
    done.set()
    running.shutdown()
    running.server_close()


@pytest.fixture
def places(base: KnowledgeBase) -> Gazetteer:
    return base.places


def test_a_found_postcode_is_asked_for_once_and_kept(server: Server, places: Gazetteer) -> None:
    known = Postcodes(server.address)
    assert known.point("WR5 1ZZ") is None
    for text in ("chemist near WR5 1ZZ", "wr51zz", "I'm at Wr5  1zZ, who can help?"):
        known.look_up(text, places)
        assert known.point("WR5 1ZZ") == known.point("wr51zz") == HERE
    assert server.asked == ["WR5 1ZZ"]


def test_nothing_but_the_postcode_is_sent(server: Server, places: Gazetteer) -> None:
    text = "my name is Jo Quillbury, I live at 3 High Street wr51zz and I've had enough, ring 01905 123456"
    Postcodes(f"{server.address}/").look_up(text, places)
    [(path, headers, body)] = server.requests
    assert path == "/postcodes/WR5%201ZZ"
    assert set(headers) <= OURS
    assert headers["user-agent"].startswith("python-requests")
    assert body == b""
    sent = f"{path} {headers}".lower()
    assert not [word for word in ("quillbury", "high", "enough", "01905", "cookie", "help") if word in sent]


def test_the_first_of_several_postcodes_of_ours_is_asked_for(server: Server, places: Gazetteer) -> None:
    Postcodes(server.address).look_up("from SW1A 1AA to HR9 7ZZ or WR5 1ZZ", places)
    assert server.asked == ["HR9 7ZZ"]


@pytest.mark.parametrize(
    "text",
    ["", "chemist", "near WR5", "WR5 1", "SW1A 1AA", "M1 1AE", "ZZ9 9ZZ", "B12 injection", "Hereford", "ring 111 now"],
)
def test_what_is_no_full_postcode_of_ours_is_never_asked_for(server: Server, places: Gazetteer, text: str) -> None:
    known = Postcodes(server.address)
    known.look_up(text, places)
    assert server.asked == []
    assert full_postcode(text, places) == ""


def test_every_district_of_ours_is_asked_for(server: Server, places: Gazetteer) -> None:
    known = Postcodes(server.address)
    codes = [place.name for place in places if place.place_type == "postcode_district"]
    for code in codes:
        known.look_up(f"near {code.lower()} 9zz please", places)
    assert server.asked == [f"{code} 9ZZ" for code in codes]


@pytest.mark.parametrize(
    "result, status",
    [
        (None, 404),
        ({"latitude": None, "longitude": None}, 200),
        ({"latitude": 52.1, "longitude": None}, 200),
        ({"latitude": None, "longitude": -2.7}, 200),
    ],
)
def test_a_postcode_that_has_no_place_is_not_asked_for_again(
    server: Server, places: Gazetteer, result: Any, status: int
) -> None:
    server.answers(result, status)
    known = Postcodes(server.address)
    for _ in range(3):
        known.look_up("WR5 1ZZ", places)
    assert known.point("WR5 1ZZ") is None
    assert server.asked == ["WR5 1ZZ"]
    # It is no failure: another is asked for at once.
    server.answers({"latitude": HERE[0], "longitude": HERE[1]})
    known.look_up("WR5 1ZY", places)
    assert known.point("WR5 1ZY") == HERE


@pytest.mark.parametrize(
    "body, status",
    [
        (b"<html>Sorry</html>", 200),
        (b"", 200),
        (b"\xff\xfe\x00", 200),
        (b"null", 200),
        (b"[]", 200),
        (b"{}", 200),
        (b'"WR5 1ZZ"', 200),
        (b'{"result": null}', 200),
        (b'{"result": {}}', 200),
        (b'{"result": []}', 200),
        (b'{"result": {"latitude": "north", "longitude": "west"}}', 200),
        (b'{"result": {"latitude": [52], "longitude": {}}}', 200),
        (b'{"error": "too many"}', 429),
        (b'{"error": "broken"}', 500),
        (b"", 503),
    ],
)
def test_an_answer_that_is_none_is_like_silence(
    server: Server, places: Gazetteer, body: bytes, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    server.body, server.status = body, status
    known = Postcodes(server.address)
    known.look_up("WR5 1ZZ", places)
    known.look_up("WR5 1ZY", places)
    assert known.point("WR5 1ZZ") is None
    assert server.asked == ["WR5 1ZZ"], "it is left alone for a while"
    assert "not sharpened" in caplog.text
    assert "1ZZ" not in caplog.text.upper(), "a full postcode is never logged"


def test_a_slow_server_is_waited_for_once_and_then_left_alone(
    server: Server, places: Gazetteer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.waits = 5
    known = Postcodes(server.address)
    before = time.monotonic()
    known.look_up("WR5 1ZZ", places)
    took = time.monotonic() - before
    assert TIMEOUT <= took < TIMEOUT + 0.5
    before = time.monotonic()
    for unit in ("ZY", "ZX", "ZW"):
        known.look_up(f"WR5 1{unit}", places)
    assert time.monotonic() - before < 0.05
    assert server.asked == ["WR5 1ZZ"]
    # After the pause it is asked again.
    server.waits = 0
    monkeypatch.setattr(known, "_silent_until", time.monotonic())
    known.look_up("WR5 1ZZ", places)
    assert known.point("WR5 1ZZ") == HERE


def test_where_there_is_no_server_nothing_is_wrong(places: Gazetteer) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        known = Postcodes(f"http://127.0.0.1:{free.getsockname()[1]}")
    before = time.monotonic()
    known.look_up("WR5 1ZZ", places)
    known.look_up("WR5 1ZZ", places)
    assert known.point("WR5 1ZZ") is None
    assert time.monotonic() - before < 2 * TIMEOUT


def test_an_address_that_is_none_is_like_no_server(places: Gazetteer) -> None:
    known = Postcodes("nonsense")
    known.look_up("WR5 1ZZ", places)
    assert known.point("WR5 1ZZ") is None


def test_it_can_be_switched_off(places: Gazetteer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELP_POSTCODES", "off")
    assert settings.postcodes_url() == ""
    off = postcodes.shared()
    off.look_up("WR5 1ZZ", places)
    assert off.point("WR5 1ZZ") is None
    assert off._silent_until == 0.0, "nobody was asked"


def test_where_nothing_is_set_the_public_server_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for unset in ("", None):
        if unset is None:
            monkeypatch.delenv("HELP_POSTCODES", raising=False)
        else:
            monkeypatch.setenv("HELP_POSTCODES", unset)
        assert settings.postcodes_url() == "https://api.postcodes.io"


def test_the_process_has_one_lookup_for_an_address(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELP_POSTCODES", server.address)
    assert postcodes.shared() is postcodes.shared()
    assert postcodes.shared()._url == server.address


def test_memory_is_bounded_and_the_oldest_goes_first(
    server: Server, places: Gazetteer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postcodes, "REMEMBERED", 5)
    known = Postcodes(server.address)
    asked = [f"WR5 1Z{unit}" for unit in "ABCDEFGH"]
    for postcode in asked:
        known.look_up(postcode, places)
    assert len(known._points) == 5
    assert [known.point(postcode) for postcode in asked] == [None] * 3 + [HERE] * 5


def test_many_at_once_are_all_answered(server: Server, places: Gazetteer) -> None:
    known = Postcodes(server.address)
    asked = [f"WR5 {sector}Z{unit}" for sector in range(1, 5) for unit in "ABDEF"]
    threads = [threading.Thread(target=known.look_up, args=(postcode, places)) for postcode in asked * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [known.point(postcode) for postcode in asked] == [HERE] * len(asked)


@pytest.mark.parametrize("typed", ["wr51dd", "WR5 1DD", " wr5\u00a01dd ", "Wr5  1 dD"])
def test_a_postcode_is_the_same_however_it_is_typed(typed: str) -> None:
    assert normal(typed) == "WR5 1DD"

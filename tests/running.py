"""What tests run beside themselves: the real app with the real model and content, and the system's Chromium."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import requests

from bot import settings
from knowledge.settings import HOME, sentence_model_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

STARTING = 120  # seconds at most
ANSWERING = 30

CHROMIUM = "/usr/bin/chromium"
NO_CHROMIUM = (
    "Chromium is missing: these tests drive the system's own. Install it (on Debian: apt-get install chromium), or say "
    "where it is with CHROMIUM=..."
)
# Chromium's own calls home are off, and no name but the app's leads anywhere: no test depends on what is elsewhere.
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


@dataclass(frozen=True)
class Reply:
    """What one turn gave: the messages of the REST channel."""

    messages: list[dict[str, Any]]

    @property
    def text(self) -> str:
        return "\n".join(message["text"] for message in self.messages if "text" in message)

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def custom(self) -> dict[str, Any]:
        [custom] = [message["custom"] for message in self.messages if "custom" in message]
        assert isinstance(custom, dict)
        return custom

    @property
    def outcome(self) -> str:
        return str(self.custom["outcome"])

    @property
    def card(self) -> str | None:
        card: str | None = self.custom["card"]
        return card

    @property
    def records(self) -> list[str]:
        return [record["id"] for record in self.custom["records"]]

    @property
    def buttons(self) -> list[dict[str, str]]:
        return [button for message in self.messages for button in message.get("buttons", [])]


class App:
    """A running app: its folder, its address and what it logs; `settings` are further environment variables."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self._settings = settings
        self.knowledge = folder / "knowledge.db"
        self.conversations = folder / "conversations.db"
        self._log = folder / "log.txt"
        self._process: subprocess.Popen[bytes] | None = None
        self.address = ""

    def start(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        environment = {
            **os.environ,
            "HELP_BUILD": str(self.folder),
            "HELP_KNOWLEDGE": "",
            "HELP_CONVERSATIONS": "",
            "HELP_MODELS": str(settings.models_folder().resolve()),
            "HELP_SENTENCE_MODEL": str(sentence_model_path().resolve()),
            "HELP_HOST": "",
            "HELP_PORT": str(port),
            "HELP_POSTCODES": "off",
            "HELP_OFF": "",
            "HELP_KEEP_DAYS": "",
            "HELP_PRIVACY_CONTACT": "",
            "HELP_ASSETS": "",
            "HELP_FEEDBACK": "",
            "HELP_EMBED_ORIGINS": "",
            "PYTHONWARNINGS": "ignore",
            **self._settings,
        }
        if environment.pop("PYTHONDONTWRITEBYTECODE", ""):
            # Compiling all of TensorFlow anew at every start takes ten seconds.
            environment["PYTHONPYCACHEPREFIX"] = str(self.folder.parent / "pycache")
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bot.app"], cwd=HOME, env=environment, stdout=log, stderr=log
            )
        deadline = time.monotonic() + STARTING
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                pytest.fail(f"The app did not start:\n{self.log}")
            try:
                requests.get(f"{self.address}/health", timeout=ANSWERING)
            except requests.ConnectionError:
                time.sleep(0.1)
            else:
                return
        pytest.fail(f"The app was not there after {STARTING} seconds:\n{self.log}")

    def kill(self) -> None:
        """End it at once, as when the power goes."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.kill()

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def health(self) -> requests.Response:
        return requests.get(f"{self.address}/health", timeout=ANSWERING)

    def post(self, **request: Any) -> requests.Response:
        """Any request to the webhook, however wrong."""
        return requests.post(f"{self.address}/webhooks/rest/webhook", timeout=ANSWERING, **request)

    def chat(self) -> Chat:
        return Chat(self)


class Chat:
    """One resident's conversation."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.sender = uuid.uuid4().hex

    def say(self, *texts: str) -> Reply:
        """Say one thing after another; the reply to the last."""
        reply = Reply([])
        for text in texts:
            response = self.app.post(json={"sender": self.sender, "message": text})
            assert response.status_code == 200, response.text
            reply = Reply(response.json())
        return reply


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium without a window. Where there is none the test fails: it is not skipped."""
    from playwright.sync_api import sync_playwright  # half a second, which most tests need not wait

    program = shutil.which(os.environ.get("CHROMIUM", "") or CHROMIUM)
    if program is None:
        pytest.fail(NO_CHROMIUM)
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=program, args=CHROMIUM_FLAGS)

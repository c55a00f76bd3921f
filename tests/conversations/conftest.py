"""The real app in a process of its own, with the real model and content, asked over HTTP as any client would."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import requests

from bot import settings
from knowledge.settings import HOME, sentence_model_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

STARTING = 120  # seconds at most
ANSWERING = 30


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


@pytest.fixture(scope="session")
def start_app() -> Iterator[Callable[..., App]]:
    """Starts an app in a folder, with settings of its own; all are stopped at the end."""
    if not any(settings.models_folder().glob("*.tar.gz")):
        pytest.fail(f"There is no trained model in {settings.models_folder()}. Run: make model")
    running = []

    def start(folder: Path, **own: str) -> App:
        app = App(folder, **own)
        running.append(app)
        app.start()
        return app

    yield start
    for app in running:
        app.stop()


@pytest.fixture(scope="session")
def published_in(database: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Makes a folder for an app, with the real content published in it."""

    def make(name: str) -> Path:
        folder = tmp_path_factory.mktemp(name)
        shutil.copy(database, folder / "knowledge.db")
        return folder

    return make


@pytest.fixture(scope="session")
def app(start_app: Callable[..., App], published_in: Callable[[str], Path]) -> App:
    """The one app that most conversations are held with."""
    return start_app(published_in("app"))


@pytest.fixture
def chat(app: App) -> Chat:
    """A new conversation."""
    return app.chat()

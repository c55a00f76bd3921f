"""What may be changed from outside about the running assistant; each setting is an environment variable."""

from __future__ import annotations

import os
import re
from pathlib import Path

from rasa.shared.utils.io import read_yaml_file

from knowledge.settings import HOME, build_folder

DOMAIN = HOME / "bot" / "domain"
ORIGIN = re.compile(r"https?://(?:\*\.)?[a-z0-9.-]+(?::\d+)?")
WORDING: dict[str, str] = read_yaml_file(HOME / "bot" / "wording.yml")


def models_folder() -> Path:
    """HELP_MODELS: where trained models are (default: models/, as Rasa has it)."""
    return Path(os.environ.get("HELP_MODELS", "") or HOME / "models")


def conversations() -> Path | str:
    """HELP_CONVERSATIONS: an SQLite file, or a `postgresql://` address (default: build/conversations.db)."""
    where = os.environ.get("HELP_CONVERSATIONS", "")
    if where.startswith(("postgresql://", "postgres://")):
        return where
    if "://" in where:
        raise ValueError("HELP_CONVERSATIONS must be a file or an address that begins with postgresql://.")
    return Path(where or build_folder() / "conversations.db")


def keep_days() -> int:
    """HELP_KEEP_DAYS: how many days after its last message a conversation is deleted (default: 30)."""
    days = os.environ.get("HELP_KEEP_DAYS", "") or "30"
    if not (days.isdecimal() and int(days)):
        raise ValueError("HELP_KEEP_DAYS must be a whole number of days, 1 or more.")
    return int(days)


def off() -> str:
    """HELP_OFF: why the assistant is switched off, for as long as it runs (default: it is on)."""
    return os.environ.get("HELP_OFF", "").strip()


def switch_path() -> Path:
    """Where each use of the off switch is written down."""
    return build_folder() / "switch.jsonl"


def privacy_contact() -> str:
    """HELP_PRIVACY_CONTACT: who residents ask about their privacy (default: the regulator, who is always there)."""
    return os.environ.get("HELP_PRIVACY_CONTACT", "") or WORDING["privacy_contact"]


def assets_folder() -> Path:
    """HELP_ASSETS: the folder of the styles that `make pages` makes (default: build/pages)."""
    return Path(os.environ.get("HELP_ASSETS", "") or HOME / "build" / "pages")


def feedback_path() -> Path:
    """HELP_FEEDBACK: the file of what residents say of the answers (default: build/feedback.db)."""
    return Path(os.environ.get("HELP_FEEDBACK", "") or build_folder() / "feedback.db")


def embed_origins() -> tuple[str, ...]:
    """HELP_EMBED_ORIGINS: the sites that may show the chat, like `https://www.example.org`, with spaces between."""
    origins = tuple(os.environ.get("HELP_EMBED_ORIGINS", "").split())
    wrong = [origin for origin in origins if not ORIGIN.fullmatch(origin)]
    if wrong:
        raise ValueError(f"HELP_EMBED_ORIGINS: {wrong[0]} is no address of a site, like https://www.example.org.")
    return origins


def port() -> int:
    """HELP_PORT: the port that the app listens on (default: 8000)."""
    return int(os.environ.get("HELP_PORT", "") or 8000)


def host() -> str:
    """HELP_HOST: the address that the app listens on (default: 127.0.0.1)."""
    return os.environ.get("HELP_HOST", "") or "127.0.0.1"


LONGEST_MESSAGE = 1000  # characters; longer ones are looked at for danger, and refused if they hold none
LONGEST_BODY = 100_000  # bytes
LONGEST_SENDER = 200  # characters

"""Where things are kept, and what may be changed from outside: every setting is an environment variable."""

from __future__ import annotations

import os
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
CONTENT = HOME / "knowledge" / "content"


def _path(variable: str, default: Path) -> Path:
    return Path(os.environ.get(variable, "") or default)


def build_folder() -> Path:
    """HELP_BUILD: the folder for everything that is made, none of it in version control (default: build/)."""
    return _path("HELP_BUILD", HOME / "build")


def knowledge_path() -> Path:
    """HELP_KNOWLEDGE: the published knowledge base (default: build/knowledge.db)."""
    return _path("HELP_KNOWLEDGE", build_folder() / "knowledge.db")


def sentence_model_path() -> Path:
    """HELP_SENTENCE_MODEL: the folder of the sentence model (default: build/sentence-model)."""
    return _path("HELP_SENTENCE_MODEL", build_folder() / "sentence-model")


def postcodes_url() -> str:
    """HELP_POSTCODES: the postcodes.io server to look full postcodes up at, or off (default: the public one)."""
    url = os.environ.get("HELP_POSTCODES", "") or "https://api.postcodes.io"
    return "" if url == "off" else url

"""The off switch: while it is off, danger is still answered; everything else gets a fixed text with numbers to ring.

Each switching is a line in one file, with who did it, when and why; the last line counts. The running app looks at it
at every message, so nothing has to be started again.
"""

from __future__ import annotations

import json
import logging
import os
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from bot import settings

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Switching:
    """One use of the switch."""

    off: bool
    who: str
    why: str
    at: str

    def __str__(self) -> str:
        """For the log and the command."""
        return f"Switched {'off' if self.off else 'on'} by {self.who} at {self.at}: {self.why}"


def switch(path: Path, *, off: bool, who: str, why: str) -> Switching:
    """Switch the assistant off or on. Raises `OSError` where that cannot be written down."""
    at = datetime.now(timezone.utc).isoformat(timespec="seconds")
    switching = Switching(off, " ".join(who.split()), " ".join(why.split()), at)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(switching), ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return switching


def last(path: Path) -> Switching | None:
    """The last use of the switch, or None where it was never used.

    What cannot be read counts as off: whoever wrote it wanted something to stop.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return Switching(**json.loads(lines[-1])) if lines else None
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as trouble:
        return Switching(off=True, who="nobody we know", why=f"{path} cannot be read: {trouble}", at="an unknown time")


class Switch:
    """The switch as the running app sees it; it logs each change that it notices."""

    def __init__(self) -> None:
        """On, until a look says otherwise."""
        self._seen: Switching | None = None

    def is_off(self) -> bool:
        """Whether the assistant is switched off now, by the setting HELP_OFF or by the file."""
        reason = settings.off()
        now = Switching(True, "the setting HELP_OFF", reason, "the start") if reason else last(settings.switch_path())
        if now != self._seen:
            if now and (now.off or self._seen):
                logger.warning("%s", now)
            self._seen = now
        return bool(now and now.off)

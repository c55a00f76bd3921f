"""The knowledge base that this process answers from: the published file, taken up anew whenever it is replaced.

A file that is missing or damaged never takes a good one away: the last good one stays in use, and the log says so.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from knowledge.search import KnowledgeBase, KnowledgeBaseError
from knowledge.settings import knowledge_path
from knowledge.vectors import shared_encoder

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)


class Published:
    """The newest good knowledge base at a path."""

    def __init__(self, path: Path) -> None:
        """Nothing is opened until `current` is called."""
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self._base: KnowledgeBase | None = None
        self._lock = threading.Lock()

    def current(self) -> KnowledgeBase:
        """The knowledge base to answer from now; raise `KnowledgeBaseError` only when there never was a good one."""
        stamp = self._stamp()
        if self._base is not None and stamp == self._seen:
            return self._base
        with self._lock:
            if self._base is None or stamp != self._seen:
                self._take_up(stamp)
        assert self._base is not None  # `_take_up` raises otherwise
        return self._base

    def _take_up(self, stamp: tuple[int, int, int] | None) -> None:
        try:
            fresh = KnowledgeBase(self._path, shared_encoder())
        except KnowledgeBaseError as trouble:
            if self._base is None:
                raise
            logger.error(  # noqa: TRY400  # the sentence says it all
                "Still answering from knowledge %s: %s", self._base.version, trouble
            )
        else:
            # The old one is left to the garbage collector: another thread may be in the middle of a question.
            self._base = fresh
            logger.info("Answering from knowledge %s", fresh.version)
        self._seen = stamp

    def _stamp(self) -> tuple[int, int, int] | None:
        """What changes whenever the file is replaced."""
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size


_published: dict[Path, Published] = {}


def current() -> KnowledgeBase:
    """The knowledge base at the path that the settings name."""
    path = knowledge_path()
    if path not in _published:
        _published[path] = Published(path)
    return _published[path].current()

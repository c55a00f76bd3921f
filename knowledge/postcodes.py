"""Where a full postcode is, to the nearest hundred metres: asked of postcodes.io, and never needed.

Nothing but the postcode is sent. Answers are kept in memory only, never on disk, because a full postcode can point at
one home. While the service does not answer it is left alone for some minutes, so that nobody waits for it twice.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

import requests

from knowledge.places import POSTCODE, normal
from knowledge.settings import postcodes_url

if TYPE_CHECKING:
    from knowledge.places import Gazetteer

logger = logging.getLogger(__name__)

Point = tuple[float, float]

TIMEOUT = 0.7  # seconds to connect, and to answer: a resident is waiting
PAUSE = 300.0  # seconds without asking after it did not answer
REMEMBERED = 2000  # postcodes


class Postcodes:
    """The points of full postcodes, from a postcodes.io server at `url`; an empty `url` asks nobody."""

    def __init__(self, url: str) -> None:
        """Nothing is asked until `look_up`."""
        self._url = url.rstrip("/")
        self._points: OrderedDict[str, Point | None] = OrderedDict()
        self._silent_until = 0.0

    def point(self, postcode: str) -> Point | None:
        """Latitude and longitude (WGS84 degrees) of a postcode that has been looked up, or None."""
        return self._points.get(normal(postcode))

    def look_up(self, text: str, gazetteer: Gazetteer) -> None:
        """Find the first full postcode of our area in a text, unless it is known. Waits for an answer; never raises."""
        postcode = full_postcode(text, gazetteer)
        if not self._url or not postcode or postcode in self._points or time.monotonic() < self._silent_until:
            return
        try:
            self._points[postcode] = self._ask(postcode)
        except (requests.RequestException, ValueError, KeyError, TypeError) as trouble:
            self._silent_until = time.monotonic() + PAUSE
            logger.warning("Postcodes are not sharpened for %d s: %s", PAUSE, type(trouble).__name__)
        while len(self._points) > REMEMBERED:
            self._points.popitem(last=False)

    def _ask(self, postcode: str) -> Point | None:
        answer = requests.get(f"{self._url}/postcodes/{postcode.replace(' ', '%20')}", timeout=TIMEOUT)
        if answer.status_code == requests.codes.not_found:
            return None  # no such postcode: somebody mistyped it, or it is very new
        answer.raise_for_status()
        found = answer.json()["result"]
        if found["latitude"] is None or found["longitude"] is None:
            return None
        return float(found["latitude"]), float(found["longitude"])


def full_postcode(text: str, gazetteer: Gazetteer) -> str:
    """The first full postcode in a text that lies in one of our postcode districts, as "WR5 1DD", or ""."""
    for match in POSTCODE.finditer(text):
        outward, sector, unit = match.groups()
        if unit and gazetteer.spot(outward.lower()) is not None:
            return normal(f"{outward} {sector}{unit}")
    return ""


_shared: dict[str, Postcodes] = {}


def shared() -> Postcodes:
    """The process's one lookup, at the address that the settings name."""
    url = postcodes_url()
    return _shared.setdefault(url, Postcodes(url))

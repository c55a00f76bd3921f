"""A map of results, drawn from the districts' outlines and the towns: nothing is loaded from anywhere."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from knowledge import published
from knowledge.schema import SITES
from knowledge.settings import CONTENT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from knowledge.schema import Record
    from knowledge.search import KnowledgeBase

WIDTH = 600  # units of the drawing
LEAST = 0.12  # degrees of latitude that are shown at least: about 8 miles
MARGIN = 0.25  # of the span of the pins, on each side
TOWNS_SHOWN = 14
PIN = 30  # units: how wide a pin is
APART = (90, 30)  # units that the names of two towns are apart, at least
TOWN_TYPES = ("city", "town", "village")  # the bigger first


@dataclass(frozen=True)
class Pin:
    """A numbered place; latitude and longitude are WGS84 degrees."""

    number: int
    record_id: str
    name: str
    latitude: float
    longitude: float
    at_door: bool = True  # or only about there


@dataclass(frozen=True)
class Map:
    """A drawing `WIDTH` units wide: outlines of districts, names of towns, and pins, each at (x, y)."""

    height: int
    outlines: tuple[str, ...]  # SVG paths
    towns: tuple[tuple[float, float, str], ...]
    pins: tuple[tuple[float, float, Pin], ...]
    width: int = WIDTH

    @property
    def is_rough(self) -> bool:
        """Whether a pin shows only about where a place is."""
        return not all(pin.at_door for _, _, pin in self.pins)

    @classmethod
    def around(cls, pins: Sequence[Pin]) -> Map:
        """The part of the two counties that holds the pins."""
        south, north = min(p.latitude for p in pins), max(p.latitude for p in pins)
        west, east = min(p.longitude for p in pins), max(p.longitude for p in pins)
        narrow = math.cos(math.radians((south + north) / 2))  # a degree of longitude is shorter than one of latitude
        tall = max((north - south) * (1 + 2 * MARGIN), LEAST)
        wide = max((east - west) * narrow * (1 + 2 * MARGIN), tall * 1.4)
        tall = max(tall, wide / 2.2)
        top, left = (south + north) / 2 + tall / 2, (west + east) / 2 - wide / narrow / 2
        scale = WIDTH / wide

        def at(latitude: float, longitude: float) -> tuple[float, float]:
            return round((longitude - left) * narrow * scale, 1), round((top - latitude) * scale, 1)

        height = round(tall * scale)
        outlines = tuple(
            "M" + "L".join(f"{x} {y}" for x, y in (at(lat, lon) for lon, lat in ring)) + "Z" for ring in _rings()
        )
        placed = _apart([(*at(pin.latitude, pin.longitude), pin) for pin in pins])
        return cls(height, outlines, tuple(_towns(at, height, placed)), tuple(placed))


def map_of(base: KnowledgeBase, records: Sequence[Record]) -> Map | None:
    """A map of those of the records that somebody can go to, numbered in their order; None where there is none."""
    sites = [r for r in records if r.open_for_use and r.kind in SITES and r.postal_code]
    pins = [
        Pin(number, r.id, r.name, r.latitude, r.longitude, knows_door(base, r))
        for number, r in enumerate(sites, 1)
        if r.latitude is not None and r.longitude is not None
    ]
    return Map.around(pins) if pins else None


def knows_door(base: KnowledgeBase, record: Record) -> bool:
    """Whether the record's point is that of its door, and not the middle of its town or postcode district."""
    middles = {(place.latitude, place.longitude) for place in base.places}
    known = bool(record.postal_code) and base.places.knows_postcode(record.postal_code)
    return known and (record.latitude, record.longitude) not in middles


def _apart(placed: list[tuple[float, float, Pin]]) -> list[tuple[float, float, Pin]]:
    """The pins, each moved to the right of those that would hide it."""
    free: list[tuple[float, float, Pin]] = []
    for x, y, pin in placed:
        while any(abs(x - other_x) < PIN and abs(y - other_y) < PIN for other_x, other_y, _ in free):
            x += PIN
        free.append((x, y, pin))
    return free


def _towns(
    at: Callable[[float, float], tuple[float, float]], height: int, pins: Sequence[tuple[float, float, Pin]]
) -> list[tuple[float, float, str]]:
    """The towns in the drawing, the biggest first, as many as have room for their names."""
    found: list[tuple[float, float, str]] = []
    places = [place for place in published.current().places if place.latitude is not None]
    for place_type in TOWN_TYPES:
        for place in places:
            if place.place_type != place_type:
                continue
            assert place.latitude is not None  # looked at above
            assert place.longitude is not None
            x, y = at(place.latitude, place.longitude)
            if any(abs(x - pin_x) < PIN and abs(y - pin_y) < PIN for pin_x, pin_y, _ in pins):
                y -= PIN / 2  # its name stands above the pin
            room = all(abs(x - other_x) > APART[0] or abs(y - other_y) > APART[1] for other_x, other_y, _ in found)
            if 40 < x < WIDTH - 60 and 20 < y < height - 12 and room and len(found) < TOWNS_SHOWN:
                found.append((x, y, place.name))
    return found


@lru_cache(maxsize=1)
def _rings() -> list[list[tuple[float, float]]]:
    """The outlines of the districts: rings of (longitude, latitude)."""
    districts = json.loads((CONTENT / "districts.geojson").read_text(encoding="utf-8"))
    rings: list[list[tuple[float, float]]] = []
    for feature in districts["features"]:
        shape = feature["geometry"]
        polygons = [shape["coordinates"]] if shape["type"] == "Polygon" else shape["coordinates"]
        rings += [ring for polygon in polygons for ring in polygon]
    return rings

"""Where things are: places by every name people use, postcodes, and distances in miles."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from knowledge.schema import Place, Record

EARTH_RADIUS_MILES = 3958.8
# What turns the name of a town into that of a house or a street: "Marden House", "Worcester Road".
STREET = re.compile(r"\s+(?:road|rd|street|lane|house|court|avenue|terrace|crescent|grove)\b", re.IGNORECASE)
# An outward code, and the inward code where there is one; "GL20 7" and "b974rn" are both written by people.
POSTCODE = re.compile(r"\b([A-Za-z]{1,2}[0-9][A-Za-z0-9]?)(?:\s*([0-9])([A-Za-z]{2})?)?\b")
AREA_LETTERS = re.compile(r"[A-Za-z]{1,2}")


@dataclass(frozen=True, slots=True)
class Spot:
    """Where somebody is, or asks about: what we call it, its council areas, and its centre point in WGS84 degrees."""

    name: str
    county: str = ""
    district: str = ""
    latitude: float | None = None
    longitude: float | None = None
    outside: bool = False
    wide: bool = False

    @classmethod
    def of(cls, place: Place) -> Spot:
        """The spot at a place's centre."""
        return cls(
            name=place.name,
            county=place.county,
            district=place.district,
            latitude=place.latitude,
            longitude=place.longitude,
            outside=place.outside,
            wide=place.wide,
        )


def miles_between(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """The distance in miles as the crow flies (haversine)."""
    a, b = math.radians(latitude), math.radians(other_latitude)
    half = math.sin((b - a) / 2) ** 2
    half += math.cos(a) * math.cos(b) * math.sin(math.radians(other_longitude - longitude) / 2) ** 2
    return 2 * EARTH_RADIUS_MILES * math.asin(math.sqrt(half))


def miles_from(spot: Spot | None, record: Record) -> float | None:
    """How far a record is from a spot in miles, or None where either has no point or the spot is a whole county."""
    if spot is None or spot.wide or spot.latitude is None or spot.longitude is None:
        return None
    if record.latitude is None or record.longitude is None:
        return None
    return miles_between(spot.latitude, spot.longitude, record.latitude, record.longitude)


def serves(record: Record, spot: Spot) -> bool:
    """Whether a record's area takes the spot in; a record without an area serves everywhere."""
    if not record.area or "national" in record.area:
        return True
    county, district = area_id(spot.county), area_id(spot.district)
    if county in record.area or (district and district in record.area):
        return True
    # A whole county is asked about: whatever serves a part of it counts.
    return spot.wide and any(area in DISTRICTS.get(county, ()) for area in record.area)


DISTRICTS = {
    "worcestershire": ("bromsgrove", "malvern-hills", "redditch", "worcester", "wychavon", "wyre-forest"),
    "herefordshire": (),
}


def area_id(name: str) -> str:
    """The id of an area from its name: "Wyre Forest" is wyre-forest."""
    return name.strip().lower().replace(" ", "-")


def _miles(spot: Spot, place: Place) -> float:
    return miles_between(spot.latitude or 0.0, spot.longitude or 0.0, place.latitude or 0.0, place.longitude or 0.0)


def _middle(points: list[tuple[float, float]]) -> tuple[float, float]:
    """The mean latitude and longitude of points."""
    latitudes, longitudes = zip(*points, strict=True)
    return sum(latitudes) / len(points), sum(longitudes) / len(points)


def without_places(text: str, entities: Iterable[dict[str, Any]]) -> str:
    """A text without the places in it, so that it can be asked about another.

    `entities` are Rasa's; those named `place` or `postcode` are cut out, by their `start` and `end`.
    """
    spans = sorted({(e["start"], e["end"]) for e in entities if e["entity"] in ("place", "postcode")})
    if not spans:
        return text
    for start, end in reversed(spans):
        text = text[:start] + text[end:]
    return " ".join(text.split())


def normal(postcode: str) -> str:
    """A full postcode in capitals with one space, however it was typed."""
    letters = "".join(postcode.split()).upper()
    return f"{letters[:-3]} {letters[-3:]}"


class Gazetteer:
    """All places, found by name or by postcode."""

    def __init__(self, places: Iterable[Place], postcode_points: dict[str, tuple[float, float]]) -> None:
        """`postcode_points` gives the point of the full postcodes that we know, such as "WR5 1DD"."""
        self._by_id = {place.id: place for place in places}
        self._districts = {p.name.upper(): p for p in self._by_id.values() if p.place_type == "postcode_district"}
        self._points = postcode_points
        self._sectors: dict[str, list[tuple[float, float]]] = {}
        for postcode, point in postcode_points.items():
            self._sectors.setdefault(postcode[:-2], []).append(point)
        self._names: dict[str, Place] = {}
        for own in (False, True):  # a place's own name wins over another's nickname
            for place in self._by_id.values():
                for name in (place.name,) if own else place.alternate_name:
                    if own and name.lower() in self._names and place.place_type in ("district", "suburb", "outside"):
                        continue
                    self._names[name.lower()] = place

    def __getitem__(self, place_id: str) -> Place:
        """The place with this id; KeyError where there is none."""
        return self._by_id[place_id]

    def __iter__(self) -> Iterator[Place]:
        """All places."""
        return iter(self._by_id.values())

    def spot(self, place_id: str) -> Spot | None:
        """The spot for a place id as the conversation keeps it ("hereford", "hr9", or "outside SW1A"), if known."""
        if place_id.startswith("outside "):
            return Spot(place_id.removeprefix("outside "), outside=True)
        place = self._by_id.get(place_id)
        return Spot.of(place) if place else None

    def named(self, name: str) -> Spot | None:
        """The spot of the place that is called this, by its own name first, or None."""
        place = self._names.get(name.strip().lower())
        return Spot.of(place) if place else None

    def knows_postcode(self, text: str) -> bool:
        """Whether a full postcode is one that we have a point for."""
        return normal(text) in self._points

    def town_of(self, place_id: str) -> str:
        """The name of the town nearest to the centre of a postcode district, or "" for any other place."""
        district = self._by_id.get(place_id)
        if district is None or district.place_type != "postcode_district":
            return ""
        towns = [place for place in self._by_id.values() if place.place_type in ("city", "town") and place.latitude]
        here = Spot.of(district)
        return min(towns, key=lambda town: _miles(here, town)).name if towns else ""

    def names(self) -> dict[str, str]:
        """Every name of a place that is not a postcode, lower case, with the place's id."""
        return {name: place.id for name, place in self._names.items() if place.place_type != "postcode_district"}

    def postcode(self, text: str) -> tuple[str, Spot] | None:
        """The first postcode or outward code in a text that is a real place for us: its outward code and its spot.

        A full postcode that we hold gives its own point; any other the middle of those that we hold in its sector
        ("WR5 1"), else its district's centre. A whole postcode of another part of the country gives a spot outside.
        """
        for match in POSTCODE.finditer(text):
            outward, sector, unit = match.group(1).upper(), match.group(2), match.group(3)
            if outward in self._districts:
                spot = Spot.of(self._districts[outward])
                exact = f"{outward} {sector}{unit.upper()}" if unit else ""
                if exact in self._points:
                    return outward, Spot(exact, spot.county, spot.district, *self._points[exact])
                near = self._sectors.get(f"{outward} {sector}")
                if near:
                    latitude, longitude = _middle(near)
                    spot = replace(spot, latitude=latitude, longitude=longitude)
                return outward, spot
            if unit:
                return outward, Spot(outward, outside=True)
        return None

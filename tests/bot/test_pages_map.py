"""The map of results: what is on it, and that nothing hides anything else."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

import pytest

from bot.pages.map import PIN, WIDTH, Map, Pin, map_of

if TYPE_CHECKING:
    from knowledge.search import KnowledgeBase

HEREFORD, WORCESTER, REDDITCH = (52.056, -2.716), (52.193, -2.221), (52.306, -1.945)


def pins(*points: tuple[float, float]) -> list[Pin]:
    return [Pin(number, f"id-{number}", f"Place {number}", *point) for number, point in enumerate(points, 1)]


@pytest.fixture(autouse=True)
def _published(base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge.published.current", lambda: base)


@pytest.mark.parametrize("points", [[HEREFORD], [HEREFORD, WORCESTER], [HEREFORD, WORCESTER, REDDITCH]])
def test_every_pin_is_in_the_drawing(points: list[tuple[float, float]]) -> None:
    drawn = Map.around(pins(*points))
    assert [pin.number for _, _, pin in drawn.pins] == list(range(1, len(points) + 1))
    for x, y, _ in drawn.pins:
        assert PIN / 2 < x < WIDTH - PIN / 2 and PIN / 2 < y < drawn.height - PIN / 2
    assert drawn.towns and all(0 < x < WIDTH and 0 < y < drawn.height for x, y, _ in drawn.towns)


def test_north_is_up_and_east_is_right() -> None:
    drawn = Map.around(pins(HEREFORD, REDDITCH))
    (west, south, _), (east, north, _) = drawn.pins
    assert west < east and north < south


def test_places_at_the_same_door_have_pins_beside_each_other() -> None:
    drawn = Map.around(pins(HEREFORD, HEREFORD, HEREFORD))
    for (x, y, _), (other_x, other_y, _) in itertools.combinations(drawn.pins, 2):
        assert abs(x - other_x) >= PIN or abs(y - other_y) >= PIN


def test_the_outlines_are_the_districts() -> None:
    drawn = Map.around(pins(WORCESTER))
    assert len(drawn.outlines) >= 7
    assert all(re.fullmatch(r"M[-\d. L]+Z", outline) for outline in drawn.outlines)


def test_only_what_people_go_to_is_on_the_map(base: KnowledgeBase) -> None:
    records = [base.get(record_id) for record_id in ("route-nhs-111", "gp-m81048", "age-uk-hw-closed", "icb-role")]
    drawn = map_of(base, records)
    assert drawn is not None
    assert [pin.record_id for _, _, pin in drawn.pins] == ["gp-m81048"]
    assert map_of(base, records[:1]) is None

"""Places: distances, postcodes as people write them, names and nicknames, and who serves where."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import content
from knowledge.places import DISTRICTS, Gazetteer, Spot, area_id, miles_between, miles_from, serves
from knowledge.schema import Place, Record
from knowledge.settings import CONTENT

if TYPE_CHECKING:
    from knowledge.search import KnowledgeBase


@pytest.fixture(scope="module")
def places(base: KnowledgeBase) -> Gazetteer:
    """The real places."""
    return base.places


def named(places: Gazetteer, name: str) -> Spot:
    spot = places.named(name)
    assert spot is not None, name
    return spot


# -- distances ---------------------------------------------------------------------------------------------------------

# Miles as the crow flies, from maps.
KNOWN_DISTANCES = [
    ("Worcester", "Hereford", 23.5),
    ("Kidderminster", "Worcester", 13.5),
    ("Ross-on-Wye", "Hereford", 11),
    ("Redditch", "Bromsgrove", 5.5),
    ("Great Malvern", "Worcester", 7),
    ("Evesham", "Leominster", 35),
]


@pytest.mark.parametrize("here, there, miles", KNOWN_DISTANCES)
def test_towns_are_as_far_apart_as_on_the_map(places: Gazetteer, here: str, there: str, miles: float) -> None:
    a, b = named(places, here), named(places, there)
    assert a.latitude and a.longitude and b.latitude and b.longitude
    assert miles_between(a.latitude, a.longitude, b.latitude, b.longitude) == pytest.approx(miles, abs=1)


def test_london_to_paris_is_213_miles() -> None:
    assert miles_between(51.5074, -0.1278, 48.8566, 2.3522) == pytest.approx(213.5, abs=0.5)


points = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@given(here=points, there=points)
def test_a_distance_is_the_same_both_ways_and_never_more_than_half_round_the_earth(
    here: tuple[float, float], there: tuple[float, float]
) -> None:
    miles = miles_between(*here, *there)
    assert 0 <= miles <= 12451
    assert miles == pytest.approx(miles_between(*there, *here), abs=1e-3)
    assert miles_between(*here, *here) == 0


def test_no_distance_is_given_from_a_county_or_to_nowhere(places: Gazetteer) -> None:
    here = Record("svc", "service", "Here", latitude=52.0, longitude=-2.5)
    nowhere = Record("svc", "service", "Nowhere")
    hereford = named(places, "Hereford")
    assert miles_from(hereford, here) == pytest.approx(10, abs=1)
    assert miles_from(hereford, nowhere) is None
    assert miles_from(named(places, "Herefordshire"), here) is None
    assert miles_from(Spot("SW1A", outside=True), here) is None
    assert miles_from(None, here) is None


# -- postcodes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written, outward",
    [
        ("HR9 7AA", "HR9"),
        ("hr9 7aa", "HR9"),
        ("HR97AA", "HR9"),
        ("Hr9  7aA", "HR9"),
        ("HR9\u00a07AA", "HR9"),
        ("HR9-7AA", "HR9"),
        ("HR9", "HR9"),
        ("hr9", "HR9"),
        ("HR9 7", "HR9"),
        ("GL20 7", "GL20"),
        ("gl207", "GL20"),
        ("GL20", "GL20"),
        ("wr11 4ab", "WR11"),
        ("wr114ab", "WR11"),
        ("WR1 1DD", "WR1"),
        ("wr11dd", "WR1"),
        ("b974rn", "B97"),
        ("b97", "B97"),
        ("dy10 2tg", "DY10"),
        ("I live at HR9 7AA, near Ross.", "HR9"),
        ("my postcode is wr14 4jx thanks", "WR14"),
        ("(WR5)", "WR5"),
        ("DY10 2 minutes from the station", "DY10"),
    ],
)
def test_postcodes_are_understood_as_people_write_them(places: Gazetteer, written: str, outward: str) -> None:
    found = places.postcode(written)
    assert found is not None
    code, spot = found
    assert code == outward
    assert not spot.outside
    assert spot.county
    assert spot.latitude and spot.longitude


@pytest.mark.parametrize("written", ["SW1A 1AA", "sw1a1aa", "M1 1AE", "I am in EH1 1YZ now", "CF10 1EP"])
def test_a_whole_postcode_from_elsewhere_is_outside(places: Gazetteer, written: str) -> None:
    found = places.postcode(written)
    assert found is not None
    assert found[1].outside
    assert found[1].latitude is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SW1A",
        "ZZ9",
        "WR99",
        "vitamin B12 injection",
        "covid19",
        "ring 111",
        "A&E",
        "the M5",
        "A49",
        "at 9am",
        "h1n1",
    ],
)
def test_what_is_no_postcode_of_ours_is_not_taken_for_one(places: Gazetteer, text: str) -> None:
    assert places.postcode(text) is None


def test_a_postcode_that_we_hold_gives_its_own_point_and_another_its_districts_centre(base: KnowledgeBase) -> None:
    surgery = next(row for row in content.read(CONTENT)["service"] if row["id"].startswith("gp-") and row["latitude"])
    exact = base.places.postcode(surgery["postal_code"].lower().replace(" ", ""))
    assert exact is not None
    assert exact[1].name == surgery["postal_code"]
    assert (exact[1].latitude, exact[1].longitude) == (float(surgery["latitude"]), float(surgery["longitude"]))
    centre = base.places.postcode("WR5 9ZZ")
    assert centre is not None
    assert centre[1].name == "WR5"
    assert centre[1] == base.places.spot("wr5")


def test_every_district_we_know_is_found_by_its_code(places: Gazetteer) -> None:
    codes = [place.name for place in places if place.place_type == "postcode_district"]
    assert len(codes) == 50
    for code in codes:
        for written in (code, code.lower(), f"{code} 1AA", f"{code}1aa".lower()):
            found = places.postcode(written)
            assert found is not None and found[0] == code, written


@given(text=st.text(st.characters(), max_size=60) | st.from_regex(r"[A-Za-z0-9 ]{0,12}", fullmatch=True))
def test_any_text_can_be_looked_through_for_a_postcode(places: Gazetteer, text: str) -> None:
    found = places.postcode(text)
    assert found is None or re.fullmatch(r"[A-Z]{1,2}[0-9][A-Z0-9]?", found[0])


# -- names -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said, meant",
    [
        ("Hereford", "Hereford"),
        ("  HEREFORD ", "Hereford"),
        ("Ross", "Ross-on-Wye"),
        ("Kiddy", "Kidderminster"),
        ("Kidder", "Kidderminster"),
        ("Lemster", "Leominster"),
        ("Wooster", "Worcester"),
        ("Droitwich", "Droitwich Spa"),
        ("Upton", "Upton-upon-Severn"),
        ("worcs", "Worcestershire"),
        ("Herefs", "Herefordshire"),
        ("Brum", "Birmingham"),
        ("MHDC", "Malvern Hills"),
    ],
)
def test_places_are_known_by_the_names_people_use(places: Gazetteer, said: str, meant: str) -> None:
    assert named(places, said).name == meant


@pytest.mark.parametrize("name", ["", "Atlantis", "HR9 7AA nowhere", "the"])
def test_a_name_of_no_place_is_not_known(places: Gazetteer, name: str) -> None:
    assert places.named(name) is None


def test_every_town_is_found_by_its_own_name_even_where_a_district_shares_it(places: Gazetteer) -> None:
    towns = [place for place in places if place.place_type in ("city", "town")]
    assert len(towns) > 15
    for town in towns:
        assert named(places, town.name).name == town.name
        assert named(places, town.name).latitude == town.latitude


def test_counties_are_too_wide_for_nearest_and_places_beyond_the_border_are_outside(places: Gazetteer) -> None:
    assert named(places, "Worcestershire").wide and not named(places, "Worcester").wide
    assert named(places, "Birmingham").outside and not named(places, "Bewdley").outside


def test_a_spot_is_found_again_by_the_id_that_a_conversation_keeps(places: Gazetteer) -> None:
    assert places.spot("hr9") == Spot.of(places["hr9"])
    assert places.spot("outside SW1A") == Spot("SW1A", outside=True)
    assert places.spot("nowhere") is None
    assert all(places.spot(place.id) == Spot.of(place) for place in places)


def test_the_town_of_a_postcode_district_is_the_nearest_one(places: Gazetteer) -> None:
    assert places.town_of("hr9") == "Ross-on-Wye"
    assert places.town_of("wr11") == "Evesham"
    assert places.town_of("hereford") == ""
    assert places.town_of("nowhere") == ""


def test_names_never_hold_postcodes(places: Gazetteer) -> None:
    names = places.names()
    assert names["kiddy"] == names["kidderminster"]
    assert "hr9" not in names
    assert all(name == name.lower() for name in names)


def test_a_places_own_name_wins_over_anothers_nickname() -> None:
    town = Place("ash", "Ash", "town", "Kent", "", 51.0, 0.0)
    village = Place("ash-hill", "Ash Hill", "village", "Kent", "", 51.1, 0.0, ("Ash", "The Hill"))
    for order in ([town, village], [village, town]):
        places = Gazetteer(order, {})
        assert named(places, "ash").name == "Ash"
        assert named(places, "the hill").name == "Ash Hill"


# -- who serves where --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "area, place, does",
    [
        ((), "Hereford", True),
        (("national",), "Hereford", True),
        (("herefordshire",), "Hereford", True),
        (("worcestershire",), "Hereford", False),
        (("herefordshire", "worcestershire"), "Hereford", True),
        (("wyre-forest",), "Kidderminster", True),
        (("wyre-forest",), "Worcester", False),
        (("wyre-forest",), "Worcestershire", True),
        (("wyre-forest",), "Herefordshire", False),
        (("worcestershire",), "Worcestershire", True),
        (("worcestershire",), "Malvern Hills", True),
        (("malvern-hills",), "Upton", True),
    ],
)
def test_a_record_serves_the_places_in_its_area(
    places: Gazetteer, area: tuple[str, ...], place: str, does: bool
) -> None:
    assert serves(Record("svc", "service", "Service", area=area), named(places, place)) is does


def test_the_districts_are_those_of_the_content() -> None:
    rows = [row for row in content.read(CONTENT)["place"] if row["place_type"] == "district"]
    assert {row["id"] for row in rows} == set(DISTRICTS["worcestershire"])
    assert {area_id(row["district"]) for row in rows} == set(DISTRICTS["worcestershire"])


def test_the_counties_and_districts_of_places_in_the_area_are_ones_we_know() -> None:
    """What stands in them decides who serves the place, so that a slip there would hide services."""
    for row in content.read(CONTENT)["place"]:
        if row["place_type"] in ("outside", "postcode_district"):
            continue
        county = area_id(row["county"])
        assert county in DISTRICTS, row
        assert area_id(row["district"]) in {*DISTRICTS[county], county, ""}, row
        assert row["district"] or row["place_type"] in ("county", "area", "postcode_district"), row

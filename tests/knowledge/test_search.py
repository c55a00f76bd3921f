"""Finding: the right record first, other places' dropped, nonsense refused, and no text that it cannot take."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge import content, schema
from knowledge.places import Spot, area_id
from knowledge.search import FOLDS, REFUSED_SHARE, Found, Query, content_words, stem
from knowledge.settings import CONTENT

if TYPE_CHECKING:
    from collections.abc import Callable

    from knowledge.schema import Record
    from knowledge.search import KnowledgeBase
    from tests.conftest import Unseen


@pytest.fixture(scope="module")
def records(base: KnowledgeBase) -> list[Record]:
    """Every record there is."""
    tables = content.read(CONTENT)
    return [base.get(row["id"]) for kind in schema.KINDS for row in tables[kind]]


def spot(base: KnowledgeBase, name: str) -> Spot:
    found = base.places.named(name)
    assert found is not None, name
    return found


def ids(found: Found) -> list[str]:
    return [hit.record.id for hit in found.hits]


# -- the right record --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "asked, wanted",
    [
        ("how do I get talking therapy for anxiety", "svc-talking-therapies"),
        ("what happened to Healthy Minds", "svc-talking-therapies"),
        ("can I hire a wheelchair accessible minibus to hospital appointments", "community-transport-worcestershire"),
        ("someone is hitting me at home in Hereford", "svc-domestic-abuse-herefordshire"),
        ("I need an NHS dentist", "route-find-nhs-dentist"),
        ("complain about the NHS", "route-complaint-nhs"),
        ("what replaced the CCG", "ccg-replaced-by-icb"),
        ("Healthwatch Worcestershire", "org-healthwatch-worcestershire"),
    ],
)
def test_a_question_in_plain_words_finds_its_record_among_the_first_three(
    base: KnowledgeBase, asked: str, wanted: str
) -> None:
    found = base.search(Query(asked), 3)
    assert wanted in ids(found)
    assert found.believable


def test_records_called_by_name_come_first(
    base: KnowledgeBase, records: list[Record], figure: Callable[[str], None]
) -> None:
    asked = [
        (record.id, name)
        for record in records
        if record.kind != "fact"
        for name in (record.name, *record.alternate_name[:1])
    ]
    missed = [
        (record_id, name)
        for record_id, name in asked
        if ids(base.search(Query(f"what is the phone number for {name}", named=(record_id,)), 1)) != [record_id]
    ]
    figure(f"names: {len(asked) - len(missed)} of {len(asked)} bring their record first")
    assert len(missed) <= len(asked) * 0.01, missed


def test_a_name_that_nobody_has_changes_nothing(base: KnowledgeBase) -> None:
    assert base.search(Query("food bank", named=("nowhere",))) == base.search(Query("food bank"))


def test_hits_come_best_first_and_no_more_than_asked_for(base: KnowledgeBase) -> None:
    for limit in (1, 3, 10):
        scores = [hit.score for hit in base.search(Query("help for carers"), limit).hits]
        assert len(scores) == limit
        assert scores == sorted(scores, reverse=True)


def test_only_the_kinds_and_the_subject_that_were_asked_for_are_found(base: KnowledgeBase) -> None:
    for kind in schema.KINDS:
        hits = base.search(Query("mental health", only=(kind,))).hits
        assert {hit.record.kind for hit in hits} == {kind}
    within = base.search(Query("Hereford", within="pharmacy"), 50).hits
    assert len(within) == 50
    assert all("pharmacy" in hit.record.taxonomy_terms for hit in within)


def test_a_preferred_kind_moves_up(base: KnowledgeBase) -> None:
    plain = base.search(Query("complain about my GP"), 20).hits
    preferring = base.search(Query("complain about my GP", kinds=("route",)), 20).hits
    gained = {hit.record.id: hit.score for hit in preferring}
    assert all(
        gained[hit.record.id] > hit.score for hit in plain if hit.record.kind == "route" and hit.record.id in gained
    )
    assert any(hit.record.kind == "route" for hit in preferring)


def test_a_record_keeps_its_own_id_however_it_is_asked_for(base: KnowledgeBase, records: list[Record]) -> None:
    merged = [(old, record.id) for record in records for old in record.merged_from]
    assert len(merged) > 100
    assert [(old, base.get(old).id) for old, _ in merged] == merged


def test_an_id_that_nobody_has_is_a_key_error(base: KnowledgeBase) -> None:
    with pytest.raises(KeyError):
        base.get("nowhere")


# -- places ------------------------------------------------------------------------------------------------------------

NEEDS = [
    "carers support",
    "adult social care",
    "I am homeless",
    "domestic abuse",
    "library",
    "healthwatch",
    "the council",
    "food bank",
    "minor injuries",
    "hospice",
    "mental health help for my teenager",
    "community transport",
]


@pytest.mark.parametrize("county, town", [("Herefordshire", "Hereford"), ("Worcestershire", "Kidderminster")])
@pytest.mark.parametrize("need", NEEDS)
def test_other_counties_are_dropped_when_a_place_is_named(
    base: KnowledgeBase, need: str, county: str, town: str
) -> None:
    here, home = spot(base, town), {area_id(county), "national"}
    home.add(area_id(here.district))
    found = base.search(Query(f"{need} in {town}", here, placeless=need), 10)
    assert found.hits
    strangers = [hit.record.id for hit in found.hits if hit.record.area and not home & set(hit.record.area)]
    assert strangers == []


@pytest.mark.parametrize(
    "need, town, first",
    [
        ("adult social care", "Hereford", "herefordshire-art"),
        ("adult social care", "Redditch", "wcc-adult-front-door"),
        ("domestic abuse", "Hereford", "svc-domestic-abuse-herefordshire"),
        ("I am homeless", "Kidderminster", "housing-wyre-forest"),
        ("I am homeless", "Leominster", "housing-herefordshire"),
    ],
)
def test_the_same_need_leads_to_the_place_s_own_service(base: KnowledgeBase, need: str, town: str, first: str) -> None:
    assert ids(base.search(Query(f"{need} in {town}", spot(base, town), placeless=need), 1)) == [first]


def test_nothing_is_dropped_for_a_place_outside(base: KnowledgeBase) -> None:
    outside = Spot("SW1A", outside=True)
    assert ids(base.search(Query("food bank", outside))) == ids(base.search(Query("food bank")))


@pytest.mark.parametrize("term", ["pharmacy", "gp", "dentist", "optician", "minor-injuries", "hospital"])
@pytest.mark.parametrize("town", ["Hereford", "Ross-on-Wye", "Bewdley", "Evesham", "HR9"])
def test_nearest_is_sorted_by_distance_and_forgets_nobody_nearer(
    base: KnowledgeBase, records: list[Record], term: str, town: str
) -> None:
    postcode = base.places.postcode(town)
    here = postcode[1] if postcode else spot(base, town)
    hits = base.nearest(term, here, limit=5)
    miles = [hit.miles for hit in hits if hit.miles is not None]
    assert miles
    assert miles == sorted(miles)
    assert [hit.miles for hit in hits[: len(miles)]] == miles  # those without a point come last
    assert here.latitude is not None and here.longitude is not None
    there = base.nearest(term, here, limit=1000)
    assert {hit.record.id for hit in there} <= {r.id for r in records if term in r.taxonomy_terms}
    # Reckoned anew on a flat map, which is good enough over a county.
    flat = [
        ((r.latitude - here.latitude) * 69.1) ** 2 + ((r.longitude - here.longitude) * 69.1 * 0.614) ** 2
        for r in records
        if (r.taxonomy_terms[:1] == (term,) or (term in r.taxonomy_terms and r.kind == "location"))
        and (r.city or r.postal_code)
        and r.latitude
        and r.longitude
    ]
    assert miles[0] == pytest.approx(min(flat) ** 0.5, abs=0.1 + 0.01 * miles[0])


@pytest.mark.parametrize("term", ["pharmacy", "gp", "dentist", "optician", "community-hospital"])
@pytest.mark.parametrize("place", ["Herefordshire", "Worcestershire", "Hereford", "Bromsgrove", "Birmingham"])
def test_sites_whose_distance_is_unknown_serve_the_place(base: KnowledgeBase, term: str, place: str) -> None:
    here = spot(base, place)
    home = {area_id(here.county), area_id(here.district), "national"}
    if here.wide:
        home |= {area_id(p.district) for p in base.places if p.place_type == "district" and p.county == here.name}
    hits = base.nearest(term, here, limit=1000)
    assert [hit.record.id for hit in hits if hit.miles is None and not home & set(hit.record.area)] == []
    if here.wide:
        assert hits
        assert all(hit.miles is None for hit in hits)


def test_the_nearest_pharmacy_in_hereford_is_in_hereford(base: KnowledgeBase) -> None:
    hits = base.nearest("pharmacy", spot(base, "Hereford"))
    assert len(hits) == 3
    assert {hit.record.city for hit in hits} == {"Hereford"}


# -- sites called by name ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "term, said, name",
    [
        ("gp", "belmont", "Belmont Medical Centre"),
        ("gp", "belmnot", "Belmont Medical Centre"),
        ("gp", "cantalupe", "Cantilupe Surgery"),
        ("hospital", "alexander", "Alexandra Hospital, Redditch"),
        ("hospital", "alexandria", "Alexandra Hospital, Redditch"),
        ("dentist", "brihgton", "Brighton Villa Dental Surgery, Hereford"),
    ],
)
def test_misspelt_names_are_found(base: KnowledgeBase, term: str, said: str, name: str) -> None:
    assert base.called(term, [said], None)[0].record.name == name


def test_two_letters_in_the_wrong_order_are_forgiven(
    base: KnowledgeBase, records: list[Record], figure: Callable[[str], None]
) -> None:
    surgeries = [record for record in records if record.taxonomy_terms[:1] == ("gp",) and record.postal_code]
    asked = [(r, r.name.lower().split()[0]) for r in surgeries if len(r.name.split()[0]) >= 7]
    asked = [(record, word) for record, word in asked if word.isalpha()]
    assert len(asked) > 20
    missed = []
    for record, word in asked:
        turned = word[:3] + word[4] + word[3] + word[5:]
        found = base.called("gp", [turned], None)
        if record.id not in [hit.record.id for hit in found]:
            missed.append((record.name, turned))
    figure(f"misspelt surgeries: {len(asked) - len(missed)} of {len(asked)} found")
    assert len(missed) <= len(asked) * 0.1, missed


def test_common_words_alone_call_nobody(base: KnowledgeBase) -> None:
    for words in ([], ["surgery"], ["road"], ["medical", "centre"], ["qqqqqqq"], ["😀"], [""]):
        assert base.called("gp", words, None) == []
    assert base.called("no-such-subject", ["belmont"], None) == []


def test_of_sites_with_the_same_name_the_nearest_comes_first(base: KnowledgeBase) -> None:
    hits = base.called("pharmacy", ["boots"], spot(base, "Leominster"))
    assert len(hits) > 3
    assert hits[0].record.city == "Leominster"
    miles = [hit.miles for hit in hits if hit.score == hits[0].score]
    assert miles == sorted(miles, key=lambda distance: distance or 0.0)


# -- what is ours and what is not --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "asdf qwer zxcv",
        "lorem ipsum dolor sit amet",
        "quelle est la capitale de la france",
        "wie wird das wetter morgen in berlin",
        "gdzie jest najbliższy sklep z butami",
        "你好 今天天气怎么样",
        "привет как дела",
        "मौसम कैसा है",
        "what's the football score",
        "best pizza recipe",
        "who won the world cup in 1966",
        "book me a flight to spain",
        "bitcoin price",
        "why is the sky blue",
        "tell me a joke",
        "xyzzy plugh",
        "😀😀😀",
        "",
        "?",
    ],
)
def test_nonsense_and_what_is_not_ours_is_not_believable(base: KnowledgeBase, text: str) -> None:
    assert not base.search(Query(text), 3).believable


@pytest.mark.parametrize("asked", ["who won the match in", "best pizza in", "is there a zoo in"])
def test_a_place_we_know_does_not_make_a_question_ours(base: KnowledgeBase, asked: str) -> None:
    malvern = spot(base, "Malvern")
    assert not base.search(Query(f"{asked} Malvern", malvern, placeless=asked)).believable


def test_few_of_our_own_questions_are_refused(unseen: Unseen, figure: Callable[[str], None]) -> None:
    """Each is asked as somebody else might ask it, of a knowledge base that lacks it."""
    asked = [row["question"] for row in unseen.questions]
    refused = [text for text in asked if not unseen.base.search(Query(text), 1).believable]
    figure(f"own questions refused: {len(refused)} of {len(asked)}")
    assert len(asked) > 500
    assert len(refused) <= len(asked) * 0.06, refused


def test_a_question_fits_better_with_its_own_vector_than_without(base: KnowledgeBase, unseen: Unseen) -> None:
    for row in unseen.questions[::10]:
        query = Query(row["question"])
        assert unseen.base.search(query, 1).belief <= base.search(query, 1).belief + 0.01


def test_what_it_is_calibrated_by_is_what_a_knowledge_base_without_the_questions_would_say(base: KnowledgeBase) -> None:
    """A question that is left out is believed less than it is by the whole, and each is left out once."""
    questions = content.read(CONTENT)["question"]
    texts = [row["question"] for row in questions]
    vectors = base._vectors[len(base._ids) :][: len(texts)].astype(np.float32)
    beliefs = [list(base.beliefs_without(texts, vectors, fold)) for fold in range(FOLDS)]
    assert sum(map(len, beliefs)) == len(texts)
    # As many as the calibration allows fall below the score that it set; the vectors are kept with fewer digits.
    refused = sum(belief < base.calibration.believable for fold in beliefs for belief in fold)
    assert refused / len(texts) == pytest.approx(REFUSED_SHARE, abs=0.003)
    for text, belief in list(zip(texts[::FOLDS], beliefs[0], strict=True))[::100]:
        assert belief <= base.search(Query(text), 1).belief + 0.01


# -- any text at all ---------------------------------------------------------------------------------------------------

SPECIAL = [
    '"',
    "'",
    "AND",
    "OR",
    "NOT",
    "NEAR(",
    "NEAR(a b, 3)",
    "*",
    "car*",
    "(",
    ")",
    "^",
    ":",
    "name:x",
    "-",
    "+",
    "{",
    "}",
]
SPECIAL += [
    "a&e",
    "&",
    "a & e",
    "--",
    ";",
    "DROP TABLE record;",
    "%",
    "_",
    "\\",
    "\0",
    "😀",
    "\ud83d",
    "’",
    "É",
    "ﬁ",
    "\n",
]
any_text = st.text(st.characters(), max_size=80) | st.lists(st.sampled_from(SPECIAL), max_size=8).map(" ".join)


@settings(max_examples=250, deadline=None)
@given(text=any_text, placeless=st.just("") | any_text)
def test_no_text_makes_the_search_fail(base: KnowledgeBase, text: str, placeless: str) -> None:
    found = base.search(Query(text, placeless=placeless), 3)
    assert len(found.hits) == 3
    assert -1 <= found.belief <= 2
    assert isinstance(found.believable, bool)


@settings(max_examples=150, deadline=None)
@given(words=st.lists(any_text, max_size=4))
def test_no_words_make_calling_by_name_fail(base: KnowledgeBase, words: list[str]) -> None:
    base.called("gp", words, None)


@pytest.mark.parametrize("special", SPECIAL)
def test_a_special_character_beside_a_question_leaves_the_answer(base: KnowledgeBase, special: str) -> None:
    found = base.search(Query(f"{special} talking therapies for anxiety {special}"), 3)
    assert "svc-talking-therapies" in ids(found)


def test_a_very_long_text_is_searched_too(base: KnowledgeBase) -> None:
    many = " ".join(f"word{number}" for number in range(3000))
    assert len(base.search(Query(f"food bank {many}"), 3).hits) == 3


def test_threads_get_the_answers_that_one_alone_gets(base: KnowledgeBase) -> None:
    alone = [base.search(Query(need), 3) for need in NEEDS]
    got: list[list[Found]] = []

    def ask() -> None:
        got.append([base.search(Query(need), 3) for need in NEEDS])

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == [alone] * 8


# -- words -------------------------------------------------------------------------------------------------------------


def test_words_that_say_nothing_of_the_subject_are_left_out() -> None:
    assert content_words("Where's the nearest GP, and is the GP’s surgery open?") == ["gp", "gp's", "surgery", "open"]
    assert content_words("How do I ...?") == []


@pytest.mark.parametrize(
    "one, other", [("carers", "carer"), ("gp's", "gp"), ("carer's", "carers"), ("dentists", "dentist")]
)
def test_the_forms_of_a_word_have_one_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


def test_the_words_of_the_content_are_known(base: KnowledgeBase) -> None:
    assert base.knows_word("pharmacy")
    assert base.knows_word("dentists")
    assert not base.knows_word("xyzzy")


def test_all_names_lead_to_records(base: KnowledgeBase) -> None:
    names = list(base.names())
    assert ("Healthy Minds", "svc-talking-therapies") in names
    assert all(name and base.get(record_id).id == record_id for name, record_id in names)

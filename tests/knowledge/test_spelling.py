"""Spelling: a real word is never changed, a misspelt one is put right as far as the knowledge base speaks of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge import content, schema
from knowledge.settings import CONTENT
from knowledge.spelling import SHORTEST, Spelling, is_english, words_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from knowledge.search import KnowledgeBase


@pytest.fixture(scope="module")
def spelling(base: KnowledgeBase) -> Spelling:
    """By the words of the real content."""
    return base.spelling


def changed(spelling: Spelling, words: Iterable[str]) -> dict[str, str]:
    """The words that are changed, with what they become."""
    return {word: meant for word in words if (meant := spelling.corrected(word)) != word}


# -- what is never changed ---------------------------------------------------------------------------------------------

COMMON = """
about above across after again against almost alone along already also although always among another answer anybody
anything anyway around asked because become before behind being believe below better between borrow bottom bought bread
break breath bring broken brother brought building burning busy called cannot carry catch chair change cheap check
children choose circle clean clear clothes coffee cold coming cooker corner could country course cousin crying daughter
decide different difficult dinner double doubt down drink drive during early earth easy eight either eleven else empty
enough evening every everybody example except expect falling family father feeling fetch fifteen fifty finger finish
first floor follow football forget forgot forty found fourteen friend friendly front fruit funny further garden getting
given going gone grandson granddaughter great green ground group grown half hand hang happen happy having head hear
heard heart heavy herself himself holiday hope horse hour house however hundred hungry husband idea important inside
instead invite itself jumper keep kitchen knees knew knife known ladies large last later laugh learn least leave left
letter light likely listen little living lonely longer look lose losing lost lovely lucky lunch making many marry matter
maybe mean meant meeting middle might mind minute missing mistake moment money month more morning mother mouth move much
music must myself near nearly neck need neither never niece night nine ninety nobody noise normal north nose nothing
number offer often once only open orange other ought ourselves outside owner paper parents park party passed people
perhaps person photo picture piece place plan plate play please plenty poor possible potato prefer pretty probably
problem promise proper proud pull push question quick quiet quite rabbit rather reach read ready real really reason
receive remember rent reply rest return right river road room rough round running safe saving school scared second
several shall shape share sharp shed sheet shirt shoes short shoulder shout shower simple since sister sitting sixteen
size skin sleep slept slow small smell smile snow soap sofa someone something sometimes soon sore sorry sound soup south
special spell spend spoke spoon spring stairs stand start station stay steal still stomach stone stood story straight
strange street strong stuck stuff stupid sudden sugar summer sunny suppose sure surprise sweet table taste taught teach
teeth terrible thank their themselves there thick thing think third thirsty though thought thousand thread through
throat throw thumb tidy tight tired today toes together toilet told tomorrow tongue tonight tooth touch towards towel
tower track trees trousers trust truth twelve twenty twice under understand unless until upset upstairs usual usually
vegetable very village visit voice waiting walking warm watch water wearing weather week weight welcome where whether
which while whole whose wide winter wish woman women wonder wooden working world worried worry worse worst worth would
write writing wrong yesterday young yourself
""".split()
BRITISH = """
aeroplane aluminium anaemia analyse apologise behaviour biscuit bloke bogey bollard bungalow caravan cardigan catalogue
centre cheque cheers chips chuffed coeliac colour cosy councillor crisps cuppa cutlery daft defence diarrhoea dialled
dodgy draught duvet enrol enquiry faeces favourite fibre fiver flannel fortnight fulfil grandad granny grey grotty
gutted haemorrhoids handbag headteacher honour hoover humour jewellery kerb kettle knackered knickers labour lavatory
licence litre lorry marmalade maths mould mouldy moustache nappies naughty neighbour oestrogen organise orthopaedic
paediatric paediatrician paracetamol pavement pensioner petrol plaster plough poorly practise programme pushchair
pyjamas queue quid rubbish rucksack sceptical skint solicitor spanner spectacles squash swede teatime telly theatre
tonne torch trainers tumour tyres vapes verruca waistcoat wardrobe wellies whilst whinge wonky yoghurt
""".split()
HEALTH = """
ibuprofen amoxicillin sertraline omeprazole citalopram levothyroxine metformin ramipril amlodipine atorvastatin
naproxen codeine tramadol gabapentin pregabalin mirtazapine fluoxetine warfarin apixaban salbutamol prednisolone
furosemide bisoprolol lansoprazole fibromyalgia endometriosis sciatica eczema psoriasis shingles chickenpox tonsillitis
cystitis thrush bunion hernia gallstones arthritis osteoporosis lymphoedema tinnitus vertigo cataract glaucoma
epilepsy sepsis meningitis bronchitis asthma impetigo ringworm conjunctivitis motability jobcentre textphone
whatsapp facebook google sainsburys tesco boots specsavers
""".split()
FIRST_NAMES = """
aidan alfie callum chloe ciaran declan finlay freya gemma imogen isla kieran lachlan niamh poppy rhiannon rhys sian
sinead siobhan zara mohammed muhammad aisha fatima priya arjun wojciech agnieszka katarzyna piotr tomasz ionut andreea
""".split()

SURNAMES = """
Smith Jones Williams Taylor Davies Brown Evans Thomas Roberts Walker Wright Robinson Thompson White Hughes Edwards Green
Lewis Turner Jackson Cooper Morris Powell Preece Watkins Pritchard Griffiths Bufton Gwilliam Probert Lloyd Meredith
Farley Baldwin Tolley Hadley Kowalski Nowak Popescu Begum Patel Hussain Ahmed
""".split()


PEOPLE = [*FIRST_NAMES, *SURNAMES, *map(str.lower, SURNAMES)]


@pytest.mark.parametrize(
    "words", [COMMON, BRITISH, HEALTH, PEOPLE], ids=["common", "British", "health", "names of people"]
)
def test_a_real_word_is_never_changed(spelling: Spelling, words: list[str]) -> None:
    assert changed(spelling, words) == {}


def test_there_are_enough_real_words() -> None:
    assert len(set(COMMON + BRITISH)) > 500


# What is written for people to read; addresses of pages and mail are not.
WRITTEN = (
    *("name", "alternate_name", "description", "alert", "eligibility_description", "application_process"),
    *("organization", "address_1", "city", "opening_hours", "old_hours", "fees_description", "other_sources_say"),
)


def texts() -> list[str]:
    """All that the content says of records, places and subjects; questions are asked in people's own spelling."""
    tables = content.read(CONTENT)
    found = [row.get(column, "") for kind in schema.KINDS for row in tables[kind] for column in WRITTEN]
    found += [row["step"] for row in tables["step"]]
    found += [row["description"] for table in ("phone", "schedule", "taxonomy_term") for row in tables[table]]
    found += [row[column] for row in tables["taxonomy_term"] for column in ("name", "alternate_name")]
    found += [row["text"] for row in tables["phrase"] if not row["id"].startswith("language_")]
    return found


def test_no_word_of_the_content_is_changed(spelling: Spelling) -> None:
    words = sorted(set().union(*map(words_of, texts())))
    assert len(words) > 2_500
    assert changed(spelling, words) == {}


def test_no_name_of_a_place_is_changed(spelling: Spelling) -> None:
    rows = content.read(CONTENT)["place"]
    names = {name for row in rows for name in (row["name"], *schema.split_list(row["alternate_name"]))}
    assert changed(spelling, names | {name.lower() for name in names}) == {}


def test_nobody_that_the_facts_speak_of_is_changed(spelling: Spelling) -> None:
    facts = [row["description"] for row in content.read(CONTENT)["fact"]]
    named = {name for text in facts for name in re.findall(r"(?<=[a-z,] )[A-Z][a-z]{4,}", text)}
    assert len(named) > 100
    assert changed(spelling, sorted(named | {name.lower() for name in named})) == {}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "u ok hun",
        "r u open 2moz",
        "cant w8 til 2nite",
        "pls hlp me m8",
        "wot tym duz it opn",
        "thx lol idk tbh",
        "docs nr me plz",
        "GP, A&E and NHS 111",
        "theyre didnt wasnt youve",
        "CAMHS PIP ESA LCWRA EHCP",
        "WR14 2GP",
        "ring 01905 763333",
        "jo@example.org",
        "😀 💊",
        "dzien dobry",
    ],
)
def test_text_speak_short_words_and_what_is_no_word_stay(spelling: Spelling, text: str) -> None:
    assert spelling.corrected(text) == text


@given(word=st.text(st.characters(), max_size=SHORTEST - 1))
def test_a_short_word_is_never_changed(spelling: Spelling, word: str) -> None:
    assert spelling.corrected(word) == word


# -- what is put right -------------------------------------------------------------------------------------------------

MISSPELT = {
    # services and people
    "docter": "doctor",
    "docters": "doctors",
    "dentust": "dentist",
    "dentest": "dentist",
    "denist": "dentist",
    "chemst": "chemist",
    "pharmasist": "pharmacist",
    "farmacist": "pharmacist",
    "pharmacey": "pharmacy",
    "hospitle": "hospital",
    "hosptial": "hospital",
    "optishun": "optician",
    "opticion": "optician",
    "surgry": "surgery",
    "sergery": "surgery",
    "midwif": "midwife",
    "midwiffe": "midwife",
    "ambulence": "ambulance",
    "physotherapy": "physiotherapy",
    "fisiotherapy": "physiotherapy",
    "councelling": "counselling",
    "counciling": "counselling",
    "libary": "library",
    "councel": "council",
    "carrers": "carers",
    "chiropidist": "chiropodist",
    "audiolgy": "audiology",
    "hospise": "hospice",
    "transpot": "transport",
    "wheelchiar": "wheelchair",
    "equiptment": "equipment",
    "vaccinashun": "vaccination",
    "vacination": "vaccination",
    "advocasy": "advocacy",
    "safegaurding": "safeguarding",
    "befreinding": "befriending",
    # needs
    "anxity": "anxiety",
    "anxeity": "anxiety",
    "depresion": "depression",
    "diabeties": "diabetes",
    "dimentia": "dementia",
    "demensha": "dementia",
    "alzhimers": "alzheimers",
    "autisum": "autism",
    "pregnent": "pregnant",
    "bereavment": "bereavement",
    "lonliness": "loneliness",
    "alchohol": "alcohol",
    "adiction": "addiction",
    "domestik": "domestic",
    "homless": "homeless",
    "benifits": "benefits",
    "smokeing": "smoking",
    "sexaul": "sexual",
    "contraseption": "contraception",
    "mentl": "mental",
    "helth": "health",
    # what is asked
    "apointment": "appointment",
    "appointmant": "appointment",
    "prescripton": "prescription",
    "perscription": "prescription",
    "urgant": "urgent",
    "emergancy": "emergency",
    "comunity": "community",
    "adress": "address",
    "complane": "complain",
    "refferal": "referral",
    "nearst": "nearest",
    "thursdy": "thursday",
    "wensday": "wednesday",
    "tommorrow": "tomorrow",
    "realy": "really",
    # towns
    "herfordshire": "herefordshire",
    "hearford": "hereford",
    "worcesterr": "worcester",
    "kiderminster": "kidderminster",
    "kidderminstar": "kidderminster",
    "leominstar": "leominster",
    "bromyardd": "bromyard",
    "maleven": "malvern",
    "evesam": "evesham",
    "reddich": "redditch",
    "bromsgroove": "bromsgrove",
    "droitwhich": "droitwich",
    "pershaw": "pershore",
    "ledberry": "ledbury",
    "stourpot": "stourport",
}


def called(base: KnowledgeBase, word: str) -> str:
    """The place or subject that is known by this very word, misspelt as it is: the gazetteer finds that."""
    names = {name: term["name"] for term in base.terms.values() for name in schema.split_list(term["alternate_name"])}
    place = base.places.named(word)
    return (place.name if place else names.get(word, "")).lower()


def test_most_misspelt_words_are_put_right(
    spelling: Spelling, base: KnowledgeBase, figure: Callable[[str], None]
) -> None:
    assert len(MISSPELT) >= 60
    got = {word: spelling.corrected(word) for word in MISSPELT}
    right = {word for word, meant in MISSPELT.items() if got[word] == meant or called(base, word)[:5] == meant[:5]}
    wrong = {word: found for word, found in got.items() if found not in (word, MISSPELT[word])}
    left = [word for word, found in got.items() if found == word and word not in right]
    figure(
        f"spelling: {len(right)} of {len(MISSPELT)} misspelt words understood, {len(wrong)} taken for another {wrong}, "
        f"{len(left)} left as they are {left}"
    )
    assert len(right) >= 0.9 * len(MISSPELT)
    assert len(wrong) <= 0.03 * len(MISSPELT)


@pytest.mark.parametrize(
    "text, meant",
    [
        ("urgant dentust", "urgent dentist"),
        ("Is there a Docter, in Evesam?", "Is there a doctor, in evesham?"),
        ("where's the libary", "where's the library"),
        ("i need an apointment for my anxity", "i need an appointment for my anxiety"),
        ("optishun/dentust", "optician/dentist"),
    ],
)
def test_only_the_misspelt_words_of_a_text_change(spelling: Spelling, text: str, meant: str) -> None:
    assert spelling.corrected(text) == meant


@pytest.mark.parametrize(
    "text, not_meant",
    [
        ("walkin centre", "walking"),
        ("there is mould in my flat", "could"),
        ("a paediatric ward", "podiatric"),
        ("im on fluoxetine", "folkestone"),
        ("i feel so loney", "money"),
        ("my benefit apeal", "apply"),
        ("admin team", "admit"),
        ("my son alfie", "alive"),
    ],
)
def test_a_word_is_not_taken_for_another_of_another_meaning(spelling: Spelling, text: str, not_meant: str) -> None:
    assert not_meant not in spelling.corrected(text)


# -- any vocabulary, any text ------------------------------------------------------------------------------------------

letters = st.text("abcdefghilmnoprstuy", min_size=1, max_size=12)
texts_of_words = st.lists(letters | st.sampled_from([*MISSPELT, *COMMON[:50], "’", "'s", "2", ",", "É"]), max_size=8)


@settings(max_examples=150, deadline=None)
@given(text=texts_of_words.map(" ".join) | st.text(max_size=60))
def test_what_was_put_right_stays(spelling: Spelling, text: str) -> None:
    once = spelling.corrected(text)
    assert spelling.corrected(once) == once


@settings(max_examples=150, deadline=None)
@given(text=texts_of_words.map(" ".join) | st.text(max_size=60))
def test_everything_between_the_words_stays(spelling: Spelling, text: str) -> None:
    outside = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")  # as phones write it
    assert outside.split(spelling.corrected(text)) == outside.split(text)


@settings(max_examples=100, deadline=None)
@given(
    vocabulary=st.dictionaries(letters, st.integers(1, 9), max_size=20),
    known=st.lists(letters, max_size=5),
    text=st.lists(letters, max_size=6).map(" ".join),
)
def test_only_words_of_the_vocabulary_are_written(vocabulary: dict[str, int], known: list[str], text: str) -> None:
    own = Spelling(vocabulary, known)
    for before, after in zip(text.split(), own.corrected(text).split(), strict=True):
        if before != after:
            assert after in vocabulary and len(after) >= SHORTEST
            assert before not in vocabulary and before not in known and not is_english(before)


def test_of_two_words_as_near_the_one_that_more_records_say_is_meant() -> None:
    near = {"zaltons": 1, "zaltond": 9}
    assert Spelling(near).corrected("zaltonq") == "zaltond"
    assert Spelling({**near, "zaltons": 90}).corrected("zaltonq") == "zaltons"


def test_without_a_vocabulary_nothing_is_changed() -> None:
    assert Spelling({}).corrected("urgant dentust") == "urgant dentust"


@pytest.mark.parametrize(
    "word",
    ["organise", "organising", "organisation", "colour", "behaviour", "centre", "theatre", "counselling", "mould"],
)
def test_british_words_are_english(word: str) -> None:
    assert is_english(word)

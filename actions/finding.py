"""From a turn to an answer: which question is put to the knowledge base, and what is made of what it finds.

Every topic's action answers through here, so that the same question gets the same answer whatever it was taken for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from actions import nearby
from actions.closing import finish, not_found
from actions.reply import SHOWN_AT_ONCE, answer
from actions.turn import OFFERED
from knowledge.hours import asked_when, now
from knowledge.places import DISTRICTS
from knowledge.schema import SITES
from knowledge.search import Found, Hit, Query

if TYPE_CHECKING:
    from rasa_sdk.executor import CollectingDispatcher

    from actions.closing import Events
    from actions.reply import Reply
    from actions.turn import Turn
    from knowledge.places import Spot

CLOSE = 0.12  # a second record whose score is this near the best is shown too
CLOSE_FACT = 0.18
STRONG = 0.25  # how far above the believable score a route or fact must lie to stand before a list of sites
WHEN = re.compile(r"\b(?:when|what (?:days?|times?)|which days?)\b")  # "when can I drop in" is about hours
OPENS = re.compile(r"\b(?:open|opens|opening|shut|shuts|close|closes|closed)\b")
MEMBERS = frozenset({"pcn"})  # subjects whose records list the sites that belong to them
FOREIGN = 0.6  # from here on a message is likelier foreign than about the subject and the town that it names
STANDS_OUT = 0.2  # so far before the next, a record is the answer whatever else is on its subject
DOUBT = 0.15  # how far above it a way to care must lie to be the answer wherever the place is
# So many records on one subject, each for another district and nearly as good a match, make it a question of where.
DISTRICT_IDS = frozenset(district for districts in DISTRICTS.values() for district in districts)
SIBLINGS, SIBLINGS_CLOSE = 2, 0.3
SITES_BESIDE = 2  # sites shown after a way to care, where a place was said with it


@dataclass(frozen=True, slots=True)
class Aim:
    """What a question wants: the kinds of record preferred, a detail to say first, or a subject to stay within."""

    kinds: tuple[str, ...] = ()
    detail: str = ""
    within: str = ""
    otherwise: str = ""

    @property
    def wants_site(self) -> bool:
        """Whether somewhere to go is wanted rather than a way to care."""
        return self.kinds[: len(SITES)] == SITES


AIMS = {
    "find_service": Aim(SITES),
    "get_care": Aim(("route", "service")),
    "ask_ics": Aim(("fact",)),
    "complain": Aim(within="complaints", otherwise="route-complaint-nhs"),
    "ask_contact": Aim(SITES, "phone"),
    "ask_address": Aim(SITES, "address"),
    "ask_hours": Aim((*SITES, "route"), "hours"),
    "ask_cost": Aim(("service", "route"), "cost"),
    "ask_eligibility": Aim(("service", "route"), "eligibility"),
    "ask_referral": Aim(("service", "route"), "referral"),
    "unsure": Aim(),
}


def aim_of(turn: Turn, name: str) -> Aim:
    """The aim that an intent has; who asks how to get in touch may want to write, or to look it up."""
    aim, text = AIMS.get(name, AIMS["unsure"]), turn.text.lower()
    wanted = "email" if "mail" in text else "website" if "web" in text else ""
    if aim.detail == "referral" and WHEN.search(text):
        return replace(aim, detail="hours")
    if aim.wants_site and not aim.detail and OPENS.search(text) and asked_when(text, now()):
        return replace(aim, detail="hours")  # "is the chemist in Ledbury open on Saturday", taken for a search
    return replace(aim, detail=wanted) if wanted and aim.detail in ("", "phone") else aim


def answer_question(
    dispatcher: CollectingDispatcher, turn: Turn, aim_name: str, sure: bool = False, like: str = ""
) -> Events:
    """Answer the turn: one search, then a list by place, one record, or a question back.

    `sure` says that the subject is known to be ours, so that a weak match is still an answer; `like` is a record whose
    like is wanted.
    """
    aim = aim_of(turn, aim_name)
    if turn.only_place and not sure:
        return nearby.what_here(dispatcher, turn)
    kept = {"question": {"text": turn.placeless, "subjects": list(turn.subjects), "aim": aim_name}}
    about_system = aim_name == "ask_ics" or (turn.counts and turn.spot is None)
    aim = AIMS["ask_ics"] if about_system else aim
    spot = turn.spot if about_system else turn.known_spot
    outside = turn.spot is not None and turn.spot.outside and not turn.named
    where = None if about_system or outside else spot
    found = _search(turn, aim, where, like)
    found = _with_what_it_is_in(turn, found)
    if aim.detail and len(turn.named) == 1:  # the opening hours of what is named, whatever else is said
        found = _first(found, turn.named[0])
    only_subject = turn.sited_subject and turn.only_subjects
    if outside and not about_system and (aim.wants_site or only_subject or not _guides(turn, found)):
        return nearby.outside(dispatcher, turn, kept)
    term = "" if about_system or aim.within or outside else _listed(turn, found, aim)
    if term:
        guidance = found.hits[0].record if _strong_guidance(turn, found, term) else None
        return nearby.by_place(dispatcher, turn, term, found, aim.detail, kept, guidance)
    if not found.hits or not (sure or _believed(turn, found)):
        if turn.sited_subject and turn.spot is not None and turn.foreign < FOREIGN:
            return nearby.by_place(dispatcher, turn, turn.sited_subject, found, aim.detail, kept)
        if not aim.otherwise:
            return not_found(dispatcher, turn)
        found = Found([Hit(turn.base.get(aim.otherwise), 1.0)])
    if spot is None and not about_system and not turn.named and _differs_by_district(found):
        return nearby.ask_place(dispatcher, turn, kept)
    return _best(dispatcher, turn, found.hits, kept, aim.detail)


def _first(found: Found, record_id: str) -> Found:
    """What was found with a record before all others; as it is where something else stands out."""
    near = found.hits[0].score - STANDS_OUT if found.hits else 0.0
    own = [hit for hit in found.hits if hit.record.id == record_id and hit.score > near]
    others = [hit for hit in found.hits if hit.record.id != record_id]
    return replace(found, hits=[*own, *others], believable=True) if own else found


def _with_what_it_is_in(turn: Turn, found: Found) -> Found:
    """First what has the named site as a member, where that is asked: "which network is Cradley Surgery in"."""
    wanted = set(turn.subjects) & MEMBERS
    sites = [turn.base.get(record_id) for record_id in turn.named if turn.base.is_site(turn.base.get(record_id))]
    if wanted and not sites and turn.spot is not None and turn.sited_subject:
        near = turn.base.nearest(turn.sited_subject, turn.spot, limit=1)
        sites = [hit.record for hit in near if hit.miles is not None and hit.miles < 1]
    for term in wanted if sites else ():
        names = [site.name.split(",")[0] for site in sites]
        hits = [hit for hit in turn.base.all_on(term) if any(name in hit.record.description for name in names)]
        if hits:
            return Found([*hits[:1], *found.hits], found.belief, believable=True)
    return found


def _differs_by_district(found: Found) -> bool:
    """Whether what fits best is one of several that do the same, each for a district of its own."""
    best = found.hits[0]
    same = [
        hit.record.area
        for hit in found.hits
        if hit.record.taxonomy_terms[:1] == best.record.taxonomy_terms[:1] and best.score - hit.score < SIBLINGS_CLOSE
    ]
    return (
        best.record.area in same
        and len({area for area in same if len(area) == 1 and area[0] in DISTRICT_IDS}) >= SIBLINGS
    )


def _search(turn: Turn, aim: Aim, where: Spot | None, like: str = "") -> Found:
    """One question to the knowledge base; a subject that the aim stays within gives way to what fits far better."""
    query = Query(
        turn.sought,
        where,
        aim.kinds,
        turn.named,
        terms=tuple(term for term in turn.subjects if not turn.base.terms[term]["by_place"]),
        alone=turn.only_subjects,
        within=aim.within,
        placeless=turn.placeless if turn.spot else "",
        person=turn.person,
        age=turn.age,
        like=like,
    )
    found = turn.base.search(query)
    if aim.detail == "eligibility" and turn.subjects and not _on_subject(turn, found):
        # What was named may be for others only, and just that is asked.
        found = turn.base.search(replace(query, person=frozenset(), age=None))
    if aim.within:
        anywhere = turn.base.search(replace(query, within=""))
        other = anywhere.hits[0]
        better = other.score > found.hits[0].score + CLOSE if found.hits else True
        if better and (other.record.id not in turn.named or not other.record.open_for_use):
            return anywhere
    return found


def _believed(turn: Turn, found: Found) -> bool:
    """Whether what was found is an answer; what is likely another subject altogether must fit better."""
    if turn.only_subjects and _on_subject(turn, found):
        return True
    if turn.named or turn.subjects:
        return found.believable or found.belief >= turn.base.calibration.believable + turn.doubt
    return found.belief >= turn.base.calibration.believable + turn.doubt


def _on_subject(turn: Turn, found: Found) -> bool:
    """Whether the best record is on a subject that was said."""
    return bool(found.hits) and not set(turn.subjects).isdisjoint(found.hits[0].record.taxonomy_terms)


def has_answer(turn: Turn) -> bool:
    """Whether the knowledge base has something for a message whose aim is not clear."""
    return _believed(turn, _search(turn, AIMS["unsure"], turn.known_spot))


def surely_meant(turn: Turn) -> Hit | None:
    """The service or way to care that a message surely speaks of beside what it asks for, or None."""
    found = _search(turn, AIMS["get_care"], turn.known_spot)
    sure = turn.own_words and found.belief >= turn.base.calibration.believable + STRONG
    if not sure or found.hits[0].record.kind == "fact" or turn.sited_subject:
        return None
    return found.hits[0]


def _guides(turn: Turn, found: Found) -> bool:
    """Whether the best record is a way to care that fits well, wherever the place is."""
    top = found.hits[0].record if found.hits else None
    strong = found.belief >= turn.base.calibration.believable + DOUBT
    return top is not None and top.kind == "route" and strong


def _best(dispatcher: CollectingDispatcher, turn: Turn, hits: list[Hit], kept: dict[str, Any], detail: str) -> Events:
    """The best record in full, those close behind it in a line each; namesakes to choose from."""
    same = [hit for hit in hits if hit.record.id in turn.named]
    if len(same) > 1 and same[0] is hits[0] and _same_name(same):
        there = [hit for hit in same if _says_street(turn, hit)]
        if len(there) != 1:
            return nearby.namesakes(dispatcher, turn, same, kept)
        hits = there
    margin = CLOSE_FACT if hits[0].record.kind == "fact" else CLOSE
    also = [hit for hit in hits[1:SHOWN_AT_ONCE] if 0 <= hits[0].score - hit.score < margin]
    reply = answer(turn.speaker, hits, detail, also)
    _add_sites(turn, reply, kept)
    return finish(dispatcher, turn, reply, **kept)


def _add_sites(turn: Turn, reply: Reply, kept: dict[str, Any]) -> None:
    """Beside a way to care, the nearest sites on the subject that was said with it; without a place, ask for one."""
    subject, spot, best = turn.sited_subject, turn.spot, reply.records[0]
    another = best.taxonomy_terms[:1] and best.taxonomy_terms[0] in set(turn.subjects) - {subject}
    is_one = best.taxonomy_terms[:1] == (subject,) or (best.kind == "location" and subject in best.taxonomy_terms)
    if not subject or another or (is_one and turn.base.is_site(best)) or best.kind == "fact":
        return
    if turn.known_spot is None:
        reply.lines.append(turn.speaker.phrase("tell_place"))
        kept["asked"] = OFFERED
    elif spot is not None and not (spot.wide or spot.outside):
        near = [hit for hit in turn.base.nearest(subject, spot, limit=6) if hit.record.open_for_use][:SITES_BESIDE]
        reply.lines += [turn.speaker.phrase("nearest", place=spot.name)] if near else []
        reply.lines += [turn.speaker.brief(hit.record, hit.miles) for hit in near]
        reply.records += [hit.record for hit in near]


def _listed(turn: Turn, found: Found, aim: Aim) -> str:
    """The subject whose sites should be listed nearest first, or "" when one record is the answer.

    A subject that was said ("doctors in Bewdley") is listed, unless a way to care fits the whole message well ("can I
    join a surgery without proof of address"). Without one, the best record's subject is, if its sites differ by place.
    """
    top = found.hits[0].record if found.hits else None
    if top is not None and (top.id in turn.named or _stands_out(turn, found)):
        return ""
    terms = turn.base.terms
    first = top.taxonomy_terms[0] if top is not None and top.taxonomy_terms else ""
    if first in turn.subjects and not terms[first]["by_place"]:
        return ""  # "an abortion without my GP" is about the one, not about the other
    subject = turn.sited_subject
    if subject and turn.wants_nearest:
        return subject
    if subject and not turn.telling_words and aim.kinds != AIMS["get_care"].kinds:
        return subject
    if subject and aim.wants_site and not turn.unsure:
        return "" if _strong_guidance(turn, found, subject) else subject
    if subject and turn.spot is not None:
        meant = first == subject or not turn.telling_words
        if meant or turn.base.called(subject, turn.telling_words, turn.spot):
            return subject
    is_site = top is not None and top.kind != "organization" and turn.base.is_site(top)
    if is_site and _believed(turn, found) and terms[first]["by_place"] and _fits(turn, first):
        return first
    return ""


def _stands_out(turn: Turn, found: Found) -> bool:
    """Whether the whole message fits one record far better than any other: "a CT scan at the new place in Hereford"."""
    if not turn.telling_words or turn.wants_nearest or len(found.hits) < 2:
        return False
    ahead = found.hits[0].score - found.hits[1].score
    return ahead >= STANDS_OUT and found.belief >= turn.base.calibration.believable + DOUBT


def _strong_guidance(turn: Turn, found: Found, subject: str) -> bool:
    """Whether what fits best is no site on the subject, and fits the whole message well."""
    top = found.hits[0].record if found.hits else None
    if top is None or not turn.telling_words or (top.taxonomy_terms[:1] == (subject,) and top.city):
        return False
    return not turn.base.is_site(top) and found.belief >= turn.base.calibration.believable + STRONG


def _fits(turn: Turn, term: str) -> bool:
    """Whether nothing that was said speaks of another subject than `term`."""
    return not turn.subjects or term in turn.subjects


def _says_street(turn: Turn, hit: Hit) -> bool:
    """Whether the street of a record is said: "Boots on the Worcester Road"."""
    streets = (part.strip(" 0123456789-–").lower() for part in hit.record.address_1.split(","))
    return any(" " in street and street in turn.text.lower() for street in streets)


def _same_name(hits: list[Hit]) -> bool:
    names = {hit.record.name.split(",")[0].lower() for hit in hits}
    return len(names) == 1

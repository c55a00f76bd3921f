"""From a turn to an answer: which question is put to the knowledge base, and what is made of what it finds.

Every topic's action answers through here, so that the same question gets the same answer whatever it was taken for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from rasa_sdk.events import SlotSet

from actions.reply import SHOWN_AT_ONCE, Button, Reply, answer
from actions.turn import POINTING
from knowledge.places import Spot
from knowledge.search import Found, Hit, Query, content_words

if TYPE_CHECKING:
    from rasa_sdk.executor import CollectingDispatcher

    from actions.reply import Speaker
    from actions.turn import Turn
    from knowledge.schema import Record

CLOSE = 0.12  # a second record whose score is this near the best is shown too
CLOSE_FACT = 0.18
CERTAIN = 0.85  # an intent this likely is answered with the detail that it asks for, without the whole record
STRONG = 0.25  # how far above the believable score a route or fact must lie to stand before a list of sites
DOUBT = 0.15  # how far above it a way to care must lie to be the answer wherever the place is
NEAR = 5.0  # miles: sites this near are listed together with the nearest
NEAR_BORDER = 12.0  # miles: how far over the border somebody still uses our services
SITES_BESIDE = 2  # sites shown after a way to care, where a place was said with it
EVERYDAY = ("gp", "pharmacy", "minor-injuries")  # subjects that most people look for
FOREIGN = 0.3  # so likely out of scope, a message with nothing but a place in it asks for no service there
WAITING = 3  # turns that a question waits for its place while others are answered
OTHERS_OFFERED = 2  # further questions of a message
TOWNS = ("Hereford", "Worcester", "Redditch", "Kidderminster", "Malvern")  # the five that most people live near

Events = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Aim:
    """What a question wants: the kinds of record preferred, a detail to say first, or a subject to stay within."""

    kinds: tuple[str, ...] = ()
    detail: str = ""
    within: str = ""
    otherwise: str = ""


SITES = ("service", "organization", "location")
AIMS = {
    "find_service": Aim(SITES),
    "get_care": Aim(("route", "service")),
    "ask_ics": Aim(("fact",)),
    "complain": Aim(within="complaints", otherwise="route-complaint-nhs"),
    "ask_contact": Aim(SITES, "phone"),
    "ask_address": Aim(SITES, "address"),
    "ask_hours": Aim(SITES, "hours"),
    "ask_cost": Aim(("service", "route"), "cost"),
    "ask_eligibility": Aim(("service", "route"), "eligibility"),
    "ask_referral": Aim(("service", "route"), "referral"),
    "unsure": Aim(),
}


def _aim(turn: Turn, name: str) -> Aim:
    """The aim that an intent has; who asks how to get in touch may want to write."""
    aim = AIMS.get(name, AIMS["unsure"])
    return replace(aim, detail="email") if aim.detail == "phone" and "mail" in turn.text.lower() else aim


def finish(dispatcher: CollectingDispatcher, turn: Turn, reply: Reply, **kept: Any) -> Events:
    """Say the reply, and keep what the next turn may need. Failures count up while nothing is found.

    What is shown is a new list, unless `records` says which of those before are spoken of now. A question that still
    waits for a place waits on while another is answered.
    """
    if reply.outcome == "answer":
        _offer_others(turn, reply)
    reply.send(dispatcher)
    slots: dict[str, Any] = {
        "place": turn.known_spot_id or None,
        "failures": turn.failures + 1 if reply.outcome == "fallback" else 0,
        "asked": None,
    }
    slots["pending"] = _still_waiting(turn, kept)
    if reply.records and "records" not in kept:
        slots["records"] = [record.id for record in reply.records]
        slots["shown"] = [slots["records"]]
    slots.update(kept)
    return [SlotSet(name, value) for name, value in slots.items()]


def _still_waiting(turn: Turn, kept: dict[str, Any]) -> dict[str, Any] | None:
    """The question that waits for a place after this turn, for a few turns: not the one that is asked now."""
    waiting = turn.pending
    if turn.asked == "place" and not turn.only_place and turn.question:
        waiting = {"text": turn.question, "subjects": list(turn.question_subjects), "aim": turn.aim, "turns": 0}
    if not waiting or turn.only_place or kept.get("asked") == "place" or waiting["turns"] >= WAITING:
        return None
    asked_anew = set(waiting["subjects"]) & set(turn.subjects)
    return None if asked_anew else {**waiting, "turns": waiting["turns"] + 1}


def _offer_others(turn: Turn, reply: Reply) -> None:
    """Of several questions in one message the first is answered; offer the next, and say it where one fact says it."""
    for question in turn.other_questions[:OTHERS_OFFERED]:
        about = f"{turn.text} {question}" if POINTING & set(question.lower().split()) else question
        found = turn.base.search(Query(about, turn.known_spot, person=turn.person), 1)
        top = found.hits[0].record if found.hits else None
        if top is None or not found.believable or top.id in {record.id for record in reply.records}:
            continue
        reply.lines.append(turn.speaker.phrase("other_question", question=question))
        if top.kind == "fact":
            reply.lines.append(turn.speaker.short(top))
            reply.records.append(top)
        reply.buttons.append(button(question))


def answer_question(dispatcher: CollectingDispatcher, turn: Turn, aim_name: str, sure: bool = False) -> Events:
    """Answer the turn: one search, then a list by place, one record, or a question back.

    `sure` says that the subject is known to be ours, so that a weak match is still an answer.
    """
    aim = _aim(turn, aim_name)
    if turn.only_place and not sure:
        return what_here(dispatcher, turn)
    kept = {"question": {"text": turn.placeless, "subjects": list(turn.subjects), "aim": aim_name}}
    about_system = aim_name == "ask_ics"
    spot = turn.spot if about_system else turn.known_spot
    outside = turn.spot is not None and turn.spot.outside
    where = None if about_system or outside else spot
    found = _search(turn, aim, where)
    if outside and not about_system and (aim.kinds == SITES or not _guides(turn, found)):
        return _outside(dispatcher, turn, kept)
    term = "" if about_system or aim.within or outside else _listed(turn, found, aim)
    if term:
        return _by_place(dispatcher, turn, term, spot, kept, aim, found)
    if not found.hits or not (sure or _believed(turn, found)):
        if not aim.otherwise:
            return not_found(dispatcher, turn)
        found = Found([Hit(turn.base.get(aim.otherwise), 1.0)])
    return _best(dispatcher, turn, found.hits, kept, aim.detail)


def _search(turn: Turn, aim: Aim, where: Spot | None) -> Found:
    """One question to the knowledge base; a subject that the aim stays within gives way to what fits far better."""
    query = Query(
        turn.sought,
        where,
        aim.kinds,
        turn.named,
        within=aim.within,
        placeless=turn.placeless if turn.spot else "",
        person=turn.person,
    )
    found = turn.base.search(query)
    if aim.within:
        anywhere = turn.base.search(replace(query, within=""))
        other = anywhere.hits[0]
        if not found.hits or (other.score > found.hits[0].score + CLOSE and other.record.id not in turn.named):
            return anywhere
    return found


def _believed(turn: Turn, found: Found) -> bool:
    """Whether what was found is an answer; what is likely another subject altogether must fit better."""
    if turn.named or turn.subjects:
        return found.believable or found.belief >= turn.base.calibration.believable + turn.doubt
    return found.belief >= turn.base.calibration.believable + turn.doubt


def _guides(turn: Turn, found: Found) -> bool:
    """Whether the best record is a way to care that fits well, wherever the place is."""
    top = found.hits[0].record if found.hits else None
    strong = found.belief >= turn.base.calibration.believable + DOUBT
    return top is not None and top.kind == "route" and strong


def follow_up(dispatcher: CollectingDispatcher, turn: Turn) -> Events | None:
    """The answer to a message that speaks of what was just shown, or None where it stands for itself."""
    if not turn.points_back:
        return None
    if turn.spot is not None and turn.question and not turn.spot.outside:
        return repeat(dispatcher, turn)
    if not turn.records:
        return None
    chosen = picked(turn)
    record = chosen or turn.base.get(turn.records[0])
    detail = _aim(turn, turn.likeliest).detail
    alone = len(turn.shown[-1] if turn.shown else turn.records) == 1 and turn.base.is_site(record)
    if (detail and record.kind != "fact") or chosen or alone:
        only = bool(detail) and not chosen and turn.confidence >= CERTAIN
        reply = answer(turn.speaker, [Hit(record, 1.0)], detail, only=only)
        if detail and not turn.speaker.knows(record, detail):
            _add_who_has(turn, reply, record, detail)
        return finish(dispatcher, turn, reply, records=first_of(turn, record))
    spoken_of = (record.id,) if record.kind != "fact" and not turn.own_words else ()
    whole = replace(turn, text=f"{turn.question} {turn.text}", named=spoken_of)
    events = answer_question(dispatcher, whole, turn.aim or "unsure", sure=True)
    return [event for event in events if event.get("name") != "question"]  # what was asked first is what it is about


def _add_who_has(turn: Turn, reply: Reply, record: Record, detail: str) -> None:
    """Where we don't have what was asked of a record, add what we have of another that was shown, or of the next site."""
    shown = [turn.base.get(record_id) for record_id in turn.records]
    if turn.base.is_site(record) and record.latitude is not None:
        here = Spot(record.city, latitude=record.latitude, longitude=record.longitude)
        shown += [hit.record for hit in turn.base.nearest(record.taxonomy_terms[0], here, limit=5)]
    same_area = [r for r in shown if r.id != record.id and r.open_for_use and set(r.area) & set(record.area)]
    other = next((r for r in same_area if turn.speaker.knows(r, detail)), None)
    if other is not None:
        reply.lines += [turn.speaker.phrase("also"), *turn.speaker.only(other, detail)]
        reply.records.append(other)


def _best(dispatcher: CollectingDispatcher, turn: Turn, hits: list[Hit], kept: dict[str, Any], detail: str) -> Events:
    """The best record in full, those close behind it in a line each; namesakes to choose from."""
    same = [hit for hit in hits if hit.record.id in turn.named]
    if len(same) > 1 and same[0] is hits[0] and _same_name(same):
        return _namesakes(dispatcher, turn, same, kept)
    margin = CLOSE_FACT if hits[0].record.kind == "fact" else CLOSE
    also = [hit for hit in hits[1:SHOWN_AT_ONCE] if hits[0].score - hit.score < margin]
    reply = answer(turn.speaker, hits, detail, also)
    subject, spot = turn.sited_subject, turn.spot
    if (
        subject
        and spot is not None
        and not (spot.wide or spot.outside)
        and subject not in hits[0].record.taxonomy_terms[:1]
    ):
        near = [hit for hit in turn.base.nearest(subject, spot, limit=6) if hit.record.open_for_use][:SITES_BESIDE]
        reply.lines += [turn.speaker.phrase("nearest", place=spot.name)] if near else []
        reply.lines += [turn.speaker.brief(hit.record, hit.miles) for hit in near]
        reply.records += [hit.record for hit in near]
    return finish(dispatcher, turn, reply, **kept)


def repeat(dispatcher: CollectingDispatcher, turn: Turn) -> Events:
    """The remembered question once more, for the place that the turn names."""
    if turn.asked != "place" and turn.pending and not turn.goes_on:
        waiting = turn.pending
        turn = replace(
            turn, question=waiting["text"], question_subjects=tuple(waiting["subjects"]), aim=waiting["aim"], records=()
        )
    subjects = turn.question_subjects
    if not subjects and turn.records and turn.aim != "ask_ics":
        shown = turn.base.get(turn.records[0])
        subjects = tuple(term for term in shown.taxonomy_terms[:1] if turn.base.terms[term]["by_place"])
    place = turn.spot.name if turn.spot else ""
    again = replace(turn, text=f"{turn.question} {place}", placeless=turn.question, subjects=subjects, named=())
    return answer_question(dispatcher, again, turn.aim or "find_service", sure=True)


def more_hits(turn: Turn) -> list[Hit]:
    """The next of what was found for the remembered question."""
    if not turn.question:
        return []
    spot = turn.known_spot
    aim = AIMS[turn.aim or "unsure"]
    term = next((s for s in turn.question_subjects if turn.base.terms[s]["by_place"]), "")
    if term and spot is not None and not spot.outside:
        hits = [hit for hit in turn.base.nearest(term, spot, limit=40) if hit.record.open_for_use]
    else:
        query = Query(turn.question, None if turn.aim == "ask_ics" else spot, aim.kinds, within=aim.within)
        hits = turn.base.search(query, limit=9 + SHOWN_AT_ONCE * len(turn.shown)).hits
    said = {record_id for page in turn.shown for record_id in page}
    return [hit for hit in hits if hit.record.id not in said][:SHOWN_AT_ONCE]


def first_of(turn: Turn, record: Record) -> list[str]:
    """The records spoken of, with the one that was picked before the others."""
    return [record.id, *(record_id for record_id in turn.records if record_id != record.id)]


def place_in_words(turn: Turn) -> str:
    """The place of the turn with the town of a postcode district: "HR8 (Ledbury)"."""
    assert turn.spot is not None  # asked only where a place was said
    town = turn.base.places.town_of(turn.spot_id)
    return f"{turn.spot.name} ({town})" if town and town != turn.spot.name else turn.spot.name


def _listed(turn: Turn, found: Found, aim: Aim) -> str:
    """The subject whose sites should be listed nearest first, or "" when one record is the answer.

    A subject that was said ("doctors in Bewdley") is listed, unless a way to care fits the whole message well ("can I
    join a surgery without proof of address"). Without one, the best record's subject is, if its sites differ by place.
    """
    top = found.hits[0].record if found.hits else None
    if top is not None and top.id in turn.named:
        return ""
    terms = turn.base.terms
    first = top.taxonomy_terms[0] if top is not None and top.taxonomy_terms else ""
    if first in turn.subjects and not terms[first]["by_place"]:
        return ""  # "an abortion without my GP" is about the one, not about the other
    subject = turn.sited_subject
    if subject and aim.kinds == SITES and not turn.unsure:
        return "" if _strong_guidance(turn, found, subject) else subject
    if subject and turn.spot is not None:
        meant = first == subject or not turn.telling_words
        if meant or turn.base.called(subject, turn.telling_words, turn.spot):
            return subject
    is_site = top is not None and top.kind != "organization" and turn.base.is_site(top)
    if is_site and _believed(turn, found) and terms[first]["by_place"] and _fits(turn, first):
        return first
    return ""


def _strong_guidance(turn: Turn, found: Found, subject: str) -> bool:
    """Whether what fits best is no site on the subject, and fits the whole message well."""
    top = found.hits[0].record if found.hits else None
    if top is None or not turn.telling_words or (top.taxonomy_terms[:1] == (subject,) and top.city):
        return False
    return not turn.base.is_site(top) and found.belief >= turn.base.calibration.believable + STRONG


def _fits(turn: Turn, term: str) -> bool:
    """Whether nothing that was said speaks of another subject than `term`."""
    return not turn.subjects or term in turn.subjects


def _by_place(
    dispatcher: CollectingDispatcher,
    turn: Turn,
    term: str,
    spot: Spot | None,
    kept: dict[str, Any],
    aim: Aim,
    found: Found,
) -> Events:
    """Sites on a subject: the one that is called by its name or street, else the nearest, else the question where."""
    named = turn.base.called(term, turn.telling_words, spot)
    if named:
        live = [hit for hit in named if hit.record.open_for_use] or named
        live = [hit for hit in live if _worth_the_way(hit, live[0])]
        if len(live) > 1:
            return _namesakes(dispatcher, turn, live[:SHOWN_AT_ONCE], kept)
        return finish(dispatcher, turn, answer(turn.speaker, live, aim.detail), **kept)
    if spot is None or (spot.wide and term not in turn.subjects):
        return ask_place(dispatcher, turn, kept)
    hits = turn.base.nearest(term, spot, limit=12)
    meant = {hit.record.id for hit in found.hits[:SHOWN_AT_ONCE]}
    hits = [hit for hit in hits if hit.record.open_for_use or hit.record.id in meant]
    closed = [h for h in found.hits[:2] if not h.record.open_for_use and h.record.taxonomy_terms[:1] == (term,)]
    hits = [*(hit for hit in closed if hit.record.id not in {h.record.id for h in hits}), *hits]
    reply = list_nearest(turn.speaker, spot, hits, aim.detail)
    if reply is None:
        return not_found(dispatcher, turn)
    if _strong_guidance(turn, found, term):
        reply.lines += [turn.speaker.phrase("also"), turn.speaker.short(found.hits[0].record)]
        reply.records.append(found.hits[0].record)
    return finish(dispatcher, turn, reply, **kept)


def list_nearest(speaker: Speaker, spot: Spot, hits: list[Hit], detail: str = "") -> Reply | None:
    """The nearest places, closed ones of the same town first with what to do instead; None where there are none."""
    town = spot.name.lower()
    closed = [
        hit for hit in hits if not hit.record.open_for_use and town in f"{hit.record.city} {hit.record.name}".lower()
    ]
    live = [hit for hit in hits if hit.record.open_for_use]
    near = [hit for hit in live if _worth_the_way(hit, live[0])][:SHOWN_AT_ONCE]
    if len(near) == 1 and not closed and not spot.outside:
        reply = answer(speaker, near, detail)
    elif near or closed:
        reply = Reply("answer")
        for hit in closed[:1]:
            reply.lines += speaker.full(hit.record)
            reply.records.append(hit.record)
        if near:
            reply.lines += _listing(speaker, spot, near, detail)
            reply.records += [hit.record for hit in near]
    else:
        return None
    if len(live) > len(near):
        reply.lines.append(speaker.phrase("more_to_show"))
    return reply


def _worth_the_way(hit: Hit, nearest: Hit) -> bool:
    """Whether somebody might go there rather than to the nearest: near anyway, or not more than twice as far."""
    return hit.miles is None or nearest.miles is None or hit.miles <= max(NEAR, 2 * nearest.miles)


def _listing(speaker: Speaker, spot: Spot, hits: list[Hit], detail: str) -> list[str]:
    """A heading, a line for each site with its alert, and how old the oldest details are."""
    heading = "outside_near" if spot.outside else ("nearest_all" if spot.wide else "nearest")
    lines = [speaker.phrase(heading, place=spot.name)]
    if detail == "hours":
        lines += speaker.hours_of_all([hit.record for hit in hits])
    for hit in hits:
        lines.append(" ".join(filter(None, (speaker.brief(hit.record, hit.miles), hit.record.alert))))
        if detail in ("referral", "cost", "eligibility", "email"):
            lines += speaker.detail(hit.record, detail)
    oldest = min((hit.record for hit in hits), key=lambda record: record.assured_date or record.source_date)
    return [*lines, *speaker.origin(oldest)]


def _same_name(hits: list[Hit]) -> bool:
    names = {hit.record.name.split(",")[0].lower() for hit in hits}
    return len(names) == 1


def _namesakes(dispatcher: CollectingDispatcher, turn: Turn, hits: list[Hit], kept: dict[str, Any]) -> Events:
    """Two or more of one name: all in a line each, to choose from."""
    speaker = turn.speaker
    reply = Reply("clarify", records=[hit.record for hit in hits])
    reply.lines = [speaker.phrase("ask_which"), *(speaker.brief(hit.record, hit.miles) for hit in hits)]
    reply.buttons = [button(hit.record.name) for hit in hits[:5]]
    return finish(dispatcher, turn, reply, asked="which", **kept)


def ask_place(dispatcher: CollectingDispatcher, turn: Turn, kept: dict[str, Any]) -> Events:
    """Ask where, and remember the question; asked back just before, say what holds everywhere instead."""
    if turn.asked:
        return _without_place(dispatcher, turn, kept)
    reply = Reply("clarify", lines=[turn.speaker.phrase("ask_place")])
    reply.buttons = [button(town) for town in TOWNS]
    return finish(dispatcher, turn, reply, asked="place", **kept)


def _without_place(dispatcher: CollectingDispatcher, turn: Turn, kept: dict[str, Any]) -> Events:
    """The best answer that needs no place, and that a place would give a better one."""
    text = turn.text if turn.own_words or turn.subjects else turn.question
    found = turn.base.search(Query(text, kinds=("route",), only=("route", "fact"), person=turn.person), 1)
    if not found.hits:
        return not_found(dispatcher, turn)
    reply = answer(turn.speaker, found.hits)
    reply.lines.append(turn.speaker.phrase("tell_place"))
    return finish(dispatcher, turn, reply, **kept)


def what_here(dispatcher: CollectingDispatcher, turn: Turn) -> Events:
    """Only a place was said, and nothing was asked before: ask what is needed there."""
    speaker = turn.speaker
    assert turn.spot is not None  # the caller looked
    if turn.spot.outside:
        return _outside(dispatcher, turn, {})
    if turn.foreign > FOREIGN:
        return not_found(dispatcher, turn)
    if turn.asked:
        return _everyday_places(dispatcher, turn, turn.spot)
    reply = Reply("clarify", lines=[speaker.phrase("ask_need", place=place_in_words(turn))])
    reply.buttons = [button(speaker.phrase(name)) for name in NEEDS]
    return finish(dispatcher, turn, reply, asked="need")


def _everyday_places(dispatcher: CollectingDispatcher, turn: Turn, spot: Spot) -> Events:
    """The nearest of what most people look for, when we have asked already what is needed."""
    hits = [hit for term in EVERYDAY for hit in turn.base.nearest(term, spot, 4) if hit.record.open_for_use]
    nearest = {hit.record.taxonomy_terms[0]: hit for hit in reversed(hits)}
    shown = [nearest[term] for term in EVERYDAY if term in nearest]
    reply = Reply("answer", lines=[turn.speaker.phrase("nearest", place=place_in_words(turn))])
    reply.lines += [turn.speaker.brief(hit.record, hit.miles) for hit in shown]
    reply.records = [hit.record for hit in shown]
    return finish(dispatcher, turn, reply)


def _outside(dispatcher: CollectingDispatcher, turn: Turn, kept: dict[str, Any]) -> Events:
    """A place outside the two counties: the nearest of ours where it is just over the border, else who to ask."""
    speaker, spot = turn.speaker, turn.spot
    assert spot is not None  # the caller looked
    for subject in turn.subjects:
        if turn.base.terms[subject]["by_place"] and spot.latitude is not None:
            hits = [h for h in turn.base.nearest(subject, spot) if h.miles is not None and h.miles <= NEAR_BORDER]
            reply = list_nearest(speaker, spot, hits) if hits else None
            if reply is not None:
                return finish(dispatcher, turn, reply, **kept)
    reply = Reply("out_of_scope", lines=[speaker.phrase("outside", place=spot.name)])
    return finish(dispatcher, turn, reply, place=turn.remembered_id or None)


def not_found(dispatcher: CollectingDispatcher, turn: Turn, outcome: str = "fallback") -> Events:
    """Say so; the second time in a row, give people to ring instead."""
    speaker = turn.speaker
    if turn.failures >= 1:
        councils = [turn.base.get(record_id) for record_id in COUNCIL_RECORDS]
        numbers = "; ".join(f"{c.name}, {c.phones[0].number}" for c in councils if c.phones)
        reply = Reply(outcome, lines=[speaker.phrase("people_to_ring", numbers=numbers)])
        reply.records = councils
        return finish(dispatcher, turn, reply, records=list(turn.records) or None)
    reply = Reply(outcome, lines=[speaker.phrase("not_known"), speaker.phrase("try_these")])
    reply.buttons = [button(speaker.phrase(name)) for name in OFFERS]
    return finish(dispatcher, turn, reply)


NEEDS = ("button_gp", "button_pharmacy", "button_minor_injuries", "button_dentist", "button_hospital")
OFFERS = ("button_gp", "button_pharmacy", "button_minor_injuries", "button_dentist")
COUNCIL_RECORDS = ("wcc-adult-front-door", "herefordshire-art")


def button(title: str) -> Button:
    """A button that says its own title."""
    return {"title": title, "payload": title}


ORDINALS = {
    "first": 0, "1st": 0, "1": 0, "one": 0, "top": 0,
    "second": 1, "2nd": 1, "2": 1, "two": 1,
    "third": 2, "3rd": 2, "3": 2, "three": 2,
    "fourth": 3, "4th": 3, "4": 3, "four": 3,
    "fifth": 4, "5th": 4, "5": 4, "five": 4,
    "last": -1, "bottom": -1,
}  # fmt: skip


def picked(turn: Turn) -> Record | None:
    """The record that the words point at, among those just shown, in the order in which they were."""
    shown = [turn.base.get(record_id) for record_id in (turn.shown[-1] if turn.shown else turn.records)]
    if not shown:
        return None
    words = re.findall(r"[a-z0-9]+", turn.text.lower())
    by_words = [record for record in shown if _said(turn, record)]
    if len(by_words) == 1:
        return by_words[0]
    for word in words:
        place = ORDINALS.get(word)
        if place is not None and (word != "one" or len(words) == 1) and -len(shown) <= place < len(shown):
            return shown[place]
    return None


def _said(turn: Turn, record: Record) -> bool:
    about = f"{record.name} {record.city} {record.address_1}".lower()
    if turn.spot is not None:
        return turn.spot.name.lower() in about
    own = turn.own_words
    return bool(own) and all(word in content_words(about) for word in own)

"""Somewhere to go: the sites on a subject, nearest first, and the question back where somebody is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actions.closing import button, finish, not_found
from actions.reply import SHOWN_AT_ONCE, About, Reply, answer
from knowledge.search import Query

if TYPE_CHECKING:
    from rasa_sdk.executor import CollectingDispatcher

    from actions.closing import Events
    from actions.reply import Speaker
    from actions.turn import Turn
    from knowledge.places import Spot
    from knowledge.schema import Record
    from knowledge.search import Found, Hit

NEAR = 5.0  # miles: sites this near are listed together with the nearest
CALLED_NEAR = 10.0  # miles: a site further than this, and than twice the nearest, is not meant by a word of its name
NEAR_BORDER = 12.0  # miles: how far over the border somebody still uses our services
EVERYDAY = ("gp", "pharmacy", "minor-injuries")  # subjects that most people look for
FOREIGN = 0.3  # so likely out of scope, a message with nothing but a place in it asks for no service there
TOWNS = ("Hereford", "Worcester", "Redditch", "Kidderminster", "Malvern")  # the five that most people live near
NEEDS = ("button_gp", "button_pharmacy", "button_minor_injuries", "button_dentist", "button_hospital")


def by_place(
    dispatcher: CollectingDispatcher,
    turn: Turn,
    term: str,
    found: Found,
    detail: str,
    kept: dict[str, Any],
    guidance: Record | None = None,
) -> Events:
    """Sites on a subject: the one that is called by its name or street, else the nearest, else the question where.

    `found` is what the whole question found; `guidance`, a way to care that fits it as well, is added in a line.
    """
    spot = turn.known_spot
    named = turn.base.called(term, turn.telling_words, spot)
    if named:
        live = [hit for hit in named if hit.record.open_for_use] or named
        here = [hit for hit in live if spot is not None and hit.record.city.lower() == spot.name.lower()]
        live = here or [hit for hit in live if worth_the_way(hit, live[0])]
    nearest = turn.base.nearest(term, spot, limit=1) if named and spot is not None else []
    if named and not (nearest and (live[0].miles or 0) > max(CALLED_NEAR, 2 * (nearest[0].miles or 0))):
        if len(live) > 1:
            return namesakes(dispatcher, turn, live[:SHOWN_AT_ONCE], kept)
        return finish(dispatcher, turn, answer(turn.speaker, live, detail), **kept)
    if spot is None or (spot.wide and term not in turn.subjects):
        return ask_place(dispatcher, turn, kept)
    hits = turn.base.nearest(term, spot, limit=12)
    meant = {hit.record.id for hit in found.hits[:SHOWN_AT_ONCE]}
    hits = [hit for hit in hits if hit.record.open_for_use or hit.record.id in meant]
    closed = [h for h in found.hits[:2] if not h.record.open_for_use and h.record.taxonomy_terms[:1] == (term,)]
    hits = [*(hit for hit in closed if hit.record.id not in {h.record.id for h in hits}), *hits]
    reply = list_nearest(turn.speaker, spot, hits, detail)
    if reply is None:
        return not_found(dispatcher, turn)
    if guidance is not None:
        reply.lines += [turn.speaker.phrase("also"), turn.speaker.short(guidance)]
        reply.records.append(guidance)
    return finish(dispatcher, turn, reply, **kept)


def list_nearest(speaker: Speaker, spot: Spot, hits: list[Hit], detail: str = "") -> Reply | None:
    """The nearest places, closed ones of the same town first with what to do instead; None where there are none."""
    town = spot.name.lower()
    closed = [
        hit for hit in hits if not hit.record.open_for_use and town in f"{hit.record.city} {hit.record.name}".lower()
    ]
    live = [hit for hit in hits if hit.record.open_for_use]
    near = [hit for hit in live if worth_the_way(hit, live[0])][:SHOWN_AT_ONCE]
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


def worth_the_way(hit: Hit, nearest: Hit) -> bool:
    """Whether somebody might go there rather than to the nearest: near anyway, or not more than twice as far."""
    return hit.miles is None or nearest.miles is None or hit.miles <= max(NEAR, 2 * nearest.miles)


def _listing(speaker: Speaker, spot: Spot, hits: list[Hit], detail: str) -> list[str]:
    """A heading, a line for each site with its alert, and how old the oldest details are."""
    heading = "outside_near" if spot.outside else ("nearest_all" if spot.wide else "nearest")
    lines = [speaker.phrase(heading, place=spot.name)]
    if detail == "hours":
        lines += speaker.hours_of_all([hit.record for hit in hits])
    for hit in hits:
        line = " ".join(filter(None, (speaker.brief(hit.record, hit.miles), hit.record.alert)))
        lines.append(About(line, hit.record, hit.miles))
        if detail in ("referral", "cost", "eligibility", "email", "website") or (
            detail == "phone" and not hit.record.phones
        ):
            lines += speaker.detail(hit.record, detail)
    oldest = min((hit.record for hit in hits), key=lambda record: record.assured_date or record.source_date)
    return [*lines, *speaker.origin(oldest)]


def namesakes(dispatcher: CollectingDispatcher, turn: Turn, hits: list[Hit], kept: dict[str, Any]) -> Events:
    """Two or more of one name: all in a line each, to choose from."""
    speaker = turn.speaker
    reply = Reply("clarify", records=[hit.record for hit in hits])
    reply.lines = [speaker.phrase("ask_which"), *(speaker.brief(hit.record, hit.miles) for hit in hits)]
    reply.buttons = [button(hit.record.name) for hit in hits[:5]]
    return finish(dispatcher, turn, reply, asked="which", **kept)


def ask_place(dispatcher: CollectingDispatcher, turn: Turn, kept: dict[str, Any]) -> Events:
    """Ask where, and remember the question; asked back just before, say what holds everywhere instead."""
    if turn.asked_back:
        return without_place(dispatcher, turn, kept)
    reply = Reply("clarify", lines=[turn.speaker.phrase("ask_place")])
    reply.buttons = [button(town) for town in TOWNS]
    return finish(dispatcher, turn, reply, asked="place", **kept)


def without_place(dispatcher: CollectingDispatcher, turn: Turn, kept: dict[str, Any]) -> Events:
    """The best answer that needs no place, and that a place would give a better one."""
    text = turn.text if turn.own_words or turn.subjects else turn.question
    subject = next(iter(turn.subjects or turn.question_subjects), "")
    query = Query(text, kinds=("route",), only=("route", "fact"), within=subject, person=turn.person, age=turn.age)
    found = turn.base.search(query, 1)
    if not found.believable or not found.hits:
        return not_found(dispatcher, turn, people=True)
    reply = answer(turn.speaker, found.hits)
    reply.lines.append(turn.speaker.phrase("tell_place"))
    return finish(dispatcher, turn, reply, asked="place", **kept)


def what_here(dispatcher: CollectingDispatcher, turn: Turn) -> Events:
    """Only a place was said, and nothing was asked before: ask what is needed there."""
    speaker = turn.speaker
    assert turn.spot is not None  # the caller looked
    if turn.spot.outside:
        return outside(dispatcher, turn, {})
    if turn.foreign > FOREIGN:
        return not_found(dispatcher, turn)
    if turn.asked_back:
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


def outside(dispatcher: CollectingDispatcher, turn: Turn, kept: dict[str, Any]) -> Events:
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


def place_in_words(turn: Turn) -> str:
    """The place of the turn with the town of a postcode district: "HR8 (Ledbury)"."""
    assert turn.spot is not None  # asked only where a place was said
    town = turn.base.places.town_of(turn.spot_id)
    return f"{turn.spot.name} ({town})" if town and town != turn.spot.name else turn.spot.name

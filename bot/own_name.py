"""The name that somebody gives as their own, or as that of somebody they care for: found by the words around it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from knowledge.spelling import common_english, names_of_people

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_KIN = (
    "(?:mum|mom|mother|dad|father|son|daughter|husband|wife|partner|nan|gran|grandma|grandad|brother|sister|child|baby"
    "|boy|girl|friend|neighbour|auntie?|uncle|boyfriend|girlfriend|carer)"
)
_IS = r"(?:\s+is|['’]?s|\s*[:=-])\s+"
# After these words a name is said, unless what follows is no name ("my name is on the list").
_GIVEN = re.compile(
    rf"""\b(?:
      (?:my|his|her|their|our)\s+(?:(?:own|full|real|first|last|maiden)\s+)*name{_IS}
    | (?:{_KIN}['’]?s|patient(?:['’]?s)?)\s+(?:(?:full|first|last)\s+)*name(?:\s+is|['’]s|\s*[:=-])\s+
    | (?:full|first|last|middle|family|maiden|second|fore|sur)\s?name(?:{_IS}|\s+)
    | (?:i\s+am|i['’]?m|my\s+{_KIN}(?:\s+is|['’]s)?)\s+(?:called|named)\s+
    | (?:regards|sincerely|faithfully)[\s,.]+
    ) | (?:^|[\n,.;(])\s*name\s*[:=-]\s*""",
    re.IGNORECASE | re.VERBOSE,
)
# After these only where a title stands before it, or "speaking" or a date of birth behind it.
_PERHAPS_GIVEN = re.compile(
    r"\b(?:(?P<titled>this\s+is|it['’]?s|i['’]?m|i\s+am)|for|from|of)\s+|(?:^|[,.:;(\n])\s*", re.IGNORECASE
)
_TITLE = re.compile(r"(?:mr|mrs|miss|mx|master|(?-i:Ms))\b\.?\s*", re.IGNORECASE)
_BEHIND = re.compile(
    r",?\s+\(?(?:speaking\b|d\.?o\.?b\b|date\sof\sbirth|born\s(?:on\s)?(?:the\s)?\[date|\[(?:date|NHS))", re.IGNORECASE
)

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
# A surname that is a word as well ("baker") counts where something like this follows it.
_ENDS = re.compile(
    r"\s*(?:$|[^\w\s'’-])|\s+(?:and|but|i|im|ive|id|i['’](?:m|ve|d)|my|from|with|at|of|on|in|can|could|would|do|does|how"
    r"|who|where|what|when|is|was|need|needs|want|wants|looking|have|has|got|live|lives|speaking|calling|here|please"
    r"|dob|born|nhs|aged?|the|any|we|he|she|his|her|we['’]re)\b",
    re.IGNORECASE,
)
LONGEST = 4  # words of a name
# Words that lists of names have, or that the list of common words lacks, and that are none after "my name is".
_NO_NAMES = frozenset(
    """
    a about after again already also always an and any are as at back be because being born both but by called can cant
    correct different difficult down dr for from gone here i im in is it its just known last least less like listed
    long maiden me misspelled misspelt missing more most my near never new next no nor not now of off on only or our out
    over please private put really registered right same say see should so some spelled spelt still such that the
    their them then there these they this to too under up us very was we were what when where which who whose why with
    would wrong yes yet you your
    """.split()
)


def mask_names(text: str, is_ours: Callable[[str], bool]) -> str:
    """The text with the names that are given in it replaced; what that `is_ours` is no surname."""
    masked, end = [], 0
    for start, stop in _names(text, is_ours):
        if start >= end:
            masked += [text[end:start], "[name]"]
            end = stop
    return "".join(masked) + text[end:]


def _names(text: str, is_ours: Callable[[str], bool]) -> Iterator[tuple[int, int]]:
    """Where names begin and end."""
    shouted = text.isupper()
    cues = sorted(
        [(cue.end(), True, True) for cue in _GIVEN.finditer(text)]
        + [(cue.end(), False, cue["titled"] is not None) for cue in _PERHAPS_GIVEN.finditer(text)]
    )
    for start, sure, titled in cues:
        title = _TITLE.match(text, start) if titled else None
        end = _end_of_name(text, title.end() if title else start, is_ours, shouted, sure)
        if end and (sure or title or _BEHIND.match(text, end)):
            yield start, end


def _end_of_name(text: str, start: int, is_ours: Callable[[str], bool], shouted: bool, sure: bool) -> int:
    """Where the name ends that begins at `start`, or 0 where none does."""
    end = 0
    for _ in range(LONGEST):
        match = _WORD.match(text, start)
        if match is None:
            break
        capital = match[0][0].isupper() and not shouted
        word = re.sub(r"['’]s$", "", match[0].lower())
        if not _is_name(word, capital, first=not end, last=_ENDS.match(text, match.end()) is not None):
            break
        if (end or not sure) and is_ours(word):
            break
        end = match.end() - (len(match[0]) - len(word))
        gap = re.compile(r"\.?[ ]+").match(text, match.end())
        if gap is None or (gap[0][0] == "." and len(word) > 1):  # a full stop ends it, but not after an initial
            break
        start = gap.end()
    return end


def _is_name(word: str, capital: bool, first: bool, last: bool) -> bool:
    """Whether a word is part of a name: rather than a name, it may be a word like any other ("baker", "may")."""
    if word in _NO_NAMES:
        return False
    listed, common = word in names_of_people(), word in common_english()
    if first or capital:
        return listed or not common
    return (listed and not common) or (last and (listed or not common)) or len(word) == 1

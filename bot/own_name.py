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
    | (?:regards|yours\s(?:sincerely|faithfully|truly))[\s,.]+
    | this\s+is\s+(?=(?:\S+\s+){{1,4}}(?:speaking|calling)\b)
    ) | (?:^|[\n,.;(])\s*name\s*[:=-]\s*""",
    re.IGNORECASE | re.VERBOSE,
)
# After these only where a title stands before it, or a date of birth behind it.
_PERHAPS_GIVEN = re.compile(
    r"\b(?:(?P<titled>this\s+is|it['’]?s|i['’]?m|i\s+am)|for|from|of)\s+|(?:^|[,.:;(\n])\s*", re.IGNORECASE
)
_TITLE = re.compile(r"(?:mr|mrs|miss|mx|master|(?-i:Ms))\b\.?\s*", re.IGNORECASE)
_BEHIND = re.compile(
    r",?\s+\(?(?:d\.?o\.?b\b|date\sof\sbirth|born\s(?:on\s)?(?:the\s)?\[date|\[(?:date|NHS))", re.IGNORECASE
)

_WORD = re.compile(r"[^\W\d_]+(?:(?!['’]s\b)['’-][^\W\d_]+)*")
_GAP = re.compile(r"\.? +")
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
    a about after again already also always an and any are as at back be because being born both but by called can
    cant correct different difficult down dr fine for from gone had has have he here i im in is it its just known
    last least less like listed long maiden me missing misspelled misspelt more most my near never new next no none
    nor not now of off ok okay on only or our out over please private put really registered right same say see she
    should so some spelled spelt still such that the their them then there these they this to too under unknown up
    us very was we were what when where which who whose why with would wrong yes yet you your
    """.split()
)


def mask_names(text: str, is_ours: Callable[[str], bool]) -> str:
    """The text with the names that are given in it replaced; what `is_ours` is no surname."""
    masked, end = [], 0
    for start, stop in _names(text, is_ours):
        if start >= end:
            masked += [text[end:start], "[name]"]
            end = stop
    return "".join(masked) + text[end:]


def _names(text: str, is_ours: Callable[[str], bool]) -> Iterator[tuple[int, int]]:
    """Where names begin and end, by where they begin."""
    cues = [(cue.end(), True, False) for cue in _GIVEN.finditer(text)]
    cues += [(cue.end(), False, cue["titled"] is not None) for cue in _PERHAPS_GIVEN.finditer(text)]
    for start, sure, titled in sorted(cues):
        title = _TITLE.match(text, start) if titled else None
        words = list(_words_of_name(text, title.end() if title else start, is_ours))
        if not words or not (sure or title or _BEHIND.match(text, words[-1].end())):
            continue
        if sure or title or all(_listed(word[0]) and not is_ours(word[0].lower()) for word in words):
            yield start, words[-1].end()


def _words_of_name(text: str, start: int, is_ours: Callable[[str], bool]) -> Iterator[re.Match[str]]:
    """The words from `start` on that make a name, none where there is no name."""
    for number in range(LONGEST):
        word = _WORD.match(text, start)
        if word is None or word[0].lower() in _NO_NAMES or (number and is_ours(word[0].lower())):
            return
        # "baker" and "may" are names and words: the first word after "my name is" is a name, or one with a capital.
        rare = word[0].lower() not in common_english()
        meant = number == 0 or (word[0][0].isupper() and not text.isupper()) or _ENDS.match(text, word.end())
        if not (_listed(word[0]) or rare) or not (meant or (_listed(word[0]) and rare) or len(word[0]) == 1):
            return
        yield word
        gap = _GAP.match(text, word.end())
        if gap is None or ("." in gap[0] and len(word[0]) > 1):  # a full stop ends it, but not after an initial
            return
        start = gap.end()


def _listed(word: str) -> bool:
    return word.lower() in names_of_people()

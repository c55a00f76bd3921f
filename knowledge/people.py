"""Who a question is about, and whom a record is for: by age, as far as the words say it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

Stages = frozenset[str]
OLDEST: Final = 120  # years

# The ages, in years, that each stage of life takes in: the ends meet, because services do.
STAGES: Final[dict[str, tuple[int, int]]] = {
    "child": (0, 11),
    "teenager": (11, 18),
    "young adult": (18, 25),
    "adult": (26, 64),
    "older": (60, OLDEST),
}
EVERYONE: Final[Stages] = frozenset(STAGES)
_CHILD = r"kids?|kiddies?|child(?:ren|s)?|school ?child(?:ren)?"
_GRANDPARENT = r"nans?|nanna|nanny|gran(?:ny|ma|dad|dmother|dfather|dpa|ddad|s)?|gramps"
_SAID = {
    "child": rf"{_CHILD}|bab(?:y|ies)|newborns?|infants?|toddlers?|little (?:one|boy|girl|lad)s?"
    r"|under (?:fives?|tens?|elevens?)|nursery|primary school|reception class",
    "teenager": rf"{_CHILD}|teens?|teenage(?:d|rs?)?|adolescents?|young (?:person|people|carers?)"
    r"|school ?(?:boy|girl)s?|secondary school|sixth form|high school|year (?:7|8|9|10|11)|gcses?|youth|youngsters?",
    "adult": r"adults?|grown[- ]ups?|18\+|my (?:wife|husband|partner|boyfriend|girlfriend)",
    "older": rf"elderly|mainly older|older(?=,)|old(?:er)? (?:man|lady|woman|person|people|folk|age|adults?|relatives?)"
    rf"|pensioners?|retired|oaps?|frail|(?:my|our) (?:{_GRANDPARENT})",
}
_STAGE_WORDS = {stage: re.compile(rf"\b(?:{words})\b", re.IGNORECASE) for stage, words in _SAID.items()}
_FAMILY = r"mum|mom|dad|nan|gran|grandad|wife|husband|son|daughter|lad|brother|sister|partner"
_AGE = re.compile(
    r"""\b(?:
    (?P<years>\d{1,3}) [- ]* (?: (?:yrs?|years?|yer) [- ]* olds? | yo | y/o | y\.o )
    | (?P<months>\d{1,2}) [- ]* (?:months?|mths?|weeks?|wks?|days?) [- ]* old
    | (?: aged? | age\ of | i'?m | i\ am | s?he'?s | s?he\ is | turned | turning | turns | is\ (?:only|nearly|almost)
        | (?:"""
    + _FAMILY
    + r""")(?:'?s|\ is)? )
      \ (?:only\ |just\ |nearly\ |now\ )? (?P<is>\d{1,3})
      (?!\ *(?:weeks?|months?|days?|hours?|min(?:ute)?s?|stone|miles?|%|am|pm|times|kids|children|of|st|kg|and\ a\ h)|')
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)
_NO_AGE = (
    r"(?! *(?:weeks?|months?|days?|hours?|min(?:ute)?s?|stone|miles?|%|times|people|quid|pounds?|years? (?!old))|')"
)
_RANGE = re.compile(
    r"\b(?P<low>\d{1,2})\s*(?:to|-|–)\s*(?P<high>\d{1,3})[- ]*(?:yrs?|years?)[- ]*olds?\b"
    rf"|\b(?:over|older than)[- ](?P<over>1[4-9]|[2-9]\d)s?\b{_NO_AGE}"
    rf"|\b(?:under|younger than)[- ](?P<under>\d|1\d|2[0-5])s?\b{_NO_AGE}",
    re.IGNORECASE,
)
_NUMBERS = (
    "nought one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen twenty"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_IN_WORDS = re.compile(
    rf"\b(?:(?P<tens>{'|'.join(_TENS)})[- ]?)?(?P<ones>{'|'.join(_NUMBERS[1:20])})?"
    r"(?=[- ]+(?:yrs?|years?)[- ]*olds?\b)",
    re.IGNORECASE,
)
# How the words about who can use a service begin when it is for some ages only.
_FOR = re.compile(
    r"^(?P<who>(?:mainly |mostly |only )?(?:(?:babies|(?:disabled )?children|teenagers|young people"
    r"|(?:autistic |disabled )?adults|older people|older|pensioners)(?:,? and |, | or )?)+)",
    re.IGNORECASE,
)


def age(text: str) -> int | None:
    """The age in years that a message says ("my 6 year old", "shes 84"), the last where it says several."""
    text = _in_figures(text)
    if _RANGE.search(text):
        return None
    ages = [0 if match["months"] else int(match["years"] or match["is"]) for match in _AGE.finditer(text)]
    return ages[-1] if ages else None


def person(text: str) -> Stages:
    """The stages of life that a message speaks of ("my 6 year old", "for teenagers"), none where it says none."""
    said, between = age(text), _RANGE.search(_in_figures(text))
    if between:
        lowest, highest = between["low"] or between["over"], between["high"] or between["under"]
        return _stages(int(lowest or 0), int(highest or OLDEST))
    if said is not None:
        return _stages(said, said)
    return frozenset(stage for stage, words in _STAGE_WORDS.items() if words.search(text))


def _in_figures(text: str) -> str:
    """The text with an age that is written in words in figures: "nine year old" is "9 year old"."""

    def figure(match: re.Match[str]) -> str:
        tens, ones = (match["tens"] or "").lower(), (match["ones"] or "").lower()
        if not (tens or ones):
            return match[0]
        return str((_TENS.index(tens) * 10 + 20 if tens else 0) + (_NUMBERS.index(ones) if ones else 0))

    return _IN_WORDS.sub(figure, text.replace("’", "'"))


def is_for(minimum_age: int | None, maximum_age: int | None, eligibility: str) -> Stages:
    """The stages of life that a record is for: by its ages, else by how its eligibility begins; all where none says."""
    if minimum_age or maximum_age:
        return _stages(minimum_age or 0, maximum_age or OLDEST)
    begins = _FOR.match(eligibility)
    stages = person(begins["who"]) if begins else EVERYONE
    return stages | {"young adult", "older"} if "adult" in stages else stages


def _stages(lowest: int, highest: int) -> Stages:
    return frozenset(stage for stage, (start, end) in STAGES.items() if lowest <= end and highest >= start)


def share_a_stage(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether two groups of people overlap."""
    return not set(one).isdisjoint(other)

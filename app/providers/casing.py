"""Nice case for names and addresses that banks and bureaus keep in capitals; mixed case stays as it is."""

import re
from collections.abc import Callable

_PARTICLES = {"de", "la", "las", "los", "del", "der", "den", "van", "von", "da", "di", "dos", "du"}
_CAPITALS = {
    "II",
    "III",
    "IV",
    "VI",
    "VII",
    "PO",
    "NE",
    "NW",
    "SE",
    "SW",
    "US",
    "LLC",
    "NA",
    "N.A.",
    "MD",
    "PHD",
}
_SUFFIXES = {"JR", "SR", "II", "III", "IV", "V"}
# Mac is left alone: MACK, MACHADO and MACY are as common as MacDonald.
_SCOTTISH = re.compile(r"^Mc([a-z])(?=[a-z]{2})")
_IRISH = re.compile(r"^([OD])'([a-z])")
_WORD = re.compile(r"[^\s-]+")
_ORDINAL = re.compile(r"^\d+(ST|ND|RD|TH)$")
_COMPANY = re.compile(r"\b(LLC|INC|CORP|LTD|TRUST|ESTATE|COMPANY|CO)\b\.?", re.IGNORECASE)
_SEVERAL = re.compile(r"&|/|\bAND\b|\bOR\b|;", re.IGNORECASE)


def nice_name(text: str) -> str:
    """`MARIA DE LA CRUZ-O'NEIL III` becomes `Maria de la Cruz-O'Neil III`."""
    return _recased(text, _name_word)


def nice_address(text: str) -> str:
    """`12 NW MAIN ST APT 4B` becomes `12 NW Main St Apt 4B`."""
    return _recased(text, _address_word)


def split_name(text: str) -> tuple[str, str] | None:
    """First (with middle) and last name of one person; None for companies, several people or one word.

    Understands `LAST, FIRST`; particles, suffixes and all after a middle initial are the last name.
    """
    if _COMPANY.search(text) or _SEVERAL.search(text) or any(sign.isdigit() for sign in text):
        return None
    if "," in text:
        last, _, first = text.partition(",")
        if first.strip().upper().rstrip(".") in _SUFFIXES:
            return split_name(f"{last} {first.strip()}")
        return (nice_name(first.strip()), nice_name(last.strip())) if first.strip() and last.strip() else None
    words = text.split()
    start = len(words) - 1
    while start > 1 and words[start].upper().rstrip(".") in _SUFFIXES:
        start -= 1
    while start > 1 and words[start - 1].lower() in _PARTICLES:
        start -= 1
    # A middle initial ends the given names: all words behind it are the last name.
    initials = [place for place in range(1, start) if len(words[place].rstrip(".")) == 1]
    start = min(start, initials[-1] + 1) if initials else start
    if start < 1:
        return None
    return nice_name(" ".join(words[:start])), nice_name(" ".join(words[start:]))


def same_name(left: str, right: str) -> bool:
    """Whether two whole names are plainly one person's: same last word, first names equal or an initial."""
    one, other = _name_words(left), _name_words(right)
    if len(one) < 2 or len(other) < 2 or one[-1] != other[-1]:
        return False
    first, second = one[0], other[0]
    return first == second or (1 in (len(first), len(second)) and first[0] == second[0])


def _name_words(text: str) -> list[str]:
    split = split_name(text)
    whole = " ".join(split) if split else text
    words = re.findall(r"[^\W\d_]+", whole.upper().replace("'", ""))
    while len(words) > 2 and words[-1] in _SUFFIXES:
        words.pop()
    return words


def _recased(text: str, recase: Callable[[str, bool], str]) -> str:
    collapsed = " ".join(text.split())
    if collapsed != collapsed.upper():
        return collapsed
    return _WORD.sub(lambda match: recase(match.group(), match.start() == 0), collapsed)


def _name_word(word: str, is_first: bool) -> str:
    if word in _CAPITALS and not is_first:
        return word
    if word.lower() in _PARTICLES and not is_first:
        return word.lower()
    lowered = word.capitalize()
    lowered = _SCOTTISH.sub(lambda match: "Mc" + match.group(1).upper(), lowered)
    return _IRISH.sub(lambda match: f"{match.group(1)}'{match.group(2).upper()}", lowered)


def _address_word(word: str, is_first: bool) -> str:
    if _ORDINAL.match(word):
        return word.lower()
    if any(sign.isdigit() for sign in word) or word in _CAPITALS:
        return word
    # Streets write their articles large: `La Brea Ave`.
    return _name_word(word, is_first or word.lower() in _PARTICLES)

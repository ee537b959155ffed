"""Skeletons of nicknames: two nicknames that look the same have a skeleton in common.

They follow UTS #39, "Confusable Detection" (https://www.unicode.org/reports/tr39/), with the data
of the package confusable-homoglyphs, and in addition ignore case, width and repeated spaces.

There are two skeletons, because similarity to one form of a letter implies nothing about its other
case: Greek Η looks like H and η like n, so that one skeleton for both would make `han` equal `nan`.
Accents of Latin letters are ignored too, unlike in UTS #39: they are easily overlooked, and often
left out by people who type the name. In other scripts a mark can be a vowel, and stays.
"""

import re
from collections.abc import Iterator
from functools import cache
from unicodedata import category, name, normalize

from confusable_homoglyphs.confusables import confusables_data

from chat.content.characters import INVISIBLE

UNSEEN = re.compile(f"[{INVISIBLE}]")
MARK = "\u200e"  # the package puts it around letters that are written from right to left
# Letters that look like capitals but are none, and that the data of UTS #39 lacks.
CAPITAL = re.compile(
    "(?:LATIN LETTER SMALL CAPITAL|REGIONAL INDICATOR SYMBOL LETTER"
    "|NEGATIVE (?:CIRCLED|SQUARED) LATIN CAPITAL LETTER) ([A-Z])"
)
WHERE_CAPITALS = (*range(0x250, 0x2B0), *range(0x1D00, 0x1DC0), *range(0xA720, 0xA800))
WHERE_SYMBOLS = range(0x1F100, 0x1F200)


def skeleton(nickname: str) -> str:
    """Return what is left of a nickname without case; equal for `susan` and `SUSAN`."""
    return _prototype(_fold(_visible(nickname)))


def shown_skeleton(nickname: str) -> str:
    """Return what is left of a nickname as shown, without case; equal for `Ian` and `lan`."""
    return _prototype(_fold(_prototype(_visible(nickname))))


def _visible(nickname: str) -> str:
    return " ".join(normalize("NFKC", UNSEEN.sub("", nickname)).split())


def _fold(text: str) -> str:
    return normalize("NFKC", normalize("NFKC", text).casefold())


def _prototype(text: str) -> str:
    for _ in range(2):  # in this data, the characters of a prototype may have prototypes
        text = normalize("NFD", normalize("NFD", text).translate(_prototypes()))
    return "".join(_without_accents(text))


def _without_accents(text: str) -> Iterator[str]:
    base = ""
    for character in text:
        if not category(character).startswith("M"):
            base = character
        elif base.isascii() and base.isalnum():
            continue
        yield character


@cache
def _prototypes() -> dict[int, str]:
    """Return the prototype of each confusable character.

    The package lists pairs, where the source of UTS #39 maps characters to a prototype. So the
    prototype is the one of several characters that all others are paired with. Of only two it is
    the one that consists of several characters; which one does not matter otherwise.
    """
    pairs = {
        character.strip(MARK): {other["c"].strip(MARK) for other in others}
        for character, others in confusables_data.items()
    }
    prototypes = {
        ord(character): max(others | {character}, key=lambda c: (len(pairs[c]), len(c), c))
        for character, others in pairs.items()
        if len(character) == 1
    }
    return prototypes | {
        code: found[1].lower()
        for code in (*WHERE_CAPITALS, *WHERE_SYMBOLS)
        if (found := CAPITAL.fullmatch(name(chr(code), "")))
    }

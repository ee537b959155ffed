"""Skeletons of nicknames: two nicknames that look the same have a skeleton in common.

They follow UTS #39, "Confusable Detection" (https://www.unicode.org/reports/tr39/), with the data
of the package confusable-homoglyphs, and in addition ignore case, width and repeated spaces.

There are two skeletons, because similarity to one form of a letter says nothing about its other
case: Greek Η looks like H and η like n, so that one skeleton for both would make `han` equal `nan`.
An accent makes a visible difference and stays: Zoë and Zoe are two names, as in UTS #39.
"""

import re
from functools import cache
from unicodedata import normalize

from confusable_homoglyphs.confusables import confusables_data

from chat.content.characters import INVISIBLE

UNSEEN = re.compile(f"[{INVISIBLE}]")
MARK = "\u200e"  # the package puts it around letters that are written from right to left
DOTTED = re.compile("([ij])\u0307")  # these have their dot already


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
    return DOTTED.sub(r"\1", text)


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
    return {
        ord(character): max(others | {character}, key=lambda c: (len(pairs[c]), len(c), c))
        for character, others in pairs.items()
        if len(character) == 1
    }

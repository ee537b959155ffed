"""The rules for nicknames, the same for registration, renaming, `createuser` and the admin.

This module imports no models, so that `chat.models` can use it.
"""

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator

from chat.content.characters import INVISIBLE, not_blank, printable

MAX_NICKNAME = 32  # characters
MAX_TYPED = 4 * MAX_NICKNAME  # characters; NFC makes one character of at most four
TAKEN = "This nickname is taken."

# Basic authentication ends the nickname at the first colon.
no_colon = RegexValidator(r"^[^:]*\Z", "A nickname cannot have a colon.")
no_outer_space = RegexValidator(r"^(?!\s)(.*\S)?\Z", "A nickname cannot begin or end with a space.")

UNSEEN = re.compile(f"[{INVISIBLE}]")
UNSEEN_CATEGORIES = ("Cf", "Co", "Zl", "Zp")  # format, private use, line and paragraph separator
EMOJI_STYLE = "\ufe0f"
VIRAMA = 9  # the combining class of the sign after which Indic scripts use joiners


def normalize(nickname: str) -> str:
    """Return a nickname in NFC, the form in which it is stored and looked up.

    A text above `MAX_TYPED` is returned unchanged: its NFC would be too long for a nickname too.
    `unicodedata` sorts a run of accents in quadratic time, and lets no other thread run meanwhile.
    """
    return nickname if len(nickname) > MAX_TYPED else unicodedata.normalize("NFC", nickname)


def only_visible(nickname: str) -> None:
    """Raise ValidationError for a character that leaves no mark or changes a line's direction.

    Joiners and the emoji style are allowed where they change what is shown: RFC 5892, appendix A.
    The rest of a text above `MAX_TYPED` is not looked at: another validator refuses its length.
    """
    for index, character in enumerate(nickname[:MAX_TYPED]):
        unseen = UNSEEN.match(character) or unicodedata.category(character) in UNSEEN_CATEGORIES
        if unseen and not _has_effect(nickname, index):
            raise ValidationError("A nickname cannot have invisible characters.")


def _has_effect(nickname: str, index: int) -> bool:
    before, after = nickname[index - 1 : index], nickname[index + 1 : index + 2]
    if not before:
        return False
    match nickname[index]:
        case "\ufe0f":  # emoji style
            return unicodedata.category(before) == "So"
        case "\u200c" | "\u200d" if unicodedata.combining(before) == VIRAMA:
            return True
        case "\u200c":  # zero-width non-joiner, between Arabic letters
            return all(c and unicodedata.bidirectional(c) == "AL" for c in (before, after))
        case "\u200d":  # zero-width joiner, within an emoji sequence
            return _is_emoji(before) and _is_emoji(after)
    return False


def _is_emoji(character: str) -> bool:
    skin_tone = "\U0001f3fb" <= character <= "\U0001f3ff"
    return (
        skin_tone
        or character == EMOJI_STYLE
        or bool(character and unicodedata.category(character) == "So")
    )


def no_leading_mark(nickname: str) -> None:
    """Raise ValidationError for an accent at the start: it would sit on what stands before."""
    if unicodedata.category(nickname[:1] or " ").startswith("M"):
        raise ValidationError("A nickname cannot begin with an accent.")


def only_characters(nickname: str) -> None:
    """Raise ValidationError for a code point that Unicode reserves: it never is a character."""
    if any(0xFDD0 <= ord(c) <= 0xFDEF or ord(c) & 0xFFFE == 0xFFFE for c in nickname[:MAX_TYPED]):
        raise ValidationError("A nickname cannot have code points that are no characters.")


NICKNAME_VALIDATORS = (
    *(printable, not_blank, no_colon, no_outer_space, only_visible),
    *(no_leading_mark, only_characters),
)

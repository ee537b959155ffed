"""Tests of chat/content/characters.py."""

import pytest
from django.core.exceptions import ValidationError

from chat.content.characters import not_blank

INVISIBLE = [
    "",
    " ",
    "\n\t",
    "\xa0",
    "\u3000",
    "\u200b",
    "\u200d\u200c",
    "\u2060",
    "\ufeff",
    "\xad",
]
INVISIBLE += [
    "\u200e",
    "\u202e",
    "\u034f",
    "\ufe0f",
    "\u115f",
    "\u1160",
    "\u3164",
    "\uffa0",
    "\u2800",
]
INVISIBLE += ["\U000e0041", "\U000e0101", "\u180e", "\u2028", "\x00\x1f\x7f", " \u200b \u3164\n"]


@pytest.mark.parametrize("text", INVISIBLE)
def test_a_text_without_a_visible_character_is_blank(text):
    with pytest.raises(ValidationError):
        not_blank(text)


@pytest.mark.parametrize(
    "text", ["a", ".", "\u0301", "\u65e5", "\U0001f389", "\ufffd", "\u200b.", "\ue000"]
)
def test_one_visible_character_is_enough(text):
    not_blank(text)

"""Validators for the characters of a text, shared by nicknames, messages and keys."""

import re

from django.core.validators import RegexValidator

BLANK = "This field may not be blank."

# Control characters are unreadable; NUL and half a surrogate pair cannot even be stored.
printable = RegexValidator(
    r"^[^\x00-\x1f\x7f-\x9f\ud800-\udfff]*\Z", "Control characters cannot be used."
)
storable = RegexValidator(
    r"^[^\x00\ud800-\udfff]*\Z", "This text has characters that cannot be stored."
)

# Scripts without spaces between words: Thai, Lao, Myanmar, Khmer, Kana, Chinese of all planes.
UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)

# What leaves no mark on a page: controls, all that Unicode lists as Default_Ignorable_Code_Point in
# DerivedCoreProperties.txt (zero-width, fillers, tags), the Braille pattern without dots, the place
# of an object, and the note head without ink.
INVISIBLE = (
    "\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffc"
    "\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
VISIBLE = re.compile(rf"[^\s{INVISIBLE}]")
not_blank = RegexValidator(VISIBLE, BLANK)

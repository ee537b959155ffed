"""Validators for the characters of a text, shared by nicknames, messages and keys."""

from django.core.validators import RegexValidator

BLANK = "This field may not be blank."

# Control characters are unreadable; NUL and half a surrogate pair cannot even be stored.
printable = RegexValidator(
    r"^[^\x00-\x1f\x7f-\x9f\ud800-\udfff]*\Z", "Control characters cannot be used."
)
storable = RegexValidator(
    r"^[^\x00\ud800-\udfff]*\Z", "This text has characters that cannot be stored."
)
not_blank = RegexValidator(r"\S", BLANK)

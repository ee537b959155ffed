"""The rules for nicknames, the same for registration, renaming, `createuser` and the admin.

This module imports no models, so that `chat.models` can use it.
"""

from django.core.validators import RegexValidator

from chat.content.characters import not_blank, printable

MAX_NICKNAME = 32  # characters
TAKEN = "This nickname is taken."

# Basic authentication ends the nickname at the first colon.
no_colon = RegexValidator(r"^[^:]*\Z", "A nickname cannot have a colon.")
no_outer_space = RegexValidator(r"^(?!\s)(.*\S)?\Z", "A nickname cannot begin or end with a space.")

NICKNAME_VALIDATORS = (printable, not_blank, no_colon, no_outer_space)

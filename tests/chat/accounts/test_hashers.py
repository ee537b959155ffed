"""Tests of chat/accounts/hashers.py, whose work other tests save: tests/hashers.py."""

from django.utils.module_loading import import_string

from flack_project import settings


def test_passwords_are_hashed_with_the_parameters_of_owasps_cheat_sheet() -> None:
    hasher = import_string(settings.PASSWORD_HASHERS[0])()
    encoded = hasher.encode("staple-battery-horse", hasher.salt())
    assert encoded.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")

"""Tests of chat/checks.py."""

import pytest
from django.core.checks import run_checks


def ids():
    """Return the ids of what the system checks find."""
    return [message.id for message in run_checks()]


def test_settings_as_they_come_are_sound():
    assert ids() == []


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("FLACK_PREVIEW_HOSTS", ["127.0.0.1"], ["flack.W001"]),
    ],
)
def test_a_setting_that_cannot_work_is_found(settings, name, value, found):
    setattr(settings, name, value)
    assert ids() == found

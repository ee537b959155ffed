"""Tests of chat/accounts/nicknames.py: which nicknames are allowed, through each entry point."""

import io
import sys
import unicodedata

import pytest
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from chat import actions
from chat.models import User
from tests.kit import PASSWORD, basic

pytestmark = pytest.mark.django_db

UNSEEN = [
    "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u200e", "\u034f", "\ufe0f",
    "\U000e0073", "\u061c", "\u115f", "\u1160", "\u3164", "\uffa0", "\u2800", "\u180e", "\u17b4",
    "\u202a", "\u202e", "\u2066", "\u2069", "\u2028", "\u2029", "\ue000", "\U000f0000", "\ufff9",
    "\U000e0100", "\ufffc", "\U0001d159", "\ufdd0", "\uffff", "\U0010fffe",
]  # fmt: skip


@pytest.mark.attack("Nicknames: look-alikes")
@pytest.mark.parametrize("unseen", UNSEEN, ids=ascii)
@pytest.mark.parametrize("nickname", ["susan{}", "{}susan", "su{}san", "{}"])
def test_a_nickname_with_an_invisible_character_is_refused(nickname, unseen):
    with pytest.raises(ValidationError) as error:
        User(nickname=nickname.format(unseen)).clean_fields(exclude=["password"])
    assert list(error.value.error_dict) == ["nickname"]


@pytest.mark.attack("Nicknames: look-alikes")
@pytest.mark.parametrize("nickname", ["\u0301", "\u0332susan", "\u20dd", "\u05bba"])
def test_a_nickname_does_not_begin_with_an_accent(nickname):
    with pytest.raises(ValidationError):
        User(nickname=nickname).clean_fields(exclude=["password"])


@pytest.mark.parametrize(
    "nickname",
    [
        "\u0646\u0627\u0645\u200c\u0647\u0627",
        "\u0915\u094d\u200d\u0937",
        "\U0001f469\u200d\U0001f4bb",
        "\U0001f469\U0001f3fd\u200d\U0001f680",
        "\u2764\ufe0f\u200d\U0001f525",
        "Zo\u00eb",
    ],
    ids=ascii,
)
def test_a_joiner_is_allowed_where_it_changes_what_is_shown(nickname):
    User(nickname=nickname).clean_fields(exclude=["password"])


@pytest.fixture(params=["API", "rename", "createuser", "admin"])
def enter(request, call, client, bob, monkeypatch):
    """A function that takes a nickname through an entry point; returns True if it is accepted."""

    def enter(nickname):
        if request.param == "API":
            body = {"nickname": nickname, "password": PASSWORD}
            return call("POST", "/api/users", body).status_code == 201
        if request.param == "rename":
            path = f"/api/users/{bob.pk}"
            return call("PUT", path, {"nickname": nickname}, token=bob.token).status_code == 204
        if request.param == "createuser":
            monkeypatch.setattr(sys, "stdin", io.StringIO(PASSWORD))
            try:
                call_command("createuser", nickname)
            except CommandError:
                return False
            return True
        client.force_login(User.objects.create_superuser("root", PASSWORD))
        form = {"nickname": nickname, "is_active": "on"}
        return client.post(f"/admin/chat/user/{bob.pk}/change/", form).status_code == 302

    return enter


@pytest.mark.attack("Nicknames: look-alikes")
@pytest.mark.parametrize("nickname", ["Ali\u200bce", "Zoe\u0308"], ids=ascii)
def test_every_entry_point_has_the_same_rules(make_user, enter, nickname):
    make_user("Zo\u00eb")
    assert not enter(nickname)


@pytest.mark.attack("Nicknames: look-alikes")
@pytest.mark.parametrize(
    "nickname",
    [
        *("susan\u0301", "\ua731usan", "\U0001d460usan", "\ufffc", "\U0001d159", "\u0301susan"),
        *("su\u2067san", "a\u206fb", "\u1d00\u0301\u202d", "\ufdd0", "x" * 33),
    ],
    ids=ascii,
)
def test_every_entry_point_refuses_each_kind(make_user, enter, nickname):
    make_user("susan")
    assert not enter(nickname)


def test_every_entry_point_stores_the_composed_form(enter):
    assert enter("Rene\u0301")
    assert User.objects.filter(nickname="Ren\u00e9").exists()


def test_sign_in_ignores_composition(call):
    actions.register(nickname="Zo\u00eb", password=PASSWORD)
    assert authenticate(nickname="Zoe\u0308", password=PASSWORD)
    assert call("POST", "/api/tokens", headers=basic("Zoe\u0308")).status_code == 200


def test_a_nickname_stored_in_another_composition_signs_in(make_user):
    user = make_user(unicodedata.normalize("NFD", "Zo\u00eb"))
    assert authenticate(nickname=user.nickname, password=PASSWORD) == user

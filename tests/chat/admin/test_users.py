"""Tests of chat/admin/users.py."""

import html
import re

import pytest
from django.contrib.auth import authenticate

from chat.models import Token, User
from tests.kit import PASSWORD

pytestmark = pytest.mark.django_db

FLAGS = {"is_active": "on"}
USER, MESSAGE = "/admin/chat/user/", "/admin/chat/message/"


def test_a_ban_is_no_green_tick_and_absence_no_red_cross(admin, alice, bob):
    User.objects.filter(pk=alice.pk).update(is_banned=True, online=False)
    pages = [admin.get(path).content.decode() for path in (USER, f"{USER}{alice.pk}/change/")]
    assert all("icon-yes" not in page and "icon-no" not in page for page in pages)
    assert '<td class="field-presence">offline</td><td class="field-state">banned</td>' in pages[0]
    assert '<td class="field-presence">online</td>' in pages[0]


def test_the_page_of_a_user_leads_to_all_messages_of_that_user(admin, alice, bob):
    for author in (alice, bob):
        author.messages.create(source=f"of {author.nickname}")
    page = admin.get(f"{USER}{alice.pk}/change/").content.decode()
    path = html.unescape(re.search(f'href="({MESSAGE}[^"]+)"', page)[1])
    listed = admin.get(path).content.decode()
    assert "of Alice" in listed and "of Bob" not in listed


def test_a_renamed_user_is_pushed(admin, alice, pushes, committed):
    with committed():
        response = admin.post(f"{USER}{alice.pk}/change/", {"nickname": "Alicia", **FLAGS})
    assert response.status_code == 302
    assert [push["model"]["nickname"] for push in pushes] == ["Alicia"]
    assert User.objects.get(pk=alice.pk).nickname == "Alicia"


def test_the_message_about_a_change_is_shown_once_on_the_next_page_of_the_admin(admin, alice):
    change = {"nickname": "Alix", "is_active": "on"}
    admin.post(f"{USER}{alice.pk}/change/", change)
    admin.get("/api/users")
    pages = [admin.get("/admin/").content.decode() for _ in range(2)]
    assert ["was changed successfully" in page for page in pages] == [True, False]


def test_a_taken_nickname_is_an_error_of_the_form(admin, alice, bob):
    response = admin.post(f"{USER}{alice.pk}/change/", {"nickname": "Bob", **FLAGS})
    assert "This nickname is taken." in response.content.decode()


@pytest.mark.parametrize("path", ["/admin/login/", f"{USER}{{pk}}/change/"])
def test_no_browser_cuts_or_changes_a_nickname_as_it_is_typed(admin, client, alice, path):
    if path == "/admin/login/":
        client.logout()
    page = client.get(path.format(pk=alice.pk)).content.decode()
    field = re.search(r'<input [^>]*name="(?:username|nickname)"[^>]*>', page)[0]
    assert "maxlength" not in field  # it would count UTF-16 units, and cut 32 emoji to 16
    for attribute in ('autocapitalize="none"', 'autocorrect="off"', 'spellcheck="false"'):
        assert attribute in field


@pytest.mark.parametrize(("length", "status"), [(32, 302), (33, 200)])
def test_a_nickname_that_is_too_long_is_refused_and_not_cut(admin, alice, length, status):
    nickname = "\N{GRINNING FACE}" * length
    response = admin.post(f"{USER}{alice.pk}/change/", {"nickname": nickname, **FLAGS})
    assert response.status_code == status
    assert User.objects.get(pk=alice.pk).nickname == (nickname if length == 32 else "Alice")


def test_a_user_who_is_made_inactive_cannot_act(admin, alice, call):
    admin.post(f"{USER}{alice.pk}/change/", {"nickname": "Alice"})
    assert call("POST", "/api/messages", {"source": "a"}, token=alice.token).status_code == 401
    assert authenticate(nickname="Alice", password=PASSWORD) is None


def test_saving_a_user_keeps_the_rest(admin, alice):
    before = User.objects.get(pk=alice.pk)
    admin.post(f"{USER}{alice.pk}/change/", {"nickname": "Alice", **FLAGS})
    after = User.objects.get(pk=alice.pk)
    assert after.to_dict() == before.to_dict()
    assert after.password == before.password


def test_a_password_that_an_operator_sets_ends_the_tokens(admin, alice, bob):
    passwords = {"password1": "another-good-one", "password2": "another-good-one"}
    form = {**passwords, "usable_password": "true"}
    assert admin.post(f"{USER}{alice.pk}/password/", form).status_code == 302
    assert authenticate(nickname="Alice", password="another-good-one") == alice
    assert [token.user for token in Token.objects.all()] == [bob]


def test_an_operator_sets_the_password_of_a_nickname_that_is_older_than_the_rules(admin, make_user):
    user = make_user("su\u200bsan")
    form = {"password1": "another-good-one", "password2": "another-good-one"}
    assert admin.post(f"{USER}{user.pk}/password/", form).status_code == 302
    assert authenticate(nickname=user.nickname, password="another-good-one") == user


def test_a_user_whose_nickname_is_older_than_the_rules_can_be_banned_in_the_form(admin, make_user):
    user = make_user("su\u200bsan")
    form = {"nickname": user.nickname, "is_banned": "on", **FLAGS}
    assert admin.post(f"{USER}{user.pk}/change/", form).status_code == 302
    assert User.objects.get(pk=user.pk).is_banned
    form["nickname"] = "sus\u200ban"
    assert "invisible" in admin.post(f"{USER}{user.pk}/change/", form).content.decode()


def test_a_password_is_not_disabled_but_the_user(admin, alice):
    form = {"usable_password": "false", "unset-password": "Disable"}
    assert "required" in admin.post(f"{USER}{alice.pk}/password/", form).content.decode()
    assert 'name="usable_password"' not in admin.get(f"{USER}{alice.pk}/password/").content.decode()


def test_a_weak_password_is_an_error_of_the_form(admin, alice):
    form = {"password1": "a", "password2": "a", "usable_password": "true"}
    assert "too short" in admin.post(f"{USER}{alice.pk}/password/", form).content.decode()


def test_no_user_is_deleted(admin, alice):
    assert admin.post(f"{USER}{alice.pk}/delete/", {"post": "yes"}).status_code == 403


def test_an_operator_ends_all_sign_ins_of_a_user(do, alice, bob):
    assert "Ended 1 sign-ins." in do(USER, "end_sign_ins", alice)
    assert [token.user for token in Token.objects.all()] == [bob]


def test_an_operator_bans_and_unbans(do, alice, bob):
    do(USER, "ban", alice)
    assert User.objects.get(is_banned=True) == alice
    do(USER, "unban", alice)
    assert not User.objects.filter(is_banned=True).exists()


def test_what_was_done_is_in_the_history_of_the_user(admin, do, alice):
    do(USER, "ban", alice)
    assert "Banned." in admin.get(f"{USER}{alice.pk}/history/").content.decode()


def test_a_ban_can_be_set_in_the_form(admin, alice):
    admin.post(f"{USER}{alice.pk}/change/", {"nickname": "Alice", "is_banned": "on", **FLAGS})
    assert User.objects.get(nickname="Alice").is_banned


def test_a_user_who_is_made_inactive_is_signed_out(admin, alice, bob):
    admin.post(f"{USER}{alice.pk}/change/", {"nickname": "Alice"})
    assert [token.user for token in Token.objects.all()] == [bob]

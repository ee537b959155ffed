"""Tests of chat/admin.py."""

import html
import re

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat import actions
from chat.admin import AtLeast, MessageAdmin, Pages
from chat.models import Message, Token, User
from tests.kit import PASSWORD

pytestmark = pytest.mark.django_db

FLAGS = {"is_active": "on"}
USER, MESSAGE = "/admin/chat/user/", "/admin/chat/message/"


@pytest.fixture
def admin(client):
    """The browser of an operator."""
    client.force_login(User.objects.create_superuser("root", PASSWORD))
    return client


def test_users_without_the_right_stay_outside(client, alice):
    client.force_login(alice)
    assert client.get("/admin/").status_code == 302


def test_the_message_about_a_change_is_shown_once_on_the_next_page_of_the_admin(admin, alice):
    change = {"nickname": "Alix", "is_active": "on"}
    admin.post(f"{USER}{alice.pk}/change/", change)
    admin.get("/api/users")
    pages = [admin.get("/admin/").content.decode() for _ in range(2)]
    assert ["was changed successfully" in page for page in pages] == [True, False]


def test_an_operator_signs_in(client, admin):
    client.logout()
    account = {"username": "root", "password": PASSWORD}
    assert client.post("/admin/login/?next=/admin/", account)["Location"] == "/admin/"


@pytest.mark.parametrize(
    ("path", "shown", "hidden"),
    [(USER, "Alice", None), (USER + "?q=Bo", "Bob", "Alice"), (MESSAGE, "hello", None),
     (MESSAGE + "?q=Bob", "goodbye", "hello"), (MESSAGE + "?q=hell", "hello", "goodbye")],
)  # fmt: skip
def test_users_and_messages_are_listed_and_searched(admin, alice, bob, path, shown, hidden):
    alice.messages.create(source="hello")
    bob.messages.create(source="goodbye")
    html = admin.get(path).content.decode()
    assert shown in html
    assert hidden is None or hidden not in html


def queries(admin, path):
    """Return how many queries a page takes."""
    admin.get(path)  # what Django asks once in each process
    with CaptureQueriesContext(connection) as captured:
        assert admin.get(path).status_code == 200
    return len(captured)


@pytest.mark.parametrize("path", [USER, USER + "?q=1", MESSAGE, MESSAGE + "?q=a", MESSAGE + "?p=2"])
def test_a_list_takes_as_many_queries_for_many_rows_as_for_few(admin, bob, path):
    User.objects.create(nickname="1").messages.bulk_create(
        [Message(user_id=bob.pk, source="a") for _ in range(51)]
    )
    few = queries(admin, path)
    for number in range(2, 80):
        User.objects.create(nickname=str(number)).messages.create(source="a")
    assert queries(admin, path) == few <= 8


@pytest.mark.parametrize("path", ["{}{}/change/", "{}{}/delete/", "{}{}/history/"])
def test_a_page_of_one_message_takes_as_many_queries_with_many_others(admin, alice, bob, path):
    message = alice.messages.create(source="a")
    page = path.format(MESSAGE, message.pk)
    few = queries(admin, page)
    Message.objects.bulk_create([Message(user=bob, source="a") for _ in range(100)])
    assert queries(admin, page) == few


def test_a_page_of_one_user_takes_as_many_queries_with_many_messages(admin, alice):
    page = f"{USER}{alice.pk}/change/"
    few = queries(admin, page)
    alice.messages.bulk_create([Message(user=alice, source="a") for _ in range(100)])
    assert queries(admin, page) == few


def test_no_list_counts_further_than_its_bound(admin, alice, monkeypatch):
    monkeypatch.setattr(Pages, "MOST", 60)
    alice.messages.bulk_create([Message(user=alice, source="a") for _ in range(100)])
    with CaptureQueriesContext(connection) as captured:
        html = admin.get(MESSAGE).content.decode()
    assert "60+ messages" in html
    counts = [query["sql"] for query in captured if "COUNT(" in query["sql"]]
    assert counts and all("LIMIT 60" in sql for sql in counts)


def test_a_list_at_its_bound_shows_no_wrong_count(admin, alice):
    assert str(AtLeast(Pages.MOST)) == "10,000+"
    alice.messages.create(source="a")
    assert "1 message\n" in admin.get(MESSAGE).content.decode()


def test_a_ban_is_no_green_tick_and_absence_no_red_cross(admin, alice, bob):
    User.objects.filter(pk=alice.pk).update(is_banned=True, online=False)
    pages = [admin.get(path).content.decode() for path in (USER, f"{USER}{alice.pk}/change/")]
    assert all("icon-yes" not in page and "icon-no" not in page for page in pages)
    assert '<td class="field-presence">offline</td><td class="field-state">banned</td>' in pages[0]
    assert '<td class="field-presence">online</td>' in pages[0]


@pytest.mark.parametrize(("days", "shown"), [("1", 1), ("7", 2), ("30", 3), ("x", 4), ("", 4)])
def test_messages_and_users_are_filtered_by_date(admin, alice, clock, days, shown):
    ages = [0, 2, 8, 31]
    for age in ages:
        at = int(clock()) - age * 24 * 60 * 60
        user = User.objects.create(nickname=f"user {age}", created_at=at)
        alice.messages.create(source=f"message {age}", created_at=at)
        assert user.pk
    for path, name in [(USER, "user"), (MESSAGE, "message")]:
        html = admin.get(f"{path}?days={days}").content.decode()
        found = [age for age in ages if f">{name} {age}<" in html]
        assert found == ages[:shown]


def test_the_page_of_a_message_bans_its_author_and_deletes_it(admin, alice, bob):
    message = alice.messages.create(source="a")
    page = admin.get(f"{MESSAGE}{message.pk}/change/").content.decode()
    assert f'href="{MESSAGE}{message.pk}/delete/"' in page
    assert f'formaction="{MESSAGE}">Ban Alice</button>' in page
    form = dict(
        re.findall(r'<input type="hidden" name="(index|_selected_action)" value="(\d+)"', page)
    )
    answer = admin.post(MESSAGE, {"action": "ban_authors", **form}, follow=True)
    assert "Banned Alice." in answer.content.decode()
    assert User.objects.get(is_banned=True) == alice
    assert [token.user for token in Token.objects.all()] == [bob]


def test_an_operator_who_may_only_read_cannot_ban(client, alice, make_user):
    reader = make_user("reader", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_message"))
    client.force_login(reader)
    message = alice.messages.create(source="a")
    page = client.get(f"{MESSAGE}{message.pk}/change/").content.decode()
    assert "Ban Alice" not in page
    client.post(MESSAGE, {"action": "ban_authors", "_selected_action": message.pk, "index": 0})
    assert not User.objects.filter(is_banned=True).exists()


def test_each_page_has_a_link_to_the_room(admin):
    assert '<a href="/">View site</a>' in admin.get("/admin/").content.decode()


def test_the_newest_messages_are_searched(admin, alice, bob, monkeypatch):
    monkeypatch.setattr(MessageAdmin, "SEARCHED", 3)
    for author, source in [(alice, "old"), (bob, "b"), (alice, "new"), (bob, "b")]:
        author.messages.create(source=f"a word, {source}")
    html = admin.get(f"{MESSAGE}?q=word+al").content.decode()
    assert "a word, new" in html and "a word, old" not in html


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


def test_a_taken_nickname_is_an_error_of_the_form(admin, alice, bob):
    response = admin.post(f"{USER}{alice.pk}/change/", {"nickname": "Bob", **FLAGS})
    assert "This nickname is taken." in response.content.decode()


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


def test_a_password_is_not_disabled_but_the_user(admin, alice):
    form = {"usable_password": "false", "unset-password": "Disable"}
    assert "required" in admin.post(f"{USER}{alice.pk}/password/", form).content.decode()
    assert 'name="usable_password"' not in admin.get(f"{USER}{alice.pk}/password/").content.decode()


def test_a_weak_password_is_an_error_of_the_form(admin, alice):
    form = {"password1": "a", "password2": "a", "usable_password": "true"}
    assert "too short" in admin.post(f"{USER}{alice.pk}/password/", form).content.decode()


@pytest.mark.parametrize("path", [USER, MESSAGE])
def test_nothing_is_added(admin, path):
    assert admin.get(f"{path}add/").status_code == 403


def test_no_user_is_deleted(admin, alice):
    assert admin.post(f"{USER}{alice.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_message_is_only_read(admin, alice):
    message = alice.messages.create(source="a")
    assert admin.get(f"{MESSAGE}{message.pk}/change/").status_code == 200
    assert admin.post(f"{MESSAGE}{message.pk}/change/", {"source": "b"}).status_code == 403
    assert Message.objects.get().source == "a"


def test_dates_are_shown_in_words(admin, alice):
    alice.messages.create(source="a", created_at=0)
    html = admin.get(MESSAGE).content.decode()
    assert '<span class="nowrap">1970-01-01 00:00 UTC</span>' in html


def test_a_message_is_shown_as_its_readers_see_it(admin, alice):
    message = actions.post_message(author=alice, source="a *b* <script>c</script>")
    html = admin.get(f"{MESSAGE}{message.pk}/change/").content.decode()
    assert "a <em>b</em>" in html
    assert "<script>c" not in html


def test_deleting_a_message_pushes_its_deletion(admin, alice, pushes, committed):
    message = alice.messages.create(source="a")
    with committed():
        admin.post(f"{MESSAGE}{message.pk}/delete/", {"post": "yes"})
    assert not Message.objects.exists()
    assert pushes == [{"class": "Message", "first": message.pk, "last": message.pk}]


def do(admin, path, action, *rows, **more):
    """Do an admin action with some rows, and return the page that says what was done."""
    form = {"action": action, "_selected_action": [row.pk for row in rows], **more}
    return admin.post(path, form, follow=True).content.decode()


def test_deleting_selected_messages_pushes_their_deletions(admin, alice, pushes, committed):
    first, second, third = (alice.messages.create(source=str(n)) for n in range(3))
    with committed():
        do(admin, MESSAGE, "delete_selected", first, third, post="yes")
    assert Message.objects.get() == second
    assert {push["first"] for push in pushes} == {first.pk, third.pk}


def test_an_operator_ends_all_sign_ins_of_a_user(admin, alice, bob):
    assert "Ended 1 sign-ins." in do(admin, USER, "end_sign_ins", alice)
    assert [token.user for token in Token.objects.all()] == [bob]


def test_an_operator_bans_and_unbans(admin, alice, bob):
    do(admin, USER, "ban", alice)
    assert User.objects.get(is_banned=True) == alice
    do(admin, USER, "unban", alice)
    assert not User.objects.filter(is_banned=True).exists()


def test_what_was_done_is_in_the_history_of_the_user(admin, alice):
    do(admin, USER, "ban", alice)
    assert "Banned." in admin.get(f"{USER}{alice.pk}/history/").content.decode()


def test_a_ban_can_be_set_in_the_form(admin, alice):
    admin.post(f"{USER}{alice.pk}/change/", {"nickname": "Alice", "is_banned": "on", **FLAGS})
    assert User.objects.get(nickname="Alice").is_banned


def test_a_user_who_is_made_inactive_is_signed_out(admin, alice, bob):
    admin.post(f"{USER}{alice.pk}/change/", {"nickname": "Alice"})
    assert [token.user for token in Token.objects.all()] == [bob]

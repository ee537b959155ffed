"""Tests of chat/admin/lists.py, and of the way into the admin."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat.admin.lists import AtLeast, Pages
from chat.models import Message, User
from tests.kit import PASSWORD

pytestmark = pytest.mark.django_db

USER, MESSAGE = "/admin/chat/user/", "/admin/chat/message/"


def test_users_without_the_right_stay_outside(client, alice):
    client.force_login(alice)
    assert client.get("/admin/").status_code == 302


def test_an_operator_signs_in(client, admin):
    client.logout()
    account = {"username": "root", "password": PASSWORD}
    assert client.post("/admin/login/?next=/admin/", account)["Location"] == "/admin/"


def test_each_page_has_a_link_to_the_room(admin):
    page = admin.get("/admin/").content.decode()
    assert '<a href="/">View site</a>' in page
    assert '<link rel="icon" href="/static/chat/icon.svg">' in page


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


@pytest.mark.parametrize("path", [USER, MESSAGE])
def test_nothing_is_added(admin, path):
    assert admin.get(f"{path}add/").status_code == 403


def test_dates_are_shown_in_words(admin, alice):
    alice.messages.create(source="a", created_at=0)
    html = admin.get(MESSAGE).content.decode()
    assert '<span class="nowrap">1970-01-01 00:00 UTC</span>' in html

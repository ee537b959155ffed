"""Tests of chat/admin/messages.py."""

import re

import pytest
from django.contrib.auth.models import Permission

from chat import actions
from chat.admin import MessageAdmin
from chat.models import Message, Token, User

pytestmark = pytest.mark.django_db

MESSAGE = "/admin/chat/message/"


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
    assert "Ban Alice" not in admin.get(f"{MESSAGE}{message.pk}/change/").content.decode()


def test_an_operator_who_may_only_read_cannot_ban(client, alice, make_user):
    reader = make_user("reader", is_staff=True)
    reader.user_permissions.add(Permission.objects.get(codename="view_message"))
    client.force_login(reader)
    message = alice.messages.create(source="a")
    page = client.get(f"{MESSAGE}{message.pk}/change/").content.decode()
    assert "Ban Alice" not in page
    client.post(MESSAGE, {"action": "ban_authors", "_selected_action": message.pk, "index": 0})
    assert not User.objects.filter(is_banned=True).exists()


def test_the_newest_messages_are_searched(admin, alice, bob, monkeypatch):
    monkeypatch.setattr(MessageAdmin, "SEARCHED", 3)
    for author, source in [(alice, "old"), (bob, "b"), (alice, "new"), (bob, "b")]:
        author.messages.create(source=f"a word, {source}")
    html = admin.get(f"{MESSAGE}?q=word+al").content.decode()
    assert "a word, new" in html and "a word, old" not in html


def test_a_message_is_only_read(admin, alice):
    message = alice.messages.create(source="a")
    assert admin.get(f"{MESSAGE}{message.pk}/change/").status_code == 200
    assert admin.post(f"{MESSAGE}{message.pk}/change/", {"source": "b"}).status_code == 403
    assert Message.objects.get().source == "a"


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


def test_deleting_selected_messages_pushes_their_deletions(do, alice, pushes, committed):
    first, second, third = (alice.messages.create(source=str(n)) for n in range(3))
    with committed():
        do(MESSAGE, "delete_selected", first, third, post="yes")
    assert Message.objects.get() == second
    assert {push["first"] for push in pushes} == {first.pk, third.pk}

"""Tests of chat/actions/links.py."""

from contextlib import ExitStack
from types import SimpleNamespace

import pytest
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError as BrokerError

from chat import actions, throttling
from chat.actions import links, messages
from chat.content.slots import Full
from chat.models import Message, timestamp
from tests.kit import PREVIEW

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(monkeypatch):
    """The ids of the messages whose expansion was asked for."""
    ids: list[int] = []
    monkeypatch.setattr(messages, "ask_for_expansion", ids.append)
    return ids


def test_a_link_is_expanded_after_the_commit(alice, asked, committed):
    with committed():
        message = actions.post_message(author=alice, source="see foo.com")
        assert asked == []
    assert asked == [message.pk]
    assert message.expanding


def test_without_a_link_no_worker_is_asked(alice, asked, committed):
    with committed():
        message = actions.post_message(author=alice, source="hello")
    assert asked == []
    assert not message.expanding


def test_a_repeated_post_asks_for_no_second_expansion(alice, asked, committed):
    with committed():
        for _ in range(2):
            message = actions.post_message(author=alice, source="see foo.com", key="k")
    assert asked == [message.pk]


def test_an_edit_has_its_links_expanded_again(alice, asked, committed):
    message = actions.post_message(author=alice, source="hello")
    with committed():
        actions.edit_message(editor=alice, message=message, source="see foo.com")
    assert asked == [message.pk]


@pytest.mark.parametrize(
    ("links_after", "is_expanded", "spends"),
    [
        ("{page}/a {page}/b", True, False),
        ("{page}/b {page}/a", True, True),
        ("{page}/a", True, True),
        ("{page}/a {page}/b {page}/c", True, True),
        ("{page}/a {page}/b", False, True),
        ("no link", True, False),
    ],
)
def test_an_edit_that_changes_no_link_keeps_the_previews_and_spends_no_limit(
    alice, page, asked, committed, monkeypatch, links_after, is_expanded, spends
):
    message = actions.post_message(author=alice, source=f"see {page}/a {page}/b")
    if is_expanded:
        actions.expand_links(message_id=message.pk)
        message.refresh_from_db()
    spent: list[int] = []
    limit = SimpleNamespace(spend=lambda author, count: spent.append(count))
    monkeypatch.setattr(throttling, "LINKS", limit)
    with committed():
        source = "look at " + links_after.format(page=page)
        actions.edit_message(editor=alice, message=message, source=source)
    message.refresh_from_db()
    assert (asked, message.expanding) == (([message.pk], True) if spends else ([], False))
    assert spent == ([source.count("http")] if spends else [])
    kept = "" if spends or "http" not in source else PREVIEW.format(page + "/a")
    assert (kept in message.html, "look at" in message.html) == (True, True)
    assert message.html.count("<blockquote>") == (2 if kept else 0)


def test_a_hundred_edits_in_a_minute_leave_the_limit_of_links_to_other_messages(
    alice, page, monkeypatch, new_minute
):
    monkeypatch.setattr(throttling, "LINKS", throttling.Limit("links", 2, 60))
    monkeypatch.setattr(throttling, "POST", throttling.Limit("post", 200, 60))
    message = actions.post_message(author=alice, source=page)
    actions.expand_links(message_id=message.pk)
    for number in range(100):
        message.refresh_from_db()
        actions.edit_message(editor=alice, message=message, source=f"{page} {number}")
    assert Message.objects.get().html.endswith(PREVIEW.format(page))
    assert actions.post_message(author=alice, source=page).expanding


def test_an_unavailable_broker_fails_no_post(alice, monkeypatch, committed):
    def away(*args, **kwargs):
        raise BrokerError("away")

    monkeypatch.setattr(current_app, "send_task", away)
    with committed():
        message = actions.post_message(author=alice, source="see foo.com")
    assert Message.objects.get(pk=message.pk).expanding


def test_previews_are_appended_and_pushed(alice, page, clock, pushes, committed):
    message = actions.post_message(author=alice, source=f"see {page}/a and {page}/b")
    html = message.html
    clock.advance(10)
    with committed():
        assert actions.expand_links(message_id=message.pk)
    message.refresh_from_db()
    assert message.html == html + PREVIEW.format(page + "/a") + PREVIEW.format(page + "/b")
    assert (message.expanding, message.edited_at) == (False, None)
    assert message.updated_at == timestamp()
    assert pushes == [{"class": "Message", "model": message.to_dict()}]


def test_a_page_that_fails_adds_nothing(alice, page, pushes, committed):
    message = actions.post_message(author=alice, source=f"see {page}/missing")
    with committed():
        assert not actions.expand_links(message_id=message.pk)
    after = Message.objects.get(pk=message.pk)
    assert after.to_dict() == message.to_dict()
    assert not after.expanding
    assert pushes == []


def test_expanding_twice_appends_once(alice, page):
    message = actions.post_message(author=alice, source=f"see {page}")
    assert actions.expand_links(message_id=message.pk)
    assert not actions.expand_links(message_id=message.pk)
    assert Message.objects.get().html.count("<blockquote>") == 1


def test_expanding_what_does_not_exist_does_nothing():
    assert not actions.expand_links(message_id=1)


def test_an_edit_meanwhile_wins_over_the_expansion(alice, page, monkeypatch, pushes, committed):
    message = actions.post_message(author=alice, source=f"see {page}")

    def edit_meanwhile(urls, admit):
        actions.edit_message(
            editor=alice, message=Message.objects.get(pk=message.pk), source="changed my mind"
        )
        return [PREVIEW.format(url) for url in urls]

    monkeypatch.setattr(links, "previews", edit_meanwhile)
    with committed():
        assert not actions.expand_links(message_id=message.pk)
    assert Message.objects.get().html == "changed my mind"
    assert [push["model"]["html"] for push in pushes] == ["changed my mind"]


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_asks_for_nothing(alice, asked, pushes):
    pushes.clear()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        actions.post_message(author=alice, source="see foo.com")
        raise ZeroDivisionError
    assert asked == pushes == []


@pytest.mark.attack("Links: slow hosts and DNS, floods of a host")
def test_links_past_the_limit_of_a_user_are_not_expanded(alice, bob, monkeypatch, new_minute):
    monkeypatch.setattr(throttling, "LINKS", throttling.Limit("links", 3, 60))

    def is_expanded(author, source):
        return actions.post_message(author=author, source=source).expanding

    assert is_expanded(alice, "a.com b.com")
    assert is_expanded(alice, "c.com")  # at the limit
    assert not is_expanded(alice, "d.com")
    assert is_expanded(bob, "a.com b.com c.com")
    message = actions.post_message(author=alice, source="no link")
    actions.edit_message(editor=alice, message=message, source="e.com")
    message.refresh_from_db()
    assert not message.expanding


@pytest.mark.attack("Links: slow hosts and DNS, floods of a host")
def test_a_host_is_fetched_from_up_to_its_limit(alice, bob, page, monkeypatch, new_minute):
    monkeypatch.setattr(throttling, "FETCH", throttling.Limit("fetch", 2, 60))
    messages = [actions.post_message(author=author, source=page) for author in (alice, bob, bob)]
    assert [actions.expand_links(message_id=message.pk) for message in messages] == [
        True,
        True,
        False,
    ]
    assert not Message.objects.filter(expanding=True)


def test_a_worker_expands_a_bounded_number_of_messages_of_an_author_at_once(alice, bob, page):
    first = actions.post_message(author=alice, source=page)
    of_bob = actions.post_message(author=bob, source=page)
    with ExitStack() as held:
        for _ in range(links.expansions.each):
            held.enter_context(links.expansions.hold(alice.pk))
        with pytest.raises(Full):
            actions.expand_links(message_id=first.pk)
        assert actions.expand_links(message_id=of_bob.pk)
    assert actions.expand_links(message_id=first.pk)

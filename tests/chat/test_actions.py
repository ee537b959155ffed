"""Tests of chat/actions.py."""

import threading
from contextlib import ExitStack
from typing import Any

import pytest
from celery import current_app
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection, transaction
from hypothesis import given
from hypothesis import strategies as st
from kombu.exceptions import OperationalError as BrokerError

from chat import actions, moderation, throttling
from chat.accounts.nicknames import normalize
from chat.content.slots import Full
from chat.models import AHEAD, Message, Token, User, timestamp
from tests.kit import PASSWORD, PREVIEW

pytestmark = pytest.mark.django_db


def at_once(*functions):
    """Call functions in threads that start together; return what each returned or raised."""
    barrier = threading.Barrier(len(functions))
    results: list[Any] = [None] * len(functions)

    def run(index, function):
        barrier.wait()
        try:
            results[index] = function()
        except Exception as error:
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(functions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


# --- register, update_user ----------------------------------------------------------------------


def test_registering_saves_and_pushes_a_user_who_is_offline(pushes, committed):
    with committed():
        user = actions.register(nickname="Alice", password=PASSWORD)
    assert pushes == [{"class": "User", "model": User.objects.get().to_dict()}]
    assert not user.online
    assert authenticate(nickname="Alice", password=PASSWORD) == user


@pytest.mark.parametrize(
    ("nickname", "password", "fields"),
    [
        ("Alice", PASSWORD, ["nickname"]),  # taken
        ("", PASSWORD, ["nickname"]),
        ("a" * 33, PASSWORD, ["nickname"]),
        ("Carol", "", ["password"]),
        ("Carol", "short", ["password"]),
        ("Carol", "password", ["password"]),
        ("Carol", "31415926535897", ["password"]),
        ("caroline-in-rome", "caroline-in-rome1", ["password"]),
        ("a:b", "short", ["nickname", "password"]),
    ],
)
def test_a_registration_gets_an_error_for_each_field(alice, nickname, password, fields):
    with pytest.raises(ValidationError) as error:
        actions.register(nickname=nickname, password=password)
    assert sorted(error.value.error_dict) == fields
    assert User.objects.count() == 1


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_registration_is_refused_or_signs_in(nickname, password):
    User.objects.all().delete()
    try:
        user = actions.register(nickname=nickname, password=password)
    except ValidationError as error:
        assert set(error.error_dict) <= {"nickname", "password"}
    else:
        assert User.objects.get().nickname == normalize(nickname)
        assert authenticate(nickname=nickname, password=password) == user


def test_a_weak_password_is_taken_without_validators(settings):
    settings.AUTH_PASSWORD_VALIDATORS = []
    actions.register(nickname="Alice", password="a")


@pytest.mark.django_db(transaction=True)
def test_of_two_registrations_of_a_nickname_at_once_one_succeeds():
    def register():
        return actions.register(nickname="Alice", password=PASSWORD)

    results = sorted(at_once(register, register), key=lambda result: isinstance(result, User))
    assert [type(result) for result in results] == [ValidationError, User]
    assert results[0].message_dict == {"nickname": ["This nickname is taken."]}
    assert User.objects.count() == 1


def test_the_database_keeps_nicknames_unique(alice, monkeypatch):
    monkeypatch.setattr(User, "validate_unique", lambda self, exclude: None)  # looked too early
    with pytest.raises(ValidationError, match="taken"):
        actions.register(nickname="Alice", password=PASSWORD)
    assert User.objects.get() == alice


@pytest.mark.django_db(transaction=True)
def test_of_two_renames_to_a_nickname_at_once_one_succeeds(alice, bob):
    results = at_once(
        lambda: actions.update_user(editor=alice, user=alice, nickname="Carol"),
        lambda: actions.update_user(editor=bob, user=bob, nickname="Carol"),
    )
    assert sorted(type(result).__name__ for result in results) == ["NoneType", "ValidationError"]
    assert User.objects.filter(nickname="Carol").count() == 1


def test_a_new_nickname_is_pushed(alice, pushes, committed):
    with committed():
        actions.update_user(editor=alice, user=alice, nickname="Alicia")
    assert pushes == [{"class": "User", "model": User.objects.get().to_dict()}]
    assert pushes[0]["model"]["nickname"] == "Alicia"


def test_the_nickname_one_has_is_no_news(alice, pushes, committed):
    with committed():
        actions.update_user(editor=alice, user=alice, nickname="Alice")
    assert pushes == []


def test_a_taken_nickname_is_refused(alice, bob):
    with pytest.raises(ValidationError, match="taken"):
        actions.update_user(editor=alice, user=alice, nickname="Bob")


def test_a_new_password_ends_all_tokens_of_that_user_only(alice, bob, pushes, committed):
    actions.issue_token(user=alice)
    with committed():
        actions.update_user(editor=alice, user=alice, password="another-good-one")
    assert [token.user for token in Token.objects.all()] == [bob]
    assert authenticate(nickname="Alice", password="another-good-one") == alice
    assert pushes == []


def test_a_refused_password_changes_nothing(alice):
    with pytest.raises(ValidationError):
        actions.update_user(editor=alice, user=alice, nickname="Alicia", password="short")
    alice.refresh_from_db()
    assert alice.nickname == "Alice"
    assert Token.objects.filter(user=alice).exists()


def test_a_hash_that_is_upgraded_ends_no_token(alice):
    User.objects.update(password=PBKDF2PasswordHasher().encode(PASSWORD, "salt", 1))
    assert authenticate(nickname="Alice", password=PASSWORD)
    alice.refresh_from_db()
    assert alice.password.startswith("argon2")
    assert Token.objects.filter(user=alice).exists()


@pytest.mark.django_db(transaction=True)
def test_hashing_and_rendering_happen_before_a_transaction_opens(monkeypatch):
    in_transaction = []

    def watched(function):
        def watch(*args, **kwargs):
            in_transaction.append(connection.in_atomic_block)
            return function(*args, **kwargs)

        return watch

    monkeypatch.setattr(User, "set_password", watched(User.set_password))
    monkeypatch.setattr(actions, "render", watched(actions.render))
    alice = actions.register(nickname="Alice", password=PASSWORD)
    actions.update_user(editor=alice, user=alice, password="another-good-one")
    message = actions.post_message(author=alice, source="a", key="k")
    actions.edit_message(editor=alice, message=message, source="b")
    assert in_transaction == [False] * 4


def test_the_limit_of_posts_holds_for_edits_too(alice, monkeypatch, new_minute):
    monkeypatch.setattr(throttling, "POST", throttling.Limit("post", 2, 60))
    message = actions.post_message(author=alice, source="a")
    actions.edit_message(editor=alice, message=message, source="b")
    with pytest.raises(throttling.LimitReached):
        actions.post_message(author=alice, source="c")


@pytest.mark.attack("Floods from many accounts or networks")
def test_posts_from_one_address_are_limited_for_all_its_users(alice, bob, monkeypatch, new_minute):
    monkeypatch.setattr(throttling, "POST_FROM", throttling.Limit("post-from", 3, 60))
    message = actions.post_message(author=alice, source="a", address="192.0.2.1")
    actions.edit_message(editor=alice, message=message, source="b", address="192.0.2.1")
    actions.post_message(author=bob, source="c", address="192.0.2.1")
    with pytest.raises(throttling.LimitReached):
        actions.post_message(author=bob, source="d", address="192.0.2.1")
    with pytest.raises(throttling.LimitReached):
        moderation.delete_message(editor=alice, message=message, address="192.0.2.1")
    actions.post_message(author=bob, source="e", address="192.0.2.2")


@pytest.mark.attack("Links: slow DNS, floods of a host")
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


@pytest.mark.attack("Links: slow DNS, floods of a host")
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
        for _ in range(actions.expansions.each):
            held.enter_context(actions.expansions.hold(alice.pk))
        with pytest.raises(Full):
            actions.expand_links(message_id=first.pk)
        assert actions.expand_links(message_id=of_bob.pk)
    assert actions.expand_links(message_id=first.pk)


@pytest.mark.parametrize(
    "act",
    [
        lambda user, message: actions.post_message(author=user, source="b"),
        lambda user, message: actions.edit_message(editor=user, message=message, source="b"),
        lambda user, message: actions.update_user(editor=user, user=user, nickname="Alicia"),
    ],
)
def test_a_banned_user_does_not_write(alice, act):
    message = alice.messages.create(source="a")
    alice.is_banned = True
    with pytest.raises(PermissionDenied, match="banned"):
        act(alice, message)


# --- tokens ---------------------------------------------------------------------------------------


def test_each_sign_in_gets_a_token_of_its_own(alice):
    tokens = [actions.issue_token(user=alice) for _ in range(2)]
    assert tokens[0] != tokens[1]
    assert all(len(token) == 64 and int(token, 16) for token in tokens)


def test_signing_in_brings_online(make_user, pushes, committed):
    carol = make_user("Carol")
    with committed():
        actions.issue_token(user=carol)
    assert [push["model"]["online"] for push in pushes] == [True]


def test_tokens_are_ended_alone_and_named_to_every_node(alice, ended, committed):
    other, digest = actions.issue_token(user=alice), Token.digest_of(alice.token)
    with committed():
        assert actions.end_tokens(tokens=Token.objects.filter(digest=digest)) == 1
        assert actions.end_tokens(tokens=Token.objects.filter(digest=digest)) == 0
    assert [token.digest for token in Token.objects.all()] == [Token.digest_of(other)]
    assert ended == [digest]


def test_a_new_password_names_every_token_that_it_ends(alice, bob, ended, committed):
    tokens = [alice.token, actions.issue_token(user=alice)]
    with committed():
        actions.update_user(editor=alice, user=alice, password="another-good-one")
    assert sorted(ended) == sorted(map(Token.digest_of, tokens))


# --- messages -------------------------------------------------------------------------------------


def test_a_message_is_saved_rendered_and_pushed(alice, pushes, committed):
    with committed():
        message = actions.post_message(author=alice, source="hello *world*!")
    assert message.html == "hello <em>world</em>!"
    assert pushes == [{"class": "Message", "model": Message.objects.get().to_dict()}]


@pytest.mark.parametrize("source", ["", " ", "\n", "a" * 10_001, "a\0b", "\ud800"])
def test_a_bad_source_is_refused(alice, source, pushes, committed):
    with committed(), pytest.raises(ValidationError) as error:
        actions.post_message(author=alice, source=source)
    assert list(error.value.error_dict) == ["source"]
    assert pushes == []


@given(st.text())
def test_any_source_is_refused_or_kept_as_it_is(alice, source):
    try:
        message = actions.post_message(author=alice, source=source)
    except ValidationError as error:
        assert list(error.error_dict) == ["source"]
    else:
        message.refresh_from_db()
        assert message.source == source


def test_the_same_key_gives_the_first_message_again(alice, pushes, committed):
    with committed():
        first = actions.post_message(author=alice, source="first", key="k")
        again = actions.post_message(author=alice, source="again", key="k")
    assert again.to_dict() == first.to_dict()
    assert Message.objects.count() == len(pushes) == 1


def test_another_key_gives_another_message(alice):
    actions.post_message(author=alice, source="a", key="k")
    actions.post_message(author=alice, source="a", key="l")
    actions.post_message(author=alice, source="a")
    actions.post_message(author=alice, source="a")
    assert Message.objects.count() == 4


def test_the_same_key_of_another_user_gives_another_message(alice, bob):
    first = actions.post_message(author=alice, source="Alice's", key="k")
    second = actions.post_message(author=bob, source="Bob's", key="k")
    assert first.pk != second.pk
    assert second.source == "Bob's"


def test_an_empty_key_is_no_key(alice):
    for _ in range(2):
        actions.post_message(author=alice, source="a", key="")
    assert Message.objects.count() == 2


@pytest.mark.parametrize("key", [" ", "a" * 201, "a\0b", "a\nb"])
def test_a_bad_key_is_refused(alice, key):
    with pytest.raises(ValidationError) as error:
        actions.post_message(author=alice, source="a", key=key)
    assert list(error.value.error_dict) == ["key"]


@pytest.mark.django_db(transaction=True)
def test_the_same_key_twice_at_once_gives_one_message(alice, pushes):
    pushes.clear()

    def post():
        return actions.post_message(author=alice, source="a", key="k")

    messages = at_once(*[post] * 4)
    assert [message.pk for message in messages] == [Message.objects.get().pk] * 4
    assert len(pushes) == 1


def test_an_edit_is_saved_rendered_and_pushed(alice, clock, pushes, committed):
    message = actions.post_message(author=alice, source="a")
    clock.advance(10)
    with committed():
        actions.edit_message(editor=alice, message=message, source="*b*")
    message.refresh_from_db()
    assert (message.source, message.html) == ("*b*", "<em>b</em>")
    assert message.updated_at == timestamp() > message.created_at
    assert pushes == [{"class": "Message", "model": message.to_dict()}]


def test_only_the_author_edits(alice, bob):
    message = actions.post_message(author=alice, source="a")
    with pytest.raises(PermissionDenied):
        actions.edit_message(editor=bob, message=message, source="b")
    message.refresh_from_db()
    assert message.source == "a"


def test_an_edit_with_a_bad_source_changes_nothing(alice, pushes, committed):
    message = actions.post_message(author=alice, source="a")
    with committed(), pytest.raises(ValidationError):
        actions.edit_message(editor=alice, message=message, source="")
    message.refresh_from_db()
    assert message.source == "a"
    assert pushes == []


def test_an_edit_by_a_clock_that_is_behind_does_not_turn_time_back(alice, clock):
    message = actions.post_message(author=alice, source="a")
    before = message.updated_at
    clock.advance(-30)
    actions.edit_message(editor=alice, message=message, source="b")
    message.refresh_from_db()
    assert message.updated_at == before


def test_each_version_of_a_message_has_a_time_of_its_own(alice, page, pushes, committed):
    message = actions.post_message(author=alice, source=f"see {page}")
    with committed():
        actions.expand_links(message_id=message.pk)
        actions.edit_message(editor=alice, message=message, source="a")
        actions.edit_message(editor=alice, message=message, source="b")
    times = [push["model"]["updated_at"] for push in pushes]
    assert len({message.updated_at, *times}) == 4


def test_many_edits_in_a_second_keep_updated_at_near_the_clock(alice, clock):
    message = actions.post_message(author=alice, source="a")
    for number in range(10):
        actions.edit_message(editor=alice, message=message, source=f"b{number}")
    message.refresh_from_db()
    assert message.updated_at == timestamp() + AHEAD


def test_an_edit_of_nothing_changes_nothing(alice, pushes, committed):
    message = actions.post_message(author=alice, source="a")
    with committed():
        actions.edit_message(editor=alice, message=message)
    assert pushes == []


# --- links ----------------------------------------------------------------------------------------


@pytest.fixture
def asked(monkeypatch):
    """The ids of the messages whose expansion was asked for."""
    ids: list[int] = []
    monkeypatch.setattr(actions, "ask_for_expansion", ids.append)
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

    monkeypatch.setattr(actions, "previews", edit_meanwhile)
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

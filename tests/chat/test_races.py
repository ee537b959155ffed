"""Tests of rows that change between two queries of an operation that reads and then writes them.

Each operation runs once for every point outside a transaction at which another connection can purge
its user, delete its message, or change its password. Inside a transaction SQLite lets no other
connection write.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import count

import orjson
import pytest
from django.db import connection, connections
from django.test import Client

from api.deferred import answer_deferred
from api.models import Deferred
from chat import actions, moderation, tasks
from chat.actions import links
from chat.consumers import ChatConsumer
from chat.errors import EXPECTED, describe
from chat.models import Message, Token, User
from chat.realtime import presence
from chat.realtime.socket import Socket
from tests.kit import PASSWORD, basic, signed_in

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("connection.vendor != 'sqlite'", reason="deletes where SQLite allows it"),
]

NEW = "another-good-one"


class Alice:
    """A user with a message, signed in by a token; `root` is an operator."""

    def __init__(self, password_hash: str, root: User) -> None:
        self.user = signed_in(User.objects.create(nickname="Alice", password=password_hash))
        self.message = self.user.messages.create(source="foo.com", expanding=True)
        self.messages = "/api/messages"
        self.its_message = f"{self.messages}/{self.message.pk}"
        self.its_user = f"/api/users/{self.user.pk}"
        self.browser = Client(raise_request_exception=False)
        self.root = root

    @cached_property
    def operator(self) -> Client:
        """The browser of an operator."""
        operator = Client(raise_request_exception=False)
        operator.force_login(self.root)
        return operator

    def call(self, method, path, body=b"", **headers):
        """Send a request with the token."""
        headers = {"Authorization": f"Bearer {self.user.token}", **headers}
        body = body if isinstance(body, bytes) else orjson.dumps(body)
        return self.browser.generic(method, path, body, "application/json", headers=headers)


# --- Operations: each sets up what it needs, and returns the function that is disturbed -----------


def request(method, path, *args, **headers):
    return lambda alice: lambda: alice.call(method, getattr(alice, path, path), *args, **headers)


def form(path, browser="browser", **fields):
    def set_up(alice):
        pks = {"user": alice.user.pk, "message": alice.message.pk}
        body = {name: value.format(**pks) for name, value in fields.items()}
        return lambda: getattr(alice, browser).post(path.format(**pks), body)

    return set_up


def by_operator(path, **fields):
    return form(f"/admin/chat/{path}", "operator", **fields)


def signed_in_by_session(act):
    def set_up(alice):
        User.objects.filter(pk=alice.user.pk).update(is_staff=True)
        alice.browser.force_login(User.objects.get(pk=alice.user.pk))
        return act(alice)

    return set_up


def as_staff(act):
    def set_up(alice):
        User.objects.filter(pk=alice.user.pk).update(is_staff=True)
        return act(alice)

    return set_up


def deferred(method, path):
    def set_up(alice):
        body = {"source": "b"}
        accepted = alice.call(method, getattr(alice, path), body, Prefer="respond-async")
        pk = accepted["Location"].rpartition("/")[2]

        def run():
            answer_deferred.apply(args=[pk])
            assert Deferred.objects.get(pk=pk).answer
            return alice.browser.get(accepted["Location"])

        return run

    return set_up


def over_socket(act):
    def set_up(alice):
        consumer = ChatConsumer()
        consumer.socket = Socket(lambda message: None, "192.0.2.1", texts=False)
        consumer.socket.digest = Token.digest_of(alice.user.token)

        def run():
            try:
                act(consumer)
            except EXPECTED as error:
                assert describe(error)[0] in (401, 404)

        return run

    return set_up


def closed_socket(*, comes_back):
    def set_up(alice):
        User.objects.filter(pk=alice.user.pk).update(online=True)
        held = iter([False, comes_back])
        presence.leases.held = lambda user_id: next(held)
        return lambda: presence.left(alice.user.pk)

    return set_up


def silence(alice):
    User.objects.filter(pk=alice.user.pk).update(online=True, last_seen_at=0)
    return tasks.find_offline_users


MESSAGE, LOGIN = {"source": "b"}, {"username": "Alice", "password": PASSWORD}
KEY, ASYNC = {"Idempotency-Key": "k"}, {"Prefer": "respond-async"}
OWN = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
SIGN_INS = {
    "a token by password": request("POST", "/api/tokens", **basic("Alice")),
    "a token by session": signed_in_by_session(form("/api/tokens")),
    "a session in the API": form("/api-auth/login/", **LOGIN),
    "a session in the admin": as_staff(form("/admin/login/", **LOGIN)),
}
OF_MESSAGES = {
    "an edit": request("PUT", "its_message", MESSAGE),
    "an edit of nothing": request("PATCH", "its_message", {}),
    "the answer to a deferred edit": deferred("PUT", "its_message"),
    "a deletion": request("DELETE", "its_message"),
    "a look at a message": request("GET", "its_message"),
    "a list of messages": request("GET", "messages"),
    "an expansion": lambda alice: lambda: actions.expand_links(message_id=alice.message.pk),
    "an operator's deletion": by_operator("message/{message}/delete/", post="yes"),
    "an operator's ban of an author": by_operator(
        "message/", action="ban_authors", _selected_action="{message}"
    ),
}
OF_USERS = {
    "a post": request("POST", "messages", MESSAGE),
    "a post with a key": request("POST", "messages", MESSAGE, **KEY),
    "a deferred post": request("POST", "messages", MESSAGE, **ASYNC),
    "the answer to a deferred post": deferred("POST", "messages"),
    "a new nickname": request("PUT", "its_user", {"nickname": "Al"}),
    "a new password": request("PUT", "its_user", {"password": NEW}),
    "a look at oneself": request("GET", "/api/users/me"),
    "a list of users": request("GET", "/api/users"),
    "a sign-out": request("DELETE", "/api/tokens"),
    "a ping": over_socket(lambda consumer: consumer.identify().to_dict()),
    "a post over the socket": over_socket(lambda consumer: consumer.post("b", "k")),
    "a closed socket": closed_socket(comes_back=False),
    "a socket that comes back": closed_socket(comes_back=True),
    "the sweep of silent users": silence,
    "one's own password in the admin": signed_in_by_session(form("/admin/password_change/", **OWN)),
    "an operator's new password": by_operator(
        "user/{user}/password/", password1=NEW, password2=NEW
    ),
    "an operator's form": by_operator("user/{user}/change/", nickname="Al", is_active="on"),
    "an operator's ban": by_operator("user/", action="ban", _selected_action="{user}"),
    "an operator's end of sign-ins": by_operator(
        "user/", action="end_sign_ins", _selected_action="{user}"
    ),
}
CASES = [
    *(("the user", case) for case in (SIGN_INS | OF_MESSAGES | OF_USERS).items()),
    *(("the message", case) for case in OF_MESSAGES.items()),
    *(("the password", case) for case in SIGN_INS.items()),
]


# --- What another connection does meanwhile -------------------------------------------------------

CHANGES = {
    "the user": lambda alice: moderation.delete_user(user=User.objects.get(pk=alice.user.pk)),
    "the message": lambda alice: moderation.delete_messages(
        first=alice.message.pk, last=alice.message.pk
    ),
    "the password": lambda alice: actions.change_user(user=alice.user, password=NEW),
}


@contextmanager
def changed_before(point: int, change: Callable[[], object]) -> Iterator[list[str]]:
    """Change by another connection before a query; yield a list with this query once it was run."""
    queries = count()
    before: list[str] = []

    def work() -> None:
        try:
            change()
        finally:
            connections.close_all()

    def watch(execute, sql, *args):
        if not connection.in_atomic_block and next(queries) == point:
            before.append(sql)
            thread = threading.Thread(target=work)
            thread.start()
            thread.join()
        return execute(sql, *args)

    with connection.execute_wrapper(watch):
        yield before


@pytest.mark.attack("Rows that change between two queries")
@pytest.mark.parametrize(("what", "case"), CASES, ids=[f"{w}: {n}" for w, (n, _) in CASES])
def test_a_change_between_two_queries_is_a_clear_answer_and_leaves_nothing(
    what, case, password_hash, settings, monkeypatch
):
    settings.FLACK_RATE_LIMITS = False
    monkeypatch.setattr(links, "previews", lambda urls, admit: ["<p>a preview</p>"])
    root = User.objects.create(nickname="root", is_staff=True, is_superuser=True)
    for point in count():
        User.objects.exclude(pk=root.pk).delete()
        alice = Alice(password_hash, root)
        act = case[1](alice)
        with changed_before(point, lambda: CHANGES[what](alice)) as before:  # noqa: B023
            response = act()
        if not before:  # all points are done
            break
        status = getattr(response, "status_code", 200)
        assert status < 500, (before, response.content)
        if what == "the message":
            assert not Message.objects.exists(), before
        if what == "the user":
            assert not Message.objects.exists(), before
            assert list(User.objects.all()) == [root], before
        if what != "the message":
            assert not Token.objects.exists(), before
            assert alice.browser.post("/api/tokens").status_code == 401, before
    assert point > 0


@pytest.mark.parametrize("path", ["/api-auth/login/", "/admin/login/"])
def test_a_session_that_ends_while_it_begins_is_a_401_in_json(path, alice, client, monkeypatch):
    User.objects.filter(pk=alice.pk).update(is_staff=True)
    cycle_key = client.session.__class__.cycle_key

    def purged_meanwhile(session):
        moderation.delete_user(user=User.objects.get(pk=alice.pk))
        cycle_key(session)

    monkeypatch.setattr(client.session.__class__, "cycle_key", purged_meanwhile)
    response = client.post(path, LOGIN)
    assert (response.status_code, response.json()["code"]) == (401, "authentication_required")
    assert response["WWW-Authenticate"] == 'Bearer realm="Authentication Required"'

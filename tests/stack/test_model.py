"""Random walks: a model of the contract and a real server must end in the same state.

Both go through the same posts, edits, renames, sign-ins, disconnects and faults. At the end the
server and every listener must have what the model has.
"""

import time
from contextlib import suppress
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any, ClassVar

import httpx
import redis
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from websockets.exceptions import WebSocketException

from comparison.contract.client import new_nickname, new_password
from tests.faults import crowd, table
from tests.faults.background import Background
from tests.faults.crowd import wait
from tests.faults.listener import Listener
from tests.running import PATIENCE, Stack

PEOPLE = 3
texts = st.sampled_from(["hello", "*hello*", "`x`", "- a\n- b", "ünï", "a" * 500])
someone = st.integers(0, PEOPLE - 1)
a_message = st.integers(0, 1_000)


@dataclass
class ModelUser:
    """A user in the model."""

    pk: int
    nickname: str
    password: str
    token: str | None = None
    old_tokens: list[str] = field(default_factory=list)


class Walk(RuleBasedStateMachine):
    """One walk; all share a stack."""

    stack: ClassVar[Stack]

    def __init__(self) -> None:
        super().__init__()
        self.messages: dict[int, tuple[int, str]] = {}  # author and source by id
        self.edited: set[int] = set()
        self.keys: dict[tuple[int, str], int] = {}
        self.background = Background(self.stack.url).__enter__()
        self.listeners = [Listener(self.stack.url, self.background.http) for _ in range(2)]
        for listener in self.listeners:
            self.background.begin(listener.run())
        self.people = [self.register() for _ in range(PEOPLE)]

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request, repeat it while a fault makes it fail, and return the answer."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                answer = self.stack.request(method, path, **options)
                if answer.status_code < 500:
                    return answer
                assert answer.status_code in (502, 503), answer.text
            except httpx.TransportError:
                pass
            assert time.monotonic() < deadline, (
                f"{method} {path} was not answered within {PATIENCE} s"
            )
            time.sleep(0.2)

    def register(self) -> ModelUser:
        """Create a user that is not signed in."""
        nickname, password = new_nickname(), new_password()
        body = {"nickname": nickname, "password": password}
        assert self.ask("POST", "/api/users", json=body).status_code in (201, 400)  # 400: repeated
        users = self.ask("GET", "/api/users").json()["users"]
        return ModelUser(
            next(u["id"] for u in users if u["nickname"] == nickname), nickname, password
        )

    @rule(who=someone)
    def sign_in(self, who: int) -> None:
        """Each sign-in issues a new token; the older ones stay valid."""
        person = self.people[who]
        answer = self.ask("POST", "/api/tokens", auth=(person.nickname, person.password))
        assert answer.status_code == 200
        person.token = answer.json()["token"]

    @rule(who=someone)
    def sign_out(self, who: int) -> None:
        """A deleted token is invalid."""
        person = self.people[who]
        if person.token:
            answer = self.ask("DELETE", "/api/tokens", token=person.token)
            assert answer.status_code in (204, 401)  # 401: repeated
            person.old_tokens.append(person.token)
            person.token = None

    @rule(who=someone, taken_from=st.none() | someone)
    def rename(self, who: int, taken_from: int | None) -> None:
        """A new nickname is accepted; the nickname of another user is refused."""
        person = self.people[who]
        other = None if taken_from in (None, who) else self.people[taken_from or 0]
        name = other.nickname if other else new_nickname()
        path, body = f"/api/users/{person.pk}", {"nickname": name}
        answer = self.ask("PUT", path, json=body, token=person.token)
        assert answer.status_code == (401 if not person.token else 400 if other else 204)
        if answer.status_code == 204:
            person.nickname = name

    @rule(who=someone, source=texts, again=st.booleans())
    def post(self, who: int, source: str, again: bool) -> None:
        """A message is stored once for each key, however often it is sent.

        Its key with another source is refused, unless an edit has replaced what was posted.
        """
        person = self.people[who]
        own = [key for author, key in self.keys if author == person.pk]
        key = own[-1] if again and own else token_hex(8)
        headers = {"Idempotency-Key": key}
        options: dict[str, Any] = {"json": {"source": source}, "token": person.token}
        answer = self.ask("POST", "/api/messages", headers=headers, **options)
        if not person.token:
            assert answer.status_code == 401
            return
        pk = self.keys.get((person.pk, key))
        if pk and pk not in self.edited and source != self.messages[pk][1]:
            assert answer.status_code == 422
            return
        assert answer.status_code == 201
        self.take(person, key, source, answer.json())

    @rule(who=someone, source=texts)
    def post_on_a_socket(self, who: int, source: str) -> None:
        """The ack has the message; the socket is closed right after it."""
        person = self.people[who]
        ref, data, deadline = token_hex(8), {"source": source}, time.monotonic() + PATIENCE
        frame = {"event": "post_message", "data": data, "token": person.token, "ref": ref}
        while True:
            assert time.monotonic() < deadline
            try:
                with self.stack.connect() as wire:
                    wire.send(frame)
                    found = (f for f in wire.frames(5) if f.get("ref") == ref)
                    answer = next(found, None)
            except (OSError, WebSocketException):
                answer = None
            if answer and answer["data"].get("status") != 503:
                break
            time.sleep(0.2)
        if person.token:
            assert answer["event"] == "ack", answer
            self.take(person, ref, source, answer["data"])
        else:
            assert answer["data"]["status"] == 401

    def take(self, person: ModelUser, key: str, source: str, answer: dict[str, Any]) -> None:
        """Store a message in the model, or compare it with the stored one."""
        pk = self.keys.setdefault((person.pk, key), answer["id"])
        assert pk == answer["id"]
        author, text = self.messages.setdefault(pk, (person.pk, source))
        assert (answer["user_id"], answer["source"]) == (author, text)

    @rule(who=someone, which=a_message, source=texts)
    def edit(self, who: int, which: int, source: str) -> None:
        """Only the author may edit a message."""
        if not self.messages:
            return
        person, pk = self.people[who], sorted(self.messages)[which % len(self.messages)]
        path, body = f"/api/messages/{pk}", {"source": source}
        answer = self.ask("PUT", path, json=body, token=person.token)
        author = self.messages[pk][0]
        may = author == person.pk
        assert answer.status_code == (401 if not person.token else 204 if may else 403)
        if answer.status_code == 204:
            if source != self.messages[pk][1]:
                self.edited.add(pk)
            self.messages[pk] = author, source

    @rule()
    def kill_a_node(self) -> None:
        """Kill a node, which may have both listeners."""
        table.kill_node(self.stack)

    @rule()
    def drop_pushes(self) -> None:
        """Lose pushes while every socket stays connected."""

        def cut() -> bool:
            with suppress(redis.ConnectionError):  # Valkey was just killed
                table.cut_subscriptions(self.stack)
                return True
            return False

        assert wait(cut, PATIENCE)

    @rule()
    def lose_valkey(self) -> None:
        """Kill Valkey, which restarts empty."""
        self.stack.part("valkey.1").kill()

    def teardown(self) -> None:
        """Compare the model, the server and each listener."""
        try:
            for person in self.people:
                assert (
                    self.ask("GET", f"/api/users/{person.pk}").json()["nickname"] == person.nickname
                )
                for token in person.old_tokens:
                    assert self.ask("GET", "/api/messages", token=token).status_code == 401
            ids = [user.pk for user in self.people]
            found = self.ask("GET", "/api/messages").json()["messages"]
            theirs = {m["id"]: m for m in found if m["user_id"] in ids}
            stored = {pk: (m["user_id"], m["source"]) for pk, m in theirs.items()}
            assert stored == self.messages
            wait(lambda: all(self.has_all(one, theirs) for one in self.listeners), crowd.PATIENCE)
            assert all(self.has_all(one, theirs) for one in self.listeners)
        finally:
            self.background.__exit__()

    def has_all(self, listener: Listener, messages: dict[int, Any]) -> bool:
        """Return True if a listener has these messages, and the nickname of every user."""
        rows, users = dict(listener.messages.rows), dict(listener.users.rows)
        same = {pk: rows.get(pk) for pk in messages} == messages
        names = [(users.get(one.pk) or {}).get("nickname") for one in self.people]
        return same and names == [one.nickname for one in self.people]


def test_model_and_server_agree_on_every_walk(sqlite_stack: Stack) -> None:
    Walk.stack = sqlite_stack
    walks = settings(max_examples=3, stateful_step_count=15, deadline=None)
    run_state_machine_as_test(Walk, settings=walks)

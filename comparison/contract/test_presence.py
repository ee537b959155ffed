"""Presence: which users are online, as every client sees it."""

import time
from collections.abc import Callable

import pytest

from comparison.contract.client import Flack, Person, eventually, new_nickname, new_password
from comparison.contract.minute import Minute
from comparison.contract.shapes import assert_user
from comparison.contract.wires import JsonWire

Connect = Callable[[], JsonWire]
AWAY = 60  # seconds without a word until a user is offline
SWEEP = 5  # seconds between two looks
SLACK = 10  # seconds for a busy machine


@pytest.mark.same
def test_a_user_is_offline_until_the_first_sign_of_life(flack: Flack, listener: JsonWire) -> None:
    nickname, password = new_nickname(), new_password()
    new = flack.post("/api/users", json={"nickname": nickname, "password": password}).json()
    assert new["online"] is False
    assert flack.user(new["id"])["online"] is False
    listener.ping_user(flack.sign_in(nickname, password))
    eventually(lambda: flack.user(new["id"])["online"], "online", flack.patience)
    assert abs(flack.user(new["id"])["last_seen_at"] - time.time()) < AWAY


def appear(connect: Connect, person: Person) -> JsonWire:
    """Open a socket for a person and give it once the server has heard its ping."""
    socket, source = connect(), f"{person.nickname} is here"
    socket.ping_user(person.token)
    socket.post_message(source, person.token)
    socket.push("Message", source=source)
    return socket


@pytest.mark.same
def test_closing_the_last_socket_takes_its_user_offline(flack: Flack, connect: Connect) -> None:
    person = flack.person()
    own, listener = appear(connect, person), connect()
    assert flack.user(person.id)["online"] is True
    own.close()
    user = listener.push("User", id=person.id, online=False)
    assert_user(user)
    assert flack.user(person.id)["online"] is False
    assert person.id in [u["id"] for u in flack.get("/api/users?online=0").json()["users"]]


@pytest.mark.same
def test_a_good_token_over_http_brings_its_user_back_online(flack: Flack, connect: Connect) -> None:
    person = flack.person()
    own, listener = appear(connect, person), connect()
    own.close()
    listener.push("User", id=person.id, online=False)
    assert flack.get("/api/messages", token=person.token).status_code == 200
    listener.push("User", id=person.id, online=True)
    assert flack.user(person.id)["online"] is True


@pytest.mark.differs("D-22")
def test_closing_one_of_two_sockets_leaves_the_user_online(flack: Flack, connect: Connect) -> None:
    person = flack.person()
    first, second, listener = appear(connect, person), appear(connect, person), connect()
    first.close()
    assert listener.pushes("User", SWEEP + 3, id=person.id, online=False) == []
    assert flack.user(person.id)["online"] is True
    second.close()
    listener.push("User", id=person.id, online=False)


@pytest.mark.differs("D-30")
def test_a_sign_of_life_that_changes_nothing_visible_is_no_change(
    flack: Flack, listener: JsonWire
) -> None:
    person = flack.person()
    listener.ping_user(person.token)
    listener.push("User", id=person.id, online=True)
    before = flack.user(person.id)
    time.sleep(1.1)
    listener.ping_user(person.token)
    flack.get("/api/users", token=person.token)
    assert listener.pushes("User", 1, id=person.id) == []
    assert flack.user(person.id)["updated_at"] == before["updated_at"]


@pytest.mark.same
def test_a_user_without_a_ping_for_a_minute_goes_offline_and_one_who_pings_does_not(
    flack: Flack, a_minute: Minute
) -> None:
    def gone() -> bool:
        return bool(a_minute.pushes(a_minute.forgotten, online=False))

    left = a_minute.heard_at + AWAY + SWEEP + SLACK - time.monotonic()
    eventually(gone, "the forgotten user offline", max(left, 0))
    gone_at = a_minute.pushes(a_minute.forgotten, online=False)[0].at - a_minute.heard_at
    # Times are whole seconds and a sign of life may be written late, up to 15 s by design.
    assert AWAY - 16 < gone_at < AWAY + SWEEP + SLACK
    assert flack.user(a_minute.forgotten.id)["online"] is False
    assert a_minute.pushes(a_minute.faithful, online=False) == []
    assert flack.user(a_minute.faithful.id)["online"] is True

"""The plain WebSocket: acks, errors, and who is speaking."""

from collections.abc import Callable
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from comparison.contract.client import TRIES, Flack, Person, new_nickname
from comparison.contract.shapes import assert_message
from comparison.contract.wires import JsonWire

pytestmark = pytest.mark.json_wire

UNAUTHORIZED = {
    "status": 401,
    "error": "authentication required",
    "code": "authentication_required",
}
SOURCES = [None, 5, True, ["a"], {"a": 1}, "", "x" * 10_001]


def post(
    socket: JsonWire, token: Any = None, source: Any = "hello", ref: Any = None
) -> dict[str, Any]:
    """Post, without a token if there is none, and give the ack or error."""
    ref = new_nickname("ref") if ref is None else ref
    frame = {"event": "post_message", "data": {"source": source}, "ref": ref}
    socket.send(frame | ({"token": token} if token is not None else {}))
    answer = socket.answer(ref)
    assert set(answer) == {"event", "ref", "data"}
    return answer


def assert_still_open(socket: JsonWire, author: Person) -> None:
    """Fail unless the socket still posts."""
    assert post(socket, author.token, "still here")["event"] == "ack"


@pytest.mark.differs("D-21")
@pytest.mark.parametrize("ref", ["1", "Ж 🙂", "x" * 36, 7], ids=repr)
def test_a_message_is_in_the_database_when_its_ack_arrives(
    flack: Flack, listener: JsonWire, ref: Any
) -> None:
    author, source = flack.person(), new_nickname("acked")
    answer = post(listener, author.token, source, ref)
    assert answer["event"] == "ack"
    assert_message(answer["data"])
    assert (answer["data"]["source"], answer["data"]["user_id"]) == (source, author.id)
    assert flack.message(answer["data"]["id"]) == answer["data"]


@pytest.mark.differs("D-21")
def test_the_token_may_be_left_out_after_a_good_ping(
    flack: Flack, ann: Person, connect: Callable[[], JsonWire]
) -> None:
    socket = connect()
    socket.ping_user(ann.token)
    assert post(socket)["data"]["user_id"] == ann.id
    assert post(connect())["data"] == UNAUTHORIZED


@pytest.mark.differs("D-21")
def test_a_post_may_name_another_token_than_the_ping(
    flack: Flack, ann: Person, bob: Person, listener: JsonWire
) -> None:
    listener.ping_user(ann.token)
    assert post(listener, bob.token)["data"]["user_id"] == bob.id


@pytest.mark.differs("D-31")
@pytest.mark.parametrize("token", [None, "", "bad", "0" * 64, 5, ["a"]], ids=repr)
def test_a_post_without_a_good_token_is_a_401_and_the_socket_stays_open(
    ann: Person, listener: JsonWire, token: Any
) -> None:
    answer = post(listener, token)
    assert (answer["event"], answer["data"]) == ("error", UNAUTHORIZED)
    assert_still_open(listener, ann)


@pytest.mark.differs("D-31")
@pytest.mark.parametrize("token", [None, "", "bad", "0" * 64, 5], ids=repr)
def test_a_ping_without_a_good_token_is_a_401_and_the_socket_stays_open(
    ann: Person, listener: JsonWire, token: Any
) -> None:
    listener.send({"event": "ping_user", "token": token})
    assert next(f for f in listener.frames(5) if f["event"] == "error")["data"] == UNAUTHORIZED
    assert_still_open(listener, ann)


@pytest.mark.differs("D-31")
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: repr(source)[:20])
def test_a_post_with_a_bad_source_is_a_400_and_the_socket_stays_open(
    ann: Person, listener: JsonWire, source: Any
) -> None:
    answer = post(listener, ann.token, source)
    assert answer["event"] == "error"
    assert answer["data"]["status"] == 400
    assert type(answer["data"]["error"]) is str
    assert_still_open(listener, ann)


@pytest.mark.differs("D-31")
@pytest.mark.parametrize(
    "frame",
    [
        "{bad",
        "",
        "null",
        "5",
        "[]",
        '"post_message"',
        "{}",
        '{"event": null}',
        '{"event": "unknown"}',
        '{"event": ["post_message"]}',
        '{"event": "post_message"}',
        '{"event": "post_message", "data": null}',
        '{"event": "post_message", "data": [], "ref": {}}',
        '{"event": "post_message", "data": {"source": "\\ud800"}}',
        "[" * 5_000,
        b"\x00\xff",
        b"{}",
    ],
    ids=lambda frame: repr(frame)[:40],
)
def test_a_garbage_frame_is_an_error_and_the_socket_stays_open(
    ann: Person, listener: JsonWire, frame: str | bytes
) -> None:
    listener.ping_user(ann.token)
    listener.send(frame)
    error = next(f for f in listener.frames(5) if f["event"] == "error")
    assert error["data"]["status"] == 400
    assert type(error["data"]["error"]) is str
    assert_still_open(listener, ann)


@pytest.mark.differs("D-15")
def test_a_post_repeated_with_its_ref_is_the_first_message_again(
    flack: Flack, connect: Callable[[], JsonWire]
) -> None:
    author, ref = flack.person(), new_nickname("ref")
    first, second = connect(), connect()
    answers = [post(socket, author.token, "once", ref)["data"] for socket in (first, first, second)]
    assert answers == [answers[0]] * 3
    assert flack.messages(f"user_id={author.id}") == answers[:1]


@pytest.mark.differs("D-15")
def test_a_repeated_post_is_pushed_once(ann: Person, connect: Callable[[], JsonWire]) -> None:
    socket, listener = connect(), connect()
    for _ in range(TRIES):
        source, ref = new_nickname("once"), new_nickname("ref")
        for _ in range(2):
            post(socket, ann.token, source, ref)
        listener.push("Message", source=source)
        if not listener.pushes("Message", 1.5, source=source):
            return
    pytest.fail("each message came twice")


@pytest.mark.differs("D-37")
def test_the_sockets_of_an_ended_token_get_a_401_and_are_closed(
    flack: Flack, ann: Person, connect: Callable[[], JsonWire]
) -> None:
    signed_in, listener = connect(), connect()
    post(signed_in, ann.token, "here")
    flack.request("DELETE", "/api/tokens", token=ann.token)
    *_, last = signed_in.frames(10)
    assert last == {"event": "error", "ref": None, "data": UNAUTHORIZED}
    with pytest.raises(ConnectionClosed) as closed:
        signed_in.connection.recv()
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 1008
    assert_still_open(listener, flack.person())

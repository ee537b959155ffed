"""What changes reaches every connected client as `updated_model`."""

import time
from collections.abc import Callable

import pytest

from comparison.contract.client import TRIES, Flack, Person, new_nickname, new_password
from comparison.contract.shapes import assert_message, assert_user
from comparison.contract.wires import JsonWire

Connect = Callable[[], JsonWire]


@pytest.mark.same
def test_a_message_of_the_socket_reaches_every_client_once(
    flack: Flack, ann: Person, connect: Connect
) -> None:
    sockets = [connect() for _ in range(3)]
    for _ in range(TRIES):
        source = new_nickname("hello")
        sockets[0].post_message(source, ann.token)
        for socket in sockets:
            message = socket.push("Message", source=source)
            assert_message(message)
            assert message["user_id"] == ann.id
            assert flack.message(message["id"]) == message
        if not any(socket.pushes("Message", 0.5, source=source) for socket in sockets):
            return
    pytest.fail("each message came twice")


@pytest.mark.same
def test_each_of_many_messages_is_pushed(flack: Flack, ann: Person, connect: Connect) -> None:
    socket, listener = connect(), connect()
    sources = [new_nickname("many") for _ in range(20)]
    for source in sources:
        socket.post_message(source, ann.token)
    missing = set(sources)
    for frame in listener.frames(flack.patience):
        if frame["data"].get("class") == "Message":
            missing.discard(frame["data"]["model"]["source"])
        if not missing:
            break
    assert not missing


@pytest.mark.same
def test_the_markdown_of_a_pushed_message_is_rendered(ann: Person, listener: JsonWire) -> None:
    source = f"hello *{new_nickname('world')}*!"
    listener.post_message(source, ann.token)
    message = listener.push("Message", source=source)
    assert message["html"] == source.replace("*", "<em>", 1).replace("*", "</em>")


@pytest.mark.same
def test_who_comes_online_is_pushed_to_everyone(flack: Flack, connect: Connect) -> None:
    listener, own = connect(), connect()
    person = flack.person()
    own.ping_user(person.token)
    user = listener.push("User", id=person.id, online=True)
    assert_user(user)
    assert user["nickname"] == person.nickname
    assert flack.user(person.id)["online"] is True


@pytest.mark.same
def test_a_message_with_a_bad_token_is_no_message(
    flack: Flack, connect: Connect, listener: JsonWire
) -> None:
    source = new_nickname("forged")
    connect().post_message(source, "0" * 64)
    assert listener.pushes("Message", 1.5, source=source) == []
    assert source not in [message["source"] for message in flack.messages()]


@pytest.mark.differs("D-19")
def test_a_message_of_the_http_api_is_pushed_once(
    flack: Flack, ann: Person, connect: Connect
) -> None:
    sockets = [connect() for _ in range(2)]
    for _ in range(TRIES):
        message = flack.posted(ann, new_nickname("http"))
        for socket in sockets:
            assert socket.push("Message", id=message["id"]) == message
        if not any(socket.pushes("Message", 0.5, id=message["id"]) for socket in sockets):
            return
    pytest.fail("each message came twice")


@pytest.mark.differs("D-10")
def test_an_edit_is_pushed(flack: Flack, ann: Person, listener: JsonWire) -> None:
    message = flack.posted(ann, "first")
    flack.put(message["_links"]["self"], token=ann.token, json={"source": "edited"})
    edited = listener.push("Message", id=message["id"], source="edited")
    assert edited == flack.message(message["id"])


@pytest.mark.differs("D-47")
def test_a_deletion_is_pushed(flack: Flack, ann: Person, listener: JsonWire) -> None:
    message = flack.posted(ann, "hers")
    flack.delete(message["_links"]["self"], token=ann.token)
    gone = {"class": "Message", "first": message["id"], "last": message["id"]}
    assert any(
        frame == {"event": "deleted_model", "data": gone}
        for frame in listener.frames(flack.patience)
    )


@pytest.mark.differs("D-20")
def test_a_new_user_is_pushed(flack: Flack, listener: JsonWire) -> None:
    fields = {"nickname": new_nickname(), "password": new_password()}
    user = flack.post("/api/users", json=fields).json()
    assert listener.push("User", id=user["id"]) == user


@pytest.mark.differs("D-20")
def test_a_new_nickname_is_pushed(flack: Flack, listener: JsonWire) -> None:
    person, nickname = flack.person(), new_nickname("renamed")
    flack.put(f"/api/users/{person.id}", token=person.token, json={"nickname": nickname})
    assert listener.push("User", id=person.id, nickname=nickname) == flack.user(person.id)


@pytest.mark.differs("D-28")
def test_a_pushed_user_is_what_a_read_gives(flack: Flack, connect: Connect) -> None:
    nickname, password = new_nickname(), new_password()
    new = flack.post("/api/users", json={"nickname": nickname, "password": password}).json()
    own, listener = connect(), connect()
    time.sleep(1.1)
    own.ping_user(flack.sign_in(nickname, password))
    online = listener.push("User", id=new["id"], online=True)
    assert online == flack.user(new["id"])
    assert online["updated_at"] > new["updated_at"]
    own.close()
    assert listener.push("User", id=new["id"], online=False) == flack.user(new["id"])


@pytest.mark.differs("D-21")
@pytest.mark.json_wire
def test_a_push_frame_has_an_event_and_data(flack: Flack, ann: Person, listener: JsonWire) -> None:
    message = flack.posted(ann, new_nickname("frame"))
    for frame in listener.frames(flack.patience):
        assert set(frame) == {"event", "data"}
        if frame["data"].get("model") == message:
            assert frame == {
                "event": "updated_model",
                "data": {"class": "Message", "model": message},
            }
            return
    pytest.fail("no push")

"""Tests of chat/consumers.py: sockets of the real application, in this process."""

import asyncio
import json as json_module
import threading
import time

import orjson
import pytest
from channels.layers import get_channel_layer
from django.db import OperationalError
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from chat import actions, consumers, moderation, throttling
from chat.errors import BANNED, error_body
from chat.models import MAX_SOURCE, Message, Token, User
from chat.realtime import hub as hub_module
from chat.realtime import presence, roster
from chat.realtime import publisher as publisher_module
from chat.threads import in_thread
from tests.kit import signed_in
from tests.sockets import Client, Server

pytestmark = pytest.mark.django_db(transaction=True)

UNAUTHENTICATED = {**error_body(401, "authentication required"), "status": 401}


async def is_online(user):
    """Return True if a user is online."""
    return (await in_thread(User.objects.get, pk=user.pk)).online


async def count_messages():
    """Return how many messages there are."""
    return await in_thread(Message.objects.count)


# --- pushes ---------------------------------------------------------------------------------------


async def test_anyone_may_listen(connect, alice):
    stranger = await connect()
    message = await in_thread(actions.post_message, author=alice, source="hi")
    assert await stranger.hear() == {
        "event": "updated_model",
        "data": {"class": "Message", "model": message.to_dict()},
    }


async def test_a_registration_is_pushed(connect):
    stranger = await connect()
    user = await in_thread(actions.register, nickname="Carol", password="staple-battery-horse")
    assert (await stranger.hear())["data"] == {"class": "User", "model": user.to_dict()}


async def test_a_rename_is_pushed(connect, alice):
    stranger = await connect()
    await in_thread(actions.change_user, user=alice, nickname="Alicia")
    assert (await stranger.hear())["data"]["model"]["nickname"] == "Alicia"


async def test_an_edit_is_pushed(connect, alice):
    message = await in_thread(actions.post_message, author=alice, source="a")
    stranger = await connect()
    await in_thread(actions.edit_message, editor=alice, message=message, source="b")
    while (model := (await stranger.hear())["data"]["model"])["source"] != "b":
        pass
    assert model["id"] == message.pk


# --- ping_user, post_message --------------------------------------------------------------------


async def test_a_ping_brings_online(connect, make_user, alice):
    await in_thread(User.objects.update, online=False)
    stranger, client = await connect(), await connect()
    await client.say(event="ping_user", token=alice.token)
    frame = await stranger.hear()
    assert (frame["data"]["model"]["nickname"], frame["data"]["model"]["online"]) == ("Alice", True)


async def test_users_who_arrive_together_are_pushed_together(connect, make_user, live, monkeypatch):
    monkeypatch.setattr(publisher_module, "JOIN", 3600)
    monkeypatch.setattr(publisher_module, "HEARTBEAT", 3600)
    listener = Server(live, texts=True)
    users = [await in_thread(lambda n=n: signed_in(make_user(f"user-{n}"))) for n in range(8)]
    clients = [await connect() for _ in users]
    await asyncio.gather(*map(Client.sign_in, clients, users))
    await asyncio.wrap_future(live.publisher.leave())  # sends what is queued
    while len(listener.heard) < len(users):
        await asyncio.sleep(0.01)
    # At most the first, a heartbeat that was due, and the last.
    assert len(listener.messages) <= 3


async def test_a_good_ping_has_no_answer(connect, alice):
    client = await connect()
    await client.say(event="ping_user", token=alice.token)
    assert (await client.ask("nonsense", ref="next"))["ref"] == "next"


async def test_a_post_is_acknowledged_once_it_is_in_the_database(connect, alice):
    client = await connect()
    answer = await client.ask(
        "post_message", data={"source": "*hi*"}, token=alice.token, ref="my ref"
    )
    message = await in_thread(Message.objects.get)
    assert answer == {"event": "ack", "ref": "my ref", "data": message.to_dict()}
    assert message.user_id == alice.pk


async def test_the_author_receives_the_push_too(connect, alice):
    client = await connect()
    await client.say(event="post_message", data={"source": "hi"}, token=alice.token)
    frames = [await client.hear() for _ in range(2)]
    assert {frame["event"] for frame in frames} == {"ack", "updated_model"}


async def test_after_a_good_ping_the_token_may_be_left_out(connect, alice):
    client = await connect()
    await client.sign_in(alice)
    answer = await client.ask("post_message", data={"source": "hi"})
    assert answer["data"]["user_id"] == alice.pk


async def test_after_a_post_with_a_token_it_may_be_left_out(connect, alice):
    client = await connect()
    for frame in ({"token": alice.token}, {}):
        answer = await client.ask("post_message", data={"source": "hi"}, **frame)
        assert answer["event"] == "ack"


@pytest.mark.attack("Sockets: tokens")
@pytest.mark.parametrize("frame", [{}, {"token": None}, {"token": "0" * 64}, {"token": 7}])
async def test_a_post_without_a_valid_token_is_401(connect, alice, frame):
    client = await connect()
    answer = await client.ask("post_message", data={"source": "hi"}, ref=1, **frame)
    assert answer == {"event": "error", "ref": 1, "data": UNAUTHENTICATED}
    assert await count_messages() == 0


@pytest.mark.attack("Sockets: tokens")
@pytest.mark.parametrize("token", [None, "", "0" * 64, "é", 7, []])
async def test_a_bad_ping_is_an_error(connect, alice, token):
    client = await connect()
    assert await client.ask("ping_user", token=token) == {
        "event": "error",
        "ref": None,
        "data": UNAUTHENTICATED,
    }


async def test_after_an_error_the_socket_stays_open(connect, alice):
    client = await connect()
    await client.ask("ping_user", token="bad")
    answer = await client.ask("post_message", data={"source": "hi"}, token=alice.token)
    assert answer["event"] == "ack"


@pytest.mark.attack("Sockets: tokens")
@pytest.mark.parametrize("end", ["revoked", "new password"])
async def test_the_sockets_of_an_ended_token_receive_401_and_are_closed(connect, alice, bob, end):
    sockets = [await connect() for _ in range(4)]
    await sockets[0].sign_in(alice)
    await sockets[1].ask("post_message", data={"source": "hi"}, token=alice.token)
    await sockets[2].sign_in(bob)
    if end == "revoked":
        await in_thread(lambda: actions.end_tokens(tokens=alice.tokens.all()))
    else:
        await in_thread(actions.change_user, user=alice, password="another-good-one")
    for socket in sockets[:2]:
        assert (await socket.hear("error"))["data"] == UNAUTHENTICATED
        assert await socket.receive_output(5) == {"type": "websocket.close", "code": 1008}
    for socket in sockets[2:]:
        assert (await socket.ask("nonsense"))["data"]["status"] == 400


async def away(group, message):
    """Lose what is sent, as a channel layer that cannot be reached does."""
    raise ConnectionError("away")


@pytest.mark.attack("Sockets: tokens")
@pytest.mark.parametrize("why", ["more ended than the bound", "the channel layer is unavailable"])
async def test_the_sockets_of_ended_tokens_are_closed_also_when_the_list_of_them_is_lost(
    connect, alice, bob, monkeypatch, why
):
    monkeypatch.setattr(hub_module, "REPAIR_EVERY", 0.01)
    monkeypatch.setattr(publisher_module, "MAX_ENDED", 1)
    sockets = [await connect() for _ in range(5)]
    for socket, user in zip(sockets, (alice, alice, bob), strict=False):
        await socket.sign_in(user)
    assert (await sockets[3].ask("ping_user", token="bad"))["data"] == UNAUTHENTICATED
    if why == "the channel layer is unavailable":
        monkeypatch.setattr(get_channel_layer(), "group_send", away)
        await in_thread(lambda: actions.end_sign_ins(users=User.objects.filter(pk=alice.pk)))
    else:
        await in_thread(lambda: actions.issue_token(user=alice))
        await in_thread(lambda: actions.end_sign_ins(users=User.objects.filter(pk=alice.pk)))
    for socket in sockets[:2]:
        assert (await socket.hear("error"))["data"] == UNAUTHENTICATED
        assert await socket.receive_output(5) == {"type": "websocket.close", "code": 1008}
    for socket in sockets[2:]:  # of another user, of a bad token, and anonymous
        assert (await socket.ask("nonsense"))["data"]["status"] == 400
    assert (await sockets[2].ask("post_message", data={"source": "hi"}))["event"] == "ack"


async def test_another_token_of_the_same_user_keeps_its_sockets(connect, alice):
    client, ended = await connect(), Token.objects.filter(digest=Token.digest_of(alice.token))
    alice.token = await in_thread(lambda: actions.issue_token(user=alice))
    await client.sign_in(alice)
    await in_thread(lambda: actions.end_tokens(tokens=ended))
    assert (await client.ask("post_message", data={"source": "hi"}))["event"] == "ack"


@pytest.mark.attack("Sockets: tokens")
async def test_a_token_that_ends_while_it_is_looked_up_ends_its_socket(connect, alice, monkeypatch):
    def looked_up(digest):
        user = user_of(digest)
        actions.end_tokens(tokens=user.tokens.all())
        return user

    user_of = Token.user_of
    monkeypatch.setattr(Token, "user_of", looked_up)
    client = await connect()
    await client.say(event="ping_user", token=alice.token)
    assert (await client.hear("error"))["data"] == UNAUTHENTICATED
    assert await client.receive_output(5) == {"type": "websocket.close", "code": 1008}


@pytest.mark.attack("Sockets: tokens")
async def test_an_inactive_user_is_401_on_open_sockets(connect, alice):
    client = await connect()
    await client.sign_in(alice)
    await in_thread(User.objects.update, is_active=False)
    assert (await client.ask("post_message", data={"source": "hi"}))["data"] == UNAUTHENTICATED
    assert (await client.ask("ping_user", token=alice.token))["data"] == UNAUTHENTICATED


async def test_the_same_ref_posts_once(connect, alice):
    client = await connect()
    await client.sign_in(alice)
    answers = [await client.ask("post_message", data={"source": "a"}, ref="r") for _ in range(2)]
    assert answers[0] == answers[1]
    assert await count_messages() == 1


async def test_a_ref_of_another_source_is_a_422_and_posts_nothing(connect, alice):
    client = await connect()
    await client.sign_in(alice)
    await client.ask("post_message", data={"source": "a"}, ref=7)
    for source in ("b", "A", "a "):
        answer = await client.ask("post_message", data={"source": source}, ref=7)
        assert (answer["event"], answer["data"]["status"]) == ("error", 422)
        assert answer["data"]["code"] == "key_reused"
    assert await count_messages() == 1


async def test_the_ref_of_a_deleted_message_is_a_404_and_posts_nothing(connect, alice):
    client = await connect()
    await client.sign_in(alice)
    pk = (await client.ask("post_message", data={"source": "a"}, ref="r"))["data"]["id"]
    await in_thread(moderation.delete_messages, first=pk, last=pk)
    answer = await client.ask("post_message", data={"source": "a"}, ref="r")
    assert (answer["event"], answer["data"]["status"]) == ("error", 404)
    assert await count_messages() == 0


async def test_a_ref_repeated_over_http_posts_once(connect, alice):
    client = await connect()
    answer = await client.ask("post_message", data={"source": "a"}, token=alice.token, ref="r")
    again = await in_thread(actions.post_message, author=alice, source="a", key="r")
    assert again.to_dict() == answer["data"]


async def test_without_a_ref_each_post_is_another(connect, alice):
    client = await connect()
    await client.sign_in(alice)
    for _ in range(2):
        await client.ask("post_message", data={"source": "a"})
    assert await count_messages() == 2


async def test_the_ref_of_a_client_comes_back_as_it_was(connect, alice):
    client = await connect()
    await client.sign_in(alice)
    for ref in ("r", 7, -1, None):
        assert (await client.ask("post_message", data={"source": "a"}, ref=ref))["ref"] == ref


@pytest.mark.attack("Sockets: frames")
@pytest.mark.parametrize(
    ("frame", "field"),
    [
        ({}, "source"),
        ({"data": None}, "source"),
        ({"data": "hi"}, "source"),
        ({"data": {"source": 7}}, "source"),
        ({"data": {"source": ""}}, "source"),
        ({"data": {"source": "a" * 10_001}}, "source"),
        ({"data": {"source": "hi"}, "ref": {}}, "ref"),
        ({"data": {"source": "hi"}, "ref": 1.5}, "ref"),
        ({"data": {"source": "hi"}, "ref": True}, "ref"),
        ({"data": {"source": "hi"}, "ref": "a" * 201}, "ref"),
    ],
)
async def test_a_bad_post_is_a_400_that_names_the_field(connect, alice, frame, field):
    client = await connect()
    await client.sign_in(alice)
    answer = await client.ask("post_message", **frame)
    assert answer["data"]["status"] == 400
    assert list(answer["data"]["fields"]) == [field]
    assert await count_messages() == 0


# --- arbitrary frames -------------------------------------------------------------------------


def assert_is_of_the_contract(frame):
    """Check the keys and types of an ack or error."""
    assert set(frame) == {"event", "ref", "data"}
    if frame["event"] == "ack":
        assert set(frame["data"]) >= {"id", "source", "html", "user_id", "_links"}
    else:
        assert frame["event"] == "error"
        assert frame["data"]["status"] in (400, 401)
        assert isinstance(frame["data"]["error"], str)


async def answer_to(client, message):
    """Send one ASGI message and return the frame that answers it."""
    await client.send_input({"type": "websocket.receive", **message})
    while (answer := await client.hear())["event"] not in ("ack", "error"):
        pass
    assert_is_of_the_contract(answer)
    return answer


json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(),
    lambda inside: st.lists(inside) | st.dictionaries(st.text(), inside),
    max_leaves=10,
)
frames = st.fixed_dictionaries(
    {"event": st.sampled_from(["ping_user", "post_message"]) | json},
    optional={
        "token": json,
        "ref": json,
        "data": json | st.fixed_dictionaries({"source": st.text() | json}),
    },
)


@given(data=st.data())
async def test_every_frame_is_answered(data, connect, alice, settings):
    settings.FLACK_RATE_LIMITS = False
    client = await connect()
    await client.sign_in(alice)
    for message in data.draw(
        st.lists(
            st.builds(lambda text: {"text": text}, st.text(min_size=1))
            | st.builds(lambda raw: {"bytes": raw}, st.binary(min_size=1))
            | st.builds(lambda frame: {"text": orjson.dumps(frame).decode()}, json | frames),
            min_size=5,
            max_size=5,
        )
    ):
        await answer_to(client, message)
    await client.leave()


@pytest.mark.attack("Sockets: frames")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        "null",
        '"text"',
        "NaN",
        '{"event": "ping_user", "token": "\\ud800"}',
        '{"ref": ' + "[" * 500 + "]" * 500 + "}",
        "[" * 100_000,
        '{"ref": 1e999}',
        '{"event": {"a": 1}}',
    ],
    ids=lambda text: text[:20],
)
async def test_strange_frames_are_a_400(connect, text):
    client = await connect()
    assert (await answer_to(client, {"text": text}))["data"]["status"] == 400
    assert (await answer_to(client, {"text": "again"}))["data"]["status"] == 400


@pytest.mark.attack("Sockets: frames")
async def test_a_frame_of_bytes_is_a_400(connect):
    client = await connect()
    assert (await answer_to(client, {"bytes": b"{}"}))["data"]["status"] == 400


# --- presence -------------------------------------------------------------------------------------


async def test_a_user_whose_last_socket_closes_goes_offline(connect, alice):
    stranger, client = await connect(), await connect()
    await client.sign_in(alice)
    await client.leave()
    model = (await stranger.hear())["data"]["model"]
    assert (model["nickname"], model["online"]) == ("Alice", False)


async def test_a_second_tab_keeps_the_user_online(connect, alice):
    tabs = [await connect(), await connect()]
    for tab in tabs:
        await tab.sign_in(alice)
    await tabs[0].leave()
    assert await is_online(alice)
    await tabs[1].leave()
    assert not await is_online(alice)


async def test_a_page_that_is_reloaded_stays_online(connect, alice, monkeypatch):
    monkeypatch.setattr(presence, "GRACE", 2.0)  # seconds in which the page comes back
    stranger, before, after = await connect(), await connect(), await connect()
    await before.sign_in(alice)
    leaving = asyncio.create_task(before.leave())
    await after.sign_in(alice)
    await leaving
    assert await is_online(alice)
    assert await stranger.receive_nothing(timeout=0)


async def test_closing_an_anonymous_socket_takes_no_user_offline(connect, alice):
    stranger = await connect()
    await stranger.leave()
    assert await is_online(alice)


async def test_closing_a_socket_that_used_no_database_closes_no_connection(connect, monkeypatch):
    def fail():
        raise AssertionError("a hop into a thread")

    monkeypatch.setattr("channels.db.close_old_connections", fail)
    monkeypatch.setattr("channels.generic.websocket.aclose_old_connections", fail)
    await (await connect()).leave()


async def test_a_socket_may_become_another_users(connect, alice, bob):
    client = await connect()
    await client.sign_in(alice)
    for _ in range(5):
        for user in (bob, alice):
            await client.say(event="ping_user", token=user.token)
            answer = await client.ask("post_message", data={"source": "hi"})
            assert answer["data"]["user_id"] == user.pk


async def test_a_socket_that_becomes_another_users_takes_the_first_offline(connect, alice, bob):
    stranger, client = await connect(), await connect()
    await client.sign_in(alice)
    await client.sign_in(bob)
    model = (await stranger.hear())["data"]["model"]
    assert (model["nickname"], model["online"]) == ("Alice", False)
    assert await is_online(bob)


class LateWriter:
    """What writes pings and ends of leases; it waits while `may_write` is not set."""

    def __init__(self, patch):
        self.may_write, self.departed = threading.Event(), []
        self.leases, self.left = presence.leases, presence.left
        self.may_write.set()
        patch.setattr(roster, "leases", self)
        patch.setattr(presence, "left", self.leave)

    def hold(self, leases):
        """See `Leases`; called by the roster, in a thread."""
        self.may_write.wait()
        self.leases.hold(leases)

    def leave(self, user_id):
        """See `presence.left`."""
        self.left(user_id)
        self.departed.append(user_id)

    async def finish(self, count):
        """Write all that waits; return once that number of users departed from a socket."""
        self.may_write.set()
        while len(self.departed) < count:
            await asyncio.sleep(0.01)


@pytest.fixture
def writer(monkeypatch, live):
    """The writer of this process's presence."""
    writer = LateWriter(monkeypatch)
    yield writer
    writer.may_write.set()


async def become(client, user):
    """Identify a socket as a user, or by a bad token, and wait until that is done."""
    if user is None:
        assert (await client.ask("ping_user", token="bad"))["data"] == UNAUTHENTICATED
    else:
        await client.sign_in(user)


@pytest.mark.parametrize("between", ["a bad token", "another user"])
async def test_a_user_who_comes_back_to_a_socket_stays_online(connect, alice, bob, writer, between):
    client = await connect()
    await client.sign_in(alice)
    writer.may_write.clear()
    users = [None, alice] if between == "a bad token" else [bob, alice]
    for user in users:
        await become(client, user)
    await writer.finish(len(list(filter(None, users))))
    assert await is_online(alice)


@hypothesis_settings(max_examples=10)
@given(pings=st.lists(st.tuples(st.booleans(), st.integers(0, 2), st.booleans()), max_size=8))
async def test_after_any_changes_of_user_those_of_open_sockets_are_online(
    connect, alice, bob, writer, pings
):
    await in_thread(User.objects.update, online=False)
    writer.departed.clear()
    clients, users, departures = [await connect(), await connect()], [None, None], 0
    for socket, number, may_write in pings:
        (writer.may_write.set if may_write else writer.may_write.clear)()
        user = (None, alice, bob)[number]
        await become(clients[socket], user)
        departures += users[socket] not in (None, user)
        users[socket] = user
    await writer.finish(departures)
    for user in (alice, bob):
        assert await is_online(user) is (user in users)
    for client in clients:
        await client.leave()


@pytest.mark.attack("Sockets: tokens")
async def test_a_socket_whose_last_ping_was_invalid_is_anonymous(connect, alice):
    client = await connect()
    await client.sign_in(alice)
    await client.ask("ping_user", token="bad")
    assert (await client.ask("post_message", data={"source": "hi"}))["data"] == UNAUTHENTICATED


@pytest.fixture
def checked(monkeypatch):
    """The digests of tokens that were looked up in the database."""
    checked, user_of = [], Token.user_of

    def look_up(digest):
        checked.append(digest)
        return user_of(digest)

    monkeypatch.setattr(Token, "user_of", look_up)
    return checked


async def ping(client, user):
    """Send a ping and wait until it was handled."""
    await client.say(event="ping_user", token=user.token)
    await client.ask("nonsense")


async def test_further_pings_look_up_no_token(connect, alice, checked):
    client = await connect()
    for _ in range(5):
        await ping(client, alice)
    assert len(checked) == 1


async def test_a_known_socket_that_pings_keeps_its_user_online(connect, alice, live):
    client = await connect()
    await client.sign_in(alice)
    await in_thread(User.objects.update, online=False)
    await ping(client, alice)
    while not await is_online(alice):
        await asyncio.sleep(0.01)


async def test_a_token_that_could_not_be_looked_up_is_looked_up_again(
    connect, alice, bob, checked, monkeypatch
):
    client = await connect()
    await client.sign_in(alice)
    with monkeypatch.context() as patch:
        patch.setattr(Token, "user_of", lambda digest: (_ for _ in ()).throw(OperationalError()))
        assert (await client.ask("ping_user", token=bob.token))["data"]["status"] == 503
    await ping(client, bob)
    assert checked[-1] == Token.digest_of(bob.token)


@pytest.mark.attack("Sockets: tokens")
async def test_a_ping_looks_up_its_token_again_after_some_minutes(
    connect, alice, checked, monkeypatch
):
    monkeypatch.setattr(consumers, "RECHECK", 0)
    client = await connect()
    await client.sign_in(alice)
    await in_thread(alice.tokens.all().delete)  # past every announcement
    assert (await client.ask("ping_user", token=alice.token))["data"] == UNAUTHENTICATED


# --- limits, origins, paths -----------------------------------------------------------------------


async def assert_closed(client, status, code):
    """Check that a client receives an error and a close, and that its frames are then ignored."""
    error = await client.hear("error")
    assert (error["ref"], error["data"]["status"]) == (None, status)
    assert set(error["data"]) == {"status", "error", "code"}
    assert await client.receive_output(5) == {"type": "websocket.close", "code": code}
    await client.say(event="nonsense")
    assert await client.receive_nothing(timeout=0.05)


@pytest.mark.attack("Sockets: frames")
async def test_too_many_frames_are_a_429_and_the_end(connect):
    client = await connect()
    for _ in range(throttling.FRAMES):
        assert (await client.ask("nonsense"))["data"]["status"] == 400
    for _ in range(3):
        await client.say(event="nonsense")
    await assert_closed(client, 429, 1008)


async def test_frames_are_counted_for_ten_seconds(connect, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    client = await connect()
    for _ in range(3):
        for _ in range(throttling.FRAMES):
            assert (await client.ask("nonsense"))["data"]["status"] == 400
        now[0] += 10.1


@pytest.mark.attack("Sockets: frames")
@pytest.mark.parametrize("frame", [{"text": "x"}, {"bytes": b"x"}])
async def test_a_frame_that_is_too_long_is_a_413_and_the_end(connect, frame, settings):
    settings.FLACK_RATE_LIMITS = False
    clients = [await connect() for _ in range(2)]
    for client, size in zip(
        clients, (throttling.FRAME_SIZE, throttling.FRAME_SIZE + 1), strict=True
    ):
        message = {name: value * size for name, value in frame.items()}
        await client.send_input({"type": "websocket.receive", **message})
    assert (await clients[0].hear("error"))["data"]["status"] == 400
    await assert_closed(clients[1], 413, 1009)


async def test_the_longest_message_fits_in_a_frame(connect, alice):
    client = await connect()
    source = "\U0001f389" * MAX_SOURCE
    frame = {"event": "post_message", "data": {"source": source}, "token": alice.token, "ref": "r"}
    await client.send_input({"type": "websocket.receive", "text": json_module.dumps(frame)})
    assert (await client.hear("ack"))["data"]["source"] == source


async def test_too_many_posts_are_a_429(connect, alice, monkeypatch, new_minute):
    monkeypatch.setattr(throttling, "POST", throttling.Limit("post", 2, 60))
    client = await connect()
    answers = [
        await client.ask("post_message", data={"source": "a"}, token=alice.token) for _ in range(3)
    ]
    assert [answer["event"] for answer in answers] == ["ack", "ack", "error"]
    refusal = answers[2]["data"]
    assert (refusal["status"], refusal["code"]) == (429, "rate_limited")
    assert 1 <= refusal["retry_after"] <= 60


@pytest.mark.attack("Sockets: frames")
async def test_sockets_of_one_address_are_limited(connect, monkeypatch, live):
    monkeypatch.setattr(throttling, "SOCKETS", 2)
    clients = [await connect() for _ in range(3)]
    await assert_closed(clients[2], 429, 1013)
    assert live.addresses == {"local": 2}
    await clients[0].leave()
    assert (await (await connect()).ask("nonsense"))["data"]["status"] == 400


@pytest.mark.attack("Floods from many accounts or networks")
@pytest.mark.parametrize(
    ("network", "factor"), [("2001:db8:0:{}::1", 4), ("2001:db8:0:{}00::1", 16)]
)
async def test_sockets_of_a_larger_network_of_ipv6_are_limited(
    connect, monkeypatch, live, network, factor
):
    monkeypatch.setattr(throttling, "SOCKETS", 1)
    addresses = [network.format(f"{number:x}") for number in range(factor + 1)]
    clients = [await connect(address=address) for address in addresses]
    await assert_closed(clients[-1], 429, 1013)
    for client in clients[:-1]:
        await client.leave()
    assert not live.addresses


@pytest.mark.attack("Floods from many accounts or networks")
async def test_posts_over_sockets_count_for_their_address(connect, alice, monkeypatch, live):
    monkeypatch.setattr(throttling, "POST_FROM", throttling.Limit("post-from", 1, 60))
    client = await connect(address="192.0.2.1")
    post = {"data": {"source": "a"}, "token": alice.token, "ref": "1"}
    assert (await client.ask("post_message", **post))["event"] == "ack"
    assert (await client.ask("post_message", **post | {"ref": "2"}))["data"]["status"] == 429


async def test_without_limits_everything_goes(connect, monkeypatch, settings):
    settings.FLACK_RATE_LIMITS = False
    monkeypatch.setattr(throttling, "SOCKETS", 0)
    client = await connect()
    for _ in range(throttling.FRAMES + 1):
        assert (await client.ask("nonsense"))["data"]["status"] == 400


@pytest.mark.parametrize("origin", ["http://localhost:8000", "https://127.0.0.1", "http://[::1]"])
async def test_pages_of_this_site_connect(connect, origin):
    assert (await connect(origin=origin)).accepted


@pytest.mark.attack("Sockets: origins")
@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "http://localhost.evil.example",
        "http://evil.example/localhost",
        "http://evil.example#localhost",
        "http://evil.example?localhost",
        "http://localhost@evil.example",
        "http://xlocalhost",
        "http://local",
        "http://*",
        "http://.localhost",
        "http://127.0.0.1.evil.example",
        "file://",
        "data:text/html,x",
        "chrome-extension://localhostx",
        "null",
        "",
        "http://",
        "http://[",
        "\xff",
    ],
)
async def test_pages_of_other_sites_do_not_connect(connect, origin):
    assert not (await connect(origin=origin)).accepted


async def test_a_program_without_an_origin_connects(connect):
    assert (await connect()).accepted


@pytest.mark.attack("Sockets: origins")
async def test_a_session_cookie_identifies_no_user_on_a_socket(connect, alice, client):
    await in_thread(client.force_login, alice)
    cookie = f"sessionid={client.cookies['sessionid'].value}"
    socket = await connect(origin="http://localhost", cookie=cookie)
    assert (await socket.ask("post_message", data={"source": "hi"}))["data"] == UNAUTHENTICATED


async def test_a_path_that_does_not_exist_is_refused(connect):
    assert not (await connect("/nowhere")).accepted


async def test_a_post_while_the_database_is_unavailable_is_503(connect, alice, monkeypatch):
    client = await connect()
    await client.sign_in(alice)

    def away(**kwargs):
        raise OperationalError("away")

    monkeypatch.setattr(actions, "post_message", away)
    answer = await client.ask("post_message", data={"source": "a"}, ref="r")
    assert (answer["ref"], answer["data"]["status"]) == ("r", 503)


async def test_a_banned_user_is_refused_by_403_and_the_socket_stays_open(connect, alice):
    client = await connect()
    await client.sign_in(alice)
    await in_thread(User.objects.update, is_banned=True)
    for _ in range(2):
        answer = await client.ask("post_message", data={"source": "a"}, ref="r")
        assert answer["data"] == {"status": 403, "error": BANNED, "code": "banned"}
    assert await count_messages() == 0


@pytest.mark.attack("Sockets: frames")
@pytest.mark.parametrize("event", ["post_message", "ping_user", "nonsense"])
async def test_a_ref_over_200_characters_is_never_sent_back(connect, alice, event):
    client = await connect()
    await client.sign_in(alice)
    assert (await client.ask("nonsense", ref="a" * 200))["ref"] == "a" * 200
    answer = await client.ask(event, ref="a" * 201, token=alice.token, data={"source": "hi"})
    assert (answer["ref"], answer["data"]["status"]) == (None, 400)
    assert answer["data"]["code"] == "too_long"


@pytest.mark.attack("Sockets: frames")
async def test_a_consumer_that_is_killed_leaves_the_hub(connect, live):
    client = await connect()
    client.future.cancel()
    with pytest.raises(asyncio.CancelledError):
        await client.future
    assert (live.sockets, live.addresses) == (set(), {})


async def test_a_consumer_that_fails_leaves_the_hub(connect, alice, live, monkeypatch):
    def fail(**kwargs):
        raise RuntimeError("unexpected")

    monkeypatch.setattr(actions, "post_message", fail)
    client = await connect()
    await client.sign_in(alice)
    await client.say(event="post_message", data={"source": "a"})
    with pytest.raises(RuntimeError, match="unexpected"):
        await client.future
    assert (live.sockets, live.addresses) == (set(), {})


async def test_a_lost_client_leaves_no_trace(connect, alice, live):
    client = await connect()
    await client.sign_in(alice)
    await client.leave()
    assert live.sockets == set()
    assert live.addresses == {}


async def test_two_clients_at_once_each_get_their_own_ack(connect, alice, bob):
    clients = {"a": (await connect(), alice), "b": (await connect(), bob)}

    async def post(text, client, user):
        return await client.ask("post_message", data={"source": text}, token=user.token, ref=text)

    answers = await asyncio.gather(*(post(text, *pair) for text, pair in clients.items()))
    assert [(a["ref"], a["data"]["user_id"]) for a in answers] == [("a", alice.pk), ("b", bob.pk)]

"""Pushes, presence and tasks across two nodes; each node is asked directly, not through nginx.

tests/stack/postgresql runs this on PostgreSQL too.
"""

import time
from secrets import token_hex
from typing import Any

import pytest

from chat.realtime import presence
from comparison.contract.client import Person, eventually
from comparison.contract.pages import Pages
from comparison.contract.wires import JsonWire
from tests.running import PATIENCE, Stack


@pytest.mark.parametrize("node", [1, 2])
def test_a_message_posted_through_nginx_is_pushed_by_every_node(stack: Stack, node: int) -> None:
    ann = stack.person("ann")
    with stack.connect(node) as listener:
        message = stack.posted(ann, "hello *world*!")
        pushed = listener.push("Message", id=message["id"])
    assert pushed["html"] == "hello <em>world</em>!"


def test_a_message_sent_on_a_socket_of_one_node_is_pushed_by_the_other(stack: Stack) -> None:
    ann = stack.person("ann")
    with stack.connect(1) as sender, stack.connect(2) as listener:
        message = post_on(sender, ann, "over the socket")
        assert listener.push("Message", id=message["id"]) == message


def post_on(socket: JsonWire, person: Person, source: str) -> dict[str, Any]:
    """Post a message on a socket, which makes it the author's; return the acknowledged message."""
    ref = token_hex(4)
    data = {"source": source}
    socket.send({"event": "post_message", "data": data, "token": person.token, "ref": ref})
    return socket.answer(ref)["data"]


def test_the_sockets_of_an_ended_token_are_closed_on_every_node(stack: Stack) -> None:
    ann, bob = stack.person("ann"), stack.person("bob")
    with stack.connect(1) as first, stack.connect(2) as second, stack.connect(2) as other:
        for socket, person in ((first, ann), (second, ann), (other, bob)):
            post_on(socket, person, "here")
        assert stack.request("DELETE", "/api/tokens", token=ann.token).status_code == 204
        for socket in (first, second):
            *_, last = socket.frames(PATIENCE)
            assert (last["event"], last["data"].get("status")) == ("error", 401), last
        assert post_on(other, bob, "still here")


def test_a_message_is_read_from_either_node(stack: Stack) -> None:
    message = stack.posted(stack.person("ann"), "for both")
    for number in (1, 2):
        with stack.node(number) as node:
            assert node.get(f"/api/messages/{message['id']}").json() == message


def test_only_a_user_without_a_socket_on_any_node_goes_offline(stack: Stack) -> None:
    for _ in range(10):  # on a busy machine a user may return too late
        stays, returns, leaves = (stack.person(name) for name in ("stays", "returns", "leaves"))
        with stack.connect(2) as listener, stack.connect(2) as other, stack.connect(2) as again:
            with stack.connect(1) as leaving:
                with stack.connect(1) as first, stack.connect(1) as second:
                    post_on(first, stays, "on node 1")
                    post_on(other, stays, "and on node 2")
                    post_on(second, returns, "on node 1")
                    post_on(leaving, leaves, "on node 1 only")
                    began = time.monotonic()
                post_on(again, returns, "back, on node 2")
                if time.monotonic() > began + presence.GRACE / 2:
                    continue
            # The sockets closed in this order, so the last user is the last that may go offline.
            offline = []
            while leaves.id not in offline:
                offline.append(listener.push("User", online=False)["id"])
            assert {stays.id, returns.id}.isdisjoint(offline)
            assert stack.user(stays.id)["online"] and stack.user(returns.id)["online"]
            return
    raise AssertionError("this machine is too slow: no user returned within the grace period")


def test_the_worker_expands_a_link_and_its_push_reaches_every_node(
    stack: Stack, pages: Pages
) -> None:
    url = pages.add("<title>A page</title><meta name=description content='What it says'>")
    ann = stack.person("ann")
    with stack.connect(1) as first, stack.connect(2) as second:
        message = stack.posted(ann, f"see {url}")
        by_first, by_second = (
            wait_for_preview(first, message["id"]),
            wait_for_preview(second, message["id"]),
        )
    assert by_first == by_second == stack.message(message["id"])
    assert f'<blockquote><p><a href="{url}"' in by_first["html"]


def wait_for_preview(socket: JsonWire, message_id: int) -> dict[str, Any]:
    """Wait for the push of a message with its previews, and return the message."""
    while "<blockquote>" not in (message := socket.push("Message", id=message_id))["html"]:
        pass
    return message


def test_every_node_returns_the_answer_of_a_deferred_request(
    stack: Stack,
) -> None:
    ann = stack.person("ann")
    headers = {"Prefer": "respond-async"}
    options: dict[str, Any] = {"json": {"source": "later"}, "headers": headers, "token": ann.token}
    accepted = stack.request("POST", "/api/messages", **options)
    assert accepted.status_code == 202
    done = stack.finished(accepted)
    assert done.status_code == 201
    for number in (1, 2):
        with stack.node(number) as node:
            assert node.get(accepted.headers["Location"]).json() == done.json()


def test_requests_per_second_count_the_requests_of_all_nodes(stack: Stack) -> None:
    def both_count() -> bool:
        for number in (1, 2):
            with stack.node(number) as node:
                for _ in range(15):
                    assert node.get("/healthz").status_code == 200
        rate: float = stack.get("/stats").json()["requests_per_second"]
        return rate > 1.5  # 15 requests in 15 s are 1

    eventually(both_count, "a rate above one node's", PATIENCE)


def test_a_command_of_manage_py_is_pushed_to_the_sockets(stack: Stack) -> None:
    with stack.connect(1) as listener:
        stack.manage(f"createuser susan-{stack.port}", "correct horse battery")
        listener.push("User", nickname=f"susan-{stack.port}")


def test_readyz_names_every_service(stack: Stack) -> None:
    services = stack.get("/readyz").json()
    assert {"database", "redis", "worker", "previews", "push"} <= services.keys()


def test_invalid_frames_do_not_stop_a_node(stack: Stack) -> None:
    before = stack.part("node.1").pid
    with stack.connect(1) as wire, stack.node(1) as node:
        for frame in ("", "[", "[]", {"event": None}, b"\xff\xfe"):
            wire.send(frame)
            assert wire.answer(None)["data"]["status"] == 400, frame
        assert node.get("/healthz").status_code == 200
    assert stack.part("node.1").pid == before

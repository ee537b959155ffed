"""What holds across nodes, worker and beat: each node is asked past nginx."""

import json
from secrets import token_hex
from typing import Any

import httpx
import pytest

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
        message = said(sender, ann, "over the socket")
        assert listener.push("Message", id=message["id"]) == message


def said(socket: JsonWire, person: Person, source: str) -> dict[str, Any]:
    """Post a message on a socket, which is its author's from now on, and return the ack's."""
    ref = token_hex(4)
    data = {"source": source}
    socket.send({"event": "post_message", "data": data, "token": person.token, "ref": ref})
    return socket.answer(ref)["data"]


def test_the_sockets_of_an_ended_token_are_closed_on_every_node(stack: Stack) -> None:
    ann, bob = stack.person("ann"), stack.person("bob")
    with stack.connect(1) as first, stack.connect(2) as second, stack.connect(2) as other:
        for socket, person in ((first, ann), (second, ann), (other, bob)):
            said(socket, person, "here")
        assert stack.request("DELETE", "/api/tokens", token=ann.token).status_code == 204
        for socket in (first, second):
            *_, last = socket.frames(PATIENCE)
            assert last["data"]["status"] == 401
        assert said(other, bob, "still here")


def test_a_message_is_read_from_either_node(stack: Stack) -> None:
    message = stack.posted(stack.person("ann"), "for both")
    for number in (1, 2):
        with stack.node(number) as node:
            assert node.get(f"/api/messages/{message['id']}").json() == message


def test_who_leaves_one_node_stays_online_by_a_socket_on_the_other(stack: Stack) -> None:
    ann = stack.person("ann")
    with stack.connect(1) as first, stack.connect(2) as second, stack.connect(2) as listener:
        said(first, ann, "here")
        said(second, ann, "and here")
        first.close()
        assert not listener.pushes("User", 3, id=ann.id, online=False)
        second.close()
        listener.push("User", id=ann.id, online=False)


def test_who_comes_back_on_another_node_at_once_is_never_shown_as_gone(stack: Stack) -> None:
    ann = stack.person("ann")
    with stack.connect(2) as listener:
        with stack.connect(1) as first:
            said(first, ann, "here")
        with stack.connect(2) as second:
            said(second, ann, "back")
            assert not listener.pushes("User", 4, id=ann.id, online=False)


def test_the_worker_expands_a_link_and_its_push_reaches_every_node(
    stack: Stack, pages: Pages
) -> None:
    url = pages.add("<title>A page</title><meta name=description content='What it says'>")
    ann = stack.person("ann")
    with stack.connect(1) as first, stack.connect(2) as second:
        message = stack.posted(ann, f"see {url}")
        by_first, by_second = expanded(first, message["id"]), expanded(second, message["id"])
    assert by_first == by_second == stack.message(message["id"])
    assert f'<blockquote><p><a href="{url}"' in by_first["html"]


def expanded(socket: JsonWire, message_id: int) -> dict[str, Any]:
    """Wait until a socket gets a message with its previews, and return it."""
    while "<blockquote>" not in (message := socket.push("Message", id=message_id))["html"]:
        pass
    return message


def test_a_deferred_request_is_finished_by_the_worker_and_asked_of_either_node(
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


def test_requests_per_second_are_those_of_all_nodes(stack: Stack) -> None:
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


def test_readyz_names_every_part(stack: Stack) -> None:
    parts = stack.get("/readyz").json()
    assert {"database", "redis", "worker"} <= parts.keys()


def test_a_node_does_not_fail_when_a_client_speaks_nonsense(stack: Stack) -> None:
    with stack.connect(1) as wire:
        for frame in ("", "[", "[]", json.dumps({"event": None}), b"\xff\xfe"):
            wire.send(frame)
    assert httpx.get(f"{stack.url}/healthz", trust_env=False).status_code == 200

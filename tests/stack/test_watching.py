"""Metrics and logs of the running stack: complete for all processes, and without any secret."""

import json
import re
import socket
from typing import Any

import httpx
import pytest

from chat.models import Token
from comparison.contract.client import Person, eventually, new_nickname, new_password
from comparison.contract.pages import Pages
from tests.running import PATIENCE, Stack


@pytest.fixture
def stack(playground: Stack) -> Stack:
    """A running Flack that logs at level DEBUG, as JSON."""
    return playground


def samples(stack: Stack, node: int) -> dict[str, float]:
    """Return the metrics of all processes as one node exposes them, by name and labels."""
    with stack.node(node) as http:
        text = http.get("/metrics").text
    return {name: float(value) for name, value in re.findall(r"^(\w+(?:{.*})?) (\S+)$", text, re.M)}


def records(stack: Stack) -> list[dict[str, Any]]:
    """Return the log records of the nodes, both workers and beat."""
    lines = [
        line.split("| ", 1)[1]
        for line in stack.output
        if re.search(r"(node|worker|previews|beat)\.\d +\| ", line)
    ]
    return [json.loads(line) for line in lines if line.startswith("{")]


def test_nginx_does_not_expose_metrics(stack: Stack) -> None:
    assert stack.get("/metrics").status_code == 404


def test_every_node_exposes_the_metrics_of_all_nodes_and_the_worker(
    stack: Stack, pages: Pages
) -> None:
    person = stack.person()
    before = samples(stack, 1)
    with stack.connect(1) as first, stack.connect(2) as second:
        both = eventually(lambda: samples(stack, 2).get("flack_sockets") == 2, "sockets", PATIENCE)
        assert both
        message = stack.posted(person, f"see {pages.add('<title>A page</title>')}")
        for wire in (first, second):
            wire.push("Message", id=message["id"])
        eventually(lambda: "A page" in stack.message(message["id"])["html"], "a preview", PATIENCE)
        done = ("flack_fan_out_seconds_count", "flack_deliveries_total")
        eventually(
            lambda: all(counted(stack, before, counter) >= 4 for counter in done),
            "the fan-outs and deliveries",
            PATIENCE,
        )
        task = 'flack_tasks_total{state="SUCCESS",task="chat.tasks.expand_links"}'
        # Tasks of earlier tests may end meanwhile.
        eventually(lambda: counted(stack, before, task) >= 1, "the task", PATIENCE)
        age = 'flack_task_age_seconds_count{task="chat.tasks.expand_links"}'
        assert counted(stack, before, age) >= 1
        post = 'flack_requests_total{method="POST",route="message-list",status="201"}'
        assert counted(stack, before, post) == 1
    eventually(lambda: samples(stack, 1)["flack_sockets"] == 0, "no sockets", PATIENCE)


def counted(stack: Stack, before: dict[str, float], name: str) -> float:
    """Return by how much a counter grew, as both nodes expose it."""
    one, other = samples(stack, 1).get(name, 0), samples(stack, 2).get(name, 0)
    return min(one, other) - before.get(name, 0)


def test_each_answer_has_a_request_id_that_no_client_chose(stack: Stack) -> None:
    chosen = {"X-Request-ID": "chosen"}
    ids = [
        stack.get(path, headers=chosen).headers.get_list("X-Request-ID")
        for path in ("/healthz", "/healthz", "/metrics", "/api/nothing")
    ]
    assert all(len(given) == 1 and re.fullmatch("[0-9a-f]{32}", given[0]) for given in ids)
    assert len({given[0] for given in ids}) == len(ids)


def test_a_task_is_logged_with_the_id_of_the_request_that_queued_it(
    stack: Stack, pages: Pages
) -> None:
    person = stack.person()
    url = pages.add("<title>A page</title>")
    options: dict[str, Any] = {"token": person.token, "json": {"source": f"see {url}"}}
    answer = stack.post("/api/messages", **options)
    wait_for_records(stack, answer.headers["X-Request-ID"], "markdown_it", "celery.app.trace")


def wait_for_records(stack: Stack, given: str, *loggers: str) -> None:
    """Wait until these loggers have logged records with a request id."""

    def are_there() -> bool:
        names = {record["logger"] for record in records(stack) if record["request_id"] == given}
        return all(any(name.startswith(logger) for name in names) for logger in loggers)

    eventually(are_there, f"records of {loggers}", PATIENCE)


def test_no_token_and_no_password_is_ever_logged(stack: Stack, pages: Pages) -> None:
    secrets: list[str] = []

    def secret(text: str) -> str:
        secrets.append(text)
        return text

    # Every entry point, with secrets where they belong and where they do not.
    password, wrong, next_password = (secret(new_password()) for _ in range(3))
    nickname = new_nickname()
    account = {"nickname": nickname, "password": password}
    user = stack.post("/api/users", json=account).json()
    stack.post("/api/users", json=account)
    stack.post("/api/users", content=json.dumps(account)[:-1])
    stack.post("/api/users", json={"nickname": password, "password": [password]})
    token = secret(stack.sign_in(nickname, password))
    html = {"Accept": "text/html"}  # the browsable API, which shows the answer
    page = stack.post("/api/tokens", auth=(nickname, password), headers=html).text
    secret(re.findall("[0-9a-f]{64}", page)[0])
    stack.post("/api/users", json=account, headers=html)
    stack.post("/api/tokens", auth=(nickname, wrong))
    stack.post("/api/tokens", auth=(wrong, password))
    stack.post(
        "/api/messages", token=token, json={"source": f"see {pages.add('<title>x</title>')}"}
    )
    stack.post(
        "/api/messages", token=token, json={"source": "x"}, headers={"Prefer": "respond-async"}
    )
    stack.post("/api/messages", token=wrong, json={"source": 5})
    stack.get(f"/api/messages?token={token}&password={password}")
    stack.get(f"/api/nothing?token={token}")
    stack.put(f"/api/users/{user['id']}", token=token, json={"password": "short"})
    with stack.connect() as wire:
        wire.ping_user(token)
        wire.post_message("over the socket", token)
        wire.push("Message", source="over the socket")
        wire.ping_user(wrong)
        wire.send({"event": "nonsense", "token": token})
        wire.send(json.dumps({"event": "ping_user", "token": token})[:-1])
        wire.send({"event": "post_message", "data": token, "token": token, "ref": [token]})
    stack.put(f"/api/users/{user['id']}", token=token, json={"password": next_password})
    last = secret(stack.sign_in(nickname, next_password))
    stack.delete("/api/tokens", token=last)
    with httpx.Client(base_url=stack.url, trust_env=False, timeout=PATIENCE) as browser:
        cookies = browser.get("/admin/login/").cookies
        form = {
            "username": nickname,
            "password": next_password,
            "csrfmiddlewaretoken": cookies["csrftoken"],
        }
        browser.post("/admin/login/", data=form, headers={"Referer": stack.url})
    printed = json.loads(stack.manage(f"resetpassword {nickname} --yes --json"))
    secret(printed["password"])
    stack.manage(f"createuser {new_nickname()}", stdin=secret(new_password()))
    author = stack.person()
    with socket.create_connection(("127.0.0.1", stack.port)) as raw:
        raw.sendall(f"GET / HTTP/1.1\r\nAuthorization: Bearer {token}\r\nnonsense".encode())
    # The stored digest of a token must not be logged either.
    digests = [Token.digest_of(text) for text in (token, last)]
    for number in (1, 2):
        log_last(stack, number, author, pages)
    log = stack.log()
    assert {record["level"] for record in records(stack)} >= {"DEBUG", "INFO"}
    assert len({record["process"] for record in records(stack)}) >= 4
    for text in (*secrets, *digests):
        assert text not in log, next(line for line in stack.output if text in line)


def log_last(stack: Stack, number: int, author: Person, pages: Pages) -> None:
    """Wait until a node and both workers have logged all that came before this call."""
    with stack.node(number) as node:
        for prefer, loggers in (("", ("markdown_it", "celery.app.trace")),
                                ("respond-async", ("celery.app.trace",))):  # fmt: skip
            body = {"source": f"see {pages.add('<title>A page</title>')}"}
            headers = {"Authorization": f"Bearer {author.token}", "Prefer": prefer}
            answer = node.post("/api/messages", json=body, headers=headers)
            wait_for_records(stack, answer.headers["X-Request-ID"], *loggers)

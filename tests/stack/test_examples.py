"""Every example of the OpenAPI document, sent to a running Flack, gets the answer it shows."""

import re
import sqlite3
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from api.schema.examples import HELLO, NOON
from api.schema.openapi import document
from comparison.contract.client import Flack
from tests.running import Stack

Row = dict[str, Any]
PASSWORD = "correct horse"


class Example(NamedTuple):
    """One example of the document, collected from all places with its name."""

    method: str
    path: str
    operation: Row
    name: str

    def parameters(self, location: str) -> Row:
        """Return the values of the parameters in the path, query or headers."""
        return {
            parameter["name"]: parameter["examples"][self.name]["value"]
            for parameter in self.operation.get("parameters", [])
            if parameter["in"] == location and self.name in parameter.get("examples", {})
        }

    def body(self) -> Any:
        """Return the body of the request, or None."""
        return value(self.operation.get("requestBody", {}), self.name)

    def answer(self) -> tuple[int, Any]:
        """Return status and body of the answer; without a body it is 202 or 204."""
        for status, response in self.operation["responses"].items():
            if (body := value(response, self.name)) is not None:
                return int(status), body
        return 202 if "Prefer" in self.parameters("header") else 204, None

    def authorization(self, susan: str) -> Row:
        """Return the request options with valid credentials; invalid ones for a 401."""
        bad = self.answer()[0] == 401
        match self.operation["security"][-1]:
            case {"token": _} if not bad:
                return {"token": susan}
            case {"password": _}:
                return {"auth": ("susan", "wrong" if bad else PASSWORD)}
        return {}


def content(part: Row) -> Row:
    """Return the content of a request or response as JSON."""
    return part.get("content", {}).get("application/json", {})


def value(part: Row, name: str) -> Any:
    """Return the value of the example of a request or response, or None."""
    return content(part).get("examples", {}).get(name, {}).get("value")


def examples() -> Iterator[Example]:
    """Find all examples."""
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            parts = [
                *operation.get("parameters", []),
                content(operation.get("requestBody", {})),
                *map(content, operation["responses"].values()),
            ]
            names = {name for part in parts for name in part.get("examples", {})}
            if method == "delete" and not names:  # no values, so no named examples
                names.add("")
            for name in sorted(names):
                yield Example(method, path, operation, name)


@pytest.fixture(scope="module")
def world(playground: Stack) -> Iterator[tuple[str, int, sqlite3.Connection, sqlite3.Connection]]:
    """The data of the examples; yields Susan's token, the time of noon, a copy, the database."""
    database = sqlite3.connect(playground.var / "db.sqlite3", timeout=20)
    for table in ("message", "token", "user"):
        database.execute(f"DELETE FROM chat_{table}")
    database.execute("DELETE FROM sqlite_sequence")
    database.commit()
    tokens = {}
    for name in ("susan", "david"):
        account = {"nickname": name, "password": PASSWORD}
        assert playground.post("/api/users", json=account).status_code == 201
        tokens[name] = playground.sign_in(name, PASSWORD)
    for name, source in (("susan", HELLO["source"]), ("david", "hi **susan**")):
        playground.post("/api/messages", token=tokens[name], json={"source": source})
    noon = database.execute("SELECT max(updated_at) FROM chat_message").fetchone()[0] - 10
    times = "created_at = :noon, updated_at = :noon"
    database.execute(f"UPDATE chat_message SET {times}", {"noon": noon})
    changes = f"UPDATE chat_user SET {times}, last_seen_at = :noon, online = FALSE"
    database.execute(changes, {"noon": noon})
    database.commit()
    gone = (
        "INSERT INTO chat_deletion (deleted_at, model, first, last) VALUES (?, 'Message', 90, 95)"
    )
    database.execute("DELETE FROM chat_deletion")
    database.execute(gone, (noon,))
    database.commit()
    copy = sqlite3.connect(":memory:")
    database.backup(copy)
    yield tokens["susan"], noon, copy, database
    database.close()
    copy.close()


@pytest.mark.parametrize("example", list(examples()), ids=lambda e: f"{e.method} {e.path} {e.name}")
def test_an_example_gets_the_answer_it_shows(
    playground: Stack, world: Any, example: Example
) -> None:
    susan, noon, copy, database = world
    copy.backup(database)
    times = 2 if "Idempotency-Key" in example.parameters("header") else 1
    for _ in range(times):
        answer = send(playground, example, noon - NOON, susan)
    status, body = example.answer()
    assert (answer.status_code, comparable(answer.json() if answer.content else None)) == (
        status,
        comparable(body),
    )
    stated = example.operation["responses"][str(status)]
    required = [name for name, said in stated.get("headers", {}).items() if said.get("required")]
    assert [name for name in required if name not in answer.headers] == []


def send(flack: Flack, example: Example, later: int, susan: str) -> Any:
    """Send an example, with every time in it moved by `later` seconds."""
    query = {
        name: number + later if isinstance(number, int) and number >= NOON else number
        for name, number in example.parameters("query").items()
    }
    path = example.path.format_map(example.parameters("path"))
    options = example.authorization(susan)
    if (body := example.body()) is not None:
        options["json"] = body
    headers = example.parameters("header")
    return flack.request(example.method, path, params=query, headers=headers, **options)


def comparable(value: Any) -> Any:
    """Return a value with placeholders for times and tokens, which differ each time."""
    match value:
        case dict():
            return {key: comparable(item) for key, item in value.items()}
        case list():
            return [comparable(item) for item in value]
        case int() if value >= NOON:
            return "a time"
        case str() if re.fullmatch("[0-9a-f]{64}", value):
            return "a token"
    return value

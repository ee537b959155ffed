"""Errors are one JSON sentence, and nothing a client sends is a server's error."""

import json
from typing import Any

import pytest

from comparison.contract.client import Flack, Person, new_nickname, new_password

ERRORS: list[tuple[str, str, dict[str, Any], int]] = [
    ("GET", "/api/users/0", {}, 404),
    ("GET", "/api/messages/0", {}, 404),
    ("GET", "/api/messages/abc", {}, 404),
    ("GET", "/api/nothing", {}, 404),
    ("GET", "/tasks/status/unknown", {}, 404),
    ("DELETE", "/api/users", {}, 405),
    ("PATCH", "/api/messages", {}, 405),
    ("PUT", "/api/users/0", {"json": {}}, 404),
    ("PUT", "/api/users/{bob}", {"json": {}}, 403),
    ("PUT", "/api/messages/0", {"json": {"source": "x"}}, 404),
    ("POST", "/api/users", {"content": "{bad"}, 400),
    ("POST", "/api/messages", {"content": "{bad"}, 400),
]
INVALID: list[tuple[str, dict[str, Any], list[str]]] = [
    ("/api/users", {}, ["nickname", "password"]),
    ("/api/users", {"nickname": "x" * 33, "password": new_password()}, ["nickname"]),
    ("/api/users", {"nickname": new_nickname(), "password": None}, ["password"]),
    ("/api/messages", {}, ["source"]),
    ("/api/messages", {"source": ""}, ["source"]),
]
NUMBERS = ["abc", "1.5", "1e3", "--1", "0x10", "%00", "٣x", "NaN"]
JSON = {"Content-Type": "application/json"}


@pytest.mark.differs("D-13")
@pytest.mark.parametrize(("method", "path", "options", "status"), ERRORS)
def test_an_error_is_one_sentence_in_json(
    flack: Flack,
    ann: Person,
    bob: Person,
    method: str,
    path: str,
    options: dict[str, Any],
    status: int,
) -> None:
    path = path.format(bob=bob.id)
    answer = flack.request(method, path, token=ann.token, headers=JSON, **options)
    assert answer.status_code == status
    assert answer.headers["Content-Type"].startswith("application/json")
    assert set(answer.json()) <= {"error", "code", "fields"}
    assert type(answer.json()["error"]) is str
    assert answer.json()["error"].strip()


@pytest.mark.differs("D-13")
@pytest.mark.parametrize(("path", "body", "fields"), INVALID)
def test_invalid_input_names_its_fields(
    flack: Flack, ann: Person, path: str, body: dict[str, Any], fields: list[str]
) -> None:
    answer = flack.post(path, token=ann.token, json=body)
    assert answer.status_code == 400
    assert set(answer.json()) == {"error", "code", "fields"}
    assert sorted(answer.json()["fields"]) == fields


@pytest.mark.differs("D-40")
@pytest.mark.parametrize(
    ("method", "path", "options", "code"),
    [
        ("GET", "/api/users/0", {}, "not_found"),
        ("GET", "/api/nothing", {}, "not_found"),
        ("DELETE", "/api/users", {}, "method_not_allowed"),
        ("PUT", "/api/users/{bob}", {"json": {}}, "forbidden"),
        ("POST", "/api/messages", {"content": "{bad"}, "invalid"),
        ("POST", "/api/messages", {"json": {}}, "invalid"),
        ("POST", "/api/messages", {"json": {"source": "x" * 10_001}}, "too_long"),
        ("GET", "/api/messages?limit=ten", {}, "invalid"),
        ("PUT", "/api/users/{ann}", {"json": {"nickname": "x" * 33}}, "too_long"),
        ("PUT", "/api/users/{ann}", {"json": {"nickname": "{bob_name}"}}, "taken"),
        ("POST", "/api/users", {"json": {"nickname": "{bob_name}", "password": new_password()}},
         "taken"),
        ("POST", "/api/messages", {"content": "x" * 300_000}, "too_large"),
    ],
)  # fmt: skip
def test_an_error_has_a_code(
    flack: Flack,
    ann: Person,
    bob: Person,
    method: str,
    path: str,
    options: dict[str, Any],
    code: str,
) -> None:
    path = path.format(ann=ann.id, bob=bob.id)
    if (body := options.get("json")) and body.get("nickname") == "{bob_name}":
        options = {"json": body | {"nickname": bob.nickname}}
    answer = flack.request(method, path, token=ann.token, headers=JSON, **options)
    assert answer.json()["code"] == code


@pytest.mark.differs("D-40")
def test_an_error_of_a_wrong_token_or_password_has_a_code(flack: Flack, ann: Person) -> None:
    for answer in (
        flack.get("/api/users", token="0" * 64),
        flack.post("/api/tokens", auth=(ann.nickname, "wrong")),
    ):
        assert answer.json()["code"] == "authentication_required"


@pytest.mark.differs("D-35")
@pytest.mark.parametrize("no_id", ["9" * 40, "abc", "1abc", "1.0", "٣"])
@pytest.mark.parametrize("path", ["/api/users", "/api/messages"])
def test_an_id_that_is_no_number_is_404(flack: Flack, path: str, no_id: str) -> None:
    assert flack.get(f"{path}/{no_id}").status_code == 404


@pytest.mark.differs("D-14")
@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("path", ["/api/users", "/api/messages"])
def test_a_bad_updated_since_is_400(flack: Flack, path: str, number: str) -> None:
    answer = flack.get(f"{path}?updated_since={number}")
    assert answer.status_code == 400
    assert answer.json()["error"]


@pytest.mark.differs("D-14")
@pytest.mark.parametrize("name", ["user_id", "limit", "before"])
def test_a_bad_number_for_the_history_is_400(flack: Flack, name: str) -> None:
    for number in ("abc", "1.5", "%00"):
        assert flack.get(f"/api/messages?{name}={number}").status_code == 400, number


@pytest.mark.differs("D-14")
@pytest.mark.parametrize(
    "path",
    [
        "/api/users?updated_since=",
        "/api/messages?updated_since=",
        "/api/messages?user_id=",
        "/api/messages?before=",
        "/api/messages?limit=",
    ],
)
def test_a_huge_number_in_a_query_is_never_a_servers_error(flack: Flack, path: str) -> None:
    for number in (2**31, 2**63 - 1, 2**63, 10**40, -(10**40)):
        assert flack.get(f"{path}{number}").status_code in (200, 400), number


@pytest.mark.differs("D-04")
@pytest.mark.parametrize("text", ["\ud800", "a\0b", "\ufffe", "\u202e", "x" * 2_000_000])
def test_strange_text_is_taken_or_refused_but_never_a_servers_error(
    flack: Flack, ann: Person, text: str
) -> None:
    nickname = json.dumps({"nickname": new_nickname("n") + text, "password": new_password()})
    answer = flack.post("/api/users", content=nickname, headers=JSON)
    assert answer.status_code in (201, 400, 413)
    source = json.dumps({"source": text})
    answer = flack.post("/api/messages", token=ann.token, content=source, headers=JSON)
    assert answer.status_code in (201, 400, 413)
    if answer.status_code == 201:
        assert answer.json()["source"] == text

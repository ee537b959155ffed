"""`/api/tokens`, and what a token opens."""

import re
from unicodedata import normalize

import pytest

from comparison.contract.client import Flack, Person, new_nickname, new_password
from comparison.contract.shapes import assert_unauthorized

OPEN = ["/api/users", "/api/users/{id}", "/api/messages", "/api/messages/{message}"]
CLOSED = [
    ("PUT", "/api/users/{id}"),
    ("DELETE", "/api/tokens"),
    ("POST", "/api/messages"),
    ("PUT", "/api/messages/{message}"),
]


@pytest.fixture(scope="module")
def message(flack: Flack, ann: Person) -> int:
    """The id of a message of Ann's."""
    message_id: int = flack.posted(ann, "hello")["id"]
    return message_id


@pytest.mark.same
def test_signing_in_answers_200_with_a_token_of_64_hex_digits(flack: Flack, ann: Person) -> None:
    answer = flack.post("/api/tokens", auth=(ann.nickname, ann.password))
    assert answer.status_code == 200
    assert set(answer.json()) == {"token"}
    assert re.fullmatch("[0-9a-f]{64}", answer.json()["token"])


@pytest.mark.same
def test_signing_in_with_a_wrong_password_or_nickname_is_401(flack: Flack, ann: Person) -> None:
    for nickname, password in (
        (ann.nickname, "wrong"),
        (ann.nickname, ""),
        (ann.nickname, ann.password.swapcase()),
        (new_nickname(), ann.password),
        ("", ""),
    ):
        assert_unauthorized(flack.post("/api/tokens", auth=(nickname, password)))


@pytest.mark.same
@pytest.mark.parametrize("header", [None, "Basic", "Basic !!", "Basic bm9jb2xvbg==", "Bearer {}"])
def test_signing_in_without_good_basic_credentials_is_401(
    flack: Flack, ann: Person, header: str | None
) -> None:
    headers = {"Authorization": header.format(ann.token)} if header else {}
    assert_unauthorized(flack.post("/api/tokens", headers=headers))


@pytest.mark.same
def test_a_password_may_hold_a_colon(flack: Flack) -> None:
    nickname, password = new_nickname(), new_password() + ":x:"
    flack.post("/api/users", json={"nickname": nickname, "password": password})
    assert flack.sign_in(nickname, password)


@pytest.mark.differs("D-29")
def test_a_nickname_and_password_of_any_language_sign_in(flack: Flack) -> None:
    nickname, password = new_nickname("Жанна-日🙂"), new_password() + "пароль-ß"
    flack.post("/api/users", json={"nickname": nickname, "password": password})
    assert flack.sign_in(nickname, password)


@pytest.mark.differs("D-06")
def test_each_sign_in_gets_a_token_of_its_own(flack: Flack) -> None:
    person = flack.person()
    second = flack.sign_in(person.nickname, person.password)
    assert second != person.token
    for token in (person.token, second):
        assert flack.get("/api/users", token=token).status_code == 200


@pytest.mark.same
def test_a_deleted_token_is_dead(flack: Flack) -> None:
    person = flack.person()
    answer = flack.delete("/api/tokens", token=person.token)
    assert (answer.status_code, answer.text) == (204, "")
    assert_unauthorized(flack.delete("/api/tokens", token=person.token))
    assert_unauthorized(flack.post("/api/messages", token=person.token, json={"source": "x"}))
    assert flack.get("/api/users", token=person.token).status_code == 401
    assert flack.sign_in(person.nickname, person.password) != person.token


@pytest.mark.differs("D-07")
def test_deleting_a_token_leaves_the_users_other_tokens(flack: Flack) -> None:
    person = flack.person()
    second = flack.sign_in(person.nickname, person.password)
    assert flack.delete("/api/tokens", token=second).status_code == 204
    assert flack.put(f"/api/users/{person.id}", token=person.token, json={}).status_code == 204
    assert flack.get("/api/users", token=second).status_code == 401


@pytest.mark.same
@pytest.mark.parametrize(("method", "path"), CLOSED)
def test_an_endpoint_that_needs_a_token_is_401_without_a_valid_one(
    flack: Flack, ann: Person, message: int, method: str, path: str
) -> None:
    path = path.format(id=ann.id, message=message)
    for token in (None, "bad", "0" * 64, ann.token[:-1], ann.token + "0"):
        assert_unauthorized(flack.request(method, path, token=token, json={}))
    headers = {"Authorization": f"Basic {ann.token}"}
    assert_unauthorized(flack.request(method, path, headers=headers, json={}))


@pytest.mark.same
@pytest.mark.parametrize("path", OPEN)
def test_an_open_endpoint_refuses_only_a_bad_token(
    flack: Flack, ann: Person, message: int, path: str
) -> None:
    path = path.format(id=ann.id, message=message)
    assert flack.get(path).status_code == 200
    assert flack.get(path, token=ann.token).status_code == 200
    assert flack.get(path, token="0" * 64).status_code == 401


@pytest.mark.differs("D-26")
@pytest.mark.parametrize("path", OPEN)
def test_a_bad_token_at_an_open_endpoint_gets_the_same_401(
    flack: Flack, ann: Person, message: int, path: str
) -> None:
    assert_unauthorized(flack.get(path.format(id=ann.id, message=message), token="bad"))


@pytest.mark.differs("D-34")
@pytest.mark.parametrize("header", ["Basic {}", "Token {}", "Bearer", "{}"])
def test_credentials_that_are_no_bearer_token_are_refused_at_an_open_endpoint(
    flack: Flack, ann: Person, header: str
) -> None:
    headers = {"Authorization": header.format(ann.token)}
    assert_unauthorized(flack.get("/api/users", headers=headers))


@pytest.mark.differs("D-44")
def test_signing_in_ignores_case_and_composition(flack: Flack) -> None:
    nickname, password = new_nickname("Zo\u00eb"), new_password()
    user = flack.post("/api/users", json={"nickname": nickname, "password": password}).json()
    for typed in (nickname, nickname.upper(), nickname.lower(), normalize("NFD", nickname)):
        token = flack.sign_in(typed, password)
        assert flack.get("/api/users/me", token=token).json()["id"] == user["id"]

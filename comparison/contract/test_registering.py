"""`POST /api/users`: registering."""

from typing import Any

import pytest

from comparison.contract.client import Flack, Person, new_nickname, new_password, path_of
from comparison.contract.shapes import assert_just_made, assert_user

WRONG_TYPES = [None, 5, 1.5, True, ["a"], {"a": 1}]


def register(flack: Flack, **fields: Any) -> Any:
    """Register with a good nickname and password, but for the fields given."""
    good = {"nickname": new_nickname(), "password": new_password()}
    return flack.post("/api/users", json=good | fields)


@pytest.mark.same
def test_registering_answers_201_with_the_user_and_its_location(flack: Flack) -> None:
    nickname = new_nickname()
    answer = register(flack, nickname=nickname)
    assert answer.status_code == 201
    user = answer.json()
    assert_user(user)
    assert_just_made(user)
    assert user["nickname"] == nickname
    assert path_of(answer.headers["Location"]) == f"/api/users/{user['id']}"


@pytest.mark.same
def test_a_user_reads_back_as_registered(flack: Flack) -> None:
    user = register(flack).json()
    answer = flack.get(f"/api/users/{user['id']}")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.json() == user


@pytest.mark.differs("D-25")
def test_the_location_of_a_user_is_relative(flack: Flack) -> None:
    answer = register(flack)
    assert answer.headers["Location"] == f"/api/users/{answer.json()['id']}"


@pytest.mark.same
@pytest.mark.parametrize("field", ["nickname", "password"])
def test_registering_without_a_field_is_400(flack: Flack, field: str) -> None:
    fields = {"nickname": new_nickname(), "password": new_password()}
    del fields[field]
    assert flack.post("/api/users", json=fields).status_code == 400


@pytest.mark.same
def test_registering_a_taken_nickname_is_400(flack: Flack, ann: Person) -> None:
    assert register(flack, nickname=ann.nickname).status_code == 400


@pytest.mark.same
@pytest.mark.parametrize("body", ["", "{bad", "null", "[]", "{}", '{"nickname": "x",}', b"\xff"])
def test_registering_with_a_body_that_is_no_json_object_is_400(
    flack: Flack, body: str | bytes
) -> None:
    headers = {"Content-Type": "application/json"}
    assert flack.post("/api/users", content=body, headers=headers).status_code == 400


@pytest.mark.same
def test_registering_with_a_form_is_400(flack: Flack) -> None:
    form = {"nickname": new_nickname(), "password": new_password()}
    assert flack.post("/api/users", data=form).status_code == 400


@pytest.mark.same
def test_a_nickname_may_have_32_characters_of_any_language(flack: Flack) -> None:
    nickname = (new_nickname("Жанна-日本-🙂") + "é" * 32)[:32]
    answer = register(flack, nickname=nickname)
    assert answer.status_code == 201
    assert flack.user(answer.json()["id"])["nickname"] == nickname


@pytest.mark.differs("D-02")
def test_a_nickname_of_33_characters_is_400(flack: Flack) -> None:
    assert register(flack, nickname=new_nickname().ljust(33, "x")).status_code == 400


@pytest.mark.differs("D-03")
@pytest.mark.parametrize("nickname", ["", "{}:x", " {}", "{} ", "{}\tx", "{}\nx", "{}\0", "{}\x7f"])
def test_a_nickname_that_cannot_sign_in_or_looks_like_another_is_400(
    flack: Flack, nickname: str
) -> None:
    assert register(flack, nickname=nickname.format(new_nickname("n"))).status_code == 400


@pytest.mark.differs("D-01")
@pytest.mark.parametrize("password", ["password", "12345678", "x7!k"])
def test_a_password_that_is_common_or_numeric_or_short_is_400(flack: Flack, password: str) -> None:
    assert register(flack, password=password).status_code == 400


@pytest.mark.differs("D-04")
@pytest.mark.parametrize("value", WRONG_TYPES, ids=repr)
@pytest.mark.parametrize("field", ["nickname", "password"])
def test_registering_with_a_field_that_is_no_text_is_400(
    flack: Flack, field: str, value: object
) -> None:
    assert register(flack, **{field: value}).status_code == 400


@pytest.mark.differs("D-04")
@pytest.mark.parametrize("body", [[1], "x", 5, True], ids=repr)
def test_registering_with_json_that_is_no_object_is_400(flack: Flack, body: object) -> None:
    assert flack.post("/api/users", json=body).status_code == 400


@pytest.mark.differs("D-44")
@pytest.mark.parametrize(
    "first", ["Susan", "SUSAN", "\u0455usan", "\uff53usan", "su\u0455an", "su\u1e63an"]
)
def test_a_nickname_that_looks_like_another_users_is_400(flack: Flack, first: str) -> None:
    unique = new_nickname("")
    assert register(flack, nickname=first + unique).status_code == 201
    answer = register(flack, nickname="susan" + unique)
    assert answer.status_code == 400
    assert answer.json()["code"] == "taken"
    assert list(answer.json()["fields"]) == ["nickname"]


@pytest.mark.differs("D-44")
def test_nicknames_that_look_different_are_taken(flack: Flack) -> None:
    unique = new_nickname("")
    for word in ("han", "nan", "\u0438\u0440", "\u0439\u0440", "uv", "vv", "\u5f20\u4f1f"):
        assert register(flack, nickname=word + unique).status_code == 201

"""`/api/users`: reading, renaming."""

import time

import pytest

from comparison.contract.client import Flack, Person, new_nickname, new_password
from comparison.contract.shapes import assert_unauthorized, assert_user
from comparison.contract.test_registering import WRONG_TYPES, register


@pytest.mark.same
def test_the_list_has_every_user_by_last_change_then_nickname(flack: Flack) -> None:
    mine = {register(flack).json()["id"] for _ in range(4)}
    answer = flack.get("/api/users")
    assert answer.status_code == 200
    assert set(answer.json()) == {"users"}
    users = answer.json()["users"]
    for user in users:
        assert_user(user)
    assert mine <= {user["id"] for user in users}
    changes = [user["updated_at"] for user in users]
    assert changes == sorted(changes)
    by_name = [(user["updated_at"], user["nickname"]) for user in users if user["id"] in mine]
    assert by_name == sorted(by_name)


@pytest.mark.same
def test_the_list_can_be_of_those_online_or_offline(flack: Flack) -> None:
    away, here = register(flack).json()["id"], flack.person().id
    for query, listed, missing in (
        ("online=0", away, here),
        ("online=1", here, away),
        ("online=yes", here, away),
    ):
        users = flack.get(f"/api/users?{query}").json()["users"]
        assert {user["online"] for user in users} == {query != "online=0"}, query
        ids = [user["id"] for user in users]
        assert listed in ids and missing not in ids, query


@pytest.mark.same
def test_the_list_since_a_time_has_only_what_changed_strictly_later(flack: Flack) -> None:
    user = register(flack).json()
    since = user["updated_at"]
    later = flack.get(f"/api/users?updated_since={since}").json()["users"]
    assert user["id"] not in [other["id"] for other in later]
    assert all(other["updated_at"] > since for other in later)
    both = flack.get(f"/api/users?updated_since={since - 1}&online=0").json()["users"]
    assert user in both
    assert all(other["updated_at"] >= since and not other["online"] for other in both)


@pytest.mark.same
@pytest.mark.parametrize("user_id", [0, 2**31 - 1, -1])
def test_an_unknown_user_is_404(flack: Flack, user_id: int) -> None:
    assert flack.get(f"/api/users/{user_id}").status_code == 404


@pytest.mark.same
def test_renaming_oneself_is_204_and_counts_as_a_change(flack: Flack) -> None:
    person, nickname = flack.person(), new_nickname("renamed")
    before = flack.user(person.id)
    time.sleep(1.1)
    url = f"/api/users/{person.id}"
    answer = flack.put(url, token=person.token, json={"nickname": nickname})
    assert (answer.status_code, answer.text) == (204, "")
    after = flack.user(person.id)
    assert after["nickname"] == nickname
    assert after["updated_at"] > before["updated_at"]
    assert after["created_at"] == before["created_at"]
    assert flack.sign_in(nickname, person.password)


@pytest.mark.same
@pytest.mark.parametrize("fields", [{}, {"unknown": 1}], ids=repr)
def test_changing_nothing_is_204(flack: Flack, ann: Person, fields: object) -> None:
    answer = flack.put(f"/api/users/{ann.id}", token=ann.token, json=fields)
    assert answer.status_code == 204
    assert flack.user(ann.id)["nickname"] == ann.nickname


@pytest.mark.same
def test_keeping_ones_own_nickname_is_204(flack: Flack, ann: Person) -> None:
    fields = {"nickname": ann.nickname}
    answer = flack.put(f"/api/users/{ann.id}", token=ann.token, json=fields)
    assert answer.status_code == 204


@pytest.mark.same
def test_a_new_password_ends_the_users_tokens(flack: Flack) -> None:
    person, password = flack.person(), new_password()
    url = f"/api/users/{person.id}"
    assert flack.put(url, token=person.token, json={"password": password}).status_code == 204
    assert_unauthorized(flack.put(url, token=person.token, json={}))
    assert_unauthorized(flack.post("/api/tokens", auth=(person.nickname, person.password)))
    token = flack.sign_in(person.nickname, password)
    assert token != person.token
    assert flack.put(url, token=token, json={}).status_code == 204


@pytest.mark.same
def test_changing_another_user_is_403_and_an_unknown_one_404(
    flack: Flack, ann: Person, bob: Person
) -> None:
    fields = {"nickname": new_nickname()}
    assert flack.put(f"/api/users/{bob.id}", token=ann.token, json=fields).status_code == 403
    assert flack.user(bob.id)["nickname"] == bob.nickname
    assert flack.put("/api/users/2147483647", token=ann.token, json=fields).status_code == 404


@pytest.mark.same
def test_changing_a_user_without_a_token_is_401(flack: Flack, ann: Person) -> None:
    for token in (None, "bad", "0" * 64):
        assert_unauthorized(flack.put(f"/api/users/{ann.id}", token=token, json={}))


@pytest.mark.same
def test_changing_a_user_with_bad_json_is_400(flack: Flack, ann: Person) -> None:
    headers = {"Content-Type": "application/json"}
    answer = flack.put(f"/api/users/{ann.id}", token=ann.token, content="{bad", headers=headers)
    assert answer.status_code == 400


@pytest.mark.differs("D-05")
def test_renaming_oneself_to_a_taken_nickname_is_400(
    flack: Flack, ann: Person, bob: Person
) -> None:
    fields = {"nickname": bob.nickname}
    answer = flack.put(f"/api/users/{ann.id}", token=ann.token, json=fields)
    assert answer.status_code == 400
    assert flack.user(ann.id)["nickname"] == ann.nickname


@pytest.mark.differs("D-03")
@pytest.mark.parametrize("nickname", ["", "a:b", " a", "a ", "a\nb", "x" * 33])
def test_renaming_keeps_the_rules_of_registering(flack: Flack, ann: Person, nickname: str) -> None:
    answer = flack.put(f"/api/users/{ann.id}", token=ann.token, json={"nickname": nickname})
    assert answer.status_code == 400


@pytest.mark.differs("D-01")
def test_a_new_password_keeps_the_rules_of_registering(flack: Flack, ann: Person) -> None:
    answer = flack.put(f"/api/users/{ann.id}", token=ann.token, json={"password": "password"})
    assert answer.status_code == 400
    assert flack.sign_in(ann.nickname, ann.password)


@pytest.mark.differs("D-04")
@pytest.mark.parametrize("value", WRONG_TYPES, ids=repr)
@pytest.mark.parametrize("field", ["nickname", "password"])
def test_changing_a_field_to_what_is_no_text_is_400(
    flack: Flack, ann: Person, field: str, value: object
) -> None:
    answer = flack.put(f"/api/users/{ann.id}", token=ann.token, json={field: value})
    assert answer.status_code == 400


@pytest.mark.differs("D-43")
def test_patch_changes_what_put_changes(flack: Flack, bob: Person) -> None:
    person = flack.person()
    nickname = new_nickname("patched")
    path = f"/api/users/{person.id}"
    assert flack.request("PATCH", path, token=bob.token, json={}).status_code == 403
    answer = flack.request("PATCH", path, token=person.token, json={"nickname": nickname})
    assert (answer.status_code, answer.content) == (204, b"")
    assert flack.get(path).json()["nickname"] == nickname
    posted = flack.posted(person, "before")
    edit = flack.request(
        "PATCH", posted["_links"]["self"], token=person.token, json={"source": "after"}
    )
    assert edit.status_code == 204
    assert flack.message(posted["id"])["source"] == "after"


@pytest.mark.differs("D-45")
def test_me_is_the_user_that_owns_the_token(flack: Flack, ann: Person, bob: Person) -> None:
    for person in (ann, bob):
        answer = flack.get("/api/users/me", token=person.token)
        assert answer.status_code == 200
        assert answer.json() == {**flack.user(person.id), "is_banned": False, "is_staff": False}
    assert_unauthorized(flack.get("/api/users/me"))
    assert_unauthorized(flack.get("/api/users/me", token="0" * 64))


@pytest.mark.differs("D-48")
def test_a_nickname_finds_the_user_that_has_taken_it(flack: Flack, ann: Person) -> None:
    def found(nickname: str) -> list[int]:
        users = flack.get("/api/users", params={"nickname": nickname}).json()["users"]
        return [user["id"] for user in users]

    assert found(ann.nickname) == found(ann.nickname.swapcase()) == [ann.id]
    assert found(new_nickname()) == []
    assert flack.get("/api/users", params={"nickname": "a:b"}).status_code == 400


@pytest.mark.differs("D-50")
def test_ids_list_these_users(flack: Flack, ann: Person, bob: Person) -> None:
    users = flack.get(f"/api/users?ids={ann.id},{bob.id},2147483647").json()["users"]
    assert {user["id"] for user in users} == {ann.id, bob.id}
    assert flack.get("/api/users?ids=ann").status_code == 400
    many = ",".join(str(number) for number in range(1, 102))
    assert flack.get(f"/api/users?ids={many}").status_code == 400


@pytest.mark.differs("D-50")
def test_a_list_is_bounded_and_links_to_the_rest(flack: Flack, ann: Person) -> None:
    found, path = [], "/api/users?updated_since=0"
    while path:
        answer = flack.get(path)
        users = answer.json()["users"]
        earlier = [user for user in users if user["updated_at"] < users[-1]["updated_at"]]
        assert len(earlier) < 1000
        found += [user["id"] for user in users]
        path = answer.links.get("next", {}).get("url", "")
    assert ann.id in found

"""Tests of api/users.py: register, list, show, change."""

from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chat import throttling
from chat.accounts.nicknames import normalize
from chat.models import Token, User, timestamp
from tests.kit import PASSWORD, basic

pytestmark = pytest.mark.django_db


def names(response):
    """Return the nicknames of a list, in its order."""
    return [user["nickname"] for user in response.json()["users"]]


# --- POST /api/users --------------------------------------------------------------------------


def test_a_registration_answers_the_user_and_where_it_is(call):
    response = call("POST", "/api/users", {"nickname": "Alice", "password": PASSWORD})
    user = User.objects.get()
    assert response.status_code == 201
    assert response.json() == user.to_dict()
    assert response["Location"] == f"/api/users/{user.pk}"
    assert response["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["nickname", "password"]),
        ({"nickname": "Carol"}, ["password"]),
        ({"password": PASSWORD}, ["nickname"]),
        ({"nickname": "Alice", "password": PASSWORD}, ["nickname"]),
        ({"nickname": "a" * 33, "password": PASSWORD}, ["nickname"]),
        ({"nickname": "", "password": PASSWORD}, ["nickname"]),
        ({"nickname": None, "password": PASSWORD}, ["nickname"]),
        ({"nickname": 7, "password": PASSWORD}, ["nickname"]),
        ({"nickname": ["Carol"], "password": PASSWORD}, ["nickname"]),
        ({"nickname": "Carol", "password": ""}, ["password"]),
        ({"nickname": "Carol", "password": "12345678"}, ["password"]),
        ({"nickname": "Carol", "password": 12345678}, ["password"]),
    ],
)
def test_a_bad_registration_names_the_fields(alice, call, body, fields):
    response = call("POST", "/api/users", body)
    assert response.status_code == 400
    assert sorted(response.json()["fields"]) == fields
    assert response.json()["error"].startswith(f"{next(iter(response.json()['fields']))}: ")
    assert User.objects.count() == 1


def test_any_password_is_taken_without_validators(call, settings):
    settings.AUTH_PASSWORD_VALIDATORS = []
    assert call("POST", "/api/users", {"nickname": "Alice", "password": "a"}).status_code == 201


def test_a_nickname_is_not_trimmed(call):
    response = call("POST", "/api/users", {"nickname": " Alice", "password": PASSWORD})
    assert response.status_code == 400


@given(st.text(max_size=34))
@example("AABELOPRRSS")  # has many letters of the password
def test_any_nickname_is_refused_or_can_sign_in(call, settings, nickname):
    settings.FLACK_RATE_LIMITS = False
    settings.AUTH_PASSWORD_VALIDATORS = []
    User.objects.all().delete()
    try:
        nickname.encode()
    except UnicodeEncodeError:
        return  # cannot be said in JSON
    response = call("POST", "/api/users", {"nickname": nickname, "password": PASSWORD})
    if response.status_code == 201:
        assert response.json()["nickname"] == normalize(nickname)
        signed_in = call("POST", "/api/tokens", headers=basic(nickname))
        assert signed_in.status_code == 200
    else:
        assert response.status_code == 400
        assert list(response.json()["fields"]) == ["nickname"]


def test_too_many_registrations_from_one_address_are_refused(call, monkeypatch, new_minute):
    monkeypatch.setattr(throttling, "REGISTER", throttling.Limit("register", 1, 60))
    weak = {"nickname": "Alice", "password": "short"}
    answers = [call("POST", "/api/users", weak) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [400, 429]
    assert 0 < int(answers[1]["Retry-After"]) <= 60
    assert list(answers[1].json()) == ["error", "code", "retry_after"]


def test_changing_oneself_too_often_is_refused(alice, call, monkeypatch, new_minute):
    monkeypatch.setattr(throttling, "CHANGE", throttling.Limit("change", 2, 60))
    path = f"/api/users/{alice.pk}"
    answers = [call("PUT", path, {"nickname": "x"}, token=alice.token) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [204, 204, 429]


# --- GET /api/users ---------------------------------------------------------------------------


@pytest.fixture
def people(make_user):
    """Four people, made in another order than that of their changes."""
    make_user("late", updated_at=300, online=True)
    make_user("second", updated_at=100)
    make_user("first", updated_at=100, online=True)
    make_user("middle", updated_at=200)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["first", "second", "middle", "late"]),
        ("?online=0", ["second", "middle"]),
        ("?online=1", ["first", "late"]),
        ("?online=yes", ["first", "late"]),
        ("?updated_since=99", ["first", "second", "middle", "late"]),
        ("?updated_since=100", ["middle", "late"]),
        ("?updated_since=100&online=0", ["middle"]),
        ("?updated_since=300", []),
    ],
)
def test_users_are_listed_by_their_last_change_then_by_nickname(people, call, query, found):
    assert names(call("GET", f"/api/users{query}")) == found


@pytest.mark.parametrize(
    ("nickname", "found"),
    [("Alice", ["Alice"]), ("ALICE", ["Alice"]), ("Аlice", ["Alice"]), ("Carol", [])],
)
def test_users_are_found_by_a_nickname_that_looks_like_theirs(alice, bob, call, nickname, found):
    assert names(call("GET", f"/api/users?nickname={quote(nickname)}")) == found


@pytest.mark.parametrize("nickname", ["", "a:b", " a", "\0", "\u202ea", "😀" * 33, "a" * 9999])
def test_a_nickname_that_no_user_can_have_is_400(alice, call, nickname):
    response = call("GET", f"/api/users?nickname={quote(nickname)}")
    assert response.status_code == 400
    assert list(response.json()["fields"]) == ["nickname"]


def test_the_list_shows_what_each_user_shows(people, call):
    for user in call("GET", "/api/users").json()["users"]:
        assert call("GET", user["_links"]["self"]).json() == user


@pytest.mark.parametrize("number", ["x", "1.5", "1e3", " 1", "٣", "9" * 19, "9" * 5000, "%00"])
def test_a_bad_number_is_a_400(call, number):
    response = call("GET", f"/api/users?updated_since={number}")
    assert response.status_code == 400
    assert list(response.json()["fields"]) == ["updated_since"]


@given(query=st.text())
def test_any_query_is_answered(client, query):
    response = client.get("/api/users", {"updated_since": query, "online": query})
    assert response.status_code in (200, 400)
    assert set(response.json()) in ({"users"}, {"error", "code", "fields"})


@pytest.mark.parametrize("path", ["/api/users", "/api/messages"])
def test_a_stranger_reads_a_list_in_one_query(alice, path, call, django_assert_num_queries):
    alice.messages.create(source="a")
    with django_assert_num_queries(1):
        assert call("GET", path).status_code == 200


# --- GET /api/users/ID ------------------------------------------------------------------------


def test_a_user_is_shown_to_anyone(alice, call):
    response = call("GET", f"/api/users/{alice.pk}")
    assert (response.status_code, response.json()) == (200, alice.to_dict())


@pytest.mark.parametrize(
    "pk", ["0", "999999", "9" * 18, "9" * 19, "9" * 400, "x", "-1", "1.5", "1/"]
)
def test_an_unknown_user_is_a_404(alice, call, pk):
    response = call("GET", f"/api/users/{pk}")
    assert (response.status_code, response.json()) == (
        404,
        {"error": "Not found.", "code": "not_found"},
    )


def test_a_user_is_shown_by_one_read_beside_that_of_the_token(
    alice, bob, call, django_assert_num_queries
):
    for user, token, queries in (
        (alice, None, 1),
        (alice, alice.token, 1),  # the token is read with its user
        (bob, alice.token, 2),
    ):
        with django_assert_num_queries(queries):
            shown = call("GET", f"/api/users/{user.pk}", token=token)
        assert shown.json() == user.to_dict()


def test_a_token_marks_its_user_as_seen(alice, call, clock, pushes, committed):
    User.objects.update(online=False, last_seen_at=0)
    with committed():
        shown = call("GET", f"/api/users/{alice.pk}", token=alice.token).json()
    assert shown["online"]
    assert shown["last_seen_at"] == timestamp()
    assert [push["model"]["online"] for push in pushes] == [True]


# --- PUT /api/users/ID ------------------------------------------------------------------------


def test_one_changes_ones_nickname(alice, call):
    response = call("PUT", f"/api/users/{alice.pk}", {"nickname": "Alicia"}, token=alice.token)
    assert (response.status_code, response.content) == (204, b"")
    assert call("GET", f"/api/users/{alice.pk}").json()["nickname"] == "Alicia"
    assert Token.user_of(Token.digest_of(alice.token)) == alice


def test_a_new_password_ends_all_of_ones_tokens(alice, bob, call):
    path = f"/api/users/{alice.pk}"
    assert call("PUT", path, {"password": "another-good-one"}, token=alice.token).status_code == 204
    assert call("GET", path, token=alice.token).status_code == 401
    assert call("GET", path, token=bob.token).status_code == 200
    assert call("POST", "/api/tokens", headers=basic("Alice")).status_code == 401
    signed_in = call("POST", "/api/tokens", headers=basic("Alice", "another-good-one"))
    assert signed_in.status_code == 200


def test_both_can_change_at_once(alice, call):
    body = {"nickname": "Alicia", "password": "another-good-one"}
    assert call("PUT", f"/api/users/{alice.pk}", body, token=alice.token).status_code == 204
    assert call("POST", "/api/tokens", headers=basic(*body.values())).status_code == 200


@pytest.mark.parametrize("body", [{}, {"unknown": 1}, {"nickname": "Alice"}])
def test_a_change_of_nothing_is_a_204_and_no_change(alice, call, pushes, committed, body):
    with committed():
        response = call("PUT", f"/api/users/{alice.pk}", body, token=alice.token)
    assert response.status_code == 204
    assert pushes == []
    assert User.objects.get(pk=alice.pk).updated_at == alice.updated_at


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"nickname": "Bob"}, "nickname"),
        ({"nickname": ""}, "nickname"),
        ({"nickname": None}, "nickname"),
        ({"nickname": "a" * 33}, "nickname"),
        ({"password": "a"}, "password"),
        ({"password": ""}, "password"),
    ],
)
def test_a_bad_change_names_the_field_and_changes_nothing(alice, bob, call, body, field):
    response = call("PUT", f"/api/users/{alice.pk}", body, token=alice.token)
    assert response.status_code == 400
    assert list(response.json()["fields"]) == [field]
    assert User.objects.get(pk=alice.pk).to_dict() == alice.to_dict()
    assert Token.user_of(Token.digest_of(alice.token)) == alice


def test_another_user_is_a_403(alice, bob, call):
    response = call("PUT", f"/api/users/{alice.pk}", {"nickname": "x"}, token=bob.token)
    assert (response.status_code, list(response.json())) == (403, ["error", "code"])
    assert User.objects.get(pk=alice.pk).nickname == "Alice"


def test_to_change_an_unknown_user_is_a_404(alice, call):
    assert call("PUT", "/api/users/999999", {}, token=alice.token).status_code == 404


def test_to_change_a_user_takes_a_token(alice, call):
    assert call("PUT", f"/api/users/{alice.pk}", {"nickname": "x"}).status_code == 401


def test_me_is_the_user_that_owns_the_token(alice, bob, call):
    for user in (alice, bob):
        response = call("GET", "/api/users/me", token=user.token)
        assert (response.status_code, response.json()["id"]) == (200, user.pk)


def test_me_includes_what_the_user_may_do(alice, call):
    for may in ({"is_banned": True, "is_staff": False}, {"is_banned": False, "is_staff": True}):
        User.objects.filter(pk=alice.pk).update(**may)
        me = call("GET", "/api/users/me", token=alice.token).json()
        assert me == {**call("GET", f"/api/users/{alice.pk}").json(), **may}


@pytest.mark.parametrize("token", [None, "0" * 64])
def test_me_without_a_valid_token_is_401(alice, call, token):
    response = call("GET", "/api/users/me", token=token)
    assert response.status_code == 401
    assert response.json()["code"] == "authentication_required"

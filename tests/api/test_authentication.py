"""Tests of api/authentication.py: what each endpoint asks for, and what a token may look like."""

import pytest

from chat import actions
from chat.models import Token, User, timestamp
from tests.kit import PASSWORD, basic

pytestmark = pytest.mark.django_db

OPTIONAL = ["/api/users", "/api/users/{user}", "/api/messages", "/api/messages/{message}"]
NEEDED = [
    ("PUT", "/api/users/{user}", {"nickname": "x"}),
    ("POST", "/api/messages", {"source": "a"}),
    ("PUT", "/api/messages/{message}", {"source": "b"}),
    ("DELETE", "/api/tokens", b""),
]
BAD = [
    "Bearer",
    "Bearer ",
    "Bearer x",
    "Bearer " + "0" * 64,
    "bearer é",
    "Token x",
    "x",
    "Bearer a b",
]


@pytest.fixture
def path(alice):
    """A function that fills the ids of Alice and of a message of hers into a path."""
    message = alice.messages.create(source="a")
    return lambda text: text.format(user=alice.pk, message=message.pk)


def assert_unauthenticated(response):
    """Check that an answer is the contract's 401."""
    assert (response.status_code, response.json()) == (
        401,
        {"error": "authentication required", "code": "authentication_required"},
    )
    assert response["WWW-Authenticate"] == 'Bearer realm="Authentication Required"'


@pytest.mark.parametrize("text", OPTIONAL)
def test_anyone_reads(path, call, text):
    assert call("GET", path(text)).status_code == 200


@pytest.mark.parametrize("text", OPTIONAL)
def test_a_good_token_reads_and_is_seen(path, alice, call, clock, text):
    User.objects.update(last_seen_at=0)
    assert call("GET", path(text), token=alice.token).status_code == 200
    assert User.objects.get().last_seen_at == timestamp()


@pytest.mark.attack("Tokens: bad, ended, another's")
@pytest.mark.parametrize("text", OPTIONAL)
def test_a_bad_token_does_not_even_read(path, call, text):
    assert_unauthenticated(call("GET", path(text), token="0" * 64))


@pytest.mark.attack("Tokens: bad, ended, another's")
@pytest.mark.parametrize(("method", "text", "body"), NEEDED)
def test_a_stranger_changes_nothing(path, call, method, text, body):
    assert_unauthenticated(call(method, path(text), body))


@pytest.mark.attack("Tokens: bad, ended, another's")
@pytest.mark.parametrize(("method", "text", "body"), NEEDED)
def test_a_bad_token_changes_nothing(path, call, method, text, body):
    assert_unauthenticated(call(method, path(text), body, token="0" * 64))


@pytest.mark.attack("Tokens: bad, ended, another's")
@pytest.mark.parametrize("header", BAD)
def test_a_header_that_is_no_token_is_a_401(alice, call, header):
    assert_unauthenticated(call("GET", "/api/users", headers={"Authorization": header}))


@pytest.mark.parametrize("odd", ["\x1f", "\xa0", "\x85", "\t", "\v"])
def test_only_spaces_around_a_token_are_nothing(alice, call, odd):
    for text, status in ((f"  {alice.token} ", 200), (f"{alice.token}{odd}", 401)):
        answer = call("GET", "/api/users", headers={"Authorization": f"Bearer {text}"})
        assert answer.status_code == status


@pytest.mark.attack("Tokens: bad, ended, another's")
def test_a_password_is_no_token(alice, call):
    assert_unauthenticated(call("GET", "/api/users", headers=basic("Alice")))


def test_the_name_of_the_scheme_has_no_case(alice, call):
    headers = {"Authorization": f"bEARER {alice.token}"}
    assert call("GET", "/api/users", headers=headers).status_code == 200


@pytest.mark.attack("Tokens: bad, ended, another's")
def test_the_digest_of_a_token_is_no_token(alice, call):
    assert_unauthenticated(call("GET", "/api/users", token=Token.objects.get().digest))


@pytest.mark.attack("Tokens: bad, ended, another's")
def test_the_token_of_an_inactive_user_is_bad(alice, call):
    User.objects.update(is_active=False)
    assert_unauthenticated(call("GET", "/api/users", token=alice.token))


@pytest.mark.parametrize(("days", "status"), [(0, 200), (8, 200), (7, 401)])
def test_a_token_expires_after_the_days_of_the_setting(alice, call, settings, days, status):
    settings.FLACK_TOKEN_DAYS = days
    Token.objects.update(created_at=timestamp() - 7 * 86400)
    assert call("GET", "/api/users", token=alice.token).status_code == status


def test_a_token_reads_once_and_writes_nothing_within_15_seconds(
    alice, call, clock, django_assert_num_queries
):
    for queries in (2, 2):  # the token, the list
        with django_assert_num_queries(queries):
            call("GET", "/api/messages", token=alice.token)
    clock.advance(16)
    seen_at = User.objects.get().last_seen_at
    call("GET", "/api/messages", token=alice.token)
    assert User.objects.get().last_seen_at > seen_at


@pytest.mark.attack("Tokens: bad, ended, another's")
def test_a_token_ends_with_the_password(alice, call):
    actions.update_user(editor=alice, user=alice, password=PASSWORD + "!")
    assert_unauthenticated(call("GET", "/api/users", token=alice.token))

"""Tests of chat/models/tokens.py."""

import pytest

from chat.models import Token, User

pytestmark = pytest.mark.django_db


def test_a_token_is_kept_as_a_digest_only(alice):
    assert [token.digest for token in Token.objects.all()] == [Token.digest_of(alice.token)]
    assert alice.token not in Token.objects.get().digest


def test_the_user_of_a_token_is_found_in_one_query(alice, bob, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert Token.user_of(Token.digest_of(bob.token)) == bob


@pytest.mark.parametrize("token", ["", "0" * 64, "\ud800", "\0"])
def test_an_unknown_token_has_no_user(alice, token):
    assert Token.user_of(Token.digest_of(token)) is None


def test_the_token_of_an_inactive_user_is_invalid(alice):
    User.objects.update(is_active=False)
    assert Token.user_of(Token.digest_of(alice.token)) is None

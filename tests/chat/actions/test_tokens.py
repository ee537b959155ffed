"""Tests of chat/actions/tokens.py; tests/chat/test_revocation.py has each way to end a sign-in."""

import pytest

from chat import actions
from chat.models import Token

pytestmark = pytest.mark.django_db


def test_each_sign_in_gets_a_token_of_its_own(alice):
    tokens = [actions.issue_token(user=alice) for _ in range(2)]
    assert tokens[0] != tokens[1]
    assert all(len(token) == 64 and int(token, 16) for token in tokens)


def test_signing_in_brings_online(make_user, pushes, committed):
    carol = make_user("Carol")
    with committed():
        actions.issue_token(user=carol)
    assert [push["model"]["online"] for push in pushes] == [True]


def test_tokens_are_ended_alone_and_named_to_every_node(alice, ended, committed):
    other, digest = actions.issue_token(user=alice), Token.digest_of(alice.token)
    with committed():
        assert actions.end_tokens(tokens=Token.objects.filter(digest=digest)) == 1
        assert actions.end_tokens(tokens=Token.objects.filter(digest=digest)) == 0
    assert [token.digest for token in Token.objects.all()] == [Token.digest_of(other)]
    assert ended == [digest]


def test_a_new_password_names_every_token_that_it_ends(alice, bob, ended, committed):
    tokens = [alice.token, actions.issue_token(user=alice)]
    with committed():
        actions.update_user(editor=alice, user=alice, password="another-good-one")
    assert sorted(ended) == sorted(map(Token.digest_of, tokens))

"""Tests that a long text of a client or of a linked page costs little: it is refused or cut early.

`unicodedata` sorts each run of marks by insertion, in quadratic time, and lets no other thread run
meanwhile.
"""

import sys
import unicodedata
from difflib import SequenceMatcher

import pytest
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from chat import actions
from chat.accounts import skeletons
from chat.accounts.nicknames import MAX_NICKNAME, MAX_TYPED, normalize
from chat.content import fetch
from chat.content.markup import render
from chat.models import MAX_SOURCE
from chat.search import GAP, MARKS, WORD, words
from tests.kit import PASSWORD, basic

pytestmark = [pytest.mark.django_db, pytest.mark.attack("Text: long, and with runs of marks")]

LONGEST = 1_024  # marks in a row, 0.5 ms; as many characters as idna takes for a host
RUN = "\u0301\u0316" * 2_000  # each pair is in the wrong order
# NFKD makes marks of all of these.
PAIRS = [
    "\u0f73",
    "\u0e38\u0e48",
    "\uff9e\u0301",
    "\u0301\u0316",
    "\u3099\u0301\u0f72",
]


@pytest.fixture
def runs(monkeypatch):
    """The longest run of marks of each text that was normalised."""
    real, found = unicodedata.normalize, [0]

    def spy(form, text):
        run = 0
        for character in text:
            marks = real("NFKD", character)
            run = run + len(marks) if all(map(unicodedata.combining, marks)) else 0
            found.append(run)
        return real(form, text)

    monkeypatch.setattr(unicodedata, "normalize", spy)
    monkeypatch.setattr(skeletons, "normalize", spy)
    return found


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/api/users", {"nickname": f"a{RUN}", "password": PASSWORD}),
        ("PUT", "/api/users/{}", {"nickname": f"a{RUN}"}),
        ("GET", f"/api/users?nickname=a{RUN}", b""),
        ("GET", f"/api/messages?q=a{RUN}", b""),
    ],
)
def test_a_nickname_or_query_with_a_run_of_marks_is_too_long(alice, call, runs, method, path, body):
    response = call(method, path.format(alice.pk), body, token=alice.token)
    assert (response.status_code, response.json()["code"]) == (400, "too_long")
    assert max(runs) <= LONGEST


def test_of_a_nickname_that_is_too_long_the_first_characters_are_looked_at(monkeypatch):
    looks = []
    monkeypatch.setattr(unicodedata, "category", lambda character: looks.append(character) or "L")
    monkeypatch.setattr(SequenceMatcher, "quick_ratio", lambda self: looks.append(self) or 0.0)
    with pytest.raises(ValidationError) as error:
        actions.register(nickname="abc " * 50_000 + "z", password="wxyz-abc")
    assert error.value.error_dict["nickname"][0].code == "max_length"
    assert len(looks) <= 2 * MAX_TYPED


def test_no_user_signs_in_with_a_run_of_marks(alice, client, call, runs):
    assert call("POST", "/api/tokens", headers=basic(f"Alice{RUN}")).status_code == 401
    form = {"username": f"Alice{RUN}", "password": PASSWORD}
    for path in ("/admin/login/", "/api-auth/login/"):
        assert client.post(path, form).status_code == 200  # the form again
    assert authenticate(nickname=f"Alice{RUN}", password=PASSWORD) is None
    assert max(runs) <= LONGEST


@pytest.mark.parametrize("marks", PAIRS, ids=ascii)
@pytest.mark.parametrize("start", ["a", "http://a", "[a](http://a", "<a href='http://foo.com"])
def test_a_message_with_a_run_of_marks_is_posted(alice, call, runs, start, marks):
    source = (start + marks * MAX_SOURCE)[: MAX_SOURCE - 3] + "'>)"
    assert call("POST", "/api/messages", {"source": source}, token=alice.token).status_code == 201
    assert max(runs) <= LONGEST


@pytest.mark.parametrize(("url", "location"), [(f"http://a{RUN * 2}/", ""), ("http://a/", RUN * 3)])
def test_a_url_that_is_too_long_is_not_parsed(runs, url, location):
    with pytest.raises(fetch.Refused, match="too long"):
        fetch.parse(url, location)
    assert max(runs) <= LONGEST


@given(st.text(min_size=MAX_TYPED + 1, max_size=2 * MAX_TYPED))
def test_a_text_that_is_not_composed_is_too_long_for_a_nickname(text):
    assert normalize(text) == text
    assert len(unicodedata.normalize("NFC", text)) > MAX_NICKNAME


LETTERS = "aéﬁ한日 ．-\u0928\u0e01\uff76"
ANY_MARKS = "\u0301\u0316\u0323\u0f71\u0f72\u0f73\u093c\u0e38\u0e48\uff9e"


@given(st.text(st.sampled_from(LETTERS + ANY_MARKS), max_size=30))
def test_the_words_are_those_of_the_whole_text_normalised_at_once(text):
    letters = MARKS.sub("", unicodedata.normalize("NFKD", text.casefold()))
    assert words(text) == WORD.findall(unicodedata.normalize("NFC", letters).casefold())


def test_a_run_of_any_marks_is_a_gap_that_is_cut():
    marks = "".join(filter(unicodedata.combining, map(chr, range(sys.maxunicode + 1))))
    assert len(GAP.sub(r"\1", marks)) == 30


def test_rendering_a_run_of_marks_sorts_nothing_long(runs):
    for marks in PAIRS:
        render(f"<http://a{marks * 4_000}>")
    assert max(runs) <= LONGEST

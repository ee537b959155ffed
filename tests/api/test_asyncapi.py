"""Tests of api/schema/asyncapi.py: the document is valid, and the server accepts what it allows.

The frames of all other tests are validated against it by tests/frames.py.
"""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator, ValidationError

from api import serializers
from api.parameters import KEY
from api.schema import asyncapi
from tests.frames import Conversation, validators

ROOT = Path(__file__).resolve().parent.parent.parent
# Of the lint tools of the page; `make lint` installs them.
SPECIFICATION = ROOT / "tests/browser/node_modules/@asyncapi/specs/schemas/3.0.0-without-$id.json"

TOKENS = st.from_regex(serializers.TOKEN["pattern"], fullmatch=True, alphabet="0123456789abcdef")
SOURCES = st.from_regex(serializers.SOURCE["pattern"], fullmatch=True).filter(
    lambda source: len(source) < 10_000
)
REFS = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**64 - 1),
    st.from_regex(KEY["pattern"], fullmatch=True).filter(lambda s: len(s) <= 200),
)


def test_the_document_matches_the_specification():
    if not SPECIFICATION.exists():
        pytest.skip("needs the npm packages of tests/browser, which `make lint` installs")
    Draft7Validator(json.loads(SPECIFICATION.read_text())).validate(asyncapi.document())


def test_the_document_is_served(client):
    assert client.get("/api/schema/asyncapi.json").json() == asyncapi.document()


@pytest.mark.parametrize("name", asyncapi.FRAMES)
def test_each_example_matches_its_schema(name):
    action = asyncapi.document()["operations"][name]["action"]
    (example,) = asyncapi.document()["components"]["messages"][name]["examples"]
    validators(action)[name].validate(example["payload"])


@pytest.fixture
def sources():
    """The source that was posted first with each key: another one would be a 422."""
    return {}


@pytest.mark.django_db(transaction=True)
@given(st.lists(st.tuples(SOURCES, REFS), min_size=1, max_size=5))
async def test_frames_that_the_document_allows_are_acknowledged(
    connect, alice, settings, sources, posts
):
    settings.FLACK_RATE_LIMITS = False
    client = await connect()
    for source, ref in posts:
        if ref is not None:
            source = sources.setdefault(str(ref), source)
        frame = {"data": {"source": source}, "token": alice.token, "ref": ref}
        validators("receive")["post_message"].validate({"event": "post_message", **frame})
        answer = await client.ask("post_message", **frame)
        assert (answer["event"], answer["ref"]) == ("ack", ref)


@pytest.mark.parametrize(
    "frame",
    [
        {"event": "resync"},
        {"event": "resync", "data": {"more": 1}},
        {"event": "error", "ref": None, "data": {"status": 500, "error": "No.", "code": "invalid"}},
        {"event": "error", "data": {"status": 400, "error": "No.", "code": "invalid"}},
        {"event": "updated_model", "data": {"class": "Message", "model": {}}},
        {"event": "updated_model", "data": {"class": "Token", "model": {}}},
    ],
    ids=str,
)
def test_a_frame_that_is_not_in_the_document_is_found(frame):
    with pytest.raises(ValidationError):
        Conversation().hears(json.dumps(frame))


def test_an_acknowledged_post_that_is_not_in_the_document_is_found():
    talk = Conversation()
    talk.says(json.dumps({"event": "post_message", "data": {}, "ref": "a"}))
    ack = {"event": "ack", "ref": "a", "data": asyncapi.HELLO}
    with pytest.raises(AssertionError):
        talk.hears(json.dumps(ack))

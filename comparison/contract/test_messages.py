"""`/api/messages`: posting, reading, editing."""

import time
from typing import Any

import pytest

from comparison.contract.client import Flack, Person, path_of
from comparison.contract.shapes import assert_just_made, assert_message, assert_unauthorized

DAY = 24 * 60 * 60  # seconds
SOURCES = [
    "plain",
    "  spaces around  ",
    "two\nlines",
    "two\n\nparagraphs\n",
    "Grüße, 日本, שלום, 🙂👩‍👩‍👧, e\u0301",
    "<b>&amp;</b> \\ \" ' %s {} {{ }}",
    "x" * 10_000,
]
JSON = {"Content-Type": "application/json"}


@pytest.mark.same
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: repr(source[:20]))
def test_posting_gives_the_message_with_its_source_as_sent(
    flack: Flack, ann: Person, source: str
) -> None:
    answer = flack.post("/api/messages", token=ann.token, json={"source": source})
    assert answer.status_code == 201
    message = answer.json()
    assert_message(message)
    assert_just_made(message)
    assert (message["source"], message["user_id"]) == (source, ann.id)
    assert path_of(answer.headers["Location"]) == f"/api/messages/{message['id']}"
    answer = flack.get(f"/api/messages/{message['id']}")
    assert answer.status_code == 200
    assert answer.json() == message


@pytest.mark.differs("D-25")
def test_the_location_of_a_message_is_relative(flack: Flack, ann: Person) -> None:
    answer = flack.post("/api/messages", token=ann.token, json={"source": "hello"})
    assert answer.headers["Location"] == f"/api/messages/{answer.json()['id']}"


@pytest.mark.differs("D-08")
def test_posting_answers_201_at_once_unless_the_client_prefers_202(
    flack: Flack, ann: Person
) -> None:
    options: dict[str, Any] = {"token": ann.token, "json": {"source": "hello"}}
    assert flack.request("POST", "/api/messages", **options).status_code == 201
    headers = {"Prefer": "respond-async"}
    answer = flack.request("POST", "/api/messages", headers=headers, **options)
    assert answer.status_code == 202
    assert answer.headers["Location"].startswith("/tasks/status/")
    assert flack.finished(answer).json()["source"] == "hello"


@pytest.mark.same
@pytest.mark.parametrize("body", ["", "{bad", "null", "[]", "{}", '{"text": "x"}', b"\xff"])
def test_posting_without_a_source_is_400(flack: Flack, ann: Person, body: str | bytes) -> None:
    answer = flack.post("/api/messages", token=ann.token, content=body, headers=JSON)
    assert answer.status_code == 400


@pytest.mark.differs("D-04")
@pytest.mark.parametrize("body", [[1], "x", 5, *({"source": v} for v in (None, 5, True, ["a"]))])
def test_posting_what_is_no_text_is_400(flack: Flack, ann: Person, body: object) -> None:
    assert flack.post("/api/messages", token=ann.token, json=body).status_code == 400


@pytest.mark.differs("D-24")
def test_posting_an_empty_source_is_400(flack: Flack, ann: Person) -> None:
    assert flack.post("/api/messages", token=ann.token, json={"source": ""}).status_code == 400


@pytest.mark.differs("D-23")
def test_a_source_longer_than_10000_characters_is_400(flack: Flack, ann: Person) -> None:
    fields = {"source": "x" * 10_001}
    assert flack.post("/api/messages", token=ann.token, json=fields).status_code == 400
    url = f"/api/messages/{flack.posted(ann, 'short')['id']}"
    assert flack.put(url, token=ann.token, json=fields).status_code == 400
    assert flack.get(url).json()["source"] == "short"


@pytest.mark.same
def test_the_list_has_a_days_messages_the_oldest_change_first(flack: Flack, ann: Person) -> None:
    first, second = flack.posted(ann, "first"), flack.posted(ann, "second")
    for query in ("", "?updated_since=0", "?updated_since=-5"):
        answer = flack.get(f"/api/messages{query}")
        assert answer.status_code == 200
        assert set(answer.json()) == {"messages"}
        messages = answer.json()["messages"]
        for message in messages:
            assert_message(message)
        assert first in messages and second in messages
        changes = [message["updated_at"] for message in messages]
        assert changes == sorted(changes)
        assert changes[0] > time.time() - DAY - 60


@pytest.mark.same
def test_the_list_since_a_time_has_only_what_changed_strictly_later(
    flack: Flack, ann: Person
) -> None:
    message = flack.posted(ann, "hello")
    since = message["updated_at"]
    later = flack.messages(f"updated_since={since}")
    assert message["id"] not in [other["id"] for other in later]
    assert all(other["updated_at"] > since for other in later)
    assert message in flack.messages(f"updated_since={since - 1}")


@pytest.mark.same
def test_an_edit_is_204_and_moves_the_message_to_the_end_of_the_list(
    flack: Flack, ann: Person
) -> None:
    first, second = flack.posted(ann, "first"), flack.posted(ann, "second")
    time.sleep(1.1)
    answer = flack.put(first["_links"]["self"], token=ann.token, json={"source": "*edited*"})
    assert (answer.status_code, answer.text) == (204, "")
    edited = flack.message(first["id"])
    assert_message(edited)
    assert edited["updated_at"] > first["updated_at"]
    kept = {"source": "*edited*", "html": "<em>edited</em>", "updated_at": edited["updated_at"]}
    not_in_flask = {"edited_at": None}
    assert edited | not_in_flask == first | kept | not_in_flask
    ids = [message["id"] for message in flack.messages()]
    assert ids.index(second["id"]) < ids.index(first["id"])
    assert edited in flack.messages(f"updated_since={first['updated_at']}")


@pytest.mark.differs("D-46")
def test_a_message_has_the_time_of_the_last_edit_by_its_author(flack: Flack, ann: Person) -> None:
    message = flack.posted(ann, "first")
    assert message["edited_at"] is None
    flack.put(message["_links"]["self"], token=ann.token, json={"source": "second"})
    edited = flack.message(message["id"])
    assert message["created_at"] <= edited["edited_at"] <= edited["updated_at"]


@pytest.mark.differs("D-47")
def test_an_author_deletes_the_own_message(flack: Flack, ann: Person) -> None:
    message = flack.posted(ann, "hers")
    url = message["_links"]["self"]
    answer = flack.delete(url, token=ann.token)
    assert (answer.status_code, answer.text) == (204, "")
    assert flack.get(url).status_code == 404
    assert message["id"] not in [other["id"] for other in flack.messages()]
    tombstone = {"class": "Message", "first": message["id"], "last": message["id"]}
    since = message["created_at"] - 1
    found = flack.get(f"/api/deletions?updated_since={since}").json()["deletions"]
    assert tombstone in found
    assert flack.delete(url, token=ann.token).status_code == 404


@pytest.mark.differs("D-47")
def test_another_users_message_cannot_be_deleted(flack: Flack, ann: Person, bob: Person) -> None:
    message = flack.posted(ann, "hers")
    url = message["_links"]["self"]
    answer = flack.delete(url, token=bob.token)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert_unauthorized(flack.delete(url))
    assert flack.message(message["id"]) == message


@pytest.mark.differs("D-08")
def test_an_edit_answers_204_at_once_unless_the_client_prefers_202(
    flack: Flack, ann: Person
) -> None:
    url = flack.posted(ann, "first")["_links"]["self"]
    options: dict[str, Any] = {"token": ann.token, "json": {"source": "edited"}}
    assert flack.request("PUT", url, **options).status_code == 204
    answer = flack.request("PUT", url, headers={"Prefer": "respond-async"}, **options)
    assert answer.status_code == 202
    assert flack.finished(answer).status_code == 204


@pytest.mark.same
def test_editing_anothers_message_is_403_and_an_unknown_one_404(
    flack: Flack, ann: Person, bob: Person
) -> None:
    message = flack.posted(ann, "hers")
    options: dict[str, Any] = {"token": bob.token, "json": {"source": "his"}}
    assert flack.put(message["_links"]["self"], **options).status_code == 403
    assert flack.message(message["id"]) == message
    assert flack.put("/api/messages/2147483647", **options).status_code == 404


@pytest.mark.same
def test_editing_with_bad_json_is_400_and_changes_nothing(flack: Flack, ann: Person) -> None:
    message = flack.posted(ann, "good")
    url = message["_links"]["self"]
    answer = flack.put(url, token=ann.token, content="{bad", headers=JSON)
    assert answer.status_code == 400
    assert flack.message(message["id"]) == message


@pytest.mark.same
@pytest.mark.parametrize("message_id", [0, 2**31 - 1, -1])
def test_an_unknown_message_is_404(flack: Flack, message_id: int) -> None:
    assert flack.get(f"/api/messages/{message_id}").status_code == 404

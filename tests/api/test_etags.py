"""Tests of api/etags.py: the tag of a list changes with the list, and bodies are kept by it."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api import etags, message_lists, pagination
from api.etags import Bodies, Summary
from chat.models import Message, later_than, timestamp

pytestmark = pytest.mark.django_db

LISTED = "/api/messages"
QUERIES = ["", "?limit=3", "?updated_since={since}", "?before={before}&limit=3", "?after=0&limit=3"]


def post_seven(author):
    """Save seven messages, some of the same second, old enough for a tag; return the last id."""
    now = timestamp()
    for ago in (9, 8, 8, 8, 7, 7, 6):
        last = author.messages.create(source="a", updated_at=now - ago, created_at=now - ago)
    return last.pk


def change(author, kind: str, place: int) -> None:
    """Post a message, or edit or delete the one at a place."""
    ids = list(Message.objects.order_by("id").values_list("id", flat=True))
    if kind == "post":
        author.messages.create(source="new")
    elif ids:
        row = Message.objects.filter(pk=ids[place % len(ids)])
        if kind == "edit":
            row.update(source="edited", updated_at=later_than(row.get().updated_at))
        else:
            row.delete()


@pytest.mark.parametrize("size", [3, pagination.MAX_TEXT])
@example(changes=[("delete", 1), ("delete", 1), ("post", 0)])
@given(
    changes=st.lists(
        st.tuples(st.sampled_from(["post", "edit", "delete"]), st.integers(0, 9)), max_size=5
    )
)
def test_lists_of_a_url_with_the_same_tag_are_the_same(
    alice, clock, client, monkeypatch, size, changes
):
    monkeypatch.setattr(pagination, "MAX_ROWS", 4)
    monkeypatch.setattr(pagination, "MAX_TEXT", size)
    monkeypatch.setattr(message_lists, "FEW", 1)
    Message.objects.all().delete()
    before, since = post_seven(alice), timestamp() - 9
    urls = [LISTED + query.format(since=since, before=before) for query in QUERIES]
    seen: dict[tuple[str, str], tuple[list[dict], str | None]] = {}
    for kind, place in [("", 0), *changes]:
        if kind:
            change(alice, kind, place)
        clock.advance(3)
        for url in urls:
            etags.bodies.clear()
            response = client.get(url)
            listed = response.json()["messages"], response.headers.get("Link")
            assert seen.setdefault((url, response["ETag"]), listed) == listed


def test_a_list_that_is_sent_again_is_not_read_again(alice, call, django_assert_num_queries):
    post_seven(alice)
    first = call("GET", LISTED)
    with django_assert_num_queries(1) as captured:
        again = call("GET", LISTED)
    assert (again.content, again["ETag"]) == (first.content, first["ETag"])
    assert again.headers.keys() == first.headers.keys()
    assert "html" not in captured[0]["sql"]


def test_a_list_that_changed_is_read_again(alice, call, clock):
    post_seven(alice)
    call("GET", LISTED)
    alice.messages.create(source="new")
    assert call("GET", LISTED).json()["messages"][-1]["source"] == "new"
    clock.advance(3)
    assert call("GET", LISTED).json()["messages"][-1]["source"] == "new"


def test_a_browsable_page_is_not_taken_for_the_list(alice, call):
    post_seven(alice)
    assert call("GET", LISTED).json()
    assert b"<html" in call("GET", LISTED, headers={"Accept": "text/html"}).content
    assert call("GET", LISTED).json()


def test_bodies_are_bounded_in_number_and_size(monkeypatch):
    monkeypatch.setattr(etags, "MOST_BODIES", 2)
    monkeypatch.setattr(etags, "MAX_BODY", 3)
    bodies = Bodies()
    for url, body in (("a", b"123"), ("b", b"1234"), ("c", b"1"), ("d", b"1")):
        bodies.keep(url, "tag", body)
    assert [url for url in "abcd" if url in bodies] == ["c", "d"]
    assert bodies.get("c", "tag") == b"1"
    assert bodies.get("c", "other") is None


def test_the_body_of_a_search_is_not_kept(alice, call):
    post_seven(alice)
    assert "ETag" in call("GET", f"{LISTED}?q=a")
    assert f"{LISTED}?q=a" not in etags.bodies
    call("GET", f"{LISTED}?limit=3")
    assert f"{LISTED}?limit=3" in etags.bodies


def test_an_empty_list_has_a_tag():
    assert Summary.of([]).tag() == 'W/"0-0-0-0-0"'

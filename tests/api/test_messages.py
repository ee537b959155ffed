"""Tests of api/messages.py: post, list, show, edit, delete."""

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from api.models import Deferred
from api.queries import LARGEST_PAGE, PAGE
from chat import moderation, throttling
from chat.models import Message, timestamp

pytestmark = pytest.mark.django_db

LISTED = "/api/messages"


def sources(response):
    """Return the sources of a list, in its order."""
    return [message["source"] for message in response.json()["messages"]]


# --- POST /api/messages -----------------------------------------------------------------------


def test_a_post_answers_the_message_and_where_it_is(alice, call):
    response = call("POST", LISTED, {"source": "hello *world*!"}, token=alice.token)
    message = Message.objects.get()
    assert response.status_code == 201
    assert response.json() == message.to_dict()
    assert response["Location"] == f"/api/messages/{message.pk}"
    assert message.html == "hello <em>world</em>!"
    assert message.user == alice


def test_a_post_is_pushed(alice, call, pushes, committed):
    with committed():
        posted = call("POST", LISTED, {"source": "hi"}, token=alice.token).json()
    assert pushes == [{"class": "Message", "model": posted}]


@pytest.mark.parametrize(
    "body",
    [{}, {"source": ""}, {"source": " \n"}, {"source": None}, {"source": 7}, {"source": ["a"]},
     {"source": "a" * 10_001}, {"source": "a\0b"}, {"html": "a"}],
)  # fmt: skip
def test_a_bad_post_names_the_source(alice, call, body):
    response = call("POST", LISTED, body, token=alice.token)
    assert response.status_code == 400
    assert list(response.json()["fields"]) == ["source"]
    assert not Message.objects.exists()


def test_ten_thousand_characters_of_any_script_are_taken(alice, call):
    response = call("POST", LISTED, {"source": "李" * 10_000}, token=alice.token)
    assert response.status_code == 201


def test_unknown_fields_are_ignored(alice, bob, call):
    body = {"source": "a", "user_id": bob.pk, "id": 77, "html": "<script>", "created_at": 1}
    posted = call("POST", LISTED, body, token=alice.token).json()
    assert posted["user_id"] == alice.pk
    assert (posted["html"], posted["id"] == 77, posted["created_at"] == 1) == ("a", False, False)


@given(st.text())
def test_any_text_is_refused_or_comes_back_as_it_was(alice, call, settings, source):
    settings.FLACK_RATE_LIMITS = False
    try:
        source.encode()
    except UnicodeEncodeError:
        return  # cannot be said in JSON
    response = call("POST", LISTED, {"source": source}, token=alice.token)
    if response.status_code == 201:
        assert call("GET", response["Location"]).json() == response.json()
        assert response.json()["source"] == source
    else:
        assert (response.status_code, list(response.json()["fields"])) == (400, ["source"])


def test_an_idempotency_key_makes_a_post_repeatable(alice, call, pushes, committed):
    answers = []
    with committed():
        for _ in range(2):
            answers.append(
                call("POST", LISTED, {"source": "a"}, token=alice.token,
                     headers={"Idempotency-Key": "k"})
            )  # fmt: skip
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert answers[0]["Location"] == answers[1]["Location"]
    assert len(pushes) == Message.objects.count() == 1


@pytest.mark.parametrize("headers", [{}, {"Prefer": "respond-async"}])
@pytest.mark.parametrize("source", ["b", "A", " a", "a\n", "a\u0301"])
def test_a_key_of_another_source_is_a_422_and_changes_nothing(alice, call, pushes, headers, source):
    first = alice.messages.create(source="a", key="k").to_dict()
    response = call("POST", LISTED, {"source": source}, token=alice.token,
                    headers={"Idempotency-Key": "k", **headers})  # fmt: skip
    assert (response.status_code, response.json()["code"]) == (422, "key_reused")
    assert [message.to_dict() for message in Message.objects.all()] == [first]
    assert not Deferred.objects.exists()
    assert not pushes


def test_a_post_repeated_after_an_edit_is_the_edited_message(alice, call):
    options = {"token": alice.token, "headers": {"Idempotency-Key": "k"}}
    path = call("POST", LISTED, {"source": "a"}, **options)["Location"]
    call("PUT", path, {"source": "b"}, token=alice.token)
    assert call("POST", LISTED, {"source": "a"}, **options).json()["source"] == "b"


@pytest.mark.parametrize("headers", [{}, {"Prefer": "respond-async"}])
def test_a_repeat_past_the_limit_is_answered_with_the_message(
    alice, call, monkeypatch, new_minute, headers
):
    monkeypatch.setattr(throttling, "POST", throttling.Limit("post", 1, 60))
    options = {"token": alice.token, "headers": {"Idempotency-Key": "k"}}
    first = call("POST", LISTED, {"source": "a"}, **options)
    options["headers"] |= headers
    again = [call("POST", LISTED, {"source": "a"}, **options) for _ in range(3)]
    assert [(each.status_code, each.content) for each in again] == [(201, first.content)] * 3
    assert {each["Location"] for each in again} == {first["Location"]}
    assert not Deferred.objects.exists()


def test_a_key_is_its_users_own(alice, bob, call):
    for user in (alice, bob):
        posted = call("POST", LISTED, {"source": "a"}, token=user.token,
                      headers={"Idempotency-Key": "k"})  # fmt: skip
        assert posted.json()["user_id"] == user.pk
    assert Message.objects.count() == 2


@pytest.mark.parametrize("key", ["a" * 201, "a\x07b"])
def test_a_bad_key_is_a_400(alice, call, key):
    response = call("POST", LISTED, {"source": "a"}, token=alice.token,
                    headers={"Idempotency-Key": key})  # fmt: skip
    assert (response.status_code, list(response.json()["fields"])) == (400, ["key"])


def test_an_empty_key_is_no_key(alice, call):
    for _ in range(2):
        call("POST", LISTED, {"source": "a"}, token=alice.token, headers={"Idempotency-Key": ""})
    assert Message.objects.count() == 2


def test_posting_too_often_is_refused(alice, bob, call, monkeypatch, new_minute):
    monkeypatch.setattr(throttling, "POST", throttling.Limit("post", 2, 60))
    answers = [call("POST", LISTED, {"source": "a"}, token=alice.token) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert 0 < int(answers[2]["Retry-After"]) <= 60
    assert call("POST", LISTED, {"source": "a"}, token=bob.token).status_code == 201


def test_editing_counts_as_posting(alice, call, monkeypatch, new_minute):
    path = f"/api/messages/{alice.messages.create(source='a').pk}"
    monkeypatch.setattr(throttling, "POST", throttling.Limit("post", 2, 60))
    answers = [call("PUT", path, {"source": "b"}, token=alice.token) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [204, 204, 429]


def test_posting_takes_few_queries(alice, call, django_assert_num_queries):
    # The token, and the message.
    with django_assert_num_queries(2):
        call("POST", LISTED, {"source": "a"}, token=alice.token)
    # And the look whether it is a repeat.
    with django_assert_num_queries(3):
        call("POST", LISTED, {"source": "a"}, token=alice.token, headers={"Idempotency-Key": "k"})


# --- GET /api/messages ------------------------------------------------------------------------


@pytest.fixture
def hour(alice):
    """Return the times of four messages of the last hours, by their sources."""
    now = timestamp()
    hours = {"edited lately": now - 1, "oldest": now - 4000, "b": now - 3000, "a": now - 3000}
    for source, updated_at in hours.items():
        alice.messages.create(source=source, created_at=now - 5000, updated_at=updated_at)
    return hours


def test_messages_are_listed_by_their_last_change(hour, call):
    assert sources(call("GET", LISTED)) == ["oldest", "b", "a", "edited lately"]


def test_updated_since_is_strictly_later(hour, call):
    found = call("GET", f"{LISTED}?updated_since={hour['a']}")
    assert sources(found) == ["edited lately"]
    found = call("GET", f"{LISTED}?updated_since={hour['a'] - 1}")
    assert sources(found) == ["b", "a", "edited lately"]


@pytest.mark.parametrize("query", ["", "?updated_since=0", "?limit=100"])
def test_the_list_never_goes_more_than_a_day_back(alice, call, query):
    for source, ago in (("new", 86_400 - 5), ("old", 86_400 + 1)):
        alice.messages.create(source=source, updated_at=timestamp() - ago)
    assert sources(call("GET", LISTED + query)) == ["new"]


def test_the_list_shows_what_each_message_shows(hour, call):
    for message in call("GET", LISTED).json()["messages"]:
        assert call("GET", message["_links"]["self"]).json() == message


def test_a_list_of_none_is_empty(call):
    assert call("GET", LISTED).json() == {"messages": []}


def test_user_id_gives_one_authors_messages(alice, bob, call):
    for user in (alice, bob):
        user.messages.create(source=user.nickname)
    assert sources(call("GET", alice.to_dict()["_links"]["messages"])) == ["Alice"]
    assert sources(call("GET", f"{LISTED}?user_id=999999")) == []


@pytest.mark.parametrize("limit", [1, 2, 4, 99])
def test_limit_keeps_the_newest_oldest_first(hour, call, limit):
    found = ["oldest", "b", "a", "edited lately"][-limit:]
    assert sources(call("GET", f"{LISTED}?limit={limit}")) == found


@pytest.fixture
def history(alice):
    """Return 250 messages of a year ago, oldest first."""
    old = timestamp() - 365 * 86_400
    return [alice.messages.create(source=str(n), updated_at=old) for n in range(250)]


@pytest.mark.parametrize(
    ("query", "first", "count"),
    [("", 250 - PAGE, PAGE), ("&limit=10", 240, 10), ("&limit=200", 50, 200),
     ("&limit=201", 50, LARGEST_PAGE), ("&limit=9999999999", 50, LARGEST_PAGE)],
)  # fmt: skip
def test_before_gives_pages_of_older_history_oldest_first(history, call, query, first, count):
    found = sources(call("GET", f"{LISTED}?before={history[-1].pk + 1}{query}"))
    assert found == [str(n) for n in range(first, first + count)]


def test_before_and_user_id_together(history, bob, call):
    message = bob.messages.create(source="Bob's", updated_at=1)
    found = call("GET", f"{LISTED}?before={message.pk + 1}&user_id={bob.pk}")
    assert sources(found) == ["Bob's"]


def test_history_ends(history, call):
    assert sources(call("GET", f"{LISTED}?before={history[0].pk}")) == []


@pytest.mark.parametrize("name", ["updated_since", "user_id", "limit", "before"])
@pytest.mark.parametrize("number", ["", "x", "1.5", "1e3", "٣", "9" * 19, "9" * 5000, "%00"])
def test_a_bad_number_is_a_400_that_names_it(call, name, number):
    response = call("GET", f"{LISTED}?{name}={number}")
    assert response.status_code == 400
    assert list(response.json()["fields"]) == [name]


def test_a_limit_of_none_is_a_400(call):
    assert call("GET", f"{LISTED}?limit=0").status_code == 400


@given(
    st.dictionaries(
        st.sampled_from(["updated_since", "user_id", "limit", "before"]),
        st.integers(-(2**70), 2**70).map(str) | st.text(),
    )
)
def test_any_query_is_answered(client, query):
    response = client.get(LISTED, query)
    assert response.status_code in (200, 400)
    assert set(response.json()) in ({"messages"}, {"error", "code", "fields"})


@pytest.mark.parametrize("query", ["", "?limit=2", "?before=9", "?user_id=1"])
def test_a_list_takes_one_query(hour, call, query, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert call("GET", LISTED + query).status_code == 200


@pytest.mark.parametrize(
    "query", ["", "?limit=50", "?before=1000", "?user_id=1&before=1000", "?updated_since=5"]
)
def test_a_list_is_read_by_an_index(alice, call, query, django_assert_num_queries):
    with django_assert_num_queries(1) as captured:
        call("GET", LISTED + query)
    explain = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "EXPLAIN"}[connection.vendor]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")  # the table is too small to matter
        cursor.execute(f"{explain} {captured[0]['sql']}")
        plan = str(cursor.fetchall())
    assert "TEMP B-TREE" not in plan
    assert "USING INDEX" in plan or "PRIMARY KEY" in plan or "Index Scan" in plan


@pytest.mark.parametrize("query", ["", "?limit=2", "?before=1000"])
def test_a_list_that_did_not_change_is_a_304(hour, call, query, clock, django_assert_num_queries):
    clock.advance(5)
    tag = call("GET", LISTED + query)["ETag"]
    with django_assert_num_queries(1):
        again = call("GET", LISTED + query, headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)


@pytest.mark.parametrize("change", ["post", "edit"])
def test_a_list_that_changed_is_sent_anew(alice, hour, call, clock, change):
    clock.advance(5)
    tag = call("GET", LISTED)["ETag"]
    if change == "post":
        call("POST", LISTED, {"source": "new"}, token=alice.token)
    else:
        path = f"{LISTED}/{alice.messages.first().pk}"
        call("PUT", path, {"source": "new"}, token=alice.token)
    clock.advance(5)
    again = call("GET", LISTED, headers={"If-None-Match": tag})
    assert (again.status_code, sources(again)[-1]) == (200, "new")
    assert again["ETag"] != tag


def test_a_list_that_may_change_within_its_second_has_no_tag(alice, call):
    alice.messages.create(source="just now")
    response = call("GET", LISTED, headers={"If-None-Match": "*, None"})
    assert response.status_code == 200
    assert "ETag" not in response


@pytest.mark.parametrize("tag", ["", "nonsense", '"x"', 'W/"x"', "*"])
def test_an_unknown_tag_gets_the_list(hour, call, clock, tag):
    clock.advance(5)
    assert len(sources(call("GET", LISTED, headers={"If-None-Match": tag}))) == 4


# --- GET /api/messages/ID ---------------------------------------------------------------------


def test_a_message_is_shown_to_anyone(alice, call, django_assert_num_queries):
    message = alice.messages.create(source="a")
    with django_assert_num_queries(1):
        response = call("GET", f"{LISTED}/{message.pk}")
    assert (response.status_code, response.json()) == (200, message.to_dict())


@pytest.mark.parametrize("pk", ["0", "999999", "9" * 18, "9" * 400, "x", "-1"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_an_unknown_message_is_a_404(alice, call, method, pk):
    response = call(method, f"{LISTED}/{pk}", {"source": "a"}, token=alice.token)
    assert (response.status_code, response.json()) == (
        404,
        {"error": "Not found.", "code": "not_found"},
    )


# --- PUT /api/messages/ID ---------------------------------------------------------------------


def test_an_edit_changes_the_message_and_is_pushed(alice, call, clock, pushes, committed):
    posted = call("POST", LISTED, {"source": "a"}, token=alice.token)
    clock.advance(10)
    with committed():
        response = call("PUT", posted["Location"], {"source": "*b*"}, token=alice.token)
    assert (response.status_code, response.content) == (204, b"")
    edited = call("GET", posted["Location"]).json()
    assert (edited["source"], edited["html"]) == ("*b*", "<em>b</em>")
    assert edited["updated_at"] > edited["created_at"] == posted.json()["created_at"]
    assert pushes == [{"class": "Message", "model": edited}]


def test_another_users_message_is_a_403(alice, bob, call):
    message = alice.messages.create(source="a")
    response = call("PUT", f"{LISTED}/{message.pk}", {"source": "b"}, token=bob.token)
    assert (response.status_code, list(response.json())) == (403, ["error", "code"])
    assert Message.objects.get().source == "a"


@pytest.mark.parametrize("source", ["", None, 7, "a" * 10_001])
def test_a_bad_edit_names_the_source_and_changes_nothing(alice, call, source):
    message = alice.messages.create(source="a")
    response = call("PUT", f"{LISTED}/{message.pk}", {"source": source}, token=alice.token)
    assert (response.status_code, list(response.json()["fields"])) == (400, ["source"])
    assert Message.objects.get().source == "a"


def test_an_edit_of_nothing_is_a_204(alice, call, pushes, committed):
    message = alice.messages.create(source="a")
    with committed():
        response = call("PUT", f"{LISTED}/{message.pk}", {}, token=alice.token)
    assert response.status_code == 204
    assert pushes == []


def test_editing_takes_few_queries(alice, call, django_assert_num_queries):
    message = alice.messages.create(source="a")
    # The token, the message, the author, the change within a savepoint.
    with django_assert_num_queries(6):
        call("PUT", f"{LISTED}/{message.pk}", {"source": "b"}, token=alice.token)


def test_an_edit_sets_edited_at_if_it_changes_the_source(alice, call, clock):
    posted = call("POST", LISTED, {"source": "a"}, token=alice.token)
    assert posted.json()["edited_at"] is None
    for source, edited in (("a", False), ("b", True)):
        clock.advance(10)
        call("PUT", posted["Location"], {"source": source}, token=alice.token)
        found = call("GET", posted["Location"]).json()
        assert found["edited_at"] == (found["updated_at"] if edited else None)


# --- DELETE /api/messages/ID ------------------------------------------------------------------


def test_authors_delete_their_messages(alice, call, pushes, committed):
    message, kept = (alice.messages.create(source=source) for source in "ab")
    with committed():
        response = call("DELETE", f"{LISTED}/{message.pk}", token=alice.token)
    assert (response.status_code, response.content) == (204, b"")
    assert Message.objects.get() == kept
    gone = {"class": "Message", "first": message.pk, "last": message.pk}
    assert pushes == [gone] == call("GET", "/api/deletions").json()["deletions"]


def test_another_users_message_is_not_deleted(alice, bob, call):
    path = f"{LISTED}/{alice.messages.create(source='a').pk}"
    response = call("DELETE", path, token=bob.token)
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    assert call("DELETE", path).status_code == 401
    assert Message.objects.exists()


def test_staff_deletes_any_message(alice, bob, call):
    path = f"{LISTED}/{alice.messages.create(source='a').pk}"
    bob.is_staff = True
    bob.save()
    assert call("DELETE", path, token=bob.token).status_code == 204
    assert not Message.objects.exists()


def test_a_banned_author_deletes_nothing(alice, call):
    path = f"{LISTED}/{alice.messages.create(source='a').pk}"
    alice.is_banned = True
    alice.save()
    response = call("DELETE", path, token=alice.token)
    assert (response.status_code, response.json()["code"]) == (403, "banned")
    assert Message.objects.exists()


def test_deleting_counts_as_posting(alice, call, monkeypatch, new_minute):
    monkeypatch.setattr(throttling, "POST", throttling.Limit("post", 2, 60))
    paths = [f"{LISTED}/{alice.messages.create(source='a').pk}" for _ in range(3)]
    answers = [call("DELETE", path, token=alice.token) for path in paths]
    assert [answer.status_code for answer in answers] == [204, 204, 429]


def test_a_message_that_another_request_deleted_first_is_a_404(alice):
    message = alice.messages.create(source="a")
    moderation.delete_messages(first=message.pk, last=message.pk)
    with pytest.raises(Message.DoesNotExist):
        moderation.delete_message(editor=alice, message=message)

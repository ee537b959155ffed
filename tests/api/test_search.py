"""Tests of `GET /api/messages?q=`: which messages a search finds, and that any input is safe."""

from collections import Counter
from urllib.parse import urlencode

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from hypothesis import given
from hypothesis import strategies as st

from api.queries import LARGEST_PAGE, PAGE
from chat import moderation
from chat.models import Message, timestamp
from chat.search import MAX_PLACES, MAX_QUERY, MAX_WORDS, NO_WORD, indexed, words
from tests.kit import index_words

pytestmark = pytest.mark.django_db


@pytest.fixture
def search(call):
    """Return a function that sends a search and returns the sources that it finds."""

    def search(q, **parameters):
        response = call("GET", f"/api/messages?{urlencode({'q': q, **parameters})}")
        assert response.status_code == 200, response.content
        return [message["source"] for message in response.json()["messages"]]

    return search


@pytest.mark.parametrize(
    ("source", "found", "missed"),
    [
        ("hello *world*!", ["hello", "WORLD", "wor", "w", "hello w", "world hel", "hello-w"],
         ["orld", "o", "w hello", "helloworld"]),
        ("a b c", ["a", "c b"], ["d"]),
        ("see http://example.com/paper?id=7", ["example.com", "paper", "id=7", "7"], ["xample"]),
        ("Grüße aus Kraków", ["grüsse", "GRUSSE", "krakow", "Kra\u0301ko\u0301w"], ["graz"]),
        ("ﬁne ＦＵＬＬ ½", ["fine", "full", "1⁄2"], ["fi\u200bne"]),
        ("今天看电影了", ["电影", "看", "看电影", "电影 今天"], ["影电", "电视"]),
        ("カラオケに行こう", ["カラオケ", "行こう"], ["行く"]),
        ("ภาษาไทย", ["ไทย", "ภาษา"], ["จีน"]),
        ("한국어를 배워요", ["한국어", "한국", "한", "배워요"], ["국어", "국"]),
        ("हिन्दी में", ["हिन्दी", "में"], ["उर्दू"]),
        ("שָׁלוֹם", ["שלום"], ["לום"]),
        ("don't", ["don't", "don"], ["dont"]),
        ("snake_case f(x)", ["snake_case", "case", "f(x)"], ["nake"]),
        ("x" * 300, ["x" * 300, "xx"], ["y"]),
        ("1e5 0x1f 3.14 -5", ["1e5", "0x1f", "3.14", "-5"], ["2e5"]),
    ],
)  # fmt: skip
def test_a_search_finds_the_messages_with_all_words(alice, search, source, found, missed):
    alice.messages.create(source="something else entirely")
    alice.messages.create(source=source)
    for index in (lambda: None, index_words):
        index()
        assert {query: search(query[:MAX_QUERY]) for query in found} == {
            query: [source] for query in found
        }
        assert {query: search(query) for query in missed} == {query: [] for query in missed}


def test_the_newest_come_first_in_pages(alice, bob, search):
    old = timestamp() - 10**7
    messages = [
        (alice if n % 2 else bob).messages.create(source=f"number {n}", updated_at=old)
        for n in range(LARGEST_PAGE + 10)
    ]
    newest = [message.source for message in reversed(messages)]
    assert search("number") == newest[:PAGE]
    assert search("number", limit=2) == newest[:2]
    assert search("number", limit=10**9) == newest[:LARGEST_PAGE]
    assert search("number", before=messages[5].pk) == newest[-5:]
    assert search("number", after=messages[-3].pk) == newest[:2]
    assert search("number", user_id=bob.pk, limit=2) == newest[1:5:2]


@pytest.mark.parametrize("index", [lambda: None, index_words], ids=["newest", "indexed"])
def test_an_edit_is_found_by_its_new_words_only(alice, call, search, index):
    path = f"/api/messages/{alice.messages.create(source='before').pk}"
    index()
    call("PUT", path, {"source": "afterwards"}, token=alice.token)
    assert (search("before"), search("afterwards")) == ([], ["afterwards"])


@pytest.mark.parametrize("index", [lambda: None, index_words], ids=["newest", "indexed"])
def test_deleted_messages_are_not_found(alice, bob, search, index):
    messages = [author.messages.create(source="gone") for author in (alice, alice, bob)]
    alice.messages.create(source="kept")
    index()
    moderation.delete_messages(first=messages[0].pk, last=messages[1].pk)
    assert search("gone") == ["gone"]
    moderation.delete_user(user=bob)
    assert search("gone") == []
    assert search("kept") == ["kept"]
    again = Message.objects.create(user=alice, pk=messages[0].pk, source="another")
    assert (search("gone"), search("another")) == ([], [again.source])


def test_previews_and_bulk_inserts_leave_the_index_right(alice, search):
    Message.objects.bulk_create(Message(user=alice, source=f"bulk {n}") for n in range(3))
    Message.objects.update(html="shown", updated_at=timestamp())
    assert search("bulk") == ["bulk 2", "bulk 1", "bulk 0"]
    assert search("shown") == []


@pytest.mark.parametrize("q", ["", " ", "🎉🎉", "\0", "'\"*()", "…", "_", "\u200b"])
def test_a_search_without_letters_or_digits_finds_nothing(alice, search, q):
    alice.messages.create(source=q.replace("\0", "…"))
    assert search(q) == []


@pytest.mark.attack("Text: long, and with runs of marks")
@pytest.mark.parametrize("word", ["a", "李", "\u3316"])  # the last one is six words
def test_a_message_is_indexed_by_a_bounded_number_of_places(alice, search, word):
    source = " ".join([word] * 4_000) + " end"
    alice.messages.create(source=source)
    kept = indexed(source)
    assert len(kept) <= MAX_WORDS
    assert max(count for word, count in Counter(kept).items() if word != NO_WORD) <= MAX_PLACES
    assert search(f"{word} {word}") == [source]
    assert search("end") == ([source] if len(words(source)) <= MAX_WORDS else [])
    assert search(NO_WORD) == []


def test_a_search_that_is_too_long_is_a_400(alice, call, search):
    assert search("李" * MAX_QUERY) == []
    response = call("GET", "/api/messages?q=" + "a" * (MAX_QUERY + 1))
    assert (response.status_code, response.json()["code"]) == (400, "too_long")


AWKWARD = st.sampled_from(
    [*list("\"'*()^:-+\\\x00&|!{},%a李🎉"), "NEAR", "AND", "NOT", "OR", "<->", "words"]
)


@given(st.text(max_size=50) | st.lists(AWKWARD).map(" ".join) | st.lists(AWKWARD).map("".join))
def test_any_query_is_answered(alice, call, query):
    response = call("GET", f"/api/messages?{urlencode({'q': query.encode(errors='ignore')})}")
    assert response.status_code == 200


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=50))
def test_a_message_is_found_by_its_own_text(alice, call, source):
    message = alice.messages.create(source=source)
    for index in (lambda: None, index_words):
        index()
        response = call("GET", f"/api/messages?{urlencode({'q': source, 'limit': 1})}")
        assert response.json()["messages"] == ([message.to_dict()] if words(source) else [])


def test_batches_of_the_index_lose_and_repeat_nothing(alice, search):
    messages = [alice.messages.create(source=f"part{n % 2} number{n}") for n in range(250)]
    for changed in messages[3::50]:
        changed.source = f"part1 edited number{changed.pk}"
        changed.save()
    for gone in messages[4::50]:
        gone.delete()
        messages.remove(gone)
    for word in ("part", "part0", "part1", "number", "number2", "edited"):
        expected = [
            message.source
            for message in reversed(messages)
            if any(each.startswith(word) for each in message.source.split())
        ]
        found = search(word, limit=LARGEST_PAGE)
        last = messages[len(messages) - LARGEST_PAGE].pk
        found += search(word, limit=LARGEST_PAGE, before=last) if len(found) == LARGEST_PAGE else []
        assert found == expected, word


def test_a_batch_that_is_completed_during_a_search_is_not_repeated(alice, search):
    messages = [alice.messages.create(source=f"number {n}") for n in range(3)]

    def complete(execute, sql, *arguments):
        if "MATCH" in sql:
            index_words()
        return execute(sql, *arguments)

    with connection.execute_wrapper(complete):
        assert search("number") == [message.source for message in reversed(messages)]


def test_the_words_are_not_kept_twice_by_sqlite():
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM sqlite_master WHERE name LIKE 'message_words_content'"
            )
            assert cursor.fetchone() == (0,)


@pytest.fixture
def migrate(transactional_db):
    """Return a function that migrates to a version of the schema."""
    yield lambda name: MigrationExecutor(connection).migrate([("chat", name)])
    call_command("migrate", verbosity=0)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL indexes each message")
def test_messages_of_before_and_after_the_migration_to_batches_are_found(alice, search, migrate):
    alice.messages.create(source="number 0")
    migrate("0011_characters_of_nicknames")
    alice.messages.create(source="number 1")
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM message_words WHERE message_words MATCH 'number'")
        assert cursor.fetchone() == (2,)
    migrate("0012_index_words_in_batches")
    alice.messages.create(source="number 2")
    assert search("number") == ["number 2", "number 1", "number 0"]
    Message.objects.get(source="number 1").delete()
    assert search("number") == ["number 2", "number 0"]

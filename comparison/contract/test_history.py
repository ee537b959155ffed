"""What `/api/messages` can do beyond the Flask version: history, and repeated posts."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from comparison.contract.client import Flack, Person, new_nickname
from comparison.contract.shapes import assert_message


@pytest.fixture(scope="module")
def history(flack: Flack, ann: Person, bob: Person) -> list[dict[str, Any]]:
    """Messages of Ann's, with one of Bob's amid them."""
    messages = [flack.posted(ann, f"number {number}") for number in range(10)]
    flack.posted(bob, "amid")
    return messages + [flack.posted(ann, f"number {number}") for number in range(10, 15)]


@pytest.mark.differs("D-09")
def test_user_id_gives_the_messages_of_one_author(
    flack: Flack, ann: Person, history: list[dict[str, Any]]
) -> None:
    assert flack.messages(f"user_id={ann.id}") == history
    assert flack.messages("user_id=2147483647") == []


@pytest.mark.differs("D-09")
def test_limit_gives_the_newest_oldest_first(
    flack: Flack, ann: Person, history: list[dict[str, Any]]
) -> None:
    assert flack.messages(f"user_id={ann.id}&limit=2") == history[-2:]
    newest = flack.messages("limit=3")
    assert newest == sorted(newest, key=lambda message: message["updated_at"])
    assert len(newest) == 3
    for message in newest:
        assert_message(message)


@pytest.mark.differs("D-09")
def test_before_gives_what_is_older_oldest_first(
    flack: Flack, ann: Person, history: list[dict[str, Any]]
) -> None:
    query = f"user_id={ann.id}&before={history[10]['id']}"
    assert flack.messages(query) == history[:10]
    assert flack.messages(f"{query}&limit=3") == history[7:10]
    assert flack.messages(f"before={history[0]['id']}&user_id={ann.id}") == []


@pytest.mark.differs("D-09")
def test_before_gives_50_by_default_and_at_most_200(flack: Flack, ann: Person) -> None:
    newest = [flack.posted(ann, f"number {number}") for number in range(201)][-1]
    query = f"before={newest['id'] + 1}"
    assert len(flack.messages(query)) == 50
    assert len(flack.messages(f"{query}&limit=200")) == 200
    more = flack.get(f"/api/messages?{query}&limit=201")
    assert more.status_code == 400 or len(more.json()["messages"]) == 200


@pytest.mark.differs("D-09")
def test_after_gives_what_is_newer_oldest_first(
    flack: Flack, ann: Person, history: list[dict[str, Any]]
) -> None:
    query = f"user_id={ann.id}&after={history[10]['id']}"
    assert flack.messages(query)[:4] == history[11:15]
    assert flack.messages(f"{query}&limit=2") == history[11:13]


@pytest.mark.differs("D-49")
def test_a_search_finds_the_messages_with_all_words_newest_first(flack: Flack) -> None:
    author, word = flack.person(), new_nickname("word").replace("-", "")
    first, second, third = (
        flack.posted(author, source)
        for source in (f"One {word}, *Grüße*", f"two {word} 电影院", f"three {word}ly")
    )
    assert flack.messages(f"q={word.upper()}") == [third, second, first]
    assert flack.messages(f"q={word}+gruss") == flack.messages(f"q={word}+g") == [first]
    assert flack.messages(f"q={word}+电影") == [second]
    assert flack.messages(f"q={word}&limit=1") == [third]
    assert flack.messages(f"q={word}&before={third['id']}") == [second, first]
    flack.put(first["_links"]["self"], token=author.token, json={"source": "other"})
    flack.delete(second["_links"]["self"], token=author.token)
    assert flack.messages(f"q={word}") == [third]


@pytest.mark.differs("D-49")
@pytest.mark.parametrize("query", ["", "%00", "%22", "%27)%22*", "AND", "a NEAR b", "🎉", "%ff"])
def test_any_search_is_answered(flack: Flack, query: str) -> None:
    assert flack.get(f"/api/messages?q={query}").status_code == 200


@pytest.mark.differs("D-15")
def test_a_post_repeated_with_its_key_is_the_first_message_again(flack: Flack) -> None:
    author, key = flack.person(), {"Idempotency-Key": new_nickname("key")}
    options: dict[str, Any] = {"token": author.token, "headers": key}
    answers = [flack.post("/api/messages", json={"source": "first"}, **options) for _ in range(3)]
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert [answer.json() for answer in answers] == [answers[0].json()] * 3
    other = {"Idempotency-Key": new_nickname("key")}
    second = flack.posted(author, "first", headers=other)
    assert flack.messages(f"user_id={author.id}") == [answers[0].json(), second]


@pytest.mark.differs("D-15")
def test_a_post_repeated_after_its_message_was_deleted_is_404(flack: Flack) -> None:
    author, key = flack.person(), {"Idempotency-Key": new_nickname("key")}
    message = flack.posted(author, "first", headers=key)
    flack.delete(message["_links"]["self"], token=author.token)
    body = {"source": "first"}
    answer = flack.post("/api/messages", token=author.token, json=body, headers=key)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert flack.messages(f"user_id={author.id}") == []


@pytest.mark.differs("D-15")
def test_a_key_of_another_source_is_a_422_and_changes_nothing(flack: Flack) -> None:
    author, key = flack.person(), {"Idempotency-Key": new_nickname("key")}
    first = flack.posted(author, "first", headers=key)
    options: dict[str, Any] = {"token": author.token, "headers": key}
    for source in ("other", "First", "first "):
        answer = flack.post("/api/messages", json={"source": source}, **options)
        assert answer.status_code == 422
        assert answer.json()["error"]
    assert flack.messages(f"user_id={author.id}") == [first]


@pytest.mark.differs("D-15")
def test_posts_at_once_with_one_key_make_one_message(flack: Flack) -> None:
    author, key = flack.person(), {"Idempotency-Key": new_nickname("key")}
    with ThreadPoolExecutor(5) as pool:
        posts = [pool.submit(flack.posted, author, "once", headers=key) for _ in range(5)]
        messages = [post.result() for post in posts]
    assert messages == [messages[0]] * 5
    assert flack.messages(f"user_id={author.id}") == messages[:1]


@pytest.mark.differs("D-15")
def test_a_key_belongs_to_its_author(flack: Flack, ann: Person, bob: Person) -> None:
    key = {"Idempotency-Key": new_nickname("key")}
    hers, his = (flack.posted(ann, "hers", headers=key), flack.posted(bob, "his", headers=key))
    assert (hers["user_id"], his["user_id"]) == (ann.id, bob.id)

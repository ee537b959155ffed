"""Tests of api/pagination.py: how long a list is, and how a client gets all of a longer one."""

import re
from html import unescape

import pytest

from api import message_lists, pagination
from chat.models import Deletion, Message, User, timestamp
from tests.api.test_browsable import HTML

pytestmark = pytest.mark.django_db
LISTS = ("users", "messages", "deletions")


@pytest.fixture(autouse=True)
def few_rows(monkeypatch):
    monkeypatch.setattr(pagination, "MAX_ROWS", 4)


@pytest.fixture
def rows(make_user):
    """Ten rows of each list; two changed in each second."""
    start = timestamp() - 3600
    times = [start + n // 2 for n in range(10)]
    for n, time in enumerate(times):
        user = make_user(f"user {n}", updated_at=time)
        user.messages.create(source=str(n), updated_at=time)
        Deletion.objects.create(model="User", first=90 + n, last=90 + n, deleted_at=time)
    return {
        "users": [user.to_dict() for user in User.objects.order_by("pk")],
        "messages": [message.to_dict() for message in Message.objects.order_by("pk")],
        "deletions": [deletion.to_dict() for deletion in Deletion.objects.order_by("pk")],
    }


@pytest.mark.attack("Lists: size")
@pytest.mark.parametrize("name", LISTS)
def test_a_list_holds_the_newest_rows(rows, call, name):
    response = call("GET", f"/api/{name}")
    assert response.json() == {name: rows[name][-4:]}
    assert "Link" not in response


@pytest.mark.parametrize("name", LISTS)
def test_a_client_that_follows_the_links_gets_all_rows(rows, call, name):
    path, found, lengths = f"/api/{name}?updated_since=5", [], []
    while path:
        response = call("GET", path)
        found += response.json()[name]
        lengths.append(len(response.json()[name]))
        path = response.get("Link", "").removesuffix('>; rel="next"').removeprefix("<")
    assert found == rows[name]
    assert lengths == [4, 4, 2]


@pytest.mark.attack("Lists: size")
@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("query", ["", "?updated_since=5"])
def test_a_list_holds_all_rows_of_the_last_second(rows, call, name, query, monkeypatch):
    monkeypatch.setattr(pagination, "MAX_ROWS", 3)
    found = call("GET", f"/api/{name}{query}").json()[name]
    assert found == (rows[name][:4] if query else rows[name][-4:])


def test_a_link_keeps_the_other_parameters(rows, call):
    since = rows["users"][3]["updated_at"]
    response = call("GET", "/api/users?online=0&updated_since=5")
    assert response["Link"] == f'</api/users?online=0&updated_since={since}>; rel="next"'


def test_a_list_that_is_bounded_has_a_tag(rows, call):
    for query in ("", "?updated_since=5"):
        tag = call("GET", f"/api/messages{query}")["ETag"]
        again = call("GET", f"/api/messages{query}", headers={"If-None-Match": tag})
        assert again.status_code == 304


@pytest.mark.attack("Lists: size")
@pytest.mark.parametrize("name", LISTS)
def test_a_browsable_page_shows_some_rows_and_links_to_others(rows, client, name, monkeypatch):
    monkeypatch.setattr(pagination, "MAX_ROWS", 100)
    monkeypatch.setattr(pagination, "SHOWN", 4)
    links = {
        "": ["Older"],
        "?page=2": ["Older", "Newer"],
        "?page=3": ["Newer"],
        "?page=9": ["Newer"],
    }
    for query, expected in links.items():
        response = client.get(f"/api/{name}{query}", headers=HTML)
        page = min(int(query[6:] or 1), 3)
        assert response.data[name] == rows[name][max(0, 10 - 4 * page) : 14 - 4 * page]
        text = response.content.decode()
        assert list(dict.fromkeys(re.findall("<a [^>]*>(Older|Newer)</a>", text))) == expected


def link(page, text):
    """Return where the link with this text leads, or None."""
    found = re.search(f'<a href="([^"]+)">{text}</a>', page)
    return found and unescape(found[1])


def pages(client, path, text):
    """Return the rows and the HTML of each page, followed by the link with this text."""
    while path:
        response = client.get(path, headers=HTML)
        ((rows,),) = [response.data.values()]
        yield rows, response.content.decode()
        path = link(response.content.decode(), text)


def follow(client, path, text):
    """Return the ids on each page."""
    for rows, _ in pages(client, path, text):
        yield [row["id"] for row in rows]


@pytest.mark.parametrize("shown", [1, 3, 50])
@pytest.mark.parametrize("name", LISTS)
def test_the_pages_of_a_long_list_lead_to_its_first_row_and_on_to_the_last(
    rows, client, name, shown, monkeypatch
):
    monkeypatch.setattr(pagination, "SHOWN", shown)
    newest = list(pages(client, f"/api/{name}", "Older"))
    assert [row for found, _ in reversed(newest) for row in found][-4:] == rows[name][-4:]
    _, page = newest[0]
    onward = [found for found, _ in pages(client, link(page, "Oldest"), "Newer")]
    assert all(len(found) <= shown for found in onward)
    assert [row for found in onward for row in found] == rows[name]


def test_pages_lead_from_the_oldest_row_of_a_list_by_older_too(rows, client, monkeypatch):
    monkeypatch.setattr(pagination, "SHOWN", 1)
    back = [found for found, _ in pages(client, "/api/users?updated_since=5&page=4", "Older")]
    assert back == [[row] for row in rows["users"][3::-1]]


def test_a_list_that_is_whole_has_no_link_to_its_oldest_row(rows, client, monkeypatch):
    monkeypatch.setattr(pagination, "MAX_ROWS", 10)
    monkeypatch.setattr(pagination, "SHOWN", 4)
    page = client.get("/api/users", headers=HTML).content.decode()
    assert (link(page, "Older"), link(page, "Oldest")) == ("/api/users?page=2", None)


@pytest.fixture
def history(alice, bob, monkeypatch):
    """Messages of two authors: seven a year old, one as old but edited today, and six of today."""
    monkeypatch.setattr(pagination, "MAX_ROWS", 100)
    monkeypatch.setattr(pagination, "SHOWN", 4)
    old = timestamp() - 365 * 24 * 3600
    messages = [(bob if n % 7 == 6 else alice).messages.create(
        source=f"word {n}", created_at=old, updated_at=timestamp() if n in (2, 8, 9, 10, 11, 12, 13)
        else old + n) for n in range(14)]  # fmt: skip
    return [message.pk for message in messages]


@pytest.mark.parametrize("query", ["", "?limit=3", "?user_id={alice}", "?after=0", "?before=999"])
def test_the_pages_of_messages_lead_to_the_oldest_and_back(history, alice, client, query):
    path = "/api/messages" + query.format(alice=alice.pk)
    mine = {*history} - ({history[6], history[13]} if "user_id" in query else set())
    pages = list(follow(client, path, "Older"))
    assert all(len(page) <= 4 for page in pages)
    if query != "?after=0":
        assert {pk for page in pages for pk in page} == mine
    oldest = f"{path}{'&' if query else '?'}before={history[1]}"
    pages = list(follow(client, oldest.replace("?before=999&", "?"), "Newer"))
    assert {pk for page in pages for pk in page} == mine


def test_the_pages_of_a_search_lead_to_the_oldest_result(history, client):
    pages = list(follow(client, "/api/messages?q=word", "Older"))
    assert [pk for page in pages for pk in page] == history[::-1]
    page = client.get("/api/messages?q=word&before=5", headers=HTML).content.decode()
    assert '<a href="/api/messages?q=word">Newest</a>' in page


def test_a_page_beyond_the_last_message_leads_to_the_newest(history, client):
    page = client.get("/api/messages?before=1&after=0", headers=HTML).content.decode()
    assert '<a href="/api/messages?">Newest</a>' in page


def test_the_pages_of_changes_lead_to_later_ones(rows, client):
    first = client.get("/api/users?updated_since=5", headers=HTML)
    since = rows["users"][3]["updated_at"]
    assert f'<a href="/api/users?updated_since={since}">Newer</a>' in first.content.decode()


@pytest.mark.attack("Lists: size")
@pytest.mark.parametrize("ids", ["", "x", "1,,2", "1,-2", ",".join(["1"] * 101), "9" * 19])
def test_bad_ids_are_a_400(call, ids):
    response = call("GET", f"/api/users?ids={ids}")
    assert (response.status_code, list(response.json()["fields"])) == (400, ["ids"])


def test_ids_list_these_users(rows, call, monkeypatch):
    monkeypatch.setattr(pagination, "MAX_ROWS", 100)
    some = rows["users"][2:5]
    ids = ",".join(str(user["id"]) for user in some)
    assert call("GET", f"/api/users?ids={ids},999999").json() == {"users": some}


@pytest.fixture
def long_messages(alice, monkeypatch):
    """Ten messages of 100 characters each, two changed in each second; a list has at most 350."""
    monkeypatch.setattr(pagination, "MAX_ROWS", 100)
    monkeypatch.setattr(pagination, "MAX_TEXT", 350)
    monkeypatch.setattr(message_lists, "FEW", 5)
    start = timestamp() - 3600
    text = {"source": "a" * 40, "html": "b" * 60}
    messages = [alice.messages.create(updated_at=start + n // 2, **text) for n in range(10)]
    return [message.to_dict() for message in messages]


@pytest.mark.attack("Lists: size")
def test_a_long_list_holds_the_newest_messages_up_to_a_size(long_messages, call, client):
    response = call("GET", "/api/messages")
    assert response.json() == {"messages": long_messages[-4:]}  # the third and its second
    assert "Link" not in response
    page = client.get("/api/messages", headers=HTML).content.decode()
    assert link(page, "Oldest") == "/api/messages?after=0"


@pytest.mark.attack("Lists: size")
@pytest.mark.parametrize(("size", "expected"), [(1, [2, 2, 2, 4]), (350, [4, 4, 2]), (1000, [10])])
def test_a_client_that_follows_the_links_gets_all_long_messages(
    long_messages, call, size, expected, monkeypatch
):
    monkeypatch.setattr(pagination, "MAX_TEXT", size)
    path, found, lengths = "/api/messages?updated_since=5", [], []
    while path:
        response = call("GET", path)
        found += response.json()["messages"]
        lengths.append(len(response.json()["messages"]))
        path = response.get("Link", "").removesuffix('>; rel="next"').removeprefix("<")
    assert found == long_messages
    assert lengths == expected


@pytest.mark.parametrize("query", ["", "?updated_since=5"])
def test_a_list_that_is_cut_by_its_size_has_a_tag(long_messages, call, query):
    first = call("GET", f"/api/messages{query}")
    path, headers = f"/api/messages{query}", {"If-None-Match": first["ETag"]}
    assert call("GET", path, headers=headers).status_code == 304
    assert call("GET", path).content == first.content


def test_a_list_of_few_messages_is_read_whole_by_one_query(
    long_messages, call, django_assert_num_queries, monkeypatch
):
    monkeypatch.setattr(message_lists, "FEW", 10)
    with django_assert_num_queries(1):
        assert call("GET", "/api/messages").json() == {"messages": long_messages}

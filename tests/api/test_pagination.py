"""Tests of api/pagination.py: how long a list is, and how a client gets all of a longer one."""

import pytest

from api import pagination
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
        assert [link for link in ("Older", "Newer") if f">{link}</a>" in text] == expected


@pytest.mark.parametrize("ids", ["", "x", "1,,2", "1,-2", ",".join(["1"] * 101), "9" * 19])
def test_bad_ids_are_a_400(call, ids):
    response = call("GET", f"/api/users?ids={ids}")
    assert (response.status_code, list(response.json()["fields"])) == (400, ["ids"])


def test_ids_list_these_users(rows, call, monkeypatch):
    monkeypatch.setattr(pagination, "MAX_ROWS", 100)
    some = rows["users"][2:5]
    ids = ",".join(str(user["id"]) for user in some)
    assert call("GET", f"/api/users?ids={ids},999999").json() == {"users": some}

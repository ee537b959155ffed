"""`/tasks/status`, `/stats` and the page."""

import time
from typing import Any

import pytest

from comparison.contract.client import Flack, Person, path_of
from comparison.contract.shapes import assert_message

ASYNC = {"Prefer": "respond-async"}


@pytest.mark.same
def test_a_deferred_post_ends_as_the_finished_response_itself(flack: Flack, ann: Person) -> None:
    options: dict[str, Any] = {"token": ann.token, "json": {"source": "later"}, "headers": ASYNC}
    accepted = flack.request("POST", "/api/messages", **options)
    assert accepted.status_code == 202
    assert path_of(accepted.headers["Location"]).startswith("/tasks/status/")
    for _ in range(2):
        answer = flack.finished(accepted)
        assert answer.status_code == 201
        assert answer.headers["Content-Type"].startswith("application/json")
        assert_message(answer.json())
        assert path_of(answer.headers["Location"]) == answer.json()["_links"]["self"]
        assert flack.message(answer.json()["id"]) == answer.json()
    assert answer.json()["source"] == "later"


@pytest.mark.same
def test_a_deferred_request_that_fails_ends_as_its_error(
    flack: Flack, ann: Person, bob: Person
) -> None:
    options: dict[str, Any] = {"token": ann.token, "headers": ASYNC}
    assert flack.post("/api/messages", json={"text": "x"}, **options).status_code == 400
    url = flack.posted(bob, "his")["_links"]["self"]
    assert flack.put(url, json={"source": "hers"}, **options).status_code == 403
    assert flack.put("/api/messages/2147483647", json={"source": "x"}, **options).status_code == 404


@pytest.mark.same
@pytest.mark.parametrize("task", ["unknown", "00000000-0000-4000-8000-000000000000", "x" * 300])
def test_the_status_of_an_unknown_task_is_404(flack: Flack, task: str) -> None:
    assert flack.get(f"/tasks/status/{task}").status_code == 404


@pytest.mark.differs("D-11")
def test_a_queued_task_is_202_with_its_location(flack: Flack, ann: Person) -> None:
    options: dict[str, Any] = {"token": ann.token, "json": {"source": "later"}, "headers": ASYNC}
    accepted = [flack.request("POST", "/api/messages", **options) for _ in range(10)]
    for location in [answer.headers["Location"] for answer in accepted]:
        while (status := flack.get(location)).status_code == 202:
            assert status.headers["Location"] == location
            time.sleep(0.02)
        assert status.status_code == 201


@pytest.mark.same
def test_stats_has_the_requests_per_second(flack: Flack) -> None:
    for _ in range(30):
        flack.get("/api/users/0")
    answer = flack.get("/stats")
    assert answer.status_code == 200
    assert set(answer.json()) == {"requests_per_second"}
    assert type(answer.json()["requests_per_second"]) is float
    assert 30 / 15 * 0.5 < answer.json()["requests_per_second"] < 10_000


@pytest.mark.differs("D-12")
def test_stats_counts_the_requests_of_all_nodes(flack: Flack) -> None:
    for _ in range(60):
        # Each on a connection of its own, so that a balancer spreads them.
        flack.get("/api/users/0", headers={"Connection": "close"})
    for _ in range(4):
        answer = flack.get("/stats", headers={"Connection": "close"})
        assert answer.json()["requests_per_second"] >= 60 / 15 * 0.9


@pytest.mark.same
def test_the_page_is_html(flack: Flack) -> None:
    answer = flack.get("/")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "<script" in answer.text


@pytest.mark.differs("D-51")
@pytest.mark.parametrize(("path", "status"), [("/api/users", 200), ("/api/messages/0", 404)])
def test_a_browser_gets_a_page_and_other_clients_json(flack: Flack, path: str, status: int) -> None:
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    page = flack.get(path, headers={"Accept": browser})
    assert page.status_code == status
    assert page.headers["Content-Type"].startswith("text/html")
    for accept in ("*/*", "application/json, text/html", "application/xml"):
        answer = flack.get(path, headers={"Accept": accept})
        assert answer.status_code == status
        assert answer.headers["Content-Type"].startswith("application/json")

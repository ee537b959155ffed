"""One user posts slow links without a pause; other users are answered as before."""

from collections.abc import Iterator

import pytest

from comparison.contract.client import eventually
from comparison.contract.pages import Pages
from tests.faults.worker import PAGE, defer, is_done, is_expanded
from tests.running import PATIENCE, Stack

POSTS = 30  # of two links each; a worker that took them in turn would need 20 s
NODES = (1, 2)


@pytest.fixture
def slow_pages(preview_hosts: str) -> Iterator[Pages]:
    """A site that the worker may fetch, and that answers nothing."""
    pages = Pages(int(preview_hosts.rpartition(":")[2]))
    yield pages
    pages.close()


@pytest.mark.attack("Links: slow hosts and DNS, floods of a host")
def test_slow_links_of_one_user_do_not_delay_others(
    stack: Stack, pages: Pages, slow_pages: Pages
) -> None:
    eve, ann = stack.person("eve"), stack.person("ann")
    slow = [stack.posted(eve, f"{slow_link(slow_pages)} {slow_link(slow_pages)}")["id"]
            for _ in range(POSTS)]  # fmt: skip
    eventually(lambda: slow_pages.hits, "the worker to fetch", PATIENCE)
    for number in NODES:
        with stack.node(number) as node:
            answer = node.get("/readyz")
            assert (answer.status_code, answer.json()["ready"]) == (200, True)

    message = stack.posted(ann, f"see {pages.add(PAGE)}")["id"]
    status = defer(stack, ann, "deferred meanwhile")
    eventually(lambda: is_done(stack, status), "an answer", PATIENCE)
    eventually(lambda: is_expanded(stack, message), "a preview", PATIENCE)
    assert len(slow_pages.hits) < 2 * POSTS  # the slow ones still wait, and others did not
    assert not is_expanded(stack, slow[-1])
    assert "degraded" not in stack.get("/readyz").text


def slow_link(slow_pages: Pages) -> str:
    """Return the URL of a page that takes longer than the deadline of previews."""
    return slow_pages.add(PAGE, seconds=11)

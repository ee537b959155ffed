"""Hostile links in messages, fetched by a real worker, which must survive each of them."""

import gzip
from collections.abc import Iterator
from typing import Any

import pytest

from chat.content.markup import links, render
from comparison.contract.client import Person, eventually
from comparison.contract.pages import Pages
from tests.chat.content.corpus_addresses import INWARD, LOOPBACK, ODD, URLS
from tests.chat.content.sites import HEAD, PAGE, Site, answer, redirect
from tests.running import PATIENCE, Stack

BAD_LINKS = 4  # in each message; a good fifth link whose preview shows that all were tried


@pytest.fixture
def bad_site(preview_hosts: str) -> Iterator[Site]:
    """A site that the worker may fetch, with hostile pages."""
    site = Site(("127.0.0.1", int(preview_hosts.rpartition(":")[2])))
    yield site
    site.stop()


@pytest.fixture
def canary() -> Iterator[Site]:
    """A site in the operator's private network, which the worker must not reach."""
    site = Site()
    yield site
    site.stop()


def post_without_previews(stack: Stack, pages: Pages, urls: list[str]) -> int:
    """Post links that must get no preview, some at a time with a good one; return their number."""
    ann: Person = stack.person("ann")
    good, tried, posted = pages.add("<title>Good</title>"), 0, []
    for first in range(0, len(urls), BAD_LINKS):
        some = urls[first : first + BAD_LINKS]
        source = " ".join([*(f"[x](<{url}>)" for url in some), good])
        tried += len(links(render(source))) - 1
        posted.append(stack.posted(ann, source)["id"])
    card = f'<blockquote><p><a href="{good}">Good</a></p>'
    for message in posted:
        html = expanded(stack, message, card)
        assert html.count("<blockquote>") == 1
    return tried


def expanded(stack: Stack, message: int, card: str) -> str:
    """Wait until a message has a preview, and return its HTML."""

    def html() -> str:
        text: str = stack.message(message)["html"]
        return text if card in text else ""

    found: str = eventually(html, "the preview of the good link", PATIENCE)
    return found


@pytest.mark.attack("Links inward, met by a real worker")
def test_no_link_to_a_private_address_is_fetched(
    stack: Stack, pages: Pages, canary: Site, record_property: Any
) -> None:
    worker = stack.part("previews.1").pid
    hosts = [host for host in (*LOOPBACK, *INWARD, *ODD) if not set(host) & set("\0\ud800<>\n")]
    urls = [f"http://{host}:{canary.port}/" for host in hosts]
    urls += [url.replace("{}", canary.host) for url in URLS if "\0" not in url and "\n" not in url]
    urls = [url for url in urls if url.isprintable() and links(render(f"[x](<{url}>)"))]
    tried = post_without_previews(stack, pages, urls)
    record_property("tried", tried)
    assert tried > 100
    assert canary.visits == 0
    assert stack.part("previews.1").pid == worker


@pytest.mark.attack("Linked pages, met by a real worker")
def test_no_hostile_page_harms_a_worker(
    stack: Stack, pages: Pages, canary: Site, bad_site: Site, record_property: Any
) -> None:
    bomb = gzip.compress(bytes(50 * 2**20))
    bad_site.pages = {
        "/inward": redirect(canary.url),
        "/metadata": redirect("http://169.254.169.254/latest/"),
        "/file": redirect("file:///etc/passwd"),
        "/circle": redirect("/circle"),
        "/reset": lambda site, sock: sock.close(),
        "/headers": lambda site, sock: site.send(sock, b"x: y\r\n"),
        "/chunks": HEAD + b"transfer-encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 70_000,
        "/nothing": b"",
        "/bytes": bytes(range(256)) * 1000,
        "/packed": answer(b"\x1f\x8b" + b"\xff" * 1000, content_encoding="gzip"),
        "/unknown": answer(bomb, content_encoding="br"),
        "/image": answer(PAGE, content_type="image/png"),
        "/late": answer(content_length="1000000"),
    }
    worker = stack.part("previews.1").pid
    urls = [bad_site.url + path[1:] for path in bad_site.pages]
    record_property("tried", post_without_previews(stack, pages, urls))
    assert bad_site.visits > len(urls)
    assert canary.visits == 0
    assert stack.part("previews.1").pid == worker

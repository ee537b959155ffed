"""Links are expanded: a card for each page that answers 200."""

import html
import time
from collections.abc import Callable
from typing import Any

import pytest

from comparison.contract.client import Flack, Person, eventually
from comparison.contract.pages import Pages
from comparison.contract.shapes import Elements, assert_message, cards
from comparison.contract.wires import JsonWire

PAGE = "<html><head><title>{}</title><meta name='description' content='{}'></head></html>"


def card(url: str, title: str, description: str = "No description found.") -> str:
    """Give the card of a page, of plain words."""
    return f'<blockquote><p><a href="{url}">{title}</a></p><p>{description}</p></blockquote>'


def expanded(flack: Flack, message: dict[str, Any], count: int = 1) -> dict[str, Any]:
    """Wait until a message has so many cards, and give it."""

    def look() -> dict[str, Any] | None:
        found = flack.message(message["id"])
        return found if len(cards(found["html"])) >= count else None

    found: dict[str, Any] = eventually(look, f"{count} cards", flack.patience)
    return found


@pytest.mark.same
def test_a_link_gets_the_title_and_description_of_its_page(
    flack: Flack, ann: Person, pages: Pages
) -> None:
    url = pages.add(PAGE.format("\n A title \n", " What it says. "))
    message = expanded(flack, flack.posted(ann, f"see [it]({url})!"))
    assert_message(message)
    link = f'see <a href="{url}" rel="nofollow">it</a>!'
    assert message["html"] == link + card(url, "A title", "What it says.")
    assert message["source"] == f"see [it]({url})!"


@pytest.mark.same
@pytest.mark.parametrize(
    ("body", "title", "description"),
    [
        ("<meta name=DESCRIPTION content=words>", None, "words"),
        ("<title>Title</title><meta name=keywords content=x>", "Title", "No description found."),
        ("nothing at all", None, "No description found."),
    ],
)
def test_a_page_without_title_or_description_gets_defaults(
    flack: Flack, ann: Person, pages: Pages, body: str, title: str | None, description: str
) -> None:
    url = pages.add(body)
    message = expanded(flack, flack.posted(ann, f"[it]({url})"))
    assert cards(message["html"]) == [card(url, title or url, description)]


@pytest.mark.same
def test_each_link_is_expanded_in_order(flack: Flack, ann: Person, pages: Pages) -> None:
    slow = pages.add(PAGE.format("One", "1"), seconds=0.5)
    quick = pages.add(PAGE.format("Two", "2"))
    message = expanded(flack, flack.posted(ann, f"[a]({slow}) [b]({quick})"), 2)
    assert cards(message["html"]) == [card(slow, "One", "1"), card(quick, "Two", "2")]


@pytest.mark.same
def test_a_redirect_is_followed_and_the_card_keeps_the_link(
    flack: Flack, ann: Person, pages: Pages
) -> None:
    url = pages.add("", status=302, location=pages.add(PAGE.format("Target", "there")))
    message = expanded(flack, flack.posted(ann, f"[it]({url})"))
    assert cards(message["html"]) == [card(url, "Target", "there")]


@pytest.mark.same
def test_a_page_that_fails_adds_nothing(flack: Flack, ann: Person, pages: Pages) -> None:
    body = PAGE.format("An error", "page")
    bad = [pages.add(body, status=status) for status in (404, 500, 203)]
    good = pages.add(PAGE.format("Good", "one"))
    links = " ".join(f"[x]({url})" for url in [*bad, "http://127.0.0.1:1/", good])
    message = expanded(flack, flack.posted(ann, links))
    assert cards(message["html"]) == [card(good, "Good", "one")]


@pytest.mark.same
def test_a_message_of_the_socket_is_pushed_again_when_expanded(
    flack: Flack, pages: Pages, listener: JsonWire
) -> None:
    author, url = flack.person(), pages.add(PAGE.format("Title", "words"), seconds=1.5)
    source = f"[it]({url})"
    listener.post_message(source, author.token)
    first = listener.push("Message", source=source)
    assert cards(first["html"]) == []
    second = first
    while second == first:  # the first may come again after a delay that the server repairs
        second = listener.push("Message", id=first["id"])
    assert_message(second)
    assert second["html"] == first["html"] + card(url, "Title", "words")
    assert second["updated_at"] > first["updated_at"]
    assert flack.message(first["id"]) == second
    assert second in flack.messages(f"updated_since={first['updated_at']}")


@pytest.mark.differs("D-33")
def test_a_message_never_waits_for_its_links(flack: Flack, ann: Person, pages: Pages) -> None:
    url = pages.add(PAGE.format("Title", "words"), seconds=6)
    started = time.monotonic()
    message = flack.posted(ann, f"[it]({url})")
    assert flack.message(message["id"]) == message
    assert time.monotonic() - started < 5
    assert cards(message["html"]) == []
    expanded(flack, message)


@pytest.mark.differs("D-33")
def test_a_page_that_hangs_costs_only_its_own_card(flack: Flack, ann: Person, pages: Pages) -> None:
    hangs, good = pages.add("late", seconds=40), pages.add(PAGE.format("Good", "one"))
    message = flack.posted(ann, f"[a]({hangs}) [b]({good})")
    found = eventually(lambda: cards(flack.message(message["id"])["html"]), "the good card", 30)
    assert found == [card(good, "Good", "one")]


@pytest.mark.differs("D-17")
def test_title_and_description_are_text_not_markup(flack: Flack, ann: Person, pages: Pages) -> None:
    title, words = ("</a><script>alert(1)</script> & \"'", '<img src=x onerror="alert(2)">')
    url = pages.add(PAGE.format(html.escape(title), html.escape(words))) + "?a=1&b=2"
    message = expanded(flack, flack.posted(ann, f"[it]({url})"))
    elements = Elements("".join(cards(message["html"])))
    assert elements.tags == [("blockquote", {}), ("p", {}), ("a", {"href": url}), ("p", {})]
    assert elements.text == title + words
    assert "b=2" in message["html"] and "&b=2" not in message["html"]


@pytest.mark.differs("D-39")
def test_the_texts_for_previews_come_before_the_title(
    flack: Flack, ann: Person, pages: Pages
) -> None:
    url = pages.add(
        PAGE.format("Title - Site", "For search engines")
        + "<meta property='og:title' content='Title'><meta name='twitter:title' content='Tweet'>"
        + "<meta name='twitter:description' content='For readers'>"
    )
    message = expanded(flack, flack.posted(ann, f"[it]({url})"))
    assert cards(message["html"]) == [card(url, "Title", "For readers")]


@pytest.mark.differs("D-18")
def test_only_public_addresses_are_fetched(flack: Flack, ann: Person, pages: Pages) -> None:
    allowed, private = pages.add(PAGE.format("Allowed", "one")), Pages(0)
    try:
        inner = private.add(PAGE.format("Inner", "secret"))
        by_name = inner.replace("127.0.0.1", "localhost")
        redirect = pages.add("", status=302, location=inner)
        links = " ".join(f"[x]({url})" for url in (inner, by_name, redirect, allowed))
        message = expanded(flack, flack.posted(ann, links))
        assert cards(message["html"]) == [card(allowed, "Allowed", "one")]
        assert not private.hits
    finally:
        private.close()


@pytest.mark.differs("D-27")
@pytest.mark.parametrize("target", ["/relative", "mailto:a@foo.com", "http://", "http://[x/", "#"])
def test_a_link_that_cannot_be_fetched_costs_only_its_own_card(
    flack: Flack, ann: Person, pages: Pages, target: str
) -> None:
    good = pages.add(PAGE.format("Good", "one"))
    message = expanded(flack, flack.posted(ann, f"[x]({target}) [y]({good})"))
    assert cards(message["html"]) == [card(good, "Good", "one")]


@pytest.mark.differs("D-27")
def test_an_empty_title_and_a_redirect_without_end_are_no_error(
    flack: Flack, ann: Person, pages: Pages
) -> None:
    empty, loop = (pages.add("<title></title>"), pages.add("", status=302, location="?again"))
    message = expanded(flack, flack.posted(ann, f"[x]({loop}) [y]({empty})"))
    assert cards(message["html"]) == [card(empty, empty)]


@pytest.mark.differs("D-32")
def test_at_most_five_different_links_are_expanded(flack: Flack, ann: Person, pages: Pages) -> None:
    urls = [pages.add(PAGE.format(f"Page {number}", "x")) for number in range(6)]
    links = " ".join(f"[x]({url})" for url in (urls[0], *urls))
    message = expanded(flack, flack.posted(ann, links), 5)
    assert cards(message["html"]) == [card(u, f"Page {n}", "x") for n, u in enumerate(urls[:5])]
    assert pages.hits[urls[0]] == 1
    assert pages.hits[urls[5]] == 0


@pytest.mark.differs("D-10")
def test_the_links_of_an_edit_are_expanded(
    flack: Flack, ann: Person, pages: Pages, connect: Callable[[], JsonWire]
) -> None:
    first, second = (pages.add(PAGE.format(title, "x")) for title in ("First", "Second"))
    message = expanded(flack, flack.posted(ann, f"[a]({first})"))
    listener = connect()
    edit = {"source": f"[b]({second})"}
    flack.put(message["_links"]["self"], token=ann.token, json=edit)
    link = f'<a href="{second}" rel="nofollow">b</a>'
    assert expanded(flack, message)["html"] in (message["html"], link + card(second, "Second", "x"))
    html_after = link + card(second, "Second", "x")
    assert listener.push("Message", id=message["id"], html=html_after)
    assert flack.message(message["id"])["html"] == html_after

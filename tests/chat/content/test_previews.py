"""Tests of chat/content/previews.py."""

import html
import time
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.content import previews
from chat.content.previews import MAX_DESCRIPTION, MAX_TITLE, describe, preview
from tests.chat.content.sites import answer


def card(url: str, title: str, description: str = "No description found.") -> str:
    """Return a preview as the contract says it, of texts without markup."""
    return f'<blockquote><p><a href="{url}">{title}</a></p><p>{description}</p></blockquote>'


@pytest.mark.parametrize(
    ("page", "title", "description"),
    [
        ("<title>A</title><meta name=description content=b>", "A", "b"),
        ("<HTML><HEAD><TITLE>A</TITLE><META NAME='Description' CONTENT='b'></HEAD>", "A", "b"),
        ("<!DOCTYPE html><html lang=en><head><title>A</title></head><body>x", "A", ""),
        ('<?xml version="1.0" encoding="x"?><html xmlns="y"><title>A</title></html>', "A", ""),
        ("<title>\n  A\t b\r\n\u00a0c </title>", "A b c", ""),
        ("<title>A</title><title>B</title>", "A", ""),
        ("<p>x<title>A</title>", "A", ""),
        ("<title></title>", "", ""),
        ("<title> \n </title>", "", ""),
        ("", "", ""),
        ("just text", "", ""),
        ("<!-- <title>A</title> -->", "", ""),
        ("<title>A &amp; &lt;b&gt; &#8364; &hellip;</title>", "A & <b> \u20ac \u2026", ""),
        ("<title>A <b>b</b></title>", "A <b>b</b>", ""),
        ("<title>A", "A", ""),
        ("<meta name=description content=a><meta name=description content=b>", "", "a"),
        ("<meta name=description>", "", ""),
        ("<meta name=keywords content=a>", "", ""),
        ("<meta name=description content='  a \n b '>", "", "a b"),
        ("<meta property='og:title' content=A><meta property=og:description content=b>", "A", "b"),
        ("<title>A</title><meta property=og:title content=B>", "A", ""),
        ("<title></title><meta name=og:title content=B>", "B", ""),
        ("<meta name=description content=''><meta property=og:description content=b>", "", "b"),
    ],
)
def test_title_and_description_are_what_the_page_says(page, title, description):
    assert describe(page.encode(), "utf-8") == (title, description)


@pytest.mark.attack("Linked pages: charsets and markup")
@pytest.mark.parametrize(
    ("body", "charset", "title"),
    [
        ("é".encode(), "", "é"),
        ("é".encode(), "utf-8", "é"),
        ("é".encode("latin-1"), "ISO-8859-1", "é"),
        ("\u2019".encode("cp1252"), "latin1", "\u2019"),
        ("\u2019".encode("cp1252"), "us-ascii", "\u2019"),
        ("日本".encode("shift_jis"), "x-sjis", "日本"),
        ("日本".encode("euc-jp"), "EUC-JP", "日本"),
        ("日本".encode("gb18030"), "gb2312", "日本"),
        ("привет".encode("koi8-r"), "koi8-r", "привет"),
        ("é".encode(), "no-such-charset", "é"),
        ("é".encode(), "punycode", "é"),
        ("é".encode(), "unicode_escape", "é"),
        ("é".encode(), "zlib", "é"),
        (b"\xe9 \xff", "utf-8", "\ufffd \ufffd"),
        (b"a\0b", "utf-8", "a\ufffdb"),
        (b"a&#xD800;b", "utf-8", "a\ufffdb"),
        (b"a \xe9", "euc-jp", "a \ufffd"),
    ],
)
def test_a_title_is_read_in_the_charset_of_the_page(body, charset, title):
    tagged = b"<title>" + body + b"</title>"
    assert describe(tagged, charset)[0] == title


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be", "utf-8"])
def test_a_byte_order_mark_says_more_than_the_charset(charset):
    assert describe("\ufeff<title>é</title>".encode(charset), "koi8-r")[0] == "é"


def test_long_texts_are_cut():
    page = f"<title>{'a' * 300}</title><meta name=description content='a{'b ' * 300}'>"
    assert describe(page.encode(), "") == (
        "a" * (MAX_TITLE - 1) + "…",
        "a" + " ".join("b" * (MAX_DESCRIPTION // 2 - 1)) + "…",
    )


@pytest.mark.attack("Linked pages: charsets and markup")
@pytest.mark.parametrize(
    "page",
    [
        *("<div>", "<b>", "<p>", "<a href=x>", "<table><tr><td>", "<form><div>", "<p><dl><dd>"),
        *("<", "</", "&", "&amp;", "<!--", "<!", "<![CDATA[", "<title>", "<svg><title>", "<meta>"),
        *("<meta name=description content=x>", "<script>", "<select><option>", "<b a=", "\0", " "),
        *("<meta " + " ".join(f"a{number}=1" for number in range(1000)) + ">", "<template>", "<?"),
    ],
)
def test_a_hostile_page_takes_little_time(page):
    body = (page * (2**20 // len(page))).encode()
    start = time.thread_time()
    describe(body, "")
    assert time.thread_time() - start < 1.5


@pytest.mark.attack("Linked pages: charsets and markup")
def test_a_document_type_cannot_make_texts_grow():
    entities = "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10))
    page = f"<!DOCTYPE x [<!ENTITY a0 'ha'>{entities}]><title>&a9;</title>"
    assert len(describe(page.encode(), "")[0]) < 50


@given(st.binary(max_size=300), st.sampled_from(["", "utf-16", "koi8-r", "euc-jp", "iso-2022-jp"]))
def test_no_page_is_an_error(body, charset):
    title, description = describe(b"<title>" + body, charset)
    assert len(title) <= MAX_TITLE
    assert len(description) <= MAX_DESCRIPTION


def test_a_page_has_a_card_with_title_and_description(site):
    assert preview(site.url) == card(site.url, "A page", "It says so.")


def test_what_a_page_does_not_say_is_filled_in(site):
    site.pages["/"] = answer(b"<p>x")
    assert preview(site.url) == card(site.url, site.url)


def test_an_empty_page_has_a_card_too(site):
    site.pages["/"] = answer(b"")
    assert preview(site.url) == card(site.url, site.url)


def test_a_page_that_cannot_be_had_has_no_card(site):
    assert preview(site.url + "missing") is None


def test_the_address_is_that_of_the_link_with_its_markup_escaped(site):
    url = site.url + "?a=1&b='\"<i>"
    site.pages[url.removeprefix(f"http://{site.host}")] = answer(b"")
    escaped = html.escape(url)
    assert preview(url) == card(escaped, escaped)
    assert not set("<>\"'") & set(escaped)


class Card(HTMLParser):
    """Reads a card as a browser does."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[Any] = []
        self.texts: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, attrs))

    def handle_data(self, data):
        self.texts.append(data)

    def handle_comment(self, data):
        raise AssertionError(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


MARKUP = st.lists(
    st.sampled_from(
        [*"<>&\"'/= a", "</title>", "</a>", "<script>", "<!--", "&lt;", "onload=x", "\\"]
    )
).map("".join)


@given(MARKUP, MARKUP)
def test_texts_of_a_page_bring_no_markup(site, title, description):
    said = (html.escape(title), html.escape(description))
    page = f"<title>{said[0]}</title><meta name=description content='{said[1]}'>"
    site.pages["/"] = answer(page.encode())
    card = Card(str(preview(site.url)))
    assert card.tags == [("blockquote", []), ("p", []), ("a", [("href", site.url)]), ("p", [])]
    title, description = (" ".join(text.split()) for text in (title, description))
    assert "".join(card.texts) == (title or site.url) + (description or "No description found.")


def test_a_mistake_of_ours_is_not_taken_for_a_bad_page(site, monkeypatch):
    def mistake(body, charset):
        raise TypeError("a mistake")

    monkeypatch.setattr(previews, "describe", mistake)
    with pytest.raises(TypeError, match="a mistake"):
        preview(site.url)

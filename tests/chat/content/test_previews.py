"""Tests of chat/content/previews.py."""

import html
import time
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.content import previews
from chat.content.previews import MAX_DESCRIPTION, MAX_HEAD, MAX_TAG, MAX_TITLE, describe
from tests.chat.content.sites import answer


def preview(url: str) -> str | None:
    """Return the preview of a page, with enough time to fetch it."""
    return previews.preview(url, time.monotonic() + 10)


def card(url: str, title: str, description: str = "No description found.") -> str:
    """Return a preview in the form of the contract, of texts without markup."""
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
        ("<title>A</title><meta property=og:title content=B>", "B", ""),
        ("<title>A</title><meta name=twitter:title content=B>", "B", ""),
        ("<meta name=twitter:title content=A><meta property=og:title content=B>", "B", ""),
        ("<title>A</title><meta property=og:title content=' '>", "A", ""),
        ("<meta name=description content=a><meta name=twitter:description content=b>", "", "b"),
        ("<meta name=twitter:description content=a><meta name=og:description content=b>", "", "b"),
        ("<meta name=description property=og:description content=a>", "", "a"),
        ("<meta name=x property=og:title content=A>", "A", ""),
        ("<meta name=description property=x content=a>", "", "a"),
        ("<svg><title>A</title></svg><title>B</title>", "B", ""),
        ("<body><svg><g><title>A</title></g></svg>", "", ""),
        ("<math><title>A</title></math>", "", ""),
        ("<noscript><title>A</title></noscript><title>B</title>", "B", ""),
        ("<template><title>A</title><meta name=description content=a></template>", "", ""),
        ("<script>'<title>A</title>'</script><title>B</title>", "B", ""),
        ("<style><title>A</title></style ><title>B</title>", "B", ""),
        ("<!-- ><title>A</title> --!><title>B</title>", "B", ""),
        ("<!--><title>A</title>", "A", ""),
        (
            "<meta name=description content='the <script> tag'><title>A</title>",
            "A",
            "the <script> tag",
        ),
        ('<meta name=description content="<!--"><title>A</title>', "A", "<!--"),
        (
            "<title>the <script> tag</title><meta name=description content=a>",
            "the <script> tag",
            "a",
        ),
        ("<title>A <!-- b</title>", "A <!-- b", ""),
        ("<scripts><title>A</title>", "A", ""),
        ("<title></title><meta name=og:title content=B>", "B", ""),
        ("<meta name=description content=''><meta property=og:description content=b>", "", "b"),
        ("<meta property='og:title schema:name' content=A><title>B</title>", "A", ""),
        ("<meta property='x og:title' name='description y' content=A>", "A", "A"),
        ("<meta property=og:title content='&#8203;\u3164'><title>B</title>", "B", ""),
        ("<title>\u2800</title><meta name=twitter:title content=B>", "B", ""),
        ("<iframe><title>A</title></iframe><textarea><title>B</title></textarea>", "", ""),
        ("<svg><desc>x</svg><noscript/><title>B</title>", "B", ""),
        ("<template><svg></template><title>B</title>", "B", ""),
    ],
)
def test_title_and_description_are_found(page, title, description):
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
def test_a_byte_order_mark_overrides_the_charset(charset):
    assert describe("\ufeff<title>é</title>".encode(charset), "koi8-r")[0] == "é"


@pytest.mark.attack("Linked pages: charsets and markup")
@pytest.mark.parametrize(
    ("head", "title"),
    [
        ("<meta charset=koi8-r>", "п"),
        ("<META CHARSET='KOI8-R'/>", "п"),
        ("<meta http-equiv=Content-Type content='text/html; charset=koi8-r'>", "п"),
        ("<meta content='text/html; CHARSET = \"koi8-r\"' http-equiv=content-type>", "п"),
        ("<meta charset=no-such><meta charset=koi8-r>", "п"),
        ("<?xml version='1.0' encoding='koi8-r'?>", "п"),
        (" " * 1024 + "<meta charset=koi8-r>", "п"),
        ("<meta charset=x-user-defined>", "\u00d0"),
        ("<meta charset=koi8-r charset=utf-8>", "п"),
        ("<meta http-equiv=content-type charset=koi8-r content='text/html; charset=utf-8'>", "п"),
        ("<?php ><meta charset=koi8-r>", "п"),
        ("<script>" + "x" * MAX_HEAD + "</script><meta charset=koi8-r>", "п"),
        # Each of these declares nothing.
        ("", "\ufffd"),
        (" <?xml version='1.0' encoding='koi8-r'?>", "\ufffd"),
        ("<meta name=description content='charset=koi8-r'>", "\ufffd"),
        ("<meta content='text/html; charset=koi8-r'>", "\ufffd"),
        ("<meta data-charset=koi8-r>", "\ufffd"),
        ("<a href='<meta charset=koi8-r>'>", "\ufffd"),
        ("<textarea><meta charset=koi8-r></textarea>", "\ufffd"),
        ("<!-- <meta charset=koi8-r> -->", "\ufffd"),
        ("<script>'<meta charset=koi8-r>'</script>", "\ufffd"),
        ("<p title='<meta charset=koi8-r>'>", "\ufffd"),
        ("<p>charset=koi8-r</p>", "\ufffd"),
    ],
)
@pytest.mark.parametrize("label", ["", "no-such-charset"])
def test_the_encoding_is_the_one_that_the_page_declares(head, title, label):
    page = head.encode() + b"<title>" + "п".encode("koi8-r") + b"</title>"
    assert describe(page, label)[0] == title


@pytest.mark.parametrize("label", ["utf-16", "utf-16le", "utf-16be"])
def test_a_page_that_declares_utf_16_is_in_utf_8(label):
    assert describe(f"<meta charset={label}><title>é</title>".encode(), "")[0] == "é"


def test_the_header_overrides_what_the_page_declares():
    page = "<meta charset=utf-8><title>é</title>".encode("latin-1")
    assert describe(page, "latin1")[0] == "é"


def test_scripts_and_styles_do_not_count_for_the_size_of_the_head():
    hidden = "<script>x</script><style>y</style><!-- z -->" * (2**19 // 40)
    assert describe(f"{hidden}<title>A</title>".encode(), "")[0] == "A"


@pytest.mark.attack("Linked pages: quadratic and huge markup")
@pytest.mark.parametrize(("size", "title"), [(MAX_HEAD - 20, "A"), (MAX_HEAD + 1, "")])
def test_what_follows_the_head_is_not_parsed(size, title):
    assert describe(f"{' ' * size}<title>A</title>".encode(), "")[0] == title


@pytest.mark.attack("Linked pages: quadratic and huge markup")
@pytest.mark.parametrize(("more", "description"), [(0, "a"), (1, "")])
def test_a_huge_tag_is_dropped(more, description):
    start, end = "<meta name=description content=a x='", "'>"
    tag = start + "y" * (MAX_TAG - len(start + end) + more) + end
    assert describe(f"{tag}<title>A</title>".encode(), "") == ("A", description)


@pytest.mark.attack("Linked pages: quadratic and huge markup")
@pytest.mark.parametrize(
    "start", ["<meta ", "<b x='>' ", '<b ="b="> c" ', "<b x=\v'> ", "<b x='y'z='>' ", "<b/=/='>' "]
)
def test_a_tag_of_many_attributes_takes_little_time(start):
    page = start + " ".join(f"a{number}" for number in range(100_000)) + "><title>A</title>"
    began = time.thread_time()
    describe(page.encode(), "")
    assert time.thread_time() - began < 1


def test_long_texts_are_cut():
    page = f"<title>{'a' * 300}</title><meta name=description content='a{'b ' * 300}'>"
    assert describe(page.encode(), "") == (
        "a" * (MAX_TITLE - 1) + "…",
        "a" + " ".join("b" * (MAX_DESCRIPTION // 2 - 1)) + "…",
    )


@pytest.mark.attack("Linked pages: quadratic and huge markup")
@pytest.mark.parametrize(
    "page",
    [
        *("<div>", "<b>", "<p>", "<a href=x>", "<table><tr><td>", "<form><div>", "<p><dl><dd>"),
        *("<", "</", "&", "&amp;", "<!--", "<!", "<![CDATA[", "<title>", "<svg><title>", "<meta>"),
        *("<meta name=description content=x>", "<script>", "<select><option>", "<b a=", "\0", " "),
        *("<a", "</a", "<title", "<script", "<a<!--", "a<b", "<a\0"),
        *("<b a='", '<b a="', "<b ", "<b a\t", "<!-->", "</title", "<script></script ", "="),
        *("<meta " + " ".join(f"a{number}=1" for number in range(1000)) + ">", "<template>", "<?"),
    ],
)
def test_a_hostile_page_takes_little_time(page):
    body = (page * (2**20 // len(page))).encode()
    start = time.thread_time()
    describe(body, "")
    assert time.thread_time() - start < 1


@pytest.mark.attack("Linked pages: quadratic and huge markup")
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


def test_a_missing_title_and_description_are_filled_in(site):
    site.pages["/"] = answer(b"<p>x")
    assert preview(site.url) == card(site.url, site.url)


def test_an_empty_page_has_a_card_too(site):
    site.pages["/"] = answer(b"")
    assert preview(site.url) == card(site.url, site.url)


def test_a_page_that_cannot_be_fetched_has_no_card(site):
    assert preview(site.url + "missing") is None


def test_the_address_is_that_of_the_link_with_its_markup_escaped(site):
    url = site.url + "?a=1&b='\"<i>"
    site.pages[url.removeprefix(f"http://{site.host}")] = answer(b"")
    escaped = html.escape(url)
    assert preview(url) == card(escaped, escaped)
    assert not set("<>\"'") & set(escaped)


class Card(HTMLParser):
    """Parser of a card that records tags and texts."""

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


def test_a_bug_is_not_taken_for_a_bad_page(site, monkeypatch):
    def bug(body, charset):
        raise TypeError("a bug")

    monkeypatch.setattr(previews, "describe", bug)
    with pytest.raises(TypeError, match="a bug"):
        preview(site.url)

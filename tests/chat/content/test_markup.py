"""Tests of chat/content/markup.py."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chat.content.markup import MAX_LINKS, links, render
from chat.models import MAX_SOURCE
from tests.chat.content.corpus_markup import ATTACKS, OURS, SAME, SLOW

ALLOWED: dict[str, set[str]] = {
    "a": {"href", "rel", "title"},
    "abbr": {"title"},
    "acronym": {"title"},
    "ol": {"start"},
    **{tag: set() for tag in "b blockquote code em i li p pre s strong ul".split()},
}


class Reader(HTMLParser):
    """Notes what a browser would make of html; every element must be closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.other: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def unknown_decl(self, data):
        self.other.append(data)

    handle_comment = handle_decl = handle_pi = unknown_decl


def assert_safe(html: str) -> None:
    """Fail if html has anything in it that a message may not bring to a page."""
    reader = Reader(html)
    assert reader.other == []
    for tag, attributes in reader.elements:
        assert set(attributes) <= ALLOWED[tag], (tag, attributes)
        if tag == "a":
            assert attributes["rel"] == "nofollow"
            # A browser does not see these characters where it looks for the scheme.
            href = (attributes.get("href") or "").translate(dict.fromkeys(range(33)))
            scheme = re.match(r"[a-z][a-z0-9+.-]*:", href, re.IGNORECASE)
            assert not scheme or scheme[0].lower() in ("http:", "https:", "mailto:")


@pytest.mark.parametrize(("source", "html"), SAME.items())
def test_it_renders_as_flask_does(source, html):
    assert render(source) == html


@pytest.mark.parametrize(("source", "html"), OURS.items())
def test_it_renders_what_flask_does_not(source, html):
    assert render(source) == html


@pytest.mark.attack("Markup: code in a message")
@pytest.mark.parametrize("source", ATTACKS)
def test_no_source_brings_code_to_the_page(source):
    assert_safe(render(source))


# What the interesting sources are made of.
PIECES = [
    *("*", "_", "~~", "`", "```", "\n", "\n\n", " ", "    ", "> ", "- ", "1. ", "# ", "\\", "&"),
    *(
        "<",
        ">",
        "</",
        "<b>",
        "</b>",
        "<i>",
        "</i>",
        "<code>",
        "</code>",
        "<abbr title='",
        "<a href=",
    ),
    *(
        "<a>",
        "</a>",
        "<p>",
        "</p>",
        "<pre>",
        "<ol start=",
        "<script>",
        "</script>",
        "<style>",
        "<!--",
    ),
    *(
        "-->",
        "<svg>",
        "<math>",
        "<table>",
        "<td>",
        "<template>",
        "<textarea>",
        "<plaintext>",
        "<br>",
    ),
    *("[", "](", ")", "[a]: ", "javascript:", "data:", "http://", "foo.com", "&#106;", "&colon;"),
    *("'", '"', "=", " onclick=x", " style=x", " id=x", "\t", "\0", "\r", "x", "\u202e", "\ud800"),
]


@given(
    st.one_of(st.text(st.characters(), max_size=60), st.lists(st.sampled_from(PIECES)).map("".join))
)
@example("\ud83d")
def test_whatever_the_source_the_html_is_safe(source):
    assert_safe(render(source))


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_rendering_has_no_memory(source):
    assert render(source) == render(source)


def test_half_a_surrogate_pair_is_a_question_mark():
    assert render("a\ud800b") == "a?b"


@pytest.mark.parametrize("source", ["", " \n ", "</b>", "<!-- x -->", "<div></div>"])
def test_nothing_to_show_is_empty(source):
    assert render(source) == ""


@pytest.mark.parametrize(
    "source", ["a\n", "- a\n", "```\na\n```\nb", "    a\n\nb", "> a\n\nb\n", "a  \n"]
)
def test_there_is_no_newline_at_the_ends_or_between_elements(source):
    html = render(source)
    assert html == html.strip()
    assert "\n<" not in html.replace("\n</code>", "")
    assert ">\n" not in html


@pytest.mark.parametrize("link", ["foo.com", "[a](http://foo.com)", "<a href=http://foo.com>a</a>"])
def test_every_link_has_exactly_one_rel(link):
    ((tag, attributes),) = Reader(render(link)).elements
    assert (tag, attributes) == ("a", {"href": "http://foo.com", "rel": "nofollow"})


@pytest.mark.parametrize("opened", ["<b>", "</b><b>", "<b></b></b><b>", "<b></i>"])
def test_what_stays_open_ends_with_its_paragraph(opened):
    html = render(opened + "one\n\ntwo").replace("<b></b>", "")
    assert html == "<p><b>one</b></p><p>two</p>"


@pytest.mark.parametrize(
    "tags", ["<b><i><em><strong><code>", "<b x{}>", "<a href=x{}><b>", "<abbr>"]
)
def test_what_stays_open_does_not_grow_with_each_paragraph(tags):
    opened = "".join(tags.format(number) for number in range(100))
    one, many = (len(render(opened + "\n\nx" * count)) for count in (1, 1001))
    assert many - one == 1000 * len("<p>x</p>")


def test_threads_share_the_parser():
    sources = [*SAME, *OURS] * 3
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(render, sources)) == [*SAME.values(), *OURS.values()] * 3


def seconds(source: str) -> float:
    """Return the time that this thread works to render a source."""
    start = time.thread_time()
    render(source)
    return time.thread_time() - start


def takes_at_most(factor: int, hostile: str, harmless: str) -> bool:
    """Compare the times of two sources; a disturbed measurement may be repeated."""
    return any(seconds(hostile) < factor * seconds(harmless) + 0.02 for _ in range(3))


@pytest.mark.attack("Markup: time and space")
@pytest.mark.parametrize("unit", SLOW)
def test_a_hostile_message_takes_time_as_its_length(unit):
    long, short = ((unit * MAX_SOURCE)[: MAX_SOURCE // part] + "_" for part in (2, 8))
    # Four times as long: 4 times the work, and 16 times if it were the square.
    assert takes_at_most(9, long, short)


@pytest.mark.attack("Markup: time and space")
@pytest.mark.parametrize("unit", SLOW)
def test_a_hostile_message_takes_space_as_its_length(unit):
    source = (unit * MAX_SOURCE)[: MAX_SOURCE // 8]
    assert len(render(source)) < 10 * len(source)


@pytest.mark.attack("Markup: time and space")
@pytest.mark.parametrize(
    ("hostile", "harmless"),
    [
        # A label that could be read in two ways, so ten of them in 1024.
        (("http://" + "xn--a." * 10 + "- ") * 20, ("http://" + "xyz-a." * 10 + "- ") * 20),
        # Brackets that could go on to the end of the message.
        ("a.com/(" * (MAX_SOURCE // 7), "a.com/b" * 4 * (MAX_SOURCE // 7)),
        # A scheme that could begin anywhere before its `://`.
        ("[https://" * (MAX_SOURCE // 9), "[https:/a" * (MAX_SOURCE // 9)),
    ],
)
def test_the_search_for_links_is_bounded(hostile, harmless):
    assert takes_at_most(5, hostile, harmless)


def test_links_are_the_absolute_addresses_in_order_without_repeats():
    html = render("b.com [x](http://a.com/?a=1&b=2) b.com [y](/z) <me@foo.com> HTTPS://c.com")
    assert links(html) == ["http://b.com", "http://a.com/?a=1&b=2", "HTTPS://c.com"]


def test_there_are_at_most_five_links():
    urls = [f"http://foo.com/{number}" for number in range(MAX_LINKS + 1)]
    assert links(render(" ".join(urls))) == urls[:5]


@pytest.mark.parametrize("html", ["", "a", "<p>a</p>", '<a rel="nofollow">a</a>', "a &lt;a&gt;"])
def test_html_without_links_has_none(html):
    assert links(html) == []

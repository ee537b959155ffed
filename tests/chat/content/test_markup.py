"""Tests of chat/content/markup.py."""

import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from linkify_it import LinkifyIt  # type: ignore[import-untyped]

from chat.content import linkify, markup
from chat.content.markup import MAX_LINKS, links, render
from chat.models import MAX_SOURCE
from tests.chat.content.corpus_markup import ATTACKS, OURS, SAME, SLOW, WORDLESS
from tests.chat.content.reader import Reader

ALLOWED: dict[str, set[str]] = {
    "a": {"href", "rel", "title"},
    "abbr": {"title"},
    "acronym": {"title"},
    "ol": {"start"},
    "li": {"value"},
    **{tag: set() for tag in "b blockquote code em i p pre s strong ul".split()},
}


def assert_safe(html: str) -> None:
    """Fail if html has an element, attribute or URL that messages may not have."""
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


# Pieces of sources that interact with each other.
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
def test_the_html_of_every_source_is_safe(source):
    assert_safe(render(source))


@given(st.lists(st.sampled_from(PIECES)).map("".join))
def test_rendering_has_no_memory(source):
    assert render(source) == render(source)


def test_half_a_surrogate_pair_is_a_question_mark():
    assert render("a\ud800b") == "a?b"


@pytest.mark.parametrize("source", ["", " \n "])
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


@pytest.mark.parametrize(
    ("source", "link"),
    [
        ("看{}。很好看", "https://example.com/a"),
        ("看{}。很好看", "https://example.com"),
        ("“{}”", "https://example.com/"),
        ("‘{}’很", "https://example.com/"),
        ("«{}»", "https://example.com/"),
        ("（{}）", "https://example.com"),
        ("《{}》", "https://example.com/x"),
        ("「{}」", "example.com/x"),
        ("看 {}，然后", "https://example.com/?a=1"),
        ("{}：", "https://example.com/#a"),
        ("{}…", "https://example.com/a"),
        ("{}！", "https://fr.wikipedia.org/wiki/L’a"),
    ],
)
def test_a_link_ends_before_the_punctuation_of_any_script(source, link):
    html = render(source.format(link))
    before, after = source.split("{}")
    assert html.startswith(f"{before}<a ")
    assert html.endswith(f">{link}</a>{after}")


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("看{}", ["example.com"]),
        ("看{}。见{}", ["foo.com", "bar.com/a"]),
        ("看{}还有{}", ["example.com", "163.com"]),
        ("メール{}です", ["www.example.com"]),
        ("{}에서", ["example.com"]),
        ("ดู{}นะ", ["example.com"]),
        ("看{}", ["example.com/路径?a=看"]),
        ("看{}吧", ["xn--bcher-kva.de"]),
        ("看{}很好", ["example.com:8080"]),
        ("看{}很好看", ["https://example.com"]),
        ("{}很好/坏", ["https://example.com"]),
        ("{}很好", ["http://localhost:8000"]),
        ("{}很好。然后", ["http://127.0.0.1:80"]),
        ("{}", ["例え.jp"]),
        ("{}", ["a例え.jp/x"]),
        ("{}", ["http://例えa.jp/"]),
        ("看me@example.com", []),
        ("第1.2.3版", []),
    ],
)
def test_a_domain_needs_no_space_beside_letters_of_other_scripts(source, shown):
    html = render(source.format(*shown))
    assert re.findall("<a [^>]*>(.*?)</a>", html) == shown
    assert re.sub("<a .*?</a>", "{}", html) == source


@pytest.mark.parametrize("source", ["{}", "<{}>", "[x]({})"])
@pytest.mark.parametrize(
    ("url", "href"),
    [
        ("http://ÜBER.de/", "http://xn--ber-goa.de/"),
        ("http://u\u0308ber.de/", "http://xn--ber-goa.de/"),
        ("http://faß.de/", "http://xn--fa-hia.de/"),
        ("https://例え。jp/", "https://xn--r8jz45g.jp/"),
        ("https://ｅｘａｍｐｌｅ.com/", "https://example.com/"),
        ("http://🎉.ws/", "http://xn--dk8h.ws/"),
        ("http://bücher.de:80/é", "http://xn--bcher-kva.de:80/%C3%A9"),
    ],
)
def test_the_host_of_a_link_is_the_one_that_browsers_visit(source, url, href):
    ((_, attributes),) = Reader(render(source.format(url))).elements
    assert attributes["href"] == href


def test_the_path_that_ends_before_punctuation_is_the_one_of_the_library():
    """An upgrade of linkify-it that changes its regex must change `PATH` too."""
    assert linkify.PATH in LinkifyIt().re["src_path"]


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("<b>one\n\ntwo", "<p><b>one</b></p><p>two</p>"),
        ("<b>one\n\ntwo</b>", "<p><b>one</b></p><p>two</p>"),
        ("<b>one\n\ntwo</b> </b>", "<p><b>one</b></p><p>two &lt;/b&gt;</p>"),
        ("</b><b>one\n\ntwo", "<p>&lt;/b&gt;<b>one</b></p><p>two</p>"),
        ("<b></i>\n\ntwo</b>", "<p><b>&lt;/i&gt;</b></p><p>two</p>"),
        ("<b>\n\ntwo</b>", "<p>&lt;b&gt;</p><p>two&lt;/b&gt;</p>"),
    ],
)
def test_what_stays_open_ends_with_its_paragraph(source, html):
    assert render(source) == html


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
    """Return the CPU time of rendering a source."""
    start = time.thread_time()
    render(source)
    return time.thread_time() - start


def takes_at_most(factor: int, hostile: str, harmless: str) -> bool:
    """Compare the CPU times of two sources; repeat a disturbed measurement."""
    return any(seconds(hostile) < factor * seconds(harmless) + 0.02 for _ in range(3))


@pytest.mark.attack("Markup: amplification in time and space")
@pytest.mark.parametrize("unit", SLOW)
def test_a_hostile_message_takes_time_as_its_length(unit):
    long, short = ((unit * MAX_SOURCE)[: MAX_SOURCE // part] + "_" for part in (2, 8))
    # Four times as long: 4 times the work, and 16 times if it were the square.
    assert takes_at_most(9, long, short)


@pytest.mark.attack("Markup: amplification in time and space")
@pytest.mark.parametrize("unit", SLOW)
def test_a_hostile_message_takes_space_as_its_length(unit):
    source = (unit * MAX_SOURCE)[: MAX_SOURCE // 8]
    assert len(render(source)) < 10 * len(source)


def bound(source: str) -> int:
    """Return the length that the html of a source may have, as the contract has it."""
    return min(20 * len(source) + 1_000, 200_000)


@pytest.mark.attack("Markup: amplification in time and space")
@given(
    st.lists(st.sampled_from([*PIECES, *WORDLESS, *SLOW]), max_size=4).map("".join),
    st.lists(st.sampled_from([*PIECES, *WORDLESS, *SLOW]), min_size=1, max_size=6).map("".join),
    st.sampled_from(["", "\n\n[a]: http://foo.com/" + "&" * 4000, "</b>" * 100, "--->"]),
)
@example("", "<!--", "--->")
@example("", ">" * 20 + "\n\n", "")
@example("[a]: <" + "&" * 4000 + ">\n\n", "[a]", "")
def test_no_repeated_markup_grows_beyond_the_bounds(start, unit, end):
    source = (start + unit * MAX_SOURCE)[: MAX_SOURCE - len(end)] + end
    assert len(render(source)) <= bound(source)
    part = (start + unit * MAX_SOURCE)[: (MAX_SOURCE - len(end)) // 4] + end
    assert takes_at_most(9, source, part)


@pytest.mark.attack("Markup: amplification in time and space")
@pytest.mark.parametrize(("room", "is_rendered"), [(0, True), (-1, False)])
def test_html_beyond_its_bound_is_shown_as_typed(monkeypatch, room, is_rendered):
    source = "*a*"
    monkeypatch.setattr(markup, "MAX_HTML", len("<em>a</em>") + room)
    assert render(source) == ("<em>a</em>" if is_rendered else source)


@pytest.mark.attack("Markup: amplification in time and space")
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


# --- The short way of plain text ------------------------------------------------------------------

LETTERS = st.characters(categories=["L", "N"])
WORDS = st.text(LETTERS | st.sampled_from("abcxyz019 ,!?'();-.:/&<>*_`\n"), max_size=40)


@given(WORDS.map(lambda text: "a" + text) | WORDS)
@example("a (b), c! d? 'e' - f; g. h...")
@example("a www.b")
@example("foo.com. bar")
@example("a\u3164")
@example("x  y")
@example("1) a")
@example("a ")
@example("Ⅷ 9")
@example("ıİ ß ﬁ")
def test_plain_text_is_shown_as_the_parser_shows_it(source):
    assert render(source) == markup.render_markdown(source)


@pytest.mark.parametrize("source", ["hello", "Is it so? No, it's (not) - done.", "Привет, 世界..."])
def test_plain_text_needs_no_parser(source, monkeypatch):
    monkeypatch.setattr(markup, "markdown", None)
    assert render(source) == source
    assert links(source) == []


@pytest.mark.parametrize(
    "source", ["foo.com", "*a*", "- a", "1. a", "a\nb", "a & b", " a", "http://a"]
)
def test_other_text_is_parsed(source):
    assert not markup.PLAIN.fullmatch(source)

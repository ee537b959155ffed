"""The `html` of a message: Markdown made safe."""

import pytest

from comparison.contract.client import Flack, Person
from comparison.contract.shapes import Elements, without_cards

# No page behind any of these links is needed: a card that came with one is left out of account.
SAME = {
    "hello *world*!": "hello <em>world</em>!",
    "**bold** __too__ _em_": "<strong>bold</strong> <strong>too</strong> <em>em</em>",
    "`code`": "<code>code</code>",
    "`<b>`": "<code>&lt;b&gt;</code>",
    "<b>b</b> <i>i</i>": "<b>b</b> <i>i</i>",
    "<em>e</em> <strong>s</strong> <code>c</code>": "<em>e</em> <strong>s</strong> <code>c</code>",
    '<abbr title="x">a</abbr>': '<abbr title="x">a</abbr>',
    '<acronym title="x">a</acronym>': '<acronym title="x">a</acronym>',
    "1 < 2 & 3 > 2": "1 &lt; 2 &amp; 3 &gt; 2",
    "&amp; &lt;": "&amp; &lt;",
    "ü 😀 日本": "ü 😀 日本",
    "*alone": "*alone",
    "two\nlines": "two\nlines",
    "mail a@foo.com": "mail a@foo.com",
    "hello foo.com": 'hello <a href="http://foo.com" rel="nofollow">foo.com</a>',
    "www.foo.com": '<a href="http://www.foo.com" rel="nofollow">www.foo.com</a>',
    "foo.com/path": '<a href="http://foo.com/path" rel="nofollow">foo.com/path</a>',
    "http://foo.com!": '<a href="http://foo.com" rel="nofollow">http://foo.com</a>!',
    "(https://foo.com)": '(<a href="https://foo.com" rel="nofollow">https://foo.com</a>)',
    "http://foo.com/?a=1&b=2": '<a href="http://foo.com/?a=1&amp;b=2" rel="nofollow">'
    "http://foo.com/?a=1&amp;b=2</a>",
    "<http://foo.com>": '<a href="http://foo.com" rel="nofollow">http://foo.com</a>',
    "[text](http://foo.com)": '<a href="http://foo.com" rel="nofollow">text</a>',
    '<a href="http://foo.com" onclick="x()">q</a>': '<a href="http://foo.com" rel="nofollow">q</a>',
    "a.b x.notatld 1.2.3": "a.b x.notatld 1.2.3",
}
KEPT = {
    "[1]: http://foo.com": '[1]: <a href="http://foo.com" rel="nofollow">http://foo.com</a>',
    "[](http://foo.com)": '<a href="http://foo.com" rel="nofollow">http://foo.com</a>',
    "#": "#",
    "<b></b>": "&lt;b&gt;&lt;/b&gt;",
    "x <!-- y --> z": "x &lt;!-- y --&gt; z",
    "cp <source> <target>": "cp &lt;source&gt; &lt;target&gt;",
    "<i think so>": "&lt;i think so&gt;",
    "<i x=y>z</i>": "&lt;i x=y&gt;z&lt;/i&gt;",
    "use <b></b> or </b>": "use &lt;b&gt;&lt;/b&gt; or &lt;/b&gt;",
    '<a href="ftp://foo.com">x</a>': '&lt;a href="ftp://foo.com"&gt;x&lt;/a&gt;',
    "```hello\nx\n```": "<pre><code>hello\nx\n</code></pre>",
    "007. x": "007. x",
    "[a](foo:bar)": "[a](foo:bar)",
    "![a](http://foo.com/x.png)": '!<a href="http://foo.com/x.png" rel="nofollow">a</a>',
    "---": "---",
    "a\n---": "a\n---",
    "`http://foo.com`": "<code>http://foo.com</code>",
    "ftp://foo.com": "ftp://foo.com",
    "http://localhost/": '<a href="http://localhost/" rel="nofollow">http://localhost/</a>',
}
BLOCKS = {
    "```\n<b>\n```": ["pre", "code"],
    "- a\n- b": ["ul", "li", "li"],
    "1. a\n2. b": ["ol", "li", "li"],
    "a\n\nb": ["p", "p"],
}
ATTACKS = [
    "<script>alert(1)</script>x",
    "x <img src=x onerror=alert(1)>",
    "![x](http://foo.com/x.png)",
    "<svg/onload=alert(1)>x",
    "<iframe src=http://foo.com></iframe>x",
    "<style>*{display:none}</style>x",
    '<b onclick="alert(1)" style="x">x</b>',
    "<form action=http://foo.com><input name=a>x</form>",
    "x <!-- y --> z",
    "<math><mtext></mtext><script>alert(1)</script></math>",
    "`</code><script>alert(1)</script>`",
]
SAFE = {"a", "abbr", "acronym", "b", "code", "em", "i", "strong"}
SAFE |= {"p", "pre", "ul", "ol", "li", "blockquote", "s", "del", "br", "hr"}
SAFE |= {f"h{level}" for level in range(1, 7)}
ATTRIBUTES = {"href", "rel", "title", "class", "start"}


@pytest.mark.same
@pytest.mark.parametrize(("source", "html"), SAME.items())
def test_the_html_is_the_same(flack: Flack, ann: Person, source: str, html: str) -> None:
    assert without_cards(flack.posted(ann, source)["html"]) == html


@pytest.mark.same
@pytest.mark.parametrize("source", ATTACKS)
def test_no_markup_but_the_harmless_survives(flack: Flack, ann: Person, source: str) -> None:
    elements = Elements(flack.posted(ann, source)["html"])
    assert set(elements.names) <= SAFE
    assert {name for _, attributes in elements.tags for name in attributes} <= ATTRIBUTES


@pytest.mark.same
def test_a_one_paragraph_message_has_no_paragraph_element(flack: Flack, ann: Person) -> None:
    assert flack.posted(ann, "\n\none\n\n")["html"].strip() == "one"


@pytest.mark.differs("D-16")
@pytest.mark.parametrize(("source", "names"), BLOCKS.items())
def test_blocks_are_kept_as_elements(
    flack: Flack, ann: Person, source: str, names: list[str]
) -> None:
    found = Elements(flack.posted(ann, source)["html"]).names
    assert [name for name in found if name in names] == names


@pytest.mark.differs("D-16")
def test_items_keep_their_numbers(flack: Flack, ann: Person) -> None:
    html = flack.posted(ann, "2. a\n3. b\n7. c")["html"]
    assert html == '<ol start="2"><li>a</li><li>b</li><li value="7">c</li></ol>'


@pytest.mark.differs("D-16")
def test_quotes_and_strikethrough_are_kept(flack: Flack, ann: Person) -> None:
    elements = Elements(flack.posted(ann, "> quoted ~~gone~~")["html"])
    assert "blockquote" in elements.names
    assert {"s", "del"} & set(elements.names)
    assert elements.text.split() == ["quoted", "gone"]


@pytest.mark.differs("D-27")
@pytest.mark.parametrize("target", ["javascript:alert(1)", "data:text/html,x", "vbscript:x"])
def test_a_link_that_runs_code_is_no_link(flack: Flack, ann: Person, target: str) -> None:
    elements = Elements(flack.posted(ann, f"a [b]({target}) c")["html"])
    assert not [tag for tag in elements.tags if "href" in tag[1]]


@pytest.mark.differs("D-42")
@pytest.mark.parametrize(
    ("source", "html"),
    {
        "看https://foo.com/a。好": '看<a href="https://foo.com/a" rel="nofollow">https://foo.com/a</a>。好',
        "看foo.com吧": '看<a href="http://foo.com" rel="nofollow">foo.com</a>吧',
        "“http://foo.com/”": '“<a href="http://foo.com/" rel="nofollow">http://foo.com/</a>”',
        "http://ÜBER.de": '<a href="http://xn--ber-goa.de" rel="nofollow">http://ÜBER.de</a>',
    }.items(),
)
def test_links_in_any_script_lead_where_browsers_go(
    flack: Flack, ann: Person, source: str, html: str
) -> None:
    assert without_cards(flack.posted(ann, source)["html"]) == html


@pytest.mark.differs("D-41")
@pytest.mark.parametrize("source", ["\u200b", "\u3164 \u2800", "\u202e\n"])
def test_a_message_without_a_visible_character_is_400(
    flack: Flack, ann: Person, source: str
) -> None:
    response = flack.post("/api/messages", token=ann.token, json={"source": source})
    assert response.status_code == 400


@pytest.mark.differs("D-36")
@pytest.mark.parametrize("source", ["> " * 30 + "words", "- " * 30 + "words", "# " + "[a]" * 99])
def test_nesting_without_end_keeps_the_words(flack: Flack, ann: Person, source: str) -> None:
    text = Elements(flack.posted(ann, source)["html"]).text
    assert source.split()[-1] in text


@pytest.mark.differs("D-36")
def test_the_html_grows_with_the_source_only(flack: Flack, ann: Person) -> None:
    source = "[a]: http://foo.com/" + "x" * 400 + "\n\n" + "[a]" * 150
    html = without_cards(flack.posted(ann, source)["html"])
    assert len(html) <= 20 * len(source) + 1_000


@pytest.mark.differs("D-36")
@pytest.mark.parametrize(("source", "html"), KEPT.items())
def test_what_would_vanish_stays(flack: Flack, ann: Person, source: str, html: str) -> None:
    assert without_cards(flack.posted(ann, source)["html"]) == html

"""Tests that each word of a message is shown, whatever markup stands around it."""

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.content.characters import VISIBLE
from chat.content.markup import render
from tests.chat.content.corpus_markup import WORDLESS
from tests.chat.content.reader import Reader


@pytest.mark.parametrize(
    "source",
    [
        *("[1]: https://example.com/paper", "#", "## ##", "[](https://example.com)", "[ ](a)"),
        *(
            "<b></b>",
            "</b>",
            "<!-- x -->",
            "<br>",
            "<div></div>",
            "<?x?>",
            "<!X y>",
            "<![CDATA[x]]>",
        ),
        *(
            "&#8203;",
            "&nbsp;",
            "&#x3164;",
            ">",
            "> >",
            "-",
            "1.",
            "- -",
            "```",
            "```\n```",
            "<b> </b>",
        ),
        *("[x](javascript:alert(1))", "[x](ftp://a.b)", "<foo:bar>", "<a:b>", "[x][]", "[x]: <y>"),
        *(
            "[x]: y 'z'",
            "[x]: y\n'z'",
            "[^1]: x",
            "<i think so>",
            "<a word of advice>",
            "<b",
            "<i/x>",
        ),
        *("std::vector<int> x", "cp <source> <target>", "<susan> can you read this", "a\n\n#\n\nb"),
        *("The tag <details> is nice", "a <!-- b --> c", "a <?b?> c", "[](https://a.b) and more"),
        *("> " * 21 + "x", ">" * 1000 + "x", "- " * 30 + "x", "```two words\nx\n```", "```alone"),
        *("\n".join("  " * level + f"- x{level}" for level in range(15)), "1. " * 40 + "x"),
        *("> - " * 15 + "x", "a\n" + "> " * 40 + "x\ny", "~~~ one two", "[a]: b\n\n[a] [c][a]"),
    ],
)
def test_what_a_person_typed_never_disappears(source):
    reader = Reader(render(source))
    shown = reader.text + " ".join(
        str(value) for _, more in reader.elements for value in more.values()
    )
    for word in re.findall(r"\w+", re.sub("&#?\\w+;", "", source)):
        assert word in shown or reader.elements[0][0] == "ol"
    assert VISIBLE.search(reader.text)


@given(st.lists(st.sampled_from(WORDLESS), min_size=1, max_size=30))
def test_no_word_between_any_markup_disappears(pieces):
    words = [f"word{number}x" for number in range(len(pieces))]
    html = render("".join(word + piece for word, piece in zip(words, pieces, strict=True)))
    reader = Reader(html)
    shown = reader.text + " ".join(
        str(value) for _, more in reader.elements for value in more.values()
    )
    assert [word for word in words if word not in shown] == []


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        # Tags without content, and tags of which only one half is there.
        ("close it with </b> please", "close it with </b> please"),
        ("x</b> y <i>z</i></i>", "x</b> y z</i>"),
        ("use <b></b> for bold", "use <b></b> for bold"),
        ("use <code> for code: <b>", "use  for code: <b>"),
        (
            'why does <i class="fa fa-home"></i> not show',
            'why does <i class="fa fa-home"></i> not show',
        ),
        ("<b><i> </i></b> and", "<i> </i> and"),
        ("[ ](https://a.com) and", " https://a.com and"),
        ("[<b></b>](https://a.com) and", "<b></b> and"),
        # Attributes that html does not have, and addresses that no link may have.
        ("<i think=so>x</i>", "<i think=so>x</i>"),
        ("<code lang='py'>x</code>", "x"),
        ("<a href='ftp://a.b/c'>files</a>", "<a href='ftp://a.b/c'>files</a>"),
        ("<a href=javascript:x>y</a>", "<a href=javascript:x>y</a>"),
        ("<a href='  HTTPS://a.b'>y</a>", "y"),
        # What follows the fence of code, unless it is a language.
        ("```hello\nx\n```", "hello\nx\n"),
        ("```Python\nx\n```", "x\n"),
        # Leading zeros are no number of a list.
        ("007. bond", "007. bond"),
        ("00) x", "00) x"),
    ],
)
def test_markup_that_would_vanish_is_shown_as_typed(source, shown):
    assert Reader(render(source)).text == shown


@pytest.mark.parametrize(
    ("source", "numbers"),
    [
        ("1. a\n2. b\n3. c", [1, 2, 3]),
        ("1. a\n1. b\n1. c", [1, 2, 3]),
        ("1. a\n2. b\n5. c\n6. d", [1, 2, 5, 6]),
        ("3. a\n2. b\n1. c", [3, 2, 1]),
        ("1. a\n\nbreak\n\n5. b\n7. c", [1, 5, 7]),
        ("1999. a\n2016. b", [1999, 2016]),
        ("0. a\n0. b", [0, 1]),
        ("2. a\n   1. b\n   8. c\n9. d", [2, 1, 8, 9]),
        ("> 4. a\n> 6. b", [4, 6]),
        ("- 3. a\n  9. b", [None, 3, 9]),
    ],
)
def test_the_items_of_a_list_keep_the_numbers_that_were_typed(source, numbers):
    assert numbers_of(render(source)) == numbers


def numbers_of(html: str) -> list[int | None]:
    """Return the number that a browser shows for each item, or None where it shows a bullet."""
    lists, found = [], []
    for tag, name, number in re.findall(r'<((/?(?:ol|ul|li))(?: (?:start|value)="(\d+)")?)>', html):
        del tag
        if name in ("ol", "ul"):
            lists.append(int(number or 1) if name == "ol" else None)
        elif name == "li":
            lists[-1] = int(number) if number else lists[-1]
            found.append(lists[-1])
            lists[-1] = None if lists[-1] is None else lists[-1] + 1
        elif name != "/li":
            lists.pop()
    return found


WORD = re.compile(r"w\d+q")
words = st.integers(0, 99).map("w{}q".format)
urls = words.map("https://{}.com/".format)
tags = st.sampled_from("a abbr acronym b code em i strong u div x-y".split())


def formed(form: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return a strategy that fills the places of a form."""
    return st.tuples(*parts).map(lambda filled: form.format(*filled))


FORMS = [
    *("{}", "`{}`", "{}.com", "看{}.com吧", "https://{}.com/a", "<https://{}.com>", "<{}@foo.com>"),
    *(
        "<{}>",
        "</{}>",
        "<!-- {} -->",
        "<?{}?>",
        "<!X {}>",
        "<![CDATA[{}]]>",
        "<{}",
        "{}>",
        "<a:{}>",
    ),
    *("&{};", "&amp;{}", "&#8203;{}", "\\{}", "{}\\", "@{}", "[{}]", "[^{}]", "[](javascript:{})"),
    *("<b {}>", '<b {}="">', "<{0} {0}={0}>", "<a href='ftp://{}'>", "</b {}>", "<a {}='x'>"),
    *('[](https://foo.com "{}")', "<i\n{}=a>", "<b/{}>", "<b><{}>", "<a:{}>"),
]
PIECES = [
    *("<br>", "</b>", "<b>", "<b></b>", "<i> </i>", "<a>", "</a>", "<!--", "-->", "<", ">", "  \n"),
    *("*", "**", "_", "~~", "`", "[", "]", "](", ")", "\\", "&", "|", "!", "1. ", "#", ">"),
]
leaves = st.one_of(*(formed(form, words) for form in FORMS), st.sampled_from(PIECES))


def around(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return a strategy for the markup of a line around other markup."""
    some = st.builds(str.join, st.sampled_from(["", " ", "\n"]), st.lists(inner, max_size=4))
    return st.one_of(
        *(formed(form, some) for form in ("{}", "*{}*", "**{}**", "_{}_", "~~{}~~", "`{}`")),
        formed("<{0}>{1}</{0}>", tags, some),
        formed("<{}>{}</{}>", tags, some, tags),
        formed('<abbr title="{}">{}</abbr>', words, some),
        formed('<a href="{}">{}</a>', urls, some),
        formed("[{}]({})", some, urls),
        formed('[{}]({} "{}")', some, urls, words),
        formed("![{}]({})", some, urls),
        formed("[{}][{}]", some, words),
        formed("[{}]: {}", some, urls),
    )


def listed(items: list[str], marker: str) -> str:
    """Return texts as the items of a list."""
    indent = "\n" + " " * (len(marker) + 1)
    return "\n".join(f"{marker} {item}".replace("\n", indent) for item in items)


def blocks(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Return a strategy for quotes, lists, code and headings around other text."""
    some = st.lists(inner, min_size=1, max_size=4)
    return st.one_of(
        inner.map(lambda text: "> " + text.replace("\n", "\n> ")),
        st.builds(listed, some, st.sampled_from(["-", "*", "1.", "7)"])),
        some.map("\n\n".join),
        formed("# {} #", inner),
        formed("{}\n===", inner),
        formed("    {}", inner),
        formed("```{}\n{}\n```", words, inner),
        formed("~~~\n{}\n", inner),
        formed("<div {}>\n{}\n</div>", words, inner),
    )


@given(st.recursive(st.recursive(leaves, around, max_leaves=8), blocks, max_leaves=6))
def test_every_word_that_was_typed_is_shown(source):
    reader = Reader(render(source))
    kept = [str(value) for _, attributes in reader.elements for value in attributes.values()]
    shown = Counter(WORD.findall(" ".join([reader.text, *kept])))
    assert Counter(WORD.findall(source)) - shown == Counter()

"""A message's Markdown made into html that is safe to put on a page."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

import nh3
from linkify_it import LinkifyIt  # type: ignore[import-untyped]
from lxml import etree
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, linkify
from markdown_it.token import Token

MAX_LINKS = 5  # that are expanded below one message

# The html that a person may type, as in the Flask version. Other tags go and leave their text.
TYPED_TAGS = ("a", "abbr", "acronym", "b", "code", "em", "i", "strong")
TYPED_TAG = re.compile(rf"<(/?)({'|'.join(TYPED_TAGS)})(?![\w-])", re.IGNORECASE)


def render(source: str) -> str:
    """Return the safe html of a message's Markdown; nothing that a person can type is an error.

    A newline stays a newline, as in the Flask version: the page shows it by `white-space`.
    """
    source = source.encode(errors="replace").decode()  # half a surrogate pair cannot be html
    return cleaner.clean(markdown.render(source)).strip()


def links(html: str) -> list[str]:
    """Return the first `MAX_LINKS` different http(s) addresses that rendered html links to."""
    anchors = etree.HTML(f"<body>{html}").iter("a")
    urls = dict.fromkeys(anchor.get("href", "") for anchor in anchors)
    return [url for url in urls if url.lower().startswith(("http://", "https://"))][:MAX_LINKS]


class Linkify(LinkifyIt):
    """Finds bare links and domains."""

    def _compile(self) -> None:
        """Bound the search for links, which a hostile message could make last for ever.

        A label `xn--a` could be read in two ways, and 30 of them in 2**30. A domain could have any
        number of labels, and brackets any length, looked through again from each beginning.
        """
        super()._compile()
        twice = f"(?:{self.re['src_xn']}|(?:"
        for name, regex in self.re.items():
            regex = regex.replace(twice, "(?:(?:").replace(r").)*", r").){0,300}")
            self.re[name] = regex.replace(r")\.)+", r")\.){1,10}").replace(r")\.)*", r")\.){0,10}")

    def pretest(self, text: str) -> bool:
        """Search every text: the original's first look misses the domain in `<b>foo.com</b>`."""
        return True


class Markdown(MarkdownIt):
    """CommonMark that shows a bare link as it was typed, and leaves it to nh3 what is safe."""

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802
        return link

    def validateLink(self, url: str) -> bool:  # noqa: N802
        return True


def bare_link(state: StateInline, silent: bool) -> bool:
    """Find a link at its `://`; the original looks for the scheme in all of the text before it."""
    if not silent and state.src.startswith("://", state.pos):
        before, state.pending = state.pending[-10:], state.pending[:-10]
        if state.pending:
            state.pushPending()
        state.pending = before
    return linkify(state, silent)


def shape(state: StateCore) -> None:
    """Turn a parsed document into a chat message, in place."""
    for token in state.tokens:
        token.block = False  # no newlines between elements: the page would show them
        if token.type.startswith("heading"):
            token.tag = "p"  # as large as any other line: nobody shouts over the others
        if token.children:
            close_typed_tags(token.children)
    if len(state.tokens) == 3 and state.tokens[0].tag == "p":
        state.tokens[0].hidden = state.tokens[2].hidden = True


def close_typed_tags(tokens: list[Token]) -> None:
    """Keep the allowed ones of a paragraph's typed tags, and close them where it ends.

    What stays open, an html parser opens again in every later paragraph, as often as its attributes
    differ: 10,000 characters would become megabytes.
    """
    still_open = Counter[str]()
    for token in tokens:
        if token.type != "html_inline":
            continue
        tag = TYPED_TAG.match(token.content)
        name = tag[2].lower() if tag else ""
        if not tag or (tag[1] and not still_open[name]):
            token.content = ""
            continue
        still_open[name] += -1 if tag[1] else 1
        if name not in ("a", "abbr", "acronym"):
            token.content = f"<{tag[1]}{name}>"
    ends = "".join(f"</{name}>" for name in still_open.elements())
    tokens.append(Token("html_inline", "", 0, content=ends))


def code(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    """Return the html of a block of code, without the class and the newline of the original."""
    return f"<pre><code>{escapeHtml(tokens[index].content)}</code></pre>"


def new_parser() -> Markdown:
    """Return the parser of messages. It keeps no state, so that all threads can share it."""
    parser = Markdown("commonmark", {"html": True, "linkify": True})
    parser.linkify = Linkify(options={"fuzzy_email": False})
    # The domains with more than two letters that the Flask version knows and linkify-it does not.
    parser.linkify.tlds(["cat", "int", "jobs", "mil", "mobi", "tel", "travel"], keep_old=True)
    for schema in ("ftp:", "//"):
        parser.linkify.add(schema, None)
    parser.enable(["linkify", "strikethrough"])
    # Lines, underlines and images would be removed: as they were typed they say more than nothing.
    parser.disable(["html_block", "hr", "image", "lheading"])
    parser.inline.ruler.at("linkify", bare_link)
    parser.core.ruler.push("shape", shape)
    parser.add_render_rule("fence", code)
    parser.add_render_rule("code_block", code)
    return parser


markdown = new_parser()
cleaner = nh3.Cleaner(
    tags={*TYPED_TAGS, "blockquote", "li", "ol", "p", "pre", "s", "ul"},
    attributes={"a": {"href", "title"}, "abbr": {"title"}, "acronym": {"title"}, "ol": {"start"}},
    url_schemes={"http", "https", "mailto"},
    link_rel="nofollow",
)

"""A renderer of messages: Markdown to html that is safe on a page and keeps what was typed."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from html import unescape
from typing import Any

import nh3
from lxml import etree
from markdown_it import MarkdownIt
from markdown_it.common.normalize_url import normalizeLink
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock, blockquote, list_block
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline, html_inline
from markdown_it.token import Token

from chat.content.characters import VISIBLE
from chat.content.linkify import HOST, Linkify, bare_link, mapped_host
from chat.content.tags import TYPED_TAGS, show_empty, text

MAX_LINKS = 5  # links of a message that are expanded
MAX_HTML = 200_000  # characters of html before links are expanded
MAX_GROWTH = 20  # characters of html for each of the source, in addition to `FREE_GROWTH`
FREE_GROWTH = 1_000
MAX_NESTING = 20  # levels of blocks: a quote takes one, a list two; deeper markers are text

# What may follow the fence of code without being shown; any other word is shown as code.
LANGUAGES = set(
    "asm awk bash bat c c# c++ clojure cmake console cpp cs csharp css csv d dart diff docker"
    " dockerfile elixir elm erlang f# fish fortran fsharp go golang graphql groovy haskell hcl"
    " hs html http ini java javascript jinja js json jsonc jsx julia kotlin latex lisp log lua"
    " makefile markdown matlab md mermaid nginx nix objc ocaml pascal patch perl php plain"
    " plaintext powershell prolog protobuf py pycon python python3 r rb regex rs ruby rust sass"
    " scala scheme scss sh shell sql svelte svg swift tcl terraform tex text tf toml ts tsx txt"
    " typescript vb vim vue wasm xml yaml yml zig zsh".split()
)
SCHEMES = {"http", "https", "mailto"}
LEADING_ZERO = re.compile("0[0-9]")
SCHEME = re.compile("([^/?#:]*):")
TAG = re.compile("<[^>]*>")  # of html from nh3, which escapes < and > elsewhere


# What Markdown leaves as it is: letters, digits and some punctuation on one line that begins with a
# letter. A full stop ends a word, so that there is no domain. The parser takes 46 µs of CPU time
# for such a line, this test 1 (27 November 2026, `python -m comparison.bench.overrides`).
PLAIN = re.compile(r"[^\W\d_](?:[^\W_]|[ ,!?'();-]|\.++(?= |\Z))*+(?<! )")


def render(source: str) -> str:
    """Return the safe html of a message; no source is an error.

    A message that would show nothing, or grow beyond the bounds above, is shown as it was typed.
    A newline stays a newline, as in the Flask version: the page shows it by `white-space`.
    """
    if PLAIN.fullmatch(source):
        return source
    return render_markdown(source)


def render_markdown(source: str) -> str:
    """Return the safe html of a message by the parser, also of plain text."""
    source = source.encode(errors="replace").decode()  # half a surrogate pair cannot be html
    html = cleaner.clean(markdown.render(source)).strip()
    too_long = len(html) > min(MAX_GROWTH * len(source) + FREE_GROWTH, MAX_HTML)
    if too_long or not VISIBLE.search(unescape(TAG.sub("", html))):
        return escapeHtml(source).strip()
    return html


def links(html: str) -> list[str]:
    """Return the first `MAX_LINKS` different http(s) URLs that rendered html links to."""
    if "<a " not in html:
        return []
    anchors = etree.HTML(f"<body>{html}").iter("a")
    urls = dict.fromkeys(anchor.get("href", "") for anchor in anchors)
    return [url for url in urls if url.lower().startswith(("http://", "https://"))][:MAX_LINKS]


class Markdown(MarkdownIt):
    """CommonMark that shows bare links, and links that nh3 would empty, as they were typed."""

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802
        return link

    def normalizeLink(self, url: str) -> str:  # noqa: N802
        """Return a URL in ASCII, with the host mapped by UTS #46, as browsers do."""
        return normalizeLink(HOST.sub(mapped_host, url, count=1))

    def validateLink(self, url: str) -> bool:  # noqa: N802
        scheme = SCHEME.match(url)
        return not scheme or scheme[1].lower() in SCHEMES


def bounded(rule: Callable[[StateBlock, int, int, bool], bool]) -> Any:
    """Return a block rule that leaves its markers as text at `MAX_NESTING`.

    The parser's own limit is larger and never reached: beyond it all text would be dropped. A
    number with a leading zero is text too, because no list would show the zero.
    """

    def bounded_rule(state: StateBlock, start: int, end: int, silent: bool) -> bool:
        if LEADING_ZERO.match(state.src, state.bMarks[start] + state.tShift[start]):
            return False
        return state.level < MAX_NESTING and rule(state, start, end, silent)

    return bounded_rule


def tag(state: StateInline, silent: bool) -> bool:
    """Read a tag, or a comment up to its first end: markdown-it would look for another one.

    After `<!--` it tries a pattern that fits no `--->`, in all the rest of the text.
    """
    begin = state.pos
    if not state.src.startswith("<!--", begin):
        return html_inline(state, silent)
    end = state.src.find("-->", begin + 2) + 3
    if end < 3:
        return False
    if not silent:
        state.push("html_inline", "", 0).content = state.src[begin:end]
    state.pos = end
    return True


def shape(state: StateCore) -> None:
    """Turn a parsed document into a chat message, in place."""
    unended = Counter[str]()
    for before, token in zip([Token("", "", 0), *state.tokens], state.tokens, strict=False):
        token.block = False  # no newlines between elements: the page would show them
        if token.type.startswith("heading"):
            token.tag = "p"  # no message is larger than the others
        if token.children is not None:
            if before.type == "heading_open" and not token.children:
                token.children.append(text(before.markup))
            token.children = show_empty(token.children, state.md, unended)
    number_items(state.tokens)
    if len(state.tokens) == 3 and state.tokens[0].tag == "p":
        state.tokens[0].hidden = state.tokens[2].hidden = True


def number_items(tokens: Sequence[Token]) -> None:
    """Keep the numbers of items as typed; a repeated number counts up, as in Markdown."""
    numbers: dict[int, tuple[int, int]] = {}  # by level: shown and typed before
    for token in tokens:
        if token.type == "ordered_list_open":
            start = int(token.attrs.get("start", 1))
            numbers[token.level + 1] = start - 1, start
        elif token.type == "list_item_open" and token.info:
            shown, before = numbers[token.level]
            typed = int(token.info)
            shown = shown + 1 if typed == before else typed
            if shown != numbers[token.level][0] + 1:
                token.attrs["value"] = shown
            numbers[token.level] = shown, typed


def code(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Any
) -> str:
    """Return the html of a block of code; what follows its fence is shown if it is no language."""
    content, info = tokens[index].content, tokens[index].info.strip()
    if info and (info.lower() not in LANGUAGES or not content):
        content = f"{info}\n{content}"
    return f"<pre><code>{escapeHtml(content)}</code></pre>"


def new_parser() -> Markdown:
    """Return the parser of messages. It keeps no state, so all threads can share it."""
    parser = Markdown("commonmark", {"linkify": True, "maxNesting": MAX_NESTING + 2})
    parser.linkify = Linkify(options={"fuzzy_email": False})
    # Top-level domains of more than two letters that Flask accepts and linkify-it does not.
    parser.linkify.tlds(["cat", "int", "jobs", "mil", "mobi", "tel", "travel"], keep_old=True)
    for schema in ("ftp:", "//"):
        parser.linkify.add(schema, None)
    parser.enable(["linkify", "strikethrough"])
    # These would remove text. References would also copy a long URL to a thousand places.
    parser.disable(["html_block", "hr", "image", "lheading", "reference"])
    alt = ["paragraph", "blockquote", "list"]  # blocks that a quote or a list may end
    parser.block.ruler.at("blockquote", bounded(blockquote), {"alt": alt})
    parser.block.ruler.at("list", bounded(list_block), {"alt": alt[:2]})
    parser.inline.ruler.at("linkify", bare_link)
    parser.inline.ruler.at("html_inline", tag)
    parser.core.ruler.push("shape", shape)
    parser.add_render_rule("fence", code)
    parser.add_render_rule("code_block", code)
    return parser


markdown = new_parser()
cleaner = nh3.Cleaner(
    tags={*TYPED_TAGS, "blockquote", "li", "ol", "p", "pre", "s", "ul"},
    attributes={
        "a": {"href", "title"},
        "abbr": {"title"},
        "acronym": {"title"},
        "li": {"value"},
        "ol": {"start"},
    },
    url_schemes=SCHEMES,
    link_rel="nofollow",
)

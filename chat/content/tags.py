"""The html tags that users may type."""

import re
from collections import Counter, defaultdict
from html import unescape
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from chat.content.characters import VISIBLE

TYPED_TAGS = ("a", "abbr", "acronym", "b", "code", "em", "i", "strong")  # as in the Flask version
# Attributes of html are removed, or kept where they are allowed. With any other attribute, or one
# without a value, the tag is text, like "<i think so>".
ATTRIBUTE = re.compile(
    r"\s+(class|dir|href|id|lang|name|on\w+|rel|role|style|target|title|(?:aria|data)-[\w-]+)"
    r"""\s*=\s*("[^"]*"|'[^']*'|[^\s"'=<>`]+)""",
    re.IGNORECASE,
)
TYPED_TAG = re.compile(
    rf"<(/?)({'|'.join(TYPED_TAGS)})((?:{ATTRIBUTE.pattern})*)\s*/?>", re.IGNORECASE
)


def text(content: str) -> Token:
    """Return a token of text."""
    return Token("text", "", 0, content=content)


def typed_tag(content: str, parser: MarkdownIt) -> re.Match[str] | None:
    """Return the parts of a tag that users may type, or None. Its address must be one of a link."""
    tag = TYPED_TAG.fullmatch(content)
    if not tag or (tag[1] and tag[3]):
        return None
    for name, value in ATTRIBUTE.findall(tag[3]):
        if name.lower() == "href" and not parser.validateLink(unescape(value.strip("\"' "))):
            return None
    return tag


class Opened(NamedTuple):
    """A tag or a link that waits for its end."""

    token: Token
    visible: int  # tokens before it


def show_empty(tokens: list[Token], parser: MarkdownIt, unended: Counter[str]) -> list[Token]:
    """Return the tokens of a paragraph in which no tag and no link is without visible content.

    A typed tag becomes text if it is not allowed, if it ends before anything is visible, or if it
    ends what was not begun. A link shows its URL instead. Tags that are still open are closed, and
    counted in `unended`: an html parser opens them again in every later paragraph, as often as
    their attributes differ, and 10,000 characters would become megabytes.
    """
    shown: list[Token] = []
    links: list[Opened] = []
    tags = defaultdict[str, list[Opened]](list)
    visible = 0

    def end(name: str, opened: Opened, close: Token) -> None:
        if visible == opened.visible:
            opened.token.type = close.type = "text"
            return
        close.content = f"</{name}>"
        if name not in ("a", "abbr", "acronym"):
            opened.token.content = f"<{name}>"

    for token in tokens:
        if token.type == "link_open":
            links.append(Opened(token, visible))
        elif token.type == "link_close" and (link := links.pop()).visible == visible:
            shown.append(text(str(link.token.attrs["href"])))
            visible += 1
        elif token.type == "html_inline":
            tag = typed_tag(token.content, parser)
            name = tag[2].lower() if tag else ""
            if tag and not tag[1]:
                tags[name].append(Opened(token, visible))
            elif tags[name]:
                end(name, tags[name].pop(), token)
            elif tag and unended[name]:
                unended[name] -= 1
                token.content = ""
            else:
                token.type = "text"
        visible += token.type in ("text", "code_inline") and bool(VISIBLE.search(token.content))
        shown.append(token)
    for name, all_opened in tags.items():
        for opened in reversed(all_opened):
            close = Token("html_inline", "", 0)
            unended[name] += opened.visible < visible
            end(name, opened, close)
            shown.append(close)
    return shown

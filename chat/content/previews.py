"""Previews of linked pages: their title and description, shown below the message."""

import logging
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from html import escape
from typing import Any

import webencodings  # type: ignore[import-untyped]
from lxml import etree

from chat.content.characters import VISIBLE
from chat.content.fetch import CHARSET, FAILURES, fetch

DEADLINE = 10.0  # seconds for all previews of a message, from the first look-up to the last byte
MAX_HEAD = 2**16  # characters that are parsed, without scripts, styles and comments
MAX_TAG = 2**13  # characters; libxml2 needs quadratic time for the attributes of one tag
MAX_TITLE = 200  # characters
MAX_DESCRIPTION = 500  # characters

TITLES = ("og:title", "twitter:title", "title")
DESCRIPTIONS = ("og:description", "twitter:description", "description")
# Elements whose content is not that of the page itself.
OUTSIDE = " or ".join(f"ancestor::{tag}" for tag in ("svg", "math", "noscript", "template"))

# Tokens of html, as in the HTML standard. Where the end of one is missing, it takes all the rest,
# and no name or attribute is tried twice, so that the time is linear in the size of a page.
SPACE = r"[\t\n\f\r ]"
ATTRIBUTE = rf"""(?:=[^\t\n\f\r />=]*|[^\t\n\f\r />=]+)
    (?:{SPACE}*={SPACE}*(?:"[^"]*(?:"|\Z)|'[^']*(?:'|\Z)|[^\t\n\f\r >]*))?"""
TAG = rf"(?={SPACE}|[/>]|\Z)(?:(?:{SPACE}|/)+|{ATTRIBUTE})*+(?:>|\Z)"
TOKEN = re.compile(
    rf"""
    (?P<hidden> <!--(?:-?>|.*?(?:--!?>|\Z)) | <(script|style){TAG}.*?(?:</\2{TAG}|\Z) )
    | (?P<text> [^<]+ | <(title|textarea){TAG}.*?(?:</\4{TAG}|\Z) )
    | (?P<tag> </?[a-z][^\t\n\f\r />]*+{TAG} )
    | <[!?/][^>]*>? | <
    """,
    re.ASCII | re.DOTALL | re.IGNORECASE | re.VERBOSE,
)
XML_ENCODING = re.compile(r"<\?xml[^>]*?encoding\s*=\s*[\"']([\w.:-]+)")

logger = logging.getLogger(__name__)


def previews(urls: Sequence[str], admit: Callable[[str], None] = lambda host: None) -> list[str]:
    """Return the previews of those pages that can be fetched, side by side within `DEADLINE`.

    `admit` is called with each host before a request; see `fetch`.
    """
    ends = time.monotonic() + DEADLINE
    with ThreadPoolExecutor(len(urls) or 1, "preview") as threads:
        found = threads.map(lambda url: preview(url, ends, admit), urls)
        return [html for html in found if html]


def preview(url: str, ends: float, admit: Callable[[str], None] = lambda host: None) -> str | None:
    """Return the html of a page's preview, or None when there is no page."""
    try:
        title, description = describe(*fetch(url, ends, admit))
    except FAILURES as error:
        logger.info("No preview url=%.200r error=%.200r", url, error)
        return None
    return (
        f'<blockquote><p><a href="{escape(url)}">{escape(title or url)}</a></p>'
        f"<p>{escape(description or 'No description found.')}</p></blockquote>"
    )


def describe(body: bytes, label: str) -> tuple[str, str]:
    """Return the title and the description of a page, empty where there is none.

    `label` is the charset of the HTTP header. If it names no encoding, the page is read in the one
    that it declares, or in UTF-8. A byte order mark overrides all of these.
    """
    encoding = webencodings.lookup(label) or declared_encoding(body.decode("latin-1"))
    page = parse(webencodings.decode(body, encoding)[0])
    found: dict[str, str] = {}
    for element in page.xpath(f"//*[self::title or self::meta][not({OUTSIDE})]"):
        # A property may have several names, separated by spaces, as RDFa has it.
        names = f"{element.get('property') or ''} {element.get('name') or ''}"
        text = element.get("content") or ""
        if element.tag == "title":
            names, text = "title", element.text or ""
        if VISIBLE.search(text):
            found = dict.fromkeys(names.lower().split(), text) | found
    return (
        shorten(next((found[name] for name in TITLES if name in found), ""), MAX_TITLE),
        shorten(next((found[name] for name in DESCRIPTIONS if name in found), ""), MAX_DESCRIPTION),
    )


def declared_encoding(text: str) -> webencodings.Encoding:
    """Return the encoding that a page, decoded as Latin-1, declares in a `meta`, or UTF-8."""
    metas = parse(text).iter("meta")
    labels = [meta.get("charset") or content_charset(meta) for meta in metas]
    if xml := XML_ENCODING.match(text):
        labels.append(xml[1])
    encoding = next(filter(None, map(webencodings.lookup, labels)), webencodings.UTF8)
    # A declaration that can be read as ASCII is not in UTF-16. Both rules are of the HTML standard.
    if encoding.name.startswith("utf-16"):
        return webencodings.UTF8
    return webencodings.lookup("windows-1252") if encoding.name == "x-user-defined" else encoding


def content_charset(meta: Any) -> str:
    """Return the charset in a `<meta http-equiv="content-type">`, empty if there is none."""
    is_type = (meta.get("http-equiv") or "").lower() == "content-type"
    charset = CHARSET.search(meta.get("content") or "") if is_type else None
    return charset[1] if charset else ""


def parse(text: str) -> Any:
    """Return the tree of the first `MAX_HEAD` characters of a page, without what may be large."""
    kept, size = [], 0
    for token in TOKEN.finditer(text):
        if token["hidden"] or (token["tag"] and len(token[0]) > MAX_TAG):
            continue
        kept.append(token[0])
        size += len(token[0])
        if size >= MAX_HEAD:
            break
    head = "".join(kept)[:MAX_HEAD]
    # The first tag makes it a document, even when the page is empty.
    return etree.fromstring(b"<html>" + head.encode(), etree.HTMLParser(encoding="utf-8"))


def shorten(text: str, limit: int) -> str:
    """Return a text in one line of at most `limit` characters."""
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"

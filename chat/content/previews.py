"""What a page says of itself, shown below the message that links to it."""

import logging
from html import escape

import webencodings  # type: ignore[import-untyped]
from lxml import etree

from chat.content.fetch import FAILURES, fetch

MAX_TITLE = 200  # characters
MAX_DESCRIPTION = 500  # characters

logger = logging.getLogger(__name__)


def preview(url: str) -> str | None:
    """Return the html of what the page at `url` says of itself, or None when there is no page."""
    try:
        title, description = describe(*fetch(url))
    except FAILURES as error:
        logger.info("No preview of %r: %r", url, error)
        return None
    return (
        f'<blockquote><p><a href="{escape(url)}">{escape(title or url)}</a></p>'
        f"<p>{escape(description or 'No description found.')}</p></blockquote>"
    )


def describe(body: bytes, charset: str) -> tuple[str, str]:
    """Return the title and the description that a page has, empty where it has none."""
    text, _ = webencodings.decode(body, webencodings.lookup(charset) or webencodings.UTF8)
    # The tag in front makes it a document, even when the page is empty.
    page = etree.fromstring(b"<html>" + text.encode(), etree.HTMLParser(encoding="utf-8"))
    said: dict[str, str] = {}
    for meta in page.iter("meta"):
        name = meta.get("name") or meta.get("property") or ""
        said.setdefault(name.lower(), meta.get("content") or "")
    title = shorten(page.findtext(".//title") or "", MAX_TITLE)
    description = shorten(said.get("description", ""), MAX_DESCRIPTION)
    return (
        title or shorten(said.get("og:title", ""), MAX_TITLE),
        description or shorten(said.get("og:description", ""), MAX_DESCRIPTION),
    )


def shorten(text: str, limit: int) -> str:
    """Return a text in one line of at most `limit` characters."""
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"

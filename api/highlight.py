"""JSON and headers as HTML, with links and a class for each kind of value."""

import re

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

# A string with the colon of a key, or another value; the rest of JSON is punctuation.
TOKEN = re.compile(r'("(?:[^"\\]|\\.)*")(:?)|-?\d[\d.eE+-]*|true|false|null')
# A relative URL of this site, as the whole string, or in a header as `Location` and `Link` have it.
URL = re.compile(r'(?<=^")/(?:(?:api|tasks)[^"\\\s]*)?(?="$)')
URL_OF_HEADER = re.compile(r"(?:^|(?<=<))/[^\s>]+")


def linked(text: str, url: re.Pattern[str] = URL) -> SafeString:
    """Return the text as HTML in which each URL is a link."""
    parts, end = [], 0
    for match in url.finditer(text):
        before, end = text[end : match.start()], match.end()
        parts.append(format_html('{}<a href="{}">{}</a>', before, match[0], match[0]))
    return format_html("{}{}", mark_safe("".join(parts)), text[end:])  # noqa: S308  # escaped


def highlighted(text: str) -> SafeString:
    """Return JSON as HTML, with links and a class for each kind of value."""

    def mark(match: re.Match[str]) -> str:
        if match[2]:
            return format_html('<span class="key">{}</span>:', match[1])
        kind = "string" if match[1] else "value"
        return format_html('<span class="{}">{}</span>', kind, linked(match[0]))

    return mark_safe(TOKEN.sub(mark, text))  # noqa: S308  # what is between tokens needs no escape

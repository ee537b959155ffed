"""A long past that no server has: answers to `before=` and `after=`, made up for one page."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, Route

SOURCES = [
    "Short.",
    "Two lines\nin one message, the second one long enough to wrap on a phone, if not elsewhere.",
    "<p>A list:</p><ul><li>one</li><li>two</li></ul>",
    "<pre><code>for row in rows:\n    print(row)</code></pre>",
    'See <a href="http://example.com" rel="nofollow">example.com</a>'
    '<blockquote><p><a href="http://example.com">Example</a></p><p>A domain.</p></blockquote>',
]


def remember(page: Page, count: int, *, end: int, pause: int = 90) -> None:
    """Let the page find `count` messages of two users, `pause` seconds apart, up to `end`."""

    def answer(route: Route) -> None:
        query = parse_qs(urlsplit(route.request.url).query)
        limit = int(query["limit"][0])
        if "after" in query:
            start = int(query["after"][0]) + 1
            stop = min(start + limit, count + 1)
        else:
            stop = min(int(query["before"][0]), count + 1)
            start = max(1, stop - limit)
        ids = range(start, stop)
        route.fulfill(json={"messages": [message(n, end - (count - n) * pause) for n in ids]})

    page.route(re.compile(r"/api/messages\?(before|after)="), answer)


def message(number: int, at: int) -> dict[str, Any]:
    """Give the message with an id, written at a time."""
    html = f"{number}. {SOURCES[number % len(SOURCES)]}"
    return {
        "id": number,
        "created_at": at,
        "updated_at": at,
        "source": html,
        "html": html,
        "user_id": 1 + number // 4 % 2,
    }

"""A long past that no server has: answers to `before=` and `after=`, made up for one page."""

import json
from typing import Any

from playwright.sync_api import Page

NOON = 1_700_049_600  # 2023-11-15 12:00 UTC
SOURCES = [
    "Short.",
    "Two lines\nin one message, the second one long enough to wrap on a phone, if not elsewhere.",
    "<p>A list:</p><ul><li>one</li><li>two</li></ul>",
    "<pre><code>for row in rows:\n    print(row)</code></pre>",
    'See <a href="http://example.com" rel="nofollow">example.com</a>'
    '<blockquote><p><a href="http://example.com">Example</a></p><p>A domain.</p></blockquote>',
]


# Answered inside the page: a request that goes through the test takes ten times as long.
ANSWER = """(messages) => {
    const ask = window.fetch
    window.fetch = async (path, options) => {
        const query = new URL(path, location).searchParams
        const [before, after, limit] = ['before', 'after', 'limit'].map((key) => query.get(key))
        if (!path.startsWith('/api/messages?') || !(before || after)) return ask(path, options)
        const found = after
            ? messages.filter(({ id }) => id > after).slice(0, limit)
            : messages.filter(({ id }) => id < before).slice(-limit)
        return Response.json({ messages: found })
    }
}"""


def remember(page: Page, count: int, *, end: int = NOON, pause: int = 90) -> None:
    """Let the page find `count` messages of two users, `pause` seconds apart, up to `end`."""
    messages = [message(n, end - (count - n) * pause) for n in range(1, count + 1)]
    page.add_init_script(f"({ANSWER})({json.dumps(messages)})")


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

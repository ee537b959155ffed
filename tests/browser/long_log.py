"""What a log of 10,000 messages costs its reader: `python -m tests.browser.long_log`.

The CPU time of the page's own thread, by Chromium's `TaskDuration`, and the memory of its script.
"""

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from playwright.sync_api import expect

from comparison.usage import arguments
from tests.browser.browser import open_browser
from tests.browser.history import remember
from tests.browser.room import Room
from tests.running import Stack

MESSAGES, FRAMES = 10_000, 100
LOADED_AT_ONCE = 50
READ_ALL = """async (count) => {
    const log = document.querySelector('#log')
    const articles = log.getElementsByTagName('article')
    while (articles.length < count) {
        log.scrollTop = 0
        await new Promise(requestAnimationFrame)
    }
}"""
SCROLL = """async (count) => {
    const log = document.querySelector('#log')
    log.scrollTop = log.scrollHeight / 2
    for (let frame = 0; frame < count; frame++) {
        log.scrollTop += 137
        await new Promise(requestAnimationFrame)
    }
}"""
# What is measured, its unit, and what it may be at most.
LOADING = "50 more messages, loaded by scrolling up", "ms of CPU time", 200
SCROLLING = "a frame, scrolling in the middle", "ms of CPU time", 40
MEMORY = "memory of the script", "MiB", 100


def measure(room: Room) -> dict[tuple[str, str, int], float]:
    """Read the whole log, scroll in it, and return what that took."""
    cdp = room.context.new_cdp_session(room.page)
    cdp.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent(script: str, count: int) -> float:
        """Return the seconds that a script takes."""
        before = seconds()
        room.page.evaluate(script, count)
        return seconds() - before

    def seconds() -> float:
        metrics = cdp.send("Performance.getMetrics")["metrics"]
        return float(next(each["value"] for each in metrics if each["name"] == "TaskDuration"))

    loads = MESSAGES / LOADED_AT_ONCE - 1
    return {
        LOADING: spent(READ_ALL, MESSAGES) / loads * 1000,
        SCROLLING: spent(SCROLL, FRAMES) / FRAMES * 1000,
        MEMORY: room.page.evaluate("performance.memory.usedJSHeapSize") / 2**20,
    }


def main() -> None:
    """Print a line for each measurement; exit with 1 if one is above what it may be."""
    with ExitStack() as leaving:
        stack = Stack(Path(leaving.enter_context(tempfile.TemporaryDirectory())))
        leaving.callback(stack.stop)
        browser = leaving.enter_context(open_browser())
        room = Room(browser.new_context(), stack.url)
        remember(room.page, MESSAGES)
        room.open(stack.person("Alice"))
        found = measure(room)
        room.say("one more")
        expect(room.unsent).to_have_count(0)
    for (what, unit, most), value in found.items():
        print(f"{what:45}{value:6.1f} {unit}, at most {most}")
    sys.exit(any(value > most for (_, _, most), value in found.items()))


if __name__ == "__main__":
    arguments(__doc__)
    main()

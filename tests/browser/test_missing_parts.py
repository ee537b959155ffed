"""The page without one of its own files, as when the network changed while they were fetched."""

import pytest
from playwright.sync_api import Page, expect

from comparison.contract.client import Person
from tests.browser.room import MakeRoom
from tests.browser.tap import Frame, Tap


def lose(page: Page, part: str) -> None:
    """Let a file be out of reach from now on."""
    page.route(f"**/{part}", lambda route: route.abort("internetdisconnected"))


@pytest.mark.parametrize("part", ["main.js", "session.js", "theme.css"])
def test_a_page_without_one_of_its_parts_is_loaded_again_when_the_server_is_in_reach(
    make_room: MakeRoom, part: str
) -> None:
    room = make_room()
    page = room.page
    page.clock.install()
    lose(page, part)
    page.goto(room.url)
    page.evaluate("window.isFirst = true")
    lose(page, "static/**")
    for _ in range(2):
        with page.expect_event("requestfailed"):
            page.clock.run_for(4000)
    assert page.evaluate("window.isFirst")
    page.unroute_all()
    with page.expect_event("load"):
        page.clock.run_for(4000)
    room.is_live()
    expect(page.locator("html")).to_have_css("background-color", "rgb(250, 248, 243)")


def test_a_page_whose_part_stays_away_is_loaded_ever_more_seldom_until_it_is_back(
    make_room: MakeRoom,
) -> None:
    room = make_room()
    page, loads = room.page, list[Page]()
    page.on("load", lambda page: loads.append(page))
    page.add_init_script("Math.random = () => 0.5")
    page.clock.install()

    def is_loaded_after(seconds: int) -> None:
        before = len(loads)
        page.clock.run_for(seconds * 1000)  # the clock also goes on by itself
        assert len(loads) == before
        with page.expect_event("load"):
            page.clock.run_for(seconds * 1000)

    lose(page, "session.js")
    page.goto(room.url)
    for seconds in (2, 4, 8, 16, 32, 60):
        is_loaded_after(seconds)
    expect(page.get_by_text("Loading the conversation…")).to_be_visible()
    page.unroute_all()
    is_loaded_after(60)
    room.is_live()
    lose(page, "session.js")
    page.reload()
    is_loaded_after(2)  # another outage begins as the first one did


def test_a_script_of_another_origin_that_an_extension_inserts_never_reloads_the_page(
    make_room: MakeRoom,
) -> None:
    room = make_room()
    room.page.clock.install()
    room.open()
    with room.page.expect_console_message():  # that the policy blocks it
        room.page.evaluate(
            """() => new Promise((resolve) => {
                const script = document.createElement('script')
                script.src = 'https://extension.example/script.js'
                script.onerror = resolve
                document.head.append(script)
                window.isFirst = true
            })"""
        )
    room.complaints.clear()
    room.page.clock.run_for(20_000)
    assert room.page.evaluate("window.isFirst")


def test_a_page_whose_ticker_was_out_of_reach_still_keeps_its_user_online(
    make_room: MakeRoom, alice: Person
) -> None:
    room, pings = make_room(), list[Frame]()
    tap = Tap(room.page)
    room.page.clock.install()
    lose(room.page, "ticker.js")
    room.open(alice)

    def note(frame: Frame) -> bool:
        if frame["event"] == "ping_user":
            pings.append(frame)
        return True

    room.tick_often()
    tap.passes_up = note
    room.page.clock.run_for(10_000)
    while not pings:
        room.page.wait_for_timeout(20)

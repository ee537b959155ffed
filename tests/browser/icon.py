"""Draw chat/static/chat/icon.png from icon.svg: `python -m tests.browser.icon`.

Systems that cannot use an SVG cut this square to a shape of their own, so it fills its edges.
"""

from comparison.usage import arguments
from tests.browser.browser import open_browser
from tests.running import ROOT

SIZE = 512  # pixels, which browsers require of an application that can be installed
FOLDER = ROOT / "chat/static/chat"


def main() -> None:
    """Draw the icon on its own background."""
    svg = (FOLDER / "icon.svg").read_text().replace('rx="9"', "")
    style = f"<style>body {{ margin: 0 }} svg {{ display: block; width: {SIZE}px }}</style>"
    with open_browser() as browser:
        page = browser.new_page(viewport={"width": SIZE, "height": SIZE})
        page.set_content(style + svg)
        page.screenshot(path=FOLDER / "icon.png")


if __name__ == "__main__":
    arguments(__doc__)
    main()

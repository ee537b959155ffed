"""A parser of rendered messages, for tests."""

from html.parser import HTMLParser


class Reader(HTMLParser):
    """Parser that records elements and text; every element must be closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.other: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def unknown_decl(self, data):
        self.other.append(data)

    handle_comment = handle_decl = handle_pi = unknown_decl

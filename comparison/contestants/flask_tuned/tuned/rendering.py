"""Rendering by markdown-it-py and nh3, with one parser and one cleaner for all messages."""

import nh3
from flack.models import ALLOWED_TAGS
from markdown_it import MarkdownIt

parser = MarkdownIt("commonmark", {"linkify": True}).enable("linkify")
parser.linkify.set({"fuzzy_email": False})
cleaner = nh3.Cleaner(tags=set(ALLOWED_TAGS), link_rel="nofollow")


def render_markdown(message, source):
    """Render Markdown to HTML with a list of allowed tags."""
    message.html = cleaner.clean(parser.render(source)).strip()

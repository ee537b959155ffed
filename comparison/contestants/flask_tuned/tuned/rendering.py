"""Rendering: one Markdown and one Cleaner for all messages; no greenlet waits in between."""

from bleach.linkifier import LinkifyFilter
from bleach.sanitizer import Cleaner
from flack.models import ALLOWED_TAGS
from markdown import Markdown

markdown = Markdown(output_format="html")
cleaner = Cleaner(tags=ALLOWED_TAGS, strip=True, filters=[LinkifyFilter])


def render_markdown(message, source):
    """Render Markdown to HTML with a list of allowed tags."""
    message.html = cleaner.clean(markdown.reset().convert(source))

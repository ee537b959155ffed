"""Message content: Markdown, links and their previews."""

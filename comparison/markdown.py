"""Tables in Markdown."""

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a table; a column may have no title."""
    titles = "".join(f" {title} |" if title else " |" for title in head)
    body = (f"| {' | '.join(map(str, row))} |" for row in rows)
    return "\n".join([f"|{titles}", "|---" * len(head) + "|", *body])

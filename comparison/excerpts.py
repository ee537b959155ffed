"""Cut code out of the contestants for CODE_MAP.md, and count what this project's lines are for.

`python -m comparison.lines` writes both into the page; a test fails when they are stale.
"""

import ast
from collections.abc import Callable, Iterable

FLASK = "comparison/contestants/flask"
DJANGO = "comparison/contestants/django_documented"

# A file, the definitions to show, and after how many lines to stop; 0 for none.
Cut = tuple[str, tuple[str, ...], int]
# Topic, Flask, Django, and the files of this project for the same.
PAIRS: tuple[tuple[str, Cut, Cut, str], ...] = (
    ("Model", (f"{FLASK}/flack/models.py", ("Message",), 11),
     ("chat/models/messages.py", ("Message",), 9), "chat/models/messages.py"),
    ("Sign-in", (f"{FLASK}/flack/api/tokens.py", ("new_token", "revoke_token"), 0),
     (f"{DJANGO}/views.py", ("TokenView.post", "TokenView.delete"), 0), "api/tokens.py"),
    ("List", (f"{FLASK}/flack/api/messages.py", ("get_messages", "get_message"), 0),
     (f"{DJANGO}/views.py", ("FlackViewSet.list", "MessageViewSet.filter_queryset"), 0),
     "api/message_lists.py"),
    ("Deferred post", (f"{FLASK}/flack/tasks.py", ("async_task",), 0),
     (f"{DJANGO}/views.py", ("MessageViewSet.create",), 0), "api/deferred.py"),
    ("Push", (f"{FLASK}/flack/events.py", ("push_model", "on_ping_user", "on_post_message"), 0),
     (f"{DJANGO}/consumers.py",
      ("ChatConsumer.connect", "ChatConsumer.post_message", "ChatConsumer.updated_model"), 0),
     "chat/realtime/push.py"),
    ("Test", (f"{FLASK}/tests.py", ("TokensTest",), 0),
     (f"{DJANGO}/tests.py", ("TokensTest",), 0), "tests/api/test_tokens.py"),
)  # fmt: skip

# What a file is for, by the longest prefix that fits.
PARITY, TRANSPORT, RELIABILITY, OPERATION, MORE = (
    "parity: what the class does too",
    "transport and speed",
    "reliability and bounds",
    "operation",
    "more than the class: search, deletion, look-alikes, pages of the API",
)
PURPOSES = {
    "api/": PARITY, "chat/": PARITY, "flack_project/": PARITY, "manage.py": PARITY,
    "api/base.py": TRANSPORT, "api/etags.py": TRANSPORT, "api/renderers.py": TRANSPORT,
    "chat/compiled.py": TRANSPORT, "chat/consumers.py": TRANSPORT, "chat/routing.py": TRANSPORT,
    "chat/threads.py": TRANSPORT, "chat/realtime/": TRANSPORT, "flack_project/daphne/": TRANSPORT,
    "chat/realtime/gaps.py": RELIABILITY, "chat/realtime/repair.py": RELIABILITY,
    "chat/realtime/leases.py": RELIABILITY, "chat/realtime/presence.py": RELIABILITY,
    "chat/realtime/roster.py": RELIABILITY, "chat/throttling.py": RELIABILITY,
    "chat/clock.py": RELIABILITY, "chat/content/fetch.py": RELIABILITY,
    "chat/content/tags.py": RELIABILITY, "api/pagination.py": RELIABILITY,
    "flack_project/daphne/shutdown.py": RELIABILITY, "flack_project/errors.py": RELIABILITY,
    "chat/management/": OPERATION, "chat/admin/": OPERATION, "chat/observability/": OPERATION,
    "chat/checks.py": OPERATION, "chat/moderation.py": OPERATION,
    "flack_project/launcher/": OPERATION, "flack_project/environment.py": OPERATION,
    "flack_project/admin.py": OPERATION, "flack_project/command_line.py": OPERATION,
    "api/schema/": MORE, "api/browsable.py": MORE, "api/highlight.py": MORE,
    "api/socket_page.py": MORE, "api/deletions.py": MORE, "chat/search.py": MORE,
    "chat/models/deletions.py": MORE, "chat/accounts/skeletons.py": MORE,
}  # fmt: skip


def cut(source: str, names: Iterable[str], most: int = 0) -> str:
    """Return the text of some definitions, dotted for a method; cut after `most` lines if given."""
    return "\n\n\n".join(_definition(source, name, most) for name in names)


def _definition(source: str, name: str, most: int) -> str:
    node: ast.AST = ast.parse(source)
    for part in name.split("."):
        found = [
            child for child in ast.iter_child_nodes(node) if getattr(child, "name", "") == part
        ]
        if not found:
            raise LookupError(name)
        node = found[0]
    assert isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
    begin = min([node.lineno, *(each.lineno for each in node.decorator_list)])
    lines = source.splitlines()[begin - 1 : node.end_lineno]
    if most and len(lines) > most:
        lines = [*lines[:most], f"{' ' * (node.col_offset + 4)}..."]
    return "\n".join(line[node.col_offset :] for line in lines)


def side_by_side(read: Callable[[str], str]) -> str:
    """Return the code of each topic, Flask's and Django's; `read` returns the text of a file."""
    parts = []
    for topic, flask, django, here in PAIRS:
        parts.append(f"### {topic}")
        for name, (path, names, most) in (("Flask", flask), ("Django", django)):
            link = f"[`{path}`]({relative(path)})"
            parts.append(f"{name}, {link}:\n\n```python\n{cut(read(path), names, most)}\n```")
        parts.append(f"In this project: [`{here}`]({relative(here)}).")
    return "\n\n".join(parts)


def relative(path: str) -> str:
    """Return the link to a path from a page in comparison/."""
    return path.removeprefix("comparison/") if path.startswith("comparison/") else f"../{path}"


def purpose(path: str) -> str:
    """Return what a file of this project is for."""
    return PURPOSES[max((p for p in PURPOSES if path.startswith(p)), key=len)]


def purposes(names: Iterable[str], lines: Callable[[str], int]) -> str:
    """Return the table of lines of Python by purpose; `lines` returns those of a file."""
    sums = dict.fromkeys(PURPOSES.values(), 0)
    for name in names:
        own = name.startswith(("api/", "chat/", "flack_project/")) or name == "manage.py"
        if own and name.endswith(".py") and "/migrations/" not in name:
            sums[purpose(name)] += lines(name)
    total = sum(sums.values())
    rows = [f"| {what} | {count:,} | {count / total:.0%} |" for what, count in sums.items()]
    return "\n".join(["| Purpose | Lines | |", "|---|---|---|", *rows, f"| all | {total:,} | |"])

"""The documents name every setting and command; every file and target that they name exists."""

import re
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest
from django.conf import settings

from api.pagination import MAX_ROWS, MAX_TEXT, SHOWN
from api.queries import LARGEST_PAGE, MAX_IDS
from chat import throttling
from chat.accounts.nicknames import MAX_NICKNAME
from chat.content.markup import MAX_LINKS
from chat.models import MAX_KEY, MAX_SOURCE
from chat.search import MAX_QUERY
from chat.throttling import Limit

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted(
    path
    for folder in (".", ".github", "docs", "comparison")
    for path in (ROOT / folder).glob("*.md")
)
GUIDES = sorted((ROOT / "docs").glob("*.md"))
SETTINGS = (ROOT / "flack_project/settings.py").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
COMMANDS = sorted(
    path.stem for path in (ROOT / "chat/management/commands").glob("*.py") if path.stem[0] != "_"
)
TARGETS = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
FOLDERS = "api|chat|comparison|deploy|docs|flack_project|nginx|tests"

LINK = re.compile(r"\]\(([^)\s]+)\)|src(?:set)?=\"([^\"]+)\"")
PATH = re.compile(rf"(?<![\w./:-])(?:{FOLDERS})/(?:[\w./-]*\w)?")  # chat/models/, nginx/
COMMAND = re.compile(r"python\s+-m\s+(comparison[\w.]+)")
TARGET = re.compile(r"(?:`|^(?: {4})?|&& )make ([a-z][\w-]*)", re.MULTILINE)


def name(path: Path) -> str:
    """Return the path of a document below the root, to name a test by."""
    return str(path.relative_to(ROOT))


def headings(path: Path, pattern: str = "#+") -> list[str]:
    """Return the headings of a document as GitHub writes them in links."""
    text = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.DOTALL | re.MULTILINE)
    found = re.findall(rf"^{pattern} (.+)$", text, re.MULTILINE)
    return [re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in found]


def rows(path: str) -> str:
    """Return the first cell of each row of the tables in a document."""
    return "\n".join(re.findall(r"^\|([^|]*)\|", (ROOT / path).read_text(), re.MULTILINE))


@pytest.mark.parametrize(
    "variable", sorted(set(re.findall(r'(?:environment\.\w+|flag)\(\s*"([A-Z_]+)"', SETTINGS)))
)
def test_each_variable_is_in_the_table_of_settings(variable):
    assert f"`{variable}`" in rows("docs/SETTINGS.md")


def test_each_variable_in_the_table_of_settings_is_read_somewhere():
    sources = [
        path.read_text()
        for name in ("chat", "flack_project")
        for path in (ROOT / name).rglob("*.py")
    ]
    named = re.findall("`([A-Z][A-Z_]+)`", rows("docs/SETTINGS.md"))
    assert [name for name in named if not any(f'"{name}"' in text for text in sources)] == []


def counted(limit: Limit) -> str:
    """Return a limit as the table of docs/API.md has it."""
    return f"{limit.times} in {limit.window} s"


def number(pattern: str, path: str) -> int:
    """Return a number that a configuration of nginx has."""
    return int(re.findall(pattern, (ROOT / path).read_text())[0])


SITE = "nginx/production.conf"
RATE, BURST = number(r"flack_requests:10m rate=(\d+)r/s", SITE), number(r"burst=(\d+)", SITE)
LIMITS = [
    ("Registrations", "client address", counted(throttling.REGISTER)),
    ("Sign-ins", "client address", counted(throttling.SIGN_IN)),
    ("Sign-ins as one nickname", "client address", counted(throttling.SIGN_IN_AS)),
    ("Sign-ins as one nickname", "nickname", counted(throttling.SIGN_IN_ANYWHERE)),
    ("Changes of nickname or password", "user", counted(throttling.CHANGE)),
    ("Posts, edits and deletions", "user", counted(throttling.POST)),
    ("Posts, edits and deletions", "client address", counted(throttling.POST_FROM)),
    ("Links with a preview", "user", counted(throttling.LINKS)),
    ("Links with a preview", "linked host", counted(throttling.FETCH)),
    ("Links with a preview", "message", f"{MAX_LINKS}"),
    ("Requests at nginx", "client address", f"{RATE} a second, {BURST} at once"),
    ("Connections at nginx", "client address", str(number(r"flack_connections (\d+);", SITE))),
    ("Sockets", "client address and node", f"{throttling.SOCKETS}"),
    ("Frames", "socket", f"{throttling.FRAMES} in 10 s"),
    ("Fragments, pings and frames", "socket", f"{throttling.PIECES} in 10 s"),
    ("Size of a frame", "frame", f"{throttling.FRAME_SIZE // 1024} KiB"),
    ("Size of a body", "request", f"{settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 1024} KiB"),
    ("`nickname`", "user", f"{MAX_NICKNAME} characters"),
    ("`source`", "message", f"{MAX_SOURCE:,} characters"),
    ("`Idempotency-Key`, `ref`", "post", f"{MAX_KEY} characters"),
    ("`q`", "search", f"{MAX_QUERY} characters"),
    ("`ids`", "request", f"{MAX_IDS}"),
    ("`limit`", "request", f"{LARGEST_PAGE}"),
    ("Rows of a list", "response", f"{MAX_ROWS:,}, and those of the same second"),
    (
        f"Text of a list of over {LARGEST_PAGE} messages",
        "response",
        f"{MAX_TEXT // 2**20} Mi characters, and the rest of that second",
    ),
    ("Rows of a browsable page", "response", f"{SHOWN}"),
]


def test_the_table_of_limits_has_the_numbers_of_the_code():
    section = (ROOT / "docs/API.md").read_text().partition("\n## Limits\n")[2]
    cells = [
        tuple(map(str.strip, row.split("|")[1:4])) for row in re.findall(r"^\|.*", section, re.M)
    ]
    assert cells[2:] == LIMITS  # after the names of the columns and a line


def test_the_table_of_limits_has_every_limit_that_is_counted():
    limits = [counted(each) for each in vars(throttling).values() if isinstance(each, Limit)]
    assert set(limits) <= {cell for _, _, cell in LIMITS}
    assert len(limits) == 9  # each has a row above


def test_nginx_and_the_nodes_have_the_same_bound_for_a_body():
    size = number(r"client_max_body_size (\d+)k;", "nginx/flack.conf")
    assert size * 1024 == settings.DATA_UPLOAD_MAX_MEMORY_SIZE


def test_nginx_waits_longer_than_a_node_needs_to_find_a_dead_socket():
    server = (ROOT / "flack_project/daphne/server.py").read_text()
    ((interval, patience),) = re.findall(r"PING_INTERVAL, PING_TIMEOUT = (\d+), (\d+)", server)
    assert number(r"pings a silent client every (\d+) s", "nginx/flack.conf") == int(interval)
    waits = number(r"every \d+ s, .*\n +proxy_read_timeout (\d+)s;", "nginx/flack.conf")
    assert waits > int(interval) + int(patience)


def test_the_table_of_paths_has_the_layers_of_chat_in_their_order():
    linter = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (order,) = (each["layers"] for each in linter["contracts"] if "containers" in each)
    place = {name: place for place, names in enumerate(order) for name in names.split(" : ")}
    found = [
        [place[path.replace("/", ".")] for path in re.findall(r"`chat/([\w/]+?)(?:/|\.py)`", row)]
        for row in re.findall(r"^\|([^|]*)\|", CONTRIBUTING, re.MULTILINE)
        if "`chat/static/`" not in row
    ]
    table = list(filter(None, found))
    assert [(upper, lower) for upper, lower in pairwise(table) if max(upper) >= min(lower)] == []
    assert set().union(*table) == {*place.values()} - {place["urls"]}


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_is_in_the_table_of_commands(command):
    assert re.search(rf"`{command}\b", rows("docs/OPERATIONS.md"))


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_each_link_leads_to_a_file_and_a_heading(document):
    for target in ("".join(found) for found in LINK.findall(document.read_text())):
        if not target.startswith(("http://", "https://")):
            path, _, anchor = target.partition("#")
            linked = document.parent / path if path else document
            assert linked.exists(), target
            assert not anchor or anchor in headings(linked), target


def test_the_changelog_has_its_newest_changes_on_top():
    assert headings(ROOT / "CHANGELOG.md", "##")[:1] == ["unreleased"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_each_path_in_a_document_exists(document):
    paths = sorted(set(PATH.findall(document.read_text())))
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name)
def test_each_make_target_in_a_document_exists(document):
    assert set(TARGET.findall(document.read_text())) <= TARGETS


def test_each_figure_in_the_code_stands_beside_the_command_that_measures_it():
    measured = [
        path
        for folder in ("api", "chat", "flack_project")
        for path in (ROOT / folder).rglob("*.py")
        if "µs" in path.read_text()
    ]
    commands = {path: COMMAND.findall(path.read_text()) for path in measured}
    assert [name(path) for path in measured if not commands[path]] == []
    modules = {module.replace(".", "/") + ".py" for found in commands.values() for module in found}
    assert [module for module in modules if not (ROOT / module).exists()] == []


PEOPLE = re.compile(r"\b(whoever|ours|so many times|say whether)\b", re.IGNORECASE)
SPEECH = re.compile(
    r"\b(server|node|hub|page|client|worker|browser|database|function|method|view|consumer|socket"
    r"|command|table|nginx|redis|celery|daphne|django|flack|error|response|document|code|that|it)s?"
    r" (says?|said|knows?|knew|tells?|told|hears?|heard|forgets?|forgot)\b",
    re.IGNORECASE,
)


def test_software_in_the_code_and_the_documents_neither_speaks_nor_knows():
    sources = [
        path
        for folder in ("api", "chat", "flack_project", "nginx", "deploy")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".py", ".html", ".conf", ".service")
    ]
    assert [
        (name(path), found.group())
        for path in [*sources, *DOCUMENTS, ROOT / "Makefile", ROOT / "pyproject.toml"]
        for pattern in (PEOPLE, SPEECH)
        for found in pattern.finditer(path.read_text())
    ] == []


@pytest.mark.parametrize("guide", GUIDES, ids=name)
def test_a_guide_begins_with_its_readers_and_lists_its_sections(guide):
    opening, *rest = guide.read_text().split("\n\n")[1:]
    assert opening.startswith("For ")
    contents = next(block for block in rest if block.startswith("- [") and "](#" in block)
    sections = headings(guide, "##")
    listed = re.findall(r"\(#([\w-]+)\)", contents)
    assert listed == sections[-len(listed) :]
    assert len(listed) >= len(sections) - 1  # the answer may stand before the list

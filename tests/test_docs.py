"""The documents name every setting and command; every file and target that they name exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted(
    path
    for folder in (".", ".github", "docs", "comparison")
    for path in (ROOT / folder).glob("*.md")
)
GUIDES = sorted((ROOT / "docs").glob("*.md"))
SETTINGS = (ROOT / "flack_project/settings.py").read_text()
COMMANDS = sorted(
    path.stem for path in (ROOT / "chat/management/commands").glob("*.py") if path.stem[0] != "_"
)
TARGETS = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
FOLDERS = "api|chat|comparison|deploy|docs|flack_project|nginx|tests"

LINK = re.compile(r"\]\(([^)\s]+)\)|src(?:set)?=\"([^\"]+)\"")
PATH = re.compile(rf"(?<![\w./:-])(?:{FOLDERS})/(?:[\w./-]*\w)?")  # chat/models/, nginx/
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


@pytest.mark.parametrize("guide", GUIDES, ids=name)
def test_a_guide_begins_with_its_readers_and_lists_its_sections(guide):
    opening, *rest = guide.read_text().split("\n\n")[1:]
    assert opening.startswith("For ")
    contents = rest[0]
    assert re.findall(r"\(#([\w-]+)\)", contents) == headings(guide, "##")

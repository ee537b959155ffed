"""The code map names existing files, with their numbers of lines."""

import re

import pytest

from comparison import excerpts, lines

MAP = lines.MAP.read_text()
COUNTED = sorted(set(lines.CELL.findall(MAP)))


@pytest.mark.parametrize(("path", "counted"), COUNTED)
def test_a_count_of_the_code_map_is_not_stale(path, counted):
    now = lines.count(path, lines.our_files(), lines.ours)
    assert int(counted) == pytest.approx(now, rel=0.4, abs=15), "run: python -m comparison.lines"


def test_the_code_map_has_each_step_of_the_class():
    assert re.findall(r"^\| \[?(v0\.\d+)\b", MAP, re.MULTILINE) == lines.TAGS * 2


def test_blank_lines_do_not_count():
    assert lines.lines("a\n\n   \n# b\n") == 2


def test_packages_are_those_that_this_system_installs():
    lock = """a==1 \\
    --hash=sha256:0
b[c]==2 ; sys_platform == 'win32' \\
d==3 ; os_name == 'posix'
"""
    assert lines.packages_of(lock) == 2


def test_a_folder_counts_its_files_and_a_missing_one_is_an_error():
    files = {
        "a/b.py": "x\ny",
        "a/c.js": "z",
        "a/migrations/d.py": "w",
        "a/e.png": "v",
        "ab.py": "u",
    }
    assert lines.count("a/", files, files.__getitem__) == 3
    with pytest.raises(LookupError):
        lines.count("c/", files, files.__getitem__)


def test_the_code_of_the_code_map_is_that_of_the_files():
    assert excerpts.side_by_side(lines.ours) in MAP, "run: python -m comparison.lines"


@pytest.mark.parametrize("topic", [pair[0] for pair in excerpts.PAIRS])
def test_the_code_beside_each_other_is_short(topic):
    _, *cuts, _ = next(pair for pair in excerpts.PAIRS if pair[0] == topic)
    for path, names, most in cuts:
        code = excerpts.cut(lines.ours(path), names, most)
        assert 8 <= lines.lines(code) <= 15, (path, lines.lines(code))


def test_a_definition_is_cut_with_its_decorators_and_without_its_indent():
    source = "class A:\n    @b\n    def c(self):\n        d\n        e\n\n\nx = 1\n"
    assert excerpts.cut(source, ["A.c"]) == "@b\ndef c(self):\n    d\n    e"
    assert excerpts.cut(source, ["A"], 3) == "class A:\n    @b\n    def c(self):\n    ..."
    with pytest.raises(LookupError):
        excerpts.cut(source, ["A.d"])


def test_the_lines_by_purpose_are_all_lines():
    table = excerpts.purposes(["api/a.py", "api/etags.py", "manage.py", "tests/b.py"], lambda _: 10)
    assert f"| {excerpts.PARITY} | 20 | 67% |" in table
    assert f"| {excerpts.TRANSPORT} | 10 | 33% |" in table and "| all | 30 | |" in table


def test_every_prefix_of_the_purposes_names_a_file():
    names = lines.our_files()
    assert [p for p in excerpts.PURPOSES if not any(n.startswith(p) for n in names)] == []


def test_a_count_becomes_a_link_and_what_is_not_here_stays():
    text = "`manage.py` (1) and `flack/auth.py` (63) and `flack/api/` (2)"
    once = lines.recount(text)
    assert once.startswith("[`manage.py`](../manage.py) (") and once.endswith(text[15:])
    assert lines.recount(once) == once


def test_each_file_in_the_tables_of_the_code_map_is_a_link():
    rows = [line for line in MAP.splitlines() if re.match(r"\| (\[v0\.|\[?`)", line)]
    bare = [path for row in rows for path in re.findall(r"(?<!\[)`([\w./]+(?:\.py|/))`", row)]
    assert len(rows) > 30 and bare == ["manage.py"]  # in a command: `manage.py celery`

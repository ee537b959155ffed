"""The code map names existing files, with their numbers of lines."""

import re

import pytest

from comparison import lines

MAP = lines.MAP.read_text()
COUNTED = sorted(set(lines.CELL.findall(MAP)))


@pytest.mark.parametrize(("path", "counted"), COUNTED)
def test_a_count_of_the_code_map_is_not_stale(path, counted):
    now = lines.count(path, lines.our_files(), lines.ours)
    assert int(counted) == pytest.approx(now, rel=0.4, abs=15), "run: python -m comparison.lines"


def test_the_code_map_has_each_step_of_the_class():
    assert re.findall(r"^\| (v0\.\d+) \|", MAP, re.MULTILINE) == lines.TAGS * 2


def test_blank_lines_do_not_count():
    assert lines.lines("a\n\n   \n# b\n") == 2


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

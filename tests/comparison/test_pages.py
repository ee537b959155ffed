"""README and the report show exactly what the committed run of `make compare` measured."""

import pytest

from comparison import pages
from comparison.compare import report
from comparison.compare.contest import WORKS
from tests.comparison.test_report import raw, result

COMMITTED = report.load(pages.RAW)
IS_OF_TODAY = "code" in COMMITTED  # False for a run of the method before this one


@pytest.mark.skipif(not IS_OF_TODAY, reason="the committed run is of the earlier method")
def test_every_number_of_the_report_and_of_readme_is_of_the_committed_run():
    assert pages.RAW.with_name("REPORT.md").read_text() == report.markdown(COMMITTED)
    assert f"<!-- verdict -->\n{pages.verdict(COMMITTED)}\n<!-- end" in pages.README.read_text()


def test_the_verdict_has_five_lines_one_picture_and_a_table_with_the_spread():
    costs = {"flack": 10, "flack again": 11, "flask": 22}
    found = raw(*(result(name, work.name, **{"µs": cost}) for work in WORKS
                  for name, cost in costs.items()))  # fmt: skip
    text = pages.verdict(found)
    before = text.partition("![")[0]
    assert before.count("\n- ") == 5
    assert before.startswith("**Documented** versions")
    assert text.count("![") == 1 and "(comparison/report-push.svg)" in text
    assert "| Flask, documented | 22 (21–23) | 22 (21–23) | 22 (21–23) | 100 | 20 |" in text
    assert all(f"\n### {heading}\n" in text for heading in ("Why", "What to choose", "Repeat it"))
    assert all(f"- **{word} when**" in text for word in ("Flask", "Django", "Neither"))


def test_a_run_replaces_the_verdict_of_readme_and_nothing_else(tmp_path, monkeypatch):
    readme = tmp_path / "README.md"
    readme.write_text("# a\n<!-- verdict -->\nold\n<!-- end of verdict -->\nb\n")
    monkeypatch.setattr(pages, "README", readme)
    monkeypatch.setattr(pages, "RAW", tmp_path / "report.json")
    (tmp_path / "report-of-old.svg").touch()
    found = raw(result("flack"))
    pages.publish(found)
    assert not (tmp_path / "report-of-old.svg").exists()
    verdict = pages.verdict(found)
    assert readme.read_text() == f"# a\n<!-- verdict -->\n{verdict}\n<!-- end of verdict -->\nb\n"
    assert report.load(tmp_path / "report.json")["results"] == found["results"]

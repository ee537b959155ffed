"""The tables of comparison/BENCH.md are those of the raw numbers."""

from comparison.bench import table

RESULTS = table.load()


def test_the_document_has_the_medians_and_targets_of_the_last_bench():
    document = table.REPORT.read_text()
    assert table.works(RESULTS) in document
    assert table.targets(RESULTS) in document


def test_the_document_states_the_number_of_rounds():
    assert f"; {table.rounds(RESULTS)} rounds of each row" in table.REPORT.read_text()


def test_rows_with_different_numbers_of_rounds_give_a_range():
    assert table.rounds({"a": {"flack": [{}, {}]}, "b": {"flack": [{}, {}, {}]}}) == "2 to 3"

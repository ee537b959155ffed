"""What operators deleted."""

import pytest

from comparison.contract.client import Flack


@pytest.mark.differs("D-38")
def test_the_deletions_are_a_list_of_ranges_of_ids(flack: Flack) -> None:
    answer = flack.get("/api/deletions?updated_since=0")
    assert answer.status_code == 200
    for deletion in answer.json()["deletions"]:
        assert set(deletion) == {"class", "first", "last"}
        assert deletion["class"] in ("User", "Message")
        assert deletion["first"] <= deletion["last"]


@pytest.mark.differs("D-38")
def test_the_time_of_deletions_must_be_a_number(flack: Flack) -> None:
    assert flack.get("/api/deletions?updated_since=soon").status_code == 400

"""Ladders: every contestant climbs the same rungs until it breaks."""

from comparison.compare.ladder import Contestant, Ladder
from comparison.compare.steps import Rung

RUNGS = [Rung(load) for load in (1, 2, 4, 8, 16)]


def ladder(**most):
    """Return a ladder of contestants by the load they carry, and the list of their steps."""
    given = []

    def work(side, rung, seconds):
        given.append((side, rung.load))
        return {"p99 ms": 1, "lost": int(rung.load > most[side])}

    contestants = [Contestant(name, name, work) for name in most]
    return Ladder("With push", "1 node", RUNGS, contestants), given


def test_a_contestant_that_breaks_is_out_and_the_others_go_on():
    both, given = ladder(weak=2, strong=8)
    steps = list(both.climb(1, 1))
    assert sorted(set(given)) == [
        *[("strong", load) for load in (1, 2, 4, 8, 16)],
        *[("weak", load) for load in (1, 2, 4)],
    ]
    assert [step["load"] for step in steps if step["broken"]] == [4, 16]


def test_one_late_step_does_not_end_a_climb():
    noisy, _ = ladder(any=100)
    work, breaks = noisy.contestants[0].work, [{"p99 ms": 5000}]
    noisy.contestants[0].work = lambda *given: breaks.pop() if breaks else work(*given)
    assert [step["broken"] for step in noisy.climb(1, 1)] == ["late", "", "", "", "", ""]


def test_a_contestant_that_is_late_twice_is_out():
    slow, _ = ladder(any=100)
    slow.contestants[0].work = lambda *given: {"p99 ms": 5000}
    assert [step["broken"] for step in slow.climb(1, 1)] == ["late", "late"]


def test_a_repeat_begins_two_rungs_below_the_one_that_broke():
    one, given = ladder(one=4)
    list(one.climb(1, 1))
    given.clear()
    list(one.climb(2, 1))
    assert given == [("one", 2), ("one", 4), ("one", 8)]


def test_contestants_take_turns_at_each_rung():
    three, given = ladder(a=100, b=100, c=100)
    list(three.climb(1, 1))
    turns = [given[index : index + 3] for index in range(0, len(given), 3)]
    assert [sorted(turn) for turn in turns] == [[(n, r.load) for n in "abc"] for r in RUNGS]


def test_the_load_counts_every_delivery():
    assert (Rung(10, 300).load, str(Rung(10, 300))) == (3000, "300 × 10/s")
    assert (Rung(50).load, str(Rung(50))) == (50, "50/s")

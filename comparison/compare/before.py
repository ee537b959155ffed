"""How far the numbers moved since the run before, which the noise of one run does not show."""

from comparison.compare.contest import AGAIN, WORKS
from comparison.compare.numbers import Raw, contenders, named, of, value

KEYS = ("entry", "work", "carried", "broke", "µs", "at the same load")


def before(raw: Raw, published: Raw) -> Raw | None:
    """Return what is kept of the run before, once `raw` takes the place of `published`."""
    if published["quick"] or published["began"] == raw["began"]:
        return published.get("before")
    kept = {key: published[key] for key in ("began", "code", "plan", "quick")}
    return kept | {"results": [{key: each.get(key) for key in KEYS}
                               for each in published["results"]]}  # fmt: skip


def moved(raw: Raw) -> str:
    """Return how far the numbers moved since the run before, or an empty string without one."""
    earlier = raw.get("before")
    if not earlier:
        return ""
    people = largest(raw, "push", "carried")
    costs = [f"a {work.each} {found}" for work in WORKS if (found := largest(raw, work.name))]
    same = [name for name in order(raw) if name in order(earlier)]
    stayed = same == [name for name in order(earlier) if name in same]
    parts = [f"the people per core moved {people}"] * bool(people)
    parts += [f"the CPU time of {', of '.join(costs)}"] * bool(costs)
    return (
        f"**Since the run before** ({earlier['began']}, commit {earlier['code']}"
        f"{', by an earlier method' * (earlier['plan'] != raw['plan'])}), "
        f"{'; '.join(parts)}. The order of the contestants by people per core "
        f"{'stayed the same' if stayed else 'changed'}."
    )


def largest(raw: Raw, work: str, key: str = "µs") -> str:
    """Return the largest factor by which a number of an entry moved, and the entry, as text."""
    found = {
        name: (value(raw["before"], name, work, key), value(raw, name, work, key))
        for name in contenders(raw, work) if not name.endswith(AGAIN)
    }  # fmt: skip
    ratios = {name: max(pair) / min(pair) for name, pair in found.items() if all(pair)}
    if not ratios:
        return ""
    name = max(ratios, key=lambda each: ratios[each])
    return f"by up to ×{ratios[name]:.2f} ({named(raw, name)})"


def order(run: Raw) -> list[str]:
    """Return the entries by the people that a core carries, the fewest first."""
    found = of(run, "push")
    names = [name for name in found if found[name]["carried"] and not name.endswith(AGAIN)]
    return sorted(names, key=lambda name: (found[name]["carried"], name))

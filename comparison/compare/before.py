"""How far the numbers moved since the run before, which the noise of one run does not show."""

import itertools
import math

from comparison.compare.contest import AGAIN, WORKS
from comparison.compare.method import noise
from comparison.compare.numbers import Raw, contenders, named, of, short, value
from comparison.compare.rules import MEASURED

KEYS = ("entry", "work", "carried", "broke", "µs", "at the same load")


def before(raw: Raw, published: Raw) -> Raw | None:
    """Return what is kept of the run before, once `raw` takes the place of `published`."""
    if published["quick"] or published["began"] == raw["began"]:
        return published.get("before")
    kept = {key: published[key] for key in ("began", "code", "plan", "quick")}
    return kept | {"results": [{key: each.get(key) for key in KEYS}
                               for each in published["results"]]}  # fmt: skip


def moved(raw: Raw) -> str:
    """Return how far the numbers moved since the run before, or "" if none can be compared."""
    earlier = raw.get("before")
    if not earlier or earlier["quick"] != raw["quick"]:
        return ""
    parts = [f"people per core {found}"] if (found := largest(raw, "push", "carried")) else []
    parts += [f"µs a {work.each} {found}" for work in WORKS if (found := largest(raw, work.name))]
    if not parts:
        return ""
    method = ", by an earlier method" if earlier["plan"] != raw["plan"] else ""
    return (
        f"**Compared with the run before** ({earlier['began']}, commit "
        f"{earlier['code'] or 'unknown'}{method}), the number of each kind that moved most: "
        f"{'; '.join(parts)}. "
        f"{order(raw)}The noise above is that of one run: it does not contain what moves from one "
        f"to the next.{between(raw)}"
    )


def between(raw: Raw) -> str:
    """Return how to list what was changed between both runs, as a sentence, or ""."""
    codes = [run["code"].partition(" ")[0] for run in (raw["before"], raw)]  # without a digest
    if not all(codes) or codes[0] == codes[1]:
        return ""
    return f" `git log {'..'.join(codes)} -- {MEASURED}` lists what was changed between the two."


def largest(raw: Raw, work: str, key: str = "µs") -> str:
    """Return the number of an entry that moved by the largest factor, as text.

    Costs count where both runs carried the load. What carried the most that is tried may have moved
    further.
    """
    pairs = {
        name: (value(raw["before"], name, work, key), value(raw, name, work, key))
        for name in contenders(raw, work)
        if not name.endswith(AGAIN)
        and (key == "carried" or (carried(raw, name, work) and carried(raw["before"], name, work)))
    }
    ratios = {name: noise([pair]) for name, pair in pairs.items() if None not in pair}
    if not ratios:
        return ""
    name = max(ratios, key=lambda each: ratios[each])
    factor = f"×{ratios[name]:.2f}, " if math.isfinite(ratios[name]) else ""
    old, new = map(short, pairs[name])
    return f"{factor}from {old} to {new} ({named(raw, name)})"


def carried(run: Raw, name: str, work: str) -> bool:
    """Return True if an entry carried the load that is the same for all."""
    return bool(value(run, name, work, "at the same load") == "carried")


def order(raw: Raw) -> str:
    """Return whether two contestants changed places by people per core, as a sentence."""
    runs = [{name: each["carried"] for name, each in of(run, "push").items()
             if each["carried"] is not None and not name.endswith(AGAIN)}
            for run in (raw, raw["before"])]  # fmt: skip
    pairs = list(itertools.combinations([name for name in runs[0] if name in runs[1]], 2))
    if not pairs:
        return ""
    changed = any((runs[0][a] - runs[0][b]) * (runs[1][a] - runs[1][b]) < 0 for a, b in pairs)
    verb = "changed" if changed else "stayed the same"
    return f"The order of the contestants by people per core {verb}. "

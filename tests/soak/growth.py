"""The rule by which a series of samples grows.

The slope is that of Theil and Sen: the median of the slopes between all pairs of samples, which a
third of outliers cannot move. It is taken over the second half of a run: in the first half caches,
arenas of the allocator and label sets of metrics fill, which is not a leak. A series grows if even
the lower end of the slope's 95 % confidence interval (by Kendall's statistic) exceeds what is
allowed, and if the rise that was seen is more than noise. A leak that matters is thus found,
however slow the machine is: what is allowed is a share of the median for each hour.

Latency is drawn and not judged, because it is that of the machine and of its other work. What a
request costs more in a growing database shows in its CPU time, which is compared with that of the
test itself: a busy machine makes both dearer.
"""

import math
import statistics
from dataclasses import dataclass
from itertools import combinations

Series = list[tuple[float, float]]  # seconds since the start, value

Z = 1.96  # of the normal distribution, for 95 %
SHARE = 0.1  # of the median, for each hour
# What is allowed in an hour at least, by unit. Half of it is noise, however short the run is.
LEAST = {"MiB": 2.0, "files": 2.0, "threads": 1.0, "keys": 20.0, "rows": 20.0, "cpu": 0.5}
CONTROL = "cpu test"  # of this process, which does the same throughout: only the machine changes it
# Series that grow by design: messages are kept, and answers of deferred requests for an hour.
BY_DESIGN = ("rows message", "rows deferred", "MiB db.sqlite3")


@dataclass
class Growth:
    """The slope of a series in its second half, for each hour."""

    median: float
    slope: float
    lower: float  # end of the confidence interval
    allowed: float
    hours: float  # from the first to the last sample of the half
    noise: float  # a rise in these hours that means nothing

    @property
    def is_too_fast(self) -> bool:
        """True if the series certainly grows faster than is allowed."""
        return self.lower > self.allowed and self.lower * self.hours > self.noise


def growth(name: str, series: Series) -> Growth:
    """Return the growth of the series "UNIT NAME"."""
    half = series[len(series) // 2 :]
    slopes = sorted(
        3600 * (after - before) / (end - begin)
        for (begin, before), (end, after) in combinations(half, 2)
    )
    n, median = len(half), statistics.median(value for _, value in half)
    spread = Z * math.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    lower = slopes[max(0, math.floor((len(slopes) - spread) / 2))]
    least = LEAST.get(name.split()[0], math.inf)
    allowed = math.inf if name in BY_DESIGN else max(SHARE * median, least)
    hours = (half[-1][0] - half[0][0]) / 3600
    return Growth(median, statistics.median(slopes), lower, allowed, hours, least / 2)


def growths(all_series: dict[str, Series]) -> dict[str, Growth]:
    """Return the growth of each series; CPU time may grow by the share of the control's growth."""
    found = {name: growth(name, series) for name, series in all_series.items()}
    if control := found.get(CONTROL):
        dearer = max(0.0, control.slope / control.median)
        for name, one in found.items():
            if name == CONTROL:
                one.allowed = math.inf
            elif name.startswith("cpu "):
                one.allowed += dearer * one.median
    return found

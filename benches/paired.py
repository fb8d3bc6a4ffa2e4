"""What paired comparisons share: a median ratio with its interval, printed and kept."""

import json
import math
import os
import statistics


def interval(ratios, level=0.95):
    """Interval of the median from order statistics, and its coverage.

    The narrowest symmetric interval that covers the median at this level; with few pairs the
    whole range, which may cover less.
    """
    ordered, n = sorted(ratios), len(ratios)

    def below(k):
        return sum(math.comb(n, i) for i in range(k)) / 2**n

    cut = max([k for k in range(1, n // 2 + 1) if 1 - 2 * below(k) >= level], default=1)
    return ordered[cut - 1], ordered[n - cut], 1 - 2 * below(cut)


def report(section, name, ratios):
    """Print a median ratio; append it to the file that BENCH_ROWS names, if any."""
    low, high, covered = interval(ratios)
    median = statistics.median(ratios)
    pairs = len(ratios)
    covers = f"[{low:.2f}, {high:.2f}] ({covered:.0%}, {pairs} pairs)"
    print(f"{section}: {name:<58} {median:5.2f}  {covers}", flush=True)
    if os.environ.get("BENCH_ROWS"):
        row = {"section": section, "name": name, "median": median, "low": low, "high": high}
        with open(os.environ["BENCH_ROWS"], "a") as rows:
            rows.write(json.dumps({**row, "pairs": pairs, "covered": covered}) + "\n")

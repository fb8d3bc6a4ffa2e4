"""What paired comparisons have in common: a median ratio with its interval, printed, and kept for the benchmark page."""
import json, math, os, statistics


def interval(ratios, level=0.95):
    """Interval of the median from order statistics: the narrowest symmetric one that covers it at this level, and its
    coverage; with few pairs the whole range, which may cover less."""
    ordered, n = sorted(ratios), len(ratios)
    below = lambda k: sum(math.comb(n, i) for i in range(k)) / 2 ** n
    cut = max([k for k in range(1, n // 2 + 1) if 1 - 2 * below(k) >= level], default=1)
    return ordered[cut - 1], ordered[n - cut], 1 - 2 * below(cut)


def report(section, name, ratios):
    """Prints a median ratio; appends it to the file that BENCH_ROWS names, if any."""
    low, high, covered = interval(ratios)
    median = statistics.median(ratios)
    print(f"{section}: {name:<58} {median:5.2f}  [{low:.2f}, {high:.2f}] ({covered:.0%}, {len(ratios)} pairs)", flush=True)
    if os.environ.get("BENCH_ROWS"):
        with open(os.environ["BENCH_ROWS"], "a") as rows:
            row = dict(section=section, name=name, median=median, low=low, high=high, pairs=len(ratios), covered=covered)
            rows.write(json.dumps(row) + "\n")

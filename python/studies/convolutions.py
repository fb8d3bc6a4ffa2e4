"""Feedback alignment in LeNet: what weight and batch normalisation and Adam do there.

    python studies/convolutions.py tune    --data-dir DATA --out runs/convolutions
    python studies/convolutions.py pilot   --data-dir DATA --out runs/convolutions
    python studies/convolutions.py measure --data-dir DATA --out runs/convolutions
    python studies/convolutions.py judge   --out runs/convolutions
    python studies/convolutions.py keep    --out runs/convolutions
    python studies/convolutions.py draw    --out runs/convolutions

DATA holds mnist, fashion-mnist and cifar10, as `alignscope data fetch` puts them there. `tune`
finds the learning rate of every condition on training images that it does not learn from; `pilot`
shows how far values spread there, which claims have to know in advance; `measure` runs all
conditions at these rates with other seeds, and measures them on the test images. All go on where
they were stopped. `judge` and `keep` write results/, and `draw` writes figures/. Claims,
rates and the sizes of everything stand in convolutions.toml beside this file.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from torch import nn

from alignscope import Measured, judge
from alignscope.torch import Monitor, convert, normalize

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PLAN = tomllib.loads(Path(__file__).with_suffix(".toml").read_text())

#: What tells conditions apart, in the order of names of rows.
CONDITION = ("data", "change", "rule", "normaliser", "optimizer")

#: What is kept of every layer: the mean over the last quarter of the run.
MEASURED = (
    "weight_alignment",
    "update_alignment",
    "error_effective_rank",
    "activity_effective_rank",
    "dead_units",
    "terms_angle",
    "terms_share",
    "projections_share",
    "remainder_ratio",
)


# Images. -------------------------------------------------------------------------------------


def idx(folder, name):
    data = np.fromfile(folder / name, np.uint8)
    sizes = [int.from_bytes(data[4 + 4 * i : 8 + 4 * i].tobytes(), "big") for i in range(data[3])]
    return data[4 + 4 * len(sizes) :].reshape(sizes)


def cifar(folder, name):
    rows = np.fromfile(folder / f"{name}.bin", np.uint8).reshape(-1, 3073)
    return rows[:, 1:].reshape(-1, 3, 32, 32), rows[:, 0]


def load(root, name):
    """Images to learn from and to test with, samples x channels x height x width, and labels."""
    folder = root / name
    if name == "cifar10":
        parts = [cifar(folder, f"data_batch_{k}") for k in range(1, 6)]
        found = [*(np.concatenate(arrays) for arrays in zip(*parts)), *cifar(folder, "test_batch")]
    else:
        found = []
        for part in ("train", "t10k"):
            found.append(idx(folder, f"{part}-images-idx3-ubyte")[:, None])
            found.append(idx(folder, f"{part}-labels-idx1-ubyte"))
    images, labels, test_images, test_labels = found
    mean = images.mean((0, 2, 3), keepdims=True)
    sd = images.std((0, 2, 3), keepdims=True)

    def scaled(x):
        return torch.from_numpy(((x - mean) / sd).astype(np.float32))

    def whole(y):
        return torch.from_numpy(y.astype(np.int64))

    return scaled(images), whole(labels), scaled(test_images), whole(test_labels)


# A run. --------------------------------------------------------------------------------------


def network(channels, size, normaliser):
    """LeNet with ReLU, and batch normalisation before it where asked for."""
    side = ((size - 4) // 2 - 4) // 2
    sizes = [(channels, 6), (6, 16), (16 * side**2, 120), (120, 84), (84, 10)]
    layers = []
    for place, (inputs, outputs) in enumerate(sizes):
        convolves = place < 2
        if place == 2:
            layers.append(nn.Flatten())
        layers.append(nn.Conv2d(inputs, outputs, 5) if convolves else nn.Linear(inputs, outputs))
        if place == len(sizes) - 1:
            break
        if normaliser == "bn":
            layers.append(nn.BatchNorm2d(outputs) if convolves else nn.BatchNorm1d(outputs))
        layers.append(nn.ReLU())
        if convolves:
            layers.append(nn.MaxPool2d(2))
    return nn.Sequential(*layers)


def accuracy(net, images, labels):
    net.eval()
    with torch.no_grad():
        right = [
            (net(x).argmax(1) == y).sum() for x, y in zip(images.split(1000), labels.split(1000))
        ]
    net.train()
    return 100 * float(sum(right)) / len(labels)


def train(data, condition, rate, seed, measured):
    """One run: its accuracies, and what was measured of its layers."""
    images, labels, test_images, test_labels = data
    torch.manual_seed(seed)
    chosen = torch.randperm(len(labels) - PLAN["held_out"])[: PLAN["images"]]
    renamed = torch.randperm(10)
    net = convert(
        network(images.shape[1], images.shape[2], condition["normaliser"]),
        condition["rule"],
        seed=seed,
    )
    if condition["optimizer"] == "adam":
        optimizer = torch.optim.Adam(net.parameters(), rate)
    else:
        optimizer = torch.optim.SGD(net.parameters(), rate, momentum=0.9)
    if condition["normaliser"] == "wn":
        normalize(optimizer, net, 1.0)
    monitor = None
    if measured:
        monitor = Monitor(
            net,
            every=PLAN["measure_every"],
            lags=range(1, 9),
            quantities=("weights", "updates", "ranks", "units", "terms"),
            ranks_every=1,
            projection=True,
        )
    epochs = PLAN["epochs"][condition["data"]] * (2 if condition["change"] else 1)
    curve, updates = [], 0
    names = torch.arange(10)
    for epoch in range(epochs):
        if condition["change"] and epoch == epochs // 2:
            names = renamed
        for batch in chosen[torch.randperm(len(chosen))].split(PLAN["batch"]):
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(images[batch]), names[labels[batch]]).backward()
            optimizer.step()
            updates += 1
        if measured:
            few = PLAN["curve_images"]
            curve.append(accuracy(net, test_images[:few], names[test_labels[:few]]))
    row = {**condition, "rate": rate, "seed": seed, "curve": curve}
    row["accuracy"] = accuracy(net, test_images, names[test_labels])
    row["finite"] = all(bool(torch.isfinite(p).all()) for p in net.parameters())
    if monitor is not None:
        monitor.close()
        row["layers"] = late(monitor.rows, 3 * updates // 4)
    return row


def late(rows, since):
    """Means of what was measured from an update on, by quantity and layer."""
    values = defaultdict(list)
    for row in rows:
        if row.iteration >= since and row.quantity in MEASURED and row.value is not None:
            values[f"{row.quantity}/{row.layer}"].append(row.value)
    return {name: float(np.mean(found)) for name, found in sorted(values.items())}


# Conditions, and files of runs. --------------------------------------------------------------


def conditions():
    for study in PLAN["study"]:
        for data in study["data"]:
            for rule in ("bp", "fa"):
                for normaliser in ("none", "wn", "bn"):
                    for optimizer in study["optimizer"]:
                        # Adam is compared without a normaliser alone.
                        if optimizer == "sgd" or normaliser == "none":
                            values = (data, study["change"], rule, normaliser, optimizer)
                            yield study, dict(zip(CONDITION, values))


def key(row):
    return (*(row[name] for name in CONDITION), row["rate"], row["seed"])


def stored(path):
    """Rows of a file, in their order; a last line that was cut off is no row."""
    if not path.exists():
        return []
    lines = path.read_text().split("\n")[:-1]
    return [json.loads(line) for line in lines]


def add(path, row):
    text = json.dumps(row) + "\n"
    with path.open("r+" if path.exists() else "w") as file:
        # What a run that was killed left of its last line goes.
        whole = path.read_text()
        file.seek(whole.rfind("\n") + 1)
        file.truncate()
        file.write(text)


def held_out(arguments, name):
    """The data with the last training images in the place of the test images."""
    images, labels, *_ = data_of(arguments, name)
    held = PLAN["held_out"]
    return images, labels, images[-held:], labels[-held:]


def complete(path, wanted):
    """Run what is wanted and not stored yet: data, condition, rate, seed, whether to measure."""
    done = {key(row) for row in stored(path)}
    for data, condition, rate, seed, measured in wanted:
        if key({**condition, "rate": rate, "seed": seed}) not in done:
            add(path, train(data, condition, rate, seed, measured))


def tune(arguments):
    complete(
        arguments.out / "tuning.jsonl",
        (
            (held_out(arguments, condition["data"]), condition, rate, seed, False)
            for study, condition in conditions()
            for rate in PLAN["rates"][condition["optimizer"]]
            for seed in seeds("first_tuning_seed", study["tuning_seeds"])
        ),
    )


def pilot(arguments):
    """Measure a few runs of the seeds of tuning, to see how far values spread."""
    chosen = rates(arguments.out / "tuning.jsonl")
    complete(
        arguments.out / "pilot.jsonl",
        (
            (
                held_out(arguments, condition["data"]),
                condition,
                rate_of(chosen, condition),
                seed,
                True,
            )
            for _, condition in conditions()
            for seed in seeds("first_tuning_seed", PLAN["pilot"])
        ),
    )


def seeds(first, count):
    return range(PLAN[first], PLAN[first] + count)


def rate_of(chosen, condition):
    return chosen[tuple(condition.values())]


def rates(path):
    """Of every condition the rate with the highest mean; of two equal ones, the smaller."""
    found = defaultdict(lambda: defaultdict(list))
    for row in stored(path):
        value = row["accuracy"] if row["finite"] else 0.0
        found[tuple(row[name] for name in CONDITION)][row["rate"]].append(value)
    return {
        condition: min(by_rate, key=lambda rate: (-float(np.mean(by_rate[rate])), rate))
        for condition, by_rate in found.items()
    }


def measure(arguments):
    chosen = rates(arguments.out / "tuning.jsonl")
    # All conditions of a repeat, then those of the next: repeats are whole.
    complete(
        arguments.out / "runs.jsonl",
        (
            (
                data_of(arguments, condition["data"]),
                condition,
                rate_of(chosen, condition),
                seed,
                True,
            )
            for repeat, seed in enumerate(seeds("first_seed", arguments.repeats))
            for study, condition in conditions()
            if repeat < study["repeats"]
        ),
    )


_loaded: dict[str, tuple] = {}


def data_of(arguments, name):
    if name not in _loaded:
        _loaded[name] = load(arguments.data_dir, name)
    return _loaded[name]


# Claims. -------------------------------------------------------------------------------------


def value(row, quantity):
    """What a run has of a quantity, such as accuracy or weight_alignment/1."""
    found = row["accuracy"] if quantity == "accuracy" else row["layers"].get(quantity, math.nan)
    if quantity == "accuracy" and not row["finite"]:
        return 0.0
    return found


def parts(claim, table, repeats):
    """Parts of a claim, one of each data set and layer that it names."""
    for data in claim["data"]:
        for layer in claim.get("layers", [None]):
            quantity = claim["quantity"] + ("" if layer is None else f"/{layer}")
            base = {"change": False, "optimizer": "sgd", **claim["of"], "data": data}
            total = np.zeros(repeats[data, base["change"]])
            for sign, other in [(1, {}), *claim.get("with", [])]:
                condition = tuple({**base, **other}[name] for name in CONDITION)
                total += sign * np.array([value(row, quantity) for row in table[condition]])
            words = data if layer is None else f"{data}, layer {layer}"
            reach, place = claim["reach"], data if layer is None else str(layer)
            yield Measured(
                f"{words}: {claim['statistic']}",
                total,
                at_least=claim.get("at_least"),
                at_most=claim.get("at_most"),
                reach=reach[place] if isinstance(reach, dict) else reach,
                limits=claim.get("limits"),
                epsilon=claim.get("epsilon", 0.0),
            )


def runs(arguments):
    """Runs by condition, whole repeats only, and how many of these there are by study."""
    found, repeats = defaultdict(dict), {}
    for row in stored(arguments.out / "runs.jsonl"):
        found[tuple(row[name] for name in CONDITION)][row["seed"]] = row
    for study, condition in conditions():
        of_condition = found[tuple(condition.values())]
        whole = 0
        while PLAN["first_seed"] + whole in of_condition:
            whole += 1
        place = (condition["data"], study["change"])
        repeats[place] = min(whole, repeats.get(place, whole))
    table = {
        tuple(condition.values()): [
            found[tuple(condition.values())][PLAN["first_seed"] + repeat]
            for repeat in range(repeats[condition["data"], condition["change"]])
        ]
        for _, condition in conditions()
    }
    return table, repeats


def document(claim):
    """Claims of one document share their level of error."""
    return claim["name"].split("/")[0]


def judge_all(arguments):
    table, repeats = runs(arguments)
    print(f"repeats: {repeats}")
    rows = []
    for claim in PLAN["claim"]:
        found = judge(
            claim["statement"],
            *parts(claim, table, repeats),
            family=sum(document(other) == document(claim) for other in PLAN["claim"]),
            name=claim["name"],
            set="before",
        )
        print(f"{found.name}: {found.verdict} (needs {found.needed}): {found.statement}")
        for part in found.parts:
            low, high = part.ci95 or (None, None)
            print(f"    {part.statistic}: {part.mean:.3f} [{low:.3f}, {high:.3f}] {part.verdict}")
            after, needed = found.decided_after, found.needed
            of_claim = (found.name, shown(found.verdict), after, needed, PLAN["plan"])
            of_part = (part.statistic, part.mean, low, high, part.n, part.criterion)
            rows.append([*of_claim, *of_part, shown(part.verdict)])
    write(RESULTS / "convolutions-verdicts.csv", COLUMNS, rows)


def shown(verdict):
    """A verdict as verdicts.csv has it."""
    return {"fails": "FAILS", "at-the-bound": "at the bound"}.get(verdict, verdict)


RESULTS = Path(__file__).parents[2] / "results"
FIGURES = Path(__file__).parents[2] / "figures"
OF_CLAIM = ["claim", "verdict", "decided_after", "needed", "plan"]
OF_PART = ["statistic", "mean", "low", "high", "n", "criterion", "part_verdict"]
COLUMNS = [*OF_CLAIM, *OF_PART]


def write(path, columns, rows):
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def keep(arguments):
    """Write rates that were tried, and runs, as tables that lie in the repository."""
    by_rate = defaultdict(list)
    asked = {tuple(condition.values()) for _, condition in conditions()}
    for row in stored(arguments.out / "tuning.jsonl"):
        condition = tuple(row[name] for name in CONDITION)
        if condition in asked:
            by_rate[(*condition, row["rate"])].append(row["accuracy"] if row["finite"] else 0.0)
    tried = [[*place, len(found), f"{np.mean(found):.3f}"] for place, found in by_rate.items()]
    write(RESULTS / "convolutions-tuning.csv", [*CONDITION, "rate", "n", "accuracy"], tried)
    table, _ = runs(arguments)
    names = sorted({name for rows in table.values() for row in rows for name in row["layers"]})
    kept = [
        [*condition, row["rate"], row["seed"], row["finite"], f"{row['accuracy']:.2f}"]
        + [f"{row['layers'][name]:.6g}" if name in row["layers"] else "" for name in names]
        for condition, rows in table.items()
        for row in rows
    ]
    header = [*CONDITION, "rate", "seed", "finite", "accuracy", *names]
    write(RESULTS / "convolutions.csv", header, kept)


# Figures. ------------------------------------------------------------------------------------

NAMES = {"none": "none", "wn": "WN", "bn": "batch norm.", "bp": "BP", "fa": "BP-TRW"}
TITLES = {"mnist": "MNIST", "fashion-mnist": "Fashion-MNIST", "cifar10": "CIFAR-10"}
OPTIMISERS = {"sgd": "SGD", "adam": "Adam"}
LAYERS = ("conv 1", "conv 2", "linear 1", "linear 2", "output")


def interval(values):
    """Mean and half the width of Student's interval at 95 %."""
    from statistics import mean, stdev

    n, z = len(values), 1.959964
    # Of the normal distribution to Student's, in powers of the degrees of freedom (Fisher 1925).
    t = z + (z**3 + z) / (4 * (n - 1)) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * (n - 1) ** 2)
    return mean(values), t * stdev(values) / math.sqrt(n)


def draw(arguments):
    from matplotlib import pyplot

    pyplot.style.use("alignscope.paper")
    table, repeats = runs(arguments)
    sets = list(dict.fromkeys(condition[0] for condition in table))
    draw_accuracy(pyplot, table, repeats, sets)
    draw_layers(pyplot, table, sets, "weight_alignment", range(1, 5), ("fa",))
    draw_layers(pyplot, table, sets, "error_effective_rank", range(4), ("bp", "fa"))
    draw_change(pyplot, table)


def save(figure, name):
    figure.savefig(FIGURES / f"{name}.png", dpi=200)


def draw_accuracy(pyplot, table, repeats, sets):
    figure, panels = pyplot.subplots(1, len(sets), figsize=(7.0, 2.4))
    for panel, data in zip(panels, sets):
        places = [("none", "sgd"), ("wn", "sgd"), ("bn", "sgd"), ("none", "adam")]
        for shift, rule in ((-0.12, "bp"), (0.12, "fa")):
            found = [
                interval([value(row, "accuracy") for row in table[data, False, rule, n, o]])
                for n, o in places
            ]
            x = np.arange(len(places)) + shift
            panel.errorbar(x, *np.array(found).T, fmt="o", label=NAMES[rule])
        labels = [f"{NAMES[n]}\n{OPTIMISERS[o]}" for n, o in places]
        panel.set_xticks(range(len(places)), labels, fontsize=5)
        panel.set_title(f"{TITLES[data]} (n {repeats[data, False]})")
    panels[0].set_ylabel("test accuracy (%)")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside right upper")
    save(figure, "convolutions-accuracy")


def draw_layers(pyplot, table, sets, quantity, layers, rules):
    figure, panels = pyplot.subplots(1, len(sets), figsize=(7.0, 2.4), sharey=False)
    for panel, data in zip(panels, sets):
        for colour, normaliser in enumerate(("none", "wn", "bn")):
            for rule in rules:
                rows = table[data, False, rule, normaliser, "sgd"]
                found = [
                    interval([value(row, f"{quantity}/{layer}") for row in rows])
                    for layer in layers
                ]
                panel.errorbar(
                    list(layers),
                    *np.array(found).T,
                    fmt="o-" if rule == "fa" else "s--",
                    color=f"C{colour}",
                    label=f"{NAMES[rule]}, {NAMES[normaliser]}",
                )
        if quantity == "weight_alignment":
            panel.axhline(90, color="0.6", linewidth=0.8)
        panel.set_xticks(list(layers), [LAYERS[layer] for layer in layers], fontsize=6)
        panel.set_title(TITLES[data])
    words = {
        "weight_alignment": "angle of W and transposed B (degrees)",
        "error_effective_rank": "effective rank of errors",
    }
    panels[0].set_ylabel(words[quantity])
    names = panels[0].get_legend_handles_labels()
    figure.legend(*names, loc="outside right upper", fontsize=6)
    save(figure, f"convolutions-{'angles' if quantity == 'weight_alignment' else 'rank'}")


def draw_change(pyplot, table):
    figure, panel = pyplot.subplots(figsize=(4.4, 2.4))
    for colour, normaliser in enumerate(("none", "wn", "bn")):
        for rule in ("bp", "fa"):
            curves = [row["curve"] for row in table["mnist", True, rule, normaliser, "sgd"]]
            found = np.array([interval(values) for values in zip(*curves)]).T
            epochs = np.arange(1, len(found[0]) + 1)
            style = "-" if rule == "fa" else "--"
            label = f"{NAMES[rule]}, {NAMES[normaliser]}"
            panel.plot(epochs, found[0], style, color=f"C{colour}", label=label)
            panel.fill_between(
                epochs, found[0] - found[1], found[0] + found[1], color=f"C{colour}", alpha=0.2
            )
    panel.axvline(len(epochs) / 2 + 0.5, color="0.6", linewidth=0.8)
    panel.set_xlabel("epoch (labels change in the middle)")
    panel.set_ylabel("test accuracy (%)")
    figure.legend(*panel.get_legend_handles_labels(), loc="outside right upper", fontsize=6)
    save(figure, "convolutions-change")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["tune", "pilot", "measure", "judge", "keep", "draw"])
    parser.add_argument("--data-dir", type=Path, default=Path("data"))
    parser.add_argument("--out", type=Path, default=Path("runs/convolutions"))
    parser.add_argument("--repeats", type=int, default=40, help="of each condition, at most")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    what = {
        "tune": tune,
        "pilot": pilot,
        "measure": measure,
        "judge": judge_all,
        "keep": keep,
        "draw": draw,
    }
    what[arguments.what](arguments)


if __name__ == "__main__":
    main()

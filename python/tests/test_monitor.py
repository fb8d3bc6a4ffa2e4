"""The monitor beside the formulas of the theory, in loops as people write them."""

from __future__ import annotations

import copy
import csv
import gc
import math
import subprocess
import weakref

import numpy as np
import pytest

torch = pytest.importorskip("torch", minversion="2.5")

import reference  # noqa: E402
from torch import nn  # noqa: E402

from alignscope.torch import FAMILIES, Monitor, convert, normalize  # noqa: E402
from alignscope.torch.watching import Call  # noqa: E402

cross_entropy = nn.functional.cross_entropy


def dense(activation=nn.Tanh, dtype=torch.float64, seed=3):
    torch.manual_seed(seed)
    layers = [nn.Linear(12, 10), activation(), nn.Linear(10, 8), activation(), nn.Linear(8, 6)]
    return nn.Sequential(*layers).to(dtype)


def batches(count, size=16, seed=5, dtype=torch.float64, shape=(12,)):
    draw = torch.Generator().manual_seed(seed)
    for _ in range(count):
        x = torch.randn(size, *shape, generator=draw, dtype=torch.float64).to(dtype)
        yield x, torch.randint(0, 6, (size,), generator=draw)


def train(net, data, optimizer=None, each=None, loss=cross_entropy):
    optimizer = optimizer or torch.optim.SGD(net.parameters(), lr=0.3)
    for x, y in data:
        if each is not None:
            each(net, x, y)
        optimizer.zero_grad()
        loss(net(x), y).backward()
        optimizer.step()


class Follow:
    """Keeps what a reference needs of every update of a dense network."""

    def __init__(self, eta, f=reference.tanh, slope=reference.tanh_slope):
        self.states, self.eta, self.f, self.slope = [], eta, f, slope

    def __call__(self, net, x, y):
        linear = [m for m in net.modules() if isinstance(m, nn.Linear)]
        weights = [m.weight.detach().numpy().T.copy() for m in linear]
        biases = [m.bias.detach().numpy().copy() for m in linear]
        backward = {k: m.feedback().numpy().copy() for k, m in enumerate(linear) if k}
        x = x.numpy().astype(np.float64)
        state = reference.State(
            weights, biases, backward, x, y.numpy(), self.f, self.slope, self.eta
        )
        self.states.append(state)


def values(monitor, quantity, layer, lag=None):
    k, found = monitor.series(quantity, layer, lag)
    return dict(zip(k.tolist(), found.tolist()))


def close(found, expected, tolerance=1e-10, rounding=0.0):
    """Check values by update; ``rounding`` is what differences of parts of size 1 may be off by."""
    assert found.keys() == expected.keys() and found
    for k, value in expected.items():
        assert found[k] == pytest.approx(value, rel=tolerance, abs=rounding), k


def test_updates_of_backpropagation_are_made_once_in_so_many_measurements(monkeypatch):
    passes = []
    carry = Call._twin
    monkeypatch.setattr(Call, "_twin", lambda call, error: passes.append(1) or carry(call, error))
    found = []
    for once_in in (1, 2):
        net = convert(dense(nn.Tanh), "fa", seed=1)
        with Monitor(net, every=3, updates_every=once_in) as monitor:
            train(net, batches(13))
        found.append(monitor)
    always, seldom = found
    assert len(passes) == 5 + 3
    for quantity in ("update_alignment", "delta_alignment", "step_alignment", "bp_gradient_norm"):
        whole, some = values(always, quantity, 1), values(seldom, quantity, 1)
        assert list(some) == [0, 6, 12]
        assert some == {k: whole[k] for k in some}
    for quantity in ("weight_alignment", "dead_units", "activity_growth"):
        assert values(seldom, quantity, 1) == values(always, quantity, 1)
        assert list(values(seldom, quantity, 1)) == [0, 3, 6, 9, 12]


KINDS = [
    (nn.Tanh, reference.tanh, reference.tanh_slope),
    (nn.ReLU, reference.relu, reference.relu_slope),
    (lambda: nn.ReLU(inplace=True), reference.relu, reference.relu_slope),
]


@pytest.mark.parametrize("kind", KINDS)
def test_all_quantities_of_a_dense_network(kind):
    activation, f, slope = kind
    net = convert(dense(activation), "fa", seed=1)
    follow = Follow(0.3, f, slope)
    with Monitor(net, every=3, lags=range(1, 5), quantities=FAMILIES, ranks_every=1) as monitor:
        train(net, batches(13), each=follow)
    states = follow.states
    measured = [0, 3, 6, 9, 12]
    for place in (1, 2):
        of = {k: states[k] for k in measured}
        close(
            values(monitor, "weight_alignment", place),
            {k: reference.angle(s.W[place], s.B[place].T) for k, s in of.items()},
        )
        close(
            values(monitor, "step_alignment", place),
            {k: reference.angle(s.update(place), s.B[place].T) for k, s in of.items()},
        )
    for place in (0, 1):
        close(
            values(monitor, "update_alignment", place),
            {k: reference.angle(s.update(place), s.update(place, True)) for k, s in of.items()},
        )
        close(
            values(monitor, "delta_alignment", place),
            {k: reference.angle(s.delta[place], s.bp[place]) for k, s in of.items()},
        )
        close(
            values(monitor, "bp_gradient_norm", place),
            {k: np.linalg.norm(s.update(place, True)) for k, s in of.items()},
        )
    for place in (0, 1, 2):
        close(
            values(monitor, "update_norm", place),
            {k: np.linalg.norm(s.update(place)) for k, s in of.items()},
        )
        for name, of_state in (
            ("activity", lambda s, p: s.L[p]),
            ("error", lambda s, p: s.delta[p]),
            ("update", lambda s, p: s.update(p)),
        ):
            for place_of, kind in enumerate(
                ("participation_ratio", "stable_rank", "effective_rank")
            ):
                close(
                    values(monitor, f"{name}_{kind}", place),
                    {k: reference.ranks(of_state(s, place))[place_of] for k, s in of.items()},
                )
    assert not values(monitor, "update_alignment", 2) and not values(monitor, "weight_alignment", 0)
    check_terms(monitor, states, measured)
    check_budget(monitor, states, [0, 3, 6, 9])


def check_terms(monitor, states, measured, rule_only=False, tolerance=1e-10):
    for place in (1, 2):
        towards = {k: states[k].B[place].T for k in measured}
        inner = {k: np.sum(states[k].eta * states[k].update(place) * towards[k]) for k in measured}
        sums = {}
        for lag in monitor.lags:
            found = {
                k: reference.terms(states, k, lag, place, rule_only) for k in measured if k >= lag
            }
            for name, part in (("term", 0), ("projection_term", 1)):
                parts = {k: both[part] for k, both in found.items() if both[part] is not None}
                if not parts:
                    continue
                shares = {k: np.sum(t * towards[k]) / inner[k] for k, t in parts.items()}
                norms = {k: np.linalg.norm(t) for k, t in parts.items()}
                angles = {k: reference.angle(t, towards[k]) for k, t in parts.items()}
                close(values(monitor, f"{name}_norm", place, lag), norms, tolerance)
                close(values(monitor, f"{name}_angle", place, lag), angles, tolerance)
                close(values(monitor, f"{name}_share", place, lag), shares, tolerance)
                for k, t in parts.items():
                    sums.setdefault(name, {}).setdefault(k, []).append(t)
        oldest = {k: min(k, monitor.lags[-1]) for k in measured if k > 0}
        names = {"term": "terms", "projection_term": "projections"}
        whole = {names[n]: {k: sum(t) for k, t in of.items()} for n, of in sums.items()}
        whole["last"] = {k: reference.last(states, k, o, place) for k, o in oldest.items()}
        whole["remainder"] = {
            k: states[k].eta * states[k].update(place)
            - sum(whole[n][k] for n in ("terms", "projections", "last") if n in whole)
            for k in oldest
        }
        for name, parts in whole.items():
            size = {k: states[k].eta * np.linalg.norm(states[k].update(place)) for k in parts}
            ratios = {k: np.linalg.norm(t) / size[k] for k, t in parts.items()}
            close(values(monitor, f"{name}_ratio", place), ratios, tolerance, 1e-13)
            shares = {k: np.sum(t * towards[k]) / inner[k] for k, t in parts.items()}
            close(values(monitor, f"{name}_share", place), shares, tolerance, 1e-12)
        total = [values(monitor, f"{name}_share", place) for name in whole]
        for k in oldest:
            assert sum(part[k] for part in total) == pytest.approx(1.0, abs=1e-11)


def check_budget(monitor, states, measured):
    for place in (1, 2):
        below = place - 1
        for k in measured:
            now, later = states[k], states[k + 1]
            error = now.delta[place] @ now.B[place]
            z = now.Z[below]
            curvature = now.eta * np.sum((now.slope(z) * z - now.f(z)) * error)

            def half(state, below=below):
                return 0.5 * (np.sum(state.W[below] ** 2) + np.sum(state.b[below] ** 2))

            steps = (later.W[below] - now.W[below], later.b[below] - now.b[below])
            quadratic = 0.5 * sum(np.sum(step**2) for step in steps)
            gained = np.sum((later.W[place] - now.W[place]) * now.B[place].T)
            found = {
                name: values(monitor, f"budget_{name}", place)[k]
                for name in ("alignment", "growth", "quadratic", "curvature", "injected")
            }
            scale = abs(gained) + quadratic + abs(curvature)
            expected = (gained, half(later) - half(now), quadratic, curvature)
            for name, value in zip(found, expected):
                assert found[name] == pytest.approx(value, abs=1e-10 * scale), name
            # A plain step has nothing else in it, on any data.
            assert abs(found["injected"]) < 1e-12 * scale


def momentum(net):
    return torch.optim.SGD(net.parameters(), lr=0.3, momentum=0.8, weight_decay=0.05)


def normalised(net):
    optimizer = torch.optim.SGD(net.parameters(), lr=0.3)
    normalize(optimizer, net, 1.0)
    return optimizer


@pytest.mark.parametrize("make_optimizer", [momentum, normalised])
def test_what_is_beside_the_rule_makes_the_projection_terms(make_optimizer):
    net = convert(dense(), "fa", seed=1)
    optimizer = make_optimizer(net)
    follow = Follow(0.3)
    with Monitor(net, every=2, lags=range(1, 4), projection=True) as monitor:
        train(net, batches(9), optimizer, follow)
    check_terms(monitor, follow.states, [0, 2, 4, 6, 8], rule_only=True)
    assert abs(values(monitor, "projections_share", 1)[8]) > 1e-3


def test_lags_need_no_neighbours_and_memory_is_bounded_by_them():
    net = convert(dense(), "fa", seed=1)
    follow = Follow(0.3)
    lags = (2, 7)
    size = sum(m.weight.numel() * 8 for m in net if isinstance(m, nn.Linear))
    held = []
    with Monitor(net, every=5, lags=lags) as monitor:
        for x, y in batches(41):
            train(net, [(x, y)], torch.optim.SGD(net.parameters(), lr=0.3), follow)
            held.append(monitor.bytes)
    # States of 7, 6, 2 and 1 updates before, of this measurement and of the next.
    assert 0 < max(held) <= 2 * 2 * len(lags) * size and held[-1] == held[-6]
    for k in (10, 40):
        for lag in lags:
            expected, _ = reference.terms(follow.states, k, lag, 2)
            assert values(monitor, "term_norm", 2, lag)[k] == pytest.approx(
                np.linalg.norm(expected), rel=1e-11
            )
    assert not values(monitor, "terms_share", 2) and not values(monitor, "term_norm", 2, 7).get(5)


# Convolutions. -------------------------------------------------------------------------------


def convolutional(seed=4, inplace=False):
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(2, 3, 3, padding=1),
        nn.ReLU(inplace),
        nn.MaxPool2d(2),
        nn.Conv2d(3, 4, 2, stride=2),
        nn.Tanh(),
        nn.Flatten(),
        nn.Linear(16, 6),
    ).double()


def toeplitz(layer, weight, shape):
    """Matrix, pixels in x pixels out, of a convolution: what it makes of every single pixel."""
    pixels = int(np.prod(shape))
    basis = torch.eye(pixels, dtype=weight.dtype).reshape(pixels, *shape)
    made = nn.functional.conv2d(basis, weight, None, layer.stride, layer.padding)
    return made.reshape(pixels, -1)


def folded(layer, matrix, shape):
    """Sum of the entries of a dense matrix that belong to one and the same entry of the kernel."""
    leaf = layer.weight.detach().clone().requires_grad_()
    return torch.autograd.grad(toeplitz(layer, leaf, shape), leaf, matrix)[0]


@pytest.mark.parametrize("inplace", [False, True])
def test_terms_of_convolutions_are_those_of_dense_toeplitz_matrices(inplace):
    net = convert(convolutional(inplace=inplace), "fa", seed=1)
    lower, upper = net[0], net[3]
    states = []

    def keep(net, x, y):
        seen = {}
        hooks = [
            upper.register_forward_hook(lambda m, i, z: z.retain_grad() or seen.update(z=z)),
        ]
        with torch.enable_grad():
            cross_entropy(net(x), y).backward()
        hooks[0].remove()
        states.append(
            (
                x.reshape(len(x), -1),
                toeplitz(lower, lower.weight.detach(), (2, 8, 8)),
                lower.bias.detach().repeat_interleave(64),
                -seen["z"].grad.reshape(len(x), -1),
                upper.feedback().clone(),
            )
        )
        net.zero_grad()

    monitor = Monitor(net, every=4, lags=range(1, 4))
    due = monitor._due
    for x, y in batches(9, 5, shape=(2, 8, 8)):
        # The reference looks without being seen.
        due, monitor._due = monitor._due, False
        keep(net, x, y)
        monitor._due = due
        train(net, [(x, y)])
    monitor.close()

    def between(z):
        made = nn.functional.max_pool2d(torch.relu(z.reshape(-1, 3, 8, 8)), 2)
        return made.reshape(len(z), -1)

    for k in (4, 8):
        x, _, bias, delta, backward = states[k]
        update = 0.3 * folded(upper, between(x @ states[k][1] + bias).T @ delta, (3, 4, 4))
        inner = float((update * backward).sum())
        total = []
        for lag in (1, 2, 3):
            older, newer = states[k - lag][1], states[k - lag + 1][1]
            zeta, direction = x @ older + bias, x @ (newer - older)
            _, along = torch.func.jvp(between, (zeta,), (direction,))
            term = 0.3 * folded(upper, along.T @ delta, (3, 4, 4))
            total.append(term)
            norm, angle = float(term.norm()), reference.angle(term, backward)
            share = float((term * backward).sum()) / inner
            assert values(monitor, "term_norm", 1, lag)[k] == pytest.approx(norm, rel=1e-10)
            assert values(monitor, "term_angle", 1, lag)[k] == pytest.approx(angle, rel=1e-10)
            assert values(monitor, "term_share", 1, lag)[k] == pytest.approx(share, rel=1e-9)
        last = 0.3 * folded(upper, between(x @ states[k - 3][1] + bias).T @ delta, (3, 4, 4))
        rest = update - sum(total) - last
        for name, part in (("terms", sum(total)), ("last", last), ("remainder", rest)):
            ratio = float(part.norm() / update.norm())
            assert values(monitor, f"{name}_ratio", 1)[k] == pytest.approx(ratio, rel=1e-10)
        assert values(monitor, "weight_alignment", 1)[k] == pytest.approx(90, abs=40)


@pytest.mark.parametrize("rule", ["fa", "dfa", "usf", "frsf", "kp", "product", "low-rank:2"])
@pytest.mark.parametrize("make", [dense, convolutional])
def test_updates_and_errors_beside_those_of_backpropagation(rule, make):
    net = convert(make(), rule, seed=1)
    ((x, y),) = batches(1, shape=(12,) if make is dense else (2, 8, 8))
    ours, twins = {}, {}
    plain = convert(copy.deepcopy(net), "bp")
    for model, found in ((net, ours), (plain, twins)):
        outputs = {}
        hooks = [
            m.register_forward_hook(
                lambda m, i, z, n=n, o=outputs: z.retain_grad() or o.update({n: z})
            )
            for n, m in model.named_modules()
            if isinstance(m, (nn.Linear, nn.Conv2d))
        ]
        model.zero_grad()
        cross_entropy(model(x), y).backward()
        for hook in hooks:
            hook.remove()
        for name, z in outputs.items():
            weight = model.get_submodule(name).weight
            found[name] = (weight.grad.clone(), z.grad)
    net.zero_grad()
    with Monitor(net, every=1) as monitor:
        train(net, [(x, y)])
    *lower, last = ours
    for name in lower:
        for quantity, place in (("update_alignment", 0), ("delta_alignment", 1)):
            expected = reference.angle(ours[name][place], twins[name][place])
            assert values(monitor, quantity, name)[0] == pytest.approx(
                expected, rel=1e-10, abs=1e-6
            )
        norm = float(twins[name][0].norm())
        assert values(monitor, "bp_gradient_norm", name)[0] == pytest.approx(norm, rel=1e-10)
    assert not values(monitor, "update_alignment", last)
    compared = [last] if rule == "dfa" else [*lower[1:], last]
    assert {r.name for r in monitor.rows if r.quantity == "weight_alignment"} == set(compared)


def test_backpropagation_has_no_angles_and_transposed_weights_have_angles_of_zero():
    net = convert(dense(), "bp")
    with Monitor(net, every=1) as monitor:
        train(net, batches(2))
    names = {row.quantity for row in monitor.rows}
    assert "weight_norm" in names and not names & {"weight_alignment", "update_alignment"}
    net = convert(dense(), "fa")
    for layer in net:
        if isinstance(layer, nn.Linear):
            layer.backward_weight.copy_(layer.weight.detach())
    with Monitor(net, every=1) as monitor:
        train(net, batches(1))
    for row in monitor.rows:
        if row.quantity in ("weight_alignment", "update_alignment", "delta_alignment"):
            assert abs(row.value) < 1e-6, row


# Networks as they are. -----------------------------------------------------------------------


class Function(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, backward):
        ctx.save_for_backward(x, backward)
        return nn.functional.linear(x, weight, bias)

    @staticmethod
    def backward(ctx, gradient):
        x, backward = ctx.saved_tensors
        return gradient @ backward, gradient.T @ x, gradient.sum(0), None


class Own(nn.Linear):
    """Somebody's own layer with feedback alignment."""

    def forward(self, x):
        return Function.apply(x, self.weight, self.bias, self.B)


class Functional(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.a, self.b, self.c = net[0], net[2], net[4]

    def forward(self, x):
        x = torch.tanh(self.a(x))
        x = self.b(x).tanh()
        return self.c(x[:, :])


def test_layers_of_ones_own_and_functions_between_them():
    expected = convert(dense(), "fa", seed=1)
    own = dense()
    for layer, same in zip(own, expected):
        if isinstance(layer, nn.Linear):
            layer.__class__ = Own
            layer.B = same.feedback()
    functional = Functional(convert(dense(), "fa", seed=1))
    found = []
    for net, feedback in (
        (expected, None),
        (own, {2: own[4].B.numpy(), "2": lambda: own[2].B}),
        (functional, None),
    ):
        every = [q for q in FAMILIES if q not in ("ranks", "units")]
        with Monitor(net, feedback, every=2, lags=[1, 2], quantities=every) as monitor:
            train(net, batches(6))
        assert not monitor.absent
        found.append({(r.iteration, r.layer, r.lag, r.quantity): r.value for r in monitor.rows})
    for other in found[1:]:
        assert other.keys() == found[0].keys()
        for key, value in found[0].items():
            assert other[key] == pytest.approx(value, rel=1e-9, abs=1e-14), key


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(12, 8), nn.Linear(8, 8)
        self.norm, self.last = nn.BatchNorm1d(8), nn.Linear(8, 6)

    def forward(self, x):
        x = torch.tanh(self.first(x))
        x = x + torch.tanh(self.norm(self.second(x)))
        return self.last(x)


def test_what_lies_between_is_run_again_with_the_rest_held():
    torch.manual_seed(1)
    net = convert(Residual().double(), "fa", seed=1)
    with Monitor(net, every=1, lags=[1], quantities=("terms", "budget", "updates")) as monitor:
        means = []
        for x, y in batches(3):
            train(net, [(x, y)])
            means.append(net.norm.running_mean.clone())
    other = convert(copy.deepcopy(Residual().double()), "fa", seed=1)
    torch.manual_seed(1)
    other = convert(Residual().double(), "fa", seed=1)
    for (x, y), mean in zip(batches(3), means):
        train(other, [(x, y)])
        # To measure runs the normalisation again, and is not to run its means on.
        torch.testing.assert_close(other.norm.running_mean, mean)
    # The linear parts of the update close: last term, alignment term and remainder of lag 1.
    for k in (1, 2):
        parts = [values(monitor, f"{n}_share", "last")[k] for n in ("terms", "last", "remainder")]
        assert sum(parts) == pytest.approx(1.0, abs=1e-12)
        # What the step below changes, to first order, is most of what it changes.
        assert (
            values(monitor, "remainder_ratio", "last")[k]
            < 0.3 * (values(monitor, "terms_ratio", "last")[k])
        )
    assert set(values(monitor, "update_alignment", "first")) == {0, 1, 2}


class Block(nn.Module):
    """A residual block as they are written, with much in place."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.second, self.beside = nn.Conv2d(4, 4, 3, padding=1), nn.Conv2d(2, 4, 1)
        self.last = nn.Linear(4, 6)

    def forward(self, x):
        y = nn.functional.relu(self.norm(self.conv(x)), inplace=True)
        beside = self.beside(x)
        y = self.second(y)
        y += beside
        nn.functional.relu(y, inplace=True)
        return self.last(nn.functional.adaptive_avg_pool2d(y, 1).flatten(1))


def test_residual_blocks_that_work_in_place():
    torch.manual_seed(1)
    net = convert(Block().double(), "fa", seed=1)
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-5)
    with Monitor(net, every=1, lags=[1], quantities=("terms", "budget")) as monitor:
        train(net, batches(3, shape=(2, 6, 6)), optimizer)
    assert not monitor.absent
    for name in ("second", "last"):
        for k in (1, 2):
            share = sum(values(monitor, f"{p}_share", name)[k] for p in ("terms", "last"))
            assert share + values(monitor, "remainder_share", name)[k] == pytest.approx(
                1, abs=1e-12
            )
            # Of so small a step the first order is all, or some derivative is wrong.
            small = values(monitor, "terms_ratio", name)[k]
            assert 1e-9 < small < 1e-3
            assert values(monitor, "remainder_ratio", name)[k] < 1e-3 * small
            balance = {
                p: values(monitor, f"budget_{p}", name)[k] for p in ("alignment", "injected")
            }
            assert np.isfinite(list(balance.values())).all()


class Late(nn.Module):
    """A network that changes in place what went into what lies between."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(12, 10), nn.Linear(10, 6)

    def forward(self, x):
        scale = torch.ones(10, dtype=x.dtype)
        made = torch.tanh(self.a(x)) + scale
        scale.zero_()
        return self.b(made)


class Raw(nn.Module):
    """A network that changes values behind PyTorch's back."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(12, 10), nn.Linear(10, 6)

    def forward(self, x):
        offset = np.ones(10)
        made = torch.tanh(self.a(x)) + torch.from_numpy(offset)
        offset[:] = 7.0
        return self.b(made)


@pytest.mark.parametrize(
    "kind, why", [(Late, "changed in place afterwards"), (Raw, "does not give the same input")]
)
def test_what_is_not_the_same_again_is_said_and_not_measured(kind, why):
    torch.manual_seed(1)
    net = convert(kind().double(), "fa")
    with Monitor(net, every=1, lags=[1], quantities=("terms", "budget", "updates")) as monitor:
        train(net, batches(2))
    assert why in monitor.absent["terms and budget of b"]
    assert not values(monitor, "term_norm", 1, 1) and not values(monitor, "budget_growth", 1)
    assert values(monitor, "update_alignment", 0)


def test_what_draws_anew_is_said_and_not_measured():
    torch.manual_seed(1)
    net = nn.Sequential(nn.Linear(12, 10), nn.Tanh(), nn.Dropout(0.5), nn.Linear(10, 6)).double()
    convert(net, "fa")
    with Monitor(net, every=1, lags=[1], quantities=FAMILIES) as monitor:
        train(net, batches(3))
    assert "dropout lies between" in monitor.absent["terms and budget of 3"]
    assert not values(monitor, "term_norm", 1, 1) and values(monitor, "weight_alignment", 1)
    assert "terms and budget of 3 is not measured" in monitor.summary()
    net.eval()
    with Monitor(net, every=1, lags=[1]) as monitor:
        train(net, batches(3))
    assert set(values(monitor, "term_norm", 1, 1)) == {1, 2}


def test_a_second_way_of_an_error_is_noticed():
    class Heads(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.a, self.b = nn.Linear(12, 8), nn.Linear(8, 6), nn.Linear(8, 6)

        def forward(self, x):
            x = torch.tanh(self.body(x))
            return torch.stack([self.a(x), self.b(x)])

    net = convert(Heads().double(), "fa")
    with Monitor(net, every=1) as monitor:
        train(net, batches(1), loss=lambda z, y: sum(cross_entropy(part, y) for part in z))
    assert "by a way beside the output's" in monitor.absent["update and delta alignment"]
    assert not values(monitor, "update_alignment", "body")


# Loops as people write them. -----------------------------------------------------------------


def measured(net, loop, **options):
    options = {"every": 2, "lags": [1, 2], "quantities": FAMILIES, **options}
    with Monitor(net, **options) as monitor:
        loop(net)
    return {(r.iteration, r.name, r.lag, r.quantity): r.value for r in monitor.rows}


def same_values(found, expected, tolerance=1e-9):
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        assert found[key] == pytest.approx(value, rel=tolerance, abs=1e-13), key


def test_measuring_changes_nothing_and_evaluation_is_not_measured():
    plain = convert(dense(), "fa", seed=1)
    train(plain, batches(6))
    expected = measured(convert(dense(), "fa", seed=1), lambda net: train(net, batches(6)))

    def loop(net):
        optimizer = torch.optim.SGD(net.parameters(), lr=0.3)
        for x, y in batches(6):
            net(x[:3])
            with torch.no_grad():
                net(x)
            net.eval()
            cross_entropy(net(x), y)
            net.train()
            train(net, [(x, y)], optimizer)

    net = convert(dense(), "fa", seed=1)
    same_values(measured(net, loop), expected)
    assert all(torch.equal(a, b) for a, b in zip(plain.parameters(), net.parameters()))


def test_gradients_that_are_accumulated():
    expected = measured(convert(dense(), "fa", seed=1), lambda net: train(net, batches(6)))

    def loop(net):
        optimizer = torch.optim.SGD(net.parameters(), lr=0.3)
        for x, y in batches(6):
            optimizer.zero_grad()
            for part, labels in zip(x.split(8), y.split(8)):
                (cross_entropy(net(part), labels) / 2).backward()
            optimizer.step()

    same_values(measured(convert(dense(), "fa", seed=1), loop), expected)


def test_several_optimisers_make_one_update():
    expected = measured(convert(dense(), "fa", seed=1), lambda net: train(net, batches(6)))

    def loop(net):
        parts = [torch.optim.SGD(layer.parameters(), lr=0.3) for layer in (net[0], net[2], net[4])]
        for x, y in batches(6):
            net.zero_grad()
            cross_entropy(net(x), y).backward()
            for optimizer in parts:
                optimizer.step()

    net = convert(dense(), "fa", seed=1)
    found = measured(net, loop)
    # The learning rate of the others is known from their first step on.
    missing = {key for key in expected if key not in found}
    assert all(k == 0 and "budget" in quantity for k, _, _, quantity in missing)
    same_values(found, {key: value for key, value in expected.items() if key in found})


def test_a_scaled_loss_and_updates_that_the_scaler_leaves_out():
    expected = measured(convert(dense(), "fa", seed=1), lambda net: train(net, batches(4)))
    scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)

    def loop(net):
        optimizer = torch.optim.SGD(net.parameters(), lr=0.3)
        for place, (x, y) in enumerate(batches(4)):
            for bad in (True, False) if place == 2 else (False,):
                optimizer.zero_grad()
                loss = cross_entropy(net(x), y) * (math.inf if bad else 1.0)
                scaler.scale(loss).backward()
                scaler.step(optimizer)
                scaler.update()

    found = measured(convert(dense(), "fa", seed=1), loop, scaler=scaler)
    assert scaler.get_scale() == 512.0
    same_values(found, expected, 1e-8)


def test_closures_are_said_not_to_be_measured():
    net = convert(dense(), "fa", seed=1)
    optimizer = torch.optim.SGD(net.parameters(), lr=0.3)
    with Monitor(net, every=1) as monitor:
        for x, y in batches(3):

            def closure(x=x, y=y):
                optimizer.zero_grad()
                loss = cross_entropy(net(x), y)
                loss.backward()
                return loss

            optimizer.step(closure)
    assert any("without a closure" in why for why in monitor.absent.values())
    assert len(values(monitor, "weight_alignment", 2)) == 3
    assert not values(monitor, "update_alignment", 0)


def test_single_precision_and_autocast():
    expected = measured(convert(dense(), "fa", seed=1), lambda net: train(net, batches(4)))
    single = measured(
        convert(dense(torch.nn.Tanh, torch.float32), "fa", seed=1),
        lambda net: train(net, batches(4, dtype=torch.float32)),
    )
    for key, value in expected.items():
        if "angle" in key[3] or ("alignment" in key[3] and "budget" not in key[3]):
            assert single[key] == pytest.approx(value, abs=2e-3), key

    def loop(net):
        optimizer = torch.optim.SGD(net.parameters(), lr=0.3)
        for x, y in batches(4, dtype=torch.float32):
            optimizer.zero_grad()
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = cross_entropy(net(x), y)
            loss.backward()
            optimizer.step()

    half = measured(convert(dense(torch.nn.Tanh, torch.float32), "fa", seed=1), loop)
    assert half.keys() == expected.keys()
    for key, value in expected.items():
        if key[3] in ("weight_alignment", "update_alignment", "delta_alignment", "step_alignment"):
            assert half[key] == pytest.approx(value, abs=3.0), key


def test_a_compiled_network_has_its_weights_measured():
    net = convert(dense(torch.nn.Tanh, torch.float32), "fa", seed=1)
    # After too many compilations PyTorch runs a module as it is, and it is measured.
    torch._dynamo.reset()
    compiled = torch.compile(net, backend="aot_eager")
    with Monitor(compiled, every=1) as monitor:
        train(compiled, batches(3, dtype=torch.float32))
    assert set(values(monitor, "weight_alignment", 2)) == {0, 1, 2}
    assert "the network may be compiled" in monitor.absent["what a pass shows"]


def test_nothing_is_kept_alive():
    net = convert(dense(), "fa", seed=1)
    monitor = Monitor(net, every=1, lags=[1, 2], quantities=FAMILIES)
    seen = []

    def loss(z, y):
        seen.append(weakref.ref(z))
        return cross_entropy(z, y)

    train(net, batches(3), loss=loss)
    gc.disable()
    try:
        train(net, batches(2), loss=loss)
        assert all(z() is None for z in seen[:-1])
    finally:
        gc.enable()
    kept = weakref.ref(net), weakref.ref(monitor)
    monitor.close()
    train(net, batches(2))
    before = len(monitor.rows)
    assert before == len(monitor.rows)
    del net, monitor
    gc.collect()
    assert kept[0]() is None and kept[1]() is None


# What becomes of it. -------------------------------------------------------------------------


def test_a_recording_that_the_program_reads(tmp_path, analyze):
    net = convert(dense(), "fa", seed=1)
    with Monitor(net, every=1, lags=[1, 2, 3], record=tmp_path / "run") as monitor:
        optimizer = torch.optim.SGD(net.parameters(), lr=0.3)
        for x, y in batches(12):
            monitor.labels(y)
            train(net, [(x, y)], optimizer)
    found = analyze(tmp_path / "run", "--lags", "1-3", "--window", "3", "--every", "1")
    assert [of["layer"] for of in found["angles"]] == [1, 2]
    for of in found["angles"]:
        ours = values(monitor, "weight_alignment", of["layer"])
        for k, value in ours.items():
            assert of["degrees"][k] == pytest.approx(value, abs=1e-10)
    names = {
        "alignment": "term",
        "alignment_sum": "terms",
        "last": "last",
        "remainder": "remainder",
    }
    compared = 0
    for of in found["terms"]:
        for at in of["iterations"]:
            k = at["iteration"]
            for part in at["parts"]:
                name, lag = names.get(part["part"]), part["lag"]
                if name is None or k == 0:
                    continue
                angle = values(monitor, f"{name}_angle", of["layer"], lag)[k]
                share = values(monitor, f"{name}_share", of["layer"], lag)[k]
                assert part["degrees"] == pytest.approx(angle, rel=1e-9), (name, k)
                assert part["share_of_alignment"] == pytest.approx(share, rel=1e-8, abs=1e-11)
                if lag is not None:
                    norm = values(monitor, "term_norm", of["layer"], lag)[k]
                    assert part["norm"] == pytest.approx(norm, rel=1e-9)
                compared += 1
    assert compared > 100


@pytest.mark.parametrize("rule", ["fa", "bp"])
def test_specs_measure_recordings_as_the_monitor_did(tmp_path, program, rule):
    monitors = []
    for seed in (1, 2):
        net = dense(seed=seed)
        net = convert(net, rule, seed=seed) if rule != "bp" else net
        with Monitor(net, every=1, ranks_every=1, record=tmp_path / f"run-{seed}") as monitor:
            train(net, batches(6, seed=seed))
        monitors.append(monitor)
    own = {"update_alignment", "delta_alignment", "step_alignment", "weight_alignment"}
    own |= {"weight_norm", "bp_gradient_norm"}
    line = "recorded --record-every 1 --out out --recording"
    command = [program, *line.split(), f"{tmp_path}/run-*", "--quantities", ",".join(sorted(own))]
    subprocess.run(command, check=True, capture_output=True, cwd=tmp_path)
    with open(tmp_path / "out" / "series.csv", newline="") as file:
        found = {
            (int(r["repeat"]), r["quantity"], int(r["layer"]), int(r["iteration"])): r["value"]
            for r in csv.DictReader(file)
        }
    compared = set()
    for repeat, monitor in enumerate(monitors):
        for row in monitor.rows:
            if row.quantity not in own or row.value is None:
                continue
            value = found.get((repeat, row.quantity, row.layer, row.iteration))
            assert value, row
            assert float(value) == pytest.approx(row.value, rel=1e-8, abs=1e-6), row
            compared.add(row.quantity)
    # Beside BP itself the monitor has no twin.
    assert compared == (own if rule == "fa" else {"weight_norm"})
    updates = {float(v) for (_, quantity, *_), v in found.items() if quantity == "update_alignment"}
    # Of two ways to the same update there is rounding between.
    assert updates and (rule == "fa" or max(updates) < 1e-5)


def test_layers_are_numbered_as_they_are_called(tmp_path, analyze):
    class Backwards(nn.Module):
        def __init__(self):
            super().__init__()
            self.last, self.first = nn.Linear(10, 6), nn.Linear(12, 10)
            self.middle = nn.Linear(10, 10)

        def forward(self, x):
            return self.last(torch.tanh(self.middle(torch.tanh(self.first(x)))))

    torch.manual_seed(1)
    net = convert(Backwards().double(), "fa", seed=1)
    with Monitor(net, every=1, record=tmp_path / "run") as monitor:
        train(net, batches(3))
    assert {(r.layer, r.name) for r in monitor.rows} == {(0, "first"), (1, "middle"), (2, "last")}
    found = analyze(tmp_path / "run")
    for of in found["angles"]:
        ours = values(monitor, "weight_alignment", of["layer"])
        for k, value in ours.items():
            assert of["degrees"][k] == pytest.approx(value, abs=1e-10)
    assert all(of["carried_by"] == "backward" for of in found["feedback"])


def test_a_table_with_nulls_and_a_writer(tmp_path):
    written = []

    class Writer:
        def add_scalar(self, tag, value, step):
            written.append((tag, value, step))

    net = convert(dense(), "fa", seed=1)
    with Monitor(net, every=2, lags=[1], writer=Writer()) as monitor:
        train(net, batches(5))
    assert ("weight_alignment/2", values(monitor, "weight_alignment", 1)[4], 4) in written
    assert any(tag == "term_angle/4/lag 1" for tag, _, _ in written)
    later = []
    Writer.add_scalar = lambda self, *given: later.append(given)
    monitor.to_tensorboard(Writer())
    assert sorted(later) == sorted(written)
    assert "null 90 +- 6.4" in monitor.summary()
    pandas = pytest.importorskip("pandas")
    table = monitor.to_pandas()
    assert list(table.columns[:6]) == ["iteration", "layer", "name", "lag", "quantity", "value"]
    rows = table[table.quantity == "weight_alignment"]
    null_sd = math.degrees(1 / math.sqrt(80))
    assert len(rows) == 6 and rows.null_sd.iloc[0] == pytest.approx(null_sd, rel=0.02)
    assert ((rows.value - 90) / rows.null_sd + rows.z).abs().max() < 1e-12
    assert rows.p.between(0, 1).all() and table.p[table.quantity != "weight_alignment"].isna().all()
    assert isinstance(table, pandas.DataFrame)


def test_a_picture():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    net = convert(dense(), "fa", seed=1)
    with Monitor(net, every=2, lags=[1]) as monitor:
        train(net, batches(5))
    figure = monitor.plot(["weight_alignment", "update_alignment", "term_angle"])
    assert [len(axes.lines) for axes in figure.axes] == [3, 2, 2]


def test_units_that_learn_nothing():
    net = convert(dense(nn.ReLU), "fa", seed=1)
    with torch.no_grad():
        net[0].bias[:3] = -100.0
    with Monitor(net, every=1, quantities=FAMILIES) as monitor:
        train(net, batches(1))
    assert values(monitor, "dead_units", 0)[0] >= 3 and values(monitor, "not_finite", 0)[0] == 0
    assert values(monitor, "saturated", 0)[0] == 0.0
    net = convert(dense(), "fa", seed=1)
    with torch.no_grad():
        net[0].bias[:5] = 4.0
    with Monitor(net, every=1, quantities=("units", "budget")) as monitor:
        train(net, batches(1))
    # The derivative of tanh is below 1 % from 3 on.
    z = dense()[0](next(iter(batches(1)))[0]).detach()
    z[:, :5] += 4.0 - dense()[0].bias[:5].detach()
    expected = float((torch.tanh(z).square() > 0.99).double().mean())
    assert expected > 0.3 and values(monitor, "saturated", 0)[0] == pytest.approx(expected)
    net = convert(dense(), "fa", seed=1)
    with Monitor(net, every=1) as monitor:
        train(net, batches(1), loss=lambda z, y: cross_entropy(z, y) * math.nan)
    assert values(monitor, "not_finite", 0)[0] > 0
    assert values(monitor, "update_alignment", 0) != {}


def test_what_is_no_setting_is_refused_with_a_remedy():
    net = dense()
    for options, message in (
        ({"every": 0}, "expected 1 or more"),
        ({"updates_every": 0}, "updates_every=0: expected 1 or more"),
        ({"lags": [0]}, "expected numbers of updates"),
        ({"quantities": ["weight"]}, "expected some of weights"),
        ({"quantities": ["terms"]}, "give lags"),
        ({"feedback": {"7": torch.zeros(2)}}, "there are 0: 0, 1: 2, 2: 4"),
    ):
        with pytest.raises(ValueError, match=message):
            Monitor(net, **options)
    with pytest.raises(ValueError, match="no Linear, Conv1d or Conv2d"):
        Monitor(nn.Tanh())
    with pytest.raises(ValueError, match="measure on one device"):
        Monitor(nn.DataParallel(net))
    with (
        Monitor(net, {1: torch.zeros(10, 8)}, every=1),
        pytest.raises(ValueError, match=r"feedback of 2 is \(10, 8\): expected \(8, 10\)"),
    ):
        train(net, batches(1))

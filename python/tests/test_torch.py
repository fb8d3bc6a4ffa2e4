"""The recorder for PyTorch, in loops as people write them."""

from __future__ import annotations

import contextlib
import copy
import gc
import warnings
import weakref

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from conftest import check_angles, check_closes  # noqa: E402
from torch import nn  # noqa: E402

from alignscope.torch import Recorder, RecordingError  # noqa: E402

cross_entropy = nn.functional.cross_entropy
two = pytest.mark.skipif(torch.__version__ < "2", reason="optimisers are watched from PyTorch 2")


class Function(torch.autograd.Function):
    """A linear map whose error goes back through another matrix."""

    @staticmethod
    def forward(ctx, x, weight, bias, backward):
        ctx.save_for_backward(x, weight, backward)
        return nn.functional.linear(x, weight, bias)

    @staticmethod
    def backward(ctx, gradient):
        x, _, backward = ctx.saved_tensors
        rows, inputs = gradient.reshape(-1, gradient.shape[-1]), x.reshape(-1, x.shape[-1])
        return gradient @ backward.to(gradient.dtype), rows.T @ inputs, rows.sum(0), None


class Feedback(nn.Linear):
    """A linear layer with feedback alignment."""

    def __init__(self, below, above):
        super().__init__(below, above)
        self.register_buffer("B", torch.randn(above, below) / below**0.5)

    def forward(self, x):
        return Function.apply(x, self.weight, self.bias, self.B)


def network(kind=Feedback, activation=nn.Tanh, dtype=torch.float32):
    torch.manual_seed(3)
    layers = [kind(12, 10), activation(), kind(10, 8), activation(), kind(8, 6)]
    return nn.Sequential(*layers).to(dtype)


def feedback(net):
    return {1: net[2].B, 2: net[4].B}


def batches(samples=64, size=16, seed=5, dtype=torch.float32):
    draw = torch.Generator().manual_seed(seed)
    x = torch.randn(samples, 12, generator=draw, dtype=torch.float64).to(dtype)
    y = torch.randint(0, 6, (samples,), generator=draw)
    return list(zip(x.split(size), y.split(size)))


def sgd(net, **options):
    return torch.optim.SGD([p for p in net.parameters() if p.requires_grad], lr=0.05, **options)


def update(net, optimizer, recorder, x, y):
    loss = cross_entropy(net(x), y)
    optimizer.zero_grad()
    loss.backward()
    recorder.before(y)
    optimizer.step()


def train(net, recorder, data, optimizer=None):
    optimizer = optimizer or sgd(net)
    for x, y in data:
        update(net, optimizer, recorder, x, y)


@pytest.mark.parametrize("activation", [nn.Tanh, nn.ReLU, lambda: nn.ReLU(inplace=True)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_plain_loop(tmp_path, analyze, activation, dtype):
    net = network(activation=activation, dtype=dtype)
    with Recorder(net, feedback(net)) as recorder:
        train(net, recorder, batches(dtype=dtype) * 3)
        (path,) = recorder.save(tmp_path / "run.npz")
    values, found = np.load(path), analyze(path)
    assert values["W0"].shape == (13, 12, 10) and values["labels"].shape == (12, 16)
    np.testing.assert_array_equal(values["W2"][-1], net[4].weight.detach().numpy().T)
    check_closes(found)
    check_angles(found, values)


def test_deltas_are_minus_the_gradients_in_the_pre_activations(tmp_path):
    net = network(nn.Linear)
    (x, y), *_ = batches()
    z = [x @ net[0].weight.T + net[0].bias]
    for layer in (net[2], net[4]):
        z.append(torch.tanh(z[-1]) @ layer.weight.T + layer.bias)
    expected = torch.autograd.grad(cross_entropy(z[-1], y, reduction="sum"), z)
    with Recorder(net) as recorder:
        cross_entropy(net(x), y, reduction="sum").backward()
        recorder.before(y)
        values = np.load(recorder.save(tmp_path / "run.npz")[0])
    for k, gradient in enumerate(expected, 1):
        np.testing.assert_allclose(values[f"delta{k}"][0], -gradient.numpy(), atol=1e-6)
    np.testing.assert_array_equal(values["labels"][0], y)


def test_recording_changes_nothing():
    plain, recorded = network(), network()
    optimizer = sgd(plain)
    for x, y in batches():
        optimizer.zero_grad()
        cross_entropy(plain(x), y).backward()
        optimizer.step()
    with Recorder(recorded, feedback(recorded)) as recorder:
        train(recorded, recorder, batches())
    for a, b in zip(plain.parameters(), recorded.parameters()):
        assert torch.equal(a, b)


def test_a_short_last_batch(tmp_path, analyze):
    net = network()
    with Recorder(net, feedback(net), path=tmp_path / "run") as recorder:
        train(net, recorder, batches(samples=41) * 2)
        (path,) = recorder.save(tmp_path / "run.npz")
    values, found = np.load(path), analyze(path)
    assert values["activity0"].shape[:2] == (6, 16) and not values["activity0"][2, 9:].any()
    check_closes(found)
    check_angles(found, values)


def test_short_batches_in_a_row(tmp_path, analyze):
    net, data = network(), batches(samples=96)
    data = [(x[:n], y[:n]) for (x, y), n in zip(data, [16, 16, 9, 9, 9, 16])]
    with Recorder(net, feedback(net)) as recorder:
        train(net, recorder, data)
        (path,) = recorder.save(tmp_path / "run.npz")
    values = np.load(path)
    for k, (x, y) in enumerate(data):
        np.testing.assert_array_equal(values["activity0"][k, : len(x)], x)
        np.testing.assert_array_equal(values["labels"][k, : len(y)], y)
        for name in ("activity0", "activity1", "delta1", "delta3", "labels"):
            assert not values[name][k, len(x) :].any()
    check_closes(analyze(path))


def test_evaluation_between_updates(tmp_path, analyze):
    net = network()
    with Recorder(net, feedback(net)) as recorder:
        optimizer = sgd(net)
        for x, y in batches() * 2:
            update(net, optimizer, recorder, x, y)
            net.eval()
            with torch.no_grad():
                net(x[:3])
            net.train()
            net(x[:5]).argmax(1)  # without no_grad: nothing comes back from it
        (path,) = recorder.save(tmp_path / "run.npz")
    assert np.load(path)["activity0"].shape == (8, 16, 12)
    check_closes(analyze(path))


@pytest.mark.parametrize("frozen", [[0], [2], [0, 2]])
@pytest.mark.parametrize("inplace", [False, True])
def test_frozen_layers_are_recorded(tmp_path, analyze, frozen, inplace):
    net = network(activation=lambda: nn.ReLU(inplace=inplace))
    for place in frozen:
        net[place].requires_grad_(False)
    before = copy.deepcopy(net.state_dict())
    with Recorder(net, feedback(net)) as recorder:
        train(net, recorder, batches() * 2)
        (path,) = recorder.save(tmp_path / "run.npz")
    assert all(net[p].weight.grad is None for p in frozen)
    assert all(torch.equal(net[p].weight, before[f"{p}.weight"]) for p in frozen)
    values, found = np.load(path), analyze(path)
    check_angles(found, values)
    assert all(of["closing"]["closes"] for of in found["activations"])
    assert all(of["carried_by"] == "backward" for of in found["feedback"])


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_autocast(tmp_path, dtype):
    net = network(nn.Linear)
    with Recorder(net) as recorder, contextlib.ExitStack() as stack:
        optimizer = sgd(net)
        for x, y in batches():
            try:
                with torch.autocast("cpu", dtype=dtype):
                    loss = cross_entropy(net(x), y)
            except RuntimeError as error:
                pytest.skip(f"this PyTorch has no such autocast: {error}")
            if not net(x).isfinite().all():
                pytest.skip("this PyTorch has no such autocast")
            optimizer.zero_grad()
            loss.backward()
            recorder.before(y)
            optimizer.step()
        (path,) = recorder.save(tmp_path / "run.npz")
        stack.close()
    values = np.load(path)
    assert values["W0"].dtype == np.float32
    half = np.dtype("V2") if dtype == torch.bfloat16 else np.dtype(np.float16)
    if values["delta1"].dtype == np.float32:
        pytest.skip(f"this PyTorch does not compute in {dtype} here")
    assert values["delta1"].dtype == values["activity1"].dtype == half
    bits = torch.from_numpy(values["delta3"].view(np.int16).copy()).view(dtype)
    with torch.autocast("cpu", dtype=dtype):
        z = net(batches()[-1][0])
    assert bits.shape[1:] == z.shape and bits.float().abs().max() < 1


def test_gradients_that_are_accumulated(tmp_path, analyze):
    net = network()
    with Recorder(net, feedback(net)) as recorder:
        optimizer = sgd(net)
        data = batches(samples=96, size=8)
        for k, (x, y) in enumerate(data):
            (cross_entropy(net(x), y) / 3).backward()
            if k % 3 == 2:
                recorder.before([labels for _, labels in data[k - 2 : k + 1]])
                optimizer.step()
                optimizer.zero_grad()
        (path,) = recorder.save(tmp_path / "run.npz")
    values, found = np.load(path), analyze(path)
    assert values["delta2"].shape == (4, 24, 8)
    np.testing.assert_array_equal(values["activity0"][1, 8:16], data[4][0])
    np.testing.assert_array_equal(values["labels"][1, 8:16], data[4][1])
    check_closes(found)


@two
def test_before_at_every_pass_of_an_accumulation_is_refused():
    net = network()
    with Recorder(net) as recorder:
        optimizer = sgd(net)
        with pytest.raises(RecordingError, match="right before the optimiser's step"):
            for x, y in batches():
                cross_entropy(net(x), y).backward()
                recorder.before(y)
                cross_entropy(net(x), y).backward()
                recorder.before(y)
                optimizer.step()


@pytest.mark.parametrize("every", [2, 5])
def test_thinning(tmp_path, every):
    whole, thinned = network(), network()
    data = batches() * 3
    with Recorder(whole, feedback(whole)) as recorder:
        train(whole, recorder, data)
        all_of = np.load(recorder.save(tmp_path / "whole.npz")[0])
    with Recorder(thinned, feedback(thinned), every=every) as recorder:
        train(thinned, recorder, data)
        some = np.load(recorder.save(tmp_path / "thinned.npz")[0])
    iterations = np.arange(0, 12, every)
    np.testing.assert_array_equal(some["updates"], [*iterations, 12])
    for name in some.files:
        if name.endswith("_next"):
            np.testing.assert_array_equal(some[name], all_of[name[:-5]][iterations + 1])
        elif name[0] in "Wb":
            np.testing.assert_array_equal(some[name], all_of[name][[*iterations, 12]])
        elif name.startswith(("activity", "delta", "labels")):
            np.testing.assert_array_equal(some[name], all_of[name][iterations])


@two
def test_updates_that_were_not_announced_are_counted(tmp_path):
    net = network()
    with Recorder(net) as recorder:
        optimizer = sgd(net)
        states = []
        for k, (x, y) in enumerate(batches() * 2):
            optimizer.zero_grad()
            cross_entropy(net(x), y).backward()
            states.append(net[2].weight.detach().numpy().T.copy())
            if k in (0, 1, 4, 7):
                recorder.before(y)
            optimizer.step()
        states.append(net[2].weight.detach().numpy().T)
        values = np.load(recorder.save(tmp_path / "run.npz")[0])
    np.testing.assert_array_equal(values["updates"], [0, 1, 4, 7, 8])
    np.testing.assert_array_equal(values["W1"], np.stack(states)[[0, 1, 4, 7, 8]])
    np.testing.assert_array_equal(values["W1_next"], np.stack(states)[[1, 2, 5, 8]])


@two
def test_several_optimisers_make_one_update(tmp_path):
    net = network()
    parts = net[0].parameters(), net[2:].parameters()
    first, second = (torch.optim.SGD(p, lr=0.1) for p in parts)
    with Recorder(net) as recorder:
        for x, y in batches():
            net.zero_grad()
            cross_entropy(net(x), y).backward()
            recorder.before(y)
            first.step()
            second.step()
        values = np.load(recorder.save(tmp_path / "run.npz")[0])
    assert "updates" not in values and values["W0"].shape[0] == 5


@two
def test_lbfgs_is_refused_at_once():
    net = network(nn.Linear)
    optimizer = torch.optim.LBFGS(net.parameters())
    with Recorder(net) as recorder:
        x, y = batches()[0]

        def closure():
            optimizer.zero_grad()
            loss = cross_entropy(net(x), y)
            loss.backward()
            recorder.before(y)
            return loss

        with pytest.raises(RecordingError, match="LBFGS evaluates the network many times"):
            optimizer.step(closure)


def test_a_closure_of_another_optimiser(tmp_path, analyze):
    net = network()
    optimizer = sgd(net)
    with Recorder(net, feedback(net)) as recorder:
        for x, y in batches() * 2:

            def closure(x=x, y=y):
                optimizer.zero_grad()
                loss = cross_entropy(net(x), y)
                loss.backward()
                recorder.before(y)
                return loss

            optimizer.step(closure)
        (path,) = recorder.save(tmp_path / "run.npz")
    assert np.load(path)["W0"].shape[0] == 9
    check_closes(analyze(path))


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner, self.outer = nn.Linear(12, 12), nn.Linear(12, 6)

    def forward(self, x):
        return self.outer(torch.tanh(self.inner(torch.tanh(self.inner(x)))))


def test_shared_layers_are_refused_at_once():
    net = Shared()
    words = "inner was used twice before a backward pass"
    with Recorder(net) as recorder, pytest.raises(RecordingError, match=words):
        train(net, recorder, batches())
    layer = nn.Linear(6, 6)
    with pytest.raises(RecordingError, match="given twice"):
        Recorder([layer, layer])


def test_two_backward_passes_through_one_forward_pass_are_refused():
    net = network(nn.Linear)
    with Recorder(net):
        x, y = batches()[0]
        loss = cross_entropy(net(x), y)
        loss.backward(retain_graph=True)
        with pytest.raises(RecordingError, match="an error came back to it twice"):
            loss.backward()


def test_save_twice_gives_the_same_file(tmp_path):
    net = network()
    with Recorder(net, feedback(net)) as recorder:
        train(net, recorder, batches())
        (first,) = recorder.save(tmp_path / "first.npz")
        (second,) = recorder.save(tmp_path / "second.npz")
        assert first.read_bytes() == second.read_bytes()
        train(net, recorder, batches())
        assert np.load(recorder.save(first)[0])["W0"].shape[0] == 9


@pytest.mark.parametrize("given", ["tensors", "arrays", "functions", "list"])
def test_feedback_in_every_form(tmp_path, analyze, given):
    net = network()
    b = feedback(net)
    forms = {
        "tensors": b,
        "arrays": {k: v.numpy() for k, v in b.items()},
        "functions": {k: (lambda v=v: v) for k, v in b.items()},
        "list": [None, b[1], b[2]],
    }
    with Recorder(net, forms[given]) as recorder:
        train(net, recorder, batches() * 2)
        (path,) = recorder.save(tmp_path / "run.npz")
    values = np.load(path)
    assert values["B1"].shape == (8, 10)
    check_angles(analyze(path), values)


def test_feedback_that_learns_is_recorded_by_state(tmp_path):
    net = network()
    states = []
    with Recorder(net, feedback(net), path=tmp_path / "run") as recorder:
        optimizer = sgd(net)
        for x, y in batches():
            states.append(net[4].B.clone())
            update(net, optimizer, recorder, x, y)
            net[4].B.data.mul_(0.9)  # which no version counter sees
        states.append(net[4].B.clone())
    assert np.load(tmp_path / "run/B1.npy").shape == (8, 10)
    np.testing.assert_array_equal(np.load(tmp_path / "run/B2.npy"), torch.stack(states))


def test_feedback_of_another_shape_is_refused():
    net = network()
    for given, words in [({1: net[2].B.T}, "give its transpose"), ({3: net[2].B}, "layers 0 to 2")]:
        with Recorder(net, given) as recorder, pytest.raises(RecordingError, match=words):
            train(net, recorder, batches())


def test_direct_feedback_is_recorded(tmp_path):
    net = network(nn.Linear)
    with Recorder(net, {1: torch.randn(6, 10), 2: torch.randn(6, 8)}) as recorder:
        train(net, recorder, batches())
        assert np.load(recorder.save(tmp_path / "run.npz")[0])["B1"].shape == (6, 10)


def test_without_biases_and_in_a_sequence_of_places(tmp_path, analyze):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(5, 7, bias=False), nn.Tanh(), nn.Linear(7, 3, bias=False))
    optimizer = sgd(net)
    with Recorder(net) as recorder:
        for _ in range(6):
            x, y = torch.randn(4, 9, 5), torch.randint(0, 3, (4, 9))
            optimizer.zero_grad()
            cross_entropy(net(x).flatten(0, 1), y.flatten()).backward()
            recorder.before(y.flatten())
            optimizer.step()
        (path,) = recorder.save(tmp_path / "run.npz")
    values = np.load(path)
    assert values["activity0"].shape == (6, 36, 5) and "b1" not in values
    check_closes(analyze(path), "forward_transposed")


class Kernel(nn.Module):
    """A layer whose weight is in x out, square, as those of GPT-2."""

    def __init__(self, units):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(units, units) / units**0.5)

    def forward(self, x):
        return x @ self.weight


def test_weights_in_by_out_are_told_by_what_they_make(tmp_path, analyze):
    torch.manual_seed(0)
    net = nn.Sequential(Kernel(12), nn.Tanh(), nn.Linear(12, 6))
    with Recorder(net) as recorder:
        train(net, recorder, batches() * 2)
        (path,) = recorder.save(tmp_path / "run.npz")
    np.testing.assert_array_equal(np.load(path)["W0"][-1], net[0].weight.detach())
    check_closes(analyze(path), "forward_transposed")


CONVOLUTIONS = [
    lambda: nn.Conv2d(3, 4, 3),
    lambda: nn.Conv2d(3, 4, 3, stride=2, padding=1),
    lambda: nn.Conv2d(3, 4, (2, 3), padding="same", bias=False),
    lambda: nn.Conv2d(3, 4, 3, padding=2, dilation=2, padding_mode="circular"),
]


@pytest.mark.parametrize("make", CONVOLUTIONS)
def test_convolutions_are_recorded_as_patches(tmp_path, analyze, make):
    torch.manual_seed(0)
    layer = make()
    net = nn.Sequential(layer, nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(16, 5))
    optimizer = sgd(net)
    gradients, outputs = [], []
    layer.register_forward_hook(lambda m, x, z: outputs.append(z.detach()))
    with Recorder(net, path=tmp_path / "run") as recorder:
        for _ in range(5):
            x, y = torch.randn(6, 3, 8, 8), torch.randint(0, 5, (6,))
            optimizer.zero_grad()
            cross_entropy(net(x), y).backward()
            gradients.append(layer.weight.grad.clone())
            recorder.before(y)
            optimizer.step()
        paths = recorder.save(tmp_path / "run.npz")
    assert [p.name for p in paths] == ["run.0.npz", "run.4.npz"]
    values = np.load(paths[0])
    for k in range(5):
        patches, delta, w = (values[n][k].astype(float) for n in ("activity0", "delta1", "W0"))
        z = outputs[k].movedim(1, -1).reshape(-1, 4).numpy()
        bias = values["b1"][k] if "b1" in values else 0
        np.testing.assert_allclose(patches @ w + bias, z, atol=1e-5)
        expected = gradients[k].reshape(4, -1).T.numpy()
        np.testing.assert_allclose(-patches.T @ delta, expected, atol=1e-6)
        assert values["labels"].shape == (5, len(delta))
    for path in paths:
        found = analyze(path)
        fit = found["steps"]["fits"][found["steps"]["chosen"]]
        assert fit["kind"] == "plain" and fit["closing"]["closes"], fit
    assert np.load(paths[1])["W1"].shape == (6, 16, 5)
    np.testing.assert_array_equal(np.load(tmp_path / "run/0/W0.npy"), values["W0"])


def test_convolutions_in_one_dimension(tmp_path):
    torch.manual_seed(0)
    layer = nn.Conv1d(2, 3, 3, stride=2, padding=1)
    net = nn.Sequential(layer, nn.Tanh(), nn.Flatten())
    with Recorder([layer]) as recorder:
        x = torch.randn(4, 2, 9)
        net(x).square().sum().backward()
        recorder.before()
        values = np.load(recorder.save(tmp_path / "run.npz")[0])
    made = values["activity0"][0] @ values["W0"][0] + values["b1"][0]
    np.testing.assert_allclose(made, layer(x).detach().movedim(1, -1).reshape(-1, 3), atol=1e-6)
    expected = -layer.weight.grad.reshape(3, -1).T
    np.testing.assert_allclose(values["activity0"][0].T @ values["delta1"][0], expected, atol=1e-5)


@two
def test_a_scaler_of_the_loss(tmp_path, analyze):
    if not hasattr(torch.amp, "GradScaler"):
        pytest.skip("no GradScaler for the processor")
    net = network()
    optimizer, scaler = sgd(net), torch.amp.GradScaler("cpu", init_scale=2.0**10)
    with Recorder(net, feedback(net)) as recorder:
        for k, (x, y) in enumerate(batches() * 2):
            optimizer.zero_grad()
            loss = cross_entropy(net(x), y) * (float("inf") if k == 3 else 1.0)
            scaler.scale(loss).backward()
            recorder.before(y, scale=scaler.get_scale())
            scaler.step(optimizer)
            scaler.update()
        (path,) = recorder.save(tmp_path / "run.npz")
    assert np.load(path)["delta1"].shape[0] == 7
    check_closes(analyze(path))


def test_networks_that_were_compiled(tmp_path, analyze):
    if not hasattr(torch, "compile"):
        pytest.skip("this PyTorch does not compile")
    net = network(nn.Linear)
    with Recorder(net) as recorder:
        compiled = torch.compile(net, backend="aot_eager")
        optimizer = sgd(net)
        for x, y in batches() * 2:
            update(compiled, optimizer, recorder, x, y)
        (path,) = recorder.save(tmp_path / "run.npz")
    assert np.load(path)["W0"].shape[0] == 9
    check_closes(analyze(path), "forward_transposed")


def test_networks_in_parallel_are_refused():
    with pytest.raises(RecordingError, match="one device"):
        Recorder(nn.DataParallel(network()))


def test_hooks_go_when_the_recorder_does():
    net = network()
    recorder = Recorder(net)
    train(net, recorder, batches())
    recorder.close()
    assert not any(m._forward_hooks for m in net.modules())
    train_without = cross_entropy(net(batches()[0][0]), batches()[0][1])
    train_without.backward()
    with pytest.raises(RecordingError, match="closed"):
        recorder.before()
    gone = weakref.ref(recorder)
    del recorder
    gc.collect()
    assert gone() is None


def test_after_an_exception_there_is_no_half_made_state(tmp_path):
    net = network()
    with pytest.raises(ZeroDivisionError), Recorder(net, path=tmp_path / "run") as recorder:
        train(net, recorder, batches())
        raise ZeroDivisionError
    states, iterations = (len(np.load(tmp_path / f"run/{n}.npy")) for n in ("W0", "delta1"))
    assert states == iterations == 4


def test_what_is_not_recorded_is_said():
    x, y = batches()[0]
    net = network(nn.Linear)
    with Recorder(net) as recorder, pytest.raises(RecordingError, match="no error signal came"):
        net(x)
        recorder.before(y)
    words = "layer1, layer0: give them in this order"
    with Recorder([net[2], net[0]]) as recorder, pytest.raises(RecordingError, match=words):
        train(net, recorder, batches())
    with Recorder([net[0], net[2]]) as recorder, pytest.raises(RecordingError, match="to layer0"):
        cross_entropy(net[4](torch.tanh(net[2](torch.tanh(net[0](x)).detach()))), y).backward()
        recorder.before(y)
    with Recorder(net) as recorder, pytest.raises(RecordingError, match="expected one for each"):
        cross_entropy(net(x), y).backward()
        recorder.before(y[:5])
    with Recorder(net) as recorder, pytest.raises(RecordingError, match="changed in place"):
        z = net(x)
        cross_entropy(z, y).backward()
        x.zero_()
        recorder.before(y)
    grouped = nn.Conv2d(4, 4, 3, groups=2)
    with pytest.raises(RecordingError, match="in groups"):
        Recorder([grouped])


def test_layers_that_are_never_called_are_left_out_and_named():
    class Unused(nn.Sequential):
        def __init__(self):
            super().__init__(*network(nn.Linear))
            self.spare = nn.Linear(3, 3)

        def forward(self, x):
            for layer in list(self)[:5]:
                x = layer(x)
            return x

    net = Unused()
    with Recorder(net) as recorder, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        train(net, recorder, batches())
    assert any("spare" in str(w.message) for w in caught)


def test_labels_are_classes_of_samples_or_left_out(tmp_path):
    x, y = torch.randn(8, 5), torch.arange(8) % 3
    net = nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 3))

    def record(labels, parts=1):
        with Recorder(net) as recorder:
            for inputs, targets in zip(x.chunk(parts), y.chunk(parts)):
                nn.functional.cross_entropy(net(inputs), targets).backward()
            recorder.before(labels)
            values = np.load(recorder.save(tmp_path / "run.npz")[0])
            return {name: values[name][0] for name in values if name == "labels"}

    assert (record(nn.functional.one_hot(y, 3))["labels"] == y.numpy()).all()
    assert (record([y[:4], y[4:]], parts=2)["labels"] == y.numpy()).all()
    # The labels of the last batch are not those of both.
    with pytest.raises(RecordingError, match="as a list"):
        record(y[4:], parts=2)
    with pytest.warns(UserWarning, match="left out"):
        assert record(torch.randn(8, 3)) == {}


def test_labels_of_sequences_are_those_of_steps_or_of_samples(tmp_path):
    net, x = nn.Linear(5, 3), torch.randn(4, 6, 5)
    for labels in (torch.arange(4), torch.arange(24).reshape(4, 6)):
        with Recorder(net) as recorder:
            net(x).square().sum().backward()
            recorder.before(labels)
            found = np.load(recorder.save(tmp_path / "run.npz")[0])["labels"][0]
        steps = labels if labels.dim() == 2 else labels.repeat_interleave(6)
        np.testing.assert_array_equal(found, steps.reshape(-1).numpy())

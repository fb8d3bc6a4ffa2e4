"""Forward and backward weights in files."""

from __future__ import annotations

import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch", minversion="2.5")

import reference  # noqa: E402
from torch import nn  # noqa: E402

from alignscope.torch import convert, load_feedback, save_weights  # noqa: E402


def network(rule="fa", dtype=torch.float32):
    torch.manual_seed(3)
    net = nn.Sequential(nn.Linear(12, 10), nn.Tanh(), nn.Linear(10, 8), nn.Tanh(), nn.Linear(8, 6))
    return convert(net.to(dtype), rule, seed=1)


def test_an_archive_that_the_program_reads(tmp_path, analyze):
    net = network()
    found = analyze(save_weights(net, tmp_path / "net.npz"))
    for of in found["angles"]:
        layer = net[2 * of["layer"]]
        expected = reference.angle(layer.weight.detach(), layer.feedback())
        assert of["degrees"][0] == pytest.approx(expected, abs=1e-9)
    assert len(found["angles"]) == 2


@pytest.mark.parametrize("kind", [".npz", ".safetensors"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_backward_weights_come_back(tmp_path, kind, dtype):
    if kind == ".safetensors":
        pytest.importorskip("safetensors")
    net = network(dtype=dtype)
    path = save_weights(net, tmp_path / f"net{kind}")
    other = convert(network(dtype=dtype), "fa", seed=2)
    assert not torch.equal(other[2].feedback(), net[2].feedback())
    # B_0 carries nothing, and is no member of an archive.
    expected = ["2", "4"] if kind == ".npz" else ["0", "2", "4"]
    assert load_feedback(other, path) == expected
    for name in expected:
        place = int(name)
        assert torch.equal(other[place].feedback(), net[place].feedback())
    if kind == ".npz":
        with np.load(path) as archive:
            np.testing.assert_array_equal(archive["W1"], net[2].weight.detach().numpy().T)
            np.testing.assert_array_equal(archive["b2"], net[2].bias.detach().numpy())


def test_layers_of_ones_own_convolutions_and_half_precision(tmp_path):
    net = nn.Sequential(nn.Conv2d(2, 3, 3), nn.Flatten(), nn.Linear(12, 5)).to(torch.bfloat16)
    backward = torch.randn(5, 12)
    with np.load(save_weights(net, tmp_path / "net.npz", {"2": backward})) as archive:
        assert archive["W0"].shape == (18, 3) and archive["W1"].dtype == np.float32
        np.testing.assert_array_equal(archive["B1"], backward.numpy())


def test_what_cannot_be_written_or_read_is_refused(tmp_path, monkeypatch):
    net = network()
    with pytest.raises(ValueError, match=r"ends in \.safetensors or \.npz"):
        save_weights(net, tmp_path / "net.pt")
    path = save_weights(net, tmp_path / "net.npz")
    with pytest.raises(ValueError, match="keeps no backward weights of its own"):
        load_feedback(network("usf"), path)
    with pytest.raises(ValueError, match=r"are \(8, 10\), expected \(9, 12\)"):
        load_feedback(convert(nn.Sequential(nn.Linear(3, 12), nn.Linear(12, 9))), path)
    with pytest.raises(ValueError, match="has no backward weights of this network"):
        load_feedback(nn.Linear(3, 4), path)
    monkeypatch.setitem(sys.modules, "safetensors", None)
    monkeypatch.setitem(sys.modules, "safetensors.torch", None)
    with pytest.raises(ImportError, match="pip install safetensors"):
        save_weights(net, tmp_path / "net.safetensors")

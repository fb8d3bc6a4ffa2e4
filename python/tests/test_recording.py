"""The library-neutral part: files, thinning, what is refused."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import check_angles, check_closes

from alignscope import Recording, RecordingError
from alignscope.recording.npy import GrowingArray

SIZES = (5, 4, 3)


class Network:
    """A network of tanh units whose error goes back through fixed matrices, in NumPy."""

    def __init__(self, dtype=np.float64, eta=0.05, seed=1):
        draw = np.random.default_rng(seed)
        self.weights = [draw.normal(size=s).astype(dtype) for s in zip(SIZES, SIZES[1:])]
        self.biases = [draw.normal(size=n).astype(dtype) for n in SIZES[1:]]
        self.backward = draw.normal(size=(SIZES[2], SIZES[1])).astype(dtype)
        self.draw, self.eta, self.dtype = draw, dtype(eta), dtype

    def signals(self, samples=6):
        x = self.draw.normal(size=(samples, SIZES[0])).astype(self.dtype)
        target = self.draw.normal(size=(samples, SIZES[2])).astype(self.dtype)
        h = np.tanh(x @ self.weights[0] + self.biases[0])
        error = target - (h @ self.weights[1] + self.biases[1])
        return [x, h], [error @ self.backward * (1 - h * h), error]

    def step(self, activities, deltas):
        for k in range(2):
            self.weights[k] = self.weights[k] + self.eta * (activities[k].T @ deltas[k])
            self.biases[k] = self.biases[k] + self.eta * deltas[k].sum(0)

    def train(self, recording, updates, samples=lambda k: 6, labels=False):
        for k in range(updates):
            activities, deltas = self.signals(samples(k))
            recording.update(
                self.weights,
                self.biases,
                activities,
                deltas,
                labels=np.arange(samples(k)) % 3 if labels else None,
                feedback={1: self.backward},
            )
            self.step(activities, deltas)
        recording.finish(self.weights, self.biases, {1: self.backward})


def members(directory):
    return {path.stem: np.load(path) for path in sorted(Path(directory).iterdir())}


def test_directory_and_archive_hold_the_same(tmp_path):
    with Recording(tmp_path / "run") as recording:
        Network().train(recording, 7, labels=True)
        recording.save(tmp_path / "run.npz")
        again = recording.save(tmp_path / "again.npz").read_bytes()
    directory, archive = members(tmp_path / "run"), np.load(tmp_path / "run.npz")
    assert again == (tmp_path / "run.npz").read_bytes()
    assert set(directory) == set(archive)
    for name in directory:
        np.testing.assert_array_equal(directory[name], archive[name])
    assert archive["W0"].shape == (8, 5, 4) and archive["B1"].shape == (3, 4)
    assert archive["activity1"].shape == (7, 6, 4) and archive["labels"].shape == (7, 6)


def test_recording_goes_on_after_save(tmp_path):
    whole, parted = Network(), Network()
    with Recording() as recording:
        whole.train(recording, 6)
        recording.save(tmp_path / "whole.npz")
    with Recording(tmp_path / "run") as recording:
        parted.train(recording, 2)
        recording.save()
        assert np.load(tmp_path / "run/W0.npy").shape[0] == 3
        parted.train(recording, 4)
    assert sorted(p.name for p in (tmp_path / "run").iterdir() if p.name.startswith(".")) == []
    for name, values in np.load(tmp_path / "whole.npz").items():
        np.testing.assert_array_equal(values, np.load(tmp_path / "run" / f"{name}.npy"))


def test_a_short_batch_is_filled_up_and_closes(tmp_path, analyze):
    with Recording() as recording:
        network = Network()
        network.train(recording, 9, samples=lambda k: 4 if k == 8 else 6)
        path = recording.save(tmp_path / "run.npz")
    values = np.load(path)
    assert not values["activity0"][8, 4:].any() and values["activity0"][8, :4].all()
    found = analyze(path)
    check_closes(found)
    check_angles(found, values, 1e-10)


def test_more_samples_than_at_first_are_refused(tmp_path):
    with Recording() as recording, pytest.raises(RecordingError, match="samples=8"):
        Network().train(recording, 2, samples=lambda k: 6 + 2 * k)
    with Recording(samples=8) as recording:
        Network().train(recording, 2, samples=lambda k: 6 + 2 * k)
        assert np.load(recording.save(tmp_path / "run.npz"))["delta2"].shape == (2, 8, 3)


def test_thinned_updates_come_with_the_states_before_and_after(tmp_path):
    with Recording(every=3) as recording:
        Network().train(recording, 8)
        thinned = np.load(recording.save(tmp_path / "thinned.npz"))
    with Recording() as recording:
        Network().train(recording, 8)
        whole = np.load(recording.save(tmp_path / "whole.npz"))
    np.testing.assert_array_equal(thinned["updates"], [0, 3, 6, 8])
    for name in ("W0", "W1", "b1", "b2"):
        np.testing.assert_array_equal(thinned[name], whole[name][thinned["updates"]])
    for name in ("W0", "W1"):
        np.testing.assert_array_equal(thinned[f"{name}_next"], whole[name][[1, 4, 7]])
    for name in ("activity0", "activity1", "delta1", "delta2"):
        np.testing.assert_array_equal(thinned[name], whole[name][::3])


def test_backward_weights_are_recorded_by_state_once_they_change(tmp_path):
    network = Network()
    with Recording() as recording:
        network.train(recording, 3)
        assert members(recording.path)["B1"].shape == (3, 4)
        first = network.backward
        network.backward = 2 * first
        network.train(recording, 2)
        values = np.load(recording.save(tmp_path / "run.npz"))
    assert values["B1"].shape == (6, 3, 4) and values["W1"].shape == (6, 4, 3)
    for k in range(6):
        np.testing.assert_array_equal(values["B1"][k], first if k < 3 else 2 * first)


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "bfloat16"])
def test_types_are_kept(tmp_path, dtype):
    if dtype == "bfloat16":
        dtype = pytest.importorskip("ml_dtypes").bfloat16
    values = np.arange(20).reshape(5, 4).astype(dtype)
    with Recording() as recording:
        recording.update([values])
        stored = np.load(recording.save(tmp_path / "run.npz"))["W0"]
    assert stored.dtype == (np.dtype("V2") if dtype not in ("f2", "f4", "f8") else np.dtype(dtype))
    assert stored.tobytes() == values.tobytes()


def test_labels_are_classes_or_left_out(tmp_path):
    single = np.ones((3, 2), np.float32)
    for labels, recorded in ((np.eye(3), [0, 1, 2]), ([[2], [0], [1]], [2, 0, 1])):
        with Recording() as recording:
            recording.update([single.T], [], [single], [single], labels)
            values = np.load(recording.save(tmp_path / "run.npz"))
        assert values["labels"].tolist() == [recorded]
    with Recording() as recording, pytest.warns(UserWarning, match="left out"):
        recording.update([single.T], [], [single], [single], np.ones((3, 4)))


def test_what_does_not_fit_is_refused(tmp_path):
    single, double = np.ones((3, 2), np.float32), np.ones((3, 2))
    cases = [
        (lambda r: (r.update([single]), r.update([double])), "cannot hold all"),
        (lambda r: (r.update([single]), r.update([single.T])), r"W0 is \(2, 3\)"),
        (lambda r: (r.update([single]), r.update([single, single])), "with W1"),
        (lambda r: (r.update([single, single]), r.update([single])), "without W1"),
        (lambda r: r.update([single], [], [single], [single[:2]]), "delta1 has 2 samples"),
        (
            lambda r: r.update([single], [], [single], [single], np.arange(2)),
            "labels has 2 samples",
        ),
        (lambda r: r.update([single.astype(complex)]), "only real numbers"),
        (lambda r: r.update([single[0]]), "expected n_l x n_l"),
    ]
    for act, words in cases:
        with Recording() as recording, pytest.raises(RecordingError, match=words):
            act(recording)
    (tmp_path / "used").mkdir()
    (tmp_path / "used/file").touch()
    with pytest.raises(FileExistsError, match="of its own"):
        Recording(tmp_path / "used")
    with pytest.raises(ValueError, match="directory"):
        Recording(tmp_path / "run.npz")


def test_a_temporary_directory_goes_with_the_recording():
    recording = Recording()
    path = recording.path
    recording.update([np.ones((3, 2))])
    assert path.exists()
    del recording
    assert not path.exists()


def test_what_cannot_be_written_is_said(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    with pytest.raises(RecordingError, match="No space left"), Recording() as recording:
        recording.update([np.ones((3, 2))])
        recording.save()
        monkeypatch.setattr(os, "pwrite", full)
        for _ in range(10):
            recording.update([np.ones((3, 2))])
        recording.save()
    monkeypatch.undo()


def test_what_cannot_be_written_at_the_end_is_said_and_the_rest_is_there(tmp_path, monkeypatch):
    write, room = os.pwrite, 40 << 10

    def nearly_full(file, data, start):
        if start + len(data) > room:
            raise OSError(28, "No space left on device")
        return write(file, data, start)

    recording = Recording(tmp_path / "run")
    frames = np.random.default_rng(1).normal(size=(30, 25, 25))
    monkeypatch.setattr(os, "pwrite", nearly_full)
    for k, frame in enumerate(frames):
        recording.update([frame])
        if k == 5:
            recording.save()
    with pytest.raises(RecordingError, match="No space left"):
        recording.close()
    recording.close()
    monkeypatch.undo()
    found = np.load(tmp_path / "run/W0.npy")
    assert len(found) >= 6
    np.testing.assert_array_equal(found, frames[: len(found)])


def test_values_begin_behind_a_header_of_one_block(tmp_path, analyze):
    with Recording(tmp_path / "run") as recording:
        network = Network()
        network.train(recording, 9)
    for path in (tmp_path / "run").iterdir():
        content = path.read_bytes()
        assert content[:8] == b"\x93NUMPY\x01\x00" and content[8:10] == (4086).to_bytes(2, "little")
        assert content[4095:4096] == b"\n"
        values = np.load(path)
        assert content[4096:] == values.tobytes()
    found = analyze(tmp_path / "run")
    check_closes(found)
    check_angles(found, members(tmp_path / "run"), 1e-10)


def _unable(monkeypatch, how):
    """Take away what file systems may lack: writes past the page cache, or some of these."""
    direct, opened, write = getattr(os, "O_DIRECT", 0), os.open, os.pwrite
    past = set()

    def open_(path, flags, *rest):
        if flags & direct and how == "open":
            raise OSError(errno.EINVAL, "Invalid argument")
        file = opened(path, flags, *rest)
        if flags & direct:
            past.add(file)
        else:
            past.discard(file)
        return file

    def write_(file, data, start):
        if file in past:
            assert len(data) % 4096 == start % 4096 == 0
            if how == "write":
                raise OSError(errno.EINVAL, "Invalid argument")
            if how == "part":
                data = data[: 4096 * max(1, len(data) // 8192)]
            if how == "odd part":
                return write(file, data[:4096], start) - 1000
        return write(file, data, start)

    if direct:
        monkeypatch.setattr(os, "open", open_)
        monkeypatch.setattr(os, "pwrite", write_)


@pytest.mark.parametrize("how", ["able", "open", "write", "part", "odd part"])
@pytest.mark.parametrize("shape", [(5, 3), (301, 203), (0, 4), ()])
def test_files_grow_and_shrink_by_whole_frames(tmp_path, monkeypatch, how, shape):
    _unable(monkeypatch, how)
    draw = np.random.default_rng(7)
    file, frames, path = GrowingArray(tmp_path / "W.npy", "<f4", shape), [], tmp_path / "W.npy"
    file.chunk_bytes = 3 * file.frame_bytes + 1
    for _ in range(70):
        act = draw.integers(0, 10)
        if act < 6:
            frame, turned = draw.normal(size=shape).astype("f4"), bool(draw.integers(0, 2))
            file.append(np.array(frame.T, order="C") if turned else frame, turned)
            frames.append(frame)
        elif act < 8 and frames:
            file.drop_last()
            frames.pop()
        elif frames:
            k = int(draw.integers(0, len(frames)))
            np.testing.assert_array_equal(file.frame(k), frames[k])
        if draw.integers(0, 8) == 0:
            (file.settle if draw.integers(0, 2) else file.commit)()
            np.testing.assert_array_equal(np.load(path), np.reshape(frames, (len(frames), *shape)))
        else:
            # Whenever it is read, it holds what its header promises.
            found = np.load(path)
            np.testing.assert_array_equal(found, np.reshape(frames[: len(found)], found.shape))
    file.close()
    np.testing.assert_array_equal(np.load(path), np.reshape(frames, (len(frames), *shape)))
    assert path.stat().st_size == 4096 + len(frames) * file.frame_bytes


@pytest.mark.parametrize("memory", [1 << 10, 1 << 22, 1 << 26])
def test_memory_changes_nothing(tmp_path, memory):
    draw, number = np.random.default_rng(3), 40
    frames = draw.normal(size=(number, 301, 203))
    small = draw.normal(size=(number, 203))
    with Recording(tmp_path / "run", memory=memory) as recording:
        for k in range(number):
            recording.update([frames[k]], [small[k]], [frames[k].T], [frames[k].T[:, :7]])
    found = members(tmp_path / "run")
    np.testing.assert_array_equal(found["W0"], frames)
    np.testing.assert_array_equal(found["b1"], small)
    np.testing.assert_array_equal(found["activity0"], frames.swapaxes(1, 2))
    np.testing.assert_array_equal(found["delta1"], frames.swapaxes(1, 2)[:, :, :7])


@pytest.mark.parametrize("units", [51, 251])
def test_a_killed_run_can_be_read_up_to_its_last_whole_frame(tmp_path, analyze, units):
    code = """if True:
        import sys, numpy as np
        from alignscope import Recording
        recording, units, k = Recording(sys.argv[1]), int(sys.argv[2]), 0
        while True:
            frame = np.full((units, units), float(k))
            recording.update([frame], activities=[frame], deltas=[frame])
            k += 1
    """
    run = tmp_path / "run"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code, str(run), str(units)]
    process = subprocess.Popen(command, env=environment)
    for _ in range(600):
        time.sleep(0.07)
        if run.exists() and len(list(run.iterdir())) == 3 and len(np.load(run / "W0.npy")) > 20:
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    found = members(run)
    for values in found.values():
        assert len(values) > 20
        np.testing.assert_array_equal(values, np.arange(len(values))[:, None, None] + 0 * values)
    analyze(run, "--lags", "1", "--every", "10")

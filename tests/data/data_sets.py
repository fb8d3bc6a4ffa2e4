"""Makes data-sets.zip.gz: one small data set as people have it, saved by NumPy in many ways.

    python tests/data/data_sets.py

`same/` holds what has to be read as the same pixels and classes as `same/idx`; `one-piece/` the same without test
images; `refused/` what cannot be read, and `followed/` what the remedy of the refusal makes of it, under the same name.
"""

import gzip
import io
import pathlib
import zipfile

import numpy as np

random = np.random.default_rng(5)
CLASSES, SIDE = 4, 4


def part(count):
    """Images whose row `c` is lit for class `c`, and their classes."""
    y = np.arange(count) % CLASSES
    x = random.integers(0, 60, (count, SIDE, SIDE))
    x[np.arange(count), y] += 180
    x[:, 0, 0], x[0, 1, 1] = 0, 255
    return x.astype("u1"), y


x, y = part(40)
x_test, y_test = part(12)
files = {}


def npz(name, save=np.savez, **arrays):
    """Adds an archive of these arrays."""
    out = io.BytesIO()
    save(out, **arrays)
    files[name + ".npz"] = out.getvalue()


def npy(name, array):
    """Adds an array in a file of its own."""
    out = io.BytesIO()
    np.save(out, array)
    files[name + ".npy"] = out.getvalue()


def idx(array, kind=8, dtype=">u1"):
    """An array in the format of MNIST."""
    shape = b"".join(int(n).to_bytes(4, "big") for n in array.shape)
    return bytes([0, 0, kind, array.ndim]) + shape + array.astype(dtype).tobytes()


def idx_set(directory, names, labels=idx, zipped=False):
    """Adds four IDX files of these names."""
    for name, array, write in zip(names, (x, y, x_test, y_test), (idx, labels, idx, labels)):
        data = write(array)
        end = ".gz" if zipped else ""
        files[f"{directory}/{name}{end}"] = gzip.compress(data, mtime=0) if zipped else data


def both(name, labels=lambda y: y, images=lambda x: x, names=("x", "y", "x_test", "y_test")):
    """Adds an archive of both parts, changed in these ways."""
    npz(name, **dict(zip(names, (images(x), labels(y), images(x_test), labels(y_test)))))


# The same in many ways.
DASHES = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]
QMNIST = ["train-images-idx3-ubyte", "train-labels-idx2-int", "test-images-idx3-ubyte", "test-labels-idx2-int"]
idx_set("same/idx", DASHES)
idx_set("same/dots", [name.replace("-idx", ".idx") for name in DASHES])
idx_set("same/dots-gz", [name.replace("-idx", ".idx") for name in DASHES], zipped=True)
idx_set("same/emnist/gzip", ["emnist-letters-" + name.replace("t10k", "test") for name in DASHES], zipped=True)
idx_set("same/qmnist", ["qmnist-" + name for name in QMNIST], zipped=True,
        labels=lambda y: idx(np.stack([y] + [1000 * np.arange(len(y))] * 7, 1), 0x0C, ">i4"))
both("same/x")
npz("same/deflated", np.savez_compressed, x=x, y=y, x_test=x_test, y_test=y_test)
both("same/keras", names=("x_train", "y_train", "x_test", "y_test"))
both("same/capital", names=("X_train", "y_train", "X_test", "Y_test"))
npz("same/medmnist", train_images=x, train_labels=y[:, None], val_images=x[:3], val_labels=y[:3, None],
    test_images=x_test, test_labels=y_test[:, None])
npz("same/validation", x_train=x, y_train=y, x_val=x_test, y_val=y_test)
both("same/train-first", names=("train_x", "train_y", "test_x", "test_y"))
both("same/images-labels", names=("images", "labels", "test_images", "test_labels"))
both("same/channel-last", images=lambda x: x[..., None])
both("same/channel-first", images=lambda x: x[:, None])
both("same/flat", images=lambda x: x.reshape(len(x), -1))
both("same/fortran", images=np.asfortranarray)
both("same/wide", images=lambda x: x.astype("i8"))
both("same/big-endian", images=lambda x: x.astype(">u2"), labels=lambda y: y.astype(">i4"))
both("same/scaled", images=lambda x: x / 255)
both("same/one-hot", labels=lambda y: np.eye(CLASSES)[y])
both("same/one-hot-signs", labels=lambda y: 2 * np.eye(CLASSES, dtype="f4")[y] - 1)
both("same/one-hot-bool", labels=lambda y: np.eye(CLASSES, dtype=bool)[y])
both("same/float-labels", labels=lambda y: y.astype("f8")[:, None])
for name, images, labels in (("train", x, y), ("test", x_test, y_test)):
    npy(f"same/arrays/x_{name}", images)
    npy(f"same/arrays/y_{name}", labels)
    npz(f"same/kuzushiji/kmnist-{name}-imgs", arr_0=images)
    npz(f"same/kuzushiji/kmnist-{name}-labels", arr_0=labels.astype("u1"))

# Without test images.
npz("one-piece/x", x=x, y=y)
npz("one-piece/images-labels", images=x, labels=y)
npz("one-piece/scikit-learn", data=x.reshape(len(x), -1), target=y)

# Colours and signs.
rgb = np.stack([x, 255 - x, x // 2], -1)
npz("colour/last", x=rgb, y=y)
npz("colour/first", x=rgb.transpose(0, 3, 1, 2), y=y)
npz("colour/planes", x=np.concatenate([rgb[..., c].reshape(len(x), -1) for c in range(3)], 1), y=y)
npz("signs", x=x, y=np.where(y < 2, -1, 1))

# Said, though read.
npz("said/large", x=x.astype("f4"), y=y)
npz("said/binary", x=(x > 100).astype("u1"), y=y)
npz("said/from-one", x=x, y=y + 1)
npz("said/gaps", x=x, y=3 * y)
npz("said/dim", x=x // 16, y=y)
npz("said/unlike", x_train=x / 255, y_train=y, x_test=x_test.astype("f4"), y_test=y_test)
centred = {"x_train": (x - x.mean()) / x.std(), "x_test": x_test / 255}
npz("said/centred", y_train=y, y_test=y_test, **centred)
npz("said/untaught", x_train=x[y < 3], y_train=y[y < 3], x_test=x_test, y_test=y_test)


def refused(name, followed, **arrays):
    """Adds what is refused, and what its remedy makes of it."""
    npz("refused/" + name, **arrays)
    npz("followed/" + name, **followed)


def renumbered(y):
    """The remedy for labels that are no classes, as messages have it."""
    return np.unique(y, return_inverse=True)[1]


words = np.array(["nought", "one", "two", "three"])[y]
broken = x / 255
broken[3, 2, 1] = np.nan
endless = x / 255
endless[5, 0, 3] = -np.inf
rgba = np.stack([x] * 4, -1)
many = np.eye(CLASSES)[y] + 0.5 * np.eye(CLASSES)[(y + 1) % CLASSES]
several = np.eye(CLASSES)[y] + np.eye(CLASSES)[(y + 1) % CLASSES]
refused("strings", {"x": x, "y": renumbered(words)}, x=x, y=words)
refused("large-labels", {"x": x, "y": renumbered(y + 300)}, x=x, y=y + 300)
refused("negative-labels", {"x": x, "y": renumbered(y - 2)}, x=x, y=y - 2)
refused("fractions", {"x": x, "y": renumbered(y / 2)}, x=x, y=y / 2)
refused("nan", {"x": np.nan_to_num(broken), "y": y}, x=broken, y=y)
refused("infinite", {"x": np.delete(endless, 5, 0), "y": np.delete(y, 5)}, x=endless, y=y)
refused("row", {"x": x, "y": y[None].ravel()}, x=x, y=y[None])
refused("soft", {"x": x, "y": many.argmax(1)}, x=x, y=many)
refused("several", {"x": x, "y": several.argmax(1)}, x=x, y=several)
refused("four-channels", {"x": rgba.reshape(len(rgba), -1), "y": y}, x=rgba, y=y)
cube = np.stack([x] * 3, 1)[:, :, :3, :3]
refused("cube", {"x": cube.reshape(len(cube), -1), "y": y}, x=cube, y=y)
deep = x[:, None, None]
refused("five", {"x": deep.reshape(len(deep), -1), "y": y}, x=deep, y=y)
mixed = {"x_train": x, "y_train": y, "x_test": x_test / 255, "y_test": y_test}
refused("mixed", mixed | {"x_train": x.astype("f4") / 255}, **mixed)
refused("names", {"x": x, "y": y}, pictures=x, kinds=y)
refused("no-labels", {"x": x, "y": y}, x=x, targets=y)

# Packed as a whole, for the files are much alike.
packed = io.BytesIO()
with zipfile.ZipFile(packed, "w") as archive:
    for name, data in files.items():
        archive.writestr(zipfile.ZipInfo(name), data)
path = pathlib.Path(__file__).with_name("data-sets.zip.gz")
path.write_bytes(gzip.compress(packed.getvalue(), mtime=0))

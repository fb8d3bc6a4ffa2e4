//! Data sets as stored: pixels and classes as read, before they are scaled and resized.

use super::cifar::{CIFAR_IMAGE, Records};
use super::facts::Note;
use super::images::{Images, LEVELS, LabelledImages, Pixels, StoredSet, dark};
use super::layout::Layout;
use super::resize::Resizer;
use super::{DataError, DataFacts, DataSet, OfficialFile, Split, check_counts, fixed_split, idx};
use crate::matrix::Matrix;
use crate::real::Real;
use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

impl StoredSet {
    /// Of parts that are known to fit each other.
    pub(super) fn new(
        path: &Path,
        train: LabelledImages,
        test: Option<LabelledImages>,
        classes: usize,
        fingerprint: String,
        mut notes: Vec<Note>,
    ) -> Result<Self, DataError> {
        let count = train.images.count;
        let (training_images, test_images) = match &test {
            Some(test) => (count, test.images.count),
            None => {
                let (learnt, held_out) = fixed_split(count);
                let (learnt, held_out) = (learnt.len(), held_out.len());
                notes.push(Note::Said(format!(
                    "there are no test images: {held_out} of the {count} images are held out, the \
                     same whatever the seed, and {learnt} are learnt from"
                )));
                if held_out == 0 || learnt == 0 {
                    let why = format!(
                        "{count} image(s) cannot be split into some to learn from and some to test \
                         on"
                    );
                    return Err(DataError::Unfit { path: path.into(), why });
                }
                (learnt, held_out)
            }
        };
        let absent = absent_classes(&train, test.as_ref(), classes);
        notes.extend(absent.clone().map(Note::Said));
        let facts = DataFacts {
            training_images,
            test_images,
            inputs: train.images.inputs,
            image: train.images.image,
            classes,
            fingerprint: Some(fingerprint),
            absent_classes: absent,
            notes,
        };
        Ok(Self { facts, train, test })
    }

    /// Reads the files of a data set, those of a named one only if they are the official ones.
    pub(super) fn read(
        layout: &Layout,
        official: Option<(&str, &[OfficialFile])>,
    ) -> Result<Self, DataError> {
        match layout {
            Layout::Idx(files) => read_idx(files, official),
            Layout::Batches(records, files) => read_batches(*records, files, official),
            Layout::Arrays(members) => members.read(),
        }
    }

    /// The data set in the form that networks see, resized to `side x side` pixels where a side is
    /// given.
    pub(super) fn into_set<T: Real>(self, side: Option<usize>) -> DataSet<T> {
        let split = |part: LabelledImages| Split {
            images: matrix(&part.images, side, LEVELS),
            labels: part.labels,
        };
        let classes = self.facts.classes;
        let train = split(self.train);
        match self.test {
            Some(test) => DataSet { train, test: split(test), classes },
            None => {
                let (learnt, held_out) = fixed_split(train.labels.len());
                DataSet { train: train.select(&learnt), test: train.select(&held_out), classes }
            }
        }
    }
}

/// Classes that no label names, in words, with what to do about them.
fn absent_classes(
    train: &LabelledImages,
    test: Option<&LabelledImages>,
    classes: usize,
) -> Option<String> {
    let mut seen = [[false; 256]; 2];
    for (seen, part) in seen.iter_mut().zip([Some(train), test]) {
        part.iter()
            .flat_map(|part| &part.labels)
            .for_each(|&label| seen[usize::from(label)] = true);
    }
    let nowhere: Vec<usize> =
        (0..classes).filter(|&class| !seen[0][class] && !seen[1][class]).collect();
    let untaught: Vec<usize> =
        (0..classes).filter(|&class| !seen[0][class] && seen[1][class]).collect();
    let listed = |classes: &[usize]| {
        let first: Vec<String> = classes.iter().take(5).map(ToString::to_string).collect();
        format!("{}{}", first.join(", "), if classes.len() > 5 { ", ..." } else { "" })
    };
    if !untaught.is_empty() {
        return Some(format!(
            "only test images have the label {}: it cannot be learnt",
            listed(&untaught)
        ));
    }
    let left = classes - nowhere.len();
    match nowhere[..] {
        [] => None,
        [0] => Some(format!(
            "labels run from 1 to {left}: with class 0, that no image has, {classes} classes are \
             coded; save y - 1 to have {left}"
        )),
        _ => Some(format!(
            "no image has the label {}: {classes} classes are coded though there are {left}; save \
             np.unique(y, return_inverse=True)[1] for the labels of both parts together to have \
             {left}",
            listed(&nowhere)
        )),
    }
}

/// Refuses IDX files whose headers do not fit each other, before any is unpacked.
fn check_idx_headers(files: &[PathBuf; 4]) -> Result<(), DataError> {
    let shape = |at: usize| {
        let path = &files[at];
        let refused = |source| DataError::File { path: path.clone(), source };
        let file = File::open(path).map_err(refused)?;
        let size = file.metadata().map_err(refused)?.len();
        let shape = idx::promised_shape(BufReader::new(file), size, at.is_multiple_of(2));
        shape.map_err(|source| DataError::Idx { path: path.clone(), source })
    };
    let shapes = [shape(0)?, shape(1)?, shape(2)?, shape(3)?];
    check_counts(&files[0], shapes[0][0], shapes[1][0])?;
    check_counts(&files[2], shapes[2][0], shapes[3][0])?;
    if shapes[0][1..] != shapes[2][1..] {
        let why = format!(
            "training images are {:?} and test images {:?} pixels",
            &shapes[0][1..],
            &shapes[2][1..]
        );
        return Err(unfit(files[0].parent().unwrap_or(&files[0]), &why));
    }
    Ok(())
}

/// Four IDX files.
fn read_idx(
    files: &[PathBuf; 4],
    official: Option<(&str, &[OfficialFile])>,
) -> Result<StoredSet, DataError> {
    if official.is_none() {
        check_idx_headers(files)?;
    }
    let mut hasher = blake3::Hasher::new();
    let (mut images, mut labels) = (Vec::new(), Vec::new());
    for (at, path) in files.iter().enumerate() {
        let bytes = contents(path, official.map(|(name, files)| (name, &files[at])), &mut hasher)?;
        let of_file = |source| DataError::Idx { path: path.clone(), source };
        if at % 2 == 0 {
            images.push(idx::into_images(bytes).map_err(of_file)?);
        } else {
            labels.push(idx::classes(&bytes).map_err(of_file)?);
        }
    }
    let part = |(([count, height, width], pixels), labels): (([usize; 3], Vec<u8>), Vec<u8>)| {
        let image = Some([1, height, width]);
        let images = Images { count, image, inputs: height * width, pixels: Pixels::Bytes(pixels) };
        LabelledImages { images, labels }
    };
    let parts: Vec<LabelledImages> = images.into_iter().zip(labels).map(part).collect();
    let [train, test] =
        <[LabelledImages; 2]>::try_from(parts).map_err(|_| unfit(&files[0], "no images"))?;
    let classes =
        train.labels.iter().chain(&test.labels).max().map_or(0, |&label| usize::from(label) + 1);
    let notes = idx_notes(files, [&train, &test]);
    StoredSet::new(
        &files[0],
        train,
        Some(test),
        classes,
        hasher.finalize().to_hex().to_string(),
        notes,
    )
}

fn unfit(path: &Path, why: &str) -> DataError {
    DataError::Unfit { path: path.into(), why: why.into() }
}

/// What is to be known of IDX files of these names.
fn idx_notes(files: &[PathBuf; 4], parts: [&LabelledImages; 2]) -> Vec<Note> {
    let name = files[0].file_name().unwrap_or_default().to_string_lossy();
    let mut notes = Vec::new();
    if name.starts_with("emnist") {
        let text = "images of EMNIST are stored transposed, columns for rows, and are left so: to \
            a network whose layers are fully connected the order of pixels makes no difference";
        notes.push(Note::Said(text.into()));
    }
    let is_dark = |part: &LabelledImages| match &part.images.pixels {
        Pixels::Bytes(bytes) => bytes.iter().all(|&byte| byte <= 1),
        Pixels::Real(_) => false,
    };
    if parts.iter().all(|part| is_dark(part)) {
        notes.push(dark("pixels"));
    }
    notes
}

/// CIFAR batches, those of training images first.
fn read_batches(
    records: Records,
    files: &[PathBuf],
    official: Option<(&str, &[OfficialFile])>,
) -> Result<StoredSet, DataError> {
    let mut hasher = blake3::Hasher::new();
    let mut parts = [(); 2].map(|()| (Vec::new(), Vec::new()));
    for (at, path) in files.iter().enumerate() {
        let bytes = contents(path, official.map(|(name, files)| (name, &files[at])), &mut hasher)?;
        let (pixels, labels) = records
            .parse(&bytes)
            .map_err(|source| DataError::Cifar { path: path.clone(), source })?;
        let part = &mut parts[usize::from(at + 1 == files.len())];
        part.0.extend(pixels);
        part.1.extend(labels);
    }
    let mut notes = Vec::new();
    if records != Records::CIFAR10 {
        hasher.update(if records == Records::FINE { b"fine" } else { b"coarse" });
        let (these, others) = match records == Records::FINE {
            true => (
                "the 100 fine labels",
                "#coarse after the name of the directory takes the 20 coarse ones",
            ),
            false => (
                "the 20 coarse labels",
                "without #coarse after the name of the directory the 100 fine ones",
            ),
        };
        notes.push(Note::Said(format!("classes are {these} of CIFAR-100: {others}")));
    }
    let [train, test] = parts.map(|(pixels, labels)| {
        let inputs = CIFAR_IMAGE.iter().product();
        let images = Images {
            count: labels.len(),
            image: Some(CIFAR_IMAGE),
            inputs,
            pixels: Pixels::Bytes(pixels),
        };
        LabelledImages { images, labels }
    });
    let fingerprint = hasher.finalize().to_hex().to_string();
    StoredSet::new(&files[0], train, Some(test), records.classes(), fingerprint, notes)
}

/// What a file holds, unpacked if it is gzipped; of a named data set only if it is the official
/// file.
fn contents(
    path: &Path,
    official: Option<(&str, &OfficialFile)>,
    hasher: &mut blake3::Hasher,
) -> Result<Vec<u8>, DataError> {
    let differs =
        |name: &str, why| DataError::Unofficial { path: path.into(), name: name.into(), why };
    let bytes = match (read_unpacked(path), official) {
        (Err(DataError::Idx { source, .. }), Some((name, _))) => {
            return Err(differs(name, source.to_string()));
        }
        (bytes, _) => bytes?,
    };
    hasher.update(&bytes);
    match official.and_then(|(name, file)| Some((name, file.difference(&bytes)?))) {
        Some((name, why)) => Err(differs(name, why)),
        None => Ok(bytes),
    }
}

/// What a file holds; an IDX file unpacked if it is gzipped, and no longer than it says.
pub(super) fn read_unpacked(path: &Path) -> Result<Vec<u8>, DataError> {
    let refused = |source| DataError::File { path: path.into(), source };
    let file = File::open(path).map_err(refused)?;
    let metadata = file.metadata().map_err(refused)?;
    idx::unpacked(BufReader::new(file), metadata.len())
        .map_err(|source| DataError::Idx { path: path.into(), source })
}

/// Pixels divided by the number of grey levels, one image per row, resized where a side is given,
/// each channel by itself.
pub(super) fn matrix<T: Real>(images: &Images, side: Option<usize>, levels: f64) -> Matrix<T> {
    match &images.pixels {
        Pixels::Bytes(bytes) => arranged(images, bytes, side, |pixel| T::from_f64(pixel / levels)),
        Pixels::Real(values) => arranged(images, values, side, T::from_f64),
    }
}

fn arranged<P: Copy + Into<f64>, T: Real>(
    images: &Images,
    pixels: &[P],
    side: Option<usize>,
    value: impl Fn(f64) -> T,
) -> Matrix<T> {
    let resized = side.and_then(|side| Some((images.image?, [side, side])));
    let resized = resized.filter(|([_, height, width], to)| [*height, *width] != *to);
    let Some(([channels, height, width], to)) = resized else {
        let data = pixels.iter().map(|&pixel| value(pixel.into())).collect();
        return Matrix::from_vec(images.count, images.inputs, data);
    };
    let inputs = channels * to[0] * to[1];
    let mut data = Vec::with_capacity(images.count * inputs);
    let resizer = Resizer::new([height, width], to);
    for plane in pixels.chunks_exact(height * width) {
        data.extend(resizer.resize(plane).map(&value));
    }
    Matrix::from_vec(images.count, inputs, data)
}

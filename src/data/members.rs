//! Data sets of NumPy arrays: which array is what, and what images and labels they hold.

use super::facts::Note;
use super::images::{Images, LEVELS, LabelledImages, Pixels, StoredSet, dark};
use super::{DataError, check_counts};
use crate::array::{self, Array, ArrayError, Header};
use crate::file::memory;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Names of arrays: training images and labels, test images and labels, validation images and
/// labels.
const NAMINGS: [[&str; 6]; 8] = [
    ["x", "y", "x_test", "y_test", "x_val", "y_val"],
    ["x_train", "y_train", "x_test", "y_test", "x_val", "y_val"],
    ["train_images", "train_labels", "test_images", "test_labels", "val_images", "val_labels"],
    ["images", "labels", "test_images", "test_labels", "val_images", "val_labels"],
    ["train_x", "train_y", "test_x", "test_y", "val_x", "val_y"],
    ["train_data", "train_labels", "test_data", "test_labels", "val_data", "val_labels"],
    ["data", "labels", "test_data", "test_labels", "val_data", "val_labels"],
    ["data", "target", "test_data", "test_target", "val_data", "val_target"],
];

/// The names in words, for who has others.
pub(super) const NAMED: &str = "x and y (and x_test, y_test), x_train, y_train, x_test and y_test, \
                                or train_images, train_labels, test_images and test_labels";

/// An array in a file.
#[derive(Clone, Debug)]
pub(super) struct ArrayPlace {
    /// A `.npy` file or an `.npz` archive.
    pub(super) path: PathBuf,
    /// The member of an archive; `None` for its only one.
    pub(super) member: Option<String>,
}

impl ArrayPlace {
    /// The array as messages call it.
    fn name(&self) -> String {
        match (&self.member, self.path.file_name()) {
            (Some(member), _) => format!("`{member}`"),
            (None, Some(file)) => format!("`{}`", file.to_string_lossy()),
            (None, None) => "the array".into(),
        }
    }

    fn unfit(&self, why: impl std::fmt::Display) -> DataError {
        DataError::Unfit { path: self.path.clone(), why: format!("{} {why}", self.name()) }
    }

    fn header(&self) -> Result<Header, DataError> {
        array::header(&self.path, self.member.as_deref()).map_err(|error| self.explained(error))
    }

    fn read(&self) -> Result<Array, DataError> {
        array::read(&self.path, self.member.as_deref()).map_err(|error| self.explained(error))
    }

    /// The error, of values that are not finite with the array's name.
    fn explained(&self, error: ArrayError) -> DataError {
        match error {
            ArrayError::NotFinite { value, index, .. } => {
                let remedy = "leave such samples out, or replace the values (np.nan_to_num), \
                    before it is saved";
                self.unfit(format!(
                    "holds {value} at index {index:?}: values must be finite; {remedy}"
                ))
            }
            other => DataError::Array(other),
        }
    }
}

/// The arrays of a data set.
#[derive(Clone, Debug)]
pub(super) struct Members {
    /// Images and labels to learn from.
    train: [ArrayPlace; 2],
    /// Held-out images and labels, where there are any.
    test: Option<[ArrayPlace; 2]>,
    /// Files whose bytes tell the data set from others.
    files: Vec<PathBuf>,
    notes: Vec<Note>,
}

impl Members {
    /// Of an `.npz` archive.
    pub(super) fn of_archive(path: &Path) -> Result<Self, DataError> {
        let names = array::members(path)?;
        let place = |name: &str| ArrayPlace { path: path.into(), member: Some(name.into()) };
        let found = Self::named(&names, &place)
            .map_err(|why| DataError::Unfit { path: path.into(), why })?;
        Ok(Self { files: vec![path.into()], ..found })
    }

    /// Of a directory of `.npy` files that have such names; `None` if it has no such file.
    pub(super) fn of_directory(directory: &Path) -> Result<Option<Self>, DataError> {
        let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| {
            entry.file_name().to_str()?.strip_suffix(".npy").map(str::to_string)
        });
        let mut names: Vec<String> = names.collect();
        names.sort();
        if names.is_empty() {
            return Ok(None);
        }
        let place =
            |name: &str| ArrayPlace { path: directory.join(format!("{name}.npy")), member: None };
        let unfit = |why| DataError::Unfit { path: directory.into(), why };
        let mut found = Self::named(&names, &place).map_err(unfit)?;
        found.files = found.parts().flatten().map(|place| place.path.clone()).collect();
        Ok(Some(found))
    }

    /// Of arrays that have a file each.
    pub(super) fn separate(train: [ArrayPlace; 2], test: [ArrayPlace; 2]) -> Self {
        let files = train.iter().chain(&test).map(|place| place.path.clone()).collect();
        Self { train, test: Some(test), files, notes: Vec::new() }
    }

    /// Of arrays of these names. The error says what is missing.
    fn named(names: &[String], place: &dyn Fn(&str) -> ArrayPlace) -> Result<Self, String> {
        let naming = NAMINGS
            .iter()
            .find(|naming| find(names, naming[0]).is_some() && find(names, naming[1]).is_some());
        let Some(naming) = naming else { return Err(nothing_named(names)) };
        let pair = |at: usize| Some([find(names, naming[at])?, find(names, naming[at + 1])?]);
        let (train, test, validation) = (pair(0), pair(2), pair(4));
        let half = [naming[2], naming[3]].map(|name| find(names, name));
        if let [Some(only), None] | [None, Some(only)] = half {
            let lacking = if half[0].is_none() { naming[2] } else { naming[3] };
            return Err(format!(
                "no member `{lacking}`, though there is `{only}`: {}",
                listed(names)
            ));
        }
        let mut notes = Vec::new();
        let held_out = match (test, validation) {
            (Some(test), Some([images, labels])) => {
                let left = "are left out: neither learnt from nor tested on";
                notes.push(Note::Said(format!("`{images}` and `{labels}` {left}")));
                Some(test)
            }
            (None, Some(validation)) => {
                let [images, labels] = validation;
                let instead =
                    "and are tested on in the place of test images, of which there are none";
                notes.push(Note::Said(format!("`{images}` and `{labels}` are held out {instead}")));
                Some(validation)
            }
            (test, None) => test,
        };
        let Some(train) = train else { return Err(nothing_named(names)) };
        let used: BTreeSet<&str> =
            [Some(train), test, validation].into_iter().flatten().flatten().collect();
        let unused: Vec<&str> =
            names.iter().map(String::as_str).filter(|name| !used.contains(name)).collect();
        if !unused.is_empty() {
            notes.push(Note::Said(format!("not used of what is there: {}", unused.join(", "))));
        }
        let places = |pair: [&str; 2]| pair.map(place);
        Ok(Self { train: places(train), test: held_out.map(places), files: Vec::new(), notes })
    }

    /// Images and labels of the parts.
    fn parts(&self) -> impl Iterator<Item = &[ArrayPlace; 2]> {
        std::iter::once(&self.train).chain(&self.test)
    }

    /// Reads all arrays and makes sure that they are images and labels that fit each other. Headers
    /// are compared before any values are read.
    pub(super) fn read(&self) -> Result<StoredSet, DataError> {
        let [images, labels] = &self.train;
        let headers =
            self.parts().map(|[images, _]| images.header()).collect::<Result<Vec<_>, _>>()?;
        let shape = Shape::of(&headers[0].shape).map_err(|why| images.unfit(why))?;
        for ([place, labels], header) in self.parts().zip(&headers) {
            if header.shape.get(1..) != headers[0].shape.get(1..) {
                let (one, other) = (&headers[0].shape, &header.shape);
                let why = format!(
                    "is {one:?} and {} {other:?}: their samples differ in shape",
                    place.name()
                );
                return Err(images.unfit(why));
            }
            check_labels(labels, header.shape[0])?;
            check_counts(&place.path, header.shape[0], labels.header()?.shape[0])?;
        }
        let mut notes = self.notes.clone();
        let coded = self.parts().map(|[_, labels]| labels.read()).collect::<Result<Vec<_>, _>>()?;
        let places: Vec<&ArrayPlace> = self.parts().map(|[_, labels]| labels).collect();
        let coding = Coding::of(&places, &coded)?;
        notes.extend(coding.note(labels).map(Note::Said));
        let (scale, pixels) = self.pixels(&headers)?;
        notes.extend(scale.note(images, &headers[0], &pixels));
        let names: Vec<String> = self.parts().map(|[images, _]| images.name()).collect();
        notes.extend(unlike(&names, &pixels));
        let mut parts = Vec::new();
        for (((pixels, place), labels), header) in
            pixels.into_iter().zip(places).zip(coded).zip(&headers)
        {
            let pixels = shape.ordered(scale.applied(pixels));
            let images =
                Images { count: header.shape[0], image: shape.image, inputs: shape.inputs, pixels };
            parts.push(LabelledImages { images, labels: coding.classes(place, labels)? });
        }
        let test = if parts.len() > 1 { parts.pop() } else { None };
        let train = parts.pop().ok_or_else(|| images.unfit("holds nothing"))?;
        let fingerprint = self.fingerprint(scale)?;
        let classes = coding.count();
        StoredSet::new(&images.path, train, test, classes, fingerprint, notes)
    }

    /// The images of all parts, in one piece each, and what is to become of them.
    fn pixels(&self, headers: &[Header]) -> Result<(PixelScale, Vec<Pixels>), DataError> {
        let images = &self.train[0];
        let known = PixelScale::by_type(headers).map_err(|why| images.unfit(why))?;
        let values =
            headers.iter().map(|header| header.shape.iter().map(|&n| n as u128).product::<u128>());
        let need = values.sum::<u128>() * size_of::<f64>() as u128;
        let refused = |error: memory::MemoryError| DataError::Unfit {
            path: images.path.clone(),
            why: error.to_string(),
        };
        memory::check("all that it holds", need).map_err(refused)?;
        let read = self.parts().map(|[images, _]| {
            let pixels = Pixels::Real(images.read()?.data);
            Ok(if known == Some(PixelScale::Bytes) {
                PixelScale::Bytes.applied(pixels)
            } else {
                pixels
            })
        });
        let pixels = read.collect::<Result<Vec<_>, DataError>>()?;
        Ok((known.unwrap_or_else(|| PixelScale::by_values(&pixels)), pixels))
    }

    /// BLAKE3 of the files, and of how they are read where they were once read otherwise.
    fn fingerprint(&self, scale: PixelScale) -> Result<String, DataError> {
        let mut hasher = blake3::Hasher::new();
        for path in &self.files {
            let refused = |source| DataError::File { path: path.clone(), source };
            hasher.update_reader(std::fs::File::open(path).map_err(refused)?).map_err(refused)?;
        }
        // Results that were stored when bytes of archives were not scaled are not those of bytes
        // that are.
        if scale == PixelScale::Bytes {
            hasher.update(b"divided by 255");
        }
        Ok(hasher.finalize().to_hex().to_string())
    }
}

/// The name itself, or the only one that differs from it but in case.
fn find<'a>(names: &'a [String], wanted: &str) -> Option<&'a str> {
    if let Some(found) = names.iter().find(|name| *name == wanted) {
        return Some(found);
    }
    let mut alike = names.iter().filter(|name| name.eq_ignore_ascii_case(wanted));
    let found = alike.next()?;
    alike.next().is_none().then_some(found)
}

fn listed(names: &[String]) -> String {
    format!("it has {}", names.join(", "))
}

fn nothing_named(names: &[String]) -> String {
    let images = NAMINGS.iter().find(|naming| find(names, naming[0]).is_some());
    let (lacking, whose) = match images {
        Some(naming) => (naming[1], format!(", the labels of `{}`", naming[0])),
        None => ("x", String::new()),
    };
    format!("no member `{lacking}`{whose}: {}; save images and labels as {NAMED}", listed(names))
}

/// How the values of a sample are arranged.
struct Shape {
    /// Channels, height and width, where samples are images.
    image: Option<[usize; 3]>,
    inputs: usize,
    /// Whether the colours of a pixel are beside each other, in place of planes.
    colours_last: bool,
}

impl Shape {
    fn of(shape: &[usize]) -> Result<Self, String> {
        let flat = "x.reshape(len(x), -1)";
        if shape.len() < 2 || shape.contains(&0) {
            return Err(format!(
                "is {shape:?}: expected samples by features, or samples by height by width"
            ));
        }
        let inputs = shape[1..]
            .iter()
            .try_fold(1usize, |n, &size| n.checked_mul(size))
            .ok_or("is too large")?;
        let (image, colours_last) = match shape[1..] {
            [_] => (None, false),
            [height, width] => (Some([1, height, width]), false),
            [first, middle, last] => match (is_colours(first), is_colours(last)) {
                (true, false) => (Some([first, middle, last]), false),
                (false, true) => (Some([last, first, middle]), true),
                // Where both could be colours, the side that leaves square images tells.
                (true, true) if middle == last && first != middle => {
                    (Some([first, middle, last]), false)
                }
                (true, true) if first == middle && middle != last => {
                    (Some([last, first, middle]), true)
                }
                (true, true) if [first, middle, last] == [1; 3] => (Some([1; 3]), false),
                (true, true) => {
                    return Err(format!(
                        "is {shape:?}: colours cannot be distinguished from pixels; save it as \
                        {flat}"
                    ));
                }
                (false, false) => {
                    return Err(format!(
                        "is {shape:?}: expected one channel or three, before height and width or \
                         after them; save samples of any other shape as {flat}"
                    ));
                }
            },
            _ => {
                return Err(format!(
                    "is {shape:?}: expected samples by features, by height by width, or the same \
                     with one channel or three; save samples of any other shape as {flat}"
                ));
            }
        };
        Ok(Self { image, inputs, colours_last })
    }

    /// The values with the planes of colours one after the other, as in CIFAR.
    fn ordered(&self, pixels: Pixels) -> Pixels {
        let Some([channels, height, width]) =
            self.image.filter(|image| self.colours_last && image[0] > 1)
        else {
            return pixels;
        };
        fn planes<P: Copy>(values: &[P], channels: usize, pixels: usize) -> Vec<P> {
            let images = values.chunks_exact(channels * pixels);
            let plane =
                |image, channel| <[P]>::iter(image).skip(channel).step_by(channels).copied();
            images
                .flat_map(|image| (0..channels).flat_map(move |channel| plane(image, channel)))
                .collect()
        }
        match pixels {
            Pixels::Bytes(bytes) => Pixels::Bytes(planes(&bytes, channels, height * width)),
            Pixels::Real(values) => Pixels::Real(planes(&values, channels, height * width)),
        }
    }
}

fn is_colours(channels: usize) -> bool {
    channels == 1 || channels == 3
}

/// What becomes of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PixelScale {
    /// They are grey levels of 0 to 255, divided by 255 as those of IDX files are.
    Bytes,
    /// They are taken as they are.
    AsTheyAre,
}

/// Grey levels of images that have any light reach this far.
const DARK: f64 = 64.0;

/// From values of this size on inputs are warned of: the digits of scikit-learn reach it, features
/// that have been standardised do not.
const LARGE: f64 = 16.0;

impl PixelScale {
    /// By the stored type; `None` of integers wider than a byte, whose values decide. The error
    /// says what does not fit.
    fn by_type(headers: &[Header]) -> Result<Option<Self>, String> {
        use array::Stored::{Int, Uint};
        let is_byte = |header: &Header| header.stored == Uint(1);
        if headers.iter().all(is_byte) {
            return Ok(Some(Self::Bytes));
        }
        if headers.iter().all(|header| matches!(header.stored, Int(_) | Uint(_))) {
            return Ok(None);
        }
        if headers.iter().any(is_byte) {
            let why = "is of unsigned bytes and the other images are not, or the reverse: save \
                       both with the same type, bytes of 0 to 255 or numbers of 0 to 1 \
                       (x.astype('f4') / 255)";
            return Err(why.into());
        }
        Ok(Some(Self::AsTheyAre))
    }

    /// Of integers.
    fn by_values(pixels: &[Pixels]) -> Self {
        let (least, most) = range(pixels);
        if least >= 0.0 && most > 1.0 && most <= LEVELS { Self::Bytes } else { Self::AsTheyAre }
    }

    fn applied(self, pixels: Pixels) -> Pixels {
        match (self, pixels) {
            // All are whole numbers of 0 to 255.
            (Self::Bytes, Pixels::Real(values)) => {
                Pixels::Bytes(values.into_iter().map(|value| value as u8).collect())
            }
            (_, pixels) => pixels,
        }
    }

    /// What a user should know of it.
    fn note(self, place: &ArrayPlace, header: &Header, pixels: &[Pixels]) -> Option<Note> {
        // The values of the part that is named: what is said of it has to be true of it.
        let (least, most) = range(&pixels[..1]);
        let name = place.name();
        let is_byte = header.stored == array::Stored::Uint(1);
        if self == Self::Bytes {
            let taken = format!(
                "{name} is of integers from {least} to {most}, taken for grey levels and divided \
                 by 255 as bytes are; save it with .astype('f4') to have them as they are"
            );
            let bytes = format!("{name} is of unsigned bytes, divided by 255 as in IDX files");
            return Some(match () {
                () if most <= 1.0 => dark(&name),
                () if most < DARK => Note::Warned(format!(
                    "{name} holds integers up to {most}, which are divided by 255 as grey levels \
                     are: inputs reach {:.2}; if {most} is white, save x / {most} in its place",
                    most / LEVELS
                )),
                () => Note::Said(if is_byte { bytes } else { taken }),
            });
        }
        if most.max(-least) < LARGE {
            return None;
        }
        let remedy = match () {
            () if least < 0.0 => {
                "standardise them, (x - x.mean(0)) / x.std(0), unless this is meant".into()
            }
            () if most > LEVELS => format!("if they are grey levels, save x / {most} in its place"),
            () if most > LARGE => "if they are grey levels, save x / 255 in its place".into(),
            () => format!("if they are grey levels, save x / {LARGE} in its place"),
        };
        Some(Note::Warned(format!(
            "{name} holds numbers from {least} to {most}, which are used as they are: networks \
            hardly learn from inputs this large; {remedy}"
        )))
    }
}

/// A warning of images for training and testing that were scaled in different ways.
fn unlike(names: &[String], pixels: &[Pixels]) -> Option<Note> {
    let ([train, test], [of_train, of_test]) = (names, pixels) else { return None };
    let [(mean, sd), (other, spread)] = [of_train, of_test].map(moments);
    let (narrow, wide) = (sd.min(spread), sd.max(spread));
    let alike = wide <= 2.0 * narrow && (mean - other).abs() <= wide;
    (!alike).then(|| {
        Note::Warned(format!(
            "{train} has mean {mean:.3} and standard deviation {sd:.3}, {test} {other:.3} and \
             {spread:.3}: scale both in the same way, with the numbers of the training images"
        ))
    })
}

/// Mean and standard deviation.
fn moments(pixels: &Pixels) -> (f64, f64) {
    let (mut count, mut sum, mut squares) = (0.0, 0.0, 0.0);
    each(pixels, |value| {
        count += 1.0;
        sum += value;
        squares += value * value;
    });
    let mean: f64 = sum / f64::max(count, 1.0);
    (mean, (squares / f64::max(count, 1.0) - mean * mean).max(0.0).sqrt())
}

/// Hands every value to a function.
fn each(pixels: &Pixels, mut take: impl FnMut(f64)) {
    match pixels {
        Pixels::Bytes(bytes) => bytes.iter().for_each(|&byte| take(byte.into())),
        Pixels::Real(values) => values.iter().for_each(|&value| take(value)),
    }
}

/// Smallest and largest value.
fn range(pixels: &[Pixels]) -> (f64, f64) {
    let mut range = (f64::INFINITY, f64::NEG_INFINITY);
    for pixels in pixels {
        each(pixels, |value| range = (range.0.min(value), range.1.max(value)));
    }
    range
}

/// How labels stand for classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    /// A whole number per sample: so many classes.
    Whole(usize),
    /// -1 for the first of two classes and 1 for the second.
    Signs,
    /// A column per class.
    OneHot(usize),
}

const LABELS: &str = "labels are whole numbers from 0 to 255";
/// What makes classes of labels of any kind. Each part by itself would number a class differently
/// where the other has one more.
const RENUMBER: &str = "y of `y = np.unique(np.concatenate([train, test]), \
    return_inverse=True)[1]`, of both parts together (then `np.split(y, [len(train)])`),";

/// Refuses labels of a type or shape that is none, before they are read.
fn check_labels(place: &ArrayPlace, images: usize) -> Result<(), DataError> {
    let shape = match place.header() {
        Ok(header) => header.shape,
        Err(DataError::Array(ArrayError::Type { found, .. })) => {
            return Err(place
                .unfit(format!("holds labels of type {found}: save {RENUMBER} in their place")));
        }
        Err(other) => return Err(other),
    };
    match shape[..] {
        [1, columns] if columns == images && images > 1 => {
            Err(place.unfit(format!("is {shape:?}, a single row: save y.ravel() in its place")))
        }
        [_] | [_, 1..=256] => Ok(()),
        _ => Err(place
            .unfit(format!("is {shape:?}: expected one label per sample, or a column per class"))),
    }
}

impl Coding {
    fn of(places: &[&ArrayPlace], arrays: &[Array]) -> Result<Self, DataError> {
        let columns: Vec<usize> =
            arrays.iter().map(|array| array.shape.get(1).copied().unwrap_or(1)).collect();
        if columns.iter().any(|&n| n != columns[0]) {
            let why =
                format!("has {} column(s), {} has {}", columns[0], places[1].name(), columns[1]);
            return Err(places[0].unfit(why));
        }
        if columns[0] > 1 {
            return Ok(Self::OneHot(columns[0]));
        }
        let mut values = arrays.iter().flat_map(|array| array.data.iter().copied());
        if values.clone().any(|value| value < 0.0) && values.clone().all(|value| value.abs() == 1.0)
        {
            return Ok(Self::Signs);
        }
        for (place, array) in places.iter().zip(arrays) {
            let is_class = |value: f64| value.fract() == 0.0 && (0.0..=255.0).contains(&value);
            if let Some(at) = array.data.iter().position(|&value| !is_class(value)) {
                let why = format!(
                    "holds {} at index {at}: {LABELS}; save {RENUMBER} in its place",
                    array.data[at]
                );
                return Err(place.unfit(why));
            }
        }
        let most = values.by_ref().fold(0.0, f64::max);
        Ok(Self::Whole(most as usize + 1))
    }

    fn count(self) -> usize {
        match self {
            Self::Signs => 2,
            Self::Whole(classes) | Self::OneHot(classes) => classes,
        }
    }

    fn note(self, place: &ArrayPlace) -> Option<String> {
        let name = place.name();
        match self {
            Self::Whole(_) => None,
            Self::Signs => Some(format!("{name} is -1 and 1, taken for classes 0 and 1")),
            Self::OneHot(classes) => {
                Some(format!("{name} has a column for each of {classes} classes"))
            }
        }
    }

    /// The classes that labels stand for.
    fn classes(self, place: &ArrayPlace, labels: Array) -> Result<Vec<u8>, DataError> {
        match self {
            // All have been found to be whole numbers of 0 to 255, or signs.
            Self::Whole(_) => Ok(labels.data.into_iter().map(|label| label as u8).collect()),
            Self::Signs => Ok(labels.data.into_iter().map(|label| u8::from(label > 0.0)).collect()),
            Self::OneHot(columns) => {
                let rows = labels.data.chunks_exact(columns).enumerate();
                rows.map(|(at, row)| one_hot(row).ok_or_else(|| place.unfit(no_class(at, row))))
                    .collect()
            }
        }
    }
}

/// The only column of a row that is 1, where all others are 0, or all are -1.
fn one_hot(row: &[f64]) -> Option<u8> {
    let on = row.iter().position(|&value| value == 1.0)?;
    let mut others = row.iter().enumerate().filter(|(at, _)| *at != on).map(|(_, &value)| value);
    let off = others.next()?;
    let fits = (off == 0.0 || off == -1.0) && others.all(|value| value == off);
    if fits { u8::try_from(on).ok() } else { None }
}

fn no_class(at: usize, row: &[f64]) -> String {
    let ones = row.iter().filter(|&&value| value == 1.0).count();
    let what =
        if ones > 1 { format!("has {ones} ones") } else { "is not one 1 among zeros".into() };
    format!(
        "has a column per class, and row {at} {what}: every sample has one class; save y.argmax(1) \
         if the largest is meant"
    )
}

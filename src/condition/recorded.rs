//! Kind recorded: runs of other programs, measured as those of this one are.

use super::conflict::Conflict;
use super::record_every::RecordEvery;
use crate::recorded::{LayerOnRecord, RecordedNetwork, RecordedNetworkError, recording_digest};
use crate::text::{Refused, Setting, settings, toml_list, toml_string};
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use toml::de::DeValue;

/// Where recordings are: paths and patterns, as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recordings(Vec<String>);

impl Recordings {
    /// The recordings, a repeat each: those of a pattern in the order of their names, in which
    /// numbers count as numbers.
    ///
    /// # Errors
    /// If a pattern makes no sense or finds nothing, or two name the same recording.
    fn find(&self) -> Result<Vec<PathBuf>, String> {
        let (mut all, mut known) = (Vec::new(), BTreeSet::new());
        for text in &self.0 {
            let path = Path::new(text);
            // A name may have brackets and asterisks of its own.
            let found = if path.exists() || !text.contains('*') {
                vec![path.to_path_buf()]
            } else {
                matching(text)?
            };
            for path in found {
                let place = path.canonicalize().unwrap_or_else(|_| path.clone());
                if !known.insert(place) {
                    return Err(format!("{} is there twice: leave it out once", path.display()));
                }
                all.push(path);
            }
        }
        Ok(all)
    }
}

impl Recordings {
    /// As typed.
    fn text(&self) -> String {
        self.0.join(",")
    }

    /// The recordings as they are; those that are remembered and not there as they were.
    fn open_or(
        &self,
        remembered: Remembered,
    ) -> Result<Vec<Arc<RecordedNetwork>>, RecordedNetworkError> {
        let Remembered { recordings, updates, layers } = remembered;
        // Nothing is found where all of them are gone.
        let mut places = self.find().unwrap_or_default();
        let gone: BTreeMap<PathBuf, String> =
            recordings.into_iter().filter(|(place, _)| !place.exists()).collect();
        places.retain(|place| !gone.contains_key(place));
        places.extend(gone.keys().cloned());
        places.sort_by_cached_key(|path| in_order(&path.to_string_lossy()));
        let each = places.into_iter().map(|place| match gone.get(&place) {
            None => open(&place),
            Some(digest) => Ok(Arc::new(RecordedNetwork::remembered(
                &place,
                digest.clone(),
                updates.clone(),
                layers.clone(),
            ))),
        });
        each.collect()
    }
}

/// What a pattern finds, in which `*` stands for any text within a name.
fn matching(pattern: &str) -> Result<Vec<PathBuf>, String> {
    // Nothing but the asterisk is special.
    let escaped: Vec<String> = pattern.split('*').map(glob::Pattern::escape).collect();
    let options = glob::MatchOptions {
        case_sensitive: true,
        require_literal_separator: true,
        require_literal_leading_dot: true,
    };
    let found = glob::glob_with(&escaped.join("*"), options).map_err(|error| error.to_string())?;
    let mut found: Vec<PathBuf> =
        found.collect::<Result<_, _>>().map_err(|error: glob::GlobError| error.to_string())?;
    if found.is_empty() {
        return Err(format!("nothing is called `{pattern}`: give the place of a recording"));
    }
    found.sort_by_cached_key(|path| in_order(&path.to_string_lossy()));
    Ok(found)
}

/// What a name is sorted by: its parts that are no digits, and its numbers.
fn in_order(name: &str) -> Vec<(String, u128)> {
    let mut parts: Vec<(String, u128)> = vec![(String::new(), 0)];
    let mut in_number = false;
    for character in name.chars() {
        let digit = character.to_digit(10).map(u128::from);
        if digit.is_none() && in_number {
            parts.push((String::new(), 0));
        }
        in_number = digit.is_some();
        if let Some((text, number)) = parts.last_mut() {
            match digit {
                Some(digit) => *number = number.saturating_mul(10).saturating_add(digit),
                None => text.push(character),
            }
        }
    }
    parts
}

impl Setting for Recordings {
    type Bounds = ();

    fn expected((): &()) -> String {
        "places of recordings, separated by commas: .npz archives or directories, with * for any \
         text within a name"
            .into()
    }

    fn read(text: &str, (): &()) -> Result<Self, Refused> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let all: Vec<String> = text.split(',').map(|part| part.trim().to_string()).collect();
        if all.iter().any(String::is_empty) {
            return Err(Refused::form::<Self>(text, &()));
        }
        Ok(Self(all))
    }

    fn toml_text(value: &DeValue<'_>, (): &()) -> Option<String> {
        toml_list(value, toml_string).or_else(|| toml_string(value))
    }

    fn json(&self, (): &()) -> Json {
        self.text().into()
    }
}

/// What recordings are called in tables and figures: what tells the name of one, or of a pattern,
/// from others.
fn label(recordings: &Recordings, text: &str) -> String {
    let [only] = &recordings.0[..] else { return text.into() };
    let path = Path::new(only.trim_end_matches(['/', '\\']));
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    // Chains of layers have the same name in every run.
    let varied = parts.iter().position(|part| part.contains('*')).unwrap_or(parts.len());
    let kept = parts[varied.min(parts.len().saturating_sub(1))..].join("/");
    kept.strip_suffix(".npz").unwrap_or(&kept).into()
}

/// What the recordings of a condition hold.
#[derive(Clone, Debug, Default)]
pub struct Opened {
    networks: Vec<Arc<RecordedNetwork>>,
    /// What is on record of every layer in one of them, at least.
    layers: Vec<LayerOnRecord>,
}

impl Opened {
    fn new(networks: Vec<Arc<RecordedNetwork>>) -> Self {
        let mut layers = networks.first().map_or(Vec::new(), |network| network.layers().to_vec());
        for network in &networks {
            layers.iter_mut().zip(network.layers()).for_each(|(layer, other)| layer.or(other));
        }
        Self { networks, layers }
    }
}

/// The same contents are the same.
impl PartialEq for Opened {
    fn eq(&self, other: &Self) -> bool {
        let digests = |of: &Self| -> Vec<String> {
            of.networks.iter().map(|of| of.digest().to_string()).collect()
        };
        digests(self) == digests(other)
    }
}

/// What the recordings of a condition were when they were measured, so that results can be read
/// where these are not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remembered {
    /// Places, and the hashes of what was there.
    pub recordings: Vec<(PathBuf, String)>,
    /// Updates before each state.
    updates: Vec<usize>,
    /// What is on record of every layer.
    layers: Vec<LayerOnRecord>,
}

/// By how recordings were typed.
type Memory = BTreeMap<String, Remembered>;

thread_local! {
    /// What is remembered while conditions are read.
    static REMEMBERED: RefCell<Memory> = const { RefCell::new(Memory::new()) };
}

/// Reads conditions, in which recordings that are not there any more are as they are remembered.
pub fn remembering<R>(known: BTreeMap<String, Remembered>, read: impl FnOnce() -> R) -> R {
    let before = REMEMBERED.replace(known);
    let found = read();
    REMEMBERED.set(before);
    found
}

settings! {
    /// One point of a sweep over recorded networks.
    pub struct RecordedCondition {
        recording: Recordings = Recordings::default() => RECORDING(
            "recording", "PATHS",
            "Recordings of networks, a repeat each, separated by commas: .npz archives or \
             directories, with * for any text within a name (runs/fa-*); of a network with \
             convolutions the directory above those of its layers", (),
            label = label
        );
        /// What they hold.
        opened: Opened = Opened::default();
    }
}

impl RecordedCondition {
    /// What is known of the recordings, by repeat: none of them is open.
    pub fn networks(&self) -> &[Arc<RecordedNetwork>] {
        &self.opened.networks
    }

    /// What is to be remembered of the recordings, by how they were typed.
    pub fn to_remember(&self) -> (String, Remembered) {
        let recordings = self.networks().iter();
        let recordings =
            recordings.map(|of| (of.path().to_path_buf(), of.digest().to_string())).collect();
        let (updates, layers) = (self.updates().to_vec(), self.layers().to_vec());
        (self.recording.text(), Remembered { recordings, updates, layers })
    }

    /// That of a repeat.
    pub fn network(&self, repeat: u64) -> Option<&Arc<RecordedNetwork>> {
        self.opened.networks.get(usize::try_from(repeat).ok()?)
    }

    /// Updates before each state on record: the same of all recordings.
    pub fn updates(&self) -> &[usize] {
        self.opened.networks.first().map_or(&[], |network| network.updates())
    }

    /// Updates before the states that are measured: of the states on record, as many as a schedule
    /// has of iterations, and those of these updates.
    pub fn states_at(&self, schedule: RecordEvery, also: &[usize]) -> Vec<usize> {
        let updates = self.updates();
        let Some(last) = updates.len().checked_sub(1) else { return Vec::new() };
        let asked = also.iter().filter_map(|update| updates.binary_search(update).ok());
        let places = schedule.iterations(last, 1, &asked.collect::<Vec<_>>());
        places.into_iter().map(|place| updates[place]).collect()
    }

    /// What is on record of every layer: the same members in all recordings, and what one of them
    /// tells at least.
    pub fn layers(&self) -> &[LayerOnRecord] {
        &self.opened.layers
    }

    /// What layers are fed, and in the end the outputs; nothing where these do not say how many
    /// weights the layers above the first have, as those of convolutions, which are fed patches.
    pub(super) fn sizes(&self) -> Vec<usize> {
        let layers = self.layers();
        let is_chain = layers.windows(2).skip(1).all(|pair| pair[0].shape[1] == pair[1].shape[0]);
        let inputs = layers.iter().filter(|_| is_chain).map(|layer| layer.shape[0]);
        inputs.chain(layers.last().filter(|_| is_chain).map(|layer| layer.shape[1])).collect()
    }

    /// Looks at the recordings, each once unless it has changed.
    pub(super) fn settle(&mut self) -> Result<(), Conflict> {
        let refuse =
            |why: String| Conflict::of([Self::RECORDING.name()], format!("recording: {why}"));
        let remembered = REMEMBERED.with_borrow(|known| known.get(&self.recording.text()).cloned());
        if let Some(remembered) = remembered {
            let opened = self.recording.open_or(remembered);
            self.opened = Opened::new(opened.map_err(|error| refuse(error.to_string()))?);
            return Ok(());
        }
        let places = self.recording.find().map_err(refuse)?;
        let opened = places.iter().map(|place| open(place));
        let opened: Vec<_> =
            opened.collect::<Result<_, _>>().map_err(|error| refuse(error.to_string()))?;
        self.opened = Opened::new(opened);
        Ok(())
    }

    /// Recordings that are no repeats of each other.
    pub(super) fn conflicts(&self) -> Vec<Conflict> {
        let Some((first, others)) = self.opened.networks.split_first() else { return Vec::new() };
        let differs = |other: &&Arc<RecordedNetwork>| {
            let alike = first.layers().iter().zip(other.layers()).all(|(a, b)| a.is_like(b));
            other.updates() != first.updates()
                || other.layers().len() != first.layers().len()
                || !alike
        };
        let Some(other) = others.iter().find(differs) else { return Vec::new() };
        let message = format!(
            "recording: {} is no repeat of {}: {}; give those of one network, recorded alike, and \
             others as conditions of their own",
            other.path().display(),
            first.path().display(),
            difference(first, other)
        );
        vec![Conflict::of([Self::RECORDING.name()], message)]
    }
}

/// Where two recordings differ, in words.
fn difference(first: &RecordedNetwork, other: &RecordedNetwork) -> String {
    let [one, two] = [first, other].map(RecordedNetwork::updates);
    if one != two {
        let words = |updates: &[usize]| {
            format!("{} states up to update {}", updates.len(), updates.last().unwrap_or(&0))
        };
        return format!("{} in place of {}", words(two), words(one));
    }
    let [one, two] = [first, other].map(RecordedNetwork::layers);
    if one.len() != two.len() {
        return format!("{} layers in place of {}", two.len(), one.len());
    }
    let layers = one.iter().zip(two).enumerate();
    let told = layers.filter(|(_, (one, two))| !one.is_like(two)).map(|(l, (one, two))| {
        if one.shape != two.shape && one.weights && two.weights {
            let [[a, b], [c, d]] = [two.shape, one.shape];
            return format!("W{l} is {a} x {b} in place of {c} x {d}");
        }
        format!("not the same of layer {l} is on record")
    });
    told.take(1).collect()
}

/// What a recording holds now, looked at once as long as it stays the same.
fn open(path: &Path) -> Result<Arc<RecordedNetwork>, RecordedNetworkError> {
    static KNOWN: Mutex<BTreeMap<PathBuf, Arc<RecordedNetwork>>> = Mutex::new(BTreeMap::new());
    let digest = recording_digest(path)?;
    let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(network) = known().get(path).filter(|network| network.digest() == digest) {
        return Ok(network.clone());
    }
    let network = Arc::new(RecordedNetwork::open(path)?.closed());
    known().insert(path.to_path_buf(), network.clone());
    Ok(network)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_count_as_numbers() {
        let mut names = ["fa-10", "fa-9", "bp-2/x", "fa-9b", "fa", "fa-009"];
        names.sort_by_key(|name| in_order(name));
        assert_eq!(names, ["bp-2/x", "fa", "fa-9", "fa-009", "fa-9b", "fa-10"]);
    }

    #[test]
    fn labels_tell_runs_apart_and_not_their_layers() {
        for (text, expected) in [
            ("runs/fa-1", "fa-1"),
            ("runs/fa-1/", "fa-1"),
            ("runs/fa-*.npz", "fa-*"),
            ("runs/fa-*/fc", "fa-*/fc"),
            ("a.npz,b.npz", "a.npz,b.npz"),
        ] {
            let recordings = Recordings::read(text, &()).unwrap();
            assert_eq!(label(&recordings, text), expected);
        }
        assert!(Recordings::read("a,,b", &()).is_err());
    }
}

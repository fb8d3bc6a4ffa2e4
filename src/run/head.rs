//! What a run directory says of itself, as far as its checksums vouch for it.

use super::error::RunError;
use super::files::{JOBS, MANIFEST};
use super::job::RESULTS_VERSION;
use super::manifest::FORMAT;
use super::plan::Plan;
use super::shard::Shard;
use crate::condition::{Remembered, remembering};
use crate::file::{CHECKSUMS, Checksums, FileError};
use crate::spec::{RECORDINGS, Spec, parse_spec, read_spec};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// What a run directory says of itself.
#[derive(Clone, Debug)]
pub struct Described {
    /// The documents that were run, every value written out.
    pub specs: Vec<Spec>,
    /// The share of their jobs that was to be run; `None` for all.
    pub shard: Option<Shard>,
}

/// Reads from a run directory what it is of.
///
/// # Errors
/// If it is no run directory of this version, or its specs are not there, were changed or cannot be
/// read.
pub fn read_directory(path: &Path) -> Result<Described, RunError> {
    let checksums = Checksums::read(path)?;
    let head = Head::of_run(path, &checksums)?;
    let (specs, _) = head.specs(path, &checksums)?;
    Ok(Described { specs, shard: head.shard })
}

/// What a run directory says of itself as a whole.
pub(super) struct Head {
    /// Address of the results; `None` where nothing vouches for one.
    address: Option<String>,
    /// Version of the program that wrote it.
    pub version: String,
    /// Why the run ended, or `under way`.
    pub ended: String,
    /// Its share of the jobs.
    pub shard: Option<Shard>,
    /// What is wrong with the manifest, as a sentence begins.
    pub damage: Option<String>,
    /// The manifest, if it is whole.
    manifest: Option<Json>,
}

/// A manifest as it was found.
enum Manifest {
    Whole(Json),
    /// Why, and the text there is.
    Damaged(String, String),
}

impl Head {
    /// From the manifest of a directory, or from its specs where that is damaged; `None` where
    /// there is none and never was.
    ///
    /// # Errors
    /// If it is of another version of the results, or cannot be read.
    pub fn read(directory: &Path, checksums: &Checksums) -> Result<Option<Self>, RunError> {
        match read_manifest(&directory.join(MANIFEST), checksums)? {
            None => Ok(None),
            Some(Manifest::Whole(manifest)) => Self::of_manifest(directory, manifest).map(Some),
            Some(Manifest::Damaged(why, text)) => {
                Ok(Some(Self::of_specs(directory, checksums, why, &text)))
            }
        }
    }

    /// The same, of a directory that has to be a run and to say of what.
    pub fn of_run(directory: &Path, checksums: &Checksums) -> Result<Self, RunError> {
        let head = Self::read(directory, checksums)?
            .ok_or_else(|| RunError::NoRun(directory.to_path_buf()))?;
        if head.address.is_some() { Ok(head) } else { Err(unknown(directory, checksums)) }
    }

    fn of_manifest(directory: &Path, manifest: Json) -> Result<Self, RunError> {
        let version = manifest["results-version"].as_u64();
        if let Some(theirs) = version.filter(|&theirs| theirs != u64::from(RESULTS_VERSION)) {
            return Err(RunError::OtherVersion { path: directory.to_path_buf(), theirs });
        }
        let text = |key: &str| manifest[key].as_str().map(String::from);
        Ok(Self {
            address: text("address"),
            version: text("version").unwrap_or_default(),
            ended: text("ended").unwrap_or_default(),
            shard: text("shard").and_then(|shard| Shard::parse(&shard).ok()),
            damage: None,
            manifest: Some(manifest),
        })
    }

    /// From the specs that the run wrote, and of the damaged manifest no more than which shard it
    /// is: the wrong one would do too many or too few of the jobs, and none wrongly.
    fn of_specs(directory: &Path, checksums: &Checksums, mut why: String, text: &str) -> Self {
        let shard = text.split("\"shard\": \"").nth(1).and_then(|rest| rest.split('"').next());
        let shard = shard.and_then(|shard| Shard::parse(shard).ok());
        if let Some(shard) = shard {
            why += &format!(" (it is assumed to be that of shard {shard}, as it still says)");
        }
        let unknown = || "unknown, as its manifest is damaged".to_string();
        let mut head = Self {
            address: None,
            version: unknown(),
            ended: unknown(),
            shard,
            damage: Some(why),
            manifest: None,
        };
        let specs = head.specs(directory, checksums).ok();
        head.address = specs.and_then(|(specs, _)| Some(Plan::new(specs).ok()?.address()));
        head
    }

    /// Address of the results, in words.
    pub fn address(&self) -> &str {
        self.address.as_deref().unwrap_or("unknown")
    }

    /// Refuses another spec than that of `plan`.
    ///
    /// # Errors
    /// If the directory is of another spec, or of an unknown one.
    pub fn check(&self, directory: &Path, plan: &Plan) -> Result<(), RunError> {
        match &self.address {
            Some(address) if *address == plan.address() => Ok(()),
            Some(address) => match self.stored_as(directory, plan) {
                Some((stored, _)) if stored != *address => {
                    Err(RunError::OtherData { path: directory.to_path_buf() })
                }
                Some((_, true)) => Ok(()),
                Some((_, false)) => Err(RunError::MoreRepeats { path: directory.to_path_buf() }),
                None => Err(RunError::OtherSpec {
                    path: directory.to_path_buf(),
                    theirs: self.names(directory),
                }),
            },
            None if holds_jobs_of(directory, plan) => Ok(()),
            None => Err(Checksums::read(directory)
                .map_or_else(RunError::File, |checksums| unknown(directory, &checksums))),
        }
    }

    /// The address of the specs in the directory as the files that they name are now, if they are
    /// those of `plan` but for repeats; and whether none has more of them: then jobs are among those
    /// of the plan, and further ones go beside them.
    fn stored_as(&self, directory: &Path, plan: &Plan) -> Option<(String, bool)> {
        let checksums = Checksums::read(directory).ok()?;
        let (mut specs, _) = self.specs(directory, &checksums).ok()?;
        let address = Plan::new(specs.clone()).ok()?.address();
        let mut analyses = specs.iter_mut().flat_map(|spec| &mut spec.analyses);
        let mut has_no_more = true;
        for analysis in plan.analyses() {
            let stored = analyses.next()?;
            has_no_more &= stored.settings.repeats <= analysis.settings.repeats;
            stored.settings.repeats = analysis.settings.repeats;
        }
        let is_whole = analyses.next().is_none();
        drop(analyses);
        let is_of_plan = is_whole && Plan::new(specs).ok()?.address() == plan.address();
        is_of_plan.then_some((address, has_no_more))
    }

    /// What is remembered of the recordings that were measured here, by how they were typed.
    fn remembered(&self) -> BTreeMap<String, Remembered> {
        self.manifest.as_ref().map(|manifest| remembered(&manifest["specs"])).unwrap_or_default()
    }

    /// Whether results are those of `specs` on the data that these name now.
    pub fn is_of(&self, specs: &[Spec]) -> bool {
        Plan::new(specs.to_vec()).is_ok_and(|plan| self.address() == plan.address())
    }

    /// Recordings of `specs` whose contents are no longer those that were measured here.
    pub fn changed_recordings(&self, specs: &[Spec]) -> Vec<String> {
        let places = |known: BTreeMap<String, Remembered>| -> BTreeMap<PathBuf, String> {
            known.into_values().flat_map(|of| of.recordings).collect()
        };
        let (then, now) = (places(self.remembered()), places(remembered(&to_json(specs))));
        let changed = now
            .iter()
            .filter(|(path, digest)| then.get(*path).is_some_and(|before| before != *digest));
        changed.map(|(path, _)| path.display().to_string()).collect()
    }

    /// Names of the specs.
    fn names(&self, directory: &Path) -> String {
        let of_manifest =
            self.manifest.iter().flat_map(|manifest| manifest["specs"].as_array()).flatten();
        let mut names: Vec<String> =
            of_manifest.filter_map(|spec| Some(format!("`{}`", spec["name"].as_str()?))).collect();
        if names.is_empty() {
            names = vec![format!("see {}", directory.join("spec.toml").display())];
        }
        names.join(", ")
    }

    /// The specs that the directory keeps, and what is wrong with their files though it changes
    /// nothing.
    ///
    /// # Errors
    /// If they are not there, cannot be read, or are not those that the run wrote.
    pub fn specs(
        &self,
        directory: &Path,
        checksums: &Checksums,
    ) -> Result<(Vec<Spec>, Vec<String>), RunError> {
        let paths: Vec<PathBuf> = spec_paths(directory).take_while(|path| path.is_file()).collect();
        if paths.is_empty() {
            return Err(RunError::NoSpec(directory.to_path_buf()));
        }
        let (mut specs, mut damages) = (Vec::new(), Vec::new());
        for path in &paths {
            let bytes =
                std::fs::read(path).map_err(|source| FileError::new("read", path, source))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            damages.extend(checksums.standing(&name, blake3::hash(&bytes)).damage(path));
            specs.push(remembering(self.remembered(), || match String::from_utf8(bytes) {
                Ok(text) => parse_spec(path, &text),
                // Says what is wrong with it.
                Err(_) => read_spec(path),
            }));
        }
        let specs: Result<Vec<Spec>, _> = specs.into_iter().collect();
        let written = self.manifest.as_ref().map(|manifest| &manifest["specs"]);
        let changed = |difference: Option<String>| RunError::SpecChanged {
            paths: paths.clone(),
            directory: directory.to_path_buf(),
            shard: self.shard,
            difference,
        };
        match (specs, written) {
            (Ok(specs), Some(written)) if !checksums.is_present() => {
                match other_name(&specs, written) {
                    Some(difference) => Err(changed(Some(difference))),
                    None => Ok((specs, damages)),
                }
            }
            (Ok(specs), _) if damages.is_empty() => Ok((specs, damages)),
            // What the manifest says, which is whole, is as good as the file.
            (Ok(specs), Some(written)) => match difference(&to_json(&specs), written, "") {
                None => Ok((specs, damages)),
                found => Err(changed(found)),
            },
            (Err(error), _) if damages.is_empty() => Err(error.into()),
            _ => Err(changed(None)),
        }
    }
}

/// Why nothing says what a directory is of: its checksums, if they are what is damaged.
fn unknown(directory: &Path, checksums: &Checksums) -> RunError {
    if checksums.is_present() && !checksums.has(MANIFEST) && directory.join(MANIFEST).is_file() {
        return RunError::Checksums(directory.join(CHECKSUMS));
    }
    RunError::Manifest(directory.join(MANIFEST))
}

/// What specs, as manifests have them, remember of recordings.
fn remembered(specs: &Json) -> BTreeMap<String, Remembered> {
    let specs = specs.as_array().into_iter().flatten();
    let analyses = specs.flat_map(|spec| spec["analyses"].as_array().into_iter().flatten());
    let known = analyses.filter_map(|analysis| {
        serde_json::from_value::<BTreeMap<String, Remembered>>(analysis.get(RECORDINGS)?.clone())
            .ok()
    });
    known.flatten().collect()
}

fn to_json(specs: &[Spec]) -> Json {
    specs.iter().map(Spec::to_json).collect()
}

/// Where there are no checksums, a name at least cannot change unseen.
fn other_name(specs: &[Spec], written: &Json) -> Option<String> {
    let names = |specs: &Json| {
        specs.as_array().into_iter().flatten().map(|spec| json!(spec["name"])).collect::<Json>()
    };
    let (now, then) = (names(&to_json(specs)), names(written));
    if then == json!([]) { None } else { difference(&now, &then, "name") }
}

/// The first place where `now` is not what it was `then`, in words.
fn difference(now: &Json, then: &Json, place: &str) -> Option<String> {
    if now == then {
        return None;
    }
    let inside = match (now, then) {
        (Json::Object(now), Json::Object(then)) if now.keys().eq(then.keys()) => {
            now.iter().find_map(|(key, value)| difference(value, &then[key], key))
        }
        (Json::Array(now), Json::Array(then)) if now.len() == then.len() => {
            now.iter().zip(then).find_map(|(now, then)| difference(now, then, place))
        }
        (Json::String(now), Json::String(then)) => other_line(now, then),
        (Json::Object(now), Json::Object(then)) => other_key(now, then),
        _ => None,
    };
    let place = if place.is_empty() { "what it says" } else { place };
    Some(inside.unwrap_or_else(|| format!("{place}: {now} now, {then} then")))
}

/// The first line in which texts of several lines differ, in words.
fn other_line(now: &str, then: &str) -> Option<String> {
    let (mut lines_now, mut lines_then) = (now.lines(), then.lines());
    if now.lines().count() < 2 && then.lines().count() < 2 {
        return None;
    }
    loop {
        match (lines_now.next(), lines_then.next()) {
            (Some(now), Some(then)) if now == then => {}
            (None, None) => return None,
            (now, then) => {
                let said =
                    |line: Option<&str>| line.map_or("nothing".into(), |of| format!("`{of}`"));
                return Some(format!("{} now, {} then", said(now), said(then)));
            }
        }
    }
}

/// The first key that only one of two tables has, in words.
fn other_key(now: &Map, then: &Map) -> Option<String> {
    let only =
        |these: &Map, those: &Map| these.keys().find(|key| !those.contains_key(*key)).cloned();
    only(now, then)
        .map(|key| format!("{key}: there now, and not then"))
        .or_else(|| only(then, now).map(|key| format!("{key}: there then, and not now")))
}

type Map = serde_json::Map<String, Json>;

/// The manifest of a directory, if it has or had one.
fn read_manifest(path: &Path, checksums: &Checksums) -> Result<Option<Manifest>, RunError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            let missing =
                || Manifest::Damaged(format!("{} is missing", path.display()), String::new());
            return Ok(checksums.has(MANIFEST).then(missing));
        }
        Err(source) => return Err(FileError::new("read", path, source).into()),
    };
    let parsed = serde_json::from_slice::<Json>(&bytes).ok();
    let parsed = parsed.filter(|json| json["format"] == FORMAT && json["address"].is_string());
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Ok(Some(match (parsed, checksums.standing(MANIFEST, blake3::hash(&bytes)).damage(path)) {
        (Some(manifest), None) => Manifest::Whole(manifest),
        (Some(_), Some(damage)) => Manifest::Damaged(damage, text),
        (None, _) => {
            Manifest::Damaged(format!("{} is not a manifest of this program", path.display()), text)
        }
    }))
}

/// Whether a directory has stored jobs, of which any is one of `plan`.
fn holds_jobs_of(directory: &Path, plan: &Plan) -> bool {
    let file = |address: &String| directory.join(JOBS).join(format!("{address}.json"));
    plan.addresses.iter().any(|address| file(address).is_file())
}

/// Where the specs of a run directory are kept: `spec.toml`, and `spec-2.toml`, ... where there are
/// several.
pub fn spec_paths(directory: &Path) -> impl Iterator<Item = PathBuf> {
    let name =
        |number| if number == 1 { "spec.toml".into() } else { format!("spec-{number}.toml") };
    let directory = directory.to_path_buf();
    (1..).map(move |number: usize| directory.join(name(number)))
}

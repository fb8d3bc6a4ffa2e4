//! Specs that extend another: its keys, those of the extending spec in their place.

use super::figure::RawFigure;
use super::node::{Pair, Problems};
use super::raw::{RawAnalysis, RawSpec};
use crate::text::suggestion;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::de::{DeTable, DeValue};

/// Adds the spec that the last one extends, the one that this extends, and so on. A spec whose
/// `extends` cannot be followed is a problem.
pub(super) fn follow_extends(problems: &mut Problems) {
    while let Some((at, typed)) = problems.sources.last().and_then(|last| extends(&last.placed())) {
        let Some(last) = problems.sources.last() else { return };
        let Ok(typed) = typed else {
            problems.add(
                at,
                "extends must be the path of a spec in quotes, relative to this file".into(),
            );
            return;
        };
        let path = last.path.parent().unwrap_or(Path::new("")).join(&typed);
        if let Some(chain) = cycle(problems, &path) {
            problems.add(at, format!("this spec extends itself: {chain}; leave one extends out"));
            return;
        }
        match read_file(&path) {
            Ok(text) => {
                let next = last.next(path, &text);
                problems.sources.push(next);
            }
            Err(error) => {
                let near = neighbours(&path);
                let near = suggestion(&typed, near.iter().map(String::as_str));
                let shown = path.display();
                problems.add(
                    at,
                    format!(
                        "cannot read {shown}, which is extended ({error}); paths are relative \
                        to this file{near}"
                    ),
                );
                return;
            }
        }
    }
}

/// Most bytes of a spec.
const MOST_BYTES: u64 = 16 << 20;

fn refused(why: &str) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidInput, why)
}

/// Text of a spec as typed, which may come through a pipe; no more of it is read than a spec can
/// have.
pub(super) fn read_text(path: &Path) -> std::io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MOST_BYTES + 1).read_to_string(&mut text).map_err(|error| {
        if error.kind() == ErrorKind::InvalidData {
            refused("it is no text, and a spec is")
        } else {
            error
        }
    })?;
    if text.len() as u64 <= MOST_BYTES {
        Ok(text)
    } else {
        Err(refused("it is too large for a spec"))
    }
}

/// Text of a spec that another names, which is a file: what else there is may keep who opens it
/// waiting.
fn read_file(path: &Path) -> std::io::Result<String> {
    if std::fs::metadata(path)?.is_file() { read_text(path) } else { Err(refused("it is no file")) }
}

/// Where a spec says that it extends another, and which; `Err` where that is no text.
fn extends(text: &str) -> Option<(Range<usize>, Result<String, ()>)> {
    let (document, errors) = DeTable::parse_recoverable(text);
    let node = document.get_ref().get("extends").filter(|_| errors.is_empty())?;
    Some((node.span(), node.get_ref().as_str().map(String::from).ok_or(())))
}

/// The files from `path` to where it is extended again, if it is there already.
fn cycle(problems: &Problems, path: &Path) -> Option<String> {
    let real = path.canonicalize().ok()?;
    let again = problems
        .sources
        .iter()
        .position(|source| source.path.canonicalize().is_ok_and(|other| other == real))?;
    let names = problems.sources[again..].iter().map(|source| source.path.display().to_string());
    Some(names.chain([path.display().to_string()]).collect::<Vec<_>>().join(" -> "))
}

/// Names of the specs in the directory of `path`.
fn neighbours(path: &Path) -> Vec<String> {
    let directory: PathBuf = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.into(),
        _ => ".".into(),
    };
    let names = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        names.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|name| name.ends_with(".toml"));
    names.sort();
    names
}

impl<'a> RawSpec<'a> {
    /// This spec over the one it extends. The name is not taken over, as each file has its own; nor
    /// is a title of what other conditions were.
    pub fn over(self, base: Self) -> Self {
        let is_other = self.analyses.iter().any(RawAnalysis::has_conditions);
        let name_of =
            |analysis: &RawAnalysis<'a>| analysis.name.and_then(|node| node.get_ref().as_str());
        Self {
            name: self.name,
            title: self.title.or(base.title.filter(|_| !is_other)),
            analyses: over_named(self.analyses, base.analyses, name_of, RawAnalysis::over),
            lets: over_pairs(self.lets, base.lets),
            families: self.families,
            // Those of the spec that is extended were set for its settings, and are checked there.
            claims: self.claims,
        }
    }
}

impl<'a> RawAnalysis<'a> {
    /// Whether it says anything of conditions.
    fn has_conditions(&self) -> bool {
        let pairs = [&self.base, &self.sweep, &self.zip];
        !self.conditions.is_empty() || pairs.iter().any(|pairs| !pairs.is_empty())
    }

    fn over(self, base: Self) -> Self {
        let is_other = self.has_conditions();
        // A parameter that is set or varied here is neither set nor varied there.
        let pairs_here = [&self.base, &self.sweep, &self.zip]
            .into_iter()
            .chain(self.conditions.iter().map(|(_, pairs)| pairs));
        let keys: Vec<&str> = pairs_here.flatten().map(|(key, _)| key.get_ref().as_ref()).collect();
        let left = |pairs: Vec<Pair<'a>>, kept: &[Pair<'a>]| -> Vec<Pair<'a>> {
            let here = |key: &str| kept.iter().any(|(other, _)| other.get_ref() == key);
            pairs
                .into_iter()
                .filter(|(key, _)| !keys.contains(&key.get_ref().as_ref()) || here(key.get_ref()))
                .collect()
        };
        let [base_table, sweep, zip] =
            [(base.base, &self.base), (base.sweep, &self.sweep), (base.zip, &self.zip)]
                .map(|(a, b)| left(a, b));
        let mut conditions = base.conditions;
        for (_, pairs) in &mut conditions {
            *pairs = left(std::mem::take(pairs), &[]);
        }
        // Of those that differed in what is set here alone, one is left.
        let mut seen = BTreeSet::new();
        conditions.retain(|(_, pairs)| {
            !pairs.is_empty() && seen.insert(pairs.iter().map(text).collect::<String>())
        });
        Self {
            header: self.header,
            name: self.name,
            title: self.title.or(base.title.filter(|_| !is_other)),
            kind: self.kind.or(base.kind),
            settings: over_pairs(self.settings, base.settings),
            base: over_pairs(self.base, base_table),
            sweep: over_pairs(self.sweep, sweep),
            zip: over_pairs(self.zip, zip),
            conditions: if self.conditions.is_empty() { conditions } else { self.conditions },
            figures: over_named(
                self.figures,
                base.figures.into_iter().map(|figure| figure.kept(is_other)).collect(),
                RawFigure::name,
                RawFigure::over,
            ),
        }
    }
}

impl<'a> RawFigure<'a> {
    fn name(&self) -> Option<&'a str> {
        self.keys.get("name")?.get_ref().as_str()
    }

    /// The figure as one of an extending spec: without its title where conditions are others.
    fn kept(mut self, is_other: bool) -> Self {
        if is_other {
            self.keys.remove("title");
        }
        self
    }

    fn over(self, base: Self) -> Self {
        let mut keys = base.keys;
        keys.extend(self.keys);
        Self { header: self.header, keys }
    }
}

/// A key with its value, whatever its place.
fn text((key, node): &Pair<'_>) -> String {
    fn of(value: &DeValue<'_>) -> String {
        match value {
            DeValue::Array(items) => items.iter().map(|item| of(item.get_ref()) + ",").collect(),
            other => format!("{other:?}"),
        }
    }
    format!("{}={};", key.get_ref(), of(node.get_ref()))
}

/// Values of keys of `own` in place of those of `base`, further ones after them.
fn over_pairs<'a>(own: Vec<Pair<'a>>, mut base: Vec<Pair<'a>>) -> Vec<Pair<'a>> {
    for pair in own {
        match base.iter_mut().find(|(key, _)| key.get_ref() == pair.0.get_ref()) {
            Some(other) => *other = pair,
            None => base.push(pair),
        }
    }
    base
}

/// Items of `own` over those of `base` with the same name, further ones after them. Of two with one
/// name the second stays as it is, to be found by the check of names.
fn over_named<'a, T>(
    own: Vec<T>,
    base: Vec<T>,
    name: impl Fn(&T) -> Option<&'a str>,
    over: impl Fn(T, T) -> T,
) -> Vec<T> {
    let mut places: Vec<(Option<T>, Vec<T>)> =
        base.into_iter().map(|item| (Some(item), Vec::new())).collect();
    let mut further = Vec::new();
    for item in own {
        let same = |place: &&mut (Option<T>, Vec<T>)| {
            let other = place.0.as_ref().and_then(&name);
            other.is_some() && other == name(&item)
        };
        match places.iter_mut().find(same) {
            Some(place) => {
                let merged = match place.0.take() {
                    Some(base) => over(item, base),
                    None => item,
                };
                place.1.push(merged);
            }
            None => further.push(item),
        }
    }
    let places = places.into_iter().flat_map(|(base, own)| own.into_iter().chain(base));
    places.chain(further).collect()
}

#[cfg(test)]
mod tests {
    use super::super::analysis::Spec;
    use super::super::figure::Scale;
    use super::super::file::read_spec;
    use tempfile::TempDir;

    const BASE: &str = r#"
title = "Base"
[[analysis]]
name = "rule"
title = "Of the base"
kind = "isolate"
repeats = 7
seed = 3
[analysis.base]
iterations = 50
batch = 9
[analysis.zip]
w-std = [1, 2]
b-std = [3, 4]
[analysis.sweep]
schedule = ["held", "white"]
eta = [0.1, 0.2]
[[analysis.figure]]
name = "one"
x = "iteration"
scale = "log"
[[analysis]]
name = "net"
kind = "train"
[[analysis.conditions]]
rule = "bp"
eta = 0.5
[[analysis.conditions]]
rule = "fa"
"#;

    fn read(files: &[(&str, &str)]) -> Result<Spec, String> {
        let directory = TempDir::new().unwrap();
        for (name, text) in files {
            let path = directory.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let start = format!("{}/", directory.path().display());
        read_spec(&directory.path().join(files[0].0))
            .map_err(|error| error.to_string().replace(&start, ""))
    }

    fn values(spec: &Spec, analysis: usize, name: &str) -> Vec<String> {
        spec.analyses[analysis].conditions.iter().map(|c| c.values()[name].to_text()).collect()
    }

    #[test]
    fn what_a_base_reports_holds_as_far_as_runs_reach_and_its_titles_where_nothing_is_other() {
        let base = "title = \"After 50\"\n[[analysis]]\nname = \"rule\"\ntitle = \"T\"\nkind \
                    = \"isolate\"\nreport-at = [10, 40]\nbase.iterations = \
                    50\n[[analysis.figure]]\nname = \"one\"\ntitle = \"At 50\"\n";
        let own = |text: &str| {
            read(&[
                (
                    "own.toml",
                    &format!("extends = \"base.toml\"\n[[analysis]]\nname = \"rule\"\n{text}"),
                ),
                ("base.toml", base),
            ])
        };
        let shorter = own("base.iterations = 20\n").unwrap();
        let rule = &shorter.analyses[0];
        assert_eq!(rule.settings.report_at, [10]);
        assert_eq!(
            (shorter.title.as_str(), rule.title.as_str(), rule.figures[0].title.as_str()),
            ("", "", "")
        );
        let same = own("repeats = 3\n").unwrap();
        let rule = &same.analyses[0];
        assert_eq!(rule.settings.report_at, [10, 40]);
        assert_eq!(
            (same.title.as_str(), rule.title.as_str(), rule.figures[0].title.as_str()),
            ("After 50", "T", "At 50")
        );
        // What is asked for here has to be reached here.
        let error = own("report-at = [30]\nbase.iterations = 20\n").unwrap_err();
        assert!(
            error.contains("report-at 30 is never reached: the last iteration is 20"),
            "{error}"
        );
    }

    #[test]
    fn nothing_changed_is_the_same_under_another_name() {
        let base = read(&[("base.toml", BASE)]).unwrap();
        let own = read(&[("own.toml", "extends = \"below/base.toml\""), ("below/base.toml", BASE)])
            .unwrap();
        assert_eq!((own.name.as_str(), &own.title), ("own", &base.title));
        assert_eq!(own.analyses, base.analyses);
    }

    #[test]
    fn keys_override_and_analyses_and_figures_are_matched_by_name() {
        let own = r#"
extends = "base.toml"
title = "Own"
[[analysis]]
name = "rule"
repeats = 2
[analysis.base]
schedule = "held"
batch = 11
w-std = 5
[analysis.sweep]
eta = [0.3]
b-scale = [1, 2]
[[analysis.figure]]
name = "one"
scale = "linear"
[[analysis.figure]]
name = "two"
[[analysis]]
name = "net"
[analysis.sweep]
rule = ["bp"]
[[analysis]]
name = "third"
kind = "sample"
"#;
        let spec = read(&[("own.toml", own), ("base.toml", BASE)]).unwrap();
        let rule = &spec.analyses[0];
        let names: Vec<&str> =
            spec.analyses.iter().map(|analysis| analysis.name.as_str()).collect();
        assert_eq!((spec.title.as_str(), names), ("Own", vec!["rule", "net", "third"]));
        assert_eq!((rule.title.as_str(), rule.settings.repeats, rule.settings.seed), ("", 2, 3));
        assert_eq!(rule.axes, ["b-std", "eta", "b-scale"]);
        assert_eq!(values(&spec, 0, "b-std"), ["3", "3", "4", "4"]);
        for (name, all) in [
            ("w-std", "5"),
            ("schedule", "held"),
            ("batch", "11"),
            ("iterations", "50"),
            ("eta", "0.3"),
        ] {
            assert!(values(&spec, 0, name).iter().all(|value| value == all), "{name}");
        }
        let figures: Vec<_> =
            rule.figures.iter().map(|figure| (figure.name.as_str(), figure.scale)).collect();
        assert_eq!(figures, [("one", Scale::Linear), ("two", Scale::Auto)]);
        // Of the first condition of the base, eta is left; the second has nothing left that varies.
        assert_eq!(
            (values(&spec, 1, "rule"), values(&spec, 1, "eta")),
            (vec!["bp".to_string()], vec!["0.5".into()])
        );
    }

    #[test]
    fn a_chain_is_followed_and_the_nearest_wins() {
        let own = "extends = \"middle.toml\"\n[[analysis]]\nname = \"rule\"\nseed = 9";
        let middle =
            "extends = \"base.toml\"\n[[analysis]]\nname = \"rule\"\nseed = 8\nrepeats = 4\n";
        let spec =
            read(&[("own.toml", own), ("middle.toml", middle), ("base.toml", BASE)]).unwrap();
        assert_eq!(
            (
                spec.analyses[0].settings.seed,
                spec.analyses[0].settings.repeats,
                spec.analyses.len()
            ),
            (9, 4, 2)
        );
    }

    /// Files, and what is said of them.
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);

    fn assert_told(cases: &[Case<'_>]) {
        for (files, expected) in cases {
            let error = read(files).unwrap_err();
            for part in *expected {
                assert!(error.contains(part), "{error}\nlacks\n{part}");
            }
        }
    }

    #[test]
    fn mistakes_are_told_in_the_file_that_makes_them() {
        let own = "# one\nextends = \"base.toml\"\n[[analysis]]\nname = \"rule\"\nrepeats = 0\n";
        assert_told(&[
            (
                &[("a.toml", own), ("base.toml", &BASE.replace("seed = 3", "seeed = 3"))],
                &[
                    "a.toml:5:11: repeats",
                    "base.toml:8:1: unknown key `seeed`",
                    "did you mean `seed`?\n    seeed = 3",
                ],
            ),
            (
                &[("a.toml", own), ("base.toml", "[[analysis")],
                &["base.toml:1:11: this is not valid TOML"],
            ),
            (
                &[("a.toml", "extends = \"bsae.toml\""), ("base.toml", BASE)],
                &[
                    "a.toml:1:11: cannot read bsae.toml, which is extended",
                    "did you mean `base.toml`?",
                ],
            ),
            (
                &[("a.toml", "extends = true")],
                &["a.toml:1:11: extends must be the path of a spec in quotes"],
            ),
            (
                &[("a.toml", "extends = \"b.toml\""), ("b.toml", "title = \"x\"")],
                &["a.toml:1:1: this spec has no [[analysis]]"],
            ),
            (
                &[
                    (
                        "a.toml",
                        &(own.replace("= 0", "= 1")
                            + "[[analysis]]\nname = \"rule\"\nkind = \"isolate\""),
                    ),
                    ("base.toml", BASE),
                ],
                &["a.toml:7:8: there are two analyses named `rule`"],
            ),
        ]);
    }

    #[test]
    fn a_circle_is_told_in_the_file_that_closes_it() {
        assert_told(&[
            (
                &[("a.toml", "extends = \"a.toml\"")],
                &["a.toml:1:11: this spec extends itself: a.toml -> a.toml"],
            ),
            (
                &[
                    ("a.toml", "extends = \"b.toml\""),
                    ("b.toml", "\n extends = \"x/../c.toml\""),
                    ("c.toml", "extends = \"b.toml\""),
                    ("x/y", ""),
                ],
                &["c.toml:1:11: this spec extends itself: b.toml -> x/../c.toml -> x/../b.toml; \
                     leave one extends out"],
            ),
        ]);
    }
}

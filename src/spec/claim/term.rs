//! Terms: what was measured where, as parts of claims name it.

use super::known::{Home, KnownAnalysis};
use super::model::{Place, Predicted, Term, Time};
use super::tree::{Entry, Tree, Typed, Variables};
use crate::condition::{Condition, Kind};
use crate::quantity::Quantity;
use crate::spec::node::Problems;
use crate::spec::parameters::{Listed, Scope, known, unknown_parameter};
use crate::text::{list, suggestion};
use std::ops::Range;

/// Values of parameters by name, as text.
type Texts = Vec<(&'static str, String)>;

/// Keys of a term.
const KEYS: &[&str] =
    &["like", "analysis", "quantity", "layer", "lag", "at", "from", "to", "where", "predicted"];

/// A term as typed, after `like` was followed.
#[derive(Default)]
struct Raw {
    keys: Vec<Entry>,
    condition: Vec<Entry>,
    /// Tables of a list of conditions, each of which goes with all of the above.
    alternatives: Vec<Vec<Entry>>,
}

impl Raw {
    fn get(&self, key: &str) -> Option<&Tree> {
        self.keys.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
    }

    /// The same with variables filled in: those of values that another has taken the place of are
    /// not asked for.
    fn filled(self, variables: &Variables, problems: &mut Problems) -> Option<Self> {
        let before = problems.found.len();
        let mut fill = |entries: Vec<Entry>| -> Vec<Entry> {
            let filled =
                |entry: Entry| Entry { value: entry.value.filled(variables, problems), ..entry };
            entries.into_iter().map(filled).collect()
        };
        let filled = Self {
            keys: fill(self.keys),
            condition: fill(self.condition),
            alternatives: self.alternatives.into_iter().map(&mut fill).collect(),
        };
        (problems.found.len() == before).then_some(filled)
    }

    fn set(entries: &mut Vec<Entry>, entry: Entry) {
        entries.retain(|known| known.key != entry.key);
        entries.push(entry);
    }
}

/// Reads terms of the parts of a claim.
pub(super) struct Terms<'a> {
    /// The spec that they are of.
    pub home: &'a Home<'a>,
    /// All terms by name, as typed.
    pub named: &'a [Entry],
    /// What is filled in.
    pub variables: &'a Variables,
    /// Name of the analysis that terms are of which name none, and where it was named.
    pub analysis: Option<(String, Range<usize>)>,
}

/// Says what is wrong.
fn refuse<T>(problems: &mut Problems, at: &Range<usize>, message: impl Into<String>) -> Option<T> {
    problems.add(at.clone(), message.into());
    None
}

impl Terms<'_> {
    /// The term of this name, used at `at`.
    pub fn read(&self, name: &str, at: &Range<usize>, problems: &mut Problems) -> Option<Term> {
        let entry = self.named.iter().find(|entry| entry.key == name)?;
        let raw = self.followed(&entry.value, 0, problems)?.filled(self.variables, problems)?;
        let place = entry.value.at.clone();
        let known = self.analysis_of(&raw, &place, problems)?;
        let kind = known.analysis.kind;
        let Some(typed) = raw.get("quantity") else {
            return refuse(
                problems,
                &place,
                format!("term `{name}`, used here or elsewhere, has no quantity"),
            );
        };
        let quantity = match Quantity::parse(&typed.text().unwrap_or_default(), kind) {
            Ok(quantity) => quantity,
            Err(message) => return refuse(problems, &typed.at, message),
        };
        let measured: Vec<&str> = known.analysis.quantities().map(Quantity::name).collect();
        if !measured.contains(&quantity.name()) {
            let (analysis, name) = (&known.analysis.name, quantity.name());
            return refuse(
                problems,
                &typed.at,
                format!("`{analysis}` does not measure {name}, but {}", list(&measured)),
            );
        }
        let predicted = self.predicted(&raw, problems)?;
        let places = Placing { known, quantity, raw: &raw, at: &place }.places(problems)?;
        let term = Term { analysis: known.analysis.name.clone(), quantity, places, predicted };
        let is_curve = |place: &Place| matches!(place.time, Time::Between(..) | Time::Draws);
        if term.places.len() > 1 && term.places.iter().any(is_curve) {
            let message = format!(
                "term `{name}` is of several places and of several times: give it one time"
            );
            return refuse(problems, at, message);
        }
        Some(term)
    }

    /// Keys of a term over those of the term that it is like.
    fn followed(&self, tree: &Tree, depth: usize, problems: &mut Problems) -> Option<Raw> {
        let Typed::Table(entries) = &tree.value else {
            let example = "{ quantity = \"weight_alignment\", layer = 1 }";
            return refuse(
                problems,
                &tree.at,
                format!("a term must be a table, such as {example}, not {}", tree.kind()),
            );
        };
        let mut raw = Raw::default();
        if let Some(like) = entries.iter().find(|entry| entry.key == "like") {
            let name = like.value.filled(self.variables, problems).text().unwrap_or_default();
            let Some(other) = self.named.iter().find(|entry| entry.key == name) else {
                let names: Vec<&str> = self.named.iter().map(|entry| entry.key.as_str()).collect();
                let near = suggestion(&name, names.iter().copied());
                return refuse(
                    problems,
                    &like.value.at,
                    format!("there is no term `{name}` to be like{near}"),
                );
            };
            if depth > self.named.len() {
                return refuse(
                    problems,
                    &like.value.at,
                    "these terms are like each other in a circle",
                );
            }
            raw = self.followed(&other.value, depth + 1, problems)?;
        }
        for entry in entries {
            match entry.key.as_str() {
                "like" => {}
                "where" => match &entry.value.value {
                    Typed::Table(conditions) => conditions
                        .iter()
                        .cloned()
                        .for_each(|condition| Raw::set(&mut raw.condition, condition)),
                    Typed::List(items) => raw.alternatives = alternatives(items, problems)?,
                    _ => return refuse(problems, &entry.value.at, NO_CONDITION),
                },
                // A time takes the place of another.
                "at" | "from" | "to" => {
                    let others: &[&str] = if entry.key == "at" { &["from", "to"] } else { &["at"] };
                    raw.keys.retain(|known| !others.contains(&known.key.as_str()));
                    Raw::set(&mut raw.keys, entry.clone());
                }
                key if KEYS.contains(&key) => Raw::set(&mut raw.keys, entry.clone()),
                key => {
                    let near = suggestion(key, KEYS.to_vec());
                    return refuse(
                        problems,
                        &entry.at,
                        format!("unknown key `{key}` of a term: expected {}{near}", list(KEYS)),
                    );
                }
            }
        }
        Some(raw)
    }

    fn analysis_of(
        &self,
        raw: &Raw,
        at: &Range<usize>,
        problems: &mut Problems,
    ) -> Option<&KnownAnalysis<'_>> {
        let named =
            raw.get("analysis").map(|tree| (tree.text().unwrap_or_default(), tree.at.clone()));
        let all = &self.home.known;
        let names: Vec<&str> = all.iter().map(|known| known.analysis.name.as_str()).collect();
        match (named.or_else(|| self.analysis.clone()), &all[..]) {
            (None, [only]) => Some(only),
            (None, _) => refuse(
                problems,
                at,
                format!("say of which analysis: analysis = one of {}", list(&names)),
            ),
            (Some((name, at)), _) => match all.iter().find(|known| known.analysis.name == name) {
                Some(known) => Some(known),
                None => {
                    let near = suggestion(&name, names.iter().copied());
                    refuse(
                        problems,
                        &at,
                        format!(
                            "there is no analysis `{name}` here: expected {}{near}",
                            list(&names)
                        ),
                    )
                }
            },
        }
    }

    fn predicted(&self, raw: &Raw, problems: &mut Problems) -> Option<Option<Predicted>> {
        let Some(tree) = raw.get("predicted") else { return Some(None) };
        match tree.text().as_deref() {
            Some("mean") => Some(Some(Predicted::Mean)),
            Some("limit") => Some(Some(Predicted::Limit)),
            _ => refuse(
                problems,
                &tree.at,
                "predicted is \"mean\", at that time, or \"limit\", where it ends",
            ),
        }
    }
}

/// Where a term is taken, being read.
struct Placing<'a> {
    known: &'a KnownAnalysis<'a>,
    quantity: Quantity,
    raw: &'a Raw,
    at: &'a Range<usize>,
}

impl Placing<'_> {
    fn places(&self, problems: &mut Problems) -> Option<Vec<Place>> {
        let mut places = Vec::new();
        for (condition, texts) in self.conditions(problems)? {
            for layer in self.layers(condition, problems)? {
                for lag in self.lags(problems)? {
                    let time = self.time(condition, problems)?;
                    places.push(Place { condition: texts.clone(), layer, lag, time });
                }
            }
        }
        Some(places)
    }

    /// Conditions, each with the texts that tell it.
    fn conditions(&self, problems: &mut Problems) -> Option<Vec<(&Condition, Texts)>> {
        let one = [Vec::new()];
        let alternatives = &self.raw.alternatives[..];
        let alternatives = if alternatives.is_empty() { &one[..] } else { alternatives };
        let mut wanted: Vec<Texts> = Vec::new();
        for alternative in alternatives {
            // What an alternative says takes the place of what is said of all.
            let is_own = |entry: &&Entry| alternative.iter().any(|own| own.key == entry.key);
            let of_all = self.raw.condition.iter().filter(|entry| !is_own(entry));
            let mut texts: Vec<Texts> = vec![Vec::new()];
            for entry in of_all.chain(alternative) {
                let (parameter, values) = self.values_of(entry, problems)?;
                let with = |known: &Texts| -> Vec<_> {
                    values
                        .iter()
                        .map(|value| [known.clone(), vec![(parameter, value.clone())]].concat())
                        .collect()
                };
                texts = texts.iter().flat_map(with).collect();
            }
            wanted.extend(texts);
        }
        let find = |texts: Texts, problems: &mut Problems| {
            let matching: Vec<usize> = self.known.matching(&texts).collect();
            match &matching[..] {
                [only] => Some((&self.known.analysis.conditions[*only], texts)),
                [] => refuse(problems, self.at, self.no_condition(&texts)),
                several => refuse(problems, self.at, self.ambiguous(several)),
            }
        };
        wanted.into_iter().map(|texts| find(texts, problems)).collect()
    }

    /// The values that a parameter is asked to have, each of which some condition has.
    fn values_of(
        &self,
        entry: &Entry,
        problems: &mut Problems,
    ) -> Option<(&'static str, Vec<String>)> {
        let kind = self.known.analysis.kind;
        let Some(parameter) = known(&entry.key, kind, Scope::Condition) else {
            return refuse(
                problems,
                &entry.at,
                unknown_parameter(&entry.key, kind, Scope::Condition),
            );
        };
        let name = parameter.name();
        let have = |text: &str| {
            self.known.texts.iter().any(|texts| texts.get(name).is_some_and(|known| known == text))
        };
        let whole = canonical(parameter, &entry.value);
        if let Some(text) = whole.as_ref().ok().filter(|text| have(text)) {
            return Some((name, vec![text.clone()]));
        }
        if let Typed::List(items) = &entry.value.value
            && items.iter().all(|item| canonical(parameter, item).is_ok_and(|text| have(&text)))
        {
            return Some((
                name,
                items.iter().filter_map(|item| canonical(parameter, item).ok()).collect(),
            ));
        }
        let message = whole.map_or_else(|message| message, |text| self.no_value(name, &text));
        refuse(problems, &entry.value.at, message)
    }

    fn no_value(&self, name: &str, text: &str) -> String {
        let mut there: Vec<&str> = Vec::new();
        for known in self.known.texts.iter().filter_map(|texts| texts.get(name)) {
            if !there.contains(&known.as_str()) {
                there.push(known);
            }
        }
        let near = suggestion(text, there.iter().copied());
        let analysis = &self.known.analysis.name;
        format!("no condition of `{analysis}` has {name} `{text}`: there is {}{near}", list(&there))
    }

    fn no_condition(&self, texts: &[(&'static str, String)]) -> String {
        let asked: Vec<String> =
            texts.iter().map(|(name, text)| format!("{name} {text}")).collect();
        let analysis = &self.known.analysis.name;
        format!("no condition of `{analysis}` has all of {}: each has some of it", asked.join(", "))
    }

    fn ambiguous(&self, several: &[usize]) -> String {
        let texts: Vec<_> = several.iter().map(|&index| &self.known.texts[index]).collect();
        let differing = |name: &&&'static str| {
            texts.iter().any(|other| other.get(*name) != texts[0].get(*name))
        };
        let names: Vec<&str> = self.known.analysis.axes.iter().filter(differing).copied().collect();
        let analysis = &self.known.analysis.name;
        format!(
            "{} conditions of `{analysis}` are meant: say which by {} in where",
            several.len(),
            list(&names)
        )
    }

    fn layers(&self, condition: &Condition, problems: &mut Problems) -> Option<Vec<Option<usize>>> {
        let there = self.quantity.layers(condition);
        let name = self.quantity.name();
        let numbers: Vec<String> = there.iter().flatten().map(ToString::to_string).collect();
        let numbers = list(&numbers.iter().map(String::as_str).collect::<Vec<_>>());
        match (self.raw.get("layer"), &there[..]) {
            (None, [only]) => Some(vec![*only]),
            (None, _) => refuse(
                problems,
                self.at,
                format!("{name} is of layers {numbers}: add layer = one of them"),
            ),
            (Some(tree), [None]) => {
                refuse(problems, &tree.at, format!("{name} is of no layer: leave it out"))
            }
            (Some(tree), _) => {
                let Some(wanted) = wholes(tree) else {
                    return refuse(
                        problems,
                        &tree.at,
                        "layer is a whole number, a list of them, or a range such as \"1-4\"",
                    );
                };
                let absent = wanted.iter().find(|&&layer| !there.contains(&Some(layer)));
                match absent {
                    Some(layer) => refuse(
                        problems,
                        &tree.at,
                        format!("{name} is of layers {numbers}, not of {layer}"),
                    ),
                    None => Some(wanted.into_iter().map(Some).collect()),
                }
            }
        }
    }

    fn lags(&self, problems: &mut Problems) -> Option<Vec<Option<usize>>> {
        let name = self.quantity.name();
        match (self.raw.get("lag"), self.quantity.has_lags()) {
            (None, false) => Some(vec![None]),
            (Some(tree), false) => {
                refuse(problems, &tree.at, format!("{name} has no lags: leave lag out"))
            }
            (None, true) => match &self.known.analysis.settings.lags[..] {
                [only] => Some(vec![Some(*only)]),
                _ => refuse(
                    problems,
                    self.at,
                    format!("{name} is measured at several lags: add lag = one of them"),
                ),
            },
            (Some(tree), true) => {
                let Some(wanted) = wholes(tree) else {
                    return refuse(
                        problems,
                        &tree.at,
                        "lag is a whole number, a list of them, or a range such as \"1-10\"",
                    );
                };
                let there = &self.known.analysis.settings.lags;
                match wanted.iter().find(|lag| !there.contains(lag)) {
                    Some(lag) => refuse(
                        problems,
                        &tree.at,
                        format!("lag {lag} is not among the lags of the analysis"),
                    ),
                    None => Some(wanted.into_iter().map(Some).collect()),
                }
            }
        }
    }

    fn time(&self, condition: &Condition, problems: &mut Problems) -> Option<Time> {
        if self.known.analysis.kind == Kind::Sample {
            let times = ["at", "from", "to"].iter().find_map(|key| self.raw.get(key));
            return match times {
                Some(tree) => refuse(problems, &tree.at, "draws have no time: leave it out"),
                None => Some(Time::Draws),
            };
        }
        let recorded = self.known.analysis.recorded_iterations(condition, self.quantity);
        let (Some(&first), Some(&last)) = (recorded.first(), recorded.last()) else {
            return refuse(
                problems,
                self.at,
                format!("{} is recorded at no iteration here", self.quantity.name()),
            );
        };
        if let Some(tree) = self.raw.get("at") {
            return self.instant(tree, &recorded, problems);
        }
        let bound = |key: &str, default: usize, problems: &mut Problems| match self.raw.get(key) {
            None => Some(default),
            Some(tree) => match tree.whole() {
                Some(whole) => Some(whole),
                None => {
                    refuse(problems, &tree.at, format!("{key} is an iteration, a whole number"))
                }
            },
        };
        if self.raw.get("from").is_none() && self.raw.get("to").is_none() {
            return Some(Time::At(last));
        }
        let [from, to] = [bound("from", first, problems)?, bound("to", last, problems)?];
        if recorded.iter().any(|iteration| (from..=to).contains(iteration)) {
            return Some(Time::Between(from, to));
        }
        refuse(
            problems,
            self.at,
            format!("nothing is recorded from {from} to {to}: the last iteration is {last}"),
        )
    }

    /// A time said by `at`.
    fn instant(&self, tree: &Tree, recorded: &[usize], problems: &mut Problems) -> Option<Time> {
        let (first, last) = (recorded[0], recorded[recorded.len() - 1]);
        if let Some(iteration) = tree.whole() {
            if recorded.binary_search(&iteration).is_ok() {
                return Some(Time::At(iteration));
            }
            let after = recorded.partition_point(|&known| known < iteration);
            let near: Vec<String> = recorded
                [after.saturating_sub(1)..(after + 1).min(recorded.len())]
                .iter()
                .map(usize::to_string)
                .collect();
            let (name, near) = (self.quantity.name(), near.join(" and "));
            return refuse(
                problems,
                &tree.at,
                format!("{name} is not recorded at {iteration}: the nearest are {near}"),
            );
        }
        let text = tree.text().unwrap_or_default();
        match (
            text.as_str(),
            text.strip_prefix("last ").and_then(|count| count.parse::<usize>().ok()),
        ) {
            ("start", _) => Some(Time::At(first)),
            ("end", _) => Some(Time::At(last)),
            ("all", _) => Some(Time::Between(first, last)),
            (_, Some(count)) if count > 0 => {
                Some(Time::Mean((last + 1).saturating_sub(count), last))
            }
            _ => {
                let ends = text
                    .split_once('-')
                    .and_then(|(a, b)| Some((a.trim().parse().ok()?, b.trim().parse().ok()?)));
                let is_there =
                    |&(from, to): &(usize, usize)| recorded.iter().any(|k| (from..=to).contains(k));
                if let Some((from, to)) = ends.filter(is_there) {
                    return Some(Time::Mean(from, to));
                }
                let message = "at is an iteration, \"start\", \"end\" or \"all\", or for a mean \
                               over recorded iterations \"500-700\", or \"last 60\" for the last \
                               60";
                refuse(problems, &tree.at, message)
            }
        }
    }
}

const NO_CONDITION: &str = "where must be a table, such as where = { rule = \"bp-trw\" }, or a list of \
                            tables";

/// The tables of a list of conditions.
fn alternatives(items: &[Tree], problems: &mut Problems) -> Option<Vec<Vec<Entry>>> {
    let table = |item: &Tree| match &item.value {
        Typed::Table(conditions) => Some(conditions.clone()),
        _ => refuse(problems, &item.at, NO_CONDITION),
    };
    items.iter().map(table).collect()
}

/// The text that conditions have for a value.
fn canonical(parameter: &Listed, tree: &Tree) -> Result<String, String> {
    let text = tree.text().ok_or_else(|| format!("{} cannot be a table", parameter.name()))?;
    // A data set goes by its name, not by where it lies.
    parameter.parameter.read(&text).map(|value| value.to_text())
}

/// Whole numbers: one, a list, or a range in text.
fn wholes(tree: &Tree) -> Option<Vec<usize>> {
    const MOST: usize = 10_000;
    match &tree.value {
        Typed::List(items) if !items.is_empty() => items.iter().map(Tree::whole).collect(),
        Typed::Number(_) => Some(vec![tree.whole()?]),
        Typed::Text(text) => match text.split_once('-') {
            Some((from, to)) => {
                let (from, to) = (from.trim().parse().ok()?, to.trim().parse().ok()?);
                (from <= to && to - from < MOST).then(|| (from..=to).collect())
            }
            None => Some(vec![text.parse().ok()?]),
        },
        _ => None,
    }
}

//! How claims are read and checked.

use super::expression::Function as F;
use super::expression::{self, Expression, constant};
use super::known::Home;
use super::model::{
    Asked, Claim, ClaimKind, ClaimPart, ClaimSet, Criterion, Families, FamilySize, Term, ValueKind,
};
use super::term::Terms;
use super::tree::{Entry, MOST_PARTS, Tree, Typed, Variables, combinations, entries, to_table};
use crate::condition::Kind;
use crate::spec::node::{Node, Problems};
use crate::spec::raw::RawClaim;
use crate::text::{Choice, canonical, list, suggestion};
use std::ops::Range;

/// Most characters of the name of a claim.
const LONGEST_NAME: usize = 100;

/// Checks the claims of a spec.
pub(in crate::spec) fn check_claims(
    home: &Home<'_>,
    raws: &[RawClaim<'_>],
    problems: &mut Problems,
) -> Vec<Claim> {
    let mut claims: Vec<Claim> = Vec::new();
    for raw in raws {
        let Some(claim) =
            ClaimReading { home, entries: entries(raw.table), at: raw.header.clone() }
                .claim(problems)
        else {
            continue;
        };
        if claims.iter().any(|other| other.name == claim.name) {
            problems.add(
                raw.header.clone(),
                format!("there are two claims named `{}`: rename one", claim.name),
            );
        }
        claims.push(claim);
    }
    claims
}

const CLAIM_KEYS: &[&str] = &[
    "name",
    "statement",
    "source",
    "kind",
    "set",
    "analysis",
    "why",
    "changed",
    "epsilon",
    "reach",
    "reaches",
    "values",
    "lists",
    "let",
    "part",
    "refused",
];

const PART_KEYS: &[&str] = &[
    "for",
    "statistic",
    "value",
    "at-least",
    "at-most",
    "within",
    "near",
    "tolerance",
    "some",
    "every",
    "values",
    "reach",
    "epsilon",
    "published-error",
];

/// A claim being read.
struct ClaimReading<'a> {
    home: &'a Home<'a>,
    entries: Vec<Entry>,
    at: Range<usize>,
}

/// Whether keys are known; those that are not are problems.
fn check_keys(entries: &[Entry], keys: &[&str], what: &str, problems: &mut Problems) {
    for Entry { key, at, .. } in entries.iter().filter(|entry| !keys.contains(&entry.key.as_str()))
    {
        let near = suggestion(key, keys.iter().copied());
        problems.add(
            at.clone(),
            format!("unknown key `{key}` of a {what}: expected {}{near}", list(keys)),
        );
    }
}

fn find<'a>(entries: &'a [Entry], key: &str) -> Option<&'a Tree> {
    entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
}

/// Text of a key, nothing where it is not there.
fn text_of(entries: &[Entry], key: &str, problems: &mut Problems) -> String {
    match find(entries, key) {
        None => String::new(),
        Some(Tree { value: Typed::Text(text), .. }) => text.trim().to_string(),
        Some(other) => {
            problems.add(
                other.at.clone(),
                format!("{key} must be text in quotes, not {}", other.kind()),
            );
            String::new()
        }
    }
}

/// One of the names of a choice.
fn choice_of<C: Choice>(entries: &[Entry], key: &str, default: C, problems: &mut Problems) -> C {
    let Some(tree) = find(entries, key) else { return default };
    match canonical::<C>(key, &tree.text().unwrap_or_default()) {
        Ok(name) => C::named(name).unwrap_or(default),
        Err(message) => {
            problems.add(tree.at.clone(), message);
            default
        }
    }
}

impl ClaimReading<'_> {
    fn claim(&self, problems: &mut Problems) -> Option<Claim> {
        let before = problems.found.len();
        check_keys(&self.entries, CLAIM_KEYS, "claim", problems);
        if let Some(other) =
            find(&self.entries, "reaches").filter(|tree| !matches!(tree.value, Typed::Table(_)))
        {
            let message = "reaches is a table: the statistic of each part, and how far a repeat \
                can be from the bound";
            problems.add(other.at.clone(), message.into());
        }
        let text = |key: &str, problems: &mut Problems| text_of(&self.entries, key, problems);
        let name = self.name(problems)?;
        let statement = text("statement", problems);
        if statement.is_empty() {
            problems.add(
                self.at.clone(),
                format!("claim `{name}` says nothing: add statement = \"...\""),
            );
        }
        let kind = choice_of(&self.entries, "kind", ClaimKind::Direction, problems);
        let lets = self.lets(problems);
        let parts = self.parts(kind, &lets, problems);
        let mut analyses: Vec<String> =
            find(&self.entries, "analysis").and_then(Tree::text).into_iter().collect();
        for term in parts.iter().flat_map(|part| &part.terms) {
            if !analyses.contains(&term.analysis) {
                analyses.push(term.analysis.clone());
            }
        }
        let refused = find(&self.entries, "refused").and_then(Tree::text);
        let claim = Claim {
            name,
            statement,
            source: text("source", problems),
            kind,
            set: choice_of(&self.entries, "set", ClaimSet::Exploratory, problems),
            why: text("why", problems),
            changed: text("changed", problems),
            analyses,
            parts,
            refused,
            written: self.written(&lets),
        };
        (problems.found.len() == before).then_some(claim)
    }

    /// The name, with the spec's as its document where it has none.
    fn name(&self, problems: &mut Problems) -> Option<String> {
        let Some(tree) = find(&self.entries, "name") else {
            problems.add(
                self.at.clone(),
                "this claim has no name: add name = \"document/number\"".into(),
            );
            return None;
        };
        let typed = tree.text().unwrap_or_default();
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || c == '/';
        let parts: Vec<&str> = typed.split('/').collect();
        let is_name = typed.chars().all(allowed)
            && typed.len() <= LONGEST_NAME
            && parts.iter().all(|part| !part.is_empty());
        if !is_name || parts.len() > 2 {
            let message =
                "the name of a claim is its own, or document/own, of letters, digits, - and _"
                    .into();
            problems.add(tree.at.clone(), message);
            return None;
        }
        Some(if parts.len() == 2 { typed } else { format!("{}/{typed}", self.home.name) })
    }

    /// Terms of the claim, and those of the spec that it may refer to.
    fn lets(&self, problems: &mut Problems) -> Vec<Entry> {
        let named = match find(&self.entries, "let") {
            None => &[][..],
            Some(Tree { value: Typed::Table(entries), .. }) => entries,
            Some(other) => {
                problems.add(
                    other.at.clone(),
                    "let must be a table of terms, such as let.a = { quantity = ... }".into(),
                );
                &[]
            }
        };
        let shared = self
            .home
            .lets
            .iter()
            .filter(|shared| named.iter().all(|entry| entry.key != shared.key));
        shared.chain(named).cloned().collect()
    }

    /// As typed, with the terms of the spec that may be referred to.
    fn written(&self, lets: &[Entry]) -> toml::Table {
        let mut table = to_table(&self.entries);
        table.remove("refused");
        let mut text = toml::Value::Table(table.clone()).to_string();
        // A name that is filled in cannot be told from the text: all that it could be are kept.
        let open = text.contains("like = \"{");
        let mut used: Vec<bool> = vec![open; lets.len()];
        // Terms that those used are like are used, too.
        while let Some(next) =
            (0..lets.len()).find(|&place| !used[place] && text.contains(lets[place].key.as_str()))
        {
            used[next] = true;
            text += &lets[next].value.to_toml().to_string();
        }
        let used: Vec<Entry> = lets
            .iter()
            .zip(used)
            .filter(|(_, used)| *used)
            .map(|(entry, _)| entry.clone())
            .collect();
        if !used.is_empty() {
            table.insert("let".into(), toml::Value::Table(to_table(&used)));
        }
        table
    }

    fn parts(&self, kind: ClaimKind, lets: &[Entry], problems: &mut Problems) -> Vec<ClaimPart> {
        let Some(tree) = find(&self.entries, "part") else {
            problems.add(
                self.at.clone(),
                "this claim has no [[claim.part]]: it needs at least one".into(),
            );
            return Vec::new();
        };
        let Typed::List(items) = &tree.value else {
            problems.add(
                tree.at.clone(),
                format!("expected tables headed [[claim.part]], not {}", tree.kind()),
            );
            return Vec::new();
        };
        let mut parts = Vec::new();
        for item in items {
            let Typed::Table(typed) = &item.value else {
                problems.add(
                    item.at.clone(),
                    format!("expected tables headed [[claim.part]], not {}", item.kind()),
                );
                continue;
            };
            check_keys(typed, PART_KEYS, "part of a claim", problems);
            for variables in
                combinations(find(typed, "for"), find(&self.entries, "lists"), problems)
            {
                if parts.len() == MOST_PARTS {
                    problems
                        .add(item.at.clone(), format!("a claim has at most {MOST_PARTS} parts"));
                    return parts;
                }
                let part = TypedPart { claim: self, kind, typed, at: &item.at, lets, variables };
                parts.extend(part.read(problems));
            }
        }
        if items.is_empty() {
            problems.add(
                tree.at.clone(),
                "this claim has no [[claim.part]]: it needs at least one".into(),
            );
        }
        let is_there = |entry: &&Entry| parts.iter().any(|part| part.asked.statistic == entry.key);
        for Entry { key, at, .. } in self.reaches().iter().filter(|entry| !is_there(entry)) {
            let near = suggestion(key, parts.iter().map(|part| part.asked.statistic.as_str()));
            problems
                .add(at.clone(), format!("no part of this claim has the statistic `{key}`{near}"));
        }
        parts
    }

    /// Reaches by the statistic of the part that they are of.
    fn reaches(&self) -> &[Entry] {
        match find(&self.entries, "reaches") {
            Some(Tree { value: Typed::Table(entries), .. }) => entries,
            _ => &[],
        }
    }
}

/// A part being read, for one combination of the values of its variables.
struct TypedPart<'a> {
    claim: &'a ClaimReading<'a>,
    kind: ClaimKind,
    typed: &'a [Entry],
    at: &'a Range<usize>,
    lets: &'a [Entry],
    variables: Variables,
}

impl TypedPart<'_> {
    fn read(&self, problems: &mut Problems) -> Option<ClaimPart> {
        let fill = |entry: &Entry, problems: &mut Problems| Entry {
            value: entry.value.filled(&self.variables, problems),
            ..entry.clone()
        };
        let entries = self.typed.iter().filter(|entry| entry.key != "for");
        let filled: Vec<Entry> = entries.map(|entry| fill(entry, problems)).collect();
        let (value, terms, typed) = self.value(&filled, problems)?;
        let criterion = self.criterion(&filled, problems)?;
        let number = |key: &str, problems: &mut Problems| {
            find(&filled, key).and_then(|tree| distance(key, tree, problems))
        };
        let some = match find(&filled, "some") {
            None => false,
            Some(Tree { value: Typed::Switch(some), .. }) => *some,
            Some(other) => {
                problems.add(
                    other.at.clone(),
                    "some is true where one of several values is enough, or false".into(),
                );
                false
            }
        };
        let statistic = Some(text_of(&filled, "statistic", problems))
            .filter(|text| !text.is_empty())
            .unwrap_or(typed);
        let own_epsilon = find(&self.claim.entries, "epsilon")
            .and_then(|tree| distance("epsilon", tree, problems));
        let epsilon = number("epsilon", problems)
            .or(own_epsilon)
            .unwrap_or_else(|| default_epsilon(&value, &terms, criterion));
        if criterion.is_all_within(epsilon) {
            let message = format!(
                "epsilon is {epsilon}: everything between the bounds is within it of one of them; \
                 make it smaller"
            );
            problems.add(self.at.clone(), message);
        }
        let asked = Asked {
            values: self.values((&filled, &statistic), &value, (&terms, criterion), problems)?,
            statistic,
            range: natural_range(&value, &terms),
            criterion,
            some,
            epsilon,
            published_error: number("published-error", problems).unwrap_or(0.0),
        };
        Some(ClaimPart { value, terms, asked })
    }

    /// The expression, its terms, and its text.
    fn value(
        &self,
        own: &[Entry],
        problems: &mut Problems,
    ) -> Option<(Expression, Vec<Term>, String)> {
        let Some(tree) = find(own, "value") else {
            problems.add(
                self.at.clone(),
                "this part has no value: add value = \"a - b\", over terms of let".into(),
            );
            return None;
        };
        let text = match &tree.value {
            Typed::Text(text) => text.clone(),
            other => {
                let _ = other;
                problems.add(
                    tree.at.clone(),
                    format!("value must be an expression in quotes, not {}", tree.kind()),
                );
                return None;
            }
        };
        let names: Vec<&str> = self.lets.iter().map(|entry| entry.key.as_str()).collect();
        let parsed = match expression::parse(&text, &names) {
            Ok(parsed) => parsed,
            Err((at, message)) => {
                // Within the quotes; where variables were filled in, places are those of what they
                // became.
                let start = tree.at.start + 1;
                problems.add(start + at.start..start + at.end, message);
                return None;
            }
        };
        let mut used = Vec::new();
        let renumbered = renumber(parsed, &mut used);
        let analysis = find(&self.claim.entries, "analysis")
            .map(|tree| tree.filled(&self.variables, problems));
        let analysis = analysis.and_then(|tree| Some((tree.text()?, tree.at.clone())));
        let terms =
            Terms { home: self.claim.home, named: self.lets, variables: &self.variables, analysis };
        let read = used.iter().map(|&index| terms.read(names[index], &tree.at, problems));
        let read = read.collect::<Vec<_>>().into_iter().collect::<Option<Vec<_>>>()?;
        if read.is_empty() {
            problems.add(
                tree.at.clone(),
                format!("`{text}` is over no term: there is {}", list(&names)),
            );
            return None;
        }
        Some((renumbered, read, text))
    }

    fn criterion(&self, own: &[Entry], problems: &mut Problems) -> Option<Criterion> {
        let given: Vec<&Entry> = own
            .iter()
            .filter(|entry| {
                ["at-least", "at-most", "within", "near", "every"].contains(&entry.key.as_str())
            })
            .collect();
        let refuse = |problems: &mut Problems, at: &Range<usize>, message: &str| {
            problems.add(at.clone(), message.into());
            None
        };
        match &given[..] {
            [Entry { key, value, .. }] => match key.as_str() {
                "at-least" => Some(Criterion::at_least(bound(key, value, problems)?)),
                "at-most" => Some(Criterion::at_most(bound(key, value, problems)?)),
                "every" => Some(Criterion::at_least(bound(key, value, problems)?)),
                "near" => {
                    let Some(tolerance) = find(own, "tolerance") else {
                        return refuse(
                            problems,
                            &value.at,
                            "near needs a tolerance = ... beside it",
                        );
                    };
                    let (centre, reach) =
                        (bound(key, value, problems)?, distance("tolerance", tolerance, problems)?);
                    Some(Criterion::within(centre - reach, centre + reach))
                }
                _ => match &value.value {
                    Typed::List(ends) if ends.len() == 2 => {
                        let [low, high] =
                            [bound(key, &ends[0], problems)?, bound(key, &ends[1], problems)?];
                        if low <= high {
                            return Some(Criterion::within(low, high));
                        }
                        refuse(problems, &value.at, "within has its lower bound first")
                    }
                    _ => refuse(
                        problems,
                        &value.at,
                        "within is a list of two bounds, such as within = [-1, 1]",
                    ),
                },
            },
            [] => refuse(
                problems,
                self.at,
                "this part asks nothing: add at-least, at-most, within = [low, high], near with \
                 tolerance, or every",
            ),
            [_, second, ..] => refuse(
                problems,
                &second.at,
                "a part has one criterion: at-least, at-most, within, near with tolerance, or \
                 every",
            ),
        }
    }

    /// The reach of a statistic, as typed: its own, that of the part, or that of the claim.
    fn reach<'b>(&'b self, own: &'b [Entry], statistic: &str) -> Option<&'b Tree> {
        let of_statistic = self
            .claim
            .reaches()
            .iter()
            .find(|entry| entry.key == statistic)
            .map(|entry| &entry.value);
        of_statistic.or_else(|| find(own, "reach")).or_else(|| find(&self.claim.entries, "reach"))
    }

    /// What is known of the values in advance: as typed, or from the expression.
    fn values(
        &self,
        (own, statistic): (&[Entry], &str),
        value: &Expression,
        (terms, criterion): (&[Term], Criterion),
        problems: &mut Problems,
    ) -> Option<ValueKind> {
        if let Some(tree) = find(own, "every") {
            return Some(ValueKind::Every(share_of_repeats(tree, problems)?));
        }
        let reach = match self.reach(own, statistic) {
            Some(tree) => {
                let reach = distance("reach", tree, problems)?;
                if criterion.is_beyond_precision(reach) {
                    let message = "the bound and what is so far from it are nearly the same number: \
                                   give a larger reach";
                    problems.add(tree.at.clone(), message.into());
                    return None;
                }
                Some(reach)
            }
            None => None,
        };
        let kinds = || terms.iter().filter_map(|term| self.claim.home.kind_of(&term.analysis));
        let are_draws = kinds().all(|kind| kind == Kind::Sample);
        let natural = natural_range(value, terms);
        let default = default_reach(value, terms, criterion);
        let bounded = || match (natural, reach.or(natural.is_none().then_some(default).flatten())) {
            (None, None) => None,
            (range, reach) => Some(ValueKind::Bounded {
                range: range.unwrap_or([f64::NEG_INFINITY, f64::INFINITY]),
                reach: reach.unwrap_or(f64::INFINITY),
            }),
        };
        let typed = find(own, "values").or_else(|| find(&self.claim.entries, "values"));
        match typed.and_then(Tree::text).as_deref() {
            Some("gaussian") => Some(ValueKind::Gaussian),
            Some("share") => Some(ValueKind::Share),
            Some("exact") => Some(ValueKind::Exact),
            Some("bounded") | None => {
                if typed.is_none() && self.kind == ClaimKind::Identity {
                    return Some(ValueKind::Exact);
                }
                if typed.is_none() && is_boolean(value) {
                    return Some(ValueKind::Share);
                }
                if typed.is_none() && are_draws && reach.is_none() {
                    return Some(ValueKind::Gaussian);
                }
                let bounded = bounded();
                if bounded.is_none() {
                    let message = "say how far from the bound a repeat can be if the mean is at \
                                   it, reach = ..., or that values are Gaussian, values \
                                   = \"gaussian\"";
                    problems.add(self.at.clone(), message.into());
                }
                bounded
            }
            Some(_) => {
                let at = typed.map_or(self.at.clone(), |tree| tree.at.clone());
                problems
                    .add(at, "values is \"gaussian\", \"bounded\", \"share\" or \"exact\"".into());
                None
            }
        }
    }
}

/// The share of repeats of `every`.
fn share_of_repeats(tree: &Tree, problems: &mut Problems) -> Option<f64> {
    let share = bound("every", tree, problems)?;
    if !(0.5..1.0).contains(&share) {
        let message =
            "every says which share of repeats is at least to be shown: from 0.5 to below 1";
        problems.add(tree.at.clone(), message.into());
        return None;
    }
    Some(share)
}

/// Degrees that an angle can be from a bound if the mean is at it: four standard deviations of the
/// angle of independent 50 x 50 matrices, and more of those of larger ones.
const REACH_OF_ANGLES: f64 = 5.0;

/// How far beside a bound still counts as at it where the claim does not say: half a degree, one
/// percentage point, nothing; between two bounds at most a quarter of their distance, so that the
/// middle is never at a bound.
fn default_epsilon(value: &Expression, terms: &[Term], Criterion { low, high }: Criterion) -> f64 {
    let by_unit = match unit(value, terms) {
        Some("degrees") => 0.5,
        Some("percent") => 1.0,
        _ => 0.0f64,
    };
    by_unit.min((high - low) / 4.0)
}

/// The unit of an expression, if it has that of its terms.
fn unit(expression: &Expression, terms: &[Term]) -> Option<&'static str> {
    let (function, arguments) = match expression {
        Expression::Number(_) => return None,
        Expression::Term(index) => return terms.get(*index).map(|term| term.quantity.info().unit),
        Expression::Call(function, arguments) => (*function, &arguments[..]),
    };
    let unit_of = |argument: &Expression| unit(argument, terms);
    match (function, arguments) {
        (F::Arccosine, _) => Some("degrees"),
        (F::Add | F::Subtract | F::Lesser | F::Larger, [a, b]) => match (unit_of(a), unit_of(b)) {
            (Some(a), Some(b)) => (a == b).then_some(a),
            (one, other) => one.or(other),
        },
        (F::Multiply, [Expression::Number(_), a] | [a, Expression::Number(_)])
        | (F::Divide, [a, Expression::Number(_)])
        | (F::Only | F::Rise | F::AtLowest, [a, _])
        | (F::Cells, [a, ..])
        | (
            F::Absolute | F::Mean | F::Deviation | F::Smallest | F::Largest | F::Sum | F::Spread,
            [a],
        ) => unit_of(a),
        _ => None,
    }
}

/// How far a repeat can be from a bound if the mean is at it, where the claim does not say: by the
/// unit, or twice the width of the criterion or the size of its bound.
fn default_reach(
    value: &Expression,
    terms: &[Term],
    Criterion { low, high }: Criterion,
) -> Option<f64> {
    if unit(value, terms) == Some("degrees") {
        return Some(REACH_OF_ANGLES);
    }
    match (low.is_finite(), high.is_finite()) {
        (true, true) => Some(2.0 * (high - low)).filter(|reach| *reach > 0.0),
        _ => [low, high]
            .into_iter()
            .find(|bound| bound.is_finite() && *bound != 0.0)
            .map(|bound| 2.0 * bound.abs()),
    }
}

/// A bound: a number, or an expression of numbers in text.
fn bound(key: &str, tree: &Tree, problems: &mut Problems) -> Option<f64> {
    let found = match &tree.value {
        Typed::Text(text) => constant(text).map_err(|(_, message)| message),
        Typed::Number(text) if tree.number().is_none() => {
            Err(format!("{key} must be a finite number, not {text}"))
        }
        _ => tree.number().ok_or_else(|| format!("{key} must be a number, not {}", tree.kind())),
    };
    found.map_err(|message| problems.add(tree.at.clone(), message)).ok()
}

/// The same of a distance, which is not below 0.
fn distance(key: &str, tree: &Tree, problems: &mut Problems) -> Option<f64> {
    let distance = bound(key, tree, problems)?;
    if distance < 0.0 {
        problems.add(tree.at.clone(), format!("{key} is a distance, and not below 0"));
        return None;
    }
    Some(distance)
}

/// Numbers the terms of an expression anew, in the order in which it uses them.
fn renumber(expression: Expression, used: &mut Vec<usize>) -> Expression {
    match expression {
        Expression::Number(number) => Expression::Number(number),
        Expression::Term(index) => {
            let place = used.iter().position(|&known| known == index);
            Expression::Term(place.unwrap_or_else(|| {
                used.push(index);
                used.len() - 1
            }))
        }
        Expression::Call(function, arguments) => Expression::Call(
            function,
            arguments.into_iter().map(|argument| renumber(argument, used)).collect(),
        ),
    }
}

/// Whether an expression is 1 or 0.
fn is_boolean(expression: &Expression) -> bool {
    let boolean =
        [F::Less, F::Greater, F::AtMost, F::AtLeast, F::And, F::Or, F::AboveAll, F::Group];
    matches!(expression, Expression::Call(function, _) if boolean.contains(function))
}

/// Numbers that no value of an expression can be beyond, where they are known: percentages are from
/// 0 to 100, and comparisons 0 or 1.
fn natural_range(expression: &Expression, terms: &[Term]) -> Option<[f64; 2]> {
    let (function, arguments) = match expression {
        Expression::Number(number) => return Some([*number; 2]),
        Expression::Term(index) => {
            let percent =
                terms.get(*index).is_some_and(|term| term.quantity.info().unit == "percent");
            return percent.then_some([0.0, 100.0]);
        }
        Expression::Call(function, arguments) => (*function, arguments),
    };
    if is_boolean(expression) {
        return Some([0.0, 1.0]);
    }
    let ranges: Vec<[f64; 2]> =
        arguments.iter().map(|argument| natural_range(argument, terms)).collect::<Option<_>>()?;
    let spanned = |values: [f64; 4]| {
        Some([
            values.into_iter().fold(f64::INFINITY, f64::min),
            values.into_iter().fold(f64::NEG_INFINITY, f64::max),
        ])
    };
    match (function, &ranges[..]) {
        (F::Add, [a, b]) => Some([a[0] + b[0], a[1] + b[1]]),
        (F::Subtract, [a, b]) => Some([a[0] - b[1], a[1] - b[0]]),
        (F::Multiply, [a, b]) => spanned([a[0] * b[0], a[0] * b[1], a[1] * b[0], a[1] * b[1]]),
        (F::Lesser, [a, b]) => Some([a[0].min(b[0]), a[1].min(b[1])]),
        (F::Larger, [a, b]) => Some([a[0].max(b[0]), a[1].max(b[1])]),
        (F::Mean | F::Smallest | F::Largest, [a]) | (F::Only | F::AtLowest, [a, _]) => Some(*a),
        _ => None,
    }
}

/// Sizes of the families of a spec.
pub(in crate::spec) fn check_families(
    node: Option<Node<'_>>,
    claims: &[Claim],
    problems: &mut Problems,
) -> Families {
    let mut families = Families::new();
    let Some(node) = node else { return families };
    let tree = Tree::of(node);
    let example = "families.wn = { before = 27, exploratory = 9 }";
    let Typed::Table(entries) = &tree.value else {
        problems.add(tree.at, format!("families is a table of documents, such as {example}"));
        return families;
    };
    for Entry { key, at, value } in entries {
        let Typed::Table(sizes) = &value.value else {
            problems.add(
                value.at.clone(),
                format!("a family has sizes by when criteria were set, such as {example}"),
            );
            continue;
        };
        check_keys(sizes, &["before", "exploratory"], "family", problems);
        let size = |name: &str| find(sizes, name).map_or(Some(0), Tree::whole);
        let (Some(before), Some(exploratory)) = (size("before"), size("exploratory")) else {
            problems.add(value.at.clone(), "sizes of families are whole numbers".into());
            continue;
        };
        let size = FamilySize { before, exploratory };
        for set in [ClaimSet::Before, ClaimSet::Exploratory] {
            let here = claims.iter().filter(|claim| claim.family() == (key.as_str(), set)).count();
            if here > size.of(set) {
                let (name, most) = (set.name(), size.of(set));
                problems.add(
                    at.clone(),
                    format!(
                        "{here} claims of `{key}` that are {name} are here, of {most}: raise the \
                         size"
                    ),
                );
            }
        }
        families.insert(key.clone(), size);
    }
    families
}

//! Values of a claim as typed, each with its place; variables of `for` are filled in before
//! anything is read from them.

use crate::spec::node::{Node, Problems};
use crate::text::{list, suggestion, toml_number};
use std::ops::Range;
use toml::Value as Toml;
use toml::de::{DeTable, DeValue};

/// Parts of a claim, at most.
pub(super) const MOST_PARTS: usize = 1000;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub at: Range<usize>,
    pub value: Typed,
}

/// A value of TOML. Of a number its text is kept, as that is what parameters are read from.
#[derive(Clone, Debug)]
pub(super) enum Typed {
    Text(String),
    Number(String),
    Switch(bool),
    List(Vec<Tree>),
    Table(Vec<Entry>),
}

/// A key with its place and its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub key: String,
    pub at: Range<usize>,
    pub value: Tree,
}

/// Values of variables by name.
pub(super) type Variables = Vec<(String, Tree)>;

impl Tree {
    pub fn of(node: Node<'_>) -> Self {
        let value = match node.get_ref() {
            DeValue::String(text) => Typed::Text(text.to_string()),
            DeValue::Boolean(switch) => Typed::Switch(*switch),
            DeValue::Array(items) => Typed::List(items.iter().map(Self::of).collect()),
            DeValue::Table(table) => Typed::Table(entries(table)),
            other => toml_number(other)
                .map_or_else(|| Typed::Text(date(other)), |text| Typed::Number(plain(&text))),
        };
        Self { at: node.span(), value }
    }

    /// What it would be on the command line; `None` for tables.
    pub fn text(&self) -> Option<String> {
        match &self.value {
            Typed::Text(text) | Typed::Number(text) => Some(text.clone()),
            Typed::Switch(switch) => Some(if *switch { "on" } else { "off" }.into()),
            Typed::List(items) => {
                Some(items.iter().map(Self::text).collect::<Option<Vec<_>>>()?.join(","))
            }
            Typed::Table(_) => None,
        }
    }

    pub fn number(&self) -> Option<f64> {
        let Typed::Number(text) = &self.value else { return None };
        text.replace('_', "").parse().ok().filter(|number: &f64| number.is_finite())
    }

    pub fn whole(&self) -> Option<usize> {
        let Typed::Number(text) = &self.value else { return None };
        text.parse().ok()
    }

    /// What it is, for messages.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Typed::Text(_) => "text",
            Typed::Number(_) => "a number",
            Typed::Switch(_) => "true or false",
            Typed::List(_) => "a list",
            Typed::Table(_) => "a table",
        }
    }

    /// The same with variables filled in: `{layer}` alone becomes the value itself, within a text
    /// its text.
    pub fn filled(&self, variables: &Variables, problems: &mut Problems) -> Self {
        let value = match &self.value {
            Typed::Text(text) => return self.filled_text(text, variables, problems),
            Typed::List(items) => {
                Typed::List(items.iter().map(|item| item.filled(variables, problems)).collect())
            }
            Typed::Table(entries) => {
                let fill = |entry: &Entry| Entry {
                    value: entry.value.filled(variables, problems),
                    ..entry.clone()
                };
                Typed::Table(entries.iter().map(fill).collect())
            }
            other => other.clone(),
        };
        Self { at: self.at.clone(), value }
    }

    fn filled_text(&self, text: &str, variables: &Variables, problems: &mut Problems) -> Self {
        let find =
            |name: &str| variables.iter().find(|(known, _)| known == name).map(|(_, value)| value);
        let alone = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        if let Some(value) = alone.and_then(find) {
            return Self { at: self.at.clone(), value: value.value.clone() };
        }
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, behind)) = after.split_once('}') else { break };
            filled += before;
            match find(name).and_then(Self::text) {
                Some(text) => filled += &text,
                None => {
                    let names: Vec<&str> =
                        variables.iter().map(|(name, _)| name.as_str()).collect();
                    let expected = if names.is_empty() {
                        "none, as there is no `for`".into()
                    } else {
                        list(&names)
                    };
                    let near = suggestion(name, names.iter().copied());
                    problems.add(
                        self.at.clone(),
                        format!("no variable is called `{name}`: expected {expected}{near}"),
                    );
                    return self.clone();
                }
            }
            rest = behind;
        }
        Self { at: self.at.clone(), value: Typed::Text(filled + rest) }
    }

    /// The value as TOML, to be written.
    pub fn to_toml(&self) -> Toml {
        match &self.value {
            Typed::Text(text) => Toml::String(text.clone()),
            Typed::Switch(switch) => Toml::Boolean(*switch),
            Typed::Number(text) => text
                .parse()
                .map_or_else(|_| Toml::Float(self.number().unwrap_or_default()), Toml::Integer),
            Typed::List(items) => Toml::Array(items.iter().map(Self::to_toml).collect()),
            Typed::Table(entries) => Toml::Table(to_table(entries)),
        }
    }
}

/// Keys and values of a table, in its order.
pub(super) fn entries(table: &DeTable<'_>) -> Vec<Entry> {
    let entry = |(key, node): (&toml::Spanned<toml::de::DeString<'_>>, Node<'_>)| Entry {
        key: key.get_ref().to_string(),
        at: key.span(),
        value: Tree::of(node),
    };
    table.iter().map(entry).collect()
}

/// The same to be written.
pub(super) fn to_table(entries: &[Entry]) -> toml::Table {
    entries.iter().map(|entry| (entry.key.clone(), entry.value.to_toml())).collect()
}

/// A number without an exponent, so that it is the same text however it was typed.
fn plain(text: &str) -> String {
    match text.replace('_', "").parse::<f64>() {
        Ok(number) if number.is_finite() && text.contains(['.', 'e', 'E']) => number.to_string(),
        _ => text.replace('_', ""),
    }
}

/// A date, which nothing takes.
fn date(value: &DeValue<'_>) -> String {
    match value {
        DeValue::Datetime(date) => date.to_string(),
        _ => String::new(),
    }
}

/// All combinations of the values that `for` gives its variables; one without any where there is no
/// `for`. A value that is a table gives its keys values, which so go together. A text names one of
/// the lists of the claim.
pub(super) fn combinations(
    given: Option<&Tree>,
    lists: Option<&Tree>,
    problems: &mut Problems,
) -> Vec<Variables> {
    let Some(tree) = given else { return vec![Vec::new()] };
    let Typed::Table(variables) = &tree.value else {
        let message = format!(
            "for must be a table of lists, such as for = {{ layer = [1, 2] }}, not {}",
            tree.kind()
        );
        problems.add(tree.at.clone(), message);
        return Vec::new();
    };
    let mut all: Vec<Variables> = vec![Vec::new()];
    // By name, as TOML does not keep the order of tables among other values when it is written.
    let mut variables: Vec<&Entry> = variables.iter().collect();
    variables.sort_by(|a, b| a.key.cmp(&b.key));
    for Entry { key, value, .. } in variables {
        let Some(value) = listed(value, lists, problems) else { return Vec::new() };
        let Typed::List(values) = &value.value else {
            let message =
                format!("for.{key} must be a list of the values it takes, not {}", value.kind());
            problems.add(value.at.clone(), message);
            return Vec::new();
        };
        if values.is_empty() {
            let message = format!("for.{key} has no value, so that no part is left: give one");
            problems.add(value.at.clone(), message);
            return Vec::new();
        }
        let bound = |value: &Tree| match &value.value {
            Typed::Table(entries) => {
                entries.iter().map(|entry| (entry.key.clone(), entry.value.clone())).collect()
            }
            _ => vec![(key.clone(), value.clone())],
        };
        if all.len().saturating_mul(values.len()) > MOST_PARTS {
            let message =
                format!("these are more than the {} parts that a claim may have", MOST_PARTS);
            problems.add(value.at.clone(), message);
            return Vec::new();
        }
        let extended = |known: &Variables| -> Vec<Variables> {
            values.iter().map(|value| [known.clone(), bound(value)].concat()).collect()
        };
        all = all.iter().flat_map(extended).collect();
    }
    all
}

/// The list that a variable is given: itself, or the one of that name among the lists of the claim.
fn listed<'a>(
    value: &'a Tree,
    lists: Option<&'a Tree>,
    problems: &mut Problems,
) -> Option<&'a Tree> {
    let Typed::Text(name) = &value.value else { return Some(value) };
    let known: &[Entry] = match lists.map(|lists| &lists.value) {
        Some(Typed::Table(lists)) => lists,
        _ => &[],
    };
    let found = known.iter().find(|entry| entry.key == *name).map(|entry| &entry.value);
    if found.is_none() {
        let near = suggestion(name, known.iter().map(|entry| entry.key.as_str()));
        problems.add(value.at.clone(), format!("there is no list `{name}` in [claim.lists]{near}"));
    }
    found
}

//! Figures asked for on the command line: the keys of a figure in a spec, checked by the same rules.

use super::analysis::{Analysis, Figure, OptionError};
use super::check::check_figure;
use super::parameters::{Scope, known};
use super::raw::{Problems, RawFigure};
use crate::condition::Kind;
use std::path::Path;
use toml::Value as Toml;
use toml::de::DeTable;

/// An option of the command line that is a key of a figure.
pub struct FigureOption {
    /// Option.
    pub name: &'static str,
    /// Key in specs.
    key: &'static str,
    /// Placeholder in help.
    pub placeholder: &'static str,
    /// Help line.
    pub help: &'static str,
    form: Form,
}

/// How the text of an option is written in a spec.
#[derive(Clone, Copy)]
enum Form {
    Text,
    List,
    /// A list, or one of the words that say how panels differ.
    Panels,
    Whole,
    Wholes,
    Flag,
    Ends,
    Table,
}

const fn option(
    name: &'static str,
    key: &'static str,
    placeholder: &'static str,
    form: Form,
    help: &'static str,
) -> FigureOption {
    FigureOption { name, key, placeholder, help, form }
}

/// The options, in the order of help.
pub const FIGURE_OPTIONS: &[FigureOption] = &[
    option("quantity", "quantities", "NAMES", Form::List, "Quantities, a panel each [default: all that are measured]"),
    option(
        "kind",
        "kind",
        "KIND",
        Form::Text,
        "curves, sweep, map, profile, scatter, lags or plane; of draws: density, spectrum, cells or groups [default: curves]",
    ),
    option("x", "x", "AXIS", Form::Text, "Of curves: iteration or epoch; of sweeps and maps: a parameter that varies"),
    option("y", "y", "PARAMETER", Form::Text, "Vertical axis of a map"),
    option("by", "by", "NAMES", Form::List, "Parameters that tell the curves apart [default: all that vary]"),
    option("panels", "panels", "WHAT", Form::Panels, "quantity, layer or parameters: what panels differ in"),
    option("where", "where", "NAME=VALUES", Form::Table, "Only conditions with one of these values; can be repeated"),
    option("scale", "scale", "SCALE", Form::Text, "Vertical axis: linear or log [default: linear]"),
    option("range", "range", "LOW,HIGH", Form::Ends, "Ends of the vertical axis [default: those of the values]"),
    option("smooth", "smooth", "N", Form::Whole, "Means over the latest N iterations"),
    option("lags", "lags", "LAGS", Form::Text, "Lags shown, such as 1,5-9 [default: all that are measured]"),
    option("at", "at", "ITERATIONS", Form::Text, "Of lags: iterations shown, such as 900,1800 [default: the last]"),
    option("layers", "layers", "LAYERS", Form::Wholes, "Layers shown, such as 1,4 [default: all that are measured]"),
    option("together", "together", "true|false", Form::Flag, "Quantities of one unit in one panel [default: false]"),
    option("title", "title", "TEXT", Form::Text, "Heading"),
    option("name", "name", "NAME", Form::Text, "Name of the files [default: <quantity>-<kind>]"),
];

impl Figure {
    /// The figure of `analysis` that options ask for: pairs of a name in [`FIGURE_OPTIONS`] and what was typed.
    ///
    /// # Errors
    /// Every option that is unknown or cannot be used, as a spec would be told.
    pub fn from_options(analysis: &Analysis, typed: &[(&str, String)]) -> Result<Self, Vec<OptionError>> {
        // One option a line; the first line stands for the figure as a whole.
        let (mut text, mut lines) = (String::from("\n"), vec![None]);
        let tables: Vec<&str> = typed.iter().filter(|(name, _)| *name == "where").map(|(_, t)| t.as_str()).collect();
        for option in FIGURE_OPTIONS {
            let Some((_, given)) = typed.iter().rev().find(|(name, _)| *name == option.name) else { continue };
            let value = match option.form {
                Form::Table => conditions(&tables, analysis.kind).map_err(|message| vec![refused(option, message)])?,
                form => form.toml(given),
            };
            text += &format!("{} = {value}\n", option.key);
            lines.push(Some(option.name));
        }
        if !typed.iter().any(|(name, _)| *name == "name") {
            let quantity =
                typed.iter().find(|(name, _)| *name == "quantity").and_then(|(_, text)| text.split(',').next());
            let kind = typed.iter().find(|(name, _)| *name == "kind").map_or("curves", |(_, kind)| kind);
            let start = quantity.map_or(analysis.name.as_str(), str::trim);
            text += &format!("name = {}\n", Toml::String(format!("{start}-{kind}")));
            lines.push(None);
        }
        let (document, _) = DeTable::parse_recoverable(&text);
        let mut problems = Problems::new(Path::new(""), &text);
        let raw = RawFigure::read(0..0, document.get_ref(), &mut problems);
        let figure = check_figure(&raw, analysis, &mut problems);
        // A bad quantity or kind would be blamed on the name made of it, too.
        let told = problems.found.iter().map(|problem| (lines.get(problem.line - 1).copied().flatten(), problem));
        let mut errors: Vec<OptionError> =
            told.map(|(option, problem)| OptionError { option, message: problem.message.clone() }).collect();
        if errors.iter().any(|error| error.option.is_some()) {
            errors.retain(|error| error.option.is_some());
        }
        figure.filter(|_| errors.is_empty()).ok_or(errors)
    }
}

fn refused(option: &FigureOption, message: String) -> OptionError {
    OptionError { option: Some(option.name), message }
}

impl Form {
    /// What was typed, as it would stand in a spec; what has not the form is left as text, which is refused there.
    fn toml(self, typed: &str) -> Toml {
        let text = || Toml::String(typed.to_string());
        let list = || Toml::Array(typed.split(',').map(|part| Toml::String(part.trim().into())).collect());
        match self {
            Self::Text | Self::Table => text(),
            Self::List => list(),
            Self::Panels if ["quantity", "layer"].contains(&typed) => text(),
            Self::Panels => list(),
            Self::Whole => typed.parse().map_or_else(|_| text(), Toml::Integer),
            Self::Wholes => {
                let all: Result<Vec<i64>, _> = typed.split(',').map(|part| part.trim().parse()).collect();
                all.map_or_else(|_| text(), |all| Toml::Array(all.into_iter().map(Toml::Integer).collect()))
            }
            Self::Flag => typed.parse().map_or_else(|_| text(), Toml::Boolean),
            Self::Ends => {
                let ends: Result<Vec<f64>, _> = typed.split(',').map(|end| end.trim().parse()).collect();
                ends.map_or_else(|_| text(), |ends| Toml::Array(ends.into_iter().map(Toml::Float).collect()))
            }
        }
    }
}

/// Values that conditions must have: texts of the form `name=value` or `name=value,value`.
fn conditions(typed: &[&str], kind: Kind) -> Result<Toml, String> {
    let mut table = toml::Table::new();
    for text in typed {
        let Some((name, values)) = text.split_once('=') else {
            return Err(format!("where cannot be `{text}`: expected a parameter and its values, such as rule=bp"));
        };
        let known = known(name, kind, Scope::Condition);
        // A value with commas of its own is one value.
        let whole = known.is_none_or(|known| known.parameter.read(values).is_ok());
        let value = if whole { Toml::String(values.into()) } else { Form::List.toml(values) };
        if table.insert(name.into(), value).is_some() {
            return Err(format!("`{name}` is given twice: list its values, as in {name}=A,B"));
        }
    }
    Ok(Toml::Table(table))
}

#[cfg(test)]
mod tests {
    use super::super::analysis::{FigureKind, Panels, XAxis};
    use super::super::file::parse_spec;
    use super::*;

    const SPEC: &str = "[[analysis]]\nname = \"a\"\nkind = \"train\"\nquantities = [\"weight_alignment\", \
                        \"test_accuracy\"]\n[analysis.sweep]\nrule = [\"bp\", \"fa\"]\nhidden = [[50], [50, 50]]\n";

    fn figure(options: &[(&str, &str)]) -> Result<Figure, String> {
        let spec = parse_spec(Path::new("a.toml"), SPEC).unwrap();
        let typed: Vec<(&str, String)> = options.iter().map(|(name, text)| (*name, text.to_string())).collect();
        let joined = |errors: Vec<OptionError>| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        Figure::from_options(&spec.analyses[0], &typed).map_err(joined)
    }

    #[test]
    fn options_are_the_keys_of_a_spec() {
        let drawn = figure(&[
            ("quantity", "weight_alignment"),
            ("kind", "sweep"),
            ("x", "hidden"),
            ("panels", "rule"),
            ("where", "rule=fa"),
            ("where", "hidden=50,50"),
            ("range", "0,90"),
            ("smooth", "3"),
            ("layers", "1, 2"),
            ("title", "A \"quoted\" one"),
        ])
        .unwrap();
        assert_eq!((drawn.kind, drawn.x), (FigureKind::Sweep, XAxis::Parameter("hidden")));
        assert_eq!(drawn.panels, Panels::By(vec!["rule"]));
        assert_eq!(drawn.only, [("rule", vec!["bp-trw".to_string()]), ("hidden", vec!["50,50".to_string()])]);
        assert_eq!((drawn.range, drawn.smooth, &drawn.layers[..]), (Some([0.0, 90.0]), 3, &[1, 2][..]));
        assert_eq!((drawn.name.as_str(), drawn.title.as_str()), ("weight_alignment-sweep", "A \"quoted\" one"));
        let all = figure(&[("where", "rule=bp,fa")]).unwrap();
        assert_eq!(all.only, [("rule", vec!["bp".to_string(), "bp-trw".to_string()])]);
        assert_eq!((all.name.as_str(), all.quantities.len()), ("a-curves", 2));
    }

    #[test]
    fn bad_options_are_refused_under_their_names_with_the_nearest() {
        for (options, said) in [
            (&[("quantity", "weight_alignement")][..], "--quantity: unknown quantity `weight_alignement`"),
            (&[("quantity", "weight_alignement")], "did you mean `weight_alignment`?"),
            (&[("quantity", "loss")], "--quantity: `loss` is not measured here"),
            (&[("kind", "curve")], "--kind: unknown kind `curve`"),
            (&[("kind", "curve")], "did you mean `curves`?"),
            (&[("kind", "sweep"), ("x", "hiden")], "--x: `hiden` does not vary in this analysis"),
            (&[("kind", "sweep")], "this figure needs x"),
            (&[("by", "rul")], "--by: unknown parameter `rul` of kind \"train\"; did you mean `rule`?"),
            (&[("where", "rule")], "--where: where cannot be `rule`"),
            (&[("where", "rule=shallow")], "--where: no condition of this analysis has these values"),
            (&[("where", "rule=bp"), ("where", "rule=fa")], "--where: `rule` is given twice"),
            (&[("smooth", "many")], "--smooth: smooth must be"),
            (&[("range", "9,1")], "--range: range must be two ascending numbers"),
            (&[("layers", "1,x")], "--layers: layers must be a list of layers"),
            (&[("quantity", "weight_alignment"), ("layers", "1,7")], "--layers: layer 7 has none of these quantities"),
            (&[("name", "a/b")], "--name: a name must be"),
        ] {
            let message = figure(options).unwrap_err();
            assert!(message.contains(said), "{message}\nshould contain\n{said}");
        }
    }
}

//! Figures asked for on the command line: the keys of a figure in a spec, checked by the same rules.

use super::keys::{FIGURE_KEYS, Figure, FigureKey, RawFigure};
use super::kinds::FigureKind;
use super::values::Form as _;
use crate::condition::Kind;
use crate::spec::analysis::{Analysis, OptionError};
use crate::spec::node::Problems;
use crate::spec::parameters::{Scope, known};
use crate::text::Choice;
use std::path::Path;
use toml::Value as Toml;
use toml::de::DeTable;

impl Figure {
    /// The figure of `analysis` that options ask for: pairs of an option of [`FIGURE_KEYS`] and what was typed.
    ///
    /// # Errors
    /// Every option that is unknown or cannot be used, as a spec would be told.
    pub fn from_options(analysis: &Analysis, typed: &[(&str, String)]) -> Result<Self, Vec<OptionError>> {
        // One option a line; the first line stands for the figure as a whole.
        let (mut text, mut lines) = (String::from("\n"), vec![None]);
        let tables: Vec<&str> = typed.iter().filter(|(name, _)| *name == "where").map(|(_, t)| t.as_str()).collect();
        for key in FIGURE_KEYS {
            let Some((_, given)) = typed.iter().rev().find(|(name, _)| *name == key.option) else { continue };
            let value = match key.option {
                "where" => conditions(&tables, analysis.kind).map_err(|message| vec![refused(key, message)])?,
                _ => (key.typed)(given),
            };
            text += &format!("{} = {value}\n", key.name);
            lines.push(Some(key.option));
        }
        if !typed.iter().any(|(name, _)| *name == "name") {
            let quantity =
                typed.iter().find(|(name, _)| *name == "quantity").and_then(|(_, text)| text.split(',').next());
            let kind = typed.iter().find(|(name, _)| *name == "kind").map(|(_, kind)| kind.as_str());
            let start = quantity.map_or(analysis.name.as_str(), str::trim);
            let kind = kind.unwrap_or(FigureKind::Curves.name());
            text += &format!("name = {}\n", Toml::String(format!("{start}-{kind}")));
            lines.push(None);
        }
        let (document, _) = DeTable::parse_recoverable(&text);
        let mut problems = Problems::new(Path::new(""), &text);
        let raw = RawFigure::read(0..0, document.get_ref(), &mut problems);
        let figure = raw.check(&analysis.subject(), &mut problems);
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

fn refused(key: &FigureKey, message: String) -> OptionError {
    OptionError { option: Some(key.option), message }
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
        let value = if whole { Toml::String(values.into()) } else { Vec::<&'static str>::typed(values) };
        if table.insert(name.into(), value).is_some() {
            return Err(format!("`{name}` is given twice: list its values, as in {name}=A,B"));
        }
    }
    Ok(Toml::Table(table))
}

#[cfg(test)]
mod tests {
    use super::super::values::{Panels, XAxis};
    use super::*;
    use crate::spec::file::parse_spec;

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
        assert_eq!(drawn.only.0, [("rule", vec!["bp-trw".to_string()]), ("hidden", vec!["50,50".to_string()])]);
        assert_eq!((drawn.range, drawn.smooth, &drawn.layers[..]), (Some([0.0, 90.0]), 3, &[1, 2][..]));
        assert_eq!((drawn.name.as_str(), drawn.title.as_str()), ("weight_alignment-sweep", "A \"quoted\" one"));
        let all = figure(&[("where", "rule=bp,fa")]).unwrap();
        assert_eq!(all.only.0, [("rule", vec!["bp".to_string(), "bp-trw".to_string()])]);
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

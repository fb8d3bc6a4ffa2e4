//! Figures asked for on the command line: the keys of a figure in a spec, checked by the same
//! rules.

use super::keys::{FIGURE_KEYS, Figure, FigureKey, RawFigure};
use super::kinds::FigureKind;
use super::values::Form as _;
use crate::condition::Kind;
use crate::spec::analysis::{Analysis, OptionError};
use crate::spec::node::Problems;
use crate::spec::parameters::{Scope, known};
use crate::text::Choice;
use std::collections::BTreeMap;
use std::path::Path;
use toml::Value as Toml;
use toml::de::DeTable;

impl Figure {
    /// The figure of `analysis` that options ask for: pairs of an option of [`FIGURE_KEYS`] and
    /// what was typed.
    ///
    /// # Errors
    /// Every option that is unknown or cannot be used, as a spec would be told.
    pub fn from_options(
        analysis: &Analysis,
        typed: &[(&str, String)],
    ) -> Result<Self, Vec<OptionError>> {
        let mut keys = given(analysis, typed)?;
        if !keys.contains_key("name") {
            let text = |option| {
                typed.iter().rev().find(|(name, _)| *name == option).map(|(_, text)| text.as_str())
            };
            let quantity = text("quantity").and_then(|text| text.split(',').next());
            let start = quantity.map_or(analysis.name.as_str(), str::trim);
            let kind = text("kind").unwrap_or(FigureKind::Curves.name());
            keys.insert("name", (None, Toml::String(format!("{start}-{kind}"))));
        }
        checked(analysis, &keys)
    }

    /// The figure with what options say of it in place of what it says itself.
    ///
    /// # Errors
    /// As [`Self::from_options`].
    pub fn changed(
        self,
        analysis: &Analysis,
        typed: &[(&str, String)],
    ) -> Result<Self, Vec<OptionError>> {
        if typed.is_empty() {
            return Ok(self);
        }
        let mut keys: BTreeMap<_, _> =
            self.to_toml().map(|(name, value)| (name, (None, value))).collect();
        keys.extend(given(analysis, typed)?);
        checked(analysis, &keys)
    }
}

/// Values of keys of a figure, each with the option it was typed as.
type Keys = BTreeMap<&'static str, (Option<&'static str>, Toml)>;

/// What options say of a figure.
fn given(analysis: &Analysis, typed: &[(&str, String)]) -> Result<Keys, Vec<OptionError>> {
    let all = |option: &str| -> Vec<&str> {
        typed.iter().filter(|(name, _)| *name == option).map(|(_, text)| text.as_str()).collect()
    };
    let mut keys = Keys::new();
    for key in FIGURE_KEYS {
        let texts = all(key.option);
        let Some(last) = texts.last() else { continue };
        let value = match key.option {
            "where" => {
                conditions(&texts, analysis.kind).map_err(|message| vec![refused(key, message)])?
            }
            "rename" => renamed(&texts).map_err(|message| vec![refused(key, message)])?,
            _ => (key.typed)(last),
        };
        keys.insert(key.name, (Some(key.option), value));
    }
    Ok(keys)
}

/// The figure with these keys, checked as one of a spec.
fn checked(analysis: &Analysis, keys: &Keys) -> Result<Figure, Vec<OptionError>> {
    // One key a line; the first line stands for the figure as a whole.
    let (mut text, mut lines) = (String::from("\n"), vec![None]);
    for key in FIGURE_KEYS {
        if let Some((option, value)) = keys.get(key.name) {
            text += &format!("{} = {value}\n", key.name);
            lines.push(*option);
        }
    }
    let (document, _) = DeTable::parse_recoverable(&text);
    let mut problems = Problems::new(Path::new(""), &text);
    let raw = RawFigure::read(0..0, document.get_ref(), &mut problems);
    let figure = raw.check(&analysis.subject(), &mut problems);
    // A bad quantity or kind would be blamed on the name made of it, too.
    let told = problems
        .found
        .iter()
        .map(|problem| (lines.get(problem.line - 1).copied().flatten(), problem));
    let mut errors: Vec<OptionError> = told
        .map(|(option, problem)| OptionError { option, message: problem.message.clone() })
        .collect();
    if errors.iter().any(|error| error.option.is_some()) {
        errors.retain(|error| error.option.is_some());
    }
    figure.filter(|_| errors.is_empty()).ok_or(errors)
}

fn refused(key: &FigureKey, message: String) -> OptionError {
    OptionError { option: Some(key.option), message }
}

/// Other words: texts of the form `old=new`.
fn renamed(typed: &[&str]) -> Result<Toml, String> {
    let mut table = toml::Table::new();
    for text in typed {
        let Some((old, new)) = text.split_once('=') else {
            return Err(format!(
                "rename cannot be `{text}`: expected OLD=NEW, such as held=\"held signals\""
            ));
        };
        if table.insert(old.trim().into(), Toml::String(new.trim().into())).is_some() {
            return Err(format!("`{old}` is given twice"));
        }
    }
    Ok(Toml::Table(table))
}

/// Values that conditions must have: texts of the form `name=value` or `name=value,value`.
fn conditions(typed: &[&str], kind: Kind) -> Result<Toml, String> {
    let mut table = toml::Table::new();
    for text in typed {
        let Some((name, values)) = text.split_once('=') else {
            return Err(format!(
                "where cannot be `{text}`: expected a parameter and its values, such as rule=bp"
            ));
        };
        let known = known(name, kind, Scope::Condition);
        // A value with commas of its own is one value.
        let whole = known.is_none_or(|known| known.parameter.read(values).is_ok());
        let value =
            if whole { Toml::String(values.into()) } else { Vec::<&'static str>::typed(values) };
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

    const SPEC: &str = "[[analysis]]\nname = \"a\"\nkind = \"train\"\nquantities = \
                        [\"weight_alignment\", \"test_accuracy\"]\n[analysis.sweep]\nrule = \
                        [\"bp\", \"fa\"]\nhidden = [[50], [50, 50]]\n";

    fn figure(options: &[(&str, &str)]) -> Result<Figure, String> {
        let spec = parse_spec(Path::new("a.toml"), SPEC).unwrap();
        let typed: Vec<(&str, String)> =
            options.iter().map(|(name, text)| (*name, text.to_string())).collect();
        let joined = |errors: Vec<OptionError>| {
            errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        };
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
        assert_eq!(
            drawn.only.0,
            [("rule", vec!["bp-trw".to_string()]), ("hidden", vec!["50,50".to_string()])]
        );
        assert_eq!(
            (drawn.range, drawn.smooth, &drawn.layers[..]),
            (Some([0.0, 90.0]), 3, &[1, 2][..])
        );
        assert_eq!(
            (drawn.name.as_str(), drawn.title.as_str()),
            ("weight_alignment-sweep", "A \"quoted\" one")
        );
        let all = figure(&[("where", "rule=bp,fa")]).unwrap();
        assert_eq!(all.only.0, [("rule", vec!["bp".to_string(), "bp-trw".to_string()])]);
        assert_eq!((all.name.as_str(), all.quantities.len()), ("a-curves", 2));
    }

    #[test]
    fn options_change_a_figure_and_leave_the_rest_of_it() {
        let spec = parse_spec(Path::new("a.toml"), SPEC).unwrap();
        let drawn =
            figure(&[("quantity", "weight_alignment"), ("by", "rule"), ("smooth", "3")]).unwrap();
        let typed = [
            ("x-label", "updates".to_string()),
            ("smooth", "5".into()),
            ("rename", "BP=backprop".into()),
        ];
        let changed = drawn.clone().changed(&spec.analyses[0], &typed).unwrap();
        assert_eq!((changed.x_label.as_deref(), changed.smooth), (Some("updates"), 5));
        assert_eq!(changed.names.0, [("BP".to_string(), "backprop".to_string())]);
        assert_eq!(
            (&changed.quantities, &changed.by, &changed.name),
            (&drawn.quantities, &drawn.by, &drawn.name)
        );
        let errors =
            drawn.changed(&spec.analyses[0], &[("font-size", "99".to_string())]).unwrap_err();
        assert!(
            errors[0].to_string().starts_with("--font-size: font-size must be a number of points"),
            "{errors:?}"
        );
    }

    #[test]
    fn looks_are_read_and_refused() {
        let drawn = figure(&[
            ("order", "BP; BP-TRW, no WN"),
            ("show", "2; layer 1"),
            ("letters", "true"),
            ("share", "both"),
            ("font-size", "10"),
            ("spread", "ci"),
            ("repeats", "true"),
            ("x-scale", "log"),
            ("x-range", "1,50"),
            ("text", "outlines"),
            ("rename", "a=b=c"),
        ])
        .unwrap();
        assert_eq!(drawn.order, ["BP", "BP-TRW, no WN"]);
        assert_eq!(
            (drawn.show, drawn.letters, drawn.repeats),
            (vec!["2".to_string(), "layer 1".into()], true, true)
        );
        assert_eq!((drawn.font_size, drawn.x_range), (Some(10.0), Some([1.0, 50.0])));
        assert_eq!(drawn.names.0, [("a".to_string(), "b=c".to_string())]);
        for (options, said) in [
            (&[("share", "all")][..], "--share: unknown share `all`"),
            (&[("letters", "yes")], "--letters: letters must be true or false"),
            (&[("rename", "held")], "--rename: rename cannot be `held`"),
            (&[("spread", "se")], "--spread: unknown spread `se`: expected sd, ci or none"),
            (&[("x-range", "5,1")], "--x-range: x-range must be two ascending numbers"),
            (&[("colours", "grey")], "--colours: colours are those of a figure of kind"),
            (&[("text", "curves")], "--text: unknown text `curves`: expected text or outlines"),
        ] {
            let message = figure(options).unwrap_err();
            assert!(message.contains(said), "{message}\nshould contain\n{said}");
        }
    }

    #[test]
    fn bad_options_are_refused_under_their_names_with_the_nearest() {
        for (options, said) in [
            (
                &[("quantity", "weight_alignement")][..],
                "--quantity: unknown quantity `weight_alignement`",
            ),
            (&[("quantity", "weight_alignement")], "did you mean `weight_alignment`?"),
            (&[("quantity", "loss")], "--quantity: `loss` is not measured here"),
            (&[("kind", "curve")], "--kind: unknown kind `curve`"),
            (&[("kind", "curve")], "did you mean `curves`?"),
            (&[("kind", "sweep"), ("x", "hiden")], "--x: `hiden` does not vary in this analysis"),
            (&[("kind", "sweep")], "this figure needs x"),
            (
                &[("by", "rul")],
                "--by: unknown parameter `rul` of kind \"train\"; did you mean `rule`?",
            ),
            (&[("where", "rule")], "--where: where cannot be `rule`"),
            (
                &[("where", "rule=shallow")],
                "--where: no condition of this analysis has these values",
            ),
            (&[("where", "rule=bp"), ("where", "rule=fa")], "--where: `rule` is given twice"),
            (&[("smooth", "many")], "--smooth: smooth must be"),
            (&[("range", "9,1")], "--range: range must be two ascending numbers"),
            (&[("layers", "1,x")], "--layers: layers must be a list of layers"),
            (
                &[("quantity", "weight_alignment"), ("layers", "1,7")],
                "--layers: layer 7 has none of these quantities",
            ),
            (&[("name", "a/b")], "--name: a name must be"),
        ] {
            let message = figure(options).unwrap_err();
            assert!(message.contains(said), "{message}\nshould contain\n{said}");
        }
    }
}

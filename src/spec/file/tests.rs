//! What a spec becomes, and what is said of a bad one.

use super::*;
use crate::condition::Condition;
use crate::signal::Schedule;

const QUICKSTART: &str = r#"
name = "quickstart"
title = "Two things"

[[analysis]]
name = "mechanism"
title = "E1"
kind = "isolate"
repeats = 3
report-at = [100]
record-every = 10
[analysis.base]
iterations = 200
[analysis.sweep]
schedule = ["held", "shared", "white"]
eta = [4e-4, 1e-3]
[[analysis.figure]]
name = "angle"
quantities = ["weight_alignment"]
x = "iteration"
by = ["schedule"]

[[analysis]]
name = "digits"
kind = "train"
quantities = ["weight_alignment", "test_accuracy"]
[analysis.base]
epochs = 5
[[analysis.conditions]]
rule = "bp"
eta = 0.02
[[analysis.conditions]]
rule = "fa"
[[analysis.figure]]
name = "learning"
x = "epoch"
"#;

fn parse(text: &str) -> Result<Spec, String> {
    parse_spec(Path::new("a.toml"), text).map_err(|error| error.to_string())
}

#[test]
fn a_spec_becomes_conditions_in_written_order() {
    let spec = parse(QUICKSTART).unwrap();
    assert_eq!(spec.name, "quickstart");
    let mechanism = &spec.analyses[0];
    let points: Vec<_> = mechanism.conditions.iter().map(|c| mechanism.label(c)).collect();
    assert_eq!(
        points[..3],
        ["held, learning rate 0.0004", "held, learning rate 0.001", "shared, learning rate 0.0004"]
    );
    assert_eq!(mechanism.axes, ["schedule", "eta"]);
    assert!(
        matches!(&mechanism.conditions[5], Condition::Isolate(c) if Schedule::of(&c.signals) == Schedule::White && c.iterations == 200)
    );
    let digits = &spec.analyses[1];
    assert_eq!(digits.axes, ["rule", "eta"]);
    assert_eq!(digits.figures[0].quantities, digits.quantities().collect::<Vec<_>>());
    assert_eq!(digits.columns(), ["data", "rule", "activation", "eta"]);
}

#[test]
fn conditions_times_grid() {
    let text = "[[analysis]]\nname = \"x\"\nkind = \"train\"\nconditions = [{rule = \"bp\"}, \
        {rule = \"fa\"}]\nsweep.eta = [1, 2]\n";
    let spec = parse(text).unwrap();
    assert_eq!((spec.name.as_str(), spec.analyses[0].conditions.len()), ("a", 4));
    assert_eq!(spec.analyses[0].label(&spec.analyses[0].conditions[1]), "BP, learning rate 2");
}

#[test]
fn ranges_and_lists_varied_together() {
    let values = |rest: &str, name: &str| {
        let spec =
            parse(&format!("[[analysis]]\nname = \"x\"\nkind = \"isolate\"\n{rest}")).unwrap();
        let conditions = spec.analyses[0].conditions.iter();
        conditions.map(|c| c.values()[name].to_text()).collect::<Vec<_>>()
    };
    let eta = |axis: &str| values(&format!("[analysis.sweep]\neta = {axis}"), "eta");
    assert_eq!(
        eta("\"log:1e-4..1e-2:5\""),
        ["0.0001", "0.000316228", "0.001", "0.00316228", "0.01"]
    );
    assert_eq!(eta("\"lin:0.1..0.4:4\""), ["0.1", "0.2", "0.3", "0.4"]);
    assert_eq!(eta("\"lin:3..1:3\""), ["3", "2", "1"]);
    assert_eq!(eta("[5, \"log: 1 .. 4 :3\", 7]"), ["5", "1", "2", "4", "7"]);
    assert_eq!(
        values("[analysis.sweep]\nbatch = \"log:10..1000:4\"", "batch"),
        ["10", "46", "215", "1000"]
    );
    assert_eq!(
        values("[analysis.sweep]\nwn = [\"off\", \"lin:0.5..1:2\"]", "wn"),
        ["off", "0.5", "1"]
    );

    let zip = "[analysis.zip]\nw-std = [1, 2, 3]\nb-std = \"lin:9..7:3\"\n";
    assert_eq!(values(zip, "b-std"), ["9", "8", "7"]);
    assert_eq!(values(zip, "w-std"), ["1", "2", "3"]);
    let both = format!("{zip}[analysis.sweep]\neta = [1, 2]\n");
    assert_eq!(values(&both, "w-std"), ["1", "1", "2", "2", "3", "3"]);
    assert_eq!(values(&both, "eta"), ["1", "2", "1", "2", "1", "2"]);
}

/// A spec of an analysis that has a name and a kind.
fn analysis(rest: &str) -> String {
    format!("[[analysis]]\nname = \"x\"\nkind = \"isolate\"\n{rest}")
}

/// Every text is refused with what is said of it.
fn assert_refused<const N: usize>(cases: [(String, &str); N]) {
    for (text, expected) in cases {
        let error = parse(&text).unwrap_err();
        assert!(error.contains(expected), "{text}\ngave\n{error}\nwithout\n{expected}");
    }
}

#[test]
fn mistakes_of_names_and_kinds_have_their_place_and_remedy() {
    assert_refused([
        (
            "titel = \"x\"\n".to_string() + &analysis(""),
            "a.toml:1:1: unknown key `titel`: expected name, title, extends, analysis, let, \
             families or claim; did you mean `title`?\n    titel = \"x\"",
        ),
        ("name = \"x\"".into(), "a.toml:1:1: this spec has no [[analysis]]"),
        (
            "analysis = 3".into(),
            "a.toml:1:12: expected tables headed [[analysis]], not a TOML integer",
        ),
        ("name = ".into(), "a.toml:1:8: this is not valid TOML"),
        (
            "name = \"../x\"\n".to_string() + &analysis(""),
            "a.toml:1:8: a name must be text of letters",
        ),
        (
            "[[analysis]]\nname = \"x\"".into(),
            "a.toml:1:1: this analysis has no kind: add kind \
             = \"isolate\", \"train\", \"sample\", \"replay\", \"plane\", \"recurrent\" or \
             \"recorded\"",
        ),
        ("[[analysis]]\nkind = \"isolate\"".into(), "a.toml:1:1: this analysis has no name"),
        (
            "[[analysis]]\nname = \"x\"\nkind = \"isolated\"".into(),
            "a.toml:3:8: unknown kind `isolated`: expected \"isolate\", \"train\", \"sample\", \
             \"replay\", \"plane\", \"recurrent\" or \"recorded\"; did you mean `isolate`?",
        ),
        (
            "extends = 3\n".to_string() + &analysis(""),
            "a.toml:1:11: extends must be the path of a spec in quotes",
        ),
        (
            "extends = \"/dev/zero\"\n".to_string() + &analysis(""),
            "a.toml:1:11: cannot read /dev/zero, which is extended (it is no file)",
        ),
        (analysis("") + &analysis(""), "a.toml:5:8: there are two analyses named `x`"),
    ]);
}

#[test]
fn mistakes_of_parameters_have_their_place_and_remedy() {
    assert_refused([
        (
            analysis("repeat = 3"),
            "a.toml:4:1: unknown key `repeat` of an analysis: expected name, title",
        ),
        (analysis("repeat = 3"), "did you mean `repeats`?"),
        (
            analysis("eta = 3"),
            "a.toml:4:1: `eta` is a parameter of a condition: write it under [analysis.base]",
        ),
        (
            analysis("repeats = \"3\""),
            "a.toml:4:11: repeats cannot be a TOML string: expected a whole number from 1",
        ),
        (
            analysis("quantities = [\"weight_alignement\"]"),
            "a.toml:4:14: unknown quantity `weight_alignement`",
        ),
        (analysis("base = 3"), "a.toml:4:8: expected a table headed [analysis.base]"),
        (
            analysis("[analysis.base]\niteratons = 3"),
            "a.toml:5:1: unknown parameter `iteratons` of kind \"isolate\"; did you mean \
             `iterations`?\n    iteratons = 3",
        ),
        (
            analysis("[analysis.base]\nhidden = [3]"),
            "a.toml:5:1: `hidden` is a parameter of kind \"train\", \"replay\" or \"plane\", not \
             of \"isolate\"",
        ),
        (
            analysis("[analysis.base]\nseed = 3"),
            "a.toml:5:1: `seed` holds for a whole analysis: write it under [[analysis]]",
        ),
        (
            analysis("[analysis.base]\nlayers = [20, 100]"),
            "a.toml:5:10: layers `20,100` has 2 sizes",
        ),
        (
            analysis("[analysis.base]\nschedule = \"hled\""),
            "a.toml:5:12: unknown schedule `hled`: expected held, shared, white or free; did you \
             mean `held`?",
        ),
        (
            analysis(
                "[analysis.base]\nlayers = [3, 4, 5]\n[analysis.sweep]\nschedule = \
                 [\"held\", \"shared\"]",
            ),
            "a.toml:7:21: schedule `shared`: cross `same`",
        ),
    ]);
}

#[test]
fn mistakes_of_ranges_have_their_place_and_remedy() {
    assert_refused([
        (analysis("[analysis.sweep]\neta = 3"), "a.toml:5:7: eta is swept over a list of values"),
        (analysis("[analysis.sweep]\neta = []"), "eta is swept over a list of values"),
        (
            analysis("[analysis.sweep]\neta = \"logg:1..2:3\""),
            "a.toml:5:7: eta is swept over a list of values, such as eta = [..., ...], or over a \
             range, lin:A..B:N or log:A..B:N: N values from A to B, such as log:1e-4..1e-2:5; did \
             you mean `log`?",
        ),
        (
            analysis("[analysis.sweep]\neta = \"log:1..2\""),
            "a.toml:5:7: eta cannot be swept over `log:1..2`: expected lin:",
        ),
        (
            analysis("[analysis.sweep]\neta = [1, \"lin:1-2:3\"]"),
            "a.toml:5:11: eta cannot be swept over `lin:1-2:3`",
        ),
        (
            analysis("[analysis.sweep]\neta = \"lin:0..1:3\""),
            "a.toml:5:7: eta cannot be `0`: expected a finite number",
        ),
        (
            analysis("[analysis.sweep]\neta = \"log:-1..1:3\""),
            "a.toml:5:7: the range `log:-1..1:3` of ratios needs ends above 0",
        ),
        (
            analysis("[analysis.sweep]\neta = \"lin:1..1:2\""),
            "a.toml:5:7: the range `lin:1..1:2` has 1 twice",
        ),
        (
            analysis("[analysis.sweep]\nbatch = \"log:1..4:9\""),
            "a.toml:5:9: the range `log:1..4:9` has 1 twice, as values are rounded",
        ),
        (
            analysis("[analysis.sweep]\neta = \"lin:1..2:1\""),
            "a.toml:5:7: a range has from 2 to 10000 values, not 1",
        ),
        (
            analysis("[analysis.sweep]\neta = \"lin:1..2:99999999999\""),
            "a range has from 2 to 10000 values",
        ),
        (
            analysis("[analysis.sweep]\nschedule = [\"lin:1..2:3\"]"),
            "a.toml:5:13: schedule has no ranges, as it is no number",
        ),
        (analysis("[analysis.sweep]\neta = [1, inf]"), "a.toml:5:11: eta cannot be `inf`"),
    ]);
}

#[test]
fn mistakes_of_what_varies_together_have_their_place_and_remedy() {
    assert_refused([
        (
            analysis("[analysis.zip]\nw-std = [1, 2, 3]\nb-std = [1, 2]"),
            "a.toml:6:1: what is varied together has as many values each: `b-std` has 2, `w-std` 3",
        ),
        (
            analysis("[analysis.zip]\nw-sdt = [1, 2, 3]"),
            "a.toml:5:1: unknown parameter `w-sdt` of kind \"isolate\"; did you mean `w-std`?",
        ),
        (analysis("[analysis.zip]\neta = 3"), "a.toml:5:7: eta is swept over a list"),
        (
            analysis("[analysis.zip]\neta = [1, 2]\n[analysis.sweep]\neta = [3]"),
            "a.toml:7:1: `eta` is both swept and in [analysis.zip]: keep one of the two",
        ),
        (
            analysis("[analysis.zip]\neta = [1, 2]\n[[analysis.conditions]]\neta = 3"),
            "a.toml:5:1: `eta` is both swept and set in a condition",
        ),
        (
            analysis("[analysis.zipp]\neta = [1, 2]"),
            "a.toml:4:11: unknown key `zipp` of an analysis",
        ),
        (
            analysis("[analysis.sweep]\neta = [1, 2, 1.0]"),
            "a.toml:5:14: this condition is there twice",
        ),
        (
            analysis("[[analysis.conditions]]\neta = 1\n[[analysis.conditions]]\neta = 1"),
            "a.toml:6:1: this condition is there twice",
        ),
        (
            analysis("[analysis.base]\nhold = 5\n[analysis.sweep]\nschedule = [\"white\"]"),
            "a.toml:7:13: `schedule` cannot vary here, as it has no name for these signals: vary",
        ),
        (
            analysis(
                "[analysis.base]\nerror = \"ar1:0.5\"\n[analysis.sweep]\nschedule = [\"free\"]",
            ),
            "a.toml:7:13: `schedule` cannot vary here, as it has no name for these signals: vary",
        ),
        (
            analysis("[analysis.sweep]\neta = [1]\n[[analysis.conditions]]\neta = 1"),
            "a.toml:5:1: `eta` is both swept and set in a condition",
        ),
    ]);
}

#[test]
fn mistakes_of_reports_and_figures_have_their_place_and_remedy() {
    assert_refused([
        (
            analysis("report-at = [2000]"),
            "a.toml:4:13: report-at 2000 is never reached: the last iteration is 1500",
        ),
        (
            analysis("[[analysis.figure]]\nname = \"f\"\npanel = 3"),
            "a.toml:6:1: unknown key `panel` of a figure",
        ),
        (
            analysis("[[analysis.figure]]\nname = \"f\"\nquantities = [\"weight_norm\"]"),
            "a.toml:6:15: `weight_norm` is not measured here",
        ),
        (
            analysis("[[analysis.figure]]\nname = \"f\"\nx = \"epoch\""),
            "a.toml:6:5: only networks on data have epochs",
        ),
        (
            analysis("[[analysis.figure]]\nname = \"f\"\nby = [\"schedul\"]"),
            "a.toml:6:7: unknown parameter `schedul` of kind \"isolate\"; did you mean `schedule`?",
        ),
        (
            analysis("[[analysis.figure]]\nname = \"f\"\n[[analysis.figure]]\nname = \"f\""),
            "a.toml:7:8: there are two figures named `f`",
        ),
    ]);
}

#[test]
fn all_mistakes_are_reported_at_once_in_order() {
    let text = "titel = 1\n[[analysis]]\nname = \"é\"\nkind = \"train\"\nrepeats = \
        0\n[analysis.base]\neta = -1\nbatch = 1.5\n";
    let error = parse(text).unwrap_err();
    let places: Vec<&str> =
        error.lines().filter_map(|line| line.split_once(": ")).map(|(at, _)| at).collect();
    assert_eq!(places, ["a.toml:1:1", "a.toml:3:8", "a.toml:5:11", "a.toml:7:7", "a.toml:8:9"]);
}

#[test]
fn nothing_typed_makes_it_panic() {
    for cut in 0..QUICKSTART.len() {
        let _ = parse(&QUICKSTART[..cut]);
        let _ = parse(&QUICKSTART[cut..]);
        let _ = parse(&format!("{}é[]=\"{}", &QUICKSTART[..cut], &QUICKSTART[cut..]));
    }
}

#[test]
fn a_missing_file_is_named() {
    let error = read_spec(Path::new("no/such.toml")).unwrap_err().to_string();
    assert!(error.contains("no/such.toml"), "{error}");
}

#[test]
fn what_never_ends_is_no_spec() {
    let error = read_spec(Path::new("/dev/zero")).unwrap_err().to_string();
    assert!(error.contains("/dev/zero") && error.contains("too large for a spec"), "{error}");
}

#[test]
fn specs_beyond_all_measure_are_refused_by_their_size() {
    let text =
        |count: usize, what: &dyn Fn(usize) -> String| (0..count).map(what).collect::<String>();
    let analysis = "name = \"x\"\n[[analysis]]\nname = \"a\"\nkind = \"isolate\"\n";
    let keys = text(100_000, &|number| format!("k{number} = 1\n"));
    for spec in [format!("{analysis}{keys}"), format!("{keys}{analysis}")] {
        let SpecError::Refused(found) = parse_spec(Path::new("x.toml"), &spec).unwrap_err() else {
            panic!()
        };
        assert_eq!(found.len(), 101);
        assert!(
            found
                .iter()
                .any(|problem| problem.message.contains("more problems than the 100 listed"))
        );
    }
    let same = text(100_000, &|_| "[[analysis]]\nname = \"a\"\nkind = \"isolate\"\n".into());
    let figures = text(100_000, &|_| "[[analysis.figure]]\nname = \"f\"\n".into());
    for (spec, what) in
        [(same, "[[analysis]]"), (format!("{analysis}{figures}"), "[[analysis.figure]]")]
    {
        let error = parse_spec(Path::new("x.toml"), &spec).unwrap_err().to_string();
        let said = format!("100000 tables headed {what} are more than 1000: use several specs");
        assert!(error.contains(&said), "{}", &error[..error.len().min(300)]);
    }
}

//! What a report says of whole, partial and failing runs, and that it needs nothing but itself.

use super::*;
use crate::quantity::Quantity;
use crate::run::{Job, Outcome, Plan, Record, StoredDirectory};
use crate::spec::parse_spec;
use std::collections::BTreeSet;
use std::path::Path;

/// The wrong-labels analysis with `value` at its last iterations, which feeds six claims.
fn stored(value: impl Fn(&Job, Quantity, usize) -> f64) -> Stored {
    let text = include_str!("../../analyses/wrong-labels.toml");
    let mut spec = parse_spec(Path::new("wrong-labels.toml"), text).unwrap();
    spec.title = "Labels <wrong> & \"right\"".into();
    spec.analyses[0].conditions.retain(|c| c.values()["data"].to_text() == "mnist");
    // Fewer than 14 decide nothing in a family of 29.
    spec.analyses[0].settings.repeats = 20;
    let plan = Plan::new(vec![spec]).unwrap();
    let result = |job: &Job| {
        let mut records = Vec::new();
        for quantity in [Quantity::WeightAlignment, Quantity::TestAccuracy, Quantity::TrainAccuracy]
        {
            for iteration in [0, 5400, 5460, 5940, 5980, 6000] {
                for layer in quantity.layers(&job.condition) {
                    let value =
                        Some(value(job, quantity, layer.unwrap_or(0)) + 0.01 * job.repeat as f64);
                    records.push(Record { iteration, layer, lag: None, quantity, value });
                }
            }
        }
        Some(job.finish(Outcome::Completed, records))
    };
    let results = plan.jobs.iter().map(result).collect();
    let directory = StoredDirectory {
        path: "run".into(),
        version: "0.1.0".into(),
        address: plan.address(),
        ended: "completed".into(),
        is_vouched_for: true,
    };
    Stored { plan, results, directories: vec![directory], warnings: Vec::new() }
}

/// Nothing is learnt whatever the labels, and every layer aligns.
fn unlearned() -> Stored {
    stored(|_, quantity, _| if quantity == Quantity::WeightAlignment { 80.0 } else { 9.5 })
}

/// Values of an attribute.
fn attributes<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    let start = format!(" {name}=\"");
    html.split(&start).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn a_report_needs_nothing_but_itself() {
    let stored = unlearned();
    let html = Report::new(&stored).html().unwrap();
    assert_eq!(html, Report::new(&stored).html().unwrap(), "the same bytes");
    assert!(!html.contains("http:") && !html.contains("https:") && !html.contains("url("));
    assert!(attributes(&html, "src").is_empty(), "nothing is loaded");
    let links = attributes(&html, "href");
    assert!(!links.is_empty() && links.iter().all(|link| link.starts_with('#')));
    let ids = attributes(&html, "id");
    let distinct: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), distinct.len(), "every place has a name of its own");
    for link in attributes(&html, "href") {
        assert!(distinct.contains(&link[1..]), "{link} leads nowhere");
    }
}

/// The values of the elements `script` of a page: attributes and content.
fn scripts(html: &str) -> Vec<(&str, &str)> {
    let all = html.split("<script").skip(1);
    all.filter_map(|rest| rest.split_once("</script>")?.0.split_once('>')).collect()
}

#[test]
fn one_script_runs_and_every_figure_is_there_once() {
    let html = Report::new(&unlearned()).html().unwrap();
    let all = scripts(&html);
    let (data, run): (Vec<_>, Vec<_>) =
        all.iter().partition(|(attributes, _)| *attributes == " type=\"application/json\"");
    assert_eq!((data.len(), run.len()), (2, 1), "two figures and one script");
    let (attributes, script) = run[0];
    let nonce = attributes.strip_prefix(" nonce=\"").and_then(|a| a.strip_suffix('"')).unwrap();
    assert!(html.contains(&format!("script-src 'nonce-{nonce}';")), "{nonce}");
    assert!(script.contains("MIT") && script.contains("Leon Sorokin"), "with the licence");
    assert_eq!(html.matches("var uPlot=").count(), 1);
    let stored = unlearned();
    for ((figure, (_, numbers)), place) in
        stored.plan.specs[0].analyses[0].figures.iter().zip(data).zip(1..)
    {
        assert_eq!(html.matches(&format!("id=\"figure-{}\"", figure.name)).count(), 1);
        let data: serde_json::Value = serde_json::from_str(numbers).unwrap();
        let panels = data["panels"].as_array().unwrap();
        let section = html.split("<figure").nth(place).unwrap().split("</figure>").next().unwrap();
        assert_eq!(section.matches("role=\"img\"").count(), panels.len(), "a picture per panel");
        assert!(panels.iter().any(|panel| !panel["curves"].as_array().unwrap().is_empty()));
    }
    let other = Report::new(&stored_of(1.0)).html().unwrap();
    assert!(!other.contains(nonce), "it depends on the page");
}

fn stored_of(value: f64) -> Stored {
    stored(|_, _, _| value)
}

#[test]
fn texts_are_escaped() {
    let html = Report::new(&unlearned()).html().unwrap();
    assert!(html.contains("<h1>Labels &lt;wrong&gt; &amp; &quot;right&quot;</h1>"));
    assert!(!html.contains("<wrong>"));
}

#[test]
fn hostile_texts_of_figures_stay_texts() {
    const HOSTILE: &str =
        "x</script><script>hurt()</script><img src=x onerror='hurt()'>&#60; \" #0072b2";
    let mut stored = unlearned();
    for figure in &mut stored.plan.specs[0].analyses[0].figures {
        figure.title = HOSTILE.into();
        (figure.x_label, figure.y_label) = (Some(HOSTILE.into()), Some(HOSTILE.into()));
        let names = ["BP", "BP-TRW", "weight alignment", "independent W and B, 95 %"];
        figure.names.0 = names.map(|name| (name.to_string(), HOSTILE.to_string())).to_vec();
    }
    let html = Report::new(&stored).html().unwrap();
    assert!(html.contains("hurt()"), "they are there");
    let all = scripts(&html);
    assert_eq!(all.len(), 3);
    assert!(!html.contains("<img") && !html.contains("<script>hurt"));
    for (attributes, numbers) in &all {
        if attributes.contains("json") {
            assert!(!numbers.contains('<') && !numbers.contains('>') && !numbers.contains('&'));
            let data: serde_json::Value = serde_json::from_str(numbers).unwrap();
            assert_eq!(data["panels"][0]["y"]["label"], HOSTILE);
        }
    }
}

#[test]
fn the_library_is_as_it_was_published() {
    let published = include_str!("../../assets/uplot/README.md");
    for (name, bytes) in [
        ("uPlot.iife.min.js", &include_bytes!("../../assets/uplot/uPlot.iife.min.js")[..]),
        ("uPlot.min.css", include_bytes!("../../assets/uplot/uPlot.min.css")),
        ("LICENSE", include_bytes!("../../assets/uplot/LICENSE")),
    ] {
        let row = format!("| `{name}` | `{}` |", blake3::hash(bytes));
        assert!(published.contains(&row), "{row}");
    }
    assert!(script::library().starts_with("var uPlot="));
}

#[test]
fn it_says_what_was_done_on_how_many_repeats_and_what_held() {
    let stored = unlearned();
    let html = Report::new(&stored).html().unwrap();
    for said in [
        "1 analysis of 6 conditions: 120 jobs",
        "all of them finished",
        "120 of 120",
        "Of 6 claims, ",
        "<h3>wn/D-chance: <span class=\"verdict holds\">✓ holds</span></h3>",
        "<h3>wn/D-robust: <span class=\"verdict fails\">✗ fails</span></h3>",
        "9.60 [9.57, 9.62]",
        "5 to 15",
        "Exploratory: its criterion was set after results were seen; judged as planned in \
         confirmatory",
        "20 of every condition",
        &stored.plan.address(),
    ] {
        assert!(html.contains(said), "{said}");
    }
    let condition = &stored.plan.specs[0].analyses[0].conditions[0];
    for name in condition.values().keys() {
        assert!(html.contains(&format!("<code>{name}</code>")), "parameter {name}");
    }
    for quantity in stored.plan.specs[0].analyses[0].quantities() {
        let info = quantity.info();
        let definition = maud::html! { (info.definition) }.into_string();
        assert!(
            html.contains(&definition) && html.contains(&format!("id=\"quantity-{}\"", info.name)),
            "{}",
            info.name
        );
    }
    let spec = maud::html! { (stored.plan.specs[0].to_toml()) }.into_string();
    assert!(html.contains(&spec), "the spec in full");
}

#[test]
fn of_an_unfinished_run_it_says_what_is_missing_and_judges_nothing() {
    let mut stored = unlearned();
    stored.results[13] = None;
    stored.warnings.push("jobs/x.json is damaged".into());
    let report = Report::new(&stored);
    let html = report.html().unwrap();
    for said in [
        "Not finished: 119 of 120 jobs are there.",
        "Damaged: jobs/x.json is damaged.",
        "<td class=\"number\">19 of 20</td>",
        "Not judged, as not every job of the analysis is there:",
        "<strong>wn/D-chance</strong>",
        "mean over 19 to 20 repeats",
        "Drawn from 119 of 120 jobs.",
    ] {
        assert!(html.contains(said), "{said}");
    }
    assert!(!html.contains("✓ holds") && !html.contains("✗ fails"));
    assert!(report.markdown(&|_| true).contains("| not judged |"));
    stored.results.fill(None);
    let html = Report::new(&stored).html().unwrap();
    assert!(html.contains("There is nothing to draw: no value of it is there."));
}

#[test]
fn diverged_jobs_and_absent_values_are_told() {
    let mut stored = unlearned();
    let result = stored.results[0].as_mut().unwrap();
    result.outcome = Outcome::Diverged { iteration: 41, layer: 2 };
    result.records[0].value = None;
    let html = Report::new(&stored).html().unwrap();
    assert!(html.contains("1 job diverged"));
    assert!(html.contains("repeat 0: at iteration 41 in layer 2"));
    assert!(html.contains("weight alignment: 1 of 2880 (counted as absent"));
    assert!(html.contains("was not measured in wrong-labels, so none could be raised there"));
}

#[test]
fn the_index_links_figures_that_are_there() {
    let stored = unlearned();
    let index = Report::new(&stored).markdown(&|name| name == "wrong-labels-accuracy.png");
    let row = index.lines().find(|line| line.contains("wn/D-robust")).unwrap();
    assert!(
        row.contains("| FAILS |") && row.contains("percent: 9.60 [9.57, 9.62], n 20, at least 50"),
        "{row}"
    );
    assert!(
        row.contains("wrong-labels-alignment, [wrong-labels-accuracy](wrong-labels-accuracy.png)"),
        "{row}"
    );
    assert!(row.ends_with("`alignscope verify analyses/wrong-labels.toml` |"), "{row}");
    let cells = |line: &str| line.replace("\\|", "").matches('|').count();
    assert!(
        index.lines().filter(|line| line.starts_with('|')).all(|line| cells(line) == 6),
        "{index}"
    );
}

//! Pages that are made of results: the answers, and a page for every experiment. The results lie in
//! `results/`, as `alignscope verify` wrote them; pages that differ from them fail, and
//! `WRITE_DICTIONARY=1` writes them anew.

use crate::common::pages::{hold, hold_between, root};
use alignscope::claim::{FULL, LONG};
use alignscope::spec::{Claim, ClaimSet, Spec, ValueKind, parse_spec};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Verdicts on what PyTorch trained: python/studies/convolutions.py writes them.
const CONVOLUTIONS: &str = "results/convolutions-verdicts.csv";

/// Where the results of a plan lie.
const RESULTS: &str = "results/confirmatory";

/// Up to how many repeats claims are followed that are open after those of their plan.
const CONTINUED: &str = "plans/continued.toml";

/// The verdicts of specs that are in no plan.
const EXPLORATORY: &str = "results/exploratory";

/// The reports of runs that these verdicts are from, as `alignscope report` wrote them.
const REPORTS: &str = "results/reports";

/// A part of a claim, as `verdicts.csv` has it.
struct Part {
    statistic: String,
    mean: Option<f64>,
    interval: Option<[f64; 2]>,
    n: usize,
    criterion: String,
    verdict: String,
}

/// A claim, as `verdicts.csv` has it.
#[derive(Default)]
struct Judged {
    verdict: String,
    plan: String,
    needed: Option<usize>,
    parts: Vec<Part>,
    /// The most repeats that are planned; 0 where no spec has the claim any more.
    planned: usize,
}

impl Judged {
    fn repeats(&self) -> usize {
        self.parts.iter().map(|part| part.n).max().unwrap_or(0)
    }

    /// Whether looks are left that may decide it.
    fn goes_on(&self) -> bool {
        self.verdict == "undecided" && self.repeats() < self.planned
    }

    /// By how many parts a claim fails, where it fails, and one of them: others may well hold, and
    /// the table of the claim has all.
    fn refuted(&self) -> String {
        if self.verdict != "fails" {
            return String::new();
        }
        let failed: Vec<&Part> = self.parts.iter().filter(|part| part.verdict == "fails").collect();
        let Some(first) = failed.first() else {
            return " It fails by its parts together.".into();
        };
        let one = format!("{}: {}, asked: {}", first.statistic, first.value(), first.criterion);
        match (failed.len(), self.parts.len()) {
            (1, 1) => format!(" It fails: {one}."),
            (1, all) => format!(" It fails in one of {all} parts: {one}."),
            (some, all) => format!(" It fails in {some} of {all} parts, such as: {one}."),
        }
    }
}

/// The claims that a directory has verdicts on.
fn judged_in(directory: &str) -> BTreeMap<String, Judged> {
    let files = fs::read_dir(root().join(directory)).unwrap();
    files.flat_map(|file| read(&file.unwrap().path())).collect()
}

/// All claims that there are results of.
fn judged() -> BTreeMap<String, Judged> {
    let mut all = judged_in(RESULTS);
    all.extend(judged_in(EXPLORATORY));
    let continued = continued();
    for (name, _, spec) in specs() {
        let more = continued.get(&format!("analyses/{name}.toml")).copied().unwrap_or(0);
        for claim in &spec.claims {
            let own = spec.analyses.iter().filter(|own| claim.analyses.contains(&own.name));
            if let Some(judged) = all.get_mut(&claim.name) {
                let planned = own.map(|own| own.settings.repeats).max().unwrap_or(0);
                judged.planned = planned.max(more);
            }
        }
    }
    all
}

/// The most repeats that a supplement says, by path of the spec.
fn continued() -> BTreeMap<String, usize> {
    let plan: toml::Table = fs::read_to_string(root().join(CONTINUED)).unwrap().parse().unwrap();
    plan["repeats"].clone().try_into().unwrap()
}

#[test]
fn what_is_continued_has_more_repeats_than_its_plan() {
    for (path, repeats) in continued() {
        let text = fs::read_to_string(root().join(&path)).unwrap();
        let spec = parse_spec(Path::new(&path), &text);
        let analyses = spec.unwrap().analyses;
        let planned = analyses.iter().map(|analysis| analysis.settings.repeats).max().unwrap();
        assert!(repeats > planned, "{path}");
    }
}

fn read(path: &Path) -> BTreeMap<String, Judged> {
    let mut all: BTreeMap<String, Judged> = BTreeMap::new();
    let mut reader = csv::Reader::from_path(path).unwrap();
    let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_string).collect();
    for row in reader.records() {
        let row = row.unwrap();
        let cell =
            |name: &str| row[names.iter().position(|known| known == name).unwrap()].to_string();
        let number = |name: &str| cell(name).parse::<f64>().ok();
        let claim = all.entry(cell("claim")).or_default();
        // What fails stands in capitals there, as it does on screens.
        claim.verdict = cell("verdict").to_lowercase();
        claim.plan = cell("plan");
        claim.needed = cell("needed").parse().ok();
        claim.parts.push(Part {
            statistic: cell("statistic"),
            mean: number("mean"),
            interval: number("low").zip(number("high")).map(|(low, high)| [low, high]),
            n: cell("n").parse().unwrap(),
            criterion: cell("criterion"),
            verdict: cell("part_verdict").to_lowercase(),
        });
    }
    all
}

/// A number to three digits, or as many as an interval needs to have two.
fn rounded(value: f64, width: f64) -> String {
    let decimals =
        if width > 0.0 { (1.0 - width.log10().floor()).clamp(0.0, 9.0) as usize } else { 2 };
    format!("{value:.decimals$}")
}

impl Part {
    fn value(&self) -> String {
        match (self.mean, self.interval) {
            (Some(mean), Some([low, high])) => {
                let of = |value| rounded(value, high - low);
                format!("{} [{}, {}]", of(mean), of(low), of(high))
            }
            (Some(mean), None) => rounded(mean, mean.abs() / 100.0),
            _ => "no value".into(),
        }
    }
}

/// A verdict in words.
fn words(claim: &Judged) -> String {
    match claim.verdict.as_str() {
        "holds" => "**holds**".into(),
        "fails" => "**does not hold**".into(),
        "at the bound" => "is **at the bound** of what was asked".into(),
        _ if claim.goes_on() => {
            let (repeats, planned) = (claim.repeats(), claim.planned);
            format!("is **not decided** after {repeats} of {planned} repeats")
        }
        _ => "is **not decided**".into(),
    }
}

/// A template with what the results say in the place of `{{verdict CLAIM}}`, `{{value CLAIM:
/// STATISTIC}}`, `{{repeats CLAIM}}` and `{{range CLAIM: WORDS}}`, the smallest and largest mean of
/// the statistics that have these words, or of all.
fn filled(template: &str, judged: &BTreeMap<String, Judged>) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let (asked, later) = after.split_once("}}").expect("a template that closes what it opens");
        out += before;
        out += &said(asked, judged);
        rest = later;
    }
    out + rest
}

fn said(asked: &str, judged: &BTreeMap<String, Judged>) -> String {
    let (what, of) = asked.split_once(' ').expect("what, and of which claim");
    let (name, statistic) = of.split_once(": ").unwrap_or((of, ""));
    let claim = judged.get(name).unwrap_or_else(|| panic!("there is no result of {name}"));
    match what {
        "verdict" => words(claim),
        "repeats" => claim.repeats().to_string(),
        "range" => {
            let of = claim.parts.iter().filter(|part| part.statistic.contains(statistic));
            let means: Vec<f64> = of.filter_map(|part| part.mean).collect();
            let [low, high] = [f64::min, f64::max].map(|end| means.iter().copied().reduce(end));
            format!("{:.1} to {:.1}", low.expect("a mean"), high.expect("a mean"))
        }
        "value" => {
            let part = claim.parts.iter().find(|part| part.statistic == statistic);
            part.unwrap_or_else(|| panic!("{name} has no statistic `{statistic}`")).value()
        }
        _ => panic!("nothing is known of {what}"),
    }
}

fn template(name: &str) -> String {
    fs::read_to_string(root().join("docs/templates").join(name)).unwrap()
}

#[test]
fn the_answers_are_those_of_the_results() {
    let page = filled(&template("answers.md"), &judged());
    hold("docs/answers.md", "answers", &page);
    let count = page.split_whitespace().count();
    assert!(count <= 700, "docs/answers.md has {count} words");
    hold_between("README.md", "answers", "answers", &filled(&template("readme.md"), &judged()));
}

#[test]
fn pages_with_numbers_are_those_of_the_results() {
    let judged = judged();
    for page in ["mechanism.md", "normalisers.md", "open-theory.md", "rank.md", "time.md"] {
        hold(&format!("docs/{page}"), "answers", &filled(&template(page), &judged));
    }
}

#[test]
fn the_page_of_convolutions_is_that_of_the_results() {
    let found = read(&root().join(CONVOLUTIONS));
    hold("docs/convolutions.md", "answers", &filled(&template("convolutions.md"), &found));
    let plan = fs::read_to_string(root().join("python/studies/convolutions.toml")).unwrap();
    let plan: toml::Table = plan.parse().unwrap();
    let planned = plan["claim"].as_array().unwrap().iter().map(|of| of["name"].as_str().unwrap());
    let mut planned: Vec<&str> = planned.collect();
    planned.sort_unstable();
    assert_eq!(found.keys().map(String::as_str).collect::<Vec<_>>(), planned);
}

/// A table of learning rates that were tried, and the analyses whose rates are those that it found.
struct Tuning {
    table: &'static str,
    /// How many rates were tried of each condition.
    rates: usize,
    /// Parameters that tell conditions, with what holds where nothing is said.
    told_by: &'static [(&'static str, &'static str)],
    /// Spec, analysis, and the analysis of the table that found its rates.
    analyses: &'static [[&'static str; 3]],
}

const TUNINGS: [Tuning; 2] = [
    Tuning {
        table: "normalisers-tuning.csv",
        rates: 9,
        told_by: &[
            ("rule", "bp-trw"),
            ("hidden", "50,50,50,50"),
            ("wn", "off"),
            ("activity-norm", "off"),
            ("optimizer", "sgd"),
            ("weight-decay", "0"),
            ("activation", "tanh-relu"),
        ],
        analyses: &[
            ["normalisers", "normalisers", "normalisers-tuning"],
            ["normalisers", "normalisers-budget", "normalisers-tuning"],
            ["predictors", "predictors", "predictors-tuning"],
            ["relearning", "relearning", "relearning-tuning"],
        ],
    },
    Tuning {
        table: "tuning.csv",
        rates: 7,
        told_by: &[
            ("rule", "bp-trw"),
            ("hidden", "50,50,50,50"),
            ("wn", "off"),
            ("normalize-b", "off"),
            ("b-scale", "1"),
        ],
        analyses: &[
            ["tuned", "tuned", "tuning"],
            ["tuned", "tuned-fashion", "tuning-fashion"],
            ["tuned", "tuned-change", "tuning-change"],
        ],
    },
];

impl Tuning {
    /// A condition of a spec as the table names it, without its learning rate, and the rate.
    fn tuned(&self, condition: &toml::Table, base: &toml::Table) -> (Vec<String>, f64) {
        let text = |name: &str, default: &str| {
            let value = condition.get(name).or_else(|| base.get(name));
            match value {
                None => default.to_string(),
                Some(toml::Value::Array(items)) => {
                    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
                }
                Some(toml::Value::String(text)) => text.clone(),
                Some(number) => number.as_float().map_or(number.to_string(), |x| x.to_string()),
            }
        };
        let key = self.told_by.iter().map(|(name, default)| text(name, default)).collect();
        (key, condition["eta"].as_float().unwrap())
    }

    /// By analysis and condition, the rates with their mean accuracy: runs that diverged count as
    /// 0.
    fn found(&self) -> BTreeMap<(String, Vec<String>), Vec<Rate>> {
        let mut found: BTreeMap<(String, Vec<String>), Vec<Rate>> = BTreeMap::new();
        let mut reader = csv::Reader::from_path(root().join("results").join(self.table)).unwrap();
        let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_string).collect();
        for row in reader.records() {
            let row = row.unwrap();
            let cell = |name: &str| &row[names.iter().position(|known| known == name).unwrap()];
            let number = |name: &str| cell(name).parse::<f64>().unwrap_or(0.0);
            let text = |(name, default): &(&str, &str)| match cell(name) {
                "" => default.to_string(),
                text => text.to_string(),
            };
            let key = self.told_by.iter().map(text).collect();
            let accuracy = number("mean") * number("n") / (number("n") + number("absent"));
            let rates = found.entry((cell("analysis").to_string(), key)).or_default();
            rates.push((number("eta"), accuracy));
        }
        found
    }
}

/// A learning rate and the mean accuracy with it.
type Rate = (f64, f64);

#[test]
fn learning_rates_are_those_that_tuning_found() {
    for tuning in TUNINGS {
        let found = tuning.found();
        for [file, name, by] in tuning.analyses {
            let text = fs::read_to_string(root().join(format!("analyses/{file}.toml"))).unwrap();
            let spec: toml::Table = text.parse().unwrap();
            let analyses = spec["analysis"].as_array().unwrap();
            let analysis = analyses.iter().find(|of| of["name"].as_str() == Some(name)).unwrap();
            let base = analysis["base"].as_table().unwrap();
            for condition in analysis["conditions"].as_array().unwrap() {
                let (key, eta) = tuning.tuned(condition.as_table().unwrap(), base);
                let rates = &found[&(by.to_string(), key.clone())];
                assert_eq!(rates.len(), tuning.rates, "{key:?}");
                // Sums of percentages may differ in the last place.
                let level = |of: &Rate| (of.1 * 1e6).round();
                let best = rates
                    .iter()
                    .max_by(|a, b| level(a).total_cmp(&level(b)).then(b.0.total_cmp(&a.0)));
                assert_eq!(best.map(|rate| rate.0), Some(eta), "{name}: {key:?}");
            }
        }
    }
}

/// The spec of a file of the program with the name of the file.
fn specs() -> Vec<(String, &'static str, Spec)> {
    let read = |(path, text): &(&str, &'static str)| {
        let name = Path::new(path).file_stem().unwrap().to_string_lossy().into_owned();
        (name, *text, parse_spec(Path::new(path), text).unwrap())
    };
    FULL.iter().chain(LONG).map(read).collect()
}

/// What stands at the top of a spec: what it is about.
fn about(text: &str) -> String {
    let lines = text.lines().take_while(|line| line.starts_with('#'));
    lines.map(|line| line.trim_start_matches('#').trim()).collect::<Vec<_>>().join("\n")
}

/// Claims by what became of them, in the order in which a page has them.
const GROUPS: [(&str, &str); 4] = [
    ("holds", "What holds"),
    ("fails", "What does not hold"),
    ("at the bound", "What is at the bound of what was asked"),
    ("undecided", "What is not decided"),
];

/// A line on a claim: whose it is, when its criterion was set, what would decide it, by what it
/// fails.
fn listed(claim: &Claim, of: &Judged) -> String {
    let paper = if is_of_paper(claim) { "the paper's" } else { "ours" };
    let set = match claim.set {
        ClaimSet::Before => "",
        ClaimSet::Exploratory => ", its criterion set after earlier results were seen",
    };
    let is_open = of.verdict == "undecided";
    let needed = of.needed.filter(|_| is_open);
    let mut more =
        needed.map(|n| format!(" About {n} repeats would decide it.")).unwrap_or_default();
    if of.goes_on() {
        more += &format!(" So far there are {} of {}.", of.repeats(), of.planned);
    } else if is_open {
        more += &format!(" All {} that were planned are run.", of.repeats());
    }
    format!(
        "* {} ({paper}{set}: [{}](#{})).{more}{}\n",
        claim.statement,
        claim.name,
        anchor(&claim.name),
        of.refuted()
    )
}

fn experiment(
    [name, text]: [&str; 2],
    spec: &Spec,
    judged: &BTreeMap<String, Judged>,
    continued: &BTreeMap<String, usize>,
) -> String {
    let title = &spec.title;
    let mut out = format!("# {title}\n\n{}\n", about(text));
    for analysis in &spec.analyses {
        for figure in &analysis.figures {
            if root().join(format!("figures/{}.png", figure.name)).exists() {
                let caption = figure.title.clone();
                out += &format!("\n![{caption}](../../figures/{}.png)\n", figure.name);
            }
        }
    }
    let here: Vec<(&Claim, &Judged)> =
        spec.claims.iter().filter_map(|claim| Some((claim, judged.get(&claim.name)?))).collect();
    for (verdict, heading) in GROUPS {
        let own: Vec<_> = here.iter().filter(|(_, of)| of.verdict == verdict).collect();
        if own.is_empty() {
            continue;
        }
        out += &format!("\n## {heading}\n\n");
        for (claim, of) in own {
            out += &listed(claim, of);
        }
    }
    let meaning = root().join(format!("docs/templates/experiments/{name}.md"));
    if let Ok(meaning) = fs::read_to_string(meaning) {
        out += &format!("\n## What it means\n\n{}", filled(&meaning, judged));
    }
    out += "\n## Numbers\n\nMeans over repeats with 95 % intervals. [Reach](../verdicts.md#the-rule) is what was \
        known of values in advance: the larger, the more repeats a verdict takes.\n";
    let mut before = String::new();
    for (claim, of) in here {
        out += &format!("\n### {}\n\n{}: {}.\n\n", claim.name, claim.statement, of.verdict);
        out += "| statistic | mean [95 %] | repeats | asked | reach | verdict |\n";
        out += "|---|---|---|---|---|---|\n";
        for (part, asked) in of.parts.iter().zip(&claim.parts) {
            let Part { statistic, n, criterion, verdict, .. } = part;
            let (value, reach) = (part.value(), reach(&asked.asked.values));
            out +=
                &format!("| {statistic} | {value} | {n} | {criterion} | {reach} | {verdict} |\n");
        }
        let origin = format!("Source: {}. Bounds: {}.", claim.source, claim.why);
        let said = if origin == before { "Source and bounds as before." } else { &origin };
        out += &format!("\n{said}\n");
        before = origin;
        if !claim.changed.is_empty() {
            out += &format!("Changed: {}.\n", claim.changed);
        }
    }
    let path = format!("analyses/{name}.toml");
    let more = continued.get(&path).map(|most| format!(" --repeats {most}")).unwrap_or_default();
    out += &format!("\nTo run it: `alignscope verify {path}{more}`\n");
    let report = format!("{REPORTS}/{name}.html");
    if root().join(&report).exists() {
        out += &format!(
            "\n[The report of the run](../../{report}): every parameter, figures to look into, and \
             these verdicts, in one file to be opened in a browser.\n"
        );
    }
    out
}

/// How far values were allowed to be from a bound, where that was asked of them.
fn reach(values: &ValueKind) -> String {
    match values {
        ValueKind::Bounded { reach, .. } if reach.is_finite() => reach.to_string(),
        _ => "-".into(),
    }
}

/// The identifier of a heading, as pages of Markdown have it.
fn anchor(name: &str) -> String {
    name.to_lowercase().replace('/', "")
}

fn is_of_paper(claim: &Claim) -> bool {
    claim.source.contains("RahmanSetayesh") && !claim.source.starts_with("analogue")
}

/// How many claims have each verdict, of the paper's or of ours.
fn tally(verdicts: &[(bool, &str)], paper: bool) -> String {
    let own = verdicts.iter().filter(|(of_paper, _)| *of_paper == paper);
    let own: Vec<&str> = own.map(|(_, verdict)| *verdict).collect();
    let said = GROUPS.iter().filter_map(|(verdict, _)| {
        let count = own.iter().filter(|own| *own == verdict).count();
        let verb = match (*verdict, count) {
            (_, 0) => return None,
            ("holds", 2..) => "hold",
            ("fails", 2..) => "fail",
            (verdict, _) => verdict,
        };
        Some(format!("{count} {verb}"))
    });
    let said: Vec<String> = said.collect();
    if said.is_empty() { "-".into() } else { said.join(", ") }
}

#[test]
fn the_pages_of_experiments_are_those_of_the_results() {
    let judged = judged();
    let mut index = "# Experiments\n\nWhat was asked in each, and what became of its claims. A claim \
                     that fails does so in one part at least, or by all of them together: its page \
                     says how. At its end there is a link to the report of the run: one file, with \
                     every parameter and figures to look into. A claim can be open though the \
                     interval of its mean is clear of the bound: [verdicts](../verdicts.md#the-rule) \
                     ask for more.\n\n| experiment | the paper's claims | ours |\n|---|---|---|\n"
        .to_string();
    let continued = continued();
    let mut all = Vec::new();
    for (name, text, spec) in specs() {
        let here: Vec<_> = spec
            .claims
            .iter()
            .filter_map(|claim| Some((claim, judged.get(&claim.name)?)))
            .collect();
        if here.is_empty() {
            continue;
        }
        let verdicts: Vec<(bool, &str)> =
            here.iter().map(|(claim, of)| (is_of_paper(claim), of.verdict.as_str())).collect();
        all.extend(&verdicts);
        let [paper, ours] = [true, false].map(|paper| tally(&verdicts, paper));
        let title = &spec.title;
        index += &format!("| [{title}]({name}.md) | {paper} | {ours} |\n");
        hold(
            &format!("docs/experiments/{name}.md"),
            "answers",
            &experiment([&name, text], &spec, &judged, &continued),
        );
    }
    index += &format!("| **all** | {} | {} |\n", tally(&all, true), tally(&all, false));
    hold("docs/experiments/README.md", "answers", &index);
}

/// Pictures that belong to no spec with claims are drawn by theirs all the same.
#[test]
fn the_index_of_figures_is_by_picture() {
    let judged = judged();
    let mut index =
        "# Figures\n\nThe values of every picture are beside it (`.csv`).\n".to_string();
    for (name, _, spec) in specs() {
        let figures = spec.analyses.iter().flat_map(|analysis| &analysis.figures);
        let drawn =
            figures.filter(|figure| root().join(format!("figures/{}.png", figure.name)).exists());
        let entries: Vec<String> = drawn
            .map(|figure| {
                let (file, title) = (&figure.name, &figure.title);
                format!("\n### {title}\n\n![{title}]({file}.png)\n\n[Values]({file}.csv)\n")
            })
            .collect();
        if !entries.is_empty() {
            let is_judged = spec.claims.iter().any(|claim| judged.contains_key(&claim.name));
            let page = if is_judged {
                format!("../docs/experiments/{name}.md")
            } else {
                "../README.md".into()
            };
            index += &format!(
                "\n## {}\n\n[What came out]({page}); `alignscope run analyses/{name}.toml` \
                 draws:\n",
                spec.title
            );
            index += &entries.concat();
        }
    }
    hold("figures/README.md", "answers", &index);
}

/// A report that says something else than the tables is of another run.
#[test]
fn reports_have_the_verdicts_of_the_results() {
    let reports = fs::read_dir(root().join(REPORTS)).unwrap().map(|entry| entry.unwrap().path());
    for report in reports {
        let name = report.file_stem().unwrap().to_string_lossy().into_owned();
        let html = fs::read_to_string(&report).unwrap();
        let table = read(&root().join(RESULTS).join(format!("{name}.csv")));
        assert!(!table.is_empty(), "{name}");
        for (claim, judged) in table {
            let (_, article) =
                html.split_once(&format!("<h3>{claim}: <span class=\"verdict")).unwrap();
            let (_, shown) = article.split_once('>').unwrap();
            let (shown, _) = shown.split_once('<').unwrap();
            // A sign stands before the word, for those who see no colours.
            assert!(shown.ends_with(&format!(" {}", judged.verdict)), "{claim}: {shown}");
        }
    }
}

/// Nothing else is published: what was changed since its plan has to be run anew.
#[test]
fn verdicts_are_of_claims_as_they_were_planned() {
    let specs = specs();
    let planned = judged_in(RESULTS);
    assert!(planned.len() > 100);
    for (name, claim) in planned {
        assert!(!claim.plan.is_empty(), "{name} is in no plan");
        let own = specs.iter().flat_map(|(.., spec)| &spec.claims).find(|own| own.name == name);
        let own = own.unwrap_or_else(|| panic!("no claim is named {name}"));
        let statistics: Vec<&str> =
            own.parts.iter().map(|part| part.asked.statistic.as_str()).collect();
        let judged: Vec<&str> = claim.parts.iter().map(|part| part.statistic.as_str()).collect();
        assert_eq!(judged, statistics, "{name}");
    }
}

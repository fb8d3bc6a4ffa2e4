//! What the pages say is true of this program: their commands, options, files, links, names of
//! tests, and quantities.

use crate::common::pages::{hold_between, root};
use alignscope::cli::command;
use alignscope::condition::{Condition, Kind, columns_in_order};
use alignscope::quantity::Quantity;
use alignscope::run::Plan;
use alignscope::signal::{Facts, Process};
use alignscope::spec::{FIGURE_KEYS, FigureKind, Function, parse_spec};
use alignscope::text::Choice;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// README.md, CONTRIBUTING.md, docs/*.md and figures/README.md, with their text.
fn pages() -> Vec<(PathBuf, String)> {
    let docs = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> =
        docs.filter(|path| path.extension().is_some_and(|e| e == "md")).collect();
    paths.extend(
        ["README.md", "CONTRIBUTING.md", "figures/README.md"].map(|page| root().join(page)),
    );
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

fn page(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

/// The lines of a page that are in no block of code.
fn outside_blocks(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines().filter(move |line| {
        let fence = line.starts_with("```");
        fenced ^= fence;
        !fenced && !fence && !line.starts_with("    ")
    })
}

/// What stands between backticks on one or two lines, without fenced blocks.
fn spans(text: &str) -> Vec<String> {
    let prose: Vec<&str> = outside_blocks(text).collect();
    prose.join(" ").split('`').skip(1).step_by(2).map(str::to_string).collect()
}

/// Commands that stand in lines of their own: indented or fenced, with `\` at the end where they go
/// on.
fn block_commands(text: &str) -> Vec<String> {
    let joined = text.replace("\\\n", " ");
    let mut fenced = false;
    let mut commands = Vec::new();
    for line in joined.lines() {
        fenced ^= line.trim_start().starts_with("```");
        let block = if fenced { Some(line.trim_start()) } else { line.strip_prefix("    ") };
        let Some(shown) = block else { continue };
        let shown = shown.split(" # ").next().unwrap_or(shown).trim_end();
        let own =
            shown.strip_prefix("cargo run --release -- ").map(|rest| format!("alignscope {rest}"));
        commands
            .extend(own.or_else(|| shown.starts_with("alignscope ").then(|| shown.to_string())));
    }
    commands
}

/// Whether a command as it stands in prose, with places to fill in, names subcommands and options
/// that there are.
fn check_names(text: &str) -> Result<(), String> {
    let words: Vec<&str> = text.split_whitespace().skip(1).collect();
    let mut at = command();
    let mut depth = 0;
    for word in &words {
        let named: Vec<&str> = word.split(['|', '\\']).filter(|name| !name.is_empty()).collect();
        let found: Vec<_> = named.iter().map(|name| at.find_subcommand(name).cloned()).collect();
        if !at.has_subcommands() {
            break;
        }
        if found.iter().any(Option::is_none) {
            return Err(format!("`{text}`: no subcommand `{word}`"));
        }
        at = found.into_iter().flatten().next().unwrap();
        depth += 1;
    }
    if depth == 0 {
        return Err(format!("`{text}`: no subcommand"));
    }
    // What `sbatch` does not know goes to SLURM.
    if at.get_name() == "sbatch" {
        return Ok(());
    }
    for word in words[depth..].iter().flat_map(|word| word.split(['|', '\\'])) {
        let Some(option) = word.trim_matches(['[', ']']).strip_prefix("--") else { continue };
        let option = option.split('=').next().unwrap_or(option);
        if !at.get_arguments().any(|arg| arg.get_long() == Some(option)) && option != "help" {
            return Err(format!("`{text}`: no option `--{option}` of `{}`", at.get_name()));
        }
    }
    Ok(())
}

#[test]
fn commands_in_prose_name_what_there_is() {
    let mut seen = 0;
    for (path, text) in pages() {
        for span in spans(&text).into_iter().filter(|span| span.starts_with("alignscope ")) {
            check_names(&span).unwrap_or_else(|wrong| panic!("{}: {wrong}", path.display()));
            seen += 1;
        }
    }
    assert!(seen > 30, "{seen}");
    // It can fail.
    for wrong in [
        "alignscope trian --rule fa",
        "alignscope train --rul fa",
        "alignscope data list|verfy",
        "alignscope theory heldd",
    ] {
        check_names(wrong).unwrap_err();
    }
}

/// A directory as a reader of the pages has it: the specs, one of their own, and no data sets.
fn workshop() -> TempDir {
    let directory = TempDir::new().unwrap();
    let specs = directory.path().join("analyses");
    fs::create_dir(&specs).unwrap();
    for entry in fs::read_dir(root().join("analyses")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, specs.join(path.file_name().unwrap())).unwrap();
    }
    let own = "[[analysis]]\nname = \"own\"\nkind = \"isolate\"\nrepeats = 3\n\
               [analysis.base]\nlayers = [3, 4, 3]\nbatch = 2\niterations = 5\n";
    fs::write(directory.path().join("SPEC.toml"), own).unwrap();
    fs::copy(root().join("tests/data/pytorch.npz"), directory.path().join("run.npz")).unwrap();
    directory
}

fn shell(directory: &Path, line: &str) -> Output {
    let program = Path::new(env!("CARGO_BIN_EXE_alignscope")).parent().unwrap();
    let others = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(
        [program.to_path_buf()].into_iter().chain(std::env::split_paths(&others)),
    )
    .unwrap();
    // On Windows that of Git, which is where the tests run.
    let mut shell = Command::new("sh");
    shell
        .args(["-c", line])
        .current_dir(directory)
        .env("PATH", path)
        .env("ALIGNSCOPE_DATA", directory.join("none"));
    shell.output().unwrap()
}

/// How a command of the pages is tried out.
#[derive(Debug, PartialEq)]
enum Trial {
    /// As it stands, to the end.
    Run(String),
    /// Up to the point at which it asks for a data set that is not there: options and spec are then
    /// read and checked.
    UpToData(String),
    /// Up to the point at which it serves a page, and then Ctrl-C.
    Served(String),
    /// Its names only, as it has places to fill in.
    Names,
}

fn trial(line: &str) -> Trial {
    if line.contains('[') || line.contains("...") {
        return Trial::Names;
    }
    // All that needs MNIST or Fashion-MNIST, and takes minutes.
    let specs = ["label-change", "open", "depth", "weight-normalisation"]
        .map(|name| format!("analyses/{name}.toml"));
    let full = ["--data mnist"].into_iter().chain(specs.iter().map(String::as_str));
    if full.into_iter().any(|part| line.contains(part)) {
        return Trial::UpToData(line.into());
    }
    // Windows has no signal for it.
    if line.starts_with("alignscope watch") {
        return if cfg!(unix) { Trial::Served(line.into()) } else { Trial::Names };
    }
    // Minutes without data.
    if ["time", "recurrent", "rank", "normalisers", "predictors", "relearning"]
        .iter()
        .any(|name| line.contains(&format!("analyses/{name}.toml")))
    {
        return Trial::Run(format!("{line} --dry-run"));
    }
    // Seconds; two repeats will do.
    let fewer =
        if line.starts_with("alignscope isolate") { " --repeats 2 --iterations 50" } else { "" };
    Trial::Run(format!("{line}{fewer}"))
}

fn try_out(directory: &Path, line: &str) -> Result<(), String> {
    let told = |output: &Output| format!("`{line}`: {}", String::from_utf8_lossy(&output.stderr));
    match trial(line) {
        Trial::Names => check_names(line),
        Trial::UpToData(line) => {
            let output = shell(directory, &line);
            let missing =
                String::from_utf8_lossy(&output.stderr).contains("data set `mnist` is not in");
            (output.status.code() == Some(1) && missing).then_some(()).ok_or_else(|| told(&output))
        }
        Trial::Served(line) => {
            // The program itself gets the signal, not the shell.
            let begun = format!(
                "exec {line} >served & for turn in $(seq 600); do [ -s served ] && break; sleep \
                 0.1; done; kill -INT $!; wait $!"
            );
            let output = shell(directory, &begun);
            let served = fs::read_to_string(directory.join("served")).unwrap_or_default();
            let is_served = output.status.success() && served.starts_with("http://127.0.0.1:");
            is_served.then_some(()).ok_or_else(|| told(&output))
        }
        Trial::Run(line) => {
            let output = shell(directory, &line);
            // A merge says what is missing: fifteen of sixteen shards.
            let partial = line.starts_with("alignscope merge") && output.status.code() == Some(1);
            let says = String::from_utf8_lossy(&output.stderr).contains("missing")
                || String::from_utf8_lossy(&output.stdout).contains("missing");
            (output.status.success() || partial && says).then_some(()).ok_or_else(|| told(&output))
        }
    }
}

#[test]
fn commands_of_the_pages_run() {
    let directory = workshop();
    let mut tried = BTreeSet::new();
    for (path, text) in pages() {
        if path.ends_with("README.md") && path.parent() != Some(root()) {
            continue;
        }
        let in_prose = spans(&text).into_iter().filter(|span| {
            let whole = span.starts_with("alignscope report runs/")
                || span.starts_with("alignscope figure runs/");
            whole
                || span.starts_with("alignscope run analyses/")
                || span.starts_with("alignscope verify analyses/")
        });
        for line in block_commands(&text).into_iter().chain(in_prose) {
            if tried.insert(line.clone()) {
                try_out(directory.path(), &line)
                    .unwrap_or_else(|wrong| panic!("{}: {wrong}", path.display()));
            }
        }
    }
    assert!(tried.len() > 12 && tried.iter().any(|line| line.contains("quickstart")), "{tried:?}");
    for wrong in [
        "alignscope train --data mnist --hiden 50",
        "alignscope train --data mnist --eta -1",
        "alignscope run analyses/nothing.toml",
        "alignscope isolate --activity ar1:2",
    ] {
        try_out(directory.path(), wrong).unwrap_err();
    }
}

#[test]
fn commands_are_found_where_they_stand() {
    let text = "Prose about\nalignscope in general.\n\n    alignscope one \\\n        --two  # \
                why\n\n```sh\nalignscope three\ncargo run --release -- four\n```\n";
    assert_eq!(
        block_commands(text),
        ["alignscope one          --two", "alignscope three", "alignscope four"]
    );
}

#[test]
fn the_spec_of_the_readme_is_one() {
    let directory = workshop();
    let text = page("README.md");
    let start = text.find("    extends = ").unwrap();
    let lines =
        text[start..].lines().take_while(|line| line.is_empty() || line.starts_with("    "));
    let spec: String = lines.map(|line| format!("{}\n", line.trim_start())).collect();
    fs::write(directory.path().join("analyses/mine.toml"), &spec).unwrap();
    let output = shell(directory.path(), "alignscope run analyses/mine.toml --dry-run");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::write(directory.path().join("analyses/mine.toml"), spec.replace("repeats", "repaets"))
        .unwrap();
    assert_eq!(
        shell(directory.path(), "alignscope run analyses/mine.toml --dry-run").status.code(),
        Some(2)
    );
}

/// The words of a page that are read one after the other: not code, tables, headings, pictures, nor
/// what stands under the heading of numbers.
fn words_of_prose(text: &str) -> Vec<String> {
    let text = text.split("\n## Numbers\n").next().unwrap();
    let is_read = |line: &&str| !["|", "#", "!["].iter().any(|mark| line.starts_with(mark));
    let prose = outside_blocks(text).filter(is_read).collect::<Vec<_>>().join(" ");
    let outside: Vec<&str> = prose.split('`').step_by(2).collect();
    outside.join(" ").split_whitespace().map(str::to_string).collect()
}

/// A value and its interval are one number, and a name with a number in it is none.
fn is_number(word: &str) -> bool {
    !word.contains(']')
        && word.trim_start_matches(['(', '*', '-']).starts_with(|c: char| c.is_ascii_digit())
}

#[test]
fn prose_is_not_made_of_numbers() {
    let experiments = fs::read_dir(root().join("docs/experiments")).unwrap();
    let experiments = experiments.map(|entry| entry.unwrap().path());
    let of = |path: PathBuf| (path.clone(), fs::read_to_string(path).unwrap());
    let dense: Vec<String> = pages()
        .into_iter()
        .chain(experiments.map(of))
        .filter_map(|(path, text)| {
            let words = words_of_prose(&text);
            let numbers = words.iter().filter(|word| is_number(word)).count();
            let share = 100.0 * numbers as f64 / words.len() as f64;
            (share > 8.0).then(|| format!("{}: {share:.1} of 100 words", path.display()))
        })
        .collect();
    assert!(dense.is_empty(), "numbers belong into tables:\n{}", dense.join("\n"));
}

/// Files and anchors of links and images, without those elsewhere.
fn links(text: &str) -> Vec<(String, Option<String>)> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let here = targets.filter(|target| !target.contains("://"));
    let parts = |target: &str| match target.split_once('#') {
        Some((file, anchor)) => (file.to_string(), Some(anchor.to_string())),
        None => (target.to_string(), None),
    };
    here.map(parts).collect()
}

/// Whether a page has a heading of this anchor, as GitHub makes anchors of headings.
fn has_anchor(text: &str, anchor: &str) -> bool {
    let anchor_of = |heading: &str| {
        let kept = heading.trim().to_lowercase();
        let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect::<String>()
    };
    let headings =
        text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#'));
    headings.map(anchor_of).any(|known| known == anchor)
}

/// Files that docs/extending.md tells the reader to write.
const TO_BE_WRITTEN: [&str; 5] = [
    "src/rule/feedback/binary.rs",
    "src/signal/process/tone.rs",
    "src/figure/compose/repeats.rs",
    "src/data/named/kmnist.rs",
    "src/cli/layers.rs",
];

#[test]
fn links_images_and_files_exist() {
    let (mut linked, mut named) = (0, 0);
    for (path, text) in pages() {
        for (target, anchor) in links(&text) {
            let file =
                if target.is_empty() { path.clone() } else { path.parent().unwrap().join(&target) };
            assert!(file.exists(), "{}: no {target}", path.display());
            if let Some(anchor) = anchor {
                let there = fs::read_to_string(&file).unwrap();
                assert!(
                    has_anchor(&there, &anchor),
                    "{}: no #{anchor} in {target}",
                    path.display()
                );
            }
            linked += 1;
        }
        let folders = ["src/", "tests/", "analyses/", "docs/", "figures/", "benches/", "assets/"];
        for span in spans(&text) {
            let file = span.trim_start_matches("../");
            let folder = folders.iter().any(|folder| file.starts_with(folder));
            if !folder || file.contains(['*', ' ', '<', '{']) || TO_BE_WRITTEN.contains(&file) {
                continue;
            }
            assert!(root().join(file).exists(), "{}: no {file}", path.display());
            named += 1;
        }
        for word in text.split(|c: char| !c.is_ascii_alphanumeric() && !"-_./".contains(c)) {
            if let Some(spec) =
                word.strip_prefix("analyses/").filter(|spec| spec.ends_with(".toml"))
            {
                assert!(
                    root().join("analyses").join(spec).exists(),
                    "{}: no analyses/{spec}",
                    path.display()
                );
            }
        }
    }
    assert!(linked > 60 && named > 20, "{linked} {named}");
    assert!(has_anchor("# A b\n### C (d/e), f\n", "c-de-f") && !has_anchor("# A b\n", "a"));
}

#[test]
fn the_table_of_contents_has_every_page_once() {
    let summary = root().join("docs/SUMMARY.md");
    let of_links =
        |(target, _): (String, _)| summary.parent().unwrap().join(target).canonicalize().unwrap();
    let mut named: Vec<PathBuf> =
        links(&page("docs/SUMMARY.md")).into_iter().map(of_links).collect();
    named.sort();
    let mut all: Vec<PathBuf> =
        pages().into_iter().map(|(path, _)| path).filter(|path| *path != summary).collect();
    // Pages of experiments stand below theirs on the site.
    all.extend(["CHANGELOG.md", "docs/experiments/README.md"].map(|page| root().join(page)));
    all.iter_mut().for_each(|path| *path = path.canonicalize().unwrap());
    all.sort();
    assert_eq!(named, all);
}

/// All source text, to look functions up in.
fn sources(directory: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text += &sources(&path);
        } else if path.extension().is_some_and(|e| e == "rs") {
            text += &fs::read_to_string(path).unwrap();
        }
    }
    text
}

#[test]
fn tests_that_theory_names_exist() {
    let all = sources(&root().join("src")) + &sources(&root().join("tests"));
    let mut seen = 0;
    let paragraphs = page("docs/theory.md");
    for paragraph in paragraphs.split("\n\n").filter(|paragraph| paragraph.starts_with("Tested:")) {
        let names: Vec<String> =
            spans(paragraph).into_iter().filter(|span| !span.contains('/')).collect();
        assert!(!names.is_empty(), "{paragraph}");
        for name in names {
            assert!(all.contains(&format!("fn {name}(")), "docs/theory.md: no test `{name}`");
            seen += 1;
        }
    }
    assert!(seen > 15, "{seen}");
    assert!(!all.contains(concat!("fn ", "no_such_test(")));
}

/// Conditions whose layers are those of all conditions, by kind: as much as possible can be
/// measured.
const CONDITIONS: &str = r#"
    [[analysis]]
    name = "isolate"
    kind = "isolate"
    [analysis.base]
    layers = [6, 5, 5, 5, 5, 6]
    wn = 1
    [[analysis]]
    name = "toy"
    kind = "isolate"
    [analysis.base]
    layers = [6, 5, 6]
    activation = "linear"
    [[analysis]]
    name = "train"
    kind = "train"
    [analysis.base]
    hidden = [5, 5, 5, 5]
    wn = 1
    epochs = 4
    label-change = 2
    [[analysis]]
    name = "linear-train"
    kind = "train"
    [analysis.base]
    hidden = [5, 5, 5, 5]
    activation = "linear"
    loss = "squared-linear"
    code = "one-hot"
    [[analysis]]
    name = "replay"
    kind = "replay"
    [analysis.base]
    hidden = [5, 5, 5, 5]
    [[analysis]]
    name = "linear-replay"
    kind = "replay"
    [analysis.base]
    hidden = [5, 5, 5, 5]
    bias = "off"
    replay-activation = "linear"
    [[analysis]]
    name = "plane"
    kind = "plane"
    [analysis.base]
    hidden = [5, 5, 5, 5]
    [[analysis]]
    name = "sample"
    kind = "sample"
    [[analysis]]
    name = "recurrent"
    kind = "recurrent"
    [analysis.base]
    activation = "linear"
    [[analysis]]
    name = "recurrent-task"
    kind = "recurrent"
    [analysis.base]
    task = "digits"
    credit = "bp-trw"
"#;

fn kind_of(condition: &Condition) -> Kind {
    match condition {
        Condition::Isolate(_) => Kind::Isolate,
        Condition::Train(_) => Kind::Train,
        Condition::Sample(_) => Kind::Sample,
        Condition::Replay(_) => Kind::Replay,
        Condition::Plane(_) => Kind::Plane,
        Condition::Recurrent(_) => Kind::Recurrent,
        Condition::Recorded(_) => Kind::Recorded,
    }
}

/// The layers of a quantity in words.
fn layers_in_words(quantity: Quantity, condition: &Condition) -> Option<String> {
    let (layers, last) = (quantity.layers(condition), condition.depth() - 1);
    let (first, end) = (*layers.first()?, *layers.last()?);
    let words = match (first, end) {
        (None, _) => "none".into(),
        (Some(first), Some(end)) if end == last => format!("{first} to D-1"),
        (Some(first), Some(end)) if end + 1 == last => format!("{first} to D-2"),
        (Some(first), end) => format!("{first} to {}", end.unwrap_or(first)),
    };
    Some(words)
}

/// The table of quantities as it has to stand in docs/data-dictionary.md.
fn table_of_quantities() -> String {
    let spec = parse_spec(Path::new("conditions.toml"), CONDITIONS).unwrap();
    let plan = Plan::new(vec![spec]).unwrap();
    let conditions: Vec<&Condition> =
        plan.planned().filter(|p| p.repeat == 0).map(|p| p.condition).collect();
    let mut table =
        "| quantity | meaning | unit | layers | of kind |\n|---|---|---|---|---|\n".to_string();
    for &quantity in Quantity::ALL {
        let info = quantity.info();
        let of_kind = |kind: Kind| {
            if kind == Kind::Recorded {
                return Some("those on record".into());
            }
            let own = conditions.iter().filter(move |condition| kind_of(condition) == kind);
            own.filter_map(|condition| layers_in_words(quantity, condition)).next()
        };
        let layers: Vec<(Kind, Option<String>)> =
            info.kinds.iter().map(|&kind| (kind, of_kind(kind))).collect();
        let missing: Vec<_> = layers.iter().filter(|(_, layers)| layers.is_none()).collect();
        assert!(missing.is_empty(), "{}: no layers {missing:?}", info.name);
        let words: BTreeSet<&str> =
            layers.iter().filter_map(|(_, layers)| layers.as_deref()).collect();
        let of_words = |words: &&str| {
            let kinds = layers.iter().filter(|(_, layers)| layers.as_deref() == Some(words));
            format!(
                "{words} ({})",
                kinds.map(|(kind, _)| kind.name()).collect::<Vec<_>>().join(", ")
            )
        };
        let layers = match words.len() {
            1 => words.into_iter().collect(),
            _ => words.iter().map(of_words).collect::<Vec<_>>().join("; "),
        };
        let unit = if info.unit.is_empty() { "none" } else { info.unit };
        let kinds: Vec<&str> = info.kinds.iter().map(|kind| kind.name()).collect();
        let escaped = |text: &str| text.replace('|', "\\|").replace('*', "\\*");
        let symbol = if info.symbol == info.label {
            String::new()
        } else {
            format!(", {}", escaped(info.symbol))
        };
        table += &format!(
            "| `{}` | **{}**{symbol}. {} | {unit} | {layers} | {} |\n",
            info.name,
            escaped(info.label),
            escaped(info.definition),
            kinds.join(", ")
        );
    }
    table
}

/// The table of signals as it has to stand in docs/signals.md.
fn table_of_signals() -> String {
    let row = |facts: &Facts| {
        let examples: Vec<String> =
            facts.examples.iter().map(|example| format!("`{example}`")).collect();
        format!("| {} | {} |\n", examples.join(", "), facts.meaning)
    };
    ["| form | process |\n|---|---|\n".into()]
        .into_iter()
        .chain(Process::ALL.iter().map(row))
        .collect()
}

/// The table of figure keys as it has to stand in docs/data-dictionary.md.
fn table_of_figure_keys() -> String {
    let of_some: BTreeSet<&str> =
        FigureKind::ALL.iter().flat_map(|kind| kind.facts().keys).copied().collect();
    let row = |key: &alignscope::spec::FigureKey| {
        let takers = FigureKind::ALL
            .iter()
            .filter(|kind| kind.takes(key.name))
            .map(|kind| kind.facts().name);
        let kinds = if of_some.contains(key.name) {
            takers.collect::<Vec<_>>().join(", ")
        } else {
            "all".into()
        };
        let [placeholder, help] =
            [key.placeholder, &(key.help)()].map(|text| text.replace('|', "\\|"));
        let help = help.replace('<', "\\<");
        format!("| `{}` | `--{} {placeholder}` | {help} | {kinds} |\n", key.name, key.option)
    };
    let head = "| key | option | meaning | of kind |\n|---|---|---|---|\n".to_string();
    [head].into_iter().chain(FIGURE_KEYS.iter().map(row)).collect()
}

/// The table of kinds of figures as it has to stand in docs/data-dictionary.md.
fn table_of_figure_kinds() -> String {
    let row = |kind: &FigureKind| {
        format!("| `{}` | {} |\n", kind.facts().name, kind.facts().meaning.trim())
    };
    ["| kind | shows |\n|---|---|\n".to_string()]
        .into_iter()
        .chain(FigureKind::ALL.iter().map(row))
        .collect()
}

#[test]
fn the_data_dictionary_is_the_registry() {
    let wanted = table_of_quantities();
    assert_eq!(wanted.lines().count(), Quantity::ALL.len() + 2);
    hold_between("docs/data-dictionary.md", "quantities", "docs", &wanted);
}

#[test]
fn the_tables_of_figures_are_the_registries() {
    let keys: BTreeSet<&str> = FIGURE_KEYS.iter().map(|key| key.name).collect();
    for kind in FigureKind::ALL {
        assert!(kind.facts().keys.iter().all(|key| keys.contains(key)), "{}", kind.facts().name);
    }
    hold_between("docs/data-dictionary.md", "figure keys", "docs", &table_of_figure_keys());
    hold_between("docs/data-dictionary.md", "figure kinds", "docs", &table_of_figure_kinds());
}

/// The table of functions of claims as it has to stand in docs/verdicts.md.
fn table_of_functions() -> String {
    let row = |&(_, name, arguments, meaning): &(Function, &str, usize, &str)| {
        let letters = ["a", "b", "c"][..arguments].join(", ");
        let form = match name.starts_with(char::is_alphabetic) && !["and", "or"].contains(&name) {
            true => format!("{name}({letters})"),
            false => format!("a {name} b"),
        };
        format!("| `{form}` | {meaning} |\n")
    };
    ["| expression | meaning |\n|---|---|\n".into()]
        .into_iter()
        .chain(Function::ALL.iter().map(row))
        .collect()
}

#[test]
fn the_table_of_functions_is_the_registry() {
    hold_between("docs/verdicts.md", "functions", "docs", &table_of_functions());
}

#[test]
fn the_table_of_signals_is_the_registry() {
    let wanted = table_of_signals();
    assert_eq!(wanted.lines().count(), Process::ALL.len() + 2);
    hold_between("docs/signals.md", "signals", "docs", &wanted);
}

#[test]
fn the_data_dictionary_has_the_columns_and_files_of_a_run() {
    let directory = workshop();
    let output = shell(directory.path(), "alignscope run SPEC.toml --out out");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = page("docs/data-dictionary.md");
    let series = fs::read_to_string(directory.path().join("out/series.csv")).unwrap();
    let columns = series.lines().next().unwrap().split(',');
    for column in columns.filter(|name| columns_in_order().iter().all(|facts| facts.name != *name))
    {
        assert!(text.contains(&format!("`{column}`")), "no column {column}");
    }
    for entry in fs::read_dir(directory.path().join("out")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name == ".lock" || text.contains(&format!("`{name}")), "no file {name}");
    }
    let manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(directory.path().join("out/manifest.json")).unwrap())
            .unwrap();
    for key in manifest.as_object().unwrap().keys() {
        assert!(text.contains(&format!("`{key}`")), "no key {key} of manifest.json");
    }
}

/// Everything that names the version of the project names this one: what is built from one tag
/// would otherwise call itself by two names.
#[test]
fn all_parts_have_one_version() {
    let version = env!("CARGO_PKG_VERSION");
    for (file, line) in [
        ("compiled/Cargo.toml", "version = \"{}\""),
        ("explorer/Cargo.toml", "version = \"{}\""),
        ("python/Cargo.toml", "version = \"{}\""),
        ("python/pyproject.toml", "version = \"{}\""),
        ("python/alignscope/__init__.py", "__version__ = \"{}\""),
        ("packaging/conda/recipe.yaml", "  version: \"{}\""),
        (".zenodo.json", "  \"version\": \"{}\","),
        ("CITATION.cff", "version: {}"),
    ] {
        let wanted = line.replace("{}", version);
        assert!(page(file).lines().any(|line| line == wanted), "{file} has no line `{wanted}`");
    }
    let heading = format!("## {version}");
    let headings = page("CHANGELOG.md").lines().filter(|line| line.starts_with(&heading)).count();
    assert_eq!(headings, 1, "headings `{heading}` in CHANGELOG.md");
}

//! The summary as a table for people.

use crate::condition::{Condition, Kind};
use crate::measure::null::WeightNull;
use crate::quantity::Quantity;
use crate::run::{Difference, Entry, Plan};
use crate::spec::Analysis;
use crate::text::{decimals, short, signed, with_interval};
use std::fmt::Write as _;
use terminal_size::{Width, terminal_size_of};

/// The summary for people, in lines of `width` where that is known; otherwise within 80 columns
/// where names are short.
pub(super) fn table(plan: &Plan, entries: &[Entry], width: Option<usize>) -> String {
    let mut out = String::new();
    for analysis in plan.analyses() {
        if analysis.kind == Kind::Train {
            let _ = write!(out, "{}", by_layer(analysis, entries, width));
            continue;
        }
        let title = if analysis.title.is_empty() { &analysis.name } else { &analysis.title };
        let unit = if analysis.kind == Kind::Sample { "draws" } else { "update" };
        let head =
            ["condition", unit, "quantity", "mean [95 %]", "n", "predicted", "off (se)", "z null"];
        let mut rows = vec![head.map(String::from)];
        for entry in entries.iter().filter(|entry| entry.analysis == analysis.name) {
            rows.push(row(analysis, entry));
        }
        // What is the same in every row is said once, so that rows fit 80 columns.
        let same =
            |column: usize| rows[1..].windows(2).all(|pair| pair[0][column] == pair[1][column]);
        let kept: Vec<usize> =
            (0..head.len()).filter(|&column| ![2, 4].contains(&column) || !same(column)).collect();
        let said = [(2, ""), (4, "n ")].map(|(column, word)| match rows.get(1) {
            Some(row) if !kept.contains(&column) => format!(", {word}{}", row[column]),
            _ => String::new(),
        });
        let _ = writeln!(out, "{title}{}", said.concat());
        let rows = rows
            .iter()
            .map(|row| kept.iter().map(|&column| row[column].clone()).collect())
            .collect();
        let _ = write!(out, "{}", fitted(rows, "  ", width));
    }
    if plan.analyses().all(|analysis| analysis.kind == Kind::Train) {
        return out;
    }
    let _ = writeln!(
        out,
        "mean over n repeats, Student's 95 % interval; angles in degrees; off: measured\n\
         minus predicted (in standard errors; bound: how far an approximation may be\n\
         off); z null: standard score of the mean against independent W and B, positive\n\
         if aligned."
    );
    out
}

/// Of networks: a block per condition, a line per quantity and epoch, a column per layer.
fn by_layer(analysis: &Analysis, entries: &[Entry], width: Option<usize>) -> String {
    let title = if analysis.title.is_empty() { &analysis.name } else { &analysis.title };
    let mut out = format!("{title}\n");
    for condition in &analysis.conditions {
        let parameters = analysis.parameters_of(condition);
        let of_condition: Vec<&Entry> = entries
            .iter()
            .filter(|e| e.analysis == analysis.name && e.condition == parameters)
            .collect();
        let depth = condition.depth();
        let layers =
            (0..depth).filter(|l| of_condition.iter().any(|entry| entry.layer == Some(*l)));
        let layers: Vec<usize> = layers.collect();
        let head = ["quantity".to_string(), "epoch".into(), "network".into()];
        let mut rows = vec![
            head.into_iter().chain(layers.iter().map(|l| format!("layer {l}"))).collect::<Vec<_>>(),
        ];
        let mut last_name = String::new();
        for entry in &of_condition {
            let place = (entry.quantity, entry.iteration, entry.lag);
            let place_of = |e: &Entry| (e.quantity, e.iteration, e.lag);
            if of_condition
                .iter()
                .find(|e| place_of(e) == place)
                .is_none_or(|e| !std::ptr::eq(*e, *entry))
            {
                continue;
            }
            let cell = |layer: Option<usize>| {
                let found = of_condition.iter().find(|e| place_of(e) == place && e.layer == layer);
                found.map(|entry| plus_minus(entry)).unwrap_or_default()
            };
            let lag = entry.lag.map(|lag| format!(", lag {lag}")).unwrap_or_default();
            let full = format!("{}{lag}", entry.quantity.info().label);
            let name = if full == last_name { String::new() } else { full.clone() };
            last_name = full;
            let start = [name, epoch(condition, entry.iteration), cell(None)];
            rows.push(start.into_iter().chain(layers.iter().map(|&l| cell(Some(l)))).collect());
        }
        let _ = writeln!(out, "  {}", analysis.label(condition));
        let _ = write!(out, "{}", folded(rows, 3, "    ", width));
    }
    out.push_str(
        "mean over repeats ± half of Student's 95 % interval; (n) where fewer repeats \
        have\na value; angles in degrees\n",
    );
    out
}

fn epoch(condition: &Condition, iteration: usize) -> String {
    let per_epoch = condition.iterations_per_epoch();
    if iteration.is_multiple_of(per_epoch) {
        return (iteration / per_epoch).to_string();
    }
    format!("{:.2}", iteration as f64 / per_epoch as f64)
}

/// `79.3 ±1.0`; one decimal for angles and shares.
fn plus_minus(entry: &Entry) -> String {
    let Some(mean) = entry.mean else { return "absent".into() };
    let coarse = matches!(entry.quantity.info().unit, "degrees" | "percent" | "epochs" | "units");
    let text = |value: f64| if coarse { format!("{value:.1}") } else { short(value) };
    let half = entry.ci95.map(|[_, high]| format!(" ±{}", text(high - mean))).unwrap_or_default();
    let n = if entry.absent == 0 { String::new() } else { format!(" ({})", entry.n) };
    format!("{}{half}{n}", text(mean))
}

/// Four decimals, or as many digits of what these would not show; a dash where there is no value,
/// such as the correlation of values that do not vary.
pub(super) fn decimal(value: f64) -> String {
    if value.is_nan() {
        return "-".into();
    }
    let is_shown = value == 0.0 || (1e-4..1e6).contains(&value.abs());
    if is_shown { format!("{value:.4}") } else { format!("{value:.3e}") }
}

/// Rows with their columns under each other, the first one the head. Line feeds and tabs within a
/// cell, as file names may have, are written as `\n` and `\t`: they would break the columns.
pub(super) fn aligned(mut rows: Vec<Vec<String>>, indent: &str) -> String {
    for cell in rows.iter_mut().flatten().filter(|cell| cell.contains(['\n', '\t'])) {
        *cell = cell.replace('\n', "\\n").replace('\t', "\\t");
    }
    let columns = rows.first().map_or(0, Vec::len);
    let widths: Vec<usize> = (0..columns)
        .map(|c| rows.iter().map(|row| row[c].chars().count()).max().unwrap_or(0))
        .collect();
    // A column without a single value is left out.
    let shown: Vec<usize> =
        (0..columns).filter(|&c| rows[1..].iter().any(|row| !row[c].is_empty())).collect();
    let line = |row: Vec<String>| {
        let cells: Vec<String> =
            shown.iter().map(|&c| format!("{:<width$}", row[c], width = widths[c])).collect();
        format!("{indent}{}\n", cells.join("  ").trim_end())
    };
    rows.into_iter().map(line).collect()
}

/// Differences of conditions that are compared, for people; nothing where there are none.
pub(super) fn comparisons(differences: &[Difference], width: Option<usize>) -> String {
    if differences.is_empty() {
        return String::new();
    }
    let head = ["second minus first", "update", "quantity", "difference [95 %]", "sd", "pairs"];
    let mut rows = vec![head.map(String::from).to_vec()];
    rows.extend(differences.iter().map(|compared| {
        let what = format!("{} minus {}", compared.second, compared.first);
        let among = if compared.among.is_empty() {
            String::new()
        } else {
            format!(" ({})", compared.among)
        };
        let lag = compared.lag.map(|lag| format!(", lag {lag}")).unwrap_or_default();
        let layer = compared.layer.map(|layer| format!(" {layer}{lag}")).unwrap_or_default();
        let difference = match (compared.difference, compared.ci95) {
            (Some(mean), Some([low, high])) => {
                format!("{} [{}, {}]", short(mean), short(low), short(high))
            }
            (Some(mean), None) => short(mean),
            (None, _) => "absent".into(),
        };
        vec![
            what + &among,
            compared.iteration.to_string(),
            format!("{}{layer}", compared.quantity.info().label),
            difference,
            compared.sd.map(short).unwrap_or_default(),
            compared.pairs.to_string(),
        ]
    }));
    format!("Compared, paired by repeat\n{}", fitted(rows, "  ", width))
}

/// Columns of a terminal that prints the output, or those that `COLUMNS` promises.
pub(super) fn width() -> Option<usize> {
    let promised = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal =
        || terminal_size_of(std::io::stdout()).map(|(Width(columns), _)| usize::from(columns));
    promised.or_else(terminal).filter(|&columns| columns >= MOST_NARROW)
}

/// Narrower than this nothing is set.
const MOST_NARROW: usize = 20;

/// Whether a table has a line that is too long.
fn overflows(table: &str, width: Option<usize>) -> bool {
    width.is_some_and(|width| table.lines().any(|line| line.chars().count() > width))
}

/// Aligned rows; where they are too long, their first column stands above those that share it, and
/// then columns of dashes alone are left out.
fn fitted(rows: Vec<Vec<String>>, indent: &str, width: Option<usize>) -> String {
    let whole = aligned(rows.clone(), indent);
    if !overflows(&whole, width) {
        return whole;
    }
    let says = |column: usize| rows[1..].iter().any(|row| row[column] != "-");
    let kept: Vec<usize> = (1..rows[0].len()).filter(|&column| says(column)).collect();
    let short: Vec<Vec<String>> =
        rows.iter().map(|row| kept.iter().map(|&column| row[column].clone()).collect()).collect();
    let lines: Vec<String> =
        aligned(short, &format!("{indent}  ")).lines().map(String::from).collect();
    let mut out = String::new();
    let mut above = &String::new();
    for (place, line) in lines.iter().enumerate() {
        if place > 0 && rows[place][0] != *above {
            above = &rows[place][0];
            let _ = writeln!(out, "{indent}{above}");
        }
        let _ = writeln!(out, "{line}");
    }
    out
}

/// Aligned rows; where they are too long, the columns after the first `fixed` follow in blocks
/// below each other.
fn folded(rows: Vec<Vec<String>>, fixed: usize, indent: &str, width: Option<usize>) -> String {
    let whole = aligned(rows.clone(), indent);
    let columns = rows.first().map_or(0, Vec::len);
    if !overflows(&whole, width) || columns <= fixed + 1 {
        return whole;
    }
    let part = |from: usize, to: usize| -> Vec<Vec<String>> {
        rows.iter()
            .map(|row| row[..fixed].iter().chain(&row[from..to]).cloned().collect())
            .collect()
    };
    let (mut out, mut from) = (String::new(), fixed);
    while from < columns {
        let fits = |to: &usize| !overflows(&aligned(part(from, *to), indent), width);
        let to = (from + 1..=columns).rev().find(fits).unwrap_or(from + 1);
        out += &aligned(part(from, to), indent);
        from = to;
    }
    out
}

fn row(analysis: &Analysis, entry: &Entry) -> [String; 8] {
    let ready = analysis.conditions.iter().find(|c| analysis.parameters_of(c) == entry.condition);
    let null = ready.zip(entry.layer).filter(|_| entry.quantity == Quantity::WeightAlignment);
    let z =
        null.and_then(|(c, l)| Some(WeightNull::new(c.weights_of(l)?)?.z(entry.mean?, entry.n)));
    let mean = match (entry.mean, entry.ci95) {
        (Some(mean), Some(ends)) => with_interval(mean, ends),
        (Some(mean), None) => decimals(mean, 2),
        (None, _) => "absent".into(),
    };
    let n = if entry.absent == 0 {
        entry.n.to_string()
    } else {
        format!("{} ({} absent)", entry.n, entry.absent)
    };
    let lag = entry.lag.map(|lag| format!(", lag {lag}")).unwrap_or_default();
    let layer = entry.layer.map(|l| format!(" {l}{lag}")).unwrap_or_default();
    [
        entry.label.clone(),
        entry.iteration.to_string(),
        format!("{}{layer}", entry.quantity.info().label),
        mean,
        n,
        entry.prediction.map_or("-".into(), |p| decimals(p, 2)),
        entry.discrepancy.map_or("-".into(), |d| match d.standard_errors {
            // Beside an approximation standard errors would say that it is refuted.
            _ if entry.prediction_bound.is_some_and(f64::is_infinite) => {
                format!("{} (approx.)", signed(d.difference, 2))
            }
            _ if entry.prediction_bound.is_some() => {
                let bound = entry.prediction_bound.unwrap_or_default();
                format!("{} (bound {})", signed(d.difference, 2), decimals(bound, 2))
            }
            Some(errors) => format!("{} ({errors:+.1})", signed(d.difference, 2)),
            None => signed(d.difference, 2),
        }),
        z.map_or("-".into(), |z| format!("{z:.1}")),
    ]
}

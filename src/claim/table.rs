//! `verdicts.csv`: every part of every claim with its verdict, in long form.

use super::judged::JudgedClaim;
use crate::file::cell;

/// Columns with their descriptions.
pub const VERDICT_COLUMNS: [(&str, &str); 12] = [
    ("claim", "Name of the claim"),
    ("verdict", "Of the claim: holds, fails, at the bound, undecided, not judged"),
    ("decided_after", "Repeats after which it was decided; empty where it is not"),
    ("needed", "Repeats that are estimated to decide it, where it is undecided"),
    ("plan", "The plan that fixed claim and seed before they were run; empty where there is none"),
    ("statistic", "What was measured"),
    ("mean", "Mean over repeats"),
    ("low", "Lower end of its 95 % interval"),
    ("high", "Upper end of its 95 % interval"),
    ("n", "Repeats"),
    ("criterion", "What was asked"),
    ("part_verdict", "Of this part"),
];

/// The file's bytes.
///
/// # Errors
/// If a row cannot be written, which memory alone can cause.
pub fn verdicts_csv(claims: &[JudgedClaim]) -> Result<Vec<u8>, std::io::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(VERDICT_COLUMNS.map(|(name, _)| name))?;
    let count = |count: Option<usize>| count.map(|count| count.to_string()).unwrap_or_default();
    let value = |value: Option<f64>| value.map(|value| format!("{value:?}")).unwrap_or_default();
    for claim in claims {
        for part in &claim.parts {
            let [low, high] = part.ci95.map_or([None; 2], |ends| ends.map(Some));
            writer.write_record([
                cell(&claim.name).into_owned(),
                claim.verdict.as_str().into(),
                count(claim.decided_after),
                count(claim.needed),
                claim.plan.as_deref().map(cell).unwrap_or_default().into_owned(),
                cell(&part.statistic).into_owned(),
                value(part.mean),
                value(low),
                value(high),
                part.n.to_string(),
                part.criterion.clone(),
                part.verdict.as_str().into(),
            ])?;
        }
    }
    writer.into_inner().map_err(|error| error.into_error())
}

//! The index of figures: claim, verdict, numbers, figures and command, as Markdown.

use super::Report;
use crate::claim::{JudgedClaim, JudgedPart, Verdict};
use std::fmt::Write as _;

impl Report<'_> {
    /// The index as Markdown. `is_drawn` says which figures, by file name, stand beside it and can
    /// be linked to.
    pub fn markdown(&self, is_drawn: &dyn Fn(&str) -> bool) -> String {
        let mut out = format!("# Claims, verdicts and figures\n\n{}\n\n", self.verdicts());
        out.push_str(
            "| claim | verdict | statistic: mean [95 %], n, criterion | figures | command \
             |\n|---|---|---|---|---|\n",
        );
        for claim in &self.judged {
            let (name, statement) = (cell(&claim.name), cell(&claim.statement));
            let (verdict, numbers) = (claim.verdict.as_str(), numbers(claim));
            let (figures, command) = (self.links(claim, is_drawn), self.command(claim));
            let _ = writeln!(
                out,
                "| **{name}** {statement} | {verdict} | {numbers} | {figures} | {command} |"
            );
        }
        for claim in &self.waiting {
            let (name, statement) = (cell(&claim.name), cell(&claim.statement));
            let _ = writeln!(
                out,
                "| **{name}** {statement} | not judged | the run is not finished | | |"
            );
        }
        out
    }

    fn links(&self, claim: &JudgedClaim, is_drawn: &dyn Fn(&str) -> bool) -> String {
        let of_claim =
            self.stored.plan.analyses().filter(|analysis| analysis.name == claim.analysis);
        let figures = of_claim.flat_map(|analysis| &analysis.figures);
        let link = |name: &str| match is_drawn(&format!("{name}.png")) {
            true => format!("[{name}]({name}.png)"),
            false => name.to_string(),
        };
        figures.map(|figure| link(&figure.name)).collect::<Vec<_>>().join(", ")
    }

    /// How the claim is judged again: the spec that holds its analysis.
    fn command(&self, claim: &JudgedClaim) -> String {
        let holds = |spec: &&crate::spec::Spec| {
            spec.analyses.iter().any(|analysis| analysis.name == claim.analysis)
        };
        let spec = self.stored.plan.specs.iter().find(holds);
        spec.map_or(String::new(), |spec| {
            format!("`alignscope verify analyses/{}.toml`", spec.name)
        })
    }
}

/// Statistics shown of a claim.
const SHOWN: usize = 3;

/// The statistics that the verdict hangs on, a line each: those that do not hold before those that
/// do, and how many more there are.
fn numbers(claim: &JudgedClaim) -> String {
    let line = |part: &&JudgedPart| {
        let (value, verdict) = (part.value(), part.verdict.as_str());
        format!(
            "{}: {value}, n {}, {}: {verdict}",
            cell(&part.statistic),
            part.n,
            cell(&part.criterion)
        )
    };
    let (held, others): (Vec<_>, Vec<_>) =
        claim.parts.iter().partition(|part| part.verdict == Verdict::Holds);
    let all: Vec<&JudgedPart> = others.into_iter().chain(held).collect();
    let mut lines: Vec<String> = all.iter().take(SHOWN).map(line).collect();
    let rest: Vec<&&JudgedPart> = all.iter().skip(SHOWN).collect();
    let of_rest = rest.iter().filter(|part| part.verdict == Verdict::Holds).count();
    if !rest.is_empty() {
        lines.push(format!("and {} more, of which {of_rest} hold", rest.len()));
    }
    lines.join("<br>")
}

/// Text that ends no cell of a table and opens no tag.
fn cell(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('|', "\\|").replace('\n', " ")
}

//! The report of runs: one HTML file, complete in itself, for people who were not there.
//!
//! Nothing in it is fetched from anywhere. Figures are pictures, which a script in the page draws
//! anew, so that they can be asked and zoomed; without it, and on paper, they stay pictures. Every
//! text is escaped, by maud, by plotters or as JSON, and no other script than that of the page
//! runs. The same results give the same bytes: no times, no paths.

mod claims;
mod conduct;
mod dictionary;
mod figures;
mod index;
pub mod live;
mod methods;
mod results;
mod script;

use crate::claim::{Evidence, JudgedClaim, claims, judge};
use crate::condition::Condition;
use crate::experiment::expect;
use crate::figure::{FigureError, Theme, Tints};
use crate::run::{Entry, Flag, Stored, flags, summarise};
use crate::spec::{Analysis, Claim};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use script::{LIBRARY_STYLE, STYLE as FIGURES_STYLE, scripts};

const STYLE: &str = include_str!("report.css");

/// Everything that a report says about some runs.
pub struct Report<'a> {
    stored: &'a Stored,
    judged: Vec<JudgedClaim>,
    /// Claims whose analysis is not finished.
    waiting: Vec<&'a Claim>,
    entries: Vec<Entry>,
    flags: Vec<Flag>,
}

impl<'a> Report<'a> {
    /// Judges and summarises what is stored. Claims are judged only on analyses of which every job
    /// is there: a part of the repeats cannot be paired.
    pub fn new(stored: &'a Stored) -> Self {
        let complete = stored.complete();
        let judged = complete
            .map(|whole| judge(&Evidence::new(&whole.plan, &whole.results)))
            .unwrap_or_default();
        let is_judged = |claim: &&Claim| judged.iter().any(|known| known.name == claim.name);
        let waiting = claims(&stored.plan).into_iter().filter(|claim| !is_judged(claim)).collect();
        let predict = |analysis: &Analysis, condition: &Condition, quantity, layer, iteration| {
            expect(condition, quantity, layer, iteration, analysis.settings.predict)
        };
        let entries = summarise(stored.index(), &predict);
        let flags = flags(stored.index());
        Self { stored, judged, waiting, entries, flags }
    }

    /// The HTML document.
    ///
    /// # Errors
    /// If a figure cannot be drawn, other than for want of data.
    pub fn html(&self) -> Result<String, FigureError> {
        let mut tints = Tints::default();
        let results = self.results(&mut tints)?;
        let sections: [(&str, &str, Markup); 7] = [
            ("done", "What was done", self.done()),
            ("claims", "What held", self.claims()),
            ("results", "Figures and values", results),
            ("methods", "Methods", self.methods()),
            ("dictionary", "Data dictionary", self.dictionary()),
            ("validity", "Validity", self.validity()),
            ("reproduce", "Versions, and how to reproduce", self.reproduce()),
        ];
        let title = self.title();
        let content = html! {
            header {
                h1 { (title) }
                (self.notices())
            }
            nav aria-label="Contents" {
                ol { @for (id, heading, _) in &sections { li { a href={ "#" (id) } { (heading) } } } }
            }
            main {
                @for (id, heading, content) in &sections {
                    section id=(id) { h2 { (heading) } (content) }
                }
            }
        };
        Ok(document(&title, &content, &style(&tints), &scripts("Figures.all();\n")))
    }

    fn title(&self) -> String {
        let titles = self.stored.plan.specs.iter();
        let titles: Vec<&str> =
            titles.map(|s| if s.title.is_empty() { &s.name } else { &s.title }.as_str()).collect();
        match &titles[..] {
            [first, second, _, rest @ ..] if !rest.is_empty() => {
                format!("{first}; {second}; and {} more", titles.len() - 2)
            }
            few => few.join("; "),
        }
    }

    /// What stands before everything else: that something is missing, diverged or means less than
    /// it seems to.
    fn notices(&self) -> Markup {
        let (found, planned) =
            (self.stored.results.iter().flatten().count(), self.stored.plan.jobs.len());
        let diverged = self.diverged().len();
        html! {
            @if found < planned {
                p.notice {
                    strong { "Not finished: " (found) " of " (planned) " jobs are there. " }
                    "What is shown is of these; claims that need the rest are not judged. What is \
                     missing stands under "
                    a href="#done" { "What was done" } "."
                }
            }
            @for (number, run) in self.stored.directories.iter().enumerate() {
                @if !run.is_vouched_for {
                    p.notice {
                        "Run " (number + 1) " holds no checksums, as runs of version 0.1.0 do not: \
                         whether its files are as they were written is not known."
                    }
                }
            }
            @for warning in &self.stored.warnings { p.notice { "Damaged: " (warning) "." } }
            @if diverged > 0 {
                p.notice { (counted(diverged, "job")) " diverged: see " a href="#validity" { "Validity" } "." }
            }
            @if !self.flags.is_empty() {
                p.notice {
                    "Some angles mean less than they seem to: " (counted(self.flags.len(), "validity flag")) ", listed under "
                    a href="#validity" { "Validity" } "."
                }
            }
        }
    }
}

/// A page that is one file, in which no script runs but `script`.
fn document(title: &str, content: &Markup, style: &str, script: &str) -> String {
    // It allows a script, and nothing in the page can name it: it depends on all of the page.
    let nonce = blake3::hash(content.0.as_bytes()).to_hex().to_string();
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-{nonce}'; base-uri \
         'none'; form-action 'none'"
    );
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="generator" content={ "alignscope " (env!("CARGO_PKG_VERSION")) };
                title { (title) }
                style { (PreEscaped(style)) }
            }
            body {
                (content)
                script nonce=(nonce) { (PreEscaped(script)) }
            }
        }
    };
    page.into_string() + "\n"
}

/// The style sheet of a page, with the colours of its pictures.
fn style(tints: &Tints) -> String {
    let [light, dark] = [Theme::Light, Theme::Dark].map(|theme| tints.css(theme));
    format!(
        "{STYLE}{LIBRARY_STYLE}\n{FIGURES_STYLE}:root {{ {light} }}\n@media screen and \
         (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"
    )
}

/// `1 job`, `2 jobs`.
fn counted(count: usize, what: &str) -> String {
    let many = match (count, what.strip_suffix('y')) {
        (1, _) => what.to_string(),
        (_, Some(stem)) => format!("{stem}ies"),
        (_, None) if what.ends_with("is") => format!("{}es", &what[..what.len() - 2]),
        (_, None) => format!("{what}s"),
    };
    format!("{count} {many}")
}

/// Title of an analysis, or its name.
fn heading(analysis: &Analysis) -> &str {
    if analysis.title.is_empty() { &analysis.name } else { &analysis.title }
}

/// A table that scrolls by itself where it is wider than the page.
fn scrolling(label: &str, table: Markup) -> Markup {
    html! { div.scroll tabindex="0" role="region" aria-label=(label) { (table) } }
}

#[cfg(test)]
mod tests;

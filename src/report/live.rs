//! The live view: a page that follows a run, and what it asks for again and again.
//!
//! The page itself says nothing of the run. It asks for [`progress`], which is small, and, when
//! that names other results than it has, for [`results`]: the figures of the spec with their null
//! and prediction, over the jobs that are done.

use super::figures::quiet;
use super::script::{LIBRARY_STYLE, STYLE as FIGURES_STYLE, scripts};
use super::{STYLE, counted, heading};
use crate::figure::{FigureError, Tints, Width, compose, screen};
use crate::run::{Followed, Standing, flags, silenced};
use crate::spec::{Analysis, Figure as Spec};
use maud::{DOCTYPE, html};
use serde_json::{Value as Json, json};

/// The page, which loads [`style`] and [`script`] from beside it.
pub fn page() -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "A run of alignscope" }
                link rel="stylesheet" href="style.css";
                link rel="icon" href="data:,";
                script src="script.js" defer {}
            }
            body {
                header {
                    h1 #title { "A run of alignscope" }
                    progress #share max="1" value="0" aria-label="Share of the work that is done" {}
                    p #pace role="status" { "Asking for the run." }
                    div #notices {}
                }
                main #analyses {}
                noscript { p.notice { "This page draws figures as they come, which takes a script. \
                    Without one: " code { "alignscope report RUN" } " writes what there is." } }
            }
        }
    };
    page.into_string() + "\n"
}

/// The style sheet of [`page`].
pub fn style() -> String {
    [STYLE, LIBRARY_STYLE, "\n", FIGURES_STYLE].concat()
}

/// The script of [`page`].
pub fn script() -> String {
    scripts(include_str!("live.js"))
}

/// How far a run is: `version` of its results, `title`, `jobs` that are done of all, `share` of the
/// work, seconds `left`, and `standing`: `under way`, `killed`, or why it ended.
pub fn progress(run: &Followed<'_>, version: u64) -> String {
    let titles: Vec<&str> = run
        .plan
        .specs
        .iter()
        .map(|spec| if spec.title.is_empty() { &spec.name } else { &spec.title }.as_str())
        .collect();
    let (standing, is_over) = match &run.standing {
        Standing::UnderWay => ("under way", false),
        Standing::Killed => (
            "killed: no process writes to it, and `alignscope run` with its directory continues \
                it",
            true,
        ),
        Standing::Ended(why) => (why.as_str(), true),
    };
    quiet(&json!({
        "version": version,
        "title": titles.join("; "),
        "jobs": run.jobs,
        "share": run.share,
        "left": run.left.map(|left| left.as_secs_f64()),
        "standing": standing,
        "over": is_over,
        "shard": run.shard.map(|shard| shard.to_string()),
        "damages": run.damages,
    }))
}

/// That there is no run to be shown, and why.
pub fn waiting(why: &str) -> String {
    quiet(&json!({ "waiting": why }))
}

/// Figures over the jobs that are done, and what is to be said of these: validity flags, and jobs
/// that diverged.
///
/// # Errors
/// If a figure cannot be drawn, other than for want of data.
pub fn results(run: &Followed<'_>) -> Result<String, FigureError> {
    let index = run.index();
    let mut cautions: Vec<String> = flags(index).iter().map(ToString::to_string).collect();
    cautions.extend(silenced(index).iter().map(ToString::to_string));
    let diverged: Vec<String> = run.diverged().iter().map(ToString::to_string).collect();
    let mut analyses = Vec::new();
    for analysis in run.plan.analyses() {
        let own;
        // What has no figure has one here all the same.
        let figures = if analysis.figures.is_empty() {
            own = analysis.clone().with_own_figure();
            &own.figures
        } else {
            &analysis.figures
        };
        let figures = figures.iter().map(|spec| figure(run, analysis, spec));
        let [done, all] = index.count(analysis);
        analyses.push(json!({
            "name": analysis.name,
            "title": heading(analysis),
            "jobs": format!("{done} of {}", counted(all, "job")),
            "figures": figures.collect::<Result<Vec<Json>, _>>()?,
        }));
    }
    Ok(quiet(&json!({ "cautions": cautions, "diverged": diverged, "analyses": analyses })))
}

/// A figure: pictures of maps, and the numbers of all panels; `data` is null where there is nothing
/// to draw yet.
fn figure(run: &Followed<'_>, analysis: &Analysis, spec: &Spec) -> Result<Json, FigureError> {
    let figure = compose(run.index(), analysis, spec);
    let mut tints = Tints::default();
    let drawn = match screen(&figure, &mut tints) {
        Err(FigureError::Empty(_)) => None,
        other => Some(other?),
    };
    Ok(json!({
        "name": format!("{}-{}", analysis.name, spec.name),
        "title": figure.title,
        "note": figure.note,
        "wide": figure.width == Width::TwoColumns,
        "data": drawn.map(|drawn| drawn.data),
    }))
}

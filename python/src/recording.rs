//! What a recorded run says.

use crate::background::abandonable;
use crate::refused;
use alignscope::recorded::{Findings, Questions, RecordedRun, TermsPlan};
use alignscope::rule::Activation;
use alignscope::text::Setting;
use pyo3::prelude::*;
use serde_json::json;
use std::path::PathBuf;

/// Analyses a recording: JSON of the findings, and of what was recorded. `lags` are the first one
/// if they are not given, where there is more than one iteration; `spacing` are the longest lag and
/// the iterations between decompositions.
#[pyfunction]
pub(crate) fn analyze(
    py: Python<'_>,
    path: PathBuf,
    eta: Option<f64>,
    activations: Vec<String>,
    lags: Option<Vec<usize>>,
    spacing: [Option<usize>; 2],
) -> PyResult<String> {
    if eta.is_some_and(|eta| !(eta > 0.0 && eta.is_finite())) {
        return Err(refused(format!(
            "eta={}: expected a finite number above 0",
            eta.unwrap_or_default()
        )));
    }
    if let Some(zero) = ["window", "every"].iter().zip(spacing).find(|(_, value)| *value == Some(0))
    {
        return Err(refused(format!("{}=0: expected 1 or more", zero.0)));
    }
    let named = |name: &String| {
        Activation::read(name, &()).map_err(|wrong| refused(wrong.of("activation")))
    };
    let activations: Vec<Activation> = activations.iter().map(named).collect::<PyResult<_>>()?;
    abandonable(py, move || found(&path, eta, activations, lags, spacing))?.map_err(refused)
}

fn found(
    path: &std::path::Path,
    eta: Option<f64>,
    activations: Vec<Activation>,
    lags: Option<Vec<usize>>,
    [window, every]: [Option<usize>; 2],
) -> Result<String, String> {
    let mut run = RecordedRun::open(path).map_err(|error| error.to_string())?;
    // Of a single iteration there is no lag, unless one is asked for.
    let lags = lags.unwrap_or_else(|| if run.iterations() > 1 { vec![1] } else { Vec::new() });
    let questions = Questions { eta, activations, terms: TermsPlan { lags, window, every } };
    let findings = Findings::of(&mut run, &questions)
        .map_err(|error| format!("{}: {error}", path.display()))?;
    let mut out = json!(findings);
    out["every"] = json!(findings.every);
    out["remarks"] = json!(findings.remarks);
    out["archive"] = json!({
        "sizes": (0..=run.depth()).map(|l| run.units(l)).collect::<Vec<_>>(),
        "states": (0..run.depth()).filter_map(|l| run.weights(l)).map(|weights| weights.len()).max().unwrap_or(0),
        "iterations": run.iterations(),
        "samples": run.samples(),
        "updates": run.thinned.as_ref().map(|of| of.updates()),
        "left_out": run.reading.left_out,
        "ignored": run.reading.ignored,
        "remarks": run.reading.remarks,
        "missing": run.missing(),
    });
    Ok(out.to_string())
}

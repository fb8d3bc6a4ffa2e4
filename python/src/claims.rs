//! Claims about values that were measured elsewhere.

use crate::refused;
use alignscope::claim::{Asked, Criterion, MeasuredClaim, MeasuredPart, judge_measured};
use alignscope::spec::{ClaimKind, ClaimSet, ValueKind};
use alignscope::text::Choice;
use pyo3::prelude::*;

/// Statistic, values, lower and upper bound, kind of values, reach, range and epsilon.
type Part = (String, Vec<f64>, [f64; 2], String, f64, [f64; 2], f64);

/// Judges a claim: JSON. `texts` are its name, its statement, its kind, and when it was set.
#[pyfunction]
pub(crate) fn judge(
    texts: (String, String, String, String),
    family: usize,
    parts: Vec<Part>,
) -> PyResult<String> {
    let (name, statement, kind, set) = texts;
    let (kind, set) = (choice::<ClaimKind>("kind", &kind)?, choice::<ClaimSet>("set", &set)?);
    let parts = parts.into_iter().map(part).collect::<PyResult<_>>()?;
    let claim = MeasuredClaim { name, statement, kind, set, family_size: family, parts };
    let judged = judge_measured(&claim).map_err(refused)?;
    serde_json::to_string(&judged).map_err(refused)
}

fn choice<C: Choice>(what: &str, text: &str) -> PyResult<C> {
    let names = || C::CHOICES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    C::named(text).ok_or_else(|| refused(format!("{what}={text:?}: expected {}", names())))
}

fn part(of: Part) -> PyResult<MeasuredPart> {
    let (statistic, values, [low, high], kind, reach, range, epsilon) = of;
    let kind = match kind.as_str() {
        "bounded" => ValueKind::Bounded { range, reach },
        "share" => ValueKind::Share,
        "gaussian" => ValueKind::Gaussian,
        "exact" => ValueKind::Exact,
        other => {
            return Err(refused(format!(
                "kind `{other}` of values: expected bounded, share, gaussian or exact"
            )));
        }
    };
    let is_range = range.iter().any(|end| end.is_finite());
    let asked = Asked {
        statistic,
        criterion: Criterion { low, high },
        some: false,
        values: kind,
        range: is_range.then_some(range),
        epsilon,
        published_error: 0.0,
    };
    Ok(MeasuredPart { asked, values })
}

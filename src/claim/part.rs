//! What follows from the repeats that there are: of every part, and of the claim.

use super::evidence::OfClaim;
use super::judged::JudgedPart;
use super::needed::needed;
use super::values::Repeats;
use super::verdict::{ALPHA, Bounds, Verdict, evidence as evidence_of, of_claim};
use crate::measure::summary::Summary;
use crate::spec::{Asked, ClaimPart, Criterion, ValueKind};
use crate::text::short;

/// What follows of a claim.
pub(super) struct Outcome {
    pub verdict: Verdict,
    /// Repeats after which that was decided.
    pub decided_after: Option<usize>,
    /// Repeats that are estimated to decide it, where it is not.
    pub needed: Option<usize>,
    pub parts: Vec<JudgedPart>,
}

impl Outcome {
    /// Of a claim with these parts, in a family of so many claims.
    pub fn of(of_parts: &[PartEvidence<'_>], family: usize) -> Self {
        let is_published = of_parts.iter().any(|part| part.asked.published_error > 0.0);
        let level = (if is_published { 2.0 } else { 1.0 } * family as f64 / ALPHA).ln();
        let against_bounds = |bounds: &dyn Fn(&Asked) -> Bounds| {
            let each = of_parts.iter().map(|of| evidence_of(of.asked, &of.rows, bounds(of.asked)));
            of_claim(&each.collect::<Vec<_>>())
        };
        let decided = against_bounds(&|asked| Bounds::of(asked, family)).decided(level);
        let at_bound = || {
            let beside = against_bounds(&|asked| Bounds::beside(asked, family));
            let [inside, outside] = beside.largest();
            let may = of_parts.iter().any(|part| part.asked.epsilon > 0.0);
            (may && inside >= level && outside >= level).then_some(Verdict::AtTheBound)
        };
        let (verdict, decided_after) = match decided {
            Some((verdict, after)) => (verdict, Some(after)),
            None => (at_bound().unwrap_or(Verdict::Undecided), None),
        };
        let against = level + (of_parts.len().max(1) as f64).ln();
        let parts: Vec<JudgedPart> =
            of_parts.iter().map(|part| part.judge(family, [level, against])).collect();
        let is_open = |part: &&JudgedPart| part.verdict == Verdict::Undecided;
        let needed: Option<Vec<usize>> =
            parts.iter().filter(is_open).map(|part| part.needed).collect();
        let counts = verdict == Verdict::Undecided && parts.iter().all(|part| part.beyond == 0);
        let needed = needed.and_then(|all| all.into_iter().max()).filter(|_| counts);
        Self { verdict, decided_after, needed, parts }
    }
}

/// What was seen of a part.
pub(super) struct PartEvidence<'a> {
    pub asked: &'a Asked,
    /// Iterations, draws or places that rows are of, where there are several.
    pub places: Vec<Option<usize>>,
    /// Values by repeat.
    pub rows: Vec<Repeats>,
}

impl<'a> PartEvidence<'a> {
    pub fn of(part: &'a ClaimPart, evidence: &OfClaim<'_, '_>) -> Self {
        let found =
            evidence.rows(part).into_iter().filter(|(_, row)| row.iter().any(Option::is_some));
        let (places, rows) = found.unzip();
        Self { asked: &part.asked, places, rows }
    }

    /// Which value no evidence can be made of, if there is one: what is not finite, such as a
    /// quotient by zero or the root of a negative number, or a share of what is neither so nor not.
    pub fn unusable(&self) -> Option<String> {
        let is_share = matches!(self.asked.values, ValueKind::Share | ValueKind::Every(_));
        let is_truth = |value: f64| value == 0.0 || value == 1.0;
        let values = self.rows.iter().flat_map(|row| row.iter().enumerate());
        let (repeat, value) = values
            .filter_map(|(repeat, value)| Some((repeat, (*value)?)))
            .find(|&(_, value)| !value.is_finite() || is_share && !is_truth(value))?;
        let remedy = if value.is_finite() {
            "a share is of repeats in which something is so (1) or not (0): compare, as in `a > b`"
        } else {
            "let it be of what is a number in every repeat, or state what is asked of those where it \
             is one (`only(a, b)`)"
        };
        Some(format!("`{}` is {value} in repeat {repeat}: {remedy}", self.asked.statistic))
    }

    /// The row whose mean is nearest to its bound or farthest beyond; where one is enough, the one
    /// that is farthest inside.
    fn shown(&self) -> Option<usize> {
        let Criterion { low, high } = self.asked.criterion;
        let margin = |row: &Repeats| {
            let mean = Summary::of(row.iter().copied()).mean.unwrap_or(f64::NAN);
            (mean - low).min(high - mean)
        };
        let margins = self.rows.iter().map(margin).enumerate();
        let sign = if self.asked.some { -1.0 } else { 1.0 };
        margins.min_by(|a, b| (sign * a.1).total_cmp(&(sign * b.1))).map(|(place, _)| place)
    }

    /// Repeats that are farther on the wrong side of a bound than is thought possible with the mean
    /// at it.
    fn beyond(&self) -> usize {
        let ValueKind::Bounded { reach, .. } = self.asked.values else { return 0 };
        let Criterion { low, high } = self.asked.criterion;
        let is_beyond = |value: &f64| *value < low - reach || *value > high + reach;
        self.rows
            .iter()
            .map(|row| row.iter().flatten().filter(|value| is_beyond(value)).count())
            .max()
            .unwrap_or(0)
    }

    fn judge(&self, family: usize, [level, against]: [f64; 2]) -> JudgedPart {
        let bounds = Bounds::of(self.asked, family);
        let seen = evidence_of(self.asked, &self.rows, bounds);
        let [holds, fails] = seen.largest();
        let verdict = if fails == f64::INFINITY || (fails >= against && holds < level) {
            Verdict::Fails
        } else if holds >= level && fails < against {
            Verdict::Holds
        } else if self.asked.epsilon > 0.0 && {
            let [inside, outside] =
                evidence_of(self.asked, &self.rows, Bounds::beside(self.asked, family)).largest();
            inside >= level && outside >= against
        } {
            Verdict::AtTheBound
        } else {
            Verdict::Undecided
        };
        let shown = self.shown();
        let row: Vec<f64> =
            shown.iter().flat_map(|&place| self.rows[place].iter().copied().flatten()).collect();
        let summary = Summary::of(row.iter().map(|value| Some(*value)));
        let is_open = verdict == Verdict::Undecided;
        JudgedPart {
            statistic: self.asked.statistic.clone(),
            mean: summary.mean,
            ci95: interval(&row, &summary, self.asked),
            beyond: self.beyond(),
            n: summary.n,
            at: shown.and_then(|place| self.places[place]),
            criterion: describe(self.asked),
            verdict,
            evidence_for: power(holds),
            evidence_against: power(fails),
            needed: is_open
                .then(|| needed(&row, self.asked.values, bounds, [level, against]))
                .flatten(),
        }
    }
}

/// Powers of ten, none beyond what is worth telling.
fn power(log: f64) -> f64 {
    (log / std::f64::consts::LN_10).clamp(-99.0, 99.0)
}

/// The criterion in words.
fn describe(asked: &Asked) -> String {
    let criterion = asked.criterion.describe();
    match asked.values {
        ValueKind::Every(share) => format!("every repeat (shown of {} %)", short(100.0 * share)),
        _ if asked.some => format!("{criterion}, once at least"),
        _ => criterion,
    }
}

/// A 95 % interval that keeps to the values that there can be.
fn interval(row: &[f64], summary: &Summary, asked: &Asked) -> Option<[f64; 2]> {
    match asked.values {
        ValueKind::Share | ValueKind::Every(_) => {
            let n = row.len() as f64;
            let ones = row.iter().filter(|value| **value != 0.0).count() as f64;
            (n > 0.0).then(|| clopper_pearson(ones, n))
        }
        _ => {
            let [low, high] = asked.range.unwrap_or([f64::NEG_INFINITY, f64::INFINITY]);
            summary.ci95.map(|[a, b]| [a.max(low), b.min(high)])
        }
    }
}

/// The exact 95 % interval of a share (Clopper & Pearson 1934).
fn clopper_pearson(ones: f64, n: f64) -> [f64; 2] {
    use statrs::function::beta::inv_beta_reg;
    let low = if ones == 0.0 { 0.0 } else { inv_beta_reg(ones, n - ones + 1.0, 0.025) };
    let high = if ones == n { 1.0 } else { inv_beta_reg(ones + 1.0, n - ones, 0.975) };
    [low, high]
}

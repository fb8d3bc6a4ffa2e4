//! How much computing a job is, beyond what its condition tells: for estimates of time, and for how
//! far a run has come.

use super::job::Job;
use crate::quantity::Quantity;

/// Multiplications and additions of a job, from its first update to its last.
pub(super) fn operations(job: &Job) -> f64 {
    job.condition.operations() * job.condition.last_iteration() as f64 + of_decompositions(job)
}

/// Multiplications and additions by which updates are decomposed: the activity of a layer under the
/// weights of every lag, and the pairs of samples of terms by class. They grow with the past there
/// is, so that the first updates of a job do not show them.
pub(super) fn of_decompositions(job: &Job) -> f64 {
    let (sizes, batch) = (job.condition.sizes(), job.condition.batch() as f64);
    let of_pairs: f64 = sizes.windows(3).map(|n| (n[0] + n[2]) as f64).sum();
    let (lag, pairs) = (of_lag(job), 4.0 * batch * batch * of_pairs);
    let window = job.decomposition_window();
    let mut all = of_control(job, job.condition.last_iteration());
    for (&iteration, due) in &job.agenda() {
        let measures = |is_wanted: fn(Quantity) -> bool| due.iter().any(|&of| is_wanted(of));
        let lags = job.lags.iter().filter(|&&lag| lag <= iteration).count();
        if measures(Quantity::is_of_every_lag) {
            all += lag * iteration.min(window) as f64;
        } else if measures(Quantity::is_decomposition) {
            all += lag * lags as f64;
        }
        if measures(Quantity::is_by_class) {
            all += pairs * lags as f64;
        }
    }
    all
}

/// Those of the control in the first `updates`: its terms add up beside the network at each, and are
/// two families.
pub(super) fn of_control(job: &Job, updates: usize) -> f64 {
    if !job.measures(Quantity::ControlAlignment) {
        return 0.0;
    }
    let window = job.decomposition_window();
    2.0 * of_lag(job) * (0..updates).map(|iteration| iteration.min(window) as f64).sum::<f64>()
}

/// The activities of all layers that are decomposed, under the weights of one lag.
fn of_lag(job: &Job) -> f64 {
    let sizes = job.condition.sizes();
    let below = &sizes[..sizes.len().saturating_sub(1)];
    let weights: f64 = below.windows(2).map(|n| n[0] as f64 * n[1] as f64).sum();
    2.0 * job.condition.batch() as f64 * weights
}

#[cfg(test)]
mod tests {
    use super::super::execute::tests::plan_of;
    use super::*;

    /// Of the decomposition of a network of 20-20-20 units, one sample an update.
    fn decomposed(options: &[(&str, &str)]) -> f64 {
        let all = [&[("layers", "20,20,20"), ("batch", "1"), ("report-at", "")], options].concat();
        let job = &plan_of(&all).jobs[0];
        assert!(operations(job) > of_decompositions(job));
        of_decompositions(job) / (2.0 * 400.0)
    }

    #[test]
    fn what_reaches_to_the_start_grows_with_the_square_of_the_updates() {
        let of = |updates, every, quantities, more: &[(&'static str, &'static str)]| {
            let given =
                [("iterations", updates), ("record-every", every), ("quantities", quantities)];
            decomposed(&[&given[..], more].concat())
        };
        assert_eq!(of("100", "10", "weight_alignment", &[]), 0.0);
        // At 0, 10, ..., 100.
        assert_eq!(of("100", "10", "terms_angle", &[]), 550.0);
        assert_eq!(of("200", "10", "terms_angle", &[]), 2100.0);
        assert_eq!(of("100", "10", "terms_angle", &[("window", "10")]), 100.0);
        // Of lags 1 and 30, of which the start has none and the first two have one.
        assert_eq!(of("100", "10", "term_angle", &[("lags", "1,30")]), 18.0);
        assert_eq!(of("100", "100", "control_alignment", &[]), 100.0 + 99.0 * 100.0);
    }
}

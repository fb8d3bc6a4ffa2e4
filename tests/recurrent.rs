//! Recurrent networks as a kind of analysis: what it measures, refuses and predicts, and whether
//! networks align with and without a task.

use alignscope::condition::Kind;
use alignscope::data::Library;
use alignscope::experiment::run_job;
use alignscope::measure::null::WeightNull;
use alignscope::measure::summary::Summary;
use alignscope::quantity::Quantity;
use alignscope::run::{Attempt, JobResult};
use alignscope::spec::Analysis;

/// Results of so many repeats of one condition.
fn repeats(options: &[(&str, &str)], count: usize) -> Vec<JobResult> {
    let analysis = Analysis::from_options(Kind::Recurrent, options.iter().copied()).unwrap();
    let library = Library::default();
    let run = |repeat| {
        let job = analysis.job(&analysis.conditions[0], repeat);
        run_job(&job, &Attempt::bare(&|| false), &library).unwrap()
    };
    (0..count).map(run).collect()
}

/// The last value of a quantity over repeats.
fn last(results: &[JobResult], quantity: Quantity) -> Summary {
    Summary::of(results.iter().map(|result| {
        result.records.iter().rev().find(|record| record.quantity == quantity)?.value
    }))
}

/// Mean and standard error.
fn mean(results: &[JobResult], quantity: Quantity) -> [f64; 2] {
    let summary = last(results, quantity);
    [summary.mean.unwrap(), summary.standard_error().unwrap()]
}

/// Standard score of the read-out's mean angle against independent matrices: positive if aligned.
fn z(results: &[JobResult], weights: usize) -> f64 {
    let [angle, _] = mean(results, Quantity::WeightAlignment);
    WeightNull::new(weights).unwrap().z(angle, results.len())
}

/// Signals that last align the read-out, also where the error runs backwards; errors whose signs
/// have no memory do not, nor do errors without any.
#[test]
fn isolated_readouts_align_with_signals_that_last_and_with_no_others() {
    let base = [("units", "60"), ("outputs", "4"), ("batch", "5"), ("readout-gain", "0.1")];
    for of_units in [
        [("activation", "linear"), ("gain", "0.5"), ("eta", "1e-3"), ("iterations", "60")],
        [("activation", "tanh"), ("gain", "1"), ("eta", "4e-3"), ("iterations", "200")],
    ] {
        let of = |surrogate, error| {
            let signals = [("activity", "ou:20"), ("error", error), ("surrogate", surrogate)];
            z(&repeats(&[&base[..], &of_units, &signals].concat(), 12), 240)
        };
        let scores = [
            of("none", "ou:20"),
            of("reversed", "ou:20"),
            of("signs", "ou:20"),
            of("none", "white"),
        ];
        println!("{of_units:?}: {scores:.1?}");
        assert!(scores[..2].iter().all(|z| *z > 5.0), "{of_units:?}: {scores:?}");
        assert!(scores[2..].iter().all(|z| z.abs() < 3.5), "{of_units:?}: {scores:?}");
    }
}

/// Networks learn by RFLO and align; where every error has a sign of its own they do neither.
#[test]
fn networks_learn_and_align_and_without_a_task_do_neither() {
    for (task, options, weights) in [
        ("recall", &[("outputs", "3"), ("length", "12"), ("response", "3")][..], 120),
        ("integration", &[("outputs", "3"), ("length", "12"), ("response", "3")], 120),
        (
            "sine",
            &[("outputs", "3"), ("length", "16"), ("iterations", "200"), ("eta", "1e-2")],
            120,
        ),
        (
            "digits",
            &[("length", "8"), ("response", "2"), ("iterations", "300"), ("eta", "2e-3")],
            400,
        ),
    ] {
        let base = [
            ("task", task),
            ("units", "40"),
            ("iterations", "80"),
            ("eta", "6e-3"),
            ("quantities", "weight_alignment,sequence_error,sequence_accuracy"),
        ];
        let of = |surrogate| {
            let changed = options.iter().map(|(name, _)| *name).collect::<Vec<_>>();
            let base = base.into_iter().filter(|(name, _)| !changed.contains(name));
            let all: Vec<_> =
                base.chain(options.iter().copied()).chain([("surrogate", surrogate)]).collect();
            let results = repeats(&all, 4);
            let accuracy = last(&results, Quantity::SequenceAccuracy).mean;
            (mean(&results, Quantity::SequenceError)[0], accuracy, z(&results, weights))
        };
        let (learnt, blind) = (of("none"), of("signs:each"));
        println!("{task}: {learnt:.3?} {blind:.3?}");
        assert!(learnt.0 < 0.85 && learnt.0 < 0.85 * blind.0, "{task}: {learnt:?} {blind:?}");
        // Digits align too, but by degrees in so few updates.
        let aligned = task == "digits" || learnt.2 > 3.5;
        assert!(aligned && blind.2.abs() < 3.5, "{task}: {learnt:?} {blind:?}");
    }
}

#[cfg(feature = "cli")]
mod program {
    use crate::common::{json, refused};
    use tempfile::TempDir;

    #[test]
    fn the_subcommand_predicts_and_says_lags_in_time() {
        let here = TempDir::new().unwrap();
        let line = "recurrent --activation linear --units 100 --outputs 4 --batch 5 --gain 0.5 \
                    --readout-gain 0.1 --dt 2ms --tau 10ms --activity ou:40ms --error ou:40ms \
                    --iterations 40 --repeats 6 --predict on --lags 1-40 --quantities \
                    weight_alignment,readout_term_share,readout_terms_share,readout_start_share,\
                    change_rank,change_beyond --json --out run";
        let args: Vec<&str> = line.split_whitespace().collect();
        let found = json(here.path(), &args);
        let summary = found["summary"].as_array().unwrap();
        let value = |quantity: &str, key: &str| {
            let entry = summary.iter().find(|entry| entry["quantity"] == quantity).unwrap();
            entry[key].as_f64().unwrap()
        };
        let angle = ["mean", "prediction"].map(|key| value("weight_alignment", key));
        // Of 100 units and 6 repeats: three standard errors of the null, of W_in(0) and W_out(0).
        assert!((angle[0] - angle[1]).abs() < 4.3 && angle[1] < 86.0, "{angle:?}");
        assert_eq!(value("change_rank", "mean"), 4.0);
        assert!(value("change_beyond", "mean") < 1e-10);
        // Every lag is followed: the shares of linear units add up.
        let [terms, start] =
            ["readout_terms_share", "readout_start_share"].map(|name| value(name, "mean"));
        assert!((terms + start - 1.0).abs() < 1e-9, "{terms} {start}");
        let lags: Vec<u64> = summary.iter().filter_map(|entry| entry["lag"].as_u64()).collect();
        assert_eq!(lags, (1..=40).collect::<Vec<u64>>());
        assert_eq!(summary[0]["condition"]["dt"], "2ms");
    }

    #[test]
    fn what_makes_no_network_is_refused_with_the_remedy() {
        let here = TempDir::new().unwrap();
        for (line, said) in [
            ("--credit bptt", "in isolation weights change at every iteration"),
            ("--task recall --activity ou:5", "activity is of signals that come from nowhere"),
            ("--task digits --outputs 5", "outputs 5: task digits has 10: leave outputs out"),
            ("--task recall --inputs 5 --outputs 5", "inputs 5: task recall has 6"),
            ("--task digits --length 20", "give a multiple of 8 iterations"),
            ("--task recall --length 9", "signs are shown, and given back, for as long each"),
            ("--task integration --length 6", "evidence comes before it"),
            ("--tau 0.5", "a time constant of at least an iteration"),
            ("--tau 5ms", "say how long an iteration takes"),
            ("--task recall --length 5ms --dt 2ms", "length 5ms"),
            ("--predict on", "there is no prediction: theory is of linear units in isolation"),
            ("--cross 0.5", "needs as many inputs as outputs"),
            ("--task recal", "did you mean `recall`?"),
            ("--credit rfl", "did you mean `rflo`?"),
            ("--units 0", "a whole number from 1"),
        ] {
            let args: Vec<&str> =
                ["recurrent"].into_iter().chain(line.split_whitespace()).collect();
            let message = refused(here.path(), &args, 2);
            assert!(message.contains(said), "{line}: {message}");
        }
    }
}

//! Every sampler against its exact covariance.

use alignscope::matrix::Matrix;
use alignscope::signal::{Cross, FileName, Form, Pair, Process, Signals, Sizes};
use alignscope::text::Span;

/// Standard errors allowed between a sampled and an exact second moment. Thousands of entries are
/// compared; a normal exceeds this once in 3.5 million.
const SIGMA: f64 = 5.0;

/// Sums of products over repeats: `E[a_s b_t]` for all pairs of iterations, with standard errors.
struct Products {
    sums: Matrix<f64>,
    squares: Matrix<f64>,
    n: f64,
}

impl Products {
    fn new(iterations: usize) -> Self {
        Self {
            sums: Matrix::zeros(iterations, iterations),
            squares: Matrix::zeros(iterations, iterations),
            n: 0.0,
        }
    }

    fn add(&mut self, a: &[f64], b: &[f64]) {
        for (s, &a) in a.iter().enumerate() {
            for (t, &b) in b.iter().enumerate() {
                self.sums.row_mut(s)[t] += a * b;
                self.squares.row_mut(s)[t] += (a * b).powi(2);
            }
        }
        self.n += 1.0;
    }

    fn check(&self, exact: impl Fn(usize, usize) -> f64, what: &str) {
        for s in 0..self.sums.rows() {
            for t in 0..self.sums.cols() {
                let mean = self.sums.row(s)[t] / self.n;
                let variance = self.squares.row(s)[t] / self.n - mean * mean;
                let error = (variance / self.n).sqrt();
                let exact = exact(s, t);
                assert!(
                    (mean - exact).abs() <= SIGMA * error + 1e-9,
                    "{what} ({s},{t}): {mean} {exact} +- {error}"
                );
            }
        }
    }
}

const SIZES: Sizes = Sizes { batch: 3, inputs: 2, outputs: 2, iterations: 7 };
const REPEATS: u64 = 20_000;

/// Both signals of one repeat: `[activity, error]`, one row of values per iteration.
fn realise(pair: &Pair, repeat: u64) -> [Vec<Vec<f64>>; 2] {
    let mut signals = Signals::<f64>::new(pair, SIZES, 3, repeat).unwrap();
    let (mut x, mut e) = (Vec::new(), Vec::new());
    for _ in 0..SIZES.iterations {
        x.push(signals.activity().as_slice().to_vec());
        e.push(signals.error().as_slice().to_vec());
        signals.advance();
    }
    [x, e]
}

fn column(rows: &[Vec<f64>], index: usize) -> Vec<f64> {
    rows.iter().map(|row| row[index]).collect()
}

#[test]
fn covariances_in_time_are_exact() {
    let texts = [
        "white:mean=0.5,std=2",
        "constant:1.5",
        "held:3",
        "ar1:0.8",
        "ar1:-0.6,std=0.5",
        "ma:1,0.5,-0.3",
        "ma:1,0.5,std=3",
        "poisson:0.2,5,std=0.5",
        "uniform:sd=2",
        "acf:0.6,0.2",
        "paper:0.7",
        "classes:3,within=0.8,between=0.2",
    ];
    // What was measured: three lags of an oscillation, and the spectrum of slow noise above a
    // floor.
    let here = tempfile::tempdir().unwrap();
    let write = |name: &str, lines: String| {
        let path = here.path().join(name);
        std::fs::write(&path, lines).unwrap();
        path.display().to_string()
    };
    let lags = write("lags.csv", "2\n1.4\n0.5\n-0.3\n".into());
    let density = |f: f64| 0.2 + 1.0 / (1.0 + (f / 0.05).powi(2));
    let points = (0..=100).map(|i| f64::from(i) / 200.0);
    let spectrum = write("spectrum.csv", points.map(|f| format!("{f},{}\n", density(f))).collect());
    let measured = [format!("acf:{lags}"), format!("psd:{spectrum},mean=1,std=2")];
    let measured = measured.iter().map(String::as_str);
    let generated = Process::ALL.iter().filter(|facts| facts.file == FileName::Never);
    let examples = generated.flat_map(|facts| facts.examples).copied();
    for text in texts.into_iter().chain(examples).chain(measured) {
        let form = Form::parse(text).unwrap();
        let pair = Pair::independent(form.clone(), Form::parse("ar1:0.5").unwrap());
        let [mut same, mut cross, mut squared] = [(); 3].map(|()| Products::new(7));
        for repeat in 0..REPEATS {
            let [x, e] = realise(&pair, repeat);
            same.add(&column(&x, 3), &column(&x, 3));
            cross.add(&column(&x, 3), &column(&e, 3));
            let squares: Vec<f64> = column(&x, 3).iter().map(|x| (x - form.mean).powi(2)).collect();
            squared.add(&squares, &squares);
        }
        let exact = form.covariance(7).unwrap();
        let exact = |s: usize, t: usize| exact.row(s)[t];
        same.check(|s, t| exact(s, t) + form.mean * form.mean, text);
        cross.check(|_, _| 0.0, &format!("{text} with an independent error"));
        if form.is_gaussian() {
            // Isserlis: what makes moments of a higher order follow from the covariance.
            let fourth = |s, t| exact(s, s) * exact(t, t) + 2.0 * exact(s, t).powi(2);
            squared.check(fourth, &format!("fourth moments of {text}"));
        }
    }
}

#[test]
fn every_process_is_in_the_registry() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/signal/process");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let texts = files.map(|path| std::fs::read_to_string(path).unwrap());
    assert_eq!(
        texts.filter(|text| text.contains("const FACTS: Facts")).count(),
        Process::ALL.len()
    );
    for facts in Process::ALL {
        assert!(facts.form.contains(facts.name) && facts.expected.contains(facts.name));
        assert!(!facts.examples.is_empty() && !facts.meaning.is_empty(), "{}", facts.name);
        for example in facts.examples {
            assert_eq!(Form::parse(example).unwrap().to_string(), *example);
        }
    }
}

#[test]
fn samples_and_units_correlate_as_asked() {
    for text in [
        "ar1:0.8,batch=0.4,units=-0.5",
        "ma:1,0.5,batch=-0.3,units=0.6",
        "white:batch=0.5",
        "held:2,units=0.2",
    ] {
        let form = Form::parse(text).unwrap();
        let pair = Pair::independent(form.clone(), Form::WHITE);
        let mut products = [Products::new(7), Products::new(7), Products::new(7)];
        for repeat in 0..REPEATS {
            let [x, _] = realise(&pair, repeat);
            let first = column(&x, 0);
            // Value 0 is unit 0 of sample 0; 2 another sample, 1 another unit, 3 both.
            for (products, other) in products.iter_mut().zip([2, 1, 3]) {
                products.add(&first, &column(&x, other));
            }
        }
        let exact = form.covariance(7).unwrap();
        for (products, r) in products.iter().zip([form.batch, form.units, form.batch * form.units])
        {
            products.check(|s, t| r * exact.row(s)[t], text);
        }
    }
}

#[test]
fn cross_correlation_has_its_coefficient_and_lag() {
    for (cross, lag) in [("0.6", 0i32), ("0.6@lag=2", 2), ("-0.5@lag=-3", -3)] {
        let (x_form, e_form) =
            (Form::parse("ar1:0.7").unwrap(), Form::parse("ar1:0.7,std=2,mean=1").unwrap());
        let pair = Pair {
            activity: x_form,
            error: e_form,
            cross: cross.parse().unwrap(),
            ..Pair::default()
        };
        let Cross::Lagged { coefficient, .. } = pair.cross else { panic!() };
        let mut products = [Products::new(7), Products::new(7), Products::new(7)];
        for repeat in 0..REPEATS {
            let [x, e] = realise(&pair, repeat);
            let (first, second) = (column(&x, 0), column(&e, 0));
            products[0].add(&first, &second);
            products[1].add(&second, &second);
            products[2].add(&first, &column(&e, 1));
        }
        let r = |h: i32| 0.7f64.powi(h.abs());
        // The error at t holds the activity at t - lag.
        products[0].check(|s, t| 2.0 * coefficient * r(t as i32 - lag - s as i32), cross);
        products[1].check(|s, t| 4.0 * r(t as i32 - s as i32) + 1.0, cross);
        products[2].check(|_, _| 0.0, cross);
    }
}

#[test]
fn same_makes_the_activity_the_error() {
    let form = Form::parse("ar1:0.5").unwrap();
    let pair = Pair { activity: form.clone(), error: form, cross: Cross::Same, ..Pair::default() };
    let [x, e] = realise(&pair, 0);
    assert_eq!(x, e);
}

#[test]
fn classes_are_shared_by_activity_and_error() {
    let form = Form::parse("classes:4,within=1,between=0").unwrap();
    let mut signals =
        Signals::<f64>::new(&Pair::independent(form.clone(), form), SIZES, 1, 0).unwrap();
    let mut seen: Vec<(usize, Vec<f64>, Vec<f64>)> = Vec::new();
    for _ in 0..50 {
        for (p, &label) in signals.labels().iter().enumerate() {
            let values =
                (label, signals.activity().row(p).to_vec(), signals.error().row(p).to_vec());
            match seen.iter().find(|(known, ..)| *known == label) {
                Some(known) => assert_eq!(*known, values),
                None => seen.push(values),
            }
        }
        signals.advance();
    }
    assert_eq!(seen.len(), 4);
}

#[test]
fn stimuli_last_and_then_are_what_their_processes_have_become() {
    let pair = |hold: f64| Pair {
        hold: Span::of_iterations(hold),
        cross: "0.6@lag=1".parse().unwrap(),
        ..Pair::independent(Form::parse("ar1:0.9").unwrap(), Form::parse("ar1:0.8").unwrap())
    };
    let [mut plain, mut held] =
        [1.0, 3.0].map(|hold| Signals::<f64>::new(&pair(hold), SIZES, 3, 0).unwrap());
    let mut begun = [held.activity().clone(), held.error().clone()];
    for t in 0..SIZES.iterations {
        if t.is_multiple_of(3) {
            begun = [plain.activity().clone(), plain.error().clone()];
        }
        assert_eq!([held.activity(), held.error()], [&begun[0], &begun[1]], "{t}");
        plain.advance();
        held.advance();
    }
}

#[test]
fn pairs_that_make_no_sense_are_refused() {
    let pair = |activity: &str, error: &str, cross: &str| Pair {
        activity: Form::parse(activity).unwrap(),
        error: Form::parse(error).unwrap(),
        cross: cross.parse().unwrap(),
        ..Pair::default()
    };
    let uneven = Sizes { outputs: 3, ..SIZES };
    let cases = [
        (pair("white", "held", "same"), SIZES, "give both the same form, not `white` and `held`"),
        (pair("white", "white", "0.5"), uneven, "needs as many inputs as outputs, not 2 and 3"),
        (
            pair("white", "white", "0.5@lag=7"),
            SIZES,
            "a lag of 7 lies beyond a run of 7 iterations",
        ),
        (pair("uniform", "white", "0.5"), SIZES, "`uniform` is not one"),
        (
            pair("ou:20ms", "white", "none"),
            SIZES,
            "form `ou:20ms` has units of time: say how long an iteration takes",
        ),
        (
            Pair { hold: Span::parse("5ms").unwrap(), ..Pair::default() },
            SIZES,
            "hold 5ms is a time: say how long",
        ),
        (pair("white:batch=0.1", "white", "0.5"), SIZES, "batch= and units= to be the same"),
        (
            pair("white:batch=-0.6", "white", "none"),
            SIZES,
            "not positive definite: batch=-0.6 among 3: at least -0.5",
        ),
        (
            pair("classes:2,within=1", "classes:3,within=1", "none"),
            SIZES,
            "activity of 2 classes and error of 3",
        ),
    ];
    for (pair, sizes, expected) in cases {
        let error = Signals::<f32>::new(&pair, sizes, 1, 0).map(drop).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    for text in ["1", "-1.5", "0.5@2", "0.5@lag=x", "nan", "some"] {
        assert!(text.parse::<Cross>().is_err(), "{text}");
    }
}

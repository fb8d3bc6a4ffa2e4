//! Forms in words, as legends and tables call them.

/// A form, as it is written, in words: `AR(1) 0.9`, `held for 2 iterations`, `white, mean 0.5`.
pub(super) fn form(text: &str) -> String {
    let (name, rest) = text.split_once(':').unwrap_or((text, ""));
    let is_numbered = |part: &&str| !part.contains('=');
    let numbers: Vec<&str> =
        rest.split(',').filter(is_numbered).filter(|part| !part.is_empty()).collect();
    let with = |words: &str| format!("{words} {}", numbers.join(", "));
    let words = match (name, &numbers[..]) {
        // The name of a file may hold anything.
        ("file", _) => return format!("recorded in {rest}"),
        ("held", []) => "held".into(),
        ("held", [iterations]) if iterations.parse::<usize>().is_ok() => {
            format!("held for {iterations} iterations")
        }
        ("held", [time]) => format!("held for {time}"),
        ("acf", [file]) if file.parse::<f64>().is_err() => format!("autocorrelations in {file}"),
        ("acf", _) => with("autocorrelations"),
        ("psd", _) => with("spectrum in"),
        ("ar", _) => with("AR"),
        ("ar1", _) => with("AR(1)"),
        ("ma", _) => with("MA"),
        ("paper", _) => with("memory"),
        ("ou", _) => with("OU, time constant"),
        ("osc", [period, tau]) => format!("oscillation of period {period}, memory {tau}"),
        ("sin", _) => with("sine of period"),
        ("pink", _) => with("1/f noise, exponent"),
        ("poisson", [rate, tau]) => format!("spikes at rate {rate}, decay {tau}"),
        ("student", _) => with("Student's t, degrees of freedom"),
        ("gamma", _) => with("gamma of shape"),
        ("classes", [classes]) => format!("{classes} classes"),
        (name, []) => name.into(),
        (name, _) => with(name),
    };
    let called = |(key, value): (&str, &str)| match key {
        "std" | "sd" => format!("standard deviation {value}"),
        "ac" => format!("autocorrelation {value}"),
        "batch" => format!("correlation {value} across the batch"),
        "units" => format!("correlation {value} across units"),
        _ => format!("{key} {value}"),
    };
    let modifiers = rest.split(',').filter_map(|part| part.split_once('=')).map(called);
    std::iter::once(words).chain(modifiers).collect::<Vec<_>>().join(", ")
}

/// A correlation of activity and error, as it is written, in words.
pub(super) fn cross(text: &str) -> String {
    match (text, text.split_once("@lag=")) {
        ("none", _) => "uncorrelated".into(),
        ("same", _) => "the same signal".into(),
        (_, Some((coefficient, lag))) => format!("correlation {coefficient} at lag {lag}"),
        (_, None) => format!("correlation {text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::form::Form;
    use super::super::process::Process;
    use super::*;

    #[test]
    fn times_keep_their_units() {
        assert_eq!(form("held:5ms"), "held for 5ms");
        assert_eq!(form("ou:20ms"), "OU, time constant 20ms");
    }

    #[test]
    fn words_are_no_syntax() {
        for (text, words) in [
            ("white", "white"),
            ("white:mean=0.5,std=2", "white, mean 0.5, standard deviation 2"),
            ("held", "held"),
            ("held:2", "held for 2 iterations"),
            ("ar1:0.9", "AR(1) 0.9"),
            ("ar:0.5,0.3", "AR 0.5, 0.3"),
            ("ou:20,units=0.1", "OU, time constant 20, correlation 0.1 across units"),
            ("constant:-1", "constant -1"),
            ("gamma:2,ac=0.5", "gamma of shape 2, autocorrelation 0.5"),
            ("classes:10,within=0.8,between=0.1", "10 classes, within 0.8, between 0.1"),
        ] {
            assert_eq!(form(&Form::parse(text).unwrap().to_string()), words);
        }
        let all = Process::ALL
            .iter()
            .flat_map(|facts| facts.examples)
            .filter(|text| !text.starts_with("file"));
        for text in all {
            let words = form(&Form::parse(text).unwrap().to_string());
            assert!(!words.contains([':', '=']), "{text} is called {words}");
        }
    }

    #[test]
    fn correlations_are_no_syntax() {
        for (text, words) in [
            ("none", "uncorrelated"),
            ("same", "the same signal"),
            ("0.5", "correlation 0.5"),
            ("0.5@lag=2", "correlation 0.5 at lag 2"),
        ] {
            assert_eq!(cross(text), words);
        }
    }
}

//! Analyses of specs that run in a moment. Tests change them by replacing what they are about.

/// The rule in isolation: so many repeats of every schedule, and five recorded states each.
pub fn rule(repeats: usize, schedules: &[&str]) -> String {
    format!(
        r#"
[[analysis]]
name = "rule"
title = "The rule"
kind = "isolate"
repeats = {repeats}
record-every = 10
[analysis.base]
layers = [5, 12, 5]
batch = 8
iterations = 40
[analysis.sweep]
schedule = {schedules:?}
"#
    )
}

/// A figure of [`rule`], which follows it.
pub const RULE_FIGURE: &str = r#"
[[analysis.figure]]
name = "rule"
x = "iteration"
by = ["schedule"]
"#;

/// A network that learns the digits for an epoch.
pub fn network(repeats: usize) -> String {
    format!(
        r#"
[[analysis]]
name = "net"
kind = "train"
repeats = {repeats}
quantities = ["weight_alignment", "test_accuracy"]
[analysis.base]
epochs = 1
hidden = [10]
"#
    )
}

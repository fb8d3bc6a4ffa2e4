//! Pairs of acute angles in the groups of the paper's figure on composition (Fig 5C, D, E).

/// Names of the groups, in order.
pub const GROUPS: [&str; 6] = [
    "one below 5°",
    "one above 85°",
    "both below 10°",
    "both above 80°",
    "both below 20°, not both below 10°",
    "both above 70°, not both above 80°",
];

/// Which groups a pair of angles in degrees belongs to.
pub fn groups(first: f64, second: f64) -> [bool; 6] {
    let both = |test: &dyn Fn(f64) -> bool| test(first) && test(second);
    let one = |test: &dyn Fn(f64) -> bool| test(first) || test(second);
    [
        one(&|a| a < 5.0),
        one(&|a| a > 85.0),
        both(&|a| a < 10.0),
        both(&|a| a > 80.0),
        both(&|a| a < 20.0) && !both(&|a| a < 10.0),
        both(&|a| a > 70.0) && !both(&|a| a > 80.0),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_those_of_the_paper() {
        assert_eq!(groups(3.0, 50.0), [true, false, false, false, false, false]);
        assert_eq!(groups(86.0, 86.0), [false, true, false, true, false, false]);
        assert_eq!(groups(9.0, 15.0), [false, false, false, false, true, false]);
        assert_eq!(groups(9.0, 8.0), [false, false, true, false, false, false]);
        assert_eq!(groups(75.0, 82.0), [false, false, false, false, false, true]);
    }
}

//! The nearest valid name to a misspelt one, for error messages.

/// The candidate closest to `name`, if it is close enough to be what was meant.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase().replace('_', "-");
    let length = name.chars().count();
    let most = |candidate: &str| length.max(candidate.chars().count()).div_ceil(3);
    // As many edits as lengths differ by are needed: a very long name is not even compared.
    let possible = candidates.into_iter().filter(|c| length.abs_diff(c.chars().count()) <= most(c));
    let scored = possible.map(|c| (distance(&name, &c.replace('_', "-")), c));
    let (edits, best) = scored.min_by_key(|&(edits, _)| edits)?;
    (edits <= most(best)).then_some(best)
}

/// `; did you mean `x`?`, or nothing.
pub fn suggestion<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, candidates).map_or_else(String::new, |best| format!("; did you mean `{best}`?"))
}

/// `a, b or c`.
pub fn list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => (*only).to_string(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

/// Edits (insert, delete, replace, swap of neighbours) between two names.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let best = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                let swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
                if swapped { best.min(rows[i - 2][j - 2] + 1) } else { best }
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offers_only_what_is_close() {
        assert_eq!(nearest("hled", ["held", "shared", "white"]), Some("held"));
        assert_eq!(
            nearest("weight_alignement", ["weight_alignment", "weight_norm"]),
            Some("weight_alignment")
        );
        assert_eq!(nearest("record_every", ["record-every", "repeats"]), Some("record-every"));
        assert_eq!(nearest(&"held".repeat(5_000_000), ["held", "shared", "white"]), None);
        assert_eq!(nearest("brownian", ["held", "shared", "white"]), None);
        assert_eq!(list(&["a", "b", "c"]), "a, b or c");
    }
}

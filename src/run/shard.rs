//! Shards: a plan's jobs dealt out, so that several processes or machines can run them.

use std::fmt::{Display, Formatter};

/// Every `of`-th job in the order of the plan, from the `index`-th on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: usize,
    of: usize,
}

/// Most shards of a plan.
const MOST_SHARDS: usize = 100_000;

impl Shard {
    /// What [`Self::parse`] takes.
    pub const EXPECTED: &'static str = "I/N, such as 3/16: the third of sixteen shards";

    /// Shard `index` of `of`, counted from 1; `None` where there is no such shard.
    pub fn new(index: usize, of: usize) -> Option<Self> {
        (1 <= index && index <= of && of <= MOST_SHARDS).then_some(Self { index, of })
    }

    /// Reads the text form.
    ///
    /// # Errors
    /// What was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let refused = || format!("`{text}` is no shard: expected {}", Self::EXPECTED);
        let (index, of) = text.split_once('/').ok_or_else(refused)?;
        let (index, of): (usize, usize) =
            (index.parse().map_err(|_| refused())?, of.parse().map_err(|_| refused())?);
        match Self::new(index, of) {
            Some(shard) => Ok(shard),
            None if of > MOST_SHARDS => {
                Err(format!("{of} shards are more than the {MOST_SHARDS} there may be"))
            }
            None => Err(format!("there is no shard {index} of {of}: they count from 1 to {of}")),
        }
    }

    /// How many shards there are.
    pub fn of(self) -> usize {
        self.of
    }

    /// All shards that this one belongs to.
    pub fn all(self) -> impl Iterator<Item = Self> {
        (1..=self.of).map(move |index| Self { index, ..self })
    }

    /// Whether it has the job of this place in the plan, from 0.
    pub fn has(self, job: usize) -> bool {
        job % self.of == self.index - 1
    }

    /// Name of its directory.
    pub fn directory(self) -> String {
        format!("{}-of-{}", self.index, self.of)
    }
}

impl Display for Shard {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_job_is_in_one_shard() {
        for of in [1, 3, 16] {
            let shards: Vec<Shard> = Shard::new(1, of).unwrap().all().collect();
            assert_eq!(shards.len(), of);
            for job in 0..50 {
                assert_eq!(shards.iter().filter(|shard| shard.has(job)).count(), 1);
            }
        }
        assert!(Shard::parse("2/3").unwrap().has(4));
    }

    #[test]
    fn text_is_read_back_and_nonsense_refused() {
        assert_eq!(Shard::parse("3/16").unwrap().to_string(), "3/16");
        assert_eq!(Shard::parse("3/16").unwrap().directory(), "3-of-16");
        for (text, expected) in [
            ("0/4", "there is no shard 0 of 4: they count from 1 to 4"),
            ("5/4", "there is no shard 5 of 4"),
            ("1/0", "there is no shard 1 of 0"),
            ("3", "`3` is no shard: expected I/N"),
            ("-1/4", "is no shard"),
            ("1/999999", "more than the 100000"),
        ] {
            assert!(Shard::parse(text).unwrap_err().contains(expected), "{text}");
        }
    }
}

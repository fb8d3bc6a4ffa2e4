//! Shards: a plan's jobs dealt out, so that several processes or machines can run them.

use std::fmt::{Display, Formatter};

/// Every `count`-th job in the order of the plan, from the `index`-th on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    index: usize,
    count: usize,
}

/// Most shards of a plan.
const MOST_SHARDS: usize = 100_000;

impl Shard {
    /// What [`Self::parse`] takes.
    pub const EXPECTED: &'static str = "I/N, such as 3/16: the third of sixteen shards";

    /// Shard `index` of `count`, counted from 1; `None` where there is no such shard.
    pub fn new(index: usize, count: usize) -> Option<Self> {
        (1 <= index && index <= count && count <= MOST_SHARDS).then_some(Self { index, count })
    }

    /// Reads the text form.
    ///
    /// # Errors
    /// What was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let refused = || format!("`{text}` is no shard: expected {}", Self::EXPECTED);
        let (index, count) = text.split_once('/').ok_or_else(refused)?;
        let (index, count): (usize, usize) =
            (index.parse().map_err(|_| refused())?, count.parse().map_err(|_| refused())?);
        match Self::new(index, count) {
            Some(shard) => Ok(shard),
            None if count > MOST_SHARDS => {
                Err(format!("{count} shards are more than the {MOST_SHARDS} there may be"))
            }
            None => {
                Err(format!("there is no shard {index} of {count}: they count from 1 to {count}"))
            }
        }
    }

    /// How many shards there are.
    pub fn count(self) -> usize {
        self.count
    }

    /// All shards that this one belongs to.
    pub fn all(self) -> impl Iterator<Item = Self> {
        (1..=self.count).map(move |index| Self { index, ..self })
    }

    /// Whether it has the job of this place in the plan, from 0.
    pub fn has(self, job: usize) -> bool {
        job % self.count == self.index - 1
    }

    /// Name of its directory.
    pub fn directory(self) -> String {
        format!("{}-of-{}", self.index, self.count)
    }
}

impl Display for Shard {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_job_is_in_one_shard() {
        for count in [1, 3, 16] {
            let shards: Vec<Shard> = Shard::new(1, count).unwrap().all().collect();
            assert_eq!(shards.len(), count);
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

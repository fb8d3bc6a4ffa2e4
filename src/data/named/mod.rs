//! Data sets known by name: a file each, and a line here.

mod cifar10;
mod digits;
mod fashion_mnist;
mod mnist;
mod set;

pub use set::NamedSet;
pub(super) use set::Published;

/// Every named data set, in the order of lists and messages.
pub(super) static NAMED: &[&NamedSet] =
    &[&digits::SET, &mnist::SET, &fashion_mnist::SET, &cifar10::SET];

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_sets_share_a_name_a_title_or_a_directory() {
        let published = |set: &&NamedSet| {
            set.published.as_ref().map_or(&[][..], |files| files.directories).to_vec()
        };
        let all = NAMED.iter().flat_map(|set| {
            [set.name, set.title].into_iter().chain(published(set)).collect::<BTreeSet<_>>()
        });
        let all: Vec<&str> = all.collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "{all:?}");
    }
}

//! How much memory one request may take: the least of a fixed cap and what the machine, the control
//! group and `ulimit` leave. Who needs much asks first: an allocation that fails ends the program
//! without a word of why.

use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;
use thiserror::Error;

/// Most that one request may take on any machine, in bytes.
pub const MOST_BYTES: u64 = 4 << 30;

/// What sets the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// [`MOST_BYTES`].
    Cap,
    /// The memory that is free.
    Machine,
    /// The control group: a container, or a job of a cluster.
    Group,
    /// The process, by `ulimit -v` or `ulimit -d`.
    Process,
}

impl Bound {
    /// What the limit is, in words, and what can be done about it.
    fn words(self) -> &'static str {
        match self {
            Self::Cap => "the most that one request may take",
            Self::Machine => "what this machine has left",
            Self::Group => {
                "what the container or cluster job has left; ask for more, as with --mem"
            }
            Self::Process => "what `ulimit -v` leaves; raise it",
        }
    }
}

/// What a request may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryLimit {
    /// In bytes.
    pub bytes: u64,
    /// What sets it.
    pub bound: Bound,
}

impl fmt::Display for MemoryLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", in_words(self.bytes.into()), self.bound.words())
    }
}

impl MemoryLimit {
    /// What so many threads take beside what they work on. Where address space is limited that is
    /// all that they reserve: room for products of matrices, for small allocations, and a stack;
    /// elsewhere as much of it as they use.
    pub fn of_threads(self, threads: usize) -> u128 {
        let [first, each] = match self.bound {
            Bound::Process => [80 << 20, (72 << 20) + self.of_products()],
            Bound::Cap | Bound::Machine | Bound::Group => [0, 8 << 20],
        };
        first + each * threads as u128
    }

    /// What a thread reserves for products of matrices, where address space is limited.
    fn of_products(self) -> u128 {
        if self.bound == Bound::Process { reserved_for_products().into() } else { 0 }
    }

    /// Refuses a need beyond the limit; `what` starts the sentence.
    ///
    /// # Errors
    /// If `need` bytes are more.
    pub fn check(self, what: &str, need: u128) -> Result<(), MemoryError> {
        if need <= u128::from(self.bytes) {
            return Ok(());
        }
        Err(MemoryError { what: what.into(), need, limit: self })
    }
}

/// More memory than a request may take.
#[derive(Clone, Debug, Error)]
#[error("{what} needs {} of memory, more than {limit}", in_words(*.need))]
pub struct MemoryError {
    /// What needs it, as the start of a sentence.
    pub what: String,
    /// In bytes.
    pub need: u128,
    /// What is allowed.
    pub limit: MemoryLimit,
}

/// The memory that one request may take at this moment, in bytes.
pub fn memory_limit() -> u64 {
    limit().bytes
}

/// [`memory_limit`], and what sets it. Where the system tells nothing (beyond Linux) it is
/// [`MOST_BYTES`].
pub fn limit() -> MemoryLimit {
    limit_below(Path::new("/"), MOST_BYTES)
}

/// What all that this process does may take together: as [`limit`], without the cap on a single
/// request.
pub fn left() -> MemoryLimit {
    limit_below(Path::new("/"), u64::MAX)
}

/// Refuses a need beyond the limit, before anything is allocated; `what` starts the sentence.
///
/// # Errors
/// If `need` bytes are more than [`limit`] allows.
pub fn check(what: &str, need: u128) -> Result<(), MemoryError> {
    limit().check(what, need)
}

/// As [`check`], but without the cap: for what is taken to work with values that have been read,
/// products of matrices among it.
///
/// # Errors
/// If `need` bytes, and what products reserve, are more than [`left`] allows.
pub fn check_left(what: &str, need: u128) -> Result<(), MemoryError> {
    let limit = left();
    limit.check(what, need.saturating_add(limit.of_products()))
}

/// Refuses what works with products of matrices, where address space is limited to less than they
/// reserve.
///
/// # Errors
/// If that is more than [`left`] allows.
pub fn check_products() -> Result<(), MemoryError> {
    check_left("work with matrices", 0)
}

/// Address space that a thread reserves with its first product of matrices, in bytes. The library of
/// products takes twice the third-level caches of the whole machine, of which it uses as much as the
/// products are large: 64 MiB on small machines, gigabytes on large ones.
pub fn reserved_for_products() -> u64 {
    static RESERVED: OnceLock<u64> = OnceLock::new();
    *RESERVED.get_or_init(|| 2 * third_level(Path::new("/")).unwrap_or(32 << 20))
}

/// The third-level caches of the machine, in bytes, or what the library of products takes in their
/// place where they are smaller.
fn third_level(root: &Path) -> Option<u64> {
    let cpus = fs::read_dir(root.join("sys/devices/system/cpu")).ok()?;
    let caches = cpus.flatten().filter_map(|cpu| fs::read_dir(cpu.path().join("cache")).ok());
    let (mut second, mut third) = (0, 0);
    for cache in caches.flatten().flatten() {
        let said = |name: &str| text(cache.path().join(name));
        let Some(size) = said("size").and_then(|size| bytes(size.trim())) else { continue };
        let shared_by = said("shared_cpu_list").map_or(1, |list| members(list.trim())).max(1);
        match said("level").as_deref().map(str::trim) {
            Some("2") => second = size.max(second),
            // Each processor adds its part of what it shares.
            Some("3") => third += size / shared_by,
            _ => {}
        }
    }
    (second + third > 0).then_some(third.max(4 * second).max(2 << 20))
}

/// A size such as `32K`.
fn bytes(size: &str) -> Option<u64> {
    let (digits, shift) = match size.char_indices().next_back()? {
        (end, 'K') => (&size[..end], 10),
        (end, 'M') => (&size[..end], 20),
        (end, 'G') => (&size[..end], 30),
        _ => (size, 0),
    };
    digits.parse::<u64>().ok()?.checked_shl(shift)
}

/// Members of a list such as `0-3,8`.
fn members(list: &str) -> u64 {
    let count = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some((last.parse::<u64>().ok()?).checked_sub(first.parse().ok()?)? + 1)
    };
    list.split(',').filter_map(count).sum()
}

/// A size as people say it: `1.5 MiB`, `1.52 GiB`.
pub fn in_words(bytes: u128) -> String {
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < units.len() {
        value /= 1024.0;
        unit += 1;
    }
    let digits = match unit {
        _ if value.fract() == 0.0 => 0,
        1 | 2 => 1,
        _ => 2,
    };
    format!("{value:.digits$} {}", units[unit])
}

/// The limit that the files below `root` tell of, `most` at most.
fn limit_below(root: &Path, most: u64) -> MemoryLimit {
    let left = [
        (machine(root), Bound::Machine),
        (group(root), Bound::Group),
        (process(root), Bound::Process),
    ];
    // An eighth is left for stacks, buffers and everyone else.
    let left =
        left.into_iter().filter_map(|(left, bound)| left.map(|left| (left - left / 8, bound)));
    let (bytes, bound) =
        left.fold((most, Bound::Cap), |least, next| if next.0 < least.0 { next } else { least });
    MemoryLimit { bytes, bound }
}

fn text(path: impl AsRef<Path>) -> Option<String> {
    fs::read_to_string(path).ok()
}

/// The number behind `name` at the start of a line, separated by blanks or a colon.
fn number(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.trim_start_matches(':').split_whitespace().next()?.parse().ok()
}

fn machine(root: &Path) -> Option<u64> {
    Some(1024 * number(&text(root.join("proc/meminfo"))?, "MemAvailable")?)
}

/// The least that the soft limits of address space and of data leave beside what is taken already.
fn process(root: &Path) -> Option<u64> {
    let (limits, status) =
        (text(root.join("proc/self/limits"))?, text(root.join("proc/self/status"))?);
    let left = |limit: &str, taken: &str| {
        let taken = 1024 * number(&status, taken)?;
        Some(number(&limits, limit)?.saturating_sub(taken))
    };
    let both = [left("Max address space", "VmSize"), left("Max data size", "VmData")];
    both.into_iter().flatten().min()
}

/// The least that the control groups of this process leave, those above included. Pages of files,
/// which are given up when memory is short, count as free.
fn group(root: &Path) -> Option<u64> {
    let groups = text(root.join("proc/self/cgroup"))?;
    let mut least = None;
    for line in groups.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else { continue };
        let (mount, names) = match controllers {
            "" => ("sys/fs/cgroup", ["memory.max", "memory.current", "inactive_file"]),
            _ if controllers.split(',').any(|name| name == "memory") => (
                "sys/fs/cgroup/memory",
                ["memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"],
            ),
            _ => continue,
        };
        // Inside a container the path is often that outside of it: the mount itself is asked as
        // well.
        for above in Path::new(path.trim_start_matches('/')).ancestors() {
            least = [least, group_left(&root.join(mount).join(above), names)]
                .into_iter()
                .flatten()
                .min();
        }
    }
    least
}

fn group_left(directory: &Path, [limit, usage, inactive]: [&str; 3]) -> Option<u64> {
    let read = |name: &str| text(directory.join(name))?.trim().parse::<u64>().ok();
    let limit = read(limit)?;
    let files = text(directory.join("memory.stat")).and_then(|stat| number(&stat, inactive));
    let taken = read(usage).unwrap_or(0).saturating_sub(files.unwrap_or(0));
    Some(limit.saturating_sub(taken))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine whose files say this.
    fn machine_of(files: &[(&str, &str)]) -> MemoryLimit {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        limit_below(root.path(), MOST_BYTES)
    }

    const ROOMY: (&str, &str) =
        ("proc/meminfo", "MemTotal: 99999999 kB\nMemAvailable:   90000000 kB\n");
    const UNLIMITED: &str = "Limit                     Soft Limit           Hard \
                             Limit           Units\nMax data \
                             size             unlimited            unlimited            bytes\nMax \
                             address \
                             space         unlimited            unlimited            bytes\n";
    const STATUS: (&str, &str) =
        ("proc/self/status", "Name:\talignscope\nVmSize:\t  1024 kB\nVmData:\t 2048 kB\n");

    #[test]
    fn the_least_of_all_bounds_holds() {
        let cap = MemoryLimit { bytes: MOST_BYTES, bound: Bound::Cap };
        assert_eq!(machine_of(&[]), cap, "where the system tells nothing");
        assert_eq!(machine_of(&[ROOMY, ("proc/self/limits", UNLIMITED), STATUS]), cap);
        let found = machine_of(&[("proc/meminfo", "MemAvailable: 1024 kB\n")]);
        assert_eq!(found, MemoryLimit { bytes: 7 << 17, bound: Bound::Machine });
        let limited = UNLIMITED.replacen(
            "Max address space         unlimited",
            "Max address space         9437184  ",
            1,
        );
        let found = machine_of(&[ROOMY, ("proc/self/limits", &limited), STATUS]);
        assert_eq!(found, MemoryLimit { bytes: 7 << 20, bound: Bound::Process });
        let limited = UNLIMITED.replacen("unlimited", "1048576  ", 1);
        let found = machine_of(&[ROOMY, ("proc/self/limits", &limited), STATUS]);
        assert_eq!(
            found,
            MemoryLimit { bytes: 0, bound: Bound::Process },
            "more is taken than is allowed"
        );
    }

    #[test]
    fn control_groups_of_both_versions_are_respected() {
        let second = [
            ROOMY,
            ("proc/self/cgroup", "0::/job/step\n"),
            ("sys/fs/cgroup/job/memory.max", "16777216\n"),
            ("sys/fs/cgroup/job/memory.current", "9437184\n"),
            ("sys/fs/cgroup/job/memory.stat", "anon 5\ninactive_file 1048576\n"),
            ("sys/fs/cgroup/job/step/memory.max", "max\n"),
        ];
        let eight = MemoryLimit { bytes: 7 << 20, bound: Bound::Group };
        assert_eq!(machine_of(&second), eight, "that of the group above");
        let first = [
            ROOMY,
            ("proc/self/cgroup", "9:name=systemd:/\n4:cpu,memory:/elsewhere\n0::/\n"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "8388608\n"),
        ];
        assert_eq!(machine_of(&first), eight, "that of the mount, the path being unknown inside");
    }

    #[test]
    fn products_reserve_by_all_caches_of_the_machine() {
        let of = |caches: &[(usize, &str, &str, &str)]| {
            let root = tempfile::tempdir().unwrap();
            for (number, &(cpu, level, size, shared)) in caches.iter().enumerate() {
                let path = format!("sys/devices/system/cpu/cpu{cpu}/cache/index{number}");
                let path = root.path().join(path);
                fs::create_dir_all(&path).unwrap();
                for (name, text) in [("level", level), ("size", size), ("shared_cpu_list", shared)]
                {
                    fs::write(path.join(name), format!("{text}\n")).unwrap();
                }
            }
            third_level(root.path())
        };
        assert_eq!(of(&[]), None);
        let two = [(0, "3", "266240K", "0-1"), (0, "2", "2M", "0"), (1, "3", "266240K", "0-1")];
        assert_eq!(of(&two), Some(260 << 20), "two processors that share one");
        let apart = [(0, "3", "16M", "0,4"), (1, "3", "16M", "1"), (4, "3", "16M", "0,4")];
        assert_eq!(of(&apart), Some(32 << 20), "two caches, one of them shared");
        assert_eq!(of(&[(0, "2", "1024K", "0-1")]), Some(4 << 20), "four of the second level");
        assert_eq!(of(&[(0, "2", "many", "0"), (0, "3", "131072", "")]), Some(2 << 20));
    }

    #[test]
    fn a_need_beyond_is_refused_with_both_numbers() {
        assert!(check("A matrix", 1000).is_ok());
        let error = check("A matrix of 9 x 9", u128::from(u64::MAX)).unwrap_err();
        let limit = in_words(error.limit.bytes.into());
        let text = error.to_string();
        assert!(
            text.starts_with("A matrix of 9 x 9 needs 16777216 TiB of memory, more than "),
            "{text}"
        );
        assert!(text.contains(&limit), "{text}");
        for (bytes, words) in
            [(0, "0 bytes"), (1536, "1.5 KiB"), (4 << 30, "4 GiB"), (1090 << 20, "1.06 GiB")]
        {
            assert_eq!(in_words(bytes), words);
        }
    }
}

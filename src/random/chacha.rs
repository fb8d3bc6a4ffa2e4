//! The words of ChaCha8 (Bernstein 2008) with a 64-bit counter, sixteen blocks at a time. They are
//! those of rand's `ChaCha8Rng`, which makes four blocks at a time: making them takes the largest
//! part of the time of fresh signals.

use crate::vmath::{Kernel, vectorise};

/// Blocks that are made together, one per lane.
const LANES: usize = 16;
/// Words of a block.
const BLOCK: usize = 16;
/// Words that are made together.
const BATCH: usize = LANES * BLOCK;

/// A word of each block.
type Row = [u32; LANES];

/// Generator of words.
#[derive(Clone)]
pub(super) struct ChaCha8 {
    key: [u32; 8],
    /// The latest batch of words, which ends at position `end`, and the index of the next one to be
    /// drawn among them: that of their end if none is left.
    words: Box<[u32; BATCH]>,
    next: usize,
    end: u128,
    /// Words of the batch after this one that are passed over: where it starts is the start of a
    /// block.
    passed: usize,
}

impl ChaCha8 {
    pub(super) fn new(key: [u8; 32]) -> Self {
        let word = |i: usize| {
            u32::from_le_bytes([key[4 * i], key[4 * i + 1], key[4 * i + 2], key[4 * i + 3]])
        };
        Self {
            key: std::array::from_fn(word),
            words: Box::new([0; BATCH]),
            next: BATCH,
            end: 0,
            passed: 0,
        }
    }

    /// Words drawn so far.
    pub(super) fn position(&self) -> u128 {
        self.end - (BATCH - self.next) as u128 + self.passed as u128
    }

    pub(super) fn seek(&mut self, position: u128) {
        self.next = BATCH;
        self.passed = (position % BLOCK as u128) as usize;
        self.end = position - self.passed as u128;
    }

    #[inline]
    pub(super) fn next_word(&mut self) -> u32 {
        if self.next == BATCH {
            self.refill();
        }
        self.next += 1;
        self.words[self.next - 1]
    }

    pub(super) fn fill(&mut self, out: &mut [u32]) {
        let mut filled = 0;
        while filled < out.len() {
            if self.next == BATCH {
                self.refill();
            }
            let taken = (BATCH - self.next).min(out.len() - filled);
            out[filled..filled + taken].copy_from_slice(&self.words[self.next..self.next + taken]);
            filled += taken;
            self.next += taken;
        }
    }

    #[inline(never)]
    fn refill(&mut self) {
        vectorise(Blocks, (&self.key, (self.end / BLOCK as u128) as u64, &mut *self.words));
        self.end += BATCH as u128;
        self.next = std::mem::take(&mut self.passed);
    }
}

struct Blocks;

impl Kernel<(&[u32; 8], u64, &mut [u32; BATCH])> for Blocks {
    type Output = ();
    #[inline(always)]
    fn run((key, block, out): (&[u32; 8], u64, &mut [u32; BATCH])) {
        let counter = |lane: usize| block.wrapping_add(lane as u64);
        let mut start = [[0u32; LANES]; BLOCK];
        // "expand 32-byte k"
        for (row, constant) in
            start.iter_mut().zip([0x6170_7865, 0x3320_646e, 0x7962_2d32, 0x6b20_6574])
        {
            *row = [constant; LANES];
        }
        for (row, word) in start[4..12].iter_mut().zip(key) {
            *row = [*word; LANES];
        }
        start[12] = std::array::from_fn(|lane| counter(lane) as u32);
        start[13] = std::array::from_fn(|lane| (counter(lane) >> 32) as u32);
        let mut rows = start;
        for _ in 0..4 {
            for [a, b, c, d] in [[0, 4, 8, 12], [1, 5, 9, 13], [2, 6, 10, 14], [3, 7, 11, 15]] {
                quarter(&mut rows, a, b, c, d);
            }
            for [a, b, c, d] in [[0, 5, 10, 15], [1, 6, 11, 12], [2, 7, 8, 13], [3, 4, 9, 14]] {
                quarter(&mut rows, a, b, c, d);
            }
        }
        // One flat loop: nested ones are made into gathers.
        for (word, start) in rows.as_flattened_mut().iter_mut().zip(start.as_flattened()) {
            *word = word.wrapping_add(*start);
        }
        // Four riffles turn the eight bits of an index by four, which transposes: word by lane
        // becomes lane by word.
        let mut room = [0u32; BATCH];
        riffle(rows.as_flattened(), &mut room);
        riffle(&room, out);
        riffle(out, &mut room);
        riffle(&room, out);
    }
}

/// The two halves in turn, as of a deck of cards.
#[inline(always)]
fn riffle(from: &[u32], to: &mut [u32; BATCH]) {
    let (first, second) = from.split_at(BATCH / 2);
    for ((to, &a), &b) in to.chunks_exact_mut(2).zip(first).zip(second) {
        to[0] = a;
        to[1] = b;
    }
}

#[inline(always)]
fn quarter(rows: &mut [Row; BLOCK], a: usize, b: usize, c: usize, d: usize) {
    let [mut x, mut y, mut z, mut w] = [rows[a], rows[b], rows[c], rows[d]];
    half(&mut x, &mut y, &mut w, 16);
    half(&mut z, &mut w, &mut y, 12);
    half(&mut x, &mut y, &mut w, 8);
    half(&mut z, &mut w, &mut y, 7);
    [rows[a], rows[b], rows[c], rows[d]] = [x, y, z, w];
}

/// `sum += term`, `mixed = (mixed ^ sum) <<< by`.
#[inline(always)]
fn half(sum: &mut Row, term: &mut Row, mixed: &mut Row, by: u32) {
    for lane in 0..LANES {
        sum[lane] = sum[lane].wrapping_add(term[lane]);
        mixed[lane] = (mixed[lane] ^ sum[lane]).rotate_left(by);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::ChaCha8Rng;
    use rand::{Rng, SeedableRng};

    #[test]
    fn words_are_those_of_rand() {
        let key: [u8; 32] = std::array::from_fn(|i| (37 * i + 11) as u8);
        let (mut ours, mut theirs) = (ChaCha8::new(key), ChaCha8Rng::from_seed(key));
        // Around the ends of blocks and batches, and where the counter needs its upper half.
        for start in [0u128, 1, 15, 16, 250, 4095, (1 << 36) - 5, (1 << 40) * 3, (1 << 67) + 7] {
            ours.seek(start);
            theirs.set_word_pos(start);
            for length in [1, 2, 3, 16, 255, 256, 257, 1000] {
                let mut words = vec![0; length];
                ours.fill(&mut words);
                assert!(
                    words.iter().all(|&word| word == theirs.next_u32()),
                    "{length} words from {start}"
                );
                assert_eq!(ours.next_word(), theirs.next_u32());
                assert_eq!(ours.position(), theirs.get_word_pos());
            }
        }
    }
}

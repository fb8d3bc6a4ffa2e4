//! Gzip streams, read to their end with every checksum compared.

use flate2::bufread::GzDecoder;
use std::io::{BufRead, Error, ErrorKind, Read, Result};

/// First bytes of a gzip stream.
pub(super) const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Most bytes that deflate makes of one (RFC 1951: 258 bytes in two bits).
pub(super) const MOST_EXPANSION: u64 = 1032;

/// What a gzip file holds: all of its members one after the other, as `gunzip` has it. Whoever
/// reads it to its end has had length and CRC-32 of every member compared, and knows that nothing
/// else follows.
pub(super) struct Gunzip<R: BufRead> {
    /// `None` once all is read.
    member: Option<GzDecoder<R>>,
}

impl<R: BufRead> Gunzip<R> {
    /// Of a stream from its first byte on.
    pub(super) fn new(stream: R) -> Self {
        Self { member: Some(GzDecoder::new(stream)) }
    }
}

impl<R: BufRead> Read for Gunzip<R> {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        while let Some(mut member) = self.member.take() {
            let count = member.read(out)?;
            if count > 0 {
                self.member = Some(member);
                return Ok(count);
            }
            let mut stream = member.into_inner();
            let rest = stream.fill_buf()?;
            if rest.is_empty() {
                break;
            }
            if rest[0] != GZIP[0] {
                let why = "something follows the end of the gzip stream: cut it off, or get the \
                    file again";
                return Err(Error::new(ErrorKind::InvalidData, why));
            }
            self.member = Some(GzDecoder::new(stream));
        }
        Ok(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn zipped(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn unzipped(bytes: &[u8]) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        Gunzip::new(bytes).read_to_end(&mut out).map(|_| out)
    }

    #[test]
    fn members_follow_each_other_and_nothing_else_does() {
        let two = [zipped(b"one, "), zipped(b""), zipped(b"two")].concat();
        assert_eq!(unzipped(&two).unwrap(), b"one, two");
        for (end, expected) in
            [(&b"!"[..], "something follows"), (&[0, 0], "something follows"), (&GZIP, "")]
        {
            let error = unzipped(&[&two[..], end].concat()).unwrap_err().to_string();
            assert!(error.contains(expected), "{end:?}: {error}");
        }
        for length in 1..two.len() {
            // Cut between two members, it is a whole file of fewer.
            if let Ok(read) = unzipped(&two[..length]) {
                assert!(read == b"one, ", "{length}");
            }
        }
    }

    #[test]
    fn no_flipped_bit_changes_what_is_read() {
        let text: Vec<u8> = (0..2000u32).map(|i| (i * i % 251) as u8).collect();
        let whole = zipped(&text);
        for at in 0..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[at / 8] ^= 1 << (at % 8);
            // The time of packing and the like have no checksum and change nothing.
            assert!(unzipped(&flipped).map_or(true, |read| read == text), "bit {at}");
        }
    }
}

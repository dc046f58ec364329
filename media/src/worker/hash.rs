//! A fast hasher without a key.
//!
//! Only for tables into which nobody unauthenticated can put anything: the keys are ids we made ourselves, or addresses that
//! passed an ICE check, a bounded number per peer. So nobody can fill a bucket.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A map for trusted keys.
pub(crate) type TrustedMap<K, V> = HashMap<K, V, BuildHasherDefault<MultiplyHasher>>;

/// Multiply and rotate per word, as in the Rust compiler's own tables.
#[derive(Default)]
pub(crate) struct MultiplyHasher(u64);

/// 2^64 divided by the golden ratio, odd: spreads consecutive integers over the high bits.
const MULTIPLIER: u64 = 0x9E37_79B9_7F4A_7C15;

impl MultiplyHasher {
    #[inline]
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(MULTIPLIER);
    }
}

impl Hasher for MultiplyHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.add(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, n: u8) {
        self.add(n.into());
    }

    fn write_u16(&mut self, n: u16) {
        self.add(n.into());
    }

    fn write_u32(&mut self, n: u32) {
        self.add(n.into());
    }

    fn write_u64(&mut self, n: u64) {
        self.add(n);
    }

    fn write_usize(&mut self, n: usize) {
        self.add(n as u64);
    }

    /// The table takes its bucket from the low bits, the product is best in its high ones.
    fn finish(&self) -> u64 {
        self.0.rotate_left(26)
    }
}

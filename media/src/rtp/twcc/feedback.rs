//! Reading a feedback packet.

use super::{LARGE_DELTA, SMALL_DELTA, TICKS_PER_REFERENCE};

/// A feedback packet, checked as a whole when it is parsed.
#[derive(Clone, Copy, Debug)]
pub struct Feedback<'a> {
    /// First sequence number it tells of.
    pub base_sequence: u16,
    /// How many it tells of.
    pub status_count: u16,
    /// Signed 24 bit, in 64 ms.
    pub reference_time: i32,
    /// Counts feedback packets.
    pub feedback_count: u8,
    chunks: &'a [u8],
    deltas: &'a [u8],
}

impl<'a> Feedback<'a> {
    /// Reads the feedback control information (what follows the two SSRCs). `None` when chunks or deltas are missing.
    pub fn parse(fci: &'a [u8]) -> Option<Self> {
        let (head, rest) = fci.split_first_chunk::<8>()?;
        let status_count = u16::from_be_bytes([head[2], head[3]]);
        let mut chunks_end = 0;
        let mut told = 0u32;
        let mut delta_bytes = 0usize;
        while told < u32::from(status_count) {
            let chunk = Chunk::parse(rest, chunks_end)?;
            chunks_end += 2;
            let count = chunk.len().min(u32::from(status_count) - told);
            delta_bytes += chunk.delta_bytes(count);
            told += count;
        }
        let (chunks, deltas) = rest.split_at(chunks_end);
        (delta_bytes <= deltas.len()).then_some(Self {
            base_sequence: u16::from_be_bytes([head[0], head[1]]),
            status_count,
            // Shifted up and down again to extend the sign of the 24 bit field.
            reference_time: i32::from_be_bytes([head[4], head[5], head[6], 0]) >> 8,
            feedback_count: head[7],
            chunks,
            deltas,
        })
    }

    /// Every sequence number it tells of, and when that packet arrived: in 250 µs on the receiver's clock, or not at all.
    pub fn statuses(&self) -> Statuses<'a> {
        Statuses { feedback: *self, chunk: None, within_chunk: 0, told: 0, ticks: i64::from(self.reference_time) * TICKS_PER_REFERENCE }
    }
}

/// See [`Feedback::statuses`].
#[derive(Clone, Debug)]
pub struct Statuses<'a> {
    /// Its chunks and deltas are what remains of them.
    feedback: Feedback<'a>,
    chunk: Option<Chunk>,
    within_chunk: u32,
    told: u16,
    ticks: i64,
}

impl Iterator for Statuses<'_> {
    type Item = (u16, Option<i64>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.told == self.feedback.status_count {
            return None;
        }
        let chunk = match self.chunk.filter(|chunk| self.within_chunk < chunk.len()) {
            Some(chunk) => chunk,
            None => {
                let chunk = Chunk::parse(self.feedback.chunks, 0)?;
                self.feedback.chunks = &self.feedback.chunks[2..];
                self.chunk = Some(chunk);
                self.within_chunk = 0;
                chunk
            }
        };
        let (delta, len) = match (chunk.status(self.within_chunk), self.feedback.deltas) {
            (SMALL_DELTA, [delta, ..]) => (Some(i64::from(*delta)), 1),
            (LARGE_DELTA, [high, low, ..]) => (Some(i64::from(i16::from_be_bytes([*high, *low]))), 2),
            _ => (None, 0),
        };
        self.feedback.deltas = &self.feedback.deltas[len..];
        self.ticks += delta.unwrap_or(0);
        let sequence = self.feedback.base_sequence.wrapping_add(self.told);
        self.within_chunk += 1;
        self.told += 1;
        Some((sequence, delta.map(|_| self.ticks)))
    }
}

/// A packet status chunk (§3.1.3, §3.1.4).
#[derive(Clone, Copy, Debug)]
enum Chunk {
    Run { status: u8, len: u32 },
    OneBit(u16),
    TwoBit(u16),
}

impl Chunk {
    fn parse(bytes: &[u8], at: usize) -> Option<Self> {
        let word = u16::from_be_bytes([*bytes.get(at)?, *bytes.get(at + 1)?]);
        Some(match word >> 14 {
            0 | 1 => Self::Run { status: (word >> 13 & 3) as u8, len: u32::from(word & 0x1fff) },
            2 => Self::OneBit(word),
            _ => Self::TwoBit(word),
        })
    }

    fn len(self) -> u32 {
        match self {
            Self::Run { len, .. } => len,
            Self::OneBit(_) => 14,
            Self::TwoBit(_) => 7,
        }
    }

    fn status(self, index: u32) -> u8 {
        match self {
            Self::Run { status, .. } => status,
            Self::OneBit(word) => (word >> (13 - index.min(13)) & 1) as u8,
            Self::TwoBit(word) => (word >> (12 - 2 * index.min(6)) & 3) as u8,
        }
    }

    fn delta_bytes(self, count: u32) -> usize {
        let bytes = |status| match status {
            SMALL_DELTA => 1,
            LARGE_DELTA => 2,
            _ => 0,
        };
        match self {
            Self::Run { status, .. } => bytes(status) * count as usize,
            _ => (0..count).map(|index| bytes(self.status(index))).sum(),
        }
    }
}

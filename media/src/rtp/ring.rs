//! The retransmission ring: the last packets of one incoming encoding, shared by all its receivers.
//!
//! The bytes lie in one circular arena in order of arrival, what is known of each packet in a table indexed by its number.
//! Both begin small. When a packet would take the place of one that is younger than `KEEP`, they double, up to their limits;
//! then the oldest packets are overwritten.

use crate::codec::Codec;
use crate::rtp::clock::NtpTime;
use crate::rtp::counters::Counters;
use crate::rtp::layers::Layers;
use crate::rtp::vp8;
use std::time::{Duration, Instant};

/// How long packets should be kept: receivers ask for a second, and the way there and back adds to it.
const KEEP: Duration = Duration::from_millis(1500);
const BYTES_FIRST: usize = 16 * 1024;
/// The age of the arena's contents is known in pieces of so many bytes.
const BLOCK: usize = 4096;
const PACKETS_FIRST: usize = 64;
/// Larger packets are refused. Network packets are below 1,500 bytes.
const PACKET_BYTES_MAX: usize = 4096;

/// How large a ring may grow.
#[derive(Clone, Copy, Debug)]
pub struct RingLimits {
    /// Of the arena; at least 16 KiB are taken.
    pub bytes_max: usize,
    /// Rounded up to a power of two; at least 64 are taken.
    pub packets_max: usize,
}

impl RingLimits {
    /// More than two seconds of RED at studio quality.
    pub const AUDIO: Self = Self { bytes_max: 128 * 1024, packets_max: 512 };
    /// More than two seconds at 3 Mbit/s.
    pub const VIDEO: Self = Self { bytes_max: 1024 * 1024, packets_max: 2048 };
}

/// Extensions that are passed from publisher to receiver as they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PassedExtensions {
    /// RFC 6464.
    pub audio_level: Option<u8>,
    /// 3GPP TS 26.114.
    pub video_orientation: Option<u8>,
    /// Two 12 bit values.
    pub playout_delay: Option<[u8; 3]>,
}

/// A packet as the ring holds it: decrypted, without padding, header taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredPacket<'a> {
    /// Extended sequence number of the publisher (SRTP index).
    pub ext_seq: u64,
    /// RTP timestamp of the publisher.
    pub timestamp: u32,
    /// RTP marker.
    pub marker: bool,
    /// A receiver can begin here.
    pub keyframe_start: bool,
    /// What the payload is.
    pub codec: Codec,
    /// How long an audio packet lasts, in ticks; 0 for video.
    pub duration: u32,
    /// What counts its pictures.
    pub counters: Counters,
    /// The temporal layer, for VP8.
    pub temporal: Option<vp8::Temporal>,
    /// Of a scalable stream.
    pub layers: Option<Layers>,
    /// When it was captured, on the server's clock.
    pub capture: NtpTime,
    /// When it arrived.
    pub arrival: Instant,
    /// Passed on as they are.
    pub extensions: PassedExtensions,
    /// Passed on with another frame number; empty when there is none.
    pub dependency_descriptor: &'a [u8],
    /// Decrypted, without padding.
    pub payload: &'a [u8],
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// It is newer than all before.
    Newest,
    /// It filled a gap.
    Late,
    /// It is there already.
    Duplicate,
    /// Older than the ring reaches, or larger than it takes.
    Refused,
}

/// See the module's documentation.
#[derive(Debug)]
pub struct Ring {
    limits: RingLimits,
    arena: Vec<u8>,
    /// Where the next packet goes.
    head: usize,
    /// How often the arena was begun from the start.
    lap: u64,
    /// When the newest byte of each block of the arena arrived.
    blocks: Vec<Option<Instant>>,
    slots: Vec<Option<Slot>>,
    highest: Option<u64>,
}

/// A packet without its bytes, and where they are.
#[derive(Clone, Copy, Debug)]
struct Slot {
    /// Its byte slices are empty.
    packet: StoredPacket<'static>,
    lap: u64,
    start: usize,
    descriptor_len: usize,
    len: usize,
}

impl Ring {
    /// An empty ring. Takes no memory before the first packet.
    pub fn new(limits: RingLimits) -> Self {
        let limits = RingLimits {
            bytes_max: limits.bytes_max.max(BYTES_FIRST),
            packets_max: limits.packets_max.max(PACKETS_FIRST).next_power_of_two(),
        };
        Self { limits, arena: Vec::new(), head: 0, lap: 0, blocks: Vec::new(), slots: Vec::new(), highest: None }
    }

    /// Stores a packet; the oldest make room.
    pub fn insert(&mut self, packet: &StoredPacket<'_>) -> Inserted {
        let len = packet.dependency_descriptor.len() + packet.payload.len();
        let too_old = self.highest.is_some_and(|highest| packet.ext_seq + self.slots.len() as u64 <= highest);
        if len > PACKET_BYTES_MAX || too_old {
            return Inserted::Refused;
        }
        let index = self.free_slot(packet);
        if self.slots[index].is_some_and(|slot| slot.packet.ext_seq == packet.ext_seq) {
            return Inserted::Duplicate;
        }
        let start = self.reserve(len, packet.arrival);
        let descriptor_len = packet.dependency_descriptor.len();
        self.arena[start..start + descriptor_len].copy_from_slice(packet.dependency_descriptor);
        self.arena[start + descriptor_len..start + len].copy_from_slice(packet.payload);
        let stripped = StoredPacket { dependency_descriptor: &[], payload: &[], ..*packet };
        self.slots[index] = Some(Slot { packet: stripped, lap: self.lap, start, descriptor_len, len });
        if self.highest.is_some_and(|highest| packet.ext_seq < highest) {
            return Inserted::Late;
        }
        self.highest = Some(packet.ext_seq);
        Inserted::Newest
    }

    /// The packet of this number, if it is still there.
    pub fn get(&self, ext_seq: u64) -> Option<StoredPacket<'_>> {
        let slot = self.slots.get(self.index(ext_seq))?.as_ref()?;
        if slot.packet.ext_seq != ext_seq || !self.intact(slot) {
            return None;
        }
        let (dependency_descriptor, payload) = self.arena[slot.start..slot.start + slot.len].split_at(slot.descriptor_len);
        Some(StoredPacket { dependency_descriptor, payload, ..slot.packet })
    }

    /// The highest number so far.
    pub fn highest(&self) -> Option<u64> {
        self.highest
    }

    /// Bytes of memory held.
    pub fn memory(&self) -> usize {
        self.arena.capacity() + self.blocks.capacity() * size_of::<Option<Instant>>() + self.slots.capacity() * size_of::<Option<Slot>>()
    }

    fn index(&self, ext_seq: u64) -> usize {
        ext_seq as usize & self.slots.len().wrapping_sub(1)
    }

    /// Written in this lap, or in the one before and not overwritten since.
    fn intact(&self, slot: &Slot) -> bool {
        slot.lap == self.lap || (slot.lap + 1 == self.lap && slot.start >= self.head)
    }

    /// The index for a packet, in a table that has grown when what it would replace is still young.
    fn free_slot(&mut self, packet: &StoredPacket<'_>) -> usize {
        if self.slots.is_empty() {
            self.slots.resize(PACKETS_FIRST, None);
        }
        loop {
            let index = self.index(packet.ext_seq);
            let young = |slot: &Slot| {
                let age = packet.arrival.saturating_duration_since(slot.packet.arrival);
                slot.packet.ext_seq != packet.ext_seq && age < KEEP && self.intact(slot)
            };
            if self.slots.len() >= self.limits.packets_max || !self.slots[index].as_ref().is_some_and(young) {
                return index;
            }
            self.grow_slots();
        }
    }

    fn grow_slots(&mut self) {
        let bigger = vec![None; self.slots.len() * 2];
        let smaller = std::mem::replace(&mut self.slots, bigger);
        for slot in smaller.into_iter().flatten() {
            let index = self.index(slot.packet.ext_seq);
            self.slots[index] = Some(slot);
        }
    }

    /// Room for `len` bytes in one piece, where nothing younger than [`KEEP`] lies as long as the arena may grow.
    fn reserve(&mut self, len: usize, now: Instant) -> usize {
        let start = loop {
            let begins_anew = self.head + len > self.arena.len();
            let start = if begins_anew { 0 } else { self.head };
            let full = self.arena.len() >= self.limits.bytes_max;
            if !full && (len > self.arena.len() || self.is_young(start, len, now)) {
                self.grow_arena();
                continue;
            }
            self.lap += u64::from(begins_anew);
            break start;
        };
        self.head = start + len;
        self.blocks[start / BLOCK..self.head.div_ceil(BLOCK)].fill(Some(now));
        start
    }

    /// Whether a packet written there would reach blocks whose contents are still young. The block that is being filled was looked
    /// at when it was reached.
    fn is_young(&self, start: usize, len: usize, now: Instant) -> bool {
        let entered = self.blocks[start.div_ceil(BLOCK)..(start + len).div_ceil(BLOCK)].iter();
        entered.flatten().any(|at| now.saturating_duration_since(*at) < KEEP)
    }

    /// Twice the arena, with what is in it in order of arrival from the start.
    fn grow_arena(&mut self) {
        let len = (self.arena.len() * 2).clamp(BYTES_FIRST, self.limits.bytes_max);
        let (newer, older) = self.arena.split_at(self.head);
        let older_len = if self.lap == 0 { 0 } else { older.len() };
        let mut arena = Vec::with_capacity(len);
        arena.extend_from_slice(&older[..older_len]);
        arena.extend_from_slice(newer);
        arena.resize(len, 0);
        self.blocks.clear();
        self.blocks.resize(len.div_ceil(BLOCK), None);
        for index in 0..self.slots.len() {
            let Some(slot) = self.slots[index].filter(|slot| self.intact(slot)) else {
                self.slots[index] = None;
                continue;
            };
            let start = if slot.lap == self.lap { slot.start + older_len } else { slot.start - self.head };
            for block in &mut self.blocks[start / BLOCK..(start + slot.len).div_ceil(BLOCK)] {
                *block = (*block).max(Some(slot.packet.arrival));
            }
            self.slots[index] = Some(Slot { lap: self.lap, start, ..slot });
        }
        self.arena = arena;
        self.head += older_len;
    }
}

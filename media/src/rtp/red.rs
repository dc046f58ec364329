//! Redundant audio (RFC 2198): reading the blocks, taking them off for receivers without RED, and writing them.

/// The most a block can be older than its packet, in ticks: 14 bit (RFC 2198 §3).
pub const OFFSET_MAX: u32 = (1 << 14) - 1;
/// The most bytes of a redundant block: 10 bit.
pub const LEN_MAX: usize = (1 << 10) - 1;

/// One block of a RED payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block<'a> {
    /// Payload type of the block.
    pub payload_type: u8,
    /// How much older than the packet it is, in clock ticks; 0 for the primary block.
    pub timestamp_offset: u16,
    /// Its payload.
    pub payload: &'a [u8],
}

/// The primary block: the sound of the packet itself. `None` when the payload is malformed.
pub fn primary(payload: &[u8]) -> Option<Block<'_>> {
    blocks(payload)?.last()
}

/// All blocks, oldest first, the primary last. `None` when the headers do not fit the payload.
pub fn blocks(payload: &[u8]) -> Option<Blocks<'_>> {
    let mut at = 0;
    let mut redundant_len = 0;
    while payload.get(at)? & 0x80 != 0 {
        let header: &[u8; 4] = payload[at..].first_chunk()?;
        redundant_len += usize::from(u16::from_be_bytes([header[2] & 0x03, header[3]]));
        at += 4;
    }
    let (headers, data) = payload.split_at(at + 1);
    (redundant_len <= data.len()).then_some(Blocks { headers, data })
}

/// See [`blocks`].
#[derive(Clone, Debug)]
pub struct Blocks<'a> {
    headers: &'a [u8],
    data: &'a [u8],
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Block<'a>;

    fn next(&mut self) -> Option<Block<'a>> {
        let first = *self.headers.first()?;
        if first & 0x80 == 0 {
            self.headers = &[];
            return Some(Block { payload_type: first & 0x7f, timestamp_offset: 0, payload: std::mem::take(&mut self.data) });
        }
        let header: &[u8; 4] = self.headers.first_chunk()?;
        let offset = u16::from_be_bytes([header[1], header[2]]) >> 2;
        let len = usize::from(u16::from_be_bytes([header[2] & 0x03, header[3]]));
        let (payload, data) = self.data.split_at_checked(len)?;
        self.headers = &self.headers[4..];
        self.data = data;
        Some(Block { payload_type: first & 0x7f, timestamp_offset: offset, payload })
    }
}

/// Gives every block this payload type: the blocks carry their sender's (RFC 2198 §3).
pub fn renumber(payload: &mut [u8], payload_type: u8) {
    let mut at = 0;
    while let Some(header) = payload.get_mut(at) {
        let more = *header & 0x80;
        *header = more | payload_type & 0x7f;
        if more == 0 {
            return;
        }
        at += 4;
    }
}

/// Appends a payload of `older` blocks (ticks older and payload, oldest first) and the primary one. No block is older than
/// [`OFFSET_MAX`] or, but for the primary one, larger than [`LEN_MAX`].
pub fn write<'a>(out: &mut Vec<u8>, payload_type: u8, older: impl Iterator<Item = (u32, &'a [u8])> + Clone, primary: &[u8]) {
    let payload_type = payload_type & 0x7f;
    for (offset, payload) in older.clone() {
        debug_assert!(offset <= OFFSET_MAX && payload.len() <= LEN_MAX);
        let [_, high, middle, low] = (offset << 10 | payload.len() as u32).to_be_bytes();
        out.extend_from_slice(&[0x80 | payload_type, high, middle, low]);
    }
    out.push(payload_type);
    older.for_each(|(_, payload)| out.extend_from_slice(payload));
    out.extend_from_slice(primary);
}

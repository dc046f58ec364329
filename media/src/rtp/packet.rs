//! The RTP header (RFC 3550 §5.1, RFC 8285).

use crate::drops::DropReason;
use crate::rtp::ext::{ExtensionKind, ExtensionMap, Extensions, write_extensions};
use std::ops::Range;

/// Bytes of the header before contributing sources and extensions.
pub const FIXED_HEADER_LEN: usize = 12;

/// A header as it came from the network. Readable before decryption: SRTP leaves it in the clear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Video: last packet of a frame. Audio: first after a silence.
    pub marker: bool,
    /// 7 bit.
    pub payload_type: u8,
    /// As on the wire; SRTP extends it.
    pub sequence: u16,
    /// In units of the codec's clock.
    pub timestamp: u32,
    /// Synchronization source.
    pub ssrc: u32,
    /// Bytes of the whole header: contributing sources and extensions included. Never more than the packet has.
    pub len: usize,
    /// The payload ends with padding. How much is known only after decryption: [`Header::strip_padding`].
    pub has_padding: bool,
    /// Where the extension elements are, without their 4 byte head.
    pub extension: Option<ExtensionBlock>,
}

/// The place and form of the header extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtensionBlock {
    /// "Defined by profile": 0xBEDE for one-byte elements, 0x100x for two-byte ones.
    pub profile: u16,
    /// Bytes of the packet.
    pub range: Range<usize>,
}

impl Header {
    /// Reads the header of an RTP packet, encrypted or not. Errors: [`DropReason::RtpMalformed`].
    pub fn parse(data: &[u8]) -> Result<Self, DropReason> {
        let fixed: &[u8; FIXED_HEADER_LEN] = data.first_chunk().ok_or(DropReason::RtpMalformed)?;
        if fixed[0] >> 6 != 2 {
            return Err(DropReason::RtpMalformed);
        }
        let mut len = FIXED_HEADER_LEN + 4 * usize::from(fixed[0] & 0x0f);
        let mut extension = None;
        if fixed[0] & 0x10 != 0 {
            let head = data.get(len..len + 4).ok_or(DropReason::RtpMalformed)?;
            let words = usize::from(u16::from_be_bytes([head[2], head[3]]));
            let range = len + 4..len + 4 + 4 * words;
            len = range.end;
            extension = Some(ExtensionBlock { profile: u16::from_be_bytes([head[0], head[1]]), range });
        }
        if len > data.len() {
            return Err(DropReason::RtpMalformed);
        }
        Ok(Self {
            marker: fixed[1] & 0x80 != 0,
            payload_type: fixed[1] & 0x7f,
            sequence: u16::from_be_bytes([fixed[2], fixed[3]]),
            timestamp: u32::from_be_bytes([fixed[4], fixed[5], fixed[6], fixed[7]]),
            ssrc: u32::from_be_bytes([fixed[8], fixed[9], fixed[10], fixed[11]]),
            len,
            has_padding: fixed[0] & 0x20 != 0,
            extension,
        })
    }

    /// The extension elements of the packet `data` that this header was parsed from.
    pub fn extensions<'a>(&self, data: &'a [u8], map: &'a ExtensionMap) -> Extensions<'a> {
        match &self.extension {
            Some(block) => Extensions::new(block.profile, data.get(block.range.clone()).unwrap_or_default(), map),
            None => Extensions::new(0, &[], map),
        }
    }

    /// The decrypted payload without its padding; empty for a packet that is nothing but padding.
    pub fn strip_padding<'a>(&self, payload: &'a [u8]) -> Result<&'a [u8], DropReason> {
        if !self.has_padding {
            return Ok(payload);
        }
        let count = usize::from(*payload.last().ok_or(DropReason::RtpMalformed)?);
        if count == 0 {
            return Err(DropReason::RtpMalformed);
        }
        payload.len().checked_sub(count).map(|len| &payload[..len]).ok_or(DropReason::RtpMalformed)
    }
}

/// What [`write_header`] writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeaderFields {
    /// See [`Header::marker`].
    pub marker: bool,
    /// 7 bit.
    pub payload_type: u8,
    /// Low 16 bits of the extended number.
    pub sequence: u16,
    /// In units of the codec's clock.
    pub timestamp: u32,
    /// Synchronization source.
    pub ssrc: u32,
}

/// Appends a header and returns its length. Extensions whose kind `map` does not hold are left out.
pub fn write_header(out: &mut Vec<u8>, fields: &HeaderFields, map: &ExtensionMap, extensions: &[(ExtensionKind, &[u8])]) -> usize {
    let start = out.len();
    out.extend_from_slice(&[0x80, (fields.payload_type & 0x7f) | (u8::from(fields.marker) << 7)]);
    out.extend_from_slice(&fields.sequence.to_be_bytes());
    out.extend_from_slice(&fields.timestamp.to_be_bytes());
    out.extend_from_slice(&fields.ssrc.to_be_bytes());
    if write_extensions(out, map, extensions) {
        out[start] |= 0x10;
    }
    out.len() - start
}

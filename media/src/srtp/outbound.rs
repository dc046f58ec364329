//! Sealing what is sent to the peer.

use super::cipher::Cipher;
use super::inbound::RTCP_ENCRYPTED;
use super::{KeyingMaterial, read_u32};

const RTP_HEADER_LEN: usize = 12;
const RTCP_HEADER_LEN: usize = 8;

/// The sending side of one peer.
pub struct Outbound {
    rtp: Cipher,
    rtcp: Cipher,
    /// One counter for all SSRCs: an index must be unique per SSRC, gaps are legal. At 100 packets/s its 31 bit last 248 days.
    rtcp_index: u32,
}

impl Outbound {
    /// `keys` are of a finished handshake in which this side was the server.
    pub fn new(keys: &KeyingMaterial) -> Self {
        Self { rtp: Cipher::rtp(keys.profile, &keys.server), rtcp: Cipher::rtcp(keys.profile, &keys.server), rtcp_index: 0 }
    }

    /// Bytes that [`seal_rtp`](Self::seal_rtp) appends.
    pub fn tag_len(&self) -> usize {
        self.rtp.tag_len()
    }

    /// Encrypts the RTP packet `buf[start..]` in place and appends its tag. `index` is rollover counter and
    /// sequence number, 48 bit; its lower 16 bit stand in the header. The same SSRC and index must never be
    /// sealed twice with different content (that gives the keys away with GCM): a retransmission under the
    /// same SSRC is byte-identical. What cannot be sealed (a header longer than the packet) is cut off `buf`,
    /// so that nothing leaves in clear.
    #[inline]
    pub fn seal_rtp(&self, buf: &mut Vec<u8>, start: usize, header_len: usize, index: u64) {
        let sealed = buf.get_mut(start..).and_then(|packet| {
            if header_len < RTP_HEADER_LEN || packet.len() < header_len {
                return None;
            }
            let ssrc = read_u32(packet, 8)?;
            let (header, payload) = packet.split_at_mut(header_len);
            self.rtp.seal_rtp(header, payload, ssrc, index).ok()
        });
        match sealed {
            Some(tag) => buf.extend_from_slice(tag.as_slice()),
            None => buf.truncate(start),
        }
    }

    /// Encrypts the compound RTCP packet `buf[start..]` in place and appends index and tag. What cannot be sealed
    /// is cut off `buf`.
    pub fn seal_rtcp(&mut self, buf: &mut Vec<u8>, start: usize) {
        // RFC 3711 §9.2: when the indices are used up, the keys are.
        let exhausted = self.rtcp_index + 1 >= RTCP_ENCRYPTED;
        let sealed = buf.get_mut(start..).filter(|_| !exhausted).and_then(|packet| {
            let ssrc = read_u32(packet, 4)?;
            let (header, payload) = packet.split_first_chunk_mut::<RTCP_HEADER_LEN>()?;
            self.rtcp_index += 1;
            self.rtcp.seal_rtcp(*header, payload, ssrc, self.rtcp_index | RTCP_ENCRYPTED).ok()
        });
        match sealed {
            Some(trailer) => buf.extend_from_slice(trailer.as_slice()),
            None => buf.truncate(start),
        }
    }
}

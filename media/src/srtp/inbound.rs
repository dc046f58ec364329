//! Opening what the peer sends.

use super::cipher::Cipher;
use super::window::{Freshness, Window};
use super::{KeyingMaterial, read_u16, read_u32};
use crate::drops::DropReason;

/// SSRCs that one peer may use for RTP, and again for RTCP, in the life of its keys: three layers and their
/// retransmissions of four cameras are 24, and every new offer may bring others. Full: packets of further SSRCs are
/// dropped. Nothing is displaced, for a forgotten window would let old packets in again.
const STREAMS_MAX: usize = 256;

/// The E flag: this SRTCP packet is encrypted (RFC 3711 §3.4).
pub(super) const RTCP_ENCRYPTED: u32 = 1 << 31;

const RTP_HEADER_LEN: usize = 12;
const RTCP_HEADER_LEN: usize = 8;

/// What opening one SRTP packet gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Bytes of header and plaintext; the rest of the packet was the tag.
    pub len: usize,
    /// The packet index: rollover counter and sequence number, 48 bit (RFC 3711 §3.3.1).
    pub index: u64,
}

/// The receiving side of one peer: authenticates and decrypts what the peer sends.
pub struct Inbound {
    rtp: Cipher,
    rtcp: Cipher,
    rtp_streams: Streams,
    rtcp_streams: Streams,
}

impl Inbound {
    /// `keys` are of a finished handshake in which this side was the server.
    pub fn new(keys: &KeyingMaterial) -> Self {
        Self {
            rtp: Cipher::rtp(keys.profile, &keys.client),
            rtcp: Cipher::rtcp(keys.profile, &keys.client),
            rtp_streams: Streams::default(),
            rtcp_streams: Streams::default(),
        }
    }

    /// Authenticates and decrypts an SRTP packet in place. `header_len` counts CSRCs and the extension.
    /// After an error the packet's content is undefined.
    pub fn open_rtp(&mut self, packet: &mut [u8], header_len: usize) -> Result<Opened, DropReason> {
        if header_len < RTP_HEADER_LEN || packet.len() < header_len + self.rtp.tag_len() {
            return Err(DropReason::RtpMalformed);
        }
        let sequence = read_u16(packet, 2).ok_or(DropReason::RtpMalformed)?;
        let ssrc = read_u32(packet, 8).ok_or(DropReason::RtpMalformed)?;

        let stream = self.rtp_streams.find(ssrc);
        let index = match stream.map(|at| &self.rtp_streams.windows[at]) {
            Some(window) => window.index_of(sequence).filter(|&index| window.check(index) == Freshness::Fresh),
            None if self.rtp_streams.is_full() => return Err(DropReason::RtpUnknownStream),
            None => Some(u64::from(sequence)),
        };
        let index = index.ok_or(DropReason::RtpReplayed)?;

        let (header, body) = packet.split_at_mut(header_len);
        let payload_len = self.rtp.open_rtp(header, body, ssrc, index).map_err(|_| DropReason::RtpUnauthenticated)?;
        self.rtp_streams.record(stream, ssrc, index);
        Ok(Opened { len: header_len + payload_len, index })
    }

    /// Authenticates and decrypts a compound SRTCP packet in place; returns the length of the RTCP in it.
    /// After an error the packet's content is undefined.
    pub fn open_rtcp(&mut self, packet: &mut [u8]) -> Result<usize, DropReason> {
        if packet.len() < RTCP_HEADER_LEN + 4 + self.rtcp.tag_len() {
            return Err(DropReason::RtcpMalformed);
        }
        let ssrc = read_u32(packet, 4).ok_or(DropReason::RtcpMalformed)?;
        let word = self.rtcp.rtcp_word(packet).ok_or(DropReason::RtcpMalformed)?;
        // Unencrypted SRTCP is legal in general; with DTLS-SRTP nobody sends it and nothing is to be gained by it.
        if word & RTCP_ENCRYPTED == 0 {
            return Err(DropReason::RtcpUnauthenticated);
        }
        let index = u64::from(word & !RTCP_ENCRYPTED);

        let stream = self.rtcp_streams.find(ssrc);
        match stream.map(|at| self.rtcp_streams.windows[at].check(index)) {
            Some(Freshness::SeenOrOld) => return Err(DropReason::RtcpReplayed),
            Some(Freshness::Fresh) => {}
            None if self.rtcp_streams.is_full() => return Err(DropReason::RtcpUnknownStream),
            None => {}
        }

        let (header, body) = packet.split_first_chunk_mut::<RTCP_HEADER_LEN>().ok_or(DropReason::RtcpMalformed)?;
        let payload_len = self.rtcp.open_rtcp(*header, body, ssrc, word).map_err(|_| DropReason::RtcpUnauthenticated)?;
        self.rtcp_streams.record(stream, ssrc, index);
        Ok(RTCP_HEADER_LEN + payload_len)
    }
}

/// The windows of a peer's SSRCs. A scan over a few packed numbers beats hashing, and needs no keyed hasher: the
/// table is bounded and only authentic packets enter it.
#[derive(Default)]
struct Streams {
    ssrcs: Vec<u32>,
    windows: Vec<Window>,
}

impl Streams {
    #[inline]
    fn find(&self, ssrc: u32) -> Option<usize> {
        self.ssrcs.iter().position(|&known| known == ssrc)
    }

    fn is_full(&self) -> bool {
        self.ssrcs.len() >= STREAMS_MAX
    }

    #[inline]
    fn record(&mut self, at: Option<usize>, ssrc: u32, index: u64) {
        match at {
            Some(at) => self.windows[at].record(index),
            None => {
                self.ssrcs.push(ssrc);
                self.windows.push(Window::starting_at(index));
            }
        }
    }
}

//! Which protocol a datagram speaks, by its first bytes (RFC 7983 §7, RFC 5761 §4).

use crate::drops::DropReason;

/// The protocols that share the UDP port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet {
    /// STUN (RFC 8489).
    Stun,
    /// DTLS (RFC 6347, RFC 9147).
    Dtls,
    /// RTP or, once opened, its retransmission.
    Rtp,
    /// RTCP.
    Rtcp,
}

/// A fixed RTP header, or an RTCP header and the sender's SSRC with the shortest SRTCP trailer.
const RTP_LEN_MIN: usize = 12;

/// Names the protocol of a datagram. Nothing beyond the first two bytes and the length is looked at.
#[inline]
pub fn classify(datagram: &[u8]) -> Result<Packet, DropReason> {
    let (Some(&first), Some(&second)) = (datagram.first(), datagram.get(1)) else {
        return Err(DropReason::UnknownProtocol);
    };
    match first {
        128..=191 if datagram.len() < RTP_LEN_MIN => Err(DropReason::RtpMalformed),
        // RTCP packet types 192..=223 fall where RTP payload types 64..=95 with the marker bit would be;
        // those payload types are never negotiated under rtcp-mux (RFC 5761 §4).
        128..=191 if (192..=223).contains(&second) => Ok(Packet::Rtcp),
        128..=191 => Ok(Packet::Rtp),
        0..=3 => Ok(Packet::Stun),
        20..=63 => Ok(Packet::Dtls),
        _ => Err(DropReason::UnknownProtocol),
    }
}

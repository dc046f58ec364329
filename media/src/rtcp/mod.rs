//! RTCP (RFC 3550 §6, RFC 4585, RFC 5104): read and written without allocation.

pub mod parse;
pub mod write;

use crate::rtp::clock::NtpTime;

/// The sender's part of a sender report (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderInfo {
    /// Of the sender.
    pub ssrc: u32,
    /// When the report was sent, on the sender's clock.
    pub ntp: NtpTime,
    /// The same moment as an RTP timestamp.
    pub timestamp: u32,
    /// Packets sent so far.
    pub packets: u32,
    /// Payload bytes sent so far.
    pub octets: u32,
}

/// What a receiver says of one stream (RFC 3550 §6.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportBlock {
    /// The stream.
    pub ssrc: u32,
    /// Of the last interval, in 1/256.
    pub fraction_lost: u8,
    /// Signed 24 bit: negative when there were duplicates.
    pub cumulative_lost: i32,
    /// Cycles and sequence number.
    pub highest_sequence: u32,
    /// In clock ticks.
    pub jitter: u32,
    /// Middle 32 bits of the last sender report's NTP time; 0 when there was none.
    pub last_sr: u32,
    /// Since that report came, in 1/65536 s.
    pub delay_since_last_sr: u32,
}

/// Packet types (RFC 3550 §12.1, RFC 4585 §6.1, RFC 3611).
pub(crate) mod packet_type {
    pub const SENDER_REPORT: u8 = 200;
    pub const RECEIVER_REPORT: u8 = 201;
    pub const SOURCE_DESCRIPTION: u8 = 202;
    pub const BYE: u8 = 203;
    pub const TRANSPORT_FEEDBACK: u8 = 205;
    pub const PAYLOAD_FEEDBACK: u8 = 206;
}

/// Feedback formats (RFC 4585 §6.2, §6.3; RFC 5104 §4.3; draft-holmer-rmcat-transport-wide-cc-extensions-01).
pub(crate) mod format {
    pub const NACK: u8 = 1;
    pub const TRANSPORT_CC: u8 = 15;
    pub const PLI: u8 = 1;
    pub const FIR: u8 = 4;
}

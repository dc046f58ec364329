//! Writing the answer.

use super::negotiate::Negotiated;
use crate::id::Mid;
use std::net::SocketAddr;

/// Who answers.
#[derive(Clone, Copy)]
pub struct AnswerIdentity<'a> {
    /// Our ICE user name fragment.
    pub ufrag: &'a str,
    /// Our ICE password.
    pub pwd: &'a str,
    /// SHA-256 of our certificate: hex bytes between colons.
    pub fingerprint: &'a str,
    /// Where the client reaches us by UDP, best first.
    pub candidates: &'a [SocketAddr],
    /// Numeric; the same in every answer of one connection.
    pub session_id: u64,
    /// Counts the answers of one connection.
    pub session_version: u64,
}

/// What a downlink section sends. A downlink that has none is answered `inactive`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DownlinkMedia<'a> {
    /// The section.
    pub mid: Mid,
    /// The media's SSRC.
    pub ssrc: u32,
    /// The SSRC of its retransmissions; written when the section negotiated RTX.
    pub rtx_ssrc: Option<u32>,
    /// The MediaStream's id: the browser plays tracks of one stream in sync.
    pub stream: &'a str,
    /// RTCP's canonical name; equal for what is to be in sync.
    pub cname: &'a str,
}

/// Writes the answer to the offer that `negotiated` came from.
pub fn write_answer(negotiated: &Negotiated, identity: &AnswerIdentity<'_>, downlinks: &[DownlinkMedia<'_>]) -> String {
    let _ = (negotiated, identity, downlinks);
    String::new()
}

//! Choosing from an offer what this server can do.

use super::choose;
use super::codecs::Feedback;
use super::error::SdpError;
use super::extensions::OfferedExtension;
use super::offer::Offer;
use super::section::{Direction, MediaLine, OfferedSection};
use crate::codec::Codec;
use crate::id::{MediaKind, Mid, Rid};
use crate::rtp::ext::{ExtensionKind, ExtensionMap};
use std::fmt;

/// Redundant audio (RFC 2198).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RedPolicy {
    /// Never negotiated.
    Never,
    /// In the place the client gives it: a client that lists RED before Opus sends it.
    #[default]
    AsOffered,
    /// Before Opus whenever it is offered: every such client sends it.
    Preferred,
}

/// What the server wants, beyond what an offer allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerParams {
    /// Best first; a codec that is missing here is not negotiated. Browsers send the first one of the answer.
    pub video_preference: Vec<Codec>,
    /// Redundant audio.
    pub red: RedPolicy,
    /// Upper bound of Opus' `maxaveragebitrate`, 6000-510000; what is asked for when the offer names none.
    pub opus_bitrate_bps_max: u32,
}

impl Default for AnswerParams {
    /// VP8 first: every receiver has it.
    fn default() -> Self {
        Self {
            video_preference: vec![Codec::Vp8, Codec::H264, Codec::Vp9, Codec::Av1],
            red: RedPolicy::AsOffered,
            opus_bitrate_bps_max: 510_000,
        }
    }
}

/// Why an m-section cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RejectReason {
    /// The client itself stopped it (port 0).
    Stopped,
    /// Neither audio nor video.
    NotMedia,
    /// An RTP profile without encryption or feedback.
    Protocol,
    /// None of its codecs is known here.
    NoCodec,
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stopped => "stopped by the client",
            Self::NotMedia => "neither audio nor video",
            Self::Protocol => "its protocol is not UDP/TLS/RTP/SAVPF",
            Self::NoCodec => "none of its codecs is supported (Opus; VP8, H264 with packetization-mode=1, VP9 profile 0, AV1)",
        })
    }
}

/// What an m-section is for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SectionRole {
    /// The client sends; we answer `recvonly`.
    Uplink,
    /// The client receives; we answer `sendonly`.
    Downlink,
    /// Kept, but nobody sends.
    Inactive,
    /// Answered with port 0.
    Rejected(RejectReason),
}

/// One payload type of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NegotiatedCodec {
    /// What it carries.
    pub codec: Codec,
    /// The client's number for it.
    pub payload_type: u8,
    /// The client's number for its retransmissions.
    pub rtx: Option<u8>,
    /// What may be fed back, either way.
    pub feedback: Feedback,
    /// The parameters as the answer says them.
    pub fmtp: Option<String>,
}

/// One m-section of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its name.
    pub mid: Mid,
    /// `None` only when rejected.
    pub kind: Option<MediaKind>,
    /// What it is for us.
    pub role: SectionRole,
    /// In the order of the answer; empty when rejected.
    pub codecs: Vec<NegotiatedCodec>,
    /// Ids are the client's.
    pub extensions: ExtensionMap,
    /// Simulcast encodings of an uplink, in the client's order. Empty without simulcast.
    pub rids: Vec<Rid>,
    /// What the client announced to send with; packets without a mid extension are told apart by it.
    pub ssrcs: Vec<u32>,
    /// Streams and their retransmissions among `ssrcs`.
    pub fid: Vec<(u32, u32)>,
    /// What `extensions` was made of; the answer repeats the directions.
    pub(super) offered_extensions: Vec<OfferedExtension>,
    /// Payload types a rid is restricted to, as the answer must repeat them; parallel to `rids`.
    pub(super) rid_payload_types: Vec<Vec<u8>>,
    pub(super) ptime_ms: Option<u32>,
    pub(super) rtcp_rsize: bool,
    pub(super) media_line: MediaLine,
}

/// What was agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Negotiated {
    /// In the order of the offer.
    pub sections: Vec<Section>,
    /// The accepted ones of the offer's group, in its order.
    pub(super) bundle: Vec<Mid>,
    pub(super) extmap_allow_mixed: bool,
    pub(super) renomination: bool,
}

/// Chooses codecs, extensions and roles for every m-section of `offer`.
pub fn negotiate(offer: &Offer, params: &AnswerParams) -> Result<Negotiated, SdpError> {
    let sections: Vec<Section> = offer.sections.iter().map(|section| negotiate_section(section, params)).collect();
    let rejected = |section: &Section| match section.role {
        SectionRole::Rejected(reason) => Some((section.mid, reason)),
        _ => None,
    };
    if sections.iter().all(|section| rejected(section).is_some()) {
        return Err(SdpError::NothingUsable { reasons: sections.iter().filter_map(rejected).take(REASONS_SHOWN).collect() });
    }
    check_routable(&sections)?;
    let accepted = |mid: &&Mid| sections.iter().any(|section| section.mid == **mid && rejected(section).is_none());
    Ok(Negotiated {
        bundle: offer.bundle.iter().filter(accepted).copied().collect(),
        extmap_allow_mixed: offer.extmap_allow_mixed,
        renomination: offer.renomination,
        sections,
    })
}

/// An error message with more is not read to its end.
const REASONS_SHOWN: usize = 8;

fn negotiate_section(offered: &OfferedSection, params: &AnswerParams) -> Section {
    let (role, mut codecs) = match usable(offered, params) {
        Ok(found) => found,
        Err(reason) => (SectionRole::Rejected(reason), Vec::new()),
    };
    let simulcast = role == SectionRole::Uplink && offered.kind == Some(MediaKind::Video);
    let rids: Vec<_> =
        offered.rids.iter().filter(|_| simulcast).filter_map(|rid| usable_rid(&rid.payload_types, &codecs, rid.rid)).collect();
    let transport_cc = codecs.iter().any(|codec| codec.feedback.transport_cc);
    // With it, browsers leave picture ids and temporal layers out of VP8's own descriptor. Receivers that do not know it need those, and so
    // does the leaving out of frames; so it is for the codec that has no other description alone.
    let described = role != SectionRole::Uplink || codecs.first().is_some_and(|codec| codec.codec == Codec::Av1);
    let wanted = |extension: &&OfferedExtension| {
        is_wanted(extension, role, !rids.is_empty(), transport_cc) && (described || extension.kind != ExtensionKind::DependencyDescriptor)
    };
    let mut extensions = ExtensionMap::new();
    let kept = |extension: &&OfferedExtension| wanted(extension) && extensions.insert(extension.id, extension.kind);
    let offered_extensions: Vec<OfferedExtension> = offered.extensions.iter().filter(kept).copied().collect();
    if extensions.id(ExtensionKind::TransportCc).is_none() {
        codecs.iter_mut().for_each(|codec| codec.feedback.transport_cc = false);
    }
    let sends = role == SectionRole::Uplink;
    let (rids, rid_payload_types) = rids.into_iter().unzip();
    Section {
        mid: offered.mid,
        kind: offered.kind,
        role,
        codecs,
        extensions,
        offered_extensions,
        rids,
        ssrcs: if sends { offered.ssrcs.clone() } else { Vec::new() },
        fid: if sends { offered.fid.clone() } else { Vec::new() },
        rid_payload_types,
        ptime_ms: offered.ptime_ms,
        rtcp_rsize: offered.rtcp_rsize,
        media_line: offered.media_line.clone(),
    }
}

fn usable(offered: &OfferedSection, params: &AnswerParams) -> Result<(SectionRole, Vec<NegotiatedCodec>), RejectReason> {
    if offered.stopped {
        return Err(RejectReason::Stopped);
    }
    let kind = offered.kind.ok_or(RejectReason::NotMedia)?;
    // RFC 8829 §5.1.2: the profile says nothing reliable of the transport, so all that mean encrypted RTP are taken.
    if !matches!(offered.media_line.protocol.as_str(), "UDP/TLS/RTP/SAVPF" | "UDP/TLS/RTP/SAVP" | "TCP/DTLS/RTP/SAVPF" | "RTP/SAVPF") {
        return Err(RejectReason::Protocol);
    }
    let role = match offered.direction {
        Direction::SendRecv | Direction::SendOnly => SectionRole::Uplink,
        Direction::RecvOnly => SectionRole::Downlink,
        Direction::Inactive => SectionRole::Inactive,
    };
    let codecs = match kind {
        MediaKind::Audio => choose::audio(offered, role, params),
        MediaKind::Video => choose::video(offered, params),
    };
    if codecs.is_empty() { Err(RejectReason::NoCodec) } else { Ok((role, codecs)) }
}

/// An encoding restricted to payload types of which none is in the answer cannot be sent.
fn usable_rid(restriction: &[u8], codecs: &[NegotiatedCodec], rid: Rid) -> Option<(Rid, Vec<u8>)> {
    let chosen = |payload_type: &&u8| codecs.iter().any(|codec| codec.payload_type == **payload_type);
    let kept: Vec<u8> = restriction.iter().filter(chosen).copied().collect();
    (restriction.is_empty() || !kept.is_empty()).then_some((rid, kept))
}

/// Every extension costs bytes in every packet, so only what is used in this direction is agreed on.
fn is_wanted(extension: &OfferedExtension, role: SectionRole, simulcast: bool, transport_cc: bool) -> bool {
    let uplink = match role {
        SectionRole::Uplink => true,
        SectionRole::Downlink | SectionRole::Inactive => false,
        SectionRole::Rejected(_) => return false,
    };
    if !(if uplink { extension.is_sent() } else { extension.is_received() }) {
        return false;
    }
    match extension.kind {
        ExtensionKind::TransportCc => role != SectionRole::Inactive && transport_cc,
        ExtensionKind::Rid | ExtensionKind::RepairedRid => uplink && simulcast,
        ExtensionKind::Mid
        | ExtensionKind::AudioLevel
        | ExtensionKind::PlayoutDelay
        | ExtensionKind::VideoOrientation
        | ExtensionKind::DependencyDescriptor => true,
    }
}

/// Packets of several uplinks share one transport; something must tell them apart.
fn check_routable(sections: &[Section]) -> Result<(), SdpError> {
    let has_mid = |section: &Section| section.extensions.id(ExtensionKind::Mid).is_some();
    let mut uplinks = sections.iter().filter(|section| section.role == SectionRole::Uplink);
    let alone = uplinks.clone().count() == 1;
    match uplinks.find(|section| !alone && !has_mid(section) && section.ssrcs.is_empty()) {
        Some(section) => Err(SdpError::Unroutable { mid: section.mid }),
        None => Ok(()),
    }
}

impl Negotiated {
    /// A re-offer must leave every section of `previous` in its place. Only the place of a rejected one may be taken over by another
    /// (RFC 8829 §5.2.2).
    pub fn check_continues(&self, previous: &Self) -> Result<(), SdpError> {
        for (index, before) in previous.sections.iter().enumerate() {
            let free = matches!(before.role, SectionRole::Rejected(_));
            let same = self.sections.get(index).is_some_and(|now| free || (now.mid == before.mid && now.kind == before.kind));
            if !same {
                return Err(SdpError::SectionMoved { index, before: before.mid });
            }
        }
        Ok(())
    }
}

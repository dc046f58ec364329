//! The offer, parsed into types.

use super::error::SdpError;
use super::extensions::IdMeanings;
use super::lines::{self, Line};
use super::section::{Direction, OfferedSection, SectionReader};
use super::transport::{IceParameters, OfferedFingerprint, Transport, TransportAttributes};
use crate::id::{MediaKind, Mid};

/// A client's offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// One transport, hence one set of credentials. A change of both is an ICE restart.
    pub ice: IceParameters,
    /// The certificate to expect.
    pub fingerprint: OfferedFingerprint,
    /// The client understands one packet with one-byte and the next with two-byte extensions (RFC 8285 §4.1.2).
    pub extmap_allow_mixed: bool,
    /// The client sends the NOMINATION attribute when we say so too (draft-thatcher-ice-renomination).
    pub renomination: bool,
    /// In order; an answer has the same.
    pub sections: Vec<OfferedSection>,
    /// The sections that share the transport, in the order of the group. Empty when there is no group.
    pub(super) bundle: Vec<Mid>,
}

impl Offer {
    /// Reads an offer. Everything in it is within the bounds of this module, and every value of the type it should have.
    pub fn parse(text: &str) -> Result<Self, SdpError> {
        let blocks = lines::split(text)?;
        if blocks.media.is_empty() {
            return Err(SdpError::NoSections);
        }
        let session = Session::read(&blocks.session)?;
        let mut ids = IdMeanings::new();
        let mut sections: Vec<OfferedSection> = Vec::with_capacity(blocks.media.len());
        let mut transports = Vec::with_capacity(blocks.media.len());
        for (index, (media_line, block)) in blocks.media.iter().enumerate() {
            let mut reader = SectionReader::new(media_line, session.direction)?;
            // Whether it is stopped decides what its other lines mean.
            for line in block.iter().filter(|line| line.value == "bundle-only").chain(&session.extensions).chain(block) {
                reader.take(line, &mut ids)?;
            }
            let (section, transport) = reader.finish(index)?;
            if sections.iter().any(|known| known.mid == section.mid) {
                return Err(SdpError::DuplicateMid { mid: section.mid });
            }
            if !section.stopped && (section.kind.is_some() || session.bundle.contains(&section.mid)) {
                transports.push((section.mid, transport));
            }
            sections.push(section);
        }
        check_one_transport(&sections, &session.bundle)?;
        let transport = Transport::unite(session.transport, transports)?;
        Ok(Self {
            ice: transport.ice,
            fingerprint: transport.fingerprint,
            extmap_allow_mixed: session.extmap_allow_mixed || sections.iter().any(|section| section.extmap_allow_mixed),
            renomination: transport.renomination,
            bundle: session.bundle,
            sections,
        })
    }
}

/// What stands before the first m-line.
struct Session<'a> {
    transport: TransportAttributes<'a>,
    direction: Direction,
    bundle: Vec<Mid>,
    extmap_allow_mixed: bool,
    /// `a=extmap` at session level holds for every section.
    extensions: Vec<Line<'a>>,
}

impl<'a> Session<'a> {
    fn read(lines: &[Line<'a>]) -> Result<Self, SdpError> {
        let mut session = Self {
            transport: TransportAttributes::default(),
            direction: Direction::default(),
            bundle: Vec::new(),
            extmap_allow_mixed: false,
            extensions: Vec::new(),
        };
        for line in lines {
            let Some((name, value)) = line.attribute() else { continue };
            session.transport.take(line, name, value)?;
            match name {
                "sendrecv" | "sendonly" | "recvonly" | "inactive" => session.direction = Direction::parse(name).unwrap_or_default(),
                "extmap-allow-mixed" => session.extmap_allow_mixed = true,
                "extmap" => {
                    if session.extensions.len() == super::MAX_EXTENSIONS {
                        return Err(line.too_many("header extensions of the session", super::MAX_EXTENSIONS));
                    }
                    session.extensions.push(*line);
                }
                // A second group would be a second transport; its members count as not bundled.
                "group" if session.bundle.is_empty() => session.bundle = parse_bundle(line, value)?,
                _ => {}
            }
        }
        Ok(session)
    }
}

/// `a=group:BUNDLE <mid> <mid> …`; other groups are empty ones.
fn parse_bundle(line: &Line<'_>, value: &str) -> Result<Vec<Mid>, SdpError> {
    let Some(mids) = value.strip_prefix("BUNDLE") else { return Ok(Vec::new()) };
    let mut bundle = Vec::new();
    for mid in mids.split_ascii_whitespace() {
        let mid = Mid::parse(mid).ok_or_else(|| line.error("a mid in a=group:BUNDLE has at most 16 bytes"))?;
        if bundle.len() == super::MAX_SECTIONS {
            return Err(line.too_many("mids in a=group:BUNDLE", super::MAX_SECTIONS));
        }
        bundle.push(mid);
    }
    Ok(bundle)
}

/// A lone section needs no group; several must be in one. Data channels are rejected anyway, so they are not asked.
fn check_one_transport(sections: &[OfferedSection], bundle: &[Mid]) -> Result<(), SdpError> {
    let live = |section: &&OfferedSection| !section.stopped && matches!(section.kind, Some(MediaKind::Audio | MediaKind::Video));
    let alone = sections.iter().filter(live).count() == 1;
    for section in sections.iter().filter(live) {
        if !alone && !bundle.contains(&section.mid) {
            return Err(SdpError::NotBundled { mid: section.mid });
        }
        if !section.rtcp_mux {
            return Err(SdpError::MissingRtcpMux { mid: section.mid });
        }
    }
    Ok(())
}

//! One participant's connection: where it is, how it is encrypted, what it sends and what it receives.

use super::bindings::Bindings;
use super::payload_types::IncomingPayloads;
use super::slab::Key;
use super::slot::Slot;
use super::track::TrackKey;
use crate::dtls::DtlsServer;
use crate::ice::IceLite;
use crate::id::{MediaKind, Mid, PeerId, Rid};
use crate::path::Path;
use crate::rtp::clock::PeerClock;
use crate::rtp::ext::ExtensionMap;
use crate::rtp::twcc::TwccRecorder;
use crate::sdp::{Negotiated, OfferedFingerprint};
use crate::srtp::{Inbound, Outbound};
use std::time::{Duration, Instant};

pub(crate) type PeerKey = Key<Peer>;

/// Uplink sections of one peer: microphone, camera, second camera, screen, screen sound, and as many again.
pub(crate) const UPLINKS_MAX: usize = 10;
/// Downlink sections of one peer.
pub(crate) const SLOTS_MAX: usize = 128;
/// How long an address belongs to who last proved to be there, against others who claim it: two of the checks that keep consent
/// (RFC 7675 §5.1, every 4 to 6 s) may be lost.
pub(crate) const ADDRESS_HELD: Duration = Duration::from_secs(15);

/// What the fan-out touches stands first.
pub(crate) struct Peer {
    /// Where everything is sent: the address ICE selected.
    pub destination: Option<Path>,
    pub outbound: Option<Outbound>,
    pub slots: Vec<Slot>,

    pub inbound: Option<Inbound>,
    pub bindings: Bindings,
    pub payloads: IncomingPayloads,
    pub extensions: ExtensionMap,
    pub uplinks: Vec<Uplink>,
    pub feedback: FeedbackState,
    /// How its clock relates to ours.
    pub clock: PeerClock,

    pub id: PeerId,
    pub ice: IceLite,
    pub dtls: DtlsServer,
    pub state: PeerState,
    pub wake_at: Option<Instant>,
    pub session: Session,
}

/// How far the connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PeerState {
    Connecting,
    Connected,
    /// Consent is lost; may come back.
    Silent,
    Failed,
}

/// What a publisher sends in one m-section.
#[derive(Clone, Debug)]
pub(crate) struct Uplink {
    pub mid: Mid,
    pub kind: MediaKind,
    pub rids: Vec<Rid>,
    pub track: TrackKey,
}

/// What re-offers are compared with.
pub(crate) struct Session {
    pub remote_ufrag: String,
    pub fingerprint: OfferedFingerprint,
    pub negotiated: Negotiated,
    /// Every ufrag of ours that leads here.
    pub ufrags: Vec<String>,
    pub id: u64,
    pub version: u64,
    pub cname: String,
}

/// What is owed to the peer by RTCP.
pub(crate) struct FeedbackState {
    pub transport: TwccRecorder,
    /// The SSRC our reports come from.
    pub ssrc: u32,
    /// Reports once a second.
    pub report_at: Instant,
    /// Packets that may be retransmitted: a hostile receiver gets no more than this.
    pub budget: RetransmitBudget,
}

/// A bucket of packets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RetransmitBudget {
    tokens: u32,
    refilled_at: Instant,
}

impl RetransmitBudget {
    /// A burst as long as the outage that makes one NACK storm: half a second of a full conference.
    const CAPACITY: u32 = 1024;
    /// Per second. 20 % loss of 5000 packets/s.
    const RATE: u32 = 1000;

    pub(crate) fn new(now: Instant) -> Self {
        Self { tokens: Self::CAPACITY, refilled_at: now }
    }

    pub(crate) fn refill(&mut self, now: Instant) {
        let gained = now.saturating_duration_since(self.refilled_at).as_millis() * u128::from(Self::RATE) / 1000;
        if gained > 0 {
            self.refilled_at = now;
            self.tokens = (u128::from(self.tokens) + gained).min(u128::from(Self::CAPACITY)) as u32;
        }
    }

    pub(crate) fn take(&mut self) -> bool {
        let has = self.tokens > 0;
        self.tokens -= u32::from(has);
        has
    }
}

impl Peer {
    pub(crate) fn slot_index(&self, mid: Mid) -> Option<usize> {
        self.slots.iter().position(|s| s.mid == mid && s.live)
    }

    pub(crate) fn uplink(&self, mid: Mid) -> Option<&Uplink> {
        self.uplinks.iter().find(|u| u.mid == mid)
    }
}

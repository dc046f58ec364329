//! One participant's connection: where it is, how it is encrypted, what it sends and what it receives.

use super::bindings::Bindings;
use super::bucket::{Bucket, Limit};
use super::downlink::Downlink;
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
    /// Where it was sent to last.
    pub reached: Option<Path>,
    pub outbound: Option<Outbound>,
    pub slots: Vec<Slot>,
    pub downlink: Downlink,

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
    pub budget: Bucket,
    /// What it may still send.
    pub uplink: Bucket,
    /// Keyframes that it may ask for.
    pub keyframe_budget: Bucket,
    /// Transport-wide feedback that is read.
    pub transport_budget: Bucket,
}

/// A burst as long as the outage that makes one NACK storm: half a second of a full conference. Then 20 % loss of 5000 packets/s.
pub(crate) const RETRANSMISSIONS: Limit = Limit { burst: 1024, each: Duration::from_millis(1) };
/// What one sender may bring, in tokens of [`UPLINK_TOKEN_BYTES`]: two cameras, a screen and sound at their best are below 15 Mbit/s. What
/// is beyond 40 Mbit/s or 10,000 packets/s is no client of ours, and all of it would go out to every receiver. 2 MB at once.
pub(crate) const UPLINK: Limit = Limit { burst: 4000, each: Duration::from_micros(100) };
/// Small packets cost as much work as these.
pub(crate) const UPLINK_TOKEN_BYTES: usize = 500;
/// A screen full of pictures that all lost one at once, and then one now and then: somebody who asks all the time must not make
/// publishers send nothing but keyframes. Seats' own requests are not counted.
pub(crate) const KEYFRAMES: Limit = Limit { burst: 12, each: Duration::from_secs(2) };
/// Browsers send 10 to 20 a second, and more at once after an outage.
pub(crate) const FEEDBACK: Limit = Limit { burst: 50, each: Duration::from_millis(20) };

impl Peer {
    /// Where ICE wants it to be reached, from now on.
    pub(crate) fn follow_ice(&mut self, now: Instant) {
        let selected = self.ice.selected_path();
        if selected != self.destination {
            self.downlink.moved(now, self.destination.or(self.reached), selected);
            self.reached = selected.or(self.reached);
            self.destination = selected;
        }
    }

    pub(crate) fn slot_index(&self, mid: Mid) -> Option<usize> {
        self.slots.iter().position(|s| s.mid == mid && s.live)
    }

    /// Somebody uses this SSRC here already: one transport is one RTP session, in which nobody may have another's (RFC 3550 §8).
    pub(crate) fn has_ssrc(&self, ssrc: u32) -> bool {
        let own = self.slots.iter().flat_map(|slot| [slot.ssrc, slot.rtx_ssrc]).chain([self.feedback.ssrc]);
        self.bindings.get(ssrc).is_some() || own.into_iter().any(|used| used == ssrc)
    }

    pub(crate) fn uplink(&self, mid: Mid) -> Option<&Uplink> {
        self.uplinks.iter().find(|u| u.mid == mid)
    }
}

//! One participant: who it is, what it publishes, and how it is reached.

use super::io::{ExternalId, LinkId, SocketId};
use super::seats::{Receiver, View};
use crate::names::DisplayName;
use crate::secret::ResumeSecret;
use crate::wire::{OfferedTrack, ParticipantId, ParticipantInfo, Role, SoundProfile, StreamKind, TrackInfo, TrackSource};
use auftakt_media::id::{MediaKind, Mid, TrackId};
use auftakt_media::worker::{Accepted, Muted};
use std::collections::BTreeMap;
use std::time::Instant;

/// On the roster.
#[derive(Debug)]
pub(super) struct Participant {
    pub(super) id: ParticipantId,
    /// Counts up with everybody who comes in; the id does with everybody who asks to.
    pub(super) order: u32,
    pub(super) name: DisplayName,
    pub(super) role: Role,
    pub(super) sound_profile: SoundProfile,
    pub(super) reach: Reach,
    /// What is forwarded to others.
    pub(super) tracks: Vec<Track>,
    /// Outlives tracks and connections: coming back never unmutes.
    pub(super) mutes: BTreeMap<TrackSource, Mute>,
    /// Its connection. `None` before the first offer, and for local participants.
    pub(super) receiver: Option<Receiver>,
    /// What its page shows. Outlives connections too.
    pub(super) view: View,
    /// Smaller numbers were raised earlier.
    pub(super) hand: Option<u32>,
    /// Somebody else shares now: its screen goes to nobody until it shares anew.
    pub(super) screen_taken: bool,
    /// Seats whose pictures it was told are paused.
    pub(super) told_paused: Vec<u16>,
}

/// How a participant is reached.
#[derive(Debug)]
pub(super) enum Reach {
    /// Through a WebSocket.
    Socket { socket: SocketId, pass: Pass },
    /// The socket is lost; the place is kept for a while.
    Lost { since: Instant, announced: bool, pass: Pass },
    /// Without a socket.
    External(ExternalId),
}

/// How somebody came in and comes back.
#[derive(Clone, Debug)]
pub(super) struct Pass {
    pub(super) link: LinkId,
    pub(super) secret: ResumeSecret,
    /// Let in while its socket was lost, it knows no other.
    pub(super) waited_with: Option<ResumeSecret>,
}

impl Pass {
    pub(super) fn opens_with(&self, given: &str) -> bool {
        self.secret.matches(given) || self.waited_with.as_ref().is_some_and(|secret| secret.matches(given))
    }
}

/// A published track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Track {
    pub(super) source: TrackSource,
    pub(super) id: TrackId,
    /// How many of its layers anybody gets, as its owner was told.
    pub(super) layers: Option<u8>,
}

/// A track of an offer, parsed.
#[derive(Clone, Copy, Debug)]
pub(super) struct WantedTrack {
    mid: Mid,
    source: TrackSource,
    muted: bool,
}

/// Who keeps a track silent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mute {
    pub(super) by_owner: bool,
    pub(super) by_other: bool,
}

impl Mute {
    pub(super) fn holds(self) -> bool {
        self.by_owner || self.by_other
    }

    pub(super) fn as_media(self) -> Muted {
        if self.holds() { Muted::Yes } else { Muted::No }
    }
}

impl Participant {
    pub(super) fn socket(&self) -> Option<SocketId> {
        match self.reach {
            Reach::Socket { socket, .. } => Some(socket),
            _ => None,
        }
    }

    pub(super) fn pass(&self) -> Option<&Pass> {
        match &self.reach {
            Reach::Socket { pass, .. } | Reach::Lost { pass, .. } => Some(pass),
            Reach::External(_) => None,
        }
    }

    /// Its socket is there, or was a moment ago.
    pub(super) fn is_present(&self) -> bool {
        !matches!(self.reach, Reach::Lost { announced: true, .. })
    }

    /// Its microphone is published and nobody keeps it silent.
    pub(super) fn has_open_microphone(&self) -> bool {
        self.track(TrackSource::Microphone).is_some() && !self.mute(TrackSource::Microphone).holds()
    }

    /// Played by this process: it has no connection of its own.
    pub(super) fn is_local(&self) -> bool {
        matches!(self.reach, Reach::External(_)) && self.receiver.is_none()
    }

    pub(super) fn track(&self, source: TrackSource) -> Option<TrackId> {
        self.tracks.iter().find(|track| track.source == source).map(|track| track.id)
    }

    pub(super) fn mute(&self, source: TrackSource) -> Mute {
        self.mutes.get(&source).copied().unwrap_or_default()
    }

    pub(super) fn info(&self) -> ParticipantInfo {
        let shown = self.tracks.iter().filter(|track| !(self.screen_taken && track.source.is_screen()));
        let tracks = shown.map(|track| {
            let mute = self.mute(track.source);
            TrackInfo { source: track.source, muted: mute.holds(), muted_by_other: mute.by_other }
        });
        ParticipantInfo {
            id: self.id,
            name: self.name.as_str().to_owned(),
            role: self.role,
            sound_profile: self.sound_profile,
            tracks: tracks.collect(),
            hand: self.hand,
            present: self.is_present(),
        }
    }

    /// What can sit in somebody's seat. `Main` is there from the start: initials are shown without a camera.
    pub(super) fn has_stream(&self, kind: StreamKind) -> bool {
        match kind {
            StreamKind::Main => true,
            StreamKind::SecondCamera | StreamKind::Screen => self.has_media(kind),
        }
    }

    /// Whether anything of the stream is published and may be forwarded.
    pub(super) fn has_media(&self, kind: StreamKind) -> bool {
        if self.screen_taken && kind == StreamKind::Screen {
            return false;
        }
        [kind.sound(), kind.picture()].into_iter().flatten().any(|source| self.track(source).is_some())
    }

    /// Takes over what the answer made of the offered tracks. Returns every mute the media plane has to know.
    pub(super) fn publish(&mut self, wanted: &[WantedTrack], accepted: &Accepted) -> Vec<(TrackId, Muted)> {
        let known = std::mem::take(&mut self.tracks);
        for track in wanted {
            let made = accepted.tracks.iter().find(|(mid, kind, _)| *mid == track.mid && *kind == track.source.media_kind());
            if let Some(&(_, _, id)) = made {
                let layers = known.iter().find(|known| known.id == id).and_then(|known| known.layers);
                self.tracks.push(Track { source: track.source, id, layers });
            }
        }
        self.tracks.iter().map(|track| (track.id, self.mute(track.source).as_media())).collect()
    }

    /// Notes how the owner wants its tracks. An offer can mute a source; it cannot unmute one. Returns what is published
    /// already and became silent by it.
    pub(super) fn note_wanted_mutes(&mut self, wanted: &[WantedTrack]) -> Vec<TrackId> {
        let mut silenced = Vec::new();
        for track in wanted.iter().filter(|track| track.muted) {
            let mute = self.mutes.entry(track.source).or_default();
            let held = mute.holds();
            mute.by_owner = true;
            silenced.extend(self.track(track.source).filter(|_| !held));
        }
        silenced
    }

    /// The owner took sources back by itself: when it brings them again, it says anew how.
    pub(super) fn forget_owner_mutes_except(&mut self, wanted: &[WantedTrack]) {
        for (source, mute) in &mut self.mutes {
            if !wanted.iter().any(|track| track.source == *source) {
                mute.by_owner = false;
            }
        }
    }
}

impl WantedTrack {
    /// `None` when a mid cannot be one, or a source or mid comes twice.
    pub(super) fn parse_all(offered: &[OfferedTrack]) -> Option<Vec<Self>> {
        let mut wanted: Vec<Self> = Vec::new();
        for track in offered {
            let mid = Mid::parse(&track.mid)?;
            // Each source at most once, which bounds the list.
            if wanted.iter().any(|known| known.source == track.source || known.mid == mid) {
                return None;
            }
            wanted.push(Self { mid, source: track.source, muted: track.muted });
        }
        Some(wanted)
    }

    /// For publishers that announce nothing (WHIP): the first of a kind is microphone or camera, the second the screen's.
    pub(super) fn by_order(accepted: &Accepted) -> Vec<Self> {
        let mut sound = [TrackSource::Microphone, TrackSource::ScreenSound].into_iter();
        let mut picture = [TrackSource::Camera, TrackSource::Screen].into_iter();
        let source = |kind: MediaKind| match kind {
            MediaKind::Audio => sound.next(),
            MediaKind::Video => picture.next(),
        };
        let sources: Vec<_> = accepted.tracks.iter().map(|(_, kind, _)| *kind).map(source).collect();
        let tracks = accepted.tracks.iter().zip(sources);
        tracks.filter_map(|((mid, _, _), source)| source.map(|source| Self { mid: *mid, source, muted: false })).collect()
    }
}

impl TrackSource {
    fn is_screen(self) -> bool {
        matches!(self, Self::Screen | Self::ScreenSound)
    }

    fn media_kind(self) -> MediaKind {
        match self {
            Self::Microphone | Self::ScreenSound => MediaKind::Audio,
            Self::Camera | Self::SecondCamera | Self::Screen => MediaKind::Video,
        }
    }
}

impl StreamKind {
    /// In the order in which a participant's streams take seats.
    pub(super) const ALL: [Self; 3] = [Self::Main, Self::Screen, Self::SecondCamera];

    pub(super) fn sound(self) -> Option<TrackSource> {
        match self {
            Self::Main => Some(TrackSource::Microphone),
            Self::Screen => Some(TrackSource::ScreenSound),
            Self::SecondCamera => None,
        }
    }

    pub(super) fn picture(self) -> Option<TrackSource> {
        match self {
            Self::Main => Some(TrackSource::Camera),
            Self::Screen => Some(TrackSource::Screen),
            Self::SecondCamera => Some(TrackSource::SecondCamera),
        }
    }
}

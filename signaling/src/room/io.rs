//! What goes into a room and what comes out of it.

use crate::names::{DisplayName, RoomName};
use crate::secret::ResumeSecret;
use crate::wire::{ClientMessage, ErrorCode, Role, RoomKind, ServerMessage, SoundProfile, TrackSource};
use auftakt_media::id::{Mid, PeerId, TrackId};
use auftakt_media::worker::{Accepted, Activity, Muted, OfferError, SeatMids, Viewing};
use std::time::{Duration, Instant};

/// One WebSocket. Given by the caller, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SocketId(pub u64);

/// Somebody without a WebSocket: a WHIP publisher, a WHEP subscriber, the bot musician. Given by the caller, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExternalId(pub u64);

/// One join link: the same link opened twice has the same id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LinkId(pub u64);

/// Names an offer while the media plane works on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OfferSerial(pub u64);

/// What a room is made of.
#[derive(Clone, Debug)]
pub struct RoomConfig {
    /// Its name.
    pub name: RoomName,
    /// Its kind.
    pub kind: RoomKind,
    /// How much it may hold.
    pub limits: Limits,
    /// What `now` is on the wall clock: an instant and its time since the UNIX epoch.
    pub wall_clock: (Instant, Duration),
}

/// How much a room may hold. Full: whoever comes is refused with a clear error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// People and external publishers.
    pub participants: usize,
    /// WHEP subscribers.
    pub viewers: usize,
    /// In a conference: how many are heard at once, beside moderators and who has the floor.
    pub heard: usize,
}

/// Does the link still admit newcomers?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// It does.
    Valid,
    /// It has expired: whoever is here may come back, nobody else may come.
    Expired,
}

/// Has somebody been let into this room before, by a proof that holds without this room's memory?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// No, or nothing proves it.
    New,
    /// Yes: in this very life of the room, or before the server was restarted. Need not wait again, unless removed since.
    Admitted,
}

/// Somebody opened a join link. Its signature has been checked.
#[derive(Clone, Debug)]
pub struct JoinRequest {
    /// Where the answer goes.
    pub socket: SocketId,
    /// Which link.
    pub link: LinkId,
    /// Whether it admits newcomers.
    pub link_state: LinkState,
    /// What the link makes of its holder.
    pub role: Role,
    /// What the person wants to be called.
    pub name: DisplayName,
    /// How the person sends sound.
    pub sound_profile: SoundProfile,
    /// The secret of an earlier [`ServerMessage::Welcome`] or [`ServerMessage::Waiting`].
    pub resume: Option<String>,
    /// What the given secret proves by itself.
    pub standing: Standing,
    /// Fresh randomness, used when this becomes a new participant.
    pub secret: ResumeSecret,
    /// Fresh randomness, used when this person has to wait first. It must prove no [`Standing::Admitted`] later.
    pub waiting_secret: ResumeSecret,
}

/// What an external connection is for.
#[derive(Clone, Debug)]
pub enum ExternalRole {
    /// WHIP: a participant who only sends.
    Publisher(DisplayName),
    /// WHEP: receives, and is on nobody's roster.
    Viewer(Vec<SeatMids>),
}

/// A first or later offer of an external connection.
#[derive(Clone, Debug)]
pub struct ExternalOffer {
    /// Who.
    pub external: ExternalId,
    /// What for; only the first offer decides.
    pub role: ExternalRole,
    /// The offer.
    pub sdp: String,
    /// A peer id that nobody uses, for the first offer.
    pub spare: PeerId,
}

/// Bad news about a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerTrouble {
    /// Nothing heard for 30 s; it may come back.
    Silent,
    /// It is dead.
    Failed,
}

/// Does a receiver's network carry a picture?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// It does.
    Fed,
    /// It does not, now.
    Starved,
}

/// Everything that can happen to a room.
#[derive(Clone, Debug)]
pub enum Input {
    /// Somebody wants to come in.
    Join(JoinRequest),
    /// A message on a socket.
    FromSocket {
        /// Which socket.
        socket: SocketId,
        /// What it says. `Join` belongs into [`Input::Join`].
        message: ClientMessage,
        /// A peer id that nobody uses, for the case that this is the first offer of a connection.
        spare: PeerId,
    },
    /// A socket is gone, for whatever reason.
    SocketLost(SocketId),
    /// The media plane's answer to [`MediaCommand::Offer`].
    OfferAnswered {
        /// Which offer.
        serial: OfferSerial,
        /// What became of it.
        result: Result<Accepted, OfferError>,
    },
    /// An external connection makes an offer.
    ExternalOffer(ExternalOffer),
    /// The process itself plays something.
    AddLocal {
        /// Who.
        external: ExternalId,
        /// As what it appears.
        name: DisplayName,
        /// How it sounds.
        sound_profile: SoundProfile,
        /// Its local tracks.
        tracks: Vec<(TrackSource, TrackId)>,
    },
    /// An external connection ended properly.
    RemoveExternal(ExternalId),
    /// Bad news about a connection.
    PeerTrouble {
        /// Which.
        peer: PeerId,
        /// What.
        trouble: PeerTrouble,
    },
    /// A published sound began, changed, or ended.
    Activity {
        /// Whose connection.
        peer: PeerId,
        /// Which track.
        track: TrackId,
        /// How it sounds now.
        activity: Activity,
    },
    /// How much of a published picture anybody gets.
    LayersWanted {
        /// Whose connection.
        peer: PeerId,
        /// Which track.
        track: TrackId,
        /// How many simulcast layers, counted from the smallest.
        layers: u8,
    },
    /// The receiver's network does not carry the picture of a section, or does again.
    Picture {
        /// Whose section.
        peer: PeerId,
        /// Which.
        mid: Mid,
        /// Whether it is carried.
        flow: Flow,
    },
    /// The server stops: everybody is told and let go.
    Shutdown,
}

/// Everything a room wants done, in this order.
#[derive(Clone, Debug)]
pub enum Output {
    /// For one socket.
    Send {
        /// Which.
        socket: SocketId,
        /// What.
        message: ServerMessage,
    },
    /// For several sockets: to be serialized once.
    Broadcast {
        /// Which.
        sockets: Vec<SocketId>,
        /// What.
        message: ServerMessage,
    },
    /// After what was sent before: close it. It needs no [`Input::SocketLost`] any more.
    Close {
        /// Which.
        socket: SocketId,
        /// Why.
        reason: CloseReason,
    },
    /// For the media plane.
    Media(MediaCommand),
    /// For an external connection.
    External {
        /// Which.
        external: ExternalId,
        /// What.
        event: ExternalEvent,
    },
    /// Nobody is here any more, and nobody came back: the room may be forgotten.
    Ended,
}

/// What the media plane is to do for a room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MediaCommand {
    /// Answer it; the answer comes back as [`Input::OfferAnswered`].
    Offer {
        /// To find it again.
        serial: OfferSerial,
        /// Whose.
        peer: PeerId,
        /// The offer.
        sdp: String,
        /// Which sections belong together.
        seats: Vec<SeatMids>,
    },
    /// Forget the connection and its tracks.
    Remove(PeerId),
    /// From now on this section plays that track.
    Assign {
        /// Whose section.
        peer: PeerId,
        /// Which section.
        mid: Mid,
        /// What it plays.
        source: Option<TrackId>,
    },
    /// How the picture of a section is looked at.
    SetViewing {
        /// Whose section.
        peer: PeerId,
        /// Which section.
        mid: Mid,
        /// How.
        viewing: Viewing,
    },
    /// From now on this track is forwarded, or not.
    SetMuted(TrackId, Muted),
}

/// What an external connection is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExternalEvent {
    /// Its offer was accepted; here is the answer.
    Answered(String),
    /// Its offer was refused. After a first offer, it is gone.
    Refused(ExternalRefusal),
    /// It is no longer in the room.
    Ended,
}

/// Why an external offer was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExternalRefusal {
    /// No place left.
    RoomFull,
    /// The offer cannot be answered.
    Offer(OfferError),
    /// Nobody by this id.
    Unknown,
}

/// Why the server closes a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// The participant left.
    Left,
    /// See the error that was sent before. Coming back in the same way will fail in the same way.
    Fatal(ErrorCode),
    /// The server stops. Come back.
    ServerStops,
}

impl CloseReason {
    /// The close code on the WebSocket (RFC 6455 §7.4).
    pub fn code(self) -> u16 {
        match self {
            Self::Left => 1000,
            Self::ServerStops => 1001,
            // For whoever comes back by itself: these pass.
            Self::Fatal(ErrorCode::TooSlow | ErrorCode::TooFast | ErrorCode::ServerFault) => 1013,
            Self::Fatal(_) => 4000,
        }
    }
}

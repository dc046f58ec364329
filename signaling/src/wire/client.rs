//! What the browser says.

use super::{OfferedSeat, OfferedTrack, ParticipantId, Reaction, ScreenPolicy, SeatSize, SeatedStream, SoundProfile, TrackSource};
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// From the browser to the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientMessage {
    /// The first message on every socket.
    Join {
        /// [`super::PROTOCOL_VERSION`] of the client.
        version: u32,
        /// The token of the join link.
        token: String,
        /// Display name; the link's own name is the suggestion.
        name: String,
        /// How sound will be sent.
        sound_profile: SoundProfile,
        /// From `Welcome`, to continue after a lost socket.
        resume: Option<String>,
    },
    /// A new offer: the first one, more tracks or seats, or an ICE restart. Answered with `Answer` of the same `id` or `Error` with it.
    Offer {
        /// Chosen by the client; counts up.
        id: u32,
        /// The offer.
        sdp: String,
        /// Everything that is sent from now on: what is missing here is no longer published.
        tracks: Vec<OfferedTrack>,
        /// All seats from now on, by index.
        seats: Vec<OfferedSeat>,
        /// True when the offer comes from a new peer connection: the old one is thrown away.
        fresh: bool,
    },
    /// The owner mutes or unmutes one of its tracks.
    SetMuted {
        /// Which of its own tracks.
        source: TrackSource,
        /// Whether it is silent from now on.
        muted: bool,
    },
    /// A teacher or moderator mutes somebody else. There is no way to unmute somebody else.
    MuteOther {
        /// Who.
        participant: ParticipantId,
        /// Which of its tracks.
        source: TrackSource,
    },
    /// Tells the others how sound is sent from now on.
    SetSoundProfile {
        /// How.
        profile: SoundProfile,
    },
    /// Says something.
    Chat {
        /// At most 2000 characters.
        text: String,
        /// To one participant alone; `null`: to everybody in the room.
        to: Option<ParticipantId>,
    },
    /// What this page shows, in a conference. In a lesson the seats have an order of their own, and only the sizes count.
    SetView {
        /// Streams to show before all others, most important first: what is pinned, and the tiles of the page of the grid that is open. Who
        /// is named and has a seat keeps it. Seats that are left go to shared screens, the spotlight, who speaks, and who spoke last.
        wanted: Vec<SeatedStream>,
        /// Of `wanted`, how many (from the front) the viewer has pinned: they get their picture before all others.
        pinned: u16,
        /// By seat index. A seat without one is shown large.
        sizes: Vec<SeatSize>,
    },
    /// Raises or lowers one's own hand.
    RaiseHand {
        /// Up or down.
        up: bool,
    },
    /// A sign to everybody.
    React {
        /// Which.
        reaction: Reaction,
    },
    /// A moderator lets somebody in who waits.
    Admit {
        /// Who; unknown ones are ignored.
        participants: Vec<ParticipantId>,
    },
    /// A moderator lets everybody in who waits.
    AdmitAll,
    /// A moderator turns away somebody who waits.
    Dismiss {
        /// Who.
        participant: ParticipantId,
    },
    /// A moderator removes somebody; whoever was removed waits in the lobby when coming again.
    Remove {
        /// Who.
        participant: ParticipantId,
    },
    /// A moderator locks or opens the room.
    SetLocked {
        /// Locked from now on.
        locked: bool,
    },
    /// A moderator mutes all microphones but the own one and those of other moderators.
    MuteAll,
    /// A moderator asks somebody to unmute the microphone. Only its owner can.
    AskUnmute {
        /// Who.
        participant: ParticipantId,
    },
    /// A moderator lowers somebody's hand.
    LowerHand {
        /// Whose.
        participant: ParticipantId,
    },
    /// A moderator gives somebody the floor, or takes it back. A hand that is up goes down.
    GiveFloor {
        /// `null`: nobody has it.
        participant: Option<ParticipantId>,
    },
    /// A moderator puts a stream in everybody's view.
    SetSpotlight {
        /// `null`: nobody.
        stream: Option<SeatedStream>,
    },
    /// A moderator says how many may share their screen.
    SetScreens {
        /// How many.
        screens: ScreenPolicy,
    },
    /// Answered with `Pong` at once: keeps the socket alive and measures the signalling round trip.
    Ping {
        /// Comes back in the `Pong`.
        id: u32,
    },
    /// Leaves at once, without the 30 s of a lost socket. The server closes the socket.
    Leave,
}

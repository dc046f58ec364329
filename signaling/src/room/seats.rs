//! Who sits in whose seats, and which track therefore plays in which section.

use super::io::{MediaCommand, Output};
use super::participant::Participant;
use crate::wire::{OfferedSeat, ParticipantId, SeatedStream, StreamKind};
use auftakt_media::id::{MediaKind, Mid, PeerId, TrackId};
use auftakt_media::worker::{Accepted, SeatMids};
use std::collections::BTreeMap;

/// Seats that one receiver may offer: more than any screen shows at once.
pub const SEATS_MAX: usize = 64;

/// A connection that may receive.
#[derive(Debug)]
pub(super) struct Receiver {
    pub(super) peer: PeerId,
    seats: Vec<Seat>,
    answered: bool,
}

/// One seat: a pair of sections and who sits in it.
#[derive(Clone, Debug, Default)]
struct Seat {
    sound: Section,
    picture: Section,
    occupant: Option<SeatedStream>,
}

/// One recvonly section of a receiver.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Section {
    mid: Option<Mid>,
    /// What the media plane was last told.
    plays: Option<TrackId>,
}

/// Who may sit in the seats of a receiver.
#[derive(Clone, Copy, Debug)]
pub(super) enum Audience {
    /// A participant: everybody else, with or without media.
    Participant(ParticipantId),
    /// A viewer who knows no roster: only who publishes something.
    Viewer,
}

/// All streams in the room, in the order in which they came to be.
pub(super) type Streams = Vec<SeatedStream>;
type Participants = BTreeMap<ParticipantId, Participant>;

impl Receiver {
    pub(super) fn new(peer: PeerId) -> Self {
        Self { peer, seats: Vec::new(), answered: false }
    }

    /// No offer of it has been accepted so far.
    pub(super) fn is_unanswered(&self) -> bool {
        !self.answered
    }

    /// Notes that an offer was accepted.
    pub(super) fn note_answered(&mut self) {
        self.answered = true;
    }

    /// By seat index.
    pub(super) fn occupants(&self) -> Vec<Option<SeatedStream>> {
        self.seats.iter().map(|seat| seat.occupant).collect()
    }

    /// The seats of an accepted offer. Who sits somewhere already stays there.
    pub(super) fn offer_seats(&mut self, wanted: &[SeatMids], accepted: &Accepted) {
        let section = |mid: Option<Mid>, kind: MediaKind, known: Section| {
            let mid = mid.filter(|mid| accepted.downlinks.contains(&(*mid, kind)));
            if mid == known.mid { known } else { Section { mid, plays: None } }
        };
        let known = std::mem::take(&mut self.seats);
        self.seats = wanted
            .iter()
            .enumerate()
            .map(|(index, mids)| {
                let known = known.get(index).cloned().unwrap_or_default();
                Seat {
                    sound: section(mids.audio, MediaKind::Audio, known.sound),
                    picture: section(mids.video, MediaKind::Video, known.picture),
                    occupant: known.occupant,
                }
            })
            .collect();
    }

    /// Fills the seats anew: whoever is still there stays, the next in line takes what is free. True when somebody moved.
    pub(super) fn fill(&mut self, audience: Audience, streams: &Streams, participants: &Participants) -> bool {
        let may_sit = |stream: &SeatedStream| match audience {
            Audience::Participant(me) => stream.participant != me,
            Audience::Viewer => participants.get(&stream.participant).is_some_and(|p| p.has_media(stream.stream)),
        };
        let mut moved = false;
        for seat in &mut self.seats {
            if seat.occupant.is_some_and(|stream| !streams.contains(&stream) || !may_sit(&stream)) {
                seat.occupant = None;
                moved = true;
            }
        }
        let seated: Vec<SeatedStream> = self.seats.iter().filter_map(|seat| seat.occupant).collect();
        let mut waiting = streams.iter().filter(|stream| may_sit(stream) && !seated.contains(stream));
        for seat in self.seats.iter_mut().filter(|seat| seat.occupant.is_none()) {
            let Some(next) = waiting.next() else { break };
            seat.occupant = Some(*next);
            moved = true;
        }
        moved
    }

    /// Tells the media plane what each section plays, where that changed.
    pub(super) fn assign(&mut self, participants: &Participants, out: &mut impl Extend<Output>) {
        let peer = self.peer;
        for seat in &mut self.seats {
            let occupant = seat.occupant.and_then(|stream| Some((participants.get(&stream.participant)?, stream.stream)));
            let sound = occupant.and_then(|(participant, stream)| participant.track(stream.sound()?));
            let picture = occupant.and_then(|(participant, stream)| participant.track(stream.picture()?));
            for (section, source) in [(&mut seat.sound, sound), (&mut seat.picture, picture)] {
                let Some(mid) = section.mid.filter(|_| section.plays != source) else { continue };
                section.plays = source;
                out.extend([Output::Media(MediaCommand::Assign { peer, mid, source })]);
            }
        }
    }
}

/// Keeps the line of streams in order of appearance.
pub(super) fn update_streams(streams: &mut Streams, participants: &Participants) {
    let exists = |stream: &SeatedStream| participants.get(&stream.participant).is_some_and(|p| p.has_stream(stream.stream));
    streams.retain(exists);
    for (&participant, who) in participants {
        for stream in StreamKind::ALL {
            let seated = SeatedStream { participant, stream };
            if who.has_stream(stream) && !streams.contains(&seated) {
                streams.push(seated);
            }
        }
    }
}

/// `None` when a mid cannot be one, or comes twice, or there are too many.
pub(super) fn parse_seats(offered: &[OfferedSeat]) -> Option<Vec<SeatMids>> {
    if offered.len() > SEATS_MAX {
        return None;
    }
    let mut seen = Vec::new();
    let mut mid = |text: &str| {
        let mid = Mid::parse(text).filter(|mid| !seen.contains(mid))?;
        seen.push(mid);
        Some(mid)
    };
    offered
        .iter()
        .map(|seat| {
            let audio = Some(mid(&seat.audio_mid)?);
            let video = match &seat.video_mid {
                Some(text) => Some(mid(text)?),
                None => None,
            };
            Some(SeatMids { audio, video })
        })
        .collect()
}

//! The seats of one receiver, and which track therefore plays in which section.

use super::Room;
use super::io::{MediaCommand, Output};
use super::participant::Participant;
use super::seating::{self, HeardStream};
use crate::wire::{OfferedSeat, ParticipantId, RoomKind, SeatSize, SeatedStream, ServerMessage, StreamKind};
use auftakt_media::id::{MediaKind, Mid, PeerId, TrackId};
use auftakt_media::worker::{Accepted, Importance, SeatMids, Viewing};
use std::collections::{BTreeMap, BTreeSet};

/// Seats that one receiver may offer: more than any screen shows at once.
pub const SEATS_MAX: usize = 64;
/// Streams that a page may name in one view: more than any screen shows. More: refused.
const WANTED_MAX: usize = 128;

/// A connection that may receive.
#[derive(Debug)]
pub(super) struct Receiver {
    pub(super) peer: PeerId,
    seats: Vec<Seat>,
    answered: bool,
    /// Its page waits to hear who sits in the seats it has now.
    untold: bool,
}

/// One seat: a pair of sections and who sits in it.
#[derive(Clone, Debug, Default)]
struct Seat {
    /// Offered with a section for a picture; else for sound alone.
    shows: bool,
    sound: Section,
    picture: Section,
    /// What the media plane was last told of the picture.
    viewing: Option<Viewing>,
    /// The receiver's network does not carry the picture now.
    starved: bool,
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

/// What a page shows, in bounds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct View {
    wanted: Vec<SeatedStream>,
    pinned: usize,
    sizes: Vec<SeatSize>,
}

impl View {
    /// `None` when there is more in it than any page shows. Whom it names need not be there.
    pub(super) fn parse(wanted: Vec<SeatedStream>, pinned: u16, sizes: Vec<SeatSize>) -> Option<Self> {
        let fits = wanted.len() <= WANTED_MAX && sizes.len() <= SEATS_MAX && usize::from(pinned) <= wanted.len();
        fits.then(|| Self { wanted, pinned: pinned.into(), sizes })
    }

    fn size(&self, seat: usize) -> SeatSize {
        self.sizes.get(seat).copied().unwrap_or(SeatSize { width: u16::MAX, height: u16::MAX })
    }
}

/// All streams in the room, in the order in which they came to be.
pub(super) type Streams = Vec<SeatedStream>;
type Participants = BTreeMap<ParticipantId, Participant>;

/// What all receivers of a room have in common: computed once, used for each.
#[derive(Debug, Default)]
pub(super) struct Stage {
    /// All streams, the most important first.
    order: Vec<SeatedStream>,
    /// Each with its sound, the most important first.
    heard: Vec<HeardStream>,
    /// Whose picture counts more than others': speakers, the floor, who spoke last.
    speaking: BTreeSet<ParticipantId>,
    spotlight: Option<SeatedStream>,
}

impl Receiver {
    pub(super) fn new(peer: PeerId) -> Self {
        Self { peer, seats: Vec::new(), answered: false, untold: false }
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

    /// Seats whose pictures are not carried now, ascending.
    pub(super) fn paused(&self) -> Vec<u16> {
        let starved = self.seats.iter().enumerate().filter(|(_, seat)| seat.starved);
        starved.filter_map(|(index, _)| u16::try_from(index).ok()).collect()
    }

    /// Notes whether the picture of a section is carried. False when there is no such section.
    pub(super) fn note_flow(&mut self, mid: Mid, starved: bool) -> bool {
        let seat = self.seats.iter_mut().find(|seat| seat.picture.mid == Some(mid));
        seat.map(|seat| seat.starved = starved).is_some()
    }

    /// The seats of an accepted offer. Who sits somewhere already stays there.
    pub(super) fn offer_seats(&mut self, wanted: &[SeatMids], accepted: &Accepted) {
        let section = |mid: Option<Mid>, kind: MediaKind, known: Section| {
            let mid = mid.filter(|mid| accepted.downlinks.contains(&(*mid, kind)));
            if mid == known.mid { known } else { Section { mid, plays: None } }
        };
        self.untold = true;
        let known = std::mem::take(&mut self.seats);
        self.seats = wanted
            .iter()
            .enumerate()
            .map(|(index, mids)| {
                let known = known.get(index).cloned().unwrap_or_default();
                let picture = section(mids.video, MediaKind::Video, known.picture);
                let same = picture == known.picture;
                Seat {
                    shows: mids.video.is_some(),
                    sound: section(mids.audio, MediaKind::Audio, known.sound),
                    picture,
                    viewing: known.viewing.filter(|_| same),
                    starved: known.starved && same,
                    occupant: known.occupant,
                }
            })
            .collect();
    }

    /// Fills the seats anew: whoever is still there stays, the next in line takes what is free.
    fn fill_in_order(&mut self, audience: Audience, streams: &Streams, participants: &Participants) {
        let may_sit = |stream: &SeatedStream| match audience {
            Audience::Participant(me) => stream.participant != me,
            Audience::Viewer => participants.get(&stream.participant).is_some_and(|p| p.has_media(stream.stream)),
        };
        for seat in &mut self.seats {
            seat.occupant = seat.occupant.filter(|stream| streams.contains(stream) && may_sit(stream));
        }
        let seated: Vec<SeatedStream> = self.seats.iter().filter_map(|seat| seat.occupant).collect();
        let waiting = streams.iter().filter(|stream| may_sit(stream) && !seated.contains(stream));
        let free = self.seats.iter_mut().filter(|seat| seat.occupant.is_none());
        free.zip(waiting).for_each(|(seat, next)| seat.occupant = Some(*next));
    }

    /// Fills the seats by what the viewer wants to see and who is to be heard.
    fn fill_by_view(&mut self, me: ParticipantId, view: &View, stage: &Stage, exists: &BTreeSet<SeatedStream>) {
        let wanted = view.wanted.iter().filter(|stream| exists.contains(stream));
        let order = wanted.chain(&stage.order).copied().filter(|stream| stream.participant != me);
        let (mut pictures, mut sounds): (Vec<&mut Seat>, Vec<&mut Seat>) = self.seats.iter_mut().partition(|seat| seat.shows);
        seating::fill_pictures(pictures.iter_mut().map(|seat| &mut seat.occupant), order);
        let audible: Vec<SeatedStream> = pictures.iter().filter(|seat| seat.sound.mid.is_some()).filter_map(|seat| seat.occupant).collect();
        let heard: Vec<HeardStream> = stage.heard.iter().copied().filter(|heard| heard.stream.participant != me).collect();
        let mut occupants: Vec<Option<SeatedStream>> = sounds.iter().map(|seat| seat.occupant).collect();
        seating::fill_sounds(&mut occupants, &audible, &heard);
        sounds.iter_mut().zip(occupants).for_each(|(seat, occupant)| seat.occupant = occupant);
    }

    /// Tells the media plane what each section plays, where that changed. `heard`: only these sound, each in one place.
    fn assign(&mut self, participants: &Participants, heard: Option<&[HeardStream]>, out: &mut impl Extend<Output>) {
        let peer = self.peer;
        let beside: Vec<SeatedStream> = self.seats.iter().filter(|seat| !seat.shows).filter_map(|seat| seat.occupant).collect();
        for seat in &mut self.seats {
            let occupant = seat.occupant.and_then(|stream| Some((participants.get(&stream.participant)?, stream.stream)));
            let sounds = |stream: SeatedStream| match heard {
                None => true,
                Some(heard) => heard.iter().any(|h| h.stream == stream) && !(seat.shows && beside.contains(&stream)),
            };
            let audible = seat.occupant.is_some_and(sounds);
            let sound = occupant.filter(|_| audible).and_then(|(participant, stream)| participant.track(stream.sound()?));
            let picture = occupant.and_then(|(participant, stream)| participant.track(stream.picture()?));
            for (section, source) in [(&mut seat.sound, sound), (&mut seat.picture, picture)] {
                let Some(mid) = section.mid.filter(|_| section.plays != source) else { continue };
                section.plays = source;
                out.extend([Output::Media(MediaCommand::Assign { peer, mid, source })]);
            }
        }
    }

    /// Tells the media plane how the pictures are looked at, where that changed. An empty seat is looked at by nobody.
    fn view(&mut self, view: &View, stage: &Stage, out: &mut impl Extend<Output>) {
        let peer = self.peer;
        for (index, seat) in self.seats.iter_mut().enumerate() {
            let (Some(mid), Some(occupant)) = (seat.picture.mid, seat.occupant) else { continue };
            let SeatSize { width, height } = view.size(index);
            let pinned = view.wanted.iter().take(view.pinned).any(|stream| *stream == occupant);
            let importance = match occupant.stream {
                StreamKind::Screen => Importance::Screen,
                _ if pinned || stage.spotlight == Some(occupant) => Importance::Pinned,
                StreamKind::Main if stage.speaking.contains(&occupant.participant) => Importance::Speaking,
                _ => Importance::Ordinary,
            };
            let viewing = Viewing { width, height, importance };
            if seat.viewing.replace(viewing) != Some(viewing) {
                out.extend([Output::Media(MediaCommand::SetViewing { peer, mid, viewing })]);
            }
        }
    }
}

impl Room {
    /// Fills the seats of everybody whose seats may have to change.
    pub(super) fn fill_seats(&mut self) {
        if std::mem::take(&mut self.stale.everybody) {
            update_streams(&mut self.streams, &self.participants);
            self.stage = self.stage();
            self.stale.receivers.extend(self.participants.keys());
            for viewer in self.viewers.values_mut() {
                viewer.fill_in_order(Audience::Viewer, &self.streams, &self.participants);
                viewer.assign(&self.participants, None, &mut self.outputs);
            }
        }
        let due = std::mem::take(&mut self.stale.receivers);
        if due.is_empty() {
            return;
        }
        let exists: BTreeSet<SeatedStream> = self.streams.iter().copied().collect();
        due.into_iter().for_each(|id| self.fill_seats_of(id, &exists));
    }

    fn fill_seats_of(&mut self, id: ParticipantId, exists: &BTreeSet<SeatedStream>) {
        // The receiver leaves its place while the others are looked at.
        let Some(participant) = self.participants.get_mut(&id) else { return };
        let Some(mut receiver) = participant.receiver.take() else { return };
        let (socket, view) = (participant.socket(), std::mem::take(&mut participant.view));
        let before = receiver.occupants();
        let heard = match self.config.kind {
            RoomKind::Lesson => {
                receiver.fill_in_order(Audience::Participant(id), &self.streams, &self.participants);
                None
            }
            RoomKind::Conference => {
                receiver.fill_by_view(id, &view, &self.stage, exists);
                Some(&self.stage.heard[..])
            }
        };
        // First how it is looked at: who begins there begins as it should be.
        receiver.view(&view, &self.stage, &mut self.outputs);
        receiver.assign(&self.participants, heard, &mut self.outputs);
        let seats = receiver.occupants();
        let news = std::mem::take(&mut receiver.untold) || seats != before;
        if let Some(socket) = socket.filter(|_| news) {
            self.outputs.push_back(Output::Send { socket, message: ServerMessage::Seats { seats } });
        }
        if let Some(participant) = self.participants.get_mut(&id) {
            (participant.receiver, participant.view) = (Some(receiver), view);
        }
    }

    fn stage(&self) -> Stage {
        let speaking = self.voices.speaking();
        let mut spoke: Vec<(u64, ParticipantId)> = self.participants.keys().map(|id| (self.voices.spoke(*id), *id)).collect();
        spoke.retain(|(when, _)| *when > 0);
        spoke.sort_by_key(|(when, _)| std::cmp::Reverse(*when));
        let last = spoke.first().map(|(_, id)| *id);
        let speakers = speaking.iter().copied().chain(spoke.into_iter().map(|(_, id)| id));
        Stage {
            order: seating::ranking(&self.streams, &self.settings, speakers),
            heard: self.heard_streams(),
            speaking: speaking.iter().copied().chain(self.settings.floor).chain(last.filter(|_| speaking.is_empty())).collect(),
            spotlight: self.settings.spotlight,
        }
    }

    /// Screens' sounds always, and the microphones that are heard.
    fn heard_streams(&self) -> Vec<HeardStream> {
        let mut heard: Vec<HeardStream> = Vec::new();
        for stream in self.streams.iter().filter(|stream| stream.stream == StreamKind::Screen) {
            let Some(participant) = self.participants.get(&stream.participant) else { continue };
            if stream.stream.sound().is_some_and(|source| participant.track(source).is_some()) {
                heard.push(HeardStream { stream: *stream, sounds: true, first: true });
            }
        }
        let speaking = self.voices.speaking();
        heard.extend(self.voices.heard().iter().map(|id| HeardStream {
            stream: SeatedStream { participant: *id, stream: StreamKind::Main },
            sounds: speaking.contains(id),
            first: self.is_always_heard(*id),
        }));
        heard
    }
}

/// Keeps the line of streams in order of appearance.
pub(super) fn update_streams(streams: &mut Streams, participants: &Participants) {
    let exists = |stream: &SeatedStream| participants.get(&stream.participant).is_some_and(|p| p.has_stream(stream.stream));
    streams.retain(exists);
    let known: BTreeSet<SeatedStream> = streams.iter().copied().collect();
    let mut new: Vec<(u32, SeatedStream)> = Vec::new();
    for (&participant, who) in participants {
        let seated = StreamKind::ALL.into_iter().map(|stream| SeatedStream { participant, stream });
        new.extend(seated.filter(|seated| who.has_stream(seated.stream) && !known.contains(seated)).map(|seated| (who.order, seated)));
    }
    // Stable: one's own streams stay in their order.
    new.sort_by_key(|(order, _)| *order);
    streams.extend(new.into_iter().map(|(_, stream)| stream));
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

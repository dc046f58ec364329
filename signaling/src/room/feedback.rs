//! What the media plane says, passed on: who sounds, which layers are wanted, which pictures are paused.

use super::Room;
use super::io::{Flow, Output, SocketId};
use super::participant::Participant;
use super::voices::{Claim, OpenMicrophone};
use crate::wire::{ParticipantId, ServerMessage, Speakers, TrackSource};
use auftakt_media::id::{Mid, PeerId, TrackId};
use auftakt_media::worker::Activity;
use std::time::{Duration, Instant};

/// Several pictures stop at once; they are told together after this long.
const PAUSES_GATHER: Duration = Duration::from_millis(100);

impl Room {
    fn owner_of(&mut self, peer: PeerId) -> Option<&mut Participant> {
        self.participants.values_mut().find(|p| p.receiver.as_ref().is_some_and(|receiver| receiver.peer == peer))
    }

    pub(super) fn note_activity(&mut self, now: Instant, peer: PeerId, track: TrackId, activity: Activity) {
        // A shared screen's sound is always heard, and is nobody's voice.
        let speaker = self.owner_of(peer).filter(|p| p.track(TrackSource::Microphone) == Some(track)).map(|p| p.id);
        if let Some(id) = speaker {
            self.voices.note(now, id, activity);
            self.voices_stale = true;
        }
    }

    pub(super) fn note_layers_wanted(&mut self, peer: PeerId, track: TrackId, layers: u8) {
        let Some(owner) = self.owner_of(peer) else { return };
        let socket = owner.socket();
        let Some(track) = owner.tracks.iter_mut().find(|known| known.id == track) else { return };
        let source = track.source;
        if track.layers.replace(layers) != Some(layers)
            && let Some(socket) = socket
        {
            self.send(socket, ServerMessage::SendLayers { source, layers });
        }
    }

    pub(super) fn note_flow(&mut self, now: Instant, peer: PeerId, mid: Mid, flow: Flow) {
        let receiver = self.owner_of(peer).and_then(|owner| owner.receiver.as_mut());
        if receiver.is_some_and(|receiver| receiver.note_flow(mid, flow == Flow::Starved)) {
            self.pauses_due.get_or_insert(now + PAUSES_GATHER);
        }
    }

    /// Everybody whose paused pictures are others than it was told.
    pub(super) fn tell_pauses(&mut self) {
        self.pauses_due = None;
        for participant in self.participants.values_mut() {
            let paused = participant.receiver.as_ref().map(|receiver| receiver.paused()).unwrap_or_default();
            if paused != participant.told_paused {
                participant.told_paused.clone_from(&paused);
                if let Some(socket) = participant.socket() {
                    self.outputs.push_back(Output::Send { socket, message: ServerMessage::PicturesPaused { seats: paused } });
                }
            }
        }
    }

    /// What no snapshot holds: whoever comes back to its connection hears again how it is.
    pub(super) fn tell_media_again(&mut self, id: ParticipantId, socket: SocketId) {
        let Some(participant) = self.participants.get(&id) else { return };
        let layers = participant.tracks.iter().filter_map(|track| Some((track.source, track.layers?)));
        let mut messages: Vec<ServerMessage> = layers.map(|(source, layers)| ServerMessage::SendLayers { source, layers }).collect();
        if !participant.told_paused.is_empty() {
            messages.push(ServerMessage::PicturesPaused { seats: participant.told_paused.clone() });
        }
        messages.into_iter().for_each(|message| self.send(socket, message));
    }

    /// Decides anew who speaks and who is heard.
    pub(super) fn update_voices(&mut self, now: Instant) {
        let mut open: Vec<(u32, OpenMicrophone)> = Vec::new();
        for participant in self.participants.values().filter(|p| p.has_open_microphone()) {
            let claim = if self.is_always_heard(participant.id) { Claim::Always } else { Claim::Loudness };
            open.push((participant.order, OpenMicrophone { id: participant.id, claim }));
        }
        open.sort_by_key(|(order, _)| *order);
        let open: Vec<OpenMicrophone> = open.into_iter().map(|(_, microphone)| microphone).collect();
        if self.voices.update(now, &open) {
            self.stale.everybody = true;
            self.speaker_news.mark();
        }
    }

    /// By right, however many others sound.
    pub(super) fn is_always_heard(&self, id: ParticipantId) -> bool {
        self.settings.floor == Some(id) || self.participants.get(&id).is_some_and(|p| p.role.leads())
    }

    pub(super) fn speakers(&self) -> Speakers {
        Speakers { speaking: self.voices.speaking().to_vec(), heard: self.voices.heard().to_vec() }
    }

    pub(super) fn tell_speakers(&mut self) {
        let speakers = self.speakers();
        if speakers != self.told_speakers {
            self.told_speakers = speakers.clone();
            self.broadcast(None, ServerMessage::Speakers { speakers });
        }
    }
}

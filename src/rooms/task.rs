//! The task that owns one room: carries messages in and decisions out.

use super::outbox::{Frame, Outbox, TooSlow};
use super::{Local, MAILBOX, RoomHandle, Rooms, ToRoom};
use crate::media_io::{MediaPlace, OfferError};
use auftakt_media::worker::{self, Accepted};
use auftakt_signaling::wire::{RoomKind, ServerMessage};
use auftakt_signaling::{
    ExternalEvent, ExternalId, ExternalOffer, ExternalRefusal, Input, MediaCommand, OfferSerial, Output, Room, RoomConfig, RoomName,
    SocketId,
};
use axum::extract::ws::Utf8Bytes;
use std::collections::HashMap;
use std::time::Instant;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

struct RoomTask {
    rooms: Rooms,
    name: RoomName,
    handle: RoomHandle,
    place: MediaPlace,
    mailbox: mpsc::Receiver<ToRoom>,
    room: Room,
    sockets: HashMap<SocketId, Outbox>,
    externals: HashMap<ExternalId, External>,
    /// Offers that the media plane works on: the room goes on meanwhile.
    offers: JoinSet<(OfferSerial, Result<Accepted, worker::OfferError>)>,
}

struct External {
    /// Waits for the answer to the offer under way.
    answer: Option<oneshot::Sender<Result<String, ExternalRefusal>>>,
    /// Its first offer was accepted.
    admitted: bool,
    /// Dropped when it is gone.
    _ended: oneshot::Sender<()>,
}

#[derive(PartialEq, Eq)]
enum Life {
    GoesOn,
    Ended,
}

/// Starts a room. It takes itself out of the registry when it ends.
pub(super) fn start(rooms: Rooms, name: RoomName, kind: RoomKind) -> RoomHandle {
    let (sender, mailbox) = mpsc::channel(MAILBOX);
    let place = rooms.0.media.place();
    let handle = RoomHandle { life: rooms.next_life(), mailbox: sender, media: place.media().clone() };
    let config = RoomConfig { name: name.clone(), kind, limits: rooms.0.limits, wall_clock: rooms.0.wall_clock };
    let task = RoomTask {
        rooms,
        name,
        handle: handle.clone(),
        place,
        mailbox,
        room: Room::new(config, Instant::now()),
        sockets: HashMap::new(),
        externals: HashMap::new(),
        offers: JoinSet::new(),
    };
    tokio::spawn(task.run());
    handle
}

impl RoomTask {
    async fn run(mut self) {
        tracing::debug!("a room starts");
        while self.step().await == Life::GoesOn {}
        // Taken out first, then closed: whoever got hold of this handle in between finds its message dropped and tries again.
        self.rooms.forget(&self.name, &self.handle);
        self.mailbox.close();
        tracing::debug!("a room has ended");
    }

    async fn step(&mut self) -> Life {
        let timeout = self.room.poll_timeout();
        tokio::select! {
            // There is always a sender: our own handle.
            Some(message) = self.mailbox.recv() => self.take(message),
            Some(offer) = self.offers.join_next() => {
                if let Ok((serial, result)) = offer {
                    self.room.handle(Instant::now(), Input::OfferAnswered { serial, result });
                }
            }
            () = at(timeout) => self.room.handle_timeout(Instant::now()),
        }
        self.carry_out().await
    }

    fn take(&mut self, message: ToRoom) {
        let now = Instant::now();
        match message {
            ToRoom::Join { request, outbox, taken } => {
                self.sockets.insert(request.socket, outbox);
                self.room.handle(now, Input::Join(request));
                let _ = taken.send(());
            }
            ToRoom::Input(input) => self.room.handle(now, input),
            ToRoom::External { offer, answer, ended } => self.take_external(now, offer, answer, ended),
            ToRoom::Local { external, local, ended } => {
                self.externals.insert(external, External { answer: None, admitted: true, _ended: ended });
                let Local { name, sound_profile, tracks } = local;
                self.room.handle(now, Input::AddLocal { external, name, sound_profile, tracks });
            }
            ToRoom::Count(reply) => {
                let _ = reply.send(self.room.size());
            }
        }
    }

    fn take_external(
        &mut self,
        now: Instant,
        offer: ExternalOffer,
        answer: oneshot::Sender<Result<String, ExternalRefusal>>,
        ended: oneshot::Sender<()>,
    ) {
        match self.externals.get_mut(&offer.external) {
            Some(known) => known.answer = Some(answer),
            None => drop(self.externals.insert(offer.external, External { answer: Some(answer), admitted: false, _ended: ended })),
        }
        self.room.handle(now, Input::ExternalOffer(offer));
    }

    async fn carry_out(&mut self) -> Life {
        let mut life = Life::GoesOn;
        while let Some(output) = self.room.poll_output() {
            match output {
                Output::Send { socket, message } => {
                    if let Some(text) = serialized(&message) {
                        let inside = matches!(message, ServerMessage::Welcome { .. });
                        self.push(socket, if inside { Frame::Welcome(text) } else { Frame::Text(text) });
                    }
                }
                Output::Broadcast { sockets, message } => {
                    if let Some(text) = serialized(&message) {
                        sockets.into_iter().for_each(|socket| self.push(socket, Frame::Text(text.clone())));
                    }
                }
                Output::Close { socket, reason } => {
                    self.push(socket, Frame::Close(reason));
                    self.sockets.remove(&socket);
                }
                Output::Media(command) => self.media(command).await,
                Output::External { external, event } => self.tell_external(external, event),
                Output::Ended => life = Life::Ended,
            }
        }
        life
    }

    fn push(&mut self, socket: SocketId, frame: Frame) {
        let Some(outbox) = self.sockets.get(&socket) else { return };
        if outbox.push(frame) == Err(TooSlow) {
            // Its task says why, and closes.
            self.sockets.remove(&socket);
            self.room.handle(Instant::now(), Input::SocketLost(socket));
        }
    }

    async fn media(&mut self, command: MediaCommand) {
        let media = self.place.media();
        match command {
            MediaCommand::Offer { serial, peer, sdp, seats } => {
                self.rooms.0.peers.insert(peer, self.handle.clone());
                let media = media.clone();
                self.offers.spawn(async move {
                    let result = media.offer(peer, sdp, seats).await.map_err(|error| match error {
                        OfferError::Refused(refused) => refused,
                        OfferError::Stopped(stopped) => worker::OfferError::Sdp(stopped.to_string()),
                    });
                    (serial, result)
                });
            }
            MediaCommand::Remove(peer) => {
                self.rooms.0.peers.remove(&peer);
                media.remove(peer).await;
            }
            MediaCommand::Assign { peer, mid, source } => media.assign(peer, mid, source).await,
            MediaCommand::SetViewing { peer, mid, viewing } => media.set_viewing(peer, mid, viewing).await,
            MediaCommand::SetMuted(track, muted) => media.set_muted(track, muted).await,
        }
    }

    fn tell_external(&mut self, external: ExternalId, event: ExternalEvent) {
        let Some(known) = self.externals.get_mut(&external) else { return };
        let answer = known.answer.take();
        let (stays, result) = match event {
            ExternalEvent::Answered(sdp) => {
                known.admitted = true;
                (true, Ok(sdp))
            }
            ExternalEvent::Refused(refusal) => (known.admitted, Err(refusal)),
            ExternalEvent::Ended => (false, Err(ExternalRefusal::Unknown)),
        };
        if let Some(answer) = answer {
            // Nobody waits any more when the HTTP request was given up.
            let _ = answer.send(result);
        }
        if !stays {
            self.externals.remove(&external);
        }
    }
}

fn serialized(message: &ServerMessage) -> Option<Utf8Bytes> {
    // Our own types have string keys only, so this does not fail.
    serde_json::to_string(message).ok().map(Utf8Bytes::from)
}

async fn at(timeout: Option<Instant>) {
    match timeout {
        Some(timeout) => tokio::time::sleep_until(timeout.into()).await,
        None => std::future::pending().await,
    }
}

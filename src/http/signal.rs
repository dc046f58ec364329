//! `GET /signal`: one task per WebSocket, between the browser and its room.

use super::App;
use super::problem::Problem;
use crate::links::{ResumeClaims, link_id, seconds_now};
use crate::redact;
use crate::rooms::{Frame, Outbox, RoomHandle};
use crate::school::presence::Stay;
use crate::store::PersonId;
use auftakt_signaling::wire::{ClientMessage, ErrorCode, PROTOCOL_VERSION, RoomKind, ServerMessage, SoundProfile};
use auftakt_signaling::{
    CloseReason, DisplayName, Input, JoinRequest, LinkId, LinkState, NameError, ResumeSecret, RoomName, SocketId, Standing, TokenBucket,
};
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::SinkExt;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

/// The longest message that is no offer.
const MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// The longest offer.
const OFFER_BYTES_MAX: usize = 256 * 1024;
/// Beyond this a message is not even read to its end: what thousands of sockets may make us hold.
const FRAME_BYTES_MAX: usize = OFFER_BYTES_MAX + 16 * 1024;
/// What each socket reads into; tungstenite would take 128 KiB, for messages that are mostly small.
const READ_BUFFER_BYTES: usize = 8 * 1024;
/// A socket that does not say who it is gets no more time.
const JOIN_WITHIN: Duration = Duration::from_secs(10);
/// How often a quiet socket is asked whether it is still there …
const PING_EVERY: Duration = Duration::from_secs(10);
/// … and how long it may stay silent. A browser answers by itself.
const SILENCE_MAX: Duration = Duration::from_secs(25);
/// A socket that takes no byte for this long is gone.
const SEND_WITHIN: Duration = Duration::from_secs(10);
/// Messages written before the socket is read again.
const FRAMES_TOGETHER: usize = 64;
/// Messages: what a person can cause by hand, with room for a reconnect's bunch.
const MESSAGES: (u32, Duration) = (60, Duration::from_millis(50));
/// Offers: each one makes the media plane work.
const OFFERS: (u32, Duration) = (10, Duration::from_secs(1));
/// Chat: what somebody types, with room for a quick word after another.
const CHAT: (u32, Duration) = (5, Duration::from_secs(1));
/// What a page shows: what scrolling and turning a device cause, when the page reports it a few times a second.
const VIEWS: (u32, Duration) = (10, Duration::from_millis(200));
/// Hands that go up and down, and signs: each is told to everybody.
const SIGNS: (u32, Duration) = (5, Duration::from_millis(500));
/// How long after the join a secret brings its owner back through a link that has expired, also when the server was restarted
/// meanwhile: longer than any lesson.
const RESUME_SECONDS: u64 = 4 * 3600;
/// How long a client may take to read why it is closed.
const READ_REASON_WITHIN: Duration = Duration::from_secs(1);
/// Refusals for speed before the socket is closed.
const PATIENCE: (u32, Duration) = (20, Duration::from_secs(1));

/// Refuses other pages, then speaks.
pub async fn upgrade(State(app): State<App>, headers: HeaderMap, upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>) -> Response {
    let upgrade = match upgrade {
        Ok(upgrade) => upgrade,
        Err(refused) => return refused.into_response(),
    };
    if !app.is_own_origin(&headers) {
        return Problem::new(StatusCode::FORBIDDEN, "other_origin", "only this server's own page may connect").into_response();
    }
    if *app.stopping.borrow() {
        return Problem::stopping().into_response();
    }
    let Some(place) = app.sockets.take() else {
        return Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_sockets", "too many connections; try again in a moment")
            .into_response();
    };
    let upgrade = upgrade.max_message_size(FRAME_BYTES_MAX).max_frame_size(FRAME_BYTES_MAX).read_buffer_size(READ_BUFFER_BYTES);
    upgrade.on_upgrade(async |socket| {
        Session::new(app, socket).run().await;
        drop(place);
    })
}

struct Session {
    app: App,
    socket: WebSocket,
    messages: TokenBucket,
    offers: TokenBucket,
    chat: TokenBucket,
    views: TokenBucket,
    signs: TokenBucket,
    patience: TokenBucket,
    heard: Instant,
}

/// A socket that is in a room.
struct Joined {
    id: SocketId,
    room: RoomHandle,
    name: RoomName,
    /// Who it is at the school, if the link says so …
    person: Option<PersonId>,
    /// … and their stay, while they are inside.
    stay: Option<Stay>,
    outbox: mpsc::Receiver<Frame>,
}

/// What a text turned out to be.
enum Parsed {
    /// A sign of life.
    Nothing,
    Message(ClientMessage),
    /// Refused, but the socket stays. With the offer's id, if it is one.
    Refused(ErrorCode, Option<u32>),
    Fatal(ErrorCode),
}

/// Why a session ends.
enum End {
    /// The other side is gone or does not answer.
    Lost,
    /// We close, and say why.
    Closed(CloseReason),
}

impl Session {
    fn new(app: App, socket: WebSocket) -> Self {
        let now = Instant::now();
        let bucket = |(burst, interval)| TokenBucket::new(now, burst, interval);
        Self {
            app,
            socket,
            messages: bucket(MESSAGES),
            offers: bucket(OFFERS),
            chat: bucket(CHAT),
            views: bucket(VIEWS),
            signs: bucket(SIGNS),
            patience: bucket(PATIENCE),
            heard: now,
        }
    }

    async fn run(mut self) {
        let end = match self.wait_for_join().await {
            Ok(mut joined) => {
                let end = self.exchange(&mut joined).await;
                // The room knows of what it closed itself; saying it twice does no harm.
                joined.room.input(Input::SocketLost(joined.id)).await;
                end
            }
            Err(end) => end,
        };
        if let End::Closed(reason) = end {
            self.close(reason).await;
        }
    }

    /// The first message says who it is.
    async fn wait_for_join(&mut self) -> Result<Joined, End> {
        let deadline = tokio::time::Instant::now() + JOIN_WITHIN;
        let mut stopping = self.app.stopping.clone();
        loop {
            let received = tokio::select! {
                received = self.socket.recv() => received,
                () = tokio::time::sleep_until(deadline) => return Err(self.fail(ErrorCode::NotJoined).await),
                () = until_true(&mut stopping) => {
                    self.tell(&ServerMessage::Error { code: ErrorCode::ServerFault, id: None }).await?;
                    return Err(End::Closed(CloseReason::ServerStops));
                }
            };
            match self.read(received)? {
                Parsed::Nothing => {}
                Parsed::Message(ClientMessage::Join { version, token, name, sound_profile, resume }) => {
                    return match self.join(version, &token, &name, sound_profile, resume).await {
                        Ok(joined) => Ok(joined),
                        Err(code) => Err(self.fail(code).await),
                    };
                }
                Parsed::Message(ClientMessage::Ping { id }) => self.tell(&ServerMessage::Pong { id }).await?,
                Parsed::Message(_) => return Err(self.fail(ErrorCode::NotJoined).await),
                Parsed::Refused(code, _) | Parsed::Fatal(code) => return Err(self.fail(code).await),
            }
        }
    }

    /// Of `&mut self` only because a socket cannot be shared between threads.
    async fn join(
        &mut self,
        version: u32,
        token: &str,
        name: &str,
        sound_profile: SoundProfile,
        resume: Option<String>,
    ) -> Result<Joined, ErrorCode> {
        if version != PROTOCOL_VERSION {
            return Err(ErrorCode::VersionMismatch);
        }
        let claims = self.app.key.read_join(token).map_err(|_| ErrorCode::LinkInvalid)?;
        let (now, link) = (seconds_now(), LinkId(link_id(token)));
        // A server that was restarted remembers nobody; the secret says by itself who was here.
        let was_here = || resume.as_deref().is_some_and(|secret| self.app.key.was_here(secret, link.0, now));
        let link_state = if now < claims.expires || was_here() { LinkState::Valid } else { LinkState::Expired };
        let room_name = RoomName::parse(&claims.room).map_err(|_| ErrorCode::LinkInvalid)?;
        let name = DisplayName::parse(name).map_err(|error| match error {
            NameError::Missing => ErrorCode::NameMissing,
            NameError::TooLong => ErrorCode::NameTooLong,
        })?;
        let (nonce, other_nonce) = redact::secret().zip(redact::secret()).ok_or(ErrorCode::ServerFault)?;
        let socket = self.app.rooms.next_socket();
        let key = &self.app.key;
        let secret = |nonce: &str, admitted, life| {
            let until = now + RESUME_SECONDS;
            ResumeSecret::new(key.sign_resume(ResumeClaims { link: link.0, nonce: nonce.to_owned(), until, admitted, life: Some(life) }))
        };
        let request = |life| JoinRequest {
            socket,
            link,
            link_state,
            role: claims.role,
            name: name.clone(),
            sound_profile,
            resume: resume.clone(),
            standing: match resume.as_deref().is_some_and(|secret| key.was_let_in(secret, link.0, now, life)) {
                true => Standing::Admitted,
                false => Standing::New,
            },
            secret: secret(&nonce, true, life),
            waiting_secret: secret(&other_nonce, false, life),
        };
        let (room_end, outbox) = Outbox::new();
        let room = self.app.rooms.join(&room_name, claims.kind, request, room_end).await.map_err(|_| ErrorCode::ServerFault)?;
        // Of lessons there is attendance; a conference has its participants in sight.
        let person = claims.person.filter(|_| claims.kind == RoomKind::Lesson).and_then(|person| PersonId::try_from(person).ok());
        Ok(Joined { id: socket, room, name: room_name, person, stay: None, outbox })
    }

    async fn exchange(&mut self, joined: &mut Joined) -> End {
        let mut ping = tokio::time::interval(PING_EVERY);
        loop {
            let step = tokio::select! {
                received = self.socket.recv() => self.received(joined, received).await,
                frame = joined.outbox.recv() => self.deliver(frame, joined).await,
                _ = ping.tick() => as_step(self.send(Message::Ping(axum::body::Bytes::new())).await),
                () = tokio::time::sleep_until((self.heard + SILENCE_MAX).into()) => ControlFlow::Break(End::Lost),
            };
            if let ControlFlow::Break(end) = step {
                return end;
            }
        }
    }

    async fn received(&mut self, joined: &Joined, received: Option<Result<Message, axum::Error>>) -> ControlFlow<End> {
        let parsed = match self.read(received) {
            Ok(parsed) => parsed,
            Err(end) => return ControlFlow::Break(end),
        };
        match parsed {
            Parsed::Nothing => ControlFlow::Continue(()),
            Parsed::Message(message) => {
                let input = Input::FromSocket { socket: joined.id, message, spare: self.app.media.next_peer_id() };
                joined.room.input(input).await;
                ControlFlow::Continue(())
            }
            Parsed::Refused(code, id) => as_step(self.tell(&ServerMessage::Error { code, id }).await),
            Parsed::Fatal(code) => ControlFlow::Break(self.fail(code).await),
        }
    }

    /// What waits goes out together: many small messages in a moment are one write and few packets.
    async fn deliver(&mut self, first: Option<Frame>, joined: &mut Joined) -> ControlFlow<End> {
        let mut next = first;
        for left in (0..FRAMES_TOGETHER).rev() {
            match next {
                Some(Frame::Text(text)) => as_step(in_time(self.socket.feed(Message::Text(text))).await)?,
                Some(Frame::Welcome(text)) => {
                    self.note_presence(joined);
                    as_step(in_time(self.socket.feed(Message::Text(text))).await)?;
                }
                Some(Frame::Close(reason)) => return ControlFlow::Break(End::Closed(reason)),
                // The room let go of us because we did not take what it sent.
                None => return ControlFlow::Break(self.fail(ErrorCode::TooSlow).await),
            }
            if left == 0 {
                break;
            }
            // When the room has let go of us, the next turn finds out.
            let Ok(frame) = joined.outbox.try_recv() else { break };
            next = Some(frame);
        }
        as_step(in_time(self.socket.flush()).await)
    }

    /// From now until the socket ends somebody is there.
    fn note_presence(&self, joined: &mut Joined) {
        if let (Some(person), None) = (&joined.person, &joined.stay) {
            joined.stay = self.app.school.presence.enter(&joined.name, person.clone());
        }
    }

    /// What came, within the limits of what may come.
    fn read(&mut self, received: Option<Result<Message, axum::Error>>) -> Result<Parsed, End> {
        let now = Instant::now();
        self.heard = now;
        let received = match received {
            Some(Ok(Message::Close(_))) | None => return Err(End::Lost),
            Some(Err(error)) if is_too_large(&error) => return Ok(Parsed::Fatal(ErrorCode::MessageTooLarge)),
            Some(Err(_)) => return Err(End::Lost),
            Some(Ok(received)) => received,
        };
        self.app.counters.message();
        // Before anything is done with it, control frames too: each costs an answer. Only an offer is looked into, for its id.
        let in_time = self.messages.take(now);
        Ok(match received {
            Message::Text(text) => self.parse(now, &text, in_time),
            _ if !in_time => self.too_fast(now, None),
            Message::Binary(_) => Parsed::Fatal(ErrorCode::BadMessage),
            _ => Parsed::Nothing,
        })
    }

    fn parse(&mut self, now: Instant, text: &str, in_time: bool) -> Parsed {
        if text.len() > OFFER_BYTES_MAX {
            return Parsed::Fatal(ErrorCode::MessageTooLarge);
        }
        let message = match serde_json::from_str(text) {
            Ok(message) => message,
            Err(_) if text.len() > MESSAGE_BYTES_MAX => return Parsed::Fatal(ErrorCode::MessageTooLarge),
            Err(_) => return Parsed::Fatal(ErrorCode::BadMessage),
        };
        match message {
            ClientMessage::Offer { id, .. } if !in_time || !self.offers.take(now) => self.too_fast(now, Some(id)),
            ClientMessage::Offer { .. } => Parsed::Message(message),
            _ if text.len() > MESSAGE_BYTES_MAX => Parsed::Fatal(ErrorCode::MessageTooLarge),
            _ if !in_time => self.too_fast(now, None),
            ClientMessage::Chat { .. } if !self.chat.take(now) => self.too_fast(now, None),
            ClientMessage::SetView { .. } if !self.views.take(now) => self.too_fast(now, None),
            ClientMessage::RaiseHand { .. } | ClientMessage::React { .. } if !self.signs.take(now) => self.too_fast(now, None),
            _ => Parsed::Message(message),
        }
    }

    fn too_fast(&mut self, now: Instant, id: Option<u32>) -> Parsed {
        self.app.counters.too_fast();
        if self.patience.take(now) { Parsed::Refused(ErrorCode::TooFast, id) } else { Parsed::Fatal(ErrorCode::TooFast) }
    }

    /// Says what was wrong; the socket closes after it.
    async fn fail(&mut self, code: ErrorCode) -> End {
        // Whoever does not take the message does not take the reason either.
        let _ = self.tell(&ServerMessage::Error { code, id: None }).await;
        End::Closed(CloseReason::Fatal(code))
    }

    async fn tell(&mut self, message: &ServerMessage) -> Result<(), End> {
        // Our own types have string keys only, so this does not fail.
        let text = serde_json::to_string(message).unwrap_or_default();
        self.send(Message::Text(text.into())).await
    }

    async fn send(&mut self, message: Message) -> Result<(), End> {
        in_time(self.socket.send(message)).await
    }

    async fn close(mut self, reason: CloseReason) {
        let text = match reason {
            CloseReason::Left => "left".into(),
            CloseReason::ServerStops => name_of(ErrorCode::ServerFault),
            CloseReason::Fatal(code) => name_of(code),
        };
        let frame = CloseFrame { code: reason.code(), reason: text.into() };
        if self.send(Message::Close(Some(frame))).await.is_ok() {
            // Until the other side has seen it. What cannot be read as messages is the listener's, which lingers.
            let seen = async { while let Some(Ok(_)) = self.socket.recv().await {} };
            let _ = tokio::time::timeout(READ_REASON_WITHIN, seen).await;
        }
    }
}

/// What takes longer than a socket may, has no other side any more.
async fn in_time(sent: impl Future<Output = Result<(), axum::Error>>) -> Result<(), End> {
    match tokio::time::timeout(SEND_WITHIN, sent).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(End::Lost),
    }
}

async fn until_true(flag: &mut watch::Receiver<bool>) {
    // The sender lives as long as the server.
    let _ = flag.wait_for(|value| *value).await;
}

fn as_step(sent: Result<(), End>) -> ControlFlow<End> {
    match sent {
        Ok(()) => ControlFlow::Continue(()),
        Err(end) => ControlFlow::Break(end),
    }
}

/// As on the wire.
fn name_of(code: ErrorCode) -> String {
    serde_json::to_value(code).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

fn is_too_large(error: &axum::Error) -> bool {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref());
    matches!(cause, Some(tungstenite::Error::Capacity(_)))
}

//! `GET /api/live`: what happens, as it happens, over a WebSocket. The page only listens; what it does goes through the other routes.

use super::super::App;
use super::super::problem::{Problem, ProblemBody};
use super::signed::{Signed, cookie};
use crate::school::access::Access;
use crate::school::live::{Inbox, LiveEvent};
use crate::school::secret::hash_of;
use crate::store::{Moment, sessions};
use auftakt_signaling::TokenBucket;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// A page has nothing to say but that it is there.
const FRAME_BYTES_MAX: usize = 1024;
const READ_BUFFER_BYTES: usize = 1024;
/// How often a quiet page is asked whether it is still there, and its session whether it still holds …
const PING_EVERY: Duration = Duration::from_secs(20);
/// … and how long it may stay silent. A browser answers by itself.
const SILENCE_MAX: Duration = Duration::from_secs(50);
/// A page that takes no byte for this long is gone.
const SEND_WITHIN: Duration = Duration::from_secs(10);
/// Frames of a page: pings of its own, and answers to ours.
const FRAMES: (u32, Duration) = (20, Duration::from_secs(1));
/// How long a page may take to read why it is closed.
const READ_REASON_WITHIN: Duration = Duration::from_secs(1);

/// Why a page is closed: numbers as RFC 6455 §7.4 has them for applications.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The other side is gone.
    Lost,
    /// 1001: the server stops. Connect again in a moment.
    Stopping,
    /// 4000: it did not keep up, or there are too many pages. Connect again, and ask anew.
    TooSlow,
    /// 4001: the session has ended. Sign in.
    SignedOut,
    /// 1008: it says what no page says.
    Nonsense,
}

impl End {
    fn frame(self) -> Option<CloseFrame> {
        let (code, reason) = match self {
            Self::Lost => return None,
            Self::Stopping => (1001, "server_stopping"),
            Self::TooSlow => (4000, "too_slow"),
            Self::SignedOut => (4001, "signed_out"),
            Self::Nonsense => (1008, "nonsense"),
        };
        Some(CloseFrame { code, reason: Utf8Bytes::from_static(reason) })
    }
}

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(connect))
}

#[cfg(test)]
pub fn types(c: &ts_rs::Config) -> Vec<String> {
    super::bindings::export!(c, LiveEvent)
}

/// A WebSocket that says what happens: each message is a `LiveEvent`. Close codes: 1001 and 4000 connect again, 4001 sign in.
#[utoipa::path(get, path = "/api/live", tag = "messages",
    responses((status = 101, body = LiveEvent), (status = "4XX", body = ProblemBody, content_type = "application/problem+json"), (status = 503, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn connect(
    State(app): State<App>,
    Signed(access): Signed,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
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
    let Some(place) = app.live_pages.take() else {
        let detail = "too many pages are open; try again in a moment";
        return Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too_many_sockets", detail).retry_after(5).into_response();
    };
    let secret_hash = cookie(&headers).map(hash_of).unwrap_or_default();
    let upgrade = upgrade.max_message_size(FRAME_BYTES_MAX).max_frame_size(FRAME_BYTES_MAX).read_buffer_size(READ_BUFFER_BYTES);
    upgrade.on_upgrade(async move |socket| {
        let inbox = app.school.live.open(access.id(), &access.session);
        let frames = TokenBucket::new(Instant::now(), FRAMES.0, FRAMES.1);
        let page = Page { app, access, secret_hash, socket, inbox, heard: Instant::now(), frames };
        page.run().await;
        drop(place);
    })
}

struct Page {
    app: App,
    access: Access,
    secret_hash: String,
    socket: WebSocket,
    inbox: Inbox,
    heard: Instant,
    frames: TokenBucket,
}

impl Page {
    async fn run(mut self) {
        let end = match self.tell(&LiveEvent::Hello).await {
            ControlFlow::Break(end) => end,
            ControlFlow::Continue(()) => self.exchange().await,
        };
        self.app.school.live.close(self.access.id(), &self.inbox);
        if let Some(frame) = end.frame()
            && in_time(self.socket.send(Message::Close(Some(frame)))).await.is_continue()
        {
            let seen = async { while let Some(Ok(_)) = self.socket.recv().await {} };
            let _ = tokio::time::timeout(READ_REASON_WITHIN, seen).await;
        }
    }

    async fn exchange(&mut self) -> End {
        let mut stopping = self.app.stopping.clone();
        let mut ping = tokio::time::interval(PING_EVERY);
        // The first one is at once.
        ping.tick().await;
        loop {
            let step = tokio::select! {
                received = self.socket.recv() => self.received(received),
                event = self.inbox.events.recv() => match event {
                    Some(text) => in_time(self.socket.send(Message::Text(text))).await,
                    // The registry has let go of us: for being slow, or because the session has ended.
                    None => ControlFlow::Break(if self.is_signed_in().await { End::TooSlow } else { End::SignedOut }),
                },
                _ = ping.tick() => self.ping().await,
                () = tokio::time::sleep_until((self.heard + SILENCE_MAX).into()) => ControlFlow::Break(End::Lost),
                () = until_true(&mut stopping) => ControlFlow::Break(End::Stopping),
            };
            if let ControlFlow::Break(end) = step {
                return end;
            }
        }
    }

    fn received(&mut self, received: Option<Result<Message, axum::Error>>) -> ControlFlow<End> {
        let now = Instant::now();
        self.heard = now;
        match received {
            None | Some(Err(_) | Ok(Message::Close(_))) => ControlFlow::Break(End::Lost),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Text(_))) if self.frames.take(now) => ControlFlow::Continue(()),
            Some(Ok(_)) => ControlFlow::Break(End::Nonsense),
        }
    }

    async fn ping(&mut self) -> ControlFlow<End> {
        if !self.is_signed_in().await {
            return ControlFlow::Break(End::SignedOut);
        }
        in_time(self.socket.send(Message::Ping(axum::body::Bytes::new()))).await
    }

    /// A session ends by being signed out, shut, or by time; of the last nobody tells us. A database that is busy for a moment ends none.
    async fn is_signed_in(&mut self) -> bool {
        let session = async {
            let mut db = self.app.school.store.read().await?;
            sessions::by_secret(&mut db, &self.secret_hash, Moment::now()).await
        };
        session.await.map_or(true, |session| session.is_some())
    }

    async fn tell(&mut self, event: &LiveEvent) -> ControlFlow<End> {
        let text = serde_json::to_string(event).unwrap_or_default();
        in_time(self.socket.send(Message::Text(text.into()))).await
    }
}

/// What takes longer than a page may, has no other side any more.
async fn in_time(sent: impl Future<Output = Result<(), axum::Error>>) -> ControlFlow<End> {
    match tokio::time::timeout(SEND_WITHIN, sent).await {
        Ok(Ok(())) => ControlFlow::Continue(()),
        Ok(Err(_)) | Err(_) => ControlFlow::Break(End::Lost),
    }
}

async fn until_true(flag: &mut watch::Receiver<bool>) {
    // The sender lives as long as the server.
    let _ = flag.wait_for(|value| *value).await;
}

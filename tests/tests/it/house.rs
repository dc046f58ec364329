//! A server of its own for each test, and people who come in through the front door.

use auftakt::config::{Config, Overrides};
use auftakt::links::{JoinClaims, LinkKey, MediaClaims, ResumeClaims, link_id};
use auftakt::server::Server;
use auftakt_client::band::{Camera, sound};
use auftakt_client::{Client, ClientConfig, ClientEvent, Outgoing, SenderSpec, TransportFeedback};
use auftakt_media::codec::Codec;
use auftakt_media::id::MediaKind;
use auftakt_signaling::wire::{
    ClientMessage, OfferedSeat, OfferedTrack, PROTOCOL_VERSION, Role, RoomKind, ServerMessage, Snapshot, SoundProfile, TrackSource,
};
use auftakt_tests::browser::{Browser, PATIENCE};
use auftakt_tests::workers;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Participants that a room of these tests holds.
pub const PARTICIPANTS: usize = 3;
pub const ROOM: &str = "geige";
pub const SCHOOL: &str = "Städtische Musikschule";

/// A running server with a data directory that lives as long as it.
pub struct House {
    pub server: Server,
    key: LinkKey,
    data: Directory,
}

/// Removed with everything in it.
struct Directory(PathBuf);

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// An answer over HTTP.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    headers: BTreeMap<String, String>,
    pub body: String,
}

impl Reply {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The `code` of a refusal (RFC 9457).
    pub fn problem(&self) -> String {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let body: serde_json::Value = serde_json::from_str(&self.body).expect("JSON");
        assert_eq!(body["status"], self.status);
        assert!(!body["detail"].as_str().expect("words").is_empty());
        body["code"].as_str().expect("a code").to_owned()
    }
}

impl House {
    pub async fn open() -> Self {
        Self::open_for(PARTICIPANTS).await
    }

    /// With rooms for so many.
    pub async fn open_for(participants: usize) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let data = std::env::temp_dir().join(format!("auftakt-it-{}-{number}", std::process::id()));
        let web = data.join("web");
        std::fs::create_dir_all(&web).expect("a directory");
        std::fs::write(web.join("index.html"), "<!doctype html>").expect("a page");
        Self::start(Directory(data), participants).await
    }

    async fn start(data: Directory, participants: usize) -> Self {
        let web = data.0.join("web");
        let environment = [
            ("AUFTAKT_SERVER_WEB".to_owned(), web.display().to_string()),
            ("AUFTAKT_SERVER_SCHOOL".to_owned(), SCHOOL.to_owned()),
            ("AUFTAKT_LIMITS_PARTICIPANTS_PER_ROOM".to_owned(), participants.to_string()),
            ("AUFTAKT_MEDIA_WORKERS".to_owned(), workers().to_string()),
        ];
        let any: SocketAddr = (Ipv4Addr::LOCALHOST, 0).into();
        let overrides = Overrides { listen: Some(any), admin: Some(any), ..Overrides::default() };
        let config = Config::load(None, environment, overrides).expect("a configuration");
        let server = Server::start(config, &data.0).await.expect("a server");
        let key = LinkKey::open(&data.0).expect("the server's key");
        Self { server, key, data }
    }

    /// Stops the server and starts another one on the same data.
    pub async fn restart(self) -> Self {
        let Self { server, data, .. } = self;
        server.stop().await;
        Self::start(data, PARTICIPANTS).await
    }

    /// Stops the server as a signal does.
    pub async fn close(self) {
        let Self { server, data, .. } = self;
        server.stop().await;
        drop(data);
    }

    /// Where media goes.
    pub fn media(&self) -> SocketAddr {
        self.server.candidates()[0]
    }

    /// The token of a join link.
    pub fn link(&self, role: Role, name: &str) -> String {
        self.link_until(role, name, u64::MAX)
    }

    pub fn link_until(&self, role: Role, name: &str, expires: u64) -> String {
        self.link_to(ROOM, role, name, expires)
    }

    fn link_to(&self, room: &str, role: Role, name: &str, expires: u64) -> String {
        self.key.sign_join(JoinClaims { room: room.into(), kind: RoomKind::Lesson, role, name: name.into(), expires, person: None })
    }

    /// The token of a join link to the conference.
    pub fn conference_link(&self, role: Role, name: &str) -> String {
        let kind = RoomKind::Conference;
        self.key.sign_join(JoinClaims { room: "kollegium".into(), kind, role, name: name.into(), expires: u64::MAX, person: None })
    }

    /// What a server that was restarted since gave whoever came in through this link.
    pub fn resume_secret(&self, token: &str) -> String {
        let claims =
            ResumeClaims { link: link_id(token), nonce: "of an earlier server".into(), until: u64::MAX, admitted: true, life: None };
        self.key.sign_resume(claims)
    }

    /// A bearer token.
    pub fn bearer(&self, claims: MediaClaims) -> String {
        self.key.sign_media(claims)
    }

    /// May do everything.
    pub fn master(&self) -> String {
        self.bearer(MediaClaims { room: "*".into(), publish: true, subscribe: true, name: "Encoder".into(), expires: u64::MAX })
    }

    pub async fn http(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        request(self.server.address(), method, path, headers, body).await
    }

    pub async fn post(&self, path: &str, bearer: &str, sdp: &str) -> Reply {
        let authorization = format!("Bearer {bearer}");
        self.http("POST", path, &[("Authorization", &authorization), ("Content-Type", "application/sdp")], sdp).await
    }

    /// Every sample of `/metrics`.
    pub async fn metrics(&self) -> BTreeMap<String, u64> {
        let admin = self.server.admin().expect("an admin listener");
        let reply = request(admin, "GET", "/metrics", &[], "").await;
        assert_eq!(reply.status, 200);
        let samples = reply.body.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.rsplit_once(' '));
        samples.map(|(name, value)| (name.trim_start_matches("auftakt_").to_owned(), value.parse().expect("a number"))).collect()
    }

    /// The counters of drops, by reason.
    pub async fn drops(&self) -> BTreeMap<String, u64> {
        let reason = |name: &str| Some(name.strip_prefix("packets_dropped_total{reason=\"")?.strip_suffix("\"}")?.to_owned());
        self.metrics().await.iter().filter_map(|(name, value)| Some((reason(name)?, *value))).collect()
    }

    pub async fn socket(&self, origin: Option<&str>) -> Result<Socket, tungstenite::Error> {
        let mut request = format!("ws://{}/signal", self.server.address()).into_client_request().expect("an address");
        if let Some(origin) = origin {
            request.headers_mut().insert("Origin", origin.parse().expect("a header"));
        }
        tokio_tungstenite::connect_async(request).await.map(|(stream, _)| Socket(stream))
    }

    /// Comes in through a link, without media.
    pub async fn enter(&self, token: &str, name: &str, resume: Option<String>) -> (Socket, Welcome) {
        let mut socket = self.socket(None).await.expect("a socket");
        socket.join(token, name, resume).await;
        let welcome = socket.welcome().await;
        (socket, welcome)
    }

    /// Comes in with microphone, camera and one seat, connected.
    pub async fn person(&self, role: Role, name: &str, seed: u64) -> Person {
        self.person_in(ROOM, role, name, seed).await
    }

    /// The same in a room of this name.
    pub async fn person_in(&self, room: &str, role: Role, name: &str, seed: u64) -> Person {
        let token = self.link_to(room, role, name, u64::MAX);
        let (socket, welcome) = self.enter(&token, name, None).await;
        let mut person = Person::new(socket, welcome, token, self.browser(seed).await);
        person.offer(true).await;
        person.browser.connected().await;
        person
    }

    /// With microphone (0), camera (1) and a seat (2 and 3).
    pub async fn browser(&self, seed: u64) -> Browser {
        // They send as fast as they are answered, which no network would carry: what a receiver's network carries is for the simulation.
        let config = ClientConfig { feedback: TransportFeedback::NotOffered, ..ClientConfig::seeded(seed) };
        let mut client = Client::new(config, Instant::now());
        client.add_sender(&SenderSpec { kind: MediaKind::Audio, codecs: &[Codec::Opus], rids: &[] });
        client.add_sender(&SenderSpec { kind: MediaKind::Video, codecs: &[Codec::Vp8], rids: &[] });
        client.add_receiver(MediaKind::Audio, &[Codec::Opus]);
        client.add_receiver(MediaKind::Video, &[Codec::Vp8]);
        Browser::new(client, self.media()).await
    }
}

async fn request(to: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let mut builder = ureq::http::Request::builder().method(method).uri(format!("http://{to}{path}"));
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    let (method, body) = (method.to_owned(), body.to_owned());
    let blocking = move || {
        let config = ureq::config::Config::builder().http_status_as_error(false).timeout_global(Some(PATIENCE));
        let agent = ureq::Agent::new_with_config(config.build());
        let sent = match method.as_str() {
            "GET" | "DELETE" => agent.run(builder.body(()).expect("a request")),
            _ => agent.run(builder.body(body).expect("a request")),
        };
        let mut response = sent.expect("an answer");
        let header = |(name, value): (&ureq::http::HeaderName, &ureq::http::HeaderValue)| {
            (name.as_str().to_owned(), value.to_str().unwrap_or_default().to_owned())
        };
        Reply {
            status: response.status().as_u16(),
            headers: response.headers().iter().map(header).collect(),
            body: response.body_mut().read_to_string().expect("a body"),
        }
    };
    tokio::task::spawn_blocking(blocking).await.expect("no panic")
}

/// What `welcome` said.
#[derive(Clone, Debug)]
pub struct Welcome {
    pub you: auftakt_signaling::wire::ParticipantId,
    pub resume: String,
    pub resumed: bool,
    pub snapshot: Snapshot,
}

/// What came over a socket.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time")]
pub enum Heard {
    Message(ServerMessage),
    Closed(u16, String),
}

/// A WebSocket to `/signal`.
pub struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    pub async fn join(&mut self, token: &str, name: &str, resume: Option<String>) {
        let join = ClientMessage::Join {
            version: PROTOCOL_VERSION,
            token: token.into(),
            name: name.into(),
            sound_profile: SoundProfile::Music,
            resume,
        };
        self.say(&join).await;
    }

    pub async fn say(&mut self, message: &ClientMessage) {
        self.send(Message::text(serde_json::to_string(message).expect("JSON"))).await;
    }

    /// Whoever was closed meanwhile is not heard; what it hears says why.
    pub async fn send(&mut self, message: Message) {
        use futures_util::SinkExt;
        let _ = self.0.send(message).await;
    }

    pub async fn hear(&mut self) -> Heard {
        use futures_util::StreamExt;
        loop {
            let next = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("something is said");
            match next {
                Some(Ok(Message::Text(text))) => return Heard::Message(serde_json::from_str(&text).expect("of this protocol")),
                Some(Ok(Message::Close(Some(frame)))) => return Heard::Closed(frame.code.into(), frame.reason.to_string()),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Hears until something fits.
    pub async fn until<T>(&mut self, mut fits: impl FnMut(ServerMessage) -> Option<T>) -> T {
        loop {
            match self.hear().await {
                Heard::Message(message) => {
                    if let Some(found) = fits(message) {
                        return found;
                    }
                }
                Heard::Closed(code, reason) => panic!("closed: {code} {reason}"),
            }
        }
    }

    pub async fn welcome(&mut self) -> Welcome {
        match self.hear().await {
            Heard::Message(ServerMessage::Welcome { you, resume, resumed, snapshot, .. }) => Welcome { you, resume, resumed, snapshot },
            other => panic!("no welcome: {other:?}"),
        }
    }

    /// The secret of somebody who has to wait.
    pub async fn waiting(&mut self) -> String {
        match self.hear().await {
            Heard::Message(ServerMessage::Waiting { resume, .. }) => resume,
            other => panic!("not waiting: {other:?}"),
        }
    }

    /// Everything until the server closes.
    pub async fn hear_out(&mut self) -> (Vec<ServerMessage>, u16, String) {
        let mut messages = vec![];
        loop {
            match self.hear().await {
                Heard::Message(message) => messages.push(message),
                Heard::Closed(code, reason) => return (messages, code, reason),
            }
        }
    }
}

/// Somebody in the room.
pub struct Person {
    pub socket: Socket,
    pub welcome: Welcome,
    pub token: String,
    pub browser: Browser,
    next_offer: u32,
}

impl Person {
    pub fn new(socket: Socket, welcome: Welcome, token: String, browser: Browser) -> Self {
        Self { socket, welcome, token, browser, next_offer: 1 }
    }

    /// Offers what the browser has.
    pub async fn offer(&mut self, fresh: bool) {
        let track = |mid: &str, source| OfferedTrack { mid: mid.into(), source, muted: false };
        let id = self.next_offer;
        self.next_offer += 1;
        let offer = ClientMessage::Offer {
            id,
            sdp: self.browser.client.offer(),
            tracks: vec![track("0", TrackSource::Microphone), track("1", TrackSource::Camera)],
            seats: vec![OfferedSeat { audio_mid: "2".into(), video_mid: Some("3".into()) }],
            fresh,
        };
        self.socket.say(&offer).await;
        let answer = self.socket.until(|message| match message {
            ServerMessage::Answer { id: answered, sdp } if answered == id => Some(sdp),
            ServerMessage::Error { code, .. } => panic!("refused: {code:?}"),
            _ => None,
        });
        let answer = answer.await;
        self.browser.client.handle_answer(Instant::now(), &answer);
        // Checks go before anything else.
        self.browser.checked().await;
    }

    pub async fn play_sound(&mut self, number: u32) {
        self.browser.send("0", &Outgoing::plain(Codec::Opus, number.wrapping_mul(960), false, &sound(number))).await;
    }

    /// Every picture is a keyframe here: whoever comes in sees it at once.
    pub async fn play_picture(&mut self, number: u32) {
        for (part, payload) in picture(number).iter().enumerate() {
            self.browser.send("1", &Outgoing::plain(Codec::Vp8, number.wrapping_mul(1800), part == 2, payload)).await;
        }
    }
}

pub fn picture(number: u32) -> Vec<Vec<u8>> {
    Camera { frame: number, keyframe_next: true, ..Camera::new(None) }.payloads()
}

/// Somebody plays a step, somebody else gets all of it: one sound and the three packets of a picture, as they were sent.
pub async fn assert_step_arrives(from: &mut Person, to: &mut Person, number: u32) {
    from.play_sound(number).await;
    from.play_picture(number).await;
    let (mut heard, mut seen) = (vec![], vec![]);
    while heard.is_empty() || seen.len() < 3 {
        let ClientEvent::Media(received) = to.browser.event_beside(&mut from.browser).await else { continue };
        match received.mid.as_str() {
            "2" => heard.push(received.payload),
            _ => seen.push(received),
        }
    }
    assert_eq!(heard, [sound(number)]);
    seen.sort_by_key(|packet| packet.index);
    for (received, sent) in seen.iter().zip(picture(number)) {
        assert_eq!((&received.payload[..2], &received.payload[4..]), (&sent[..2], &sent[4..]), "picture {number}");
    }
}

//! Janus's VideoRoom plugin as the peer of a comparison, over its WebSocket API.

use crate::participant::{Participant, Shape};
use crate::scenario::Sfu;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use tungstenite::client::IntoClientRequest;
use tungstenite::{Message, WebSocket};

/// Where Debian's package puts the plugins.
const MODULES: &str = "/usr/lib/x86_64-linux-gnu/janus";

/// Writes a configuration with the one plugin and transport that are needed, and returns the command that starts Janus with it.
pub fn command(dir: &Path, port: u16) -> Result<Command> {
    let folder = |name: &str| -> Result<PathBuf> {
        let path = dir.join(name);
        std::fs::create_dir_all(&path)?;
        Ok(path)
    };
    let (config, plugins, transports) = (folder("config")?, folder("plugins")?, folder("transports")?);
    let (events, loggers) = (folder("events")?, folder("loggers")?);
    for (target, source) in [
        (plugins.join("libjanus_videoroom.so"), format!("{MODULES}/plugins/libjanus_videoroom.so")),
        (transports.join("libjanus_websockets.so"), format!("{MODULES}/transports/libjanus_websockets.so")),
    ] {
        if !target.exists() {
            std::os::unix::fs::symlink(source, target)?;
        }
    }
    let main = format!(
        "general: {{ configs_folder = \"{}\" plugins_folder = \"{}\" transports_folder = \"{}\" events_folder = \"{}\" loggers_folder = \"{}\" debug_level = 3 protected_folders = [ ] }}\n\
         media: {{ }}\n ",
        config.display(),
        plugins.display(),
        transports.display(),
        events.display(),
        loggers.display()
    );
    std::fs::write(config.join("janus.jcfg"), main)?;
    std::fs::write(config.join("janus.plugin.videoroom.jcfg"), "general: { }\n")?;
    let websockets = format!("general: {{ ws = true ws_ip = \"127.0.0.1\" ws_port = {port} wss = false }}\n");
    std::fs::write(config.join("janus.transport.websockets.jcfg"), websockets)?;
    let mut command = Command::new("janus");
    command.arg("-C").arg(config.join("janus.jcfg")).arg("-F").arg(&config).arg("--disable-colors").arg("-L").arg(dir.join("janus.log"));
    Ok(command)
}

/// A session of the Janus API.
pub struct Janus {
    socket: WebSocket<TcpStream>,
    session: u64,
    transaction: u64,
    rooms: HashMap<String, u64>,
    feeds: HashMap<String, Vec<u64>>,
}

impl Janus {
    /// Connects to `127.0.0.1:port`.
    pub fn connect(port: u16) -> Result<Self> {
        let mut request = format!("ws://127.0.0.1:{port}/").into_client_request()?;
        request.headers_mut().insert("Sec-WebSocket-Protocol", "janus-protocol".parse()?);
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        let (socket, _) = tungstenite::client(request, stream).map_err(|error| anyhow::anyhow!("{error}"))?;
        let mut janus = Self { socket, session: 0, transaction: 0, rooms: HashMap::new(), feeds: HashMap::new() };
        let created = janus.request(json!({"janus": "create"}), "success")?;
        janus.session = created["data"]["id"].as_u64().context("no session id")?;
        Ok(janus)
    }

    /// Sends a request and waits for the reply of its transaction whose `janus` is `wanted`.
    fn request(&mut self, mut message: Value, wanted: &str) -> Result<Value> {
        self.transaction += 1;
        let transaction = self.transaction.to_string();
        message["transaction"] = json!(transaction);
        if self.session != 0 {
            message["session_id"] = json!(self.session);
        }
        self.socket.send(Message::text(message.to_string()))?;
        loop {
            let reply: Value = match self.socket.read()? {
                Message::Text(text) => serde_json::from_str(&text)?,
                _ => continue,
            };
            if reply["transaction"] != json!(transaction) {
                continue;
            }
            if reply["janus"] == "error" || reply["plugindata"]["data"]["error"].is_string() {
                bail!("Janus refused {message}: {reply}");
            }
            if reply["janus"] == wanted {
                return Ok(reply);
            }
        }
    }

    fn attach(&mut self) -> Result<u64> {
        let reply = self.request(json!({"janus": "attach", "plugin": "janus.plugin.videoroom"}), "success")?;
        reply["data"]["id"].as_u64().context("no handle id")
    }

    fn room(&mut self, name: &str) -> Result<u64> {
        if let Some(room) = self.rooms.get(name) {
            return Ok(*room);
        }
        let room = 1000 + self.rooms.len() as u64;
        let handle = self.attach()?;
        let body = json!({
            "request": "create", "room": room, "publishers": 100, "bitrate": 0, "audiocodec": "opus", "videocodec": "vp8",
            "audiolevel_event": false, "notify_joining": false, "transport_wide_cc_ext": true
        });
        self.request(json!({"janus": "message", "handle_id": handle, "body": body}), "success")?;
        self.rooms.insert(name.to_owned(), room);
        Ok(room)
    }

    fn publish_feed(&mut self, room_name: &str) -> Result<Participant> {
        let room = self.room(room_name)?;
        let handle = self.attach()?;
        let mut participant = Participant::new(Shape::PUBLISH, 0)?;
        let mut feed = 0;
        participant.offer(|offer, _| {
            let body = json!({"request": "joinandconfigure", "room": room, "ptype": "publisher", "audio": true, "video": true});
            let jsep = json!({"type": "offer", "sdp": offer});
            let reply = self.request(json!({"janus": "message", "handle_id": handle, "body": body, "jsep": jsep}), "event")?;
            feed = reply["plugindata"]["data"]["id"].as_u64().context("no feed id")?;
            Ok(reply["jsep"]["sdp"].as_str().context("no answer")?.to_owned())
        })?;
        self.feeds.entry(room_name.to_owned()).or_default().push(feed);
        Ok(participant)
    }

    /// One connection for all of `feeds`.
    fn subscribe_feeds(&mut self, room_name: &str, feeds: &[u64]) -> Result<Participant> {
        let room = self.room(room_name)?;
        let handle = self.attach()?;
        let mut participant = Participant::new(Shape { seats: feeds.len(), ..Shape::SUBSCRIBE }, 0)?;
        let streams: Vec<Value> = feeds.iter().map(|feed| json!({"feed": feed})).collect();
        let body = json!({"request": "join", "room": room, "ptype": "subscriber", "streams": streams});
        let reply = self.request(json!({"janus": "message", "handle_id": handle, "body": body}), "event")?;
        let answer = participant.answer(reply["jsep"]["sdp"].as_str().context("no offer")?)?;
        let jsep = json!({"type": "answer", "sdp": answer});
        self.request(json!({"janus": "message", "handle_id": handle, "body": {"request": "start"}, "jsep": jsep}), "event")?;
        Ok(participant)
    }
}

impl Sfu for Janus {
    fn publish(&mut self, room: &str) -> Result<Participant> {
        self.publish_feed(room)
    }

    fn subscribe(&mut self, room: &str) -> Result<Participant> {
        let feed = *self.feeds.get(room).and_then(|feeds| feeds.first()).context("nobody publishes")?;
        self.subscribe_feeds(room, &[feed])
    }

    fn meeting(&mut self, room: &str, people: usize) -> Result<Vec<Participant>> {
        (0..people).map(|_| self.publish_feed(room)).collect()
    }

    /// A feed exists only when its publisher is connected.
    fn meeting_receivers(&mut self, room: &str) -> Result<Vec<Participant>> {
        let feeds = self.feeds.get(room).cloned().unwrap_or_default();
        let others = |me: &u64| feeds.iter().copied().filter(|feed| feed != me).collect::<Vec<_>>();
        feeds.iter().map(|me| self.subscribe_feeds(room, &others(me))).collect()
    }

    fn keep_alive(&mut self) -> Result<()> {
        self.request(json!({"janus": "keepalive"}), "ack").map(drop)
    }
}

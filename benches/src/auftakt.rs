//! The server under test: WHIP and WHEP for one-to-many, its own signalling for lessons.

use crate::participant::{Part, Participant};
use crate::scenario::Sfu;
use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use std::net::{IpAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use str0m::media::{Direction, MediaKind, Mid};
use tungstenite::client::IntoClientRequest;
use tungstenite::{Message, WebSocket};

/// The command that starts the server.
pub fn command(program: &Path, data: &Path, port: u16, media: IpAddr) -> Command {
    let mut command = Command::new(program);
    command.arg("--data").arg(data).arg("serve").arg("--listen").arg(format!("127.0.0.1:{port}"));
    command.arg("--media-address").arg(media.to_string());
    command
}

/// A running server, and how to join it.
pub struct Auftakt {
    program: PathBuf,
    data: PathBuf,
    port: u16,
    token: String,
    agent: ureq::Agent,
    /// A participant stays only while its socket is open.
    sockets: Vec<WebSocket<TcpStream>>,
}

impl Auftakt {
    /// Waits until the server answers on `127.0.0.1:port`.
    pub fn connect(program: &Path, data: &Path, port: u16) -> Result<Self> {
        let agent = ureq::Agent::new_with_config(ureq::config::Config::builder().http_status_as_error(false).build());
        agent.get(format!("http://127.0.0.1:{port}/healthz")).call()?;
        let mut server = Self { program: program.into(), data: data.into(), port, token: String::new(), agent, sockets: vec![] };
        server.token = server.run(&["token", "--room", "*", "--publish", "--subscribe"])?;
        Ok(server)
    }

    fn run(&self, arguments: &[&str]) -> Result<String> {
        let output = Command::new(&self.program).arg("--data").arg(&self.data).args(arguments).output()?;
        if !output.status.success() {
            bail!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    }

    fn post(&self, path: &str, offer: &str) -> Result<String> {
        let request = self.agent.post(format!("http://127.0.0.1:{}{path}", self.port));
        let request = request.header("Authorization", format!("Bearer {}", self.token)).header("Content-Type", "application/sdp");
        let mut response = request.send(offer)?;
        let body = response.body_mut().read_to_string()?;
        if response.status() != 201 {
            bail!("{path}: {} {body}", response.status());
        }
        Ok(body)
    }

    fn join(&mut self, room: &str, role: &str, name: &str) -> Result<Participant> {
        let link = self.run(&["link", "--room", room, "--role", role, "--name", name])?;
        let token = link.rsplit_once('#').context("a link without a token")?.1.to_owned();
        let mut request = format!("ws://127.0.0.1:{}/signal", self.port).into_client_request()?;
        request.headers_mut().insert("Origin", format!("http://127.0.0.1:{}", self.port).parse()?);
        let stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_nodelay(true)?;
        let (mut socket, _) = tungstenite::client(request, stream).map_err(|error| anyhow::anyhow!("{error}"))?;
        let join = json!({"type": "join", "version": 1, "token": token, "name": name, "sound_profile": "music", "resume": null});
        socket.send(Message::text(join.to_string()))?;
        wait_for(&mut socket, "welcome")?;
        let mut participant = Participant::new(Part::Lesson)?;
        participant.offer(|sdp, sections| {
            let mid = |kind: MediaKind, direction: Direction| section(sections, kind, direction);
            let offer = json!({
                "type": "offer", "id": 1, "sdp": sdp, "fresh": true,
                "tracks": [
                    {"mid": mid(MediaKind::Audio, Direction::SendOnly)?, "source": "microphone", "muted": false},
                    {"mid": mid(MediaKind::Video, Direction::SendOnly)?, "source": "camera", "muted": false}
                ],
                "seats": [{
                    "audio_mid": mid(MediaKind::Audio, Direction::RecvOnly)?, "video_mid": mid(MediaKind::Video, Direction::RecvOnly)?
                }]
            });
            socket.send(Message::text(offer.to_string()))?;
            let answer = wait_for(&mut socket, "answer")?;
            Ok(answer["sdp"].as_str().context("no answer")?.to_owned())
        })?;
        self.sockets.push(socket);
        Ok(participant)
    }
}

fn section(sections: &[(MediaKind, Mid, Direction)], kind: MediaKind, direction: Direction) -> Result<String> {
    let found = sections.iter().find(|(k, _, d)| *k == kind && *d == direction);
    Ok(found.context("no such section")?.1.to_string())
}

fn wait_for(socket: &mut WebSocket<TcpStream>, wanted: &str) -> Result<Value> {
    loop {
        if let Message::Text(text) = socket.read()? {
            let message: Value = serde_json::from_str(&text)?;
            if message["type"] == wanted {
                return Ok(message);
            }
            if message["type"] == "error" {
                bail!("refused: {message}");
            }
        }
    }
}

impl Sfu for Auftakt {
    fn publish(&mut self, room: &str) -> Result<Participant> {
        let mut participant = Participant::new(Part::Publish)?;
        participant.offer(|offer, _| self.post(&format!("/whip/{room}"), offer))?;
        Ok(participant)
    }

    fn subscribe(&mut self, room: &str) -> Result<Participant> {
        let mut participant = Participant::new(Part::Subscribe)?;
        participant.offer(|offer, _| self.post(&format!("/whep/{room}"), offer))?;
        Ok(participant)
    }

    fn lesson(&mut self, room: &str) -> Result<Vec<Participant>> {
        Ok(vec![self.join(room, "teacher", "A")?, self.join(room, "student", "B")?])
    }

    fn lesson_receivers(&mut self, _room: &str) -> Result<Vec<Participant>> {
        Ok(vec![])
    }

    /// The page pings; a socket that never does is taken for dead.
    fn keep_alive(&mut self) -> Result<()> {
        for socket in &mut self.sockets {
            socket.send(Message::text(json!({"type": "ping", "id": 1}).to_string()))?;
        }
        Ok(())
    }
}

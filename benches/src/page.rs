//! The signalling side of a participant: what the page does on its WebSocket once it is in the room.

use anyhow::{Context, Result, bail};
use auftakt_signaling::wire::{ClientMessage, SeatSize, SeatedStream, StreamKind};
use serde_json::Value;
use std::io::ErrorKind;
use std::net::TcpStream;
use tungstenite::client::IntoClientRequest;
use tungstenite::{Error, Message, WebSocket};

/// One socket of the page.
pub struct Page {
    socket: WebSocket<TcpStream>,
    /// Its participant's id in the room.
    pub you: u32,
    /// What the server refused since it joined, by the last code.
    pub refused: Option<String>,
    /// Closed by the server, or broken.
    pub closed: bool,
}

impl Page {
    /// Opens a socket to the server at `port` of this machine; it blocks until [`Page::in_room`].
    pub fn open(port: u16) -> Result<Self> {
        let mut request = format!("ws://127.0.0.1:{port}/signal").into_client_request()?;
        request.headers_mut().insert("Origin", format!("http://127.0.0.1:{port}").parse()?);
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        let (socket, _) = tungstenite::client(request, stream).map_err(|error| anyhow::anyhow!("{error}"))?;
        Ok(Self { socket, you: 0, refused: None, closed: false })
    }

    /// Says something.
    pub fn say(&mut self, message: &ClientMessage) -> Result<()> {
        Ok(self.socket.send(Message::text(serde_json::to_string(message)?))?)
    }

    /// Waits for a message of this type; others before it are let go.
    pub fn wait_for(&mut self, wanted: &str) -> Result<Value> {
        loop {
            if let Message::Text(text) = self.socket.read()? {
                let kind = kind_of(&text);
                if kind == wanted {
                    return Ok(serde_json::from_str(&text)?);
                }
                if kind == "error" {
                    bail!("refused: {text}");
                }
            }
        }
    }

    /// From now on reading does not block.
    pub fn in_room(&mut self) -> Result<()> {
        self.socket.get_ref().set_nonblocking(true).context("non-blocking socket")
    }

    /// The TCP connection, for polling.
    pub fn stream(&self) -> &TcpStream {
        self.socket.get_ref()
    }

    /// What is shown: these participants first, the first seat large and all others small.
    pub fn view(&mut self, wanted: &[u32], seats: usize) -> Result<()> {
        let stream = |id: &u32| SeatedStream { participant: auftakt_signaling::wire::ParticipantId(*id), stream: StreamKind::Main };
        let size = |seat| if seat == 0 { SeatSize { width: 1280, height: 720 } } else { SeatSize { width: 320, height: 180 } };
        self.say(&ClientMessage::SetView { wanted: wanted.iter().map(stream).collect(), pinned: 0, sizes: (0..seats).map(size).collect() })
    }

    /// Reads what has come. `layers` hears how many layers of the camera are looked at.
    pub fn read(&mut self, mut layers: impl FnMut(usize)) {
        while !self.closed {
            match self.socket.read() {
                Ok(Message::Text(text)) => match kind_of(&text) {
                    "send_layers" => {
                        let message: Value = serde_json::from_str(&text).unwrap_or_default();
                        if message["source"] == "camera"
                            && let Some(count) = message["layers"].as_u64()
                        {
                            layers(count as usize);
                        }
                    }
                    "error" => self.refused = Some(text.to_string()),
                    _ => {}
                },
                Ok(_) => {}
                Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => self.closed = true,
            }
        }
    }
}

/// The type of a message without reading the rest: a hundred sockets hear of everything that happens in a room.
fn kind_of(text: &str) -> &str {
    text.strip_prefix("{\"type\":\"").and_then(|rest| rest.split_once('"')).map_or("", |(kind, _)| kind)
}

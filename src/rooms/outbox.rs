//! What a room has to say to one socket.

use auftakt_signaling::CloseReason;
use axum::extract::ws::Utf8Bytes;
use tokio::sync::mpsc;

/// Messages that wait for a slow socket: what a hundred people cause who come within a second, twice. What goes to many lies in memory once.
/// Full: the socket is closed, and its client resumes with a snapshot instead of what it could not read.
const WAITING: usize = 512;

/// For the socket's task.
#[derive(Clone, Debug)]
pub enum Frame {
    /// One message.
    Text(Utf8Bytes),
    /// The message that says one is in the room, no longer in front of its door.
    Welcome(Utf8Bytes),
    /// The last thing.
    Close(CloseReason),
}

/// The room's end. When it is dropped the socket is closed.
#[derive(Clone, Debug)]
pub struct Outbox(mpsc::Sender<Frame>);

/// The socket does not take what it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooSlow;

impl Outbox {
    /// Both ends.
    pub fn new() -> (Self, mpsc::Receiver<Frame>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        (Self(sender), receiver)
    }

    /// Never waits.
    pub fn push(&self, frame: Frame) -> Result<(), TooSlow> {
        self.0.try_send(frame).map_err(|_| TooSlow)
    }
}

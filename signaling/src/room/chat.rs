//! The room's chat: lives as long as the room.

use super::Room;
use super::io::{Output, SocketId};
use super::participant::{Participant, Reach};
use crate::names::{ChatText, ChatTextError};
use crate::wire::{ChatMessage, ErrorCode, ParticipantId, ServerMessage};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Messages to everybody kept for those who come later: at most 100 × 2000 characters in a snapshot. Full: the oldest goes.
const KEPT: usize = 100;
/// Private ones are kept apart, for those who come back: nobody's whispering pushes out what was said to all. Full: the oldest goes.
const PRIVATE_KEPT: usize = 300;

#[derive(Debug, Default)]
pub(super) struct Chat {
    public: VecDeque<ChatMessage>,
    private: VecDeque<ChatMessage>,
    said: u32,
}

impl Chat {
    fn say(&mut self, from: &Participant, to: Option<ParticipantId>, text: &str, sent_at: Duration) -> Result<ChatMessage, ErrorCode> {
        let text = ChatText::parse(text).map_err(|error| match error {
            ChatTextError::Empty => ErrorCode::ChatEmpty,
            ChatTextError::TooLong => ErrorCode::ChatTooLong,
        })?;
        self.said = self.said.wrapping_add(1);
        let message = ChatMessage {
            id: self.said,
            from: from.id,
            to,
            name: from.name.as_str().to_owned(),
            text: text.into_string(),
            sent_at: super::millis(sent_at),
        };
        let (kept, room) = if to.is_some() { (&mut self.private, PRIVATE_KEPT) } else { (&mut self.public, KEPT) };
        if kept.len() == room {
            kept.pop_front();
        }
        kept.push_back(message.clone());
        Ok(message)
    }

    /// The latest that `me` may see, oldest first.
    pub(super) fn recent(&self, me: ParticipantId) -> Vec<ChatMessage> {
        let mine = self.private.iter().filter(|message| message.from == me || message.to == Some(me));
        let mut recent: Vec<ChatMessage> = self.public.iter().chain(mine).cloned().collect();
        recent.sort_by_key(|message| message.id);
        recent.split_off(recent.len().saturating_sub(KEPT))
    }
}

impl Room {
    pub(super) fn say(&mut self, now: Instant, me: ParticipantId, socket: SocketId, text: &str, to: Option<ParticipantId>) {
        let sent_at = self.wall_clock(now);
        // Whoever has no page cannot read.
        let reads = |id: &ParticipantId| self.participants.get(id).is_some_and(|p| !matches!(p.reach, Reach::External(_)));
        if to.as_ref().is_some_and(|to| !reads(to)) {
            return self.refuse(socket, ErrorCode::RecipientGone, None);
        }
        let Some(participant) = self.participants.get(&me) else { return };
        match (self.chat.say(participant, to, text, sent_at), to) {
            (Err(code), _) => self.refuse(socket, code, None),
            (Ok(message), None) => self.broadcast(None, ServerMessage::Chat { message }),
            (Ok(message), Some(to)) => {
                // To oneself: once.
                let other = self.participants.get(&to).and_then(Participant::socket).filter(|other| *other != socket);
                let sockets = [Some(socket), other].into_iter().flatten().collect();
                self.outputs.push_back(Output::Broadcast { sockets, message: ServerMessage::Chat { message } });
            }
        }
    }
}

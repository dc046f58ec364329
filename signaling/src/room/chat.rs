//! The room's chat: lives as long as the room.

use super::participant::Participant;
use crate::names::{ChatText, ChatTextError};
use crate::wire::{ChatMessage, ErrorCode};
use std::collections::VecDeque;
use std::time::Duration;

/// Messages kept for those who come later: at most 100 × 2000 characters in a snapshot. Full: the oldest goes.
const KEPT: usize = 100;

#[derive(Debug, Default)]
pub(super) struct Chat {
    messages: VecDeque<ChatMessage>,
    said: u32,
}

impl Chat {
    pub(super) fn say(&mut self, from: &Participant, text: &str, sent_at: Duration) -> Result<ChatMessage, ErrorCode> {
        let text = ChatText::parse(text).map_err(|error| match error {
            ChatTextError::Empty => ErrorCode::ChatEmpty,
            ChatTextError::TooLong => ErrorCode::ChatTooLong,
        })?;
        self.said = self.said.wrapping_add(1);
        let message = ChatMessage {
            id: self.said,
            from: from.id,
            to: None,
            name: from.name.as_str().to_owned(),
            text: text.into_string(),
            sent_at: super::millis(sent_at),
        };
        if self.messages.len() == KEPT {
            self.messages.pop_front();
        }
        self.messages.push_back(message.clone());
        Ok(message)
    }

    /// The latest, oldest first.
    pub(super) fn recent(&self) -> Vec<ChatMessage> {
        self.messages.iter().cloned().collect()
    }
}

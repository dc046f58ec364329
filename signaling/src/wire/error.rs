//! What can be refused.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Why something was refused. The browser has the words for each, in the user's language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// The link is broken or was made by another server. Fatal.
    LinkInvalid,
    /// The link has expired. Fatal.
    LinkExpired,
    /// The room holds as many as it may. Fatal.
    RoomFull,
    /// Joined from another tab or device with the same resume token. Fatal.
    ReplacedElsewhere,
    /// The page is of another version than the server: reload it. Fatal.
    VersionMismatch,
    /// Not JSON of this protocol. Fatal.
    BadMessage,
    /// Longer than 64 KiB (offers: 256 KiB). Fatal.
    MessageTooLarge,
    /// Too many messages; wait and try again. Fatal when it goes on.
    TooFast,
    /// The client reads too slowly. Fatal; resume.
    TooSlow,
    /// Your role does not allow this.
    NotAllowed,
    /// A moderator did not let you in. Fatal.
    Dismissed,
    /// A moderator removed you from the room. Fatal.
    Removed,
    /// As many wait to be let in as may. Fatal; try again later.
    LobbyFull,
    /// The display name is empty. Fatal.
    NameMissing,
    /// The display name has more than 64 characters. Fatal.
    NameTooLong,
    /// There is nothing visible in the chat message.
    ChatEmpty,
    /// The chat message has more than 2000 characters.
    ChatTooLong,
    /// A private message to somebody who is not here, or has no page to read it on.
    RecipientGone,
    /// Nobody can be let in: the room holds as many as it may. Who waits goes on waiting.
    NoPlaceLeft,
    /// More entries in a list than the protocol allows.
    ListTooLong,
    /// The offer cannot be answered. Carries its `id`.
    OfferRefused,
    /// The first message was not `Join`, or did not come in time. Fatal.
    NotJoined,
    /// The server is shutting down or has a fault of its own. Try again.
    ServerFault,
}

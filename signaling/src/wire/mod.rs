//! The messages of the WebSocket, shared with the browser.
//!
//! Every message is one JSON object with a `type`. The TypeScript side is generated from this module
//! (`UPDATE=1 cargo test -p auftakt-signaling --test bindings` writes `web/src/generated/wire.ts`); `docs/protocol.md` tells the
//! same in prose.

mod client;
mod error;
mod server;
mod types;

pub use client::ClientMessage;
pub use error::ErrorCode;
pub use server::ServerMessage;
pub use types::*;

/// Version of this protocol. A server answers a client of another version with [`ErrorCode::VersionMismatch`], and the page reloads itself.
pub const PROTOCOL_VERSION: u32 = 2;

//! The transport under the packet path, from outside: each part against an implementation by somebody else.

#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::disallowed_methods, reason = "virtual time has to start somewhere")]

mod counting;
mod dtls;
mod hostile;
mod ice;
mod srtp;

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

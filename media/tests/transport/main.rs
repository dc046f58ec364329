//! The transport under the packet path, from outside: each part against an implementation by somebody else.

mod counting;
mod dtls;
mod hostile;
mod ice;
mod srtp;

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

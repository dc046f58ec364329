//! The transport under the packet path, from outside: each part against an implementation by somebody else.

mod dtls;
mod hostile;
mod ice;
mod srtp;

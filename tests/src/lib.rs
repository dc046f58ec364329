//! Worlds that the behaviour tests share.

pub mod impair;

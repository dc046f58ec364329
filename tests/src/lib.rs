//! Worlds that the behaviour tests share.

pub mod browser;
pub mod impair;

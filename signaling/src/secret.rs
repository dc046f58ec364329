//! The secret that lets a participant come back.

use std::fmt;

/// Proves that a socket belongs to a participant who was here before. Made outside, from a cryptographic source.
#[derive(Clone, PartialEq, Eq)]
pub struct ResumeSecret(String);

impl ResumeSecret {
    /// `text` must not be guessable: 128 bits of randomness or more.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// For the message to its owner; nobody else may see it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Compares without telling by the time it takes how much was right.
    pub fn matches(&self, given: &str) -> bool {
        let (ours, given) = (self.0.as_bytes(), given.as_bytes());
        ours.len() == given.len() && ours.iter().zip(given).fold(0, |differences, (a, b)| differences | (a ^ b)) == 0
    }
}

impl fmt::Debug for ResumeSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ResumeSecret(…)")
    }
}

//! Secrets: made here, and never in logs.

/// A secret for an address or a message: 128 bits in letters that need no escaping. `None` when the system has no randomness.
pub fn secret() -> Option<String> {
    use base64::Engine;
    let mut bytes = [0; 16];
    aws_lc_rs::rand::fill(&mut bytes).ok()?;
    Some(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
}

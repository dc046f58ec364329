//! Whose page is asking.

use super::App;
use crate::config::Tls;
use axum::http::{HeaderMap, header};

impl App {
    /// Whether a request may come from a page of ours; refusals are counted.
    pub fn is_own_origin(&self, headers: &HeaderMap) -> bool {
        let scheme = if self.config.tls == Tls::Off { "http" } else { "https" };
        let ours = origin_is_ours(headers, &self.url, scheme);
        if !ours {
            self.counters.origin_refused();
        }
        ours
    }
}

/// A browser always says whose page is asking. Programs that say nothing have no session of somebody else to misuse. Ours is
/// the page at our public address, and the one that came over this very listener.
fn origin_is_ours(headers: &HeaderMap, public_url: &str, scheme: &str) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    // Written as a browser writes it, without the port that goes without saying.
    let default_port = if public_url.starts_with("https:") { ":443" } else { ":80" };
    let public_url = public_url.strip_suffix(default_port).unwrap_or(public_url);
    let same_listener =
        |(theirs, authority): (&str, &str)| theirs.eq_ignore_ascii_case(scheme) && !host.is_empty() && authority.eq_ignore_ascii_case(host);
    origin.eq_ignore_ascii_case(public_url) || origin.split_once("://").is_some_and(same_listener)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins() {
        let ours = |origin: Option<&str>, host: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().expect("a header"));
            origin.map(|origin| headers.insert(header::ORIGIN, origin.parse().expect("a header")));
            origin_is_ours(&headers, "https://musik.example", "http")
        };
        assert!(ours(None, "musik.example"));
        assert!(ours(Some("http://localhost:8080"), "localhost:8080"));
        assert!(ours(Some("https://musik.example"), "inner:8443"), "behind a proxy that changes the host");
        assert!(!ours(Some("https://evil.example"), "musik.example"));
        assert!(!ours(Some("https://musik.example.evil.example"), "musik.example"));
        assert!(!ours(Some("null"), "musik.example"));
        assert!(!ours(Some("http://"), ""));
        assert!(!ours(Some("http://musik.example"), "inner:8443"), "the same name without TLS");
        assert!(!ours(Some("https://localhost:8080"), "localhost:8080"), "not the page of this listener");
    }

    #[test]
    fn the_port_that_goes_without_saying() {
        let headers = HeaderMap::from_iter([(header::ORIGIN, "https://musik.example".parse().expect("a header"))]);
        assert!(origin_is_ours(&headers, "https://musik.example:443", "http"));
        assert!(!origin_is_ours(&headers, "https://musik.example:8443", "http"));
    }
}

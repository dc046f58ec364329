//! What the server says of itself on its admin listener.

use anyhow::{Context, Result};
use std::collections::BTreeMap;

/// Every figure by its name with labels, without the prefix `auftakt_`.
pub struct Metrics(BTreeMap<String, f64>);

impl Metrics {
    /// Asks the admin listener on `127.0.0.1:admin`.
    pub fn read(admin: u16) -> Result<Self> {
        let text =
            ureq::get(format!("http://127.0.0.1:{admin}/metrics")).call().context("the admin listener")?.body_mut().read_to_string()?;
        Ok(Self::parse(&text))
    }

    fn parse(text: &str) -> Self {
        let figure = |line: &str| {
            let (name, value) = line.strip_prefix("auftakt_")?.rsplit_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        };
        Self(text.lines().filter_map(figure).collect())
    }

    /// 0 when there is no such figure.
    pub fn get(&self, name: &str) -> f64 {
        self.0.get(name).copied().unwrap_or(0.0)
    }

    /// Everything that must be zero when nobody is there, and is not.
    pub fn held(&self) -> Vec<(&str, f64)> {
        let table = |name: &str| TABLES.contains(&name) || name.starts_with("media_entries{");
        self.0.iter().filter(|(name, value)| table(name) && **value != 0.0).map(|(name, value)| (name.as_str(), *value)).collect()
    }

    /// By how much the counters of dropped packets have grown since `before`, by reason.
    pub fn drops_since(&self, before: &Self) -> Vec<(&str, f64)> {
        let reason = |name: &String| name.starts_with("packets_dropped_total{") || name.starts_with("kernel_drops_total");
        let grown = self.0.iter().filter(|(name, _)| reason(name)).map(|(name, value)| (name.as_str(), value - before.get(name)));
        grown.filter(|(_, grown)| *grown > 0.0).collect()
    }
}

/// Gauges of what the server holds for people.
const TABLES: [&str; 8] = ["rooms", "participants", "viewers", "sockets", "room_connections", "peers", "tracks", "subscriptions"];

#[cfg(test)]
mod tests {
    use super::Metrics;

    #[test]
    fn what_is_held_and_what_was_dropped_is_found() {
        let before = Metrics::parse("auftakt_rooms 0\nauftakt_packets_dropped_total{reason=\"a\"} 3\n");
        let now = Metrics::parse(
            "# HELP auftakt_rooms Rooms.\nauftakt_rooms 0\nauftakt_peers 2\nauftakt_media_entries{table=\"timers\"} 1\n\
             auftakt_packets_dropped_total{reason=\"a\"} 5\nauftakt_packets_dropped_total{reason=\"b\"} 0\n",
        );
        assert_eq!(now.held(), [("media_entries{table=\"timers\"}", 1.0), ("peers", 2.0)]);
        assert_eq!(now.drops_since(&before), [("packets_dropped_total{reason=\"a\"}", 2.0)]);
    }
}

//! `GET /metrics` for Prometheus: how much, never who.

use super::App;
use crate::media_io::MediaStats;
use auftakt_media::drops::DropReason;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What the HTTP side counts.
#[derive(Clone, Default)]
pub struct Counters(Arc<Counts>);

#[derive(Default)]
struct Counts {
    messages: AtomicU64,
    too_fast: AtomicU64,
    origin_refused: AtomicU64,
}

impl Counters {
    pub fn message(&self) {
        self.0.messages.fetch_add(1, Ordering::Relaxed);
    }

    pub fn too_fast(&self) {
        self.0.too_fast.fetch_add(1, Ordering::Relaxed);
    }

    pub fn origin_refused(&self) {
        self.0.origin_refused.fetch_add(1, Ordering::Relaxed);
    }
}

/// The text format, version 0.0.4.
#[derive(Default)]
struct Page(String);

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "# HELP auftakt_{name} {help}\n# TYPE auftakt_{name} {kind}");
    }

    fn gauge(&mut self, name: &str, help: &str, value: impl std::fmt::Display) {
        self.head(name, "gauge", help);
        let _ = writeln!(self.0, "auftakt_{name} {value}");
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.head(name, "counter", help);
        let _ = writeln!(self.0, "auftakt_{name} {value}");
    }

    /// One value for each media worker.
    fn labelled(&mut self, name: &str, kind: &str, help: &str, values: impl Iterator<Item = u64>) {
        self.head(name, kind, help);
        for (worker, value) in values.enumerate() {
            let _ = writeln!(self.0, "auftakt_{name}{{worker=\"{worker}\"}} {value}");
        }
    }
}

pub async fn show(State(app): State<App>) -> Response {
    let mut page = Page::default();
    let (rooms, participants, viewers) = app.rooms.count().await;
    page.gauge("rooms", "Rooms with somebody in them.", rooms);
    page.gauge("participants", "Participants in all rooms.", participants);
    page.gauge("viewers", "WHEP subscribers in all rooms.", viewers);
    let counts = &app.counters.0;
    page.gauge("room_connections", "Media connections that belong to a room.", app.rooms.connections());
    page.gauge("sockets", "Open WebSockets.", app.sockets.open());
    page.counter("socket_messages_total", "Messages received on WebSockets.", counts.messages.load(Ordering::Relaxed));
    page.counter("socket_too_fast_total", "Messages refused because they came too fast.", counts.too_fast.load(Ordering::Relaxed));
    page.counter(
        "origin_refused_total",
        "WebSockets refused because another site's page asked.",
        counts.origin_refused.load(Ordering::Relaxed),
    );
    media(&app, &mut page).await;
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], page.0).into_response()
}

/// How large one table of a worker is.
type Size = fn(&auftakt_media::worker::Gauges) -> usize;

const TABLES: [(&str, Size); 5] = [
    ("encodings", |g| g.encodings),
    ("sections", |g| g.slots),
    ("addresses", |g| g.addresses),
    ("ice_users", |g| g.ufrags),
    ("timers", |g| g.timers),
];

async fn media(app: &App, page: &mut Page) {
    // While the server stops there is nothing to tell.
    let Ok(stats) = app.media.stats().await else { return };
    let sum = |of: fn(&auftakt_media::worker::Counters) -> u64| stats.workers.iter().map(|worker| of(&worker.counters)).sum::<u64>();
    let held = |of: fn(&auftakt_media::worker::Gauges) -> usize| stats.workers.iter().map(|worker| of(&worker.gauges)).sum::<usize>();
    page.gauge("peers", "Media connections.", held(|g| g.peers));
    page.gauge("tracks", "Tracks that are received or made here.", held(|g| g.tracks));
    page.gauge("subscriptions", "Seats' sections that play a track.", held(|g| g.subscriptions));
    page.head("media_entries", "gauge", "Entries of the media plane's other tables: what nobody uses any more must leave them.");
    for (table, of) in TABLES {
        let _ = writeln!(page.0, "auftakt_media_entries{{table=\"{table}\"}} {}", held(of));
    }
    page.counter("datagrams_received_total", "UDP datagrams received.", sum(|c| c.datagrams_received));
    page.counter("bytes_received_total", "Bytes in them.", sum(|c| c.bytes_received));
    page.counter("packets_received_total", "Media packets received.", sum(|c| c.packets_received));
    page.counter("packets_recovered_total", "Media packets that came by a retransmission.", sum(|c| c.packets_recovered));
    page.counter("packets_forwarded_total", "Media packets sent to receivers.", sum(|c| c.packets_forwarded));
    page.counter("bytes_forwarded_total", "Bytes in them.", sum(|c| c.bytes_forwarded));
    page.counter("packets_padded_total", "Packets of padding sent to probe receivers' networks.", sum(|c| c.packets_padded));
    page.counter("packets_retransmitted_total", "Media packets sent again.", sum(|c| c.packets_retransmitted));
    page.counter("nacks_sent_total", "Packets asked for again.", sum(|c| c.nacks_sent));
    page.counter("keyframes_requested_total", "Keyframes asked for.", sum(|c| c.keyframes_requested));
    page.counter(
        "kernel_drops_total",
        "Datagrams the kernel dropped because we were too slow.",
        stats.io.iter().map(|io| io.kernel_drops).sum(),
    );
    page.counter(
        "send_errors_total",
        "Datagrams the kernel would not send.",
        stats.io.iter().map(|io| io.send_errors + io.send_buffer_full).sum(),
    );
    by_worker(&stats, page);
    drops(&stats.workers, page);
}

/// Whether the rooms are spread well, and whether the kernel brings what arrives to whose it is.
fn by_worker(stats: &MediaStats, page: &mut Page) {
    let workers = || stats.workers.iter();
    let io = || stats.io.iter();
    page.labelled("worker_rooms", "gauge", "Rooms of each media worker.", stats.rooms.iter().map(|rooms| *rooms as u64));
    page.labelled("worker_peers", "gauge", "Media connections of each.", workers().map(|w| w.gauges.peers as u64));
    let help = "Media packets each received.";
    page.labelled("worker_packets_received_total", "counter", help, workers().map(|w| w.counters.packets_received));
    let help = "Media packets each sent to receivers.";
    page.labelled("worker_packets_forwarded_total", "counter", help, workers().map(|w| w.counters.packets_forwarded));
    let help = "Datagrams the kernel brought to each that belonged to another.";
    page.labelled("worker_strays_total", "counter", help, io().map(|io| io.strays_handed_on));
}

fn drops(workers: &[auftakt_media::worker::WorkerStats], page: &mut Page) {
    page.head("packets_dropped_total", "counter", "Packets that went no further, by reason.");
    for reason in DropReason::ALL {
        let count: u64 = workers.iter().map(|worker| worker.counters.drops.of(reason)).sum();
        let _ = writeln!(page.0, "auftakt_packets_dropped_total{{reason=\"{}\"}} {count}", snake_case(reason));
    }
}

/// `StunMalformed` is `stun_malformed`.
fn snake_case(reason: DropReason) -> String {
    let mut name = String::new();
    for letter in format!("{reason:?}").chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

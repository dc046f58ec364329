//! HTTP: what can be asked, and what every answer has.

mod api;
mod external;
mod metrics;
mod problem;
mod signal;

pub use external::{Sessions, percent_encoded};
pub use metrics::Counters;

use crate::config::Config;
use crate::links::LinkKey;
use crate::media_io::MediaHandle;
use crate::pages::{self, Pages};
use crate::rooms::{Records, Rooms};
use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::response::Response;
use axum::routing::{get, patch, post};
use std::ops::Deref;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// The longest body: an offer with 64 seats has about 200 kB.
const BODY_BYTES_MAX: usize = 256 * 1024;

/// What every request may use. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Shared>);

/// See [`App`].
pub struct Shared {
    pub config: Config,
    /// How links begin.
    pub url: String,
    pub key: LinkKey,
    pub rooms: Rooms,
    pub records: Records,
    pub media: MediaHandle,
    pub pages: Pages,
    pub sessions: Sessions,
    pub counters: Counters,
    pub sockets: Places,
    pub probes: Places,
    /// Turns true when the server stops.
    pub stopping: watch::Receiver<bool>,
}

/// A bounded number of places, given back when what took one is dropped.
#[derive(Clone)]
pub struct Places {
    free: Arc<Semaphore>,
    all: u32,
}

impl Places {
    pub fn new(all: u32) -> Self {
        Self { free: Arc::new(Semaphore::new(all as usize)), all }
    }

    /// `None` when there is no place left.
    pub fn take(&self) -> Option<OwnedSemaphorePermit> {
        self.free.clone().try_acquire_owned().ok()
    }

    pub fn open(&self) -> usize {
        self.all as usize - self.free.available_permits()
    }

    /// Resolves when every place has been given back.
    pub async fn all_free(&self) {
        // The semaphore is never closed.
        let _ = self.free.acquire_many(self.all).await;
    }
}

impl App {
    /// WebSockets at once. Full: refused, and the client tries again.
    pub const SOCKETS_MAX: u32 = 4000;
    /// Connection tests at once: they are open to everybody. Full: refused, which the page takes for "cannot tell".
    pub const PROBES_MAX: u32 = 64;

    pub fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }

    /// The pages, the signalling, WHIP and WHEP.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/healthz", get(async || "ok"))
            .route("/signal", get(signal::upgrade))
            .route("/api/link", post(api::link))
            .route("/api/probe", post(api::probe))
            .route("/whip/{room}", post(external::publish))
            .route("/whip/{room}/{session}", patch(external::patch).delete(external::delete))
            .route("/whep/{room}", post(external::subscribe))
            .route("/whep/{room}/{session}", patch(external::patch).delete(external::delete))
            .fallback(page)
            .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
            .layer(axum::middleware::from_fn(pages::security_headers))
            .with_state(self.clone())
    }

    /// What only the operator may see.
    pub fn admin_router(&self) -> Router {
        let routes = Router::new().route("/healthz", get(async || "ok")).route("/metrics", get(metrics::show));
        routes.with_state(self.clone())
    }
}

impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

async fn page(State(app): State<App>, request: Request) -> Response {
    app.pages.serve(request.method(), request.uri().path(), request.headers())
}

/// Seconds since 1970, for the expiry of tokens.
pub fn seconds_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

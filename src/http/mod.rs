//! HTTP: what can be asked, and what every answer has.

mod api;
mod body;
mod external;
mod metrics;
mod origin;
mod problem;
mod school;
mod signal;

pub use external::Sessions;
pub use metrics::Counters;

use crate::config::Config;
use crate::demo::DemoLinks;
use crate::demo::school::Cast;
use crate::links::LinkKey;
use crate::media_io::Media;
use crate::pages::{self, Pages, SecurityHeaders};
use crate::rooms::{Records, Rooms};
use crate::school::School;
use crate::shares::Shares;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post};
use problem::Problem;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// From a request's head to its answer, its body included; an upgraded connection has its own limits. A school's slowest line
/// brings the longest offer in less.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

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
    pub school: School,
    pub media: Media,
    pub pages: Pages,
    pub sessions: Sessions,
    pub counters: Counters,
    pub sockets: Places,
    /// Pages that hear what happens.
    pub live_pages: Places,
    pub probes: Places,
    pub probe_shares: Shares,
    pub security_headers: SecurityHeaders,
    /// Links of the demonstration school, once it is open.
    pub demo: OnceLock<DemoLinks>,
    /// Who plays its roles.
    pub cast: OnceLock<Cast>,
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
    /// Pages at once that hear what happens. Full: refused, and the page tries again.
    pub const LIVE_PAGES_MAX: u32 = 4000;
    /// Connection tests at once: they are open to everybody. Full: refused, which the page takes for "cannot tell".
    pub const PROBES_MAX: u32 = 256;
    /// Of which one address may have so many: a class that opens its links in one school. Full: the same.
    pub const PROBES_PER_ADDRESS: usize = 32;

    pub fn new(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }

    /// The pages, the signalling, WHIP and WHEP.
    pub fn router(&self) -> Router {
        let streams = Router::new()
            .route("/whip/{room}", post(external::publish).options(external::preflight))
            .route("/whip/{room}/{session}", patch(external::patch).delete(external::delete).options(external::preflight))
            .route("/whep/{room}", post(external::subscribe).options(external::preflight))
            .route("/whep/{room}/{session}", patch(external::patch).delete(external::delete).options(external::preflight))
            .layer(from_fn(external::open_to_all_origins));
        let router = Router::new()
            .route("/healthz", get(async || "ok"))
            .route("/signal", get(signal::upgrade))
            .route("/api/link", post(api::link))
            .route("/api/probe", post(api::probe))
            .route("/api/demo", get(api::demo))
            .merge(streams)
            .merge(school::router(self))
            .fallback(page);
        let headers = from_fn_with_state(self.security_headers.clone(), pages::security_headers);
        guarded(router).layer(headers).with_state(self.clone())
    }

    /// What only the operator may see.
    pub fn admin_router(&self) -> Router {
        let routes = Router::new().route("/healthz", get(async || "ok")).route("/metrics", get(metrics::show));
        guarded(routes).with_state(self.clone())
    }
}

/// What every router needs: an end to waiting, and refusals in one form.
pub fn guarded<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router.layer(from_fn(answer_in_time)).layer(from_fn(problem::in_our_words))
}

/// A client that stops in the middle of a body would hold its place for ever.
async fn answer_in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(ANSWER_WITHIN, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let problem = Problem::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", "the rest of the request did not come in time");
            ([(header::CONNECTION, "close")], problem).into_response()
        }
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

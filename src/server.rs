//! The running server: everything that is started together and stopped together.

use crate::config::{Config, Tls};
use crate::http::{App, Counters, Places, Sessions, Shared};
use crate::links::LinkKey;
use crate::media_io::{MediaConfig, MediaPlane, StartError as MediaError};
use crate::pages::{Pages, SecurityHeaders, Transport};
use crate::rooms::{Records, Rooms};
use crate::school::files::{Files, sweep};
use crate::school::sign_in::{self, SignInError};
use crate::school::{School, timetable};
use crate::shares::Shares;
use crate::store::{Moment, Store, StoreError};
use crate::tls::{self, TlsError};
use crate::{demo, listener, memory, system};
use auftakt_signaling::Limits;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Everything has ended by then, orderly or not.
const STOP_WITHIN: Duration = Duration::from_millis(1800);
/// WHEP subscribers of one room; each costs what a participant's received media costs.
const VIEWERS_PER_ROOM: usize = 500;
/// Where a running server notes how its links begin, for `auftakt link`.
const URL_FILE: &str = "server-url";

/// Why the server did not start, in words for an operator.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The TCP port cannot be had.
    #[error("TCP {address} cannot be opened: {source}")]
    Bind {
        /// Which.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The data directory cannot be used.
    #[error("data directory {}: {source}", path.display())]
    Data {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The built page is not there.
    #[error("the page: {0}")]
    Pages(io::Error),
    /// The certificate cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The UDP port or what belongs to it.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// Where uploaded files lie.
    #[error("files: {0}")]
    Files(io::Error),
    /// The school's records.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A running server. Stop it with [`Server::stop`].
pub struct Server {
    app: App,
    address: SocketAddr,
    admin: Option<SocketAddr>,
    media: MediaPlane,
    stop: watch::Sender<bool>,
    listeners: Vec<JoinHandle<()>>,
    media_ended: Option<JoinHandle<()>>,
    presence_written: JoinHandle<()>,
    url_file: PathBuf,
}

impl Server {
    /// Starts everything, or nothing.
    ///
    /// # Errors
    /// Says which port, file or directory cannot be used.
    pub async fn start(mut config: Config, data: &Path) -> Result<Self, StartError> {
        let in_data = |source| StartError::Data { path: data.to_path_buf(), source };
        let key = LinkKey::open(data).map_err(in_data)?;
        let records = Records::open(data).map_err(in_data)?;
        let store = match &config.database {
            None => Store::open_embedded(data).await?,
            Some(url) => Store::open(url).await?,
        };
        let files = Files::open(config.files.clone(), data).map_err(StartError::Files)?;
        let pages = Pages::read(&config.web).map_err(StartError::Pages)?;
        let (tcp, address) = bind(config.listen).await?;
        // Port 0 has become a real one, and media takes the same.
        config.listen = address;
        let url = config.url(address.port());
        let mut media = start_media(&config)?;
        let names = tls::self_signed_names(&media.candidates().iter().map(SocketAddr::ip).collect::<Vec<_>>());
        let tls = tls::server_config(&config.tls, data, &names)?;
        let admin_tcp = match config.admin {
            Some(admin) => Some(bind(admin).await?),
            None => None,
        };
        let url_file = data.join(URL_FILE);
        std::fs::write(&url_file, &url).map_err(in_data)?;

        let time_zone = config.time_zone;
        let limits = Limits { participants: config.participants_per_room, viewers: VIEWERS_PER_ROOM, heard: config.heard };
        let rooms = Rooms::new(media.media(), limits);
        let media_ended = media.take_events().map(|events| {
            let rooms = rooms.clone();
            tokio::spawn(async move { rooms.follow(events).await })
        });
        let (stop, stopping) = watch::channel(false);
        let transport = if matches!(config.tls, Tls::Files { .. }) { Transport::Trusted } else { Transport::Other };
        let security_headers = SecurityHeaders::new(&url, transport);
        let tls = tls.map(|tls| {
            tokio::spawn(tls::follow(tls.certificates, stopping.clone()));
            tls.config
        });
        tokio::spawn(memory::follow(rooms.clone(), stopping.clone()));
        tokio::spawn(sweep::follow(files.clone(), store.clone(), stopping.clone()));
        let app = App::new(Shared {
            config,
            url,
            key,
            rooms,
            records,
            school: School::new(store, files, time_zone),
            media: media.media(),
            pages,
            sessions: Sessions::default(),
            counters: Counters::default(),
            sockets: Places::new(App::SOCKETS_MAX),
            live_pages: Places::new(App::LIVE_PAGES_MAX),
            probes: Places::new(App::PROBES_MAX),
            probe_shares: Shares::new(App::PROBES_PER_ADDRESS),
            security_headers,
            demo: OnceLock::new(),
            cast: OnceLock::new(),
            stopping: stopping.clone(),
        });
        let stopping_too = stopping.clone();
        let (presence, store) = (app.school.presence.clone(), app.school.store.clone());
        let presence_written = tokio::spawn(async move { presence.follow(&store, stopping_too).await });
        let mut listeners = vec![tokio::spawn(listener::serve(tcp, tls, app.router(), stopping.clone()))];
        let admin = admin_tcp.as_ref().map(|(_, address)| *address);
        if let Some((tcp, _)) = admin_tcp {
            // Plain HTTP: metrics hold no secret, and the address is the operator's choice.
            listeners.push(tokio::spawn(listener::serve(tcp, None, app.admin_router(), stopping)));
        }
        Ok(Self { app, address, admin, media, stop, listeners, media_ended, presence_written, url_file })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the metrics are.
    pub fn admin(&self) -> Option<SocketAddr> {
        self.admin
    }

    /// How its links begin.
    pub fn url(&self) -> &str {
        &self.app.url
    }

    /// What media clients are told to send to.
    pub fn candidates(&self) -> &[SocketAddr] {
        self.media.candidates()
    }

    /// Where the first operator is set up, while the school has none.
    ///
    /// # Errors
    /// The database.
    pub async fn set_up_link(&self) -> Result<Option<String>, SignInError> {
        sign_in::set_up_link(&self.app.school.store, &self.app.url, Moment::now()).await
    }

    /// Opens the demonstration school; returns what to tell whoever started it.
    ///
    /// # Errors
    /// The data directory or the database cannot be written.
    pub async fn open_demo(&self) -> io::Result<String> {
        let zone = self.app.school.zone;
        let (today, _) = timetable::local(zone, Moment::now());
        if let Some(cast) = demo::school::fill(&self.app.school.store, today, zone).await.map_err(io::Error::other)? {
            // It is opened once.
            let _ = self.app.cast.set(cast);
        }
        demo::open(&self.app)
    }

    /// Resolves when the media plane has died: there is nothing to serve any more.
    pub async fn failed(&mut self) {
        match &mut self.media_ended {
            Some(ended) => drop(ended.await),
            None => std::future::pending().await,
        }
    }

    /// Tells everybody, and ends everything within two seconds.
    pub async fn stop(self) {
        let Self { app, media, stop, listeners, presence_written, url_file, .. } = self;
        let orderly = async {
            // First the doors, then the rooms: whoever is in one hears it from there, and nobody comes in after that.
            let _ = stop.send(true);
            app.rooms.shut_down().await;
            app.sockets.all_free().await;
            app.live_pages.all_free().await;
            // Everybody has left: now all of it can be written down.
            let _ = presence_written.await;
            app.school.presence.write(&app.school.store, Moment::now()).await;
            for listener in listeners {
                let _ = listener.await;
            }
        };
        if tokio::time::timeout(STOP_WITHIN, orderly).await.is_err() {
            tracing::warn!("some connections did not end in time");
        }
        app.school.store.close().await;
        let _ = std::fs::remove_file(url_file);
        // Joins the media threads.
        drop(media);
    }
}

/// What a running server on this data directory noted.
pub fn noted_url(data: &Path) -> Option<String> {
    let url = std::fs::read_to_string(data.join(URL_FILE)).ok()?;
    url.starts_with("http").then_some(url)
}

async fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Bind { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

fn start_media(config: &Config) -> Result<MediaPlane, MediaError> {
    let wanted = media_config(config);
    let asked = wanted.socket_buffer_bytes;
    let media = MediaPlane::start(wanted)?;
    if system::is_small_buffer(media.receive_buffer_bytes(), asked) {
        tracing::warn!("the kernel gives UDP small buffers, so bursts may be lost: set net.core.rmem_max and net.core.wmem_max to {asked}");
    }
    Ok(media)
}

/// Media listens where HTTP listens, on UDP; on every address when it is to be reached at another one.
pub(crate) fn media_config(config: &Config) -> MediaConfig {
    let ip = config.listen.ip();
    let reached_elsewhere = config.media_addresses.iter().any(|address| *address != ip);
    let everywhere = if ip.is_ipv4() { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { IpAddr::V6(Ipv6Addr::UNSPECIFIED) };
    let ip = if reached_elsewhere { everywhere } else { ip };
    MediaConfig {
        addresses: config.media_addresses.clone(),
        candidates: config.media_candidates.clone(),
        gather: config.gather,
        workers: config.media_workers,
        ..MediaConfig::listen(SocketAddr::new(ip, config.listen.port()))
    }
}

//! The command line.

use crate::check::{self, Language, Verdict};
use crate::config::{Config, Overrides};
use crate::links::{JoinClaims, LinkKey, MediaClaims, join_url, seconds_now};
use crate::rooms::Records;
use crate::server::{self, Server};
use crate::system;
use anyhow::Context;
use auftakt_signaling::wire::{Role, RoomKind};
use auftakt_signaling::{DisplayName, RoomName};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Read when no other is named, and only if it is there.
const CONFIG_FILE: &str = "auftakt.toml";

/// Live lessons and conferences for music schools.
#[derive(Debug, Parser)]
#[command(name = "auftakt", version, about)]
pub struct Arguments {
    /// The configuration; without it auftakt.toml in the current directory, when there is one.
    #[arg(long, value_name = "FILE", env = "AUFTAKT_CONFIG", global = true)]
    config: Option<PathBuf>,
    /// Where everything is kept that must last.
    #[arg(long, value_name = "DIR", env = "AUFTAKT_DATA", default_value = "data", global = true)]
    data: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the server.
    Serve(Serve),
    /// Manages rooms.
    #[command(subcommand)]
    Room(RoomCommand),
    /// Prints an address that joins a room.
    Link(Link),
    /// Prints a bearer token for WHIP and WHEP.
    Token(Token),
    /// Says what is wrong with ports, certificate, data directory and page.
    Check,
}

#[derive(Debug, Args)]
struct Serve {
    /// TCP for pages and signalling, UDP of the same port for media.
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<SocketAddr>,
    /// An address at which clients reach the media port; may be repeated.
    #[arg(long, value_name = "IP")]
    media_address: Vec<IpAddr>,
    /// An address and port told to clients instead of our own: a port forwarding; may be repeated.
    #[arg(long, value_name = "IP:PORT")]
    media_candidate: Vec<SocketAddr>,
    /// Metrics for Prometheus.
    #[arg(long, value_name = "ADDR:PORT")]
    admin: Option<SocketAddr>,
    /// Opens a demonstration school and prints its links.
    #[arg(long)]
    demo: bool,
}

#[derive(Debug, Subcommand)]
enum RoomCommand {
    /// Makes a room.
    Create {
        name: String,
        #[arg(long, value_enum)]
        kind: Kind,
    },
}

#[derive(Debug, Args)]
struct Link {
    #[arg(long)]
    room: String,
    #[arg(long, value_enum)]
    role: RoleArgument,
    /// The name suggested on the join page.
    #[arg(long)]
    name: String,
    /// How long it admits newcomers.
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=24 * 366))]
    hours: u32,
}

#[derive(Debug, Args)]
struct Token {
    /// A room, or '*' for all.
    #[arg(long)]
    room: String,
    #[arg(long)]
    publish: bool,
    #[arg(long)]
    subscribe: bool,
    /// What a publisher is called in the room.
    #[arg(long, default_value = "")]
    name: String,
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=24 * 366))]
    hours: u32,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    Lesson,
    Conference,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum RoleArgument {
    Teacher,
    Student,
    Guest,
    Moderator,
    Attendee,
}

/// Does what the command line says.
///
/// # Errors
/// In words for whoever typed it.
pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { config, data, command } = arguments;
    match command {
        Command::Serve(serve) => run_server(config, &data, serve),
        Command::Room(RoomCommand::Create { name, kind }) => create_room(&data, &name, kind.into()),
        Command::Link(link) => print_link(config, &data, &link),
        Command::Token(token) => print_token(&data, &token),
        Command::Check => self_test(config, &data),
    }
}

fn load(config: Option<PathBuf>, overrides: Overrides) -> anyhow::Result<Config> {
    let file = config.or_else(|| Some(PathBuf::from(CONFIG_FILE)).filter(|file| file.exists()));
    // A variable that is not Unicode cannot be one of ours.
    let environment = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Ok(Config::load(file.as_deref(), environment, overrides)?)
}

fn run_server(config: Option<PathBuf>, data: &Path, serve: Serve) -> anyhow::Result<ExitCode> {
    let filter = EnvFilter::try_from_env("AUFTAKT_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let Serve { listen, media_address, media_candidate, admin, demo } = serve;
    let overrides = Overrides { listen, admin, media_addresses: media_address, media_candidates: media_candidate };
    let config = load(config, overrides)?;
    let open_files = system::raise_open_files();
    if open_files < system::OPEN_FILES_WANTED {
        tracing::warn!("only {open_files} open files are allowed; thousands of connections need {}", system::OPEN_FILES_WANTED);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let code = runtime.block_on(serve_until_told(config, data, demo))?;
    // Whatever still hangs has had its time.
    runtime.shutdown_background();
    Ok(code)
}

async fn serve_until_told(config: Config, data: &Path, demo: bool) -> anyhow::Result<ExitCode> {
    // Before anything starts: a signal during the start must not be lost.
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut server = Server::start(config, data).await?;
    tracing::info!(port = server.address().port(), "serving at {}", server.url());
    if demo {
        let text = server.open_demo().await.with_context(|| format!("data directory {}", data.display()))?;
        print(&text)?;
    }
    if let Some(link) = server.set_up_link().await? {
        print(&format!("\nThis school has no operator yet. Set one up at (holds once, for a week):\n  {link}\n"))?;
    }
    let code = tokio::select! {
        _ = interrupt.recv() => ExitCode::SUCCESS,
        _ = terminate.recv() => ExitCode::SUCCESS,
        () = server.failed() => {
            tracing::error!("the media plane has died; ending, so that a fresh start can help");
            ExitCode::FAILURE
        }
    };
    tracing::info!("stopping");
    server.stop().await;
    Ok(code)
}

fn create_room(data: &Path, name: &str, kind: RoomKind) -> anyhow::Result<ExitCode> {
    let room = RoomName::parse(name)?;
    let existing = records(data)?.create_if_missing(&room, kind)?;
    anyhow::ensure!(existing == kind, "there is a room of this name already, of another kind");
    Ok(ExitCode::SUCCESS)
}

fn print_link(config: Option<PathBuf>, data: &Path, link: &Link) -> anyhow::Result<ExitCode> {
    let config = load(config, Overrides::default())?;
    let (room, name) = (RoomName::parse(&link.room)?, DisplayName::parse(&link.name)?);
    let kind = match link.role {
        RoleArgument::Moderator | RoleArgument::Attendee => RoomKind::Conference,
        RoleArgument::Teacher | RoleArgument::Student | RoleArgument::Guest => RoomKind::Lesson,
    };
    let kind = records(data)?.create_if_missing(&room, kind)?;
    let token = key(data)?.sign_join(JoinClaims {
        room: room.as_str().to_owned(),
        kind,
        role: link.role.into(),
        name: name.as_str().to_owned(),
        expires: expiry(link.hours),
        person: None,
    });
    // What the operator wrote down goes before what a running server guessed.
    let noted = || server::noted_url(data).unwrap_or_else(|| config.url(config.listen.port()));
    let base = config.public_url.clone().unwrap_or_else(noted);
    print(&format!("{}\n", join_url(&base, &room, &token)))?;
    Ok(ExitCode::SUCCESS)
}

fn print_token(data: &Path, token: &Token) -> anyhow::Result<ExitCode> {
    anyhow::ensure!(token.publish || token.subscribe, "a token needs --publish, --subscribe or both");
    let room = if token.room == "*" { "*".to_owned() } else { RoomName::parse(&token.room)?.as_str().to_owned() };
    let name = if token.name.is_empty() { String::new() } else { DisplayName::parse(&token.name)?.as_str().to_owned() };
    let claims = MediaClaims { room, publish: token.publish, subscribe: token.subscribe, name, expires: expiry(token.hours) };
    print(&format!("{}\n", key(data)?.sign_media(claims)))?;
    Ok(ExitCode::SUCCESS)
}

fn self_test(config: Option<PathBuf>, data: &Path) -> anyhow::Result<ExitCode> {
    let config = load(config, Overrides::default())?;
    let findings = check::run(&config, data, Language::from_environment());
    for finding in &findings {
        let sign = match finding.verdict {
            Verdict::Good => "✓",
            Verdict::Hint => "!",
            Verdict::Bad => "✗",
        };
        print(&format!("{sign} {}\n", finding.text))?;
    }
    let any_bad = findings.iter().any(|finding| finding.verdict == Verdict::Bad);
    Ok(if any_bad { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn key(data: &Path) -> anyhow::Result<LinkKey> {
    LinkKey::open(data).with_context(|| format!("data directory {}", data.display()))
}

fn records(data: &Path) -> anyhow::Result<Records> {
    Records::open(data).with_context(|| format!("data directory {}", data.display()))
}

fn expiry(hours: u32) -> u64 {
    seconds_now() + u64::from(hours) * 3600
}

/// To whoever reads standard output; a closed pipe is an error, not a panic.
fn print(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}

impl From<Kind> for RoomKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Lesson => Self::Lesson,
            Kind::Conference => Self::Conference,
        }
    }
}

impl From<RoleArgument> for Role {
    fn from(role: RoleArgument) -> Self {
        match role {
            RoleArgument::Teacher => Self::Teacher,
            RoleArgument::Student => Self::Student,
            RoleArgument::Guest => Self::Guest,
            RoleArgument::Moderator => Self::Moderator,
            RoleArgument::Attendee => Self::Attendee,
        }
    }
}

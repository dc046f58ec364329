//! The configuration: `RawConfig` mirrors the file, [`Config`] is what the rest of the program sees.

mod files;

pub use files::FileLimits;

use crate::media_io::WORKERS_MAX;
use chrono_tz::Tz;
use lettre::message::Mailbox;
use serde::Deserialize;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What is wrong with the configuration, in words for an operator.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file named on the command line cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    /// Not TOML, an unknown key or a value of the wrong kind. The message of the parser names line and key.
    #[error("{origin}: {message}")]
    Malformed { origin: String, message: String },
    /// A value that cannot be used.
    #[error("{key}: {problem}")]
    Unusable { key: &'static str, problem: String },
}

/// The file as it is written. Unknown keys are errors.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawConfig {
    server: RawServer,
    tls: RawTls,
    media: RawMedia,
    limits: RawLimits,
    conference: RawConference,
    mail: RawMail,
    files: files::RawFiles,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawServer {
    listen: Option<String>,
    admin: Option<String>,
    public_url: Option<String>,
    school: Option<String>,
    web: Option<PathBuf>,
    database: Option<String>,
    time_zone: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawTls {
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    self_signed: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawMedia {
    addresses: Option<Vec<String>>,
    candidates: Option<Vec<String>>,
    gather_us: Option<u64>,
    workers: Option<u8>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawLimits {
    participants_per_room: Option<usize>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawConference {
    heard: Option<usize>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawMail {
    server: Option<String>,
    port: Option<u16>,
    security: Option<String>,
    user: Option<String>,
    password: Option<String>,
    from: Option<String>,
}

impl std::fmt::Debug for RawMail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let secret = self.password.as_ref().map(|_| "…");
        let shown = (&self.server, &self.port, &self.security, &self.user, &secret, &self.from);
        f.debug_tuple("RawMail").field(&shown).finish()
    }
}

/// Where the certificate of the web server comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Plain HTTP: only for loopback, browsers give no camera elsewhere.
    Off,
    /// PEM files.
    Files { certificate: PathBuf, key: PathBuf },
    /// Made once and kept in the data directory; browsers warn of it.
    SelfSigned,
}

/// The checked configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// TCP for pages and signalling; UDP of the same port for media.
    pub listen: SocketAddr,
    /// Metrics, when wanted.
    pub admin: Option<SocketAddr>,
    /// How links begin, without a slash at the end; `None`: as [`Config::url`] guesses.
    pub public_url: Option<String>,
    /// Shown beside the product's name.
    pub school: Option<String>,
    /// The directory of the built page.
    pub web: PathBuf,
    /// The address of a PostgreSQL database; `None`: the embedded one, in the data directory.
    pub database: Option<String>,
    /// Where the school is: times of day are meant there.
    pub time_zone: Tz,
    pub tls: Tls,
    /// Our addresses as clients see them; empty: found by looking.
    pub media_addresses: Vec<IpAddr>,
    /// Addresses and ports told to the clients instead of all that.
    pub media_candidates: Vec<SocketAddr>,
    /// How long a busy media worker lets datagrams gather.
    pub gather: Duration,
    /// Threads that handle media.
    pub media_workers: u8,
    /// Participants in one room at the same time.
    pub participants_per_room: usize,
    /// How many are heard at once in a conference, beside moderators and who has the floor.
    pub heard: usize,
    /// The school's mail server; `None`: mail waits until there is one.
    pub mail: Option<Mail>,
    pub files: FileLimits,
}

/// How mail is sent: through the school's own mail server.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    pub server: String,
    pub port: u16,
    pub security: MailSecurity,
    /// User and password.
    pub login: Option<(String, String)>,
    pub from: Mailbox,
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail").field("server", &self.server).field("port", &self.port).finish_non_exhaustive()
    }
}

/// How the connection to the mail server is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailSecurity {
    /// From its first byte.
    Tls,
    /// After asking for it; never without.
    StartTls,
    /// Not at all: only for a mail server on this machine.
    Off,
}

/// What the command line says; it goes before environment and file.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    pub listen: Option<SocketAddr>,
    pub admin: Option<SocketAddr>,
    pub media_addresses: Vec<IpAddr>,
    pub media_candidates: Vec<SocketAddr>,
}

/// Read by the command line, before there is a configuration.
const NOT_CONFIGURATION: [&str; 3] = ["CONFIG", "DATA", "LOG"];
const LISTEN: &str = "127.0.0.1:8080";
const TIME_ZONE: &str = "Europe/Berlin";
const PARTICIPANTS_PER_ROOM: usize = 100;
/// More than that talk at once only in a quarrel.
const HEARD: usize = 5;
/// More would be heard.
const GATHER_MAX: Duration = Duration::from_millis(5);

impl Config {
    /// Reads the file (`None`: built-in values), then `AUFTAKT_SECTION_KEY` from `environment`, then the command line.
    ///
    /// # Errors
    /// Names the file or variable and the key, and what to write instead.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
        overrides: Overrides,
    ) -> Result<Self, ConfigError> {
        let mut table = match file {
            None => toml::Table::new(),
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Unreadable { path: path.into(), source })?;
                // Parsed on its own first, so that a mistake is shown with its line.
                toml::from_str::<RawConfig>(&text).map_err(|error| malformed(&path.display().to_string(), &error))?;
                text.parse().map_err(|error| malformed(&path.display().to_string(), &error))?
            }
        };
        for (name, value) in environment {
            match name.strip_prefix("AUFTAKT_") {
                Some(key) if !NOT_CONFIGURATION.contains(&key) => set_from_environment(&mut table, key, &value)?,
                _ => {}
            }
        }
        let raw: RawConfig = table.try_into().map_err(|error| malformed("AUFTAKT_ environment variables", &error))?;
        Self::check(raw, overrides)
    }

    /// How links begin, when we listen on this port.
    pub fn url(&self, port: u16) -> String {
        let scheme = if self.tls == Tls::Off { "http" } else { "https" };
        let ip = self.listen.ip();
        match &self.public_url {
            Some(url) => url.clone(),
            None if ip.is_loopback() || ip.is_unspecified() => format!("{scheme}://localhost:{port}"),
            None => format!("{scheme}://{}", SocketAddr::new(ip, port)),
        }
    }

    fn check(raw: RawConfig, overrides: Overrides) -> Result<Self, ConfigError> {
        let listen = match overrides.listen {
            Some(address) => address,
            None => address("server.listen", raw.server.listen.as_deref().unwrap_or(LISTEN))?,
        };
        let admin = match (overrides.admin, raw.server.admin.as_deref()) {
            (Some(given), _) => Some(given),
            (None, Some(text)) => Some(address("server.admin", text)?),
            (None, None) => None,
        };
        let tls = check_tls(raw.tls)?;
        if tls == Tls::Off && !listen.ip().is_loopback() {
            let problem = format!(
                "{listen} can be reached from outside, and browsers give camera and microphone to encrypted pages only. \
                 Set [tls] certificate and key, or self_signed = true to try it in your own network"
            );
            return Err(ConfigError::Unusable { key: "server.listen", problem });
        }
        let public_url = raw.server.public_url.as_deref().map(check_url).transpose()?;
        let gather = Duration::from_micros(raw.media.gather_us.unwrap_or(0));
        if gather > GATHER_MAX {
            let problem = format!("at most {} µs: more would be heard", GATHER_MAX.as_micros());
            return Err(ConfigError::Unusable { key: "media.gather_us", problem });
        }
        let media_workers = raw.media.workers.unwrap_or_else(cores);
        if !(1..=WORKERS_MAX).contains(&media_workers) {
            let problem = format!("between 1 and {WORKERS_MAX}");
            return Err(ConfigError::Unusable { key: "media.workers", problem });
        }
        let participants_per_room = raw.limits.participants_per_room.unwrap_or(PARTICIPANTS_PER_ROOM);
        if !(2..=500).contains(&participants_per_room) {
            let problem = "between 2 and 500".to_owned();
            return Err(ConfigError::Unusable { key: "limits.participants_per_room", problem });
        }
        let heard = raw.conference.heard.unwrap_or(HEARD);
        if !(1..=20).contains(&heard) {
            return Err(ConfigError::Unusable { key: "conference.heard", problem: "between 1 and 20".to_owned() });
        }
        Ok(Self {
            listen,
            admin,
            public_url,
            school: raw.server.school,
            web: raw.server.web.unwrap_or_else(default_web),
            database: raw.server.database.map(check_database).transpose()?,
            time_zone: check_time_zone(raw.server.time_zone.as_deref().unwrap_or(TIME_ZONE))?,
            tls,
            media_addresses: list(overrides.media_addresses, "media.addresses", raw.media.addresses)?,
            media_candidates: list(overrides.media_candidates, "media.candidates", raw.media.candidates)?,
            gather,
            media_workers,
            participants_per_room,
            heard,
            mail: check_mail(raw.mail)?,
            files: files::check(raw.files)?,
        })
    }
}

/// As many as this process may use: affinity and quotas of containers count.
fn cores() -> u8 {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    u8::try_from(cores).unwrap_or(WORKERS_MAX).min(WORKERS_MAX)
}

/// The page is built into `web/dist`; an installed server has it beside the program.
fn default_web() -> PathBuf {
    let beside = std::env::current_exe().ok().and_then(|program| Some(program.parent()?.join("web")));
    beside.filter(|path| path.join("index.html").is_file()).unwrap_or_else(|| PathBuf::from("web/dist"))
}

fn check_tls(raw: RawTls) -> Result<Tls, ConfigError> {
    match (raw.certificate, raw.key, raw.self_signed.unwrap_or(false)) {
        (Some(certificate), Some(key), false) => Ok(Tls::Files { certificate, key }),
        (None, None, true) => Ok(Tls::SelfSigned),
        (None, None, false) => Ok(Tls::Off),
        (_, _, true) => Err(ConfigError::Unusable { key: "tls.self_signed", problem: "either this or certificate and key".into() }),
        (Some(_), None, _) => Err(ConfigError::Unusable { key: "tls.key", problem: "missing beside tls.certificate".into() }),
        (None, Some(_), _) => Err(ConfigError::Unusable { key: "tls.certificate", problem: "missing beside tls.key".into() }),
    }
}

fn check_url(text: &str) -> Result<String, ConfigError> {
    let text = text.trim_end_matches('/');
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    match host {
        Some(host) if !host.is_empty() && !host.contains(['/', '#', '?', '@', ' ']) => Ok(text.to_owned()),
        _ => Err(ConfigError::Unusable { key: "server.public_url", problem: format!("{text:?} is not like https://musikschule.example") }),
    }
}

fn check_database(url: String) -> Result<String, ConfigError> {
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(url);
    }
    // Not repeated: it may hold a password.
    let problem = "expected postgres://user:password@host/database; leave it out for the embedded database".to_owned();
    Err(ConfigError::Unusable { key: "server.database", problem })
}

fn check_time_zone(name: &str) -> Result<Tz, ConfigError> {
    let unusable = |_| ConfigError::Unusable { key: "server.time_zone", problem: format!("{name:?} is no time zone like Europe/Berlin") };
    name.parse().map_err(unusable)
}

fn check_mail(raw: RawMail) -> Result<Option<Mail>, ConfigError> {
    let unusable = |key, problem: &str| ConfigError::Unusable { key, problem: problem.to_owned() };
    let Some(server) = raw.server else {
        let lonely = raw.port.is_some() || raw.security.is_some() || raw.user.is_some() || raw.password.is_some() || raw.from.is_some();
        return if lonely { Err(unusable("mail.server", "missing beside the other keys of [mail]")) } else { Ok(None) };
    };
    let (security, usual) = match raw.security.as_deref().unwrap_or("starttls") {
        "tls" => (MailSecurity::Tls, 465),
        "starttls" => (MailSecurity::StartTls, 587),
        "none" if is_this_machine(&server) => (MailSecurity::Off, 25),
        "none" => {
            return Err(unusable(
                "mail.security",
                "mail servers on other machines need tls or starttls: mail holds links that sign people in",
            ));
        }
        _ => return Err(unusable("mail.security", "one of: tls, starttls, none")),
    };
    let login = match (raw.user, raw.password) {
        (Some(user), Some(password)) => Some((user, password)),
        (None, None) => None,
        (Some(_), None) => return Err(unusable("mail.password", "missing beside mail.user")),
        (None, Some(_)) => return Err(unusable("mail.user", "missing beside mail.password")),
    };
    let from = raw.from.ok_or_else(|| unusable("mail.from", "missing beside mail.server"))?;
    let from = from.parse().map_err(|_| unusable("mail.from", "expected an address like \"Musikschule <auftakt@musikschule.example>\""))?;
    Ok(Some(Mail { server, port: raw.port.unwrap_or(usual), security, login, from }))
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn address(key: &'static str, text: &str) -> Result<SocketAddr, ConfigError> {
    text.parse().map_err(|_| ConfigError::Unusable {
        key,
        problem: format!("{text:?} is not an address with a port, like 0.0.0.0:443 or [::]:443"),
    })
}

fn list<T: std::str::FromStr>(given: Vec<T>, key: &'static str, raw: Option<Vec<String>>) -> Result<Vec<T>, ConfigError> {
    if !given.is_empty() {
        return Ok(given);
    }
    let parse = |text: String| text.parse().map_err(|_| ConfigError::Unusable { key, problem: format!("{text:?} is not an address") });
    raw.unwrap_or_default().into_iter().map(parse).collect()
}

fn malformed(origin: &str, error: &dyn std::fmt::Display) -> ConfigError {
    ConfigError::Malformed { origin: origin.to_owned(), message: error.to_string().trim_end().to_owned() }
}

/// `SERVER_LISTEN` is `listen` in `[server]`. What is no TOML value is taken as a string; unknown keys are found when the whole is read.
fn set_from_environment(table: &mut toml::Table, name: &str, text: &str) -> Result<(), ConfigError> {
    let lower = name.to_ascii_lowercase();
    let (section, key) = lower.split_once('_').ok_or_else(|| ConfigError::Malformed {
        origin: format!("AUFTAKT_{name}"),
        message: "no setting is called so: section and key are needed, as in AUFTAKT_SERVER_LISTEN".to_owned(),
    })?;
    let value = match key {
        // Lists are written with commas, as is usual in the environment.
        "addresses" | "candidates" => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            toml::Value::Array(items.map(|item| toml::Value::String(item.to_owned())).collect())
        }
        _ => {
            let value = format!("value = {text}").parse::<toml::Table>().ok().and_then(|mut parsed| parsed.remove("value"));
            value.unwrap_or_else(|| toml::Value::String(text.to_owned()))
        }
    };
    if let toml::Value::Table(section) = table.entry(section).or_insert_with(|| toml::Value::Table(toml::Table::new())) {
        section.insert(key.to_owned(), value);
    }
    Ok(())
}

#[cfg(test)]
pub mod tests {
    use super::*;

    const EXAMPLE: &str = include_str!("../auftakt.example.toml");

    #[test]
    fn the_example_is_the_built_in_configuration() {
        toml::from_str::<RawConfig>(EXAMPLE).expect("as it stands");
    }

    #[test]
    fn the_example_shows_every_key() {
        let uncomment = |line: &str| match line.strip_prefix("# ") {
            Some(setting) if setting.contains(" = ") && !setting.contains(". ") => setting.to_owned(),
            _ => line.to_owned(),
        };
        let everything: String = EXAMPLE.lines().map(|line| uncomment(line) + "\n").collect();
        let raw: RawConfig = toml::from_str(&everything).unwrap_or_else(|error| panic!("{error}\n{everything}"));
        let shown = format!("{raw:?}");
        assert!(!shown.contains("None"), "not in auftakt.example.toml: {shown}");
    }

    pub fn from_environment(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let environment = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::load(None, environment, Overrides::default())
    }

    #[test]
    fn without_anything_it_listens_on_loopback() {
        let config = from_environment(&[]).expect("built-in values are good");
        assert_eq!((config.listen.to_string().as_str(), config.url(8080).as_str()), (LISTEN, "http://localhost:8080"));
    }

    #[test]
    fn environment_overrides_by_section_and_key() {
        let config = from_environment(&[("AUFTAKT_SERVER_LISTEN", "127.0.0.1:9000"), ("AUFTAKT_LIMITS_PARTICIPANTS_PER_ROOM", "7")]);
        let config = config.expect("good values");
        assert_eq!((config.listen.port(), config.participants_per_room), (9000, 7));
    }

    #[test]
    fn unknown_keys_are_named() {
        let error = from_environment(&[("AUFTAKT_SERVER_LISTN", "x")]).expect_err("a typo");
        assert!(error.to_string().contains("listn"), "{error}");
    }

    #[test]
    fn a_variable_without_its_section_is_named() {
        let error = from_environment(&[("AUFTAKT_LISTEN", "127.0.0.1:9000")]).expect_err("no section");
        assert!(error.to_string().contains("AUFTAKT_LISTEN") && error.to_string().contains("AUFTAKT_SERVER_LISTEN"), "{error}");
        from_environment(&[("AUFTAKT_DATA", "/x"), ("AUFTAKT_CONFIG", "y"), ("AUFTAKT_LOG", "debug")]).expect("of the command line");
    }

    #[test]
    fn plain_http_stays_on_loopback() {
        let error = from_environment(&[("AUFTAKT_SERVER_LISTEN", "0.0.0.0:8080")]).expect_err("no TLS");
        assert!(error.to_string().contains("[tls]"), "{error}");
    }

    #[test]
    fn there_are_as_many_workers_as_cores_unless_it_is_said() {
        let workers = |text: &str| from_environment(&[("AUFTAKT_MEDIA_WORKERS", text)]).map(|config| config.media_workers);
        let of_itself = from_environment(&[]).expect("built-in values are good").media_workers;
        assert!((1..=WORKERS_MAX).contains(&of_itself));
        assert!(matches!(workers("3"), Ok(3)));
        for wrong in ["0", "17", "two"] {
            assert!(workers(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn mail_goes_encrypted_or_not_off_this_machine() {
        let mail = |pairs: &[(&str, &str)]| {
            let pairs: Vec<(String, &str)> = pairs.iter().map(|(key, value)| (format!("AUFTAKT_MAIL_{key}"), *value)).collect();
            let pairs: Vec<(&str, &str)> = pairs.iter().map(|(key, value)| (key.as_str(), *value)).collect();
            from_environment(&pairs).map(|config| config.mail).map_err(|error| error.to_string())
        };
        assert_eq!(mail(&[]), Ok(None));
        let from = ("FROM", "Musikschule <auftakt@musik.example>");
        let usual = mail(&[("SERVER", "mail.musik.example"), from]).expect("enough").expect("mail");
        assert_eq!((usual.security, usual.port), (MailSecurity::StartTls, 587));
        assert!(mail(&[("SERVER", "127.0.0.1"), ("SECURITY", "none"), from]).is_ok());
        let wrong: [(&[(&str, &str)], &str); 5] = [
            (&[("SERVER", "mail.musik.example"), ("SECURITY", "none"), from], "mail.security"),
            (&[("SERVER", "mail.musik.example")], "mail.from"),
            (&[("SERVER", "mail.musik.example"), ("FROM", "nobody")], "mail.from"),
            (&[("SERVER", "mail.musik.example"), ("USER", "auftakt"), from], "mail.password"),
            (&[from], "mail.server"),
        ];
        for (pairs, key) in wrong {
            let error = mail(pairs).expect_err(key);
            assert!(error.starts_with(key), "{error}");
        }
        let secret = mail(&[("SERVER", "m.example"), ("USER", "u"), ("PASSWORD", "geheim"), from]).expect("good");
        assert!(!format!("{secret:?}").contains("geheim"));
    }

    #[test]
    fn a_certificate_needs_its_key() {
        let error = from_environment(&[("AUFTAKT_TLS_CERTIFICATE", "a.pem")]).expect_err("half");
        assert!(error.to_string().starts_with("tls.key"), "{error}");
    }
}

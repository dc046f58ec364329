//! The operator's self-test: says in plain words what is wrong with ports, certificate, data directory and page.
//! It changes nothing, so that it may be run by anybody at any time.

mod health;

use crate::config::{Config, Tls};
use crate::links::LinkKey;
use crate::media_io::MediaConfig;
use crate::pages::Pages;
use crate::{server, system, tls};
use nix::unistd::{AccessFlags, access, geteuid};
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

/// The language of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    German,
    English,
}

impl Language {
    /// From `LC_ALL` or `LANG`.
    pub fn from_environment() -> Self {
        let set = ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
        if set.is_some_and(|value| value.starts_with("de")) { Self::German } else { Self::English }
    }

    fn say(self, verdict: Verdict, german: String, english: String) -> Finding {
        Finding { verdict, text: if self == Self::German { german } else { english } }
    }
}

/// What a finding means for the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Good,
    /// It works; it could be better.
    Hint,
    Bad,
}

use Verdict::{Bad, Good, Hint};

/// One line of the report.
#[derive(Debug)]
pub struct Finding {
    pub verdict: Verdict,
    pub text: String,
}

/// Whose a busy port is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Server {
    Runs,
    DoesNotRun,
}

/// What the data directory holds.
const KEPT: [&str; 4] = ["link.key", "rooms", "self-signed.key", "self-signed.pem"];
/// Days before its end from which a certificate is worth a warning.
const CERTIFICATE_DAYS: i64 = 14;
const ECHO_TIMEOUT: Duration = Duration::from_secs(1);

/// Looks at everything; does not disturb a running server.
pub fn run(config: &Config, data: &Path, language: Language) -> Vec<Finding> {
    let mut findings = vec![data_directory(data, language), page(config, language)];
    let (tcp, server) = tcp_port(config, language);
    findings.push(tcp);
    let media = server::media_config(config);
    findings.push(udp_port(&media, server, language));
    findings.extend(buffers(&media, language));
    findings.extend(open_files(language));
    findings.push(certificate(config, data, language));
    findings
}

fn data_directory(data: &Path, language: Language) -> Finding {
    let shown = data.display();
    let owner = match std::fs::metadata(data) {
        Ok(metadata) => metadata.uid(),
        Err(error) if error.kind() == ErrorKind::NotFound && can_be_made(data) => {
            return language.say(
                Good,
                format!("Datenverzeichnis {shown} gibt es noch nicht; der Server legt es beim ersten Start an."),
                format!("Data directory {shown} does not exist yet; the server makes it when it starts first."),
            );
        }
        Err(error) => return data_refused(data, &error, language),
    };
    if let Err(error) = try_writing(data) {
        return data_refused(data, &error, language);
    }
    // Made by a command that somebody ran as another user: the server could not read it.
    let foreign = |file: &&str| std::fs::metadata(data.join(file)).is_ok_and(|metadata| metadata.uid() != owner);
    if let Some(file) = KEPT.iter().copied().find(|file| foreign(file)) {
        return language.say(
            Bad,
            format!("{file} im Datenverzeichnis {shown} gehört einem anderen Benutzer als das Verzeichnis: chown -R."),
            format!("{file} in data directory {shown} belongs to another user than the directory: chown -R."),
        );
    }
    match LinkKey::read(data) {
        Err(error) if error.kind() != ErrorKind::NotFound => data_refused(data, &error, language),
        _ if geteuid().is_root() && owner != 0 => language.say(
            Hint,
            format!("Datenverzeichnis {shown}: root darf alles. Ob der Benutzer des Servers schreiben darf, zeigt der Aufruf als dieser."),
            format!("Data directory {shown}: root may do anything. Whether the server's user may write is shown when run as that user."),
        ),
        _ => language.say(Good, format!("Datenverzeichnis {shown} ist beschreibbar."), format!("Data directory {shown} is writable.")),
    }
}

fn data_refused(data: &Path, error: &io::Error, language: Language) -> Finding {
    let shown = data.display();
    language.say(
        Bad,
        format!("Datenverzeichnis {shown}: {error}. Legen Sie es an und geben Sie dem Benutzer des Servers Schreibrecht."),
        format!("Data directory {shown}: {error}. Create it and let the server's user write there."),
    )
}

/// Leaves nothing behind.
fn try_writing(data: &Path) -> io::Result<()> {
    let path = data.join(format!(".check-{}", std::process::id()));
    std::fs::OpenOptions::new().write(true).create_new(true).open(&path)?;
    std::fs::remove_file(path)
}

fn can_be_made(data: &Path) -> bool {
    let Ok(data) = std::path::absolute(data) else { return false };
    let nearest = data.ancestors().find(|ancestor| ancestor.exists());
    nearest.is_some_and(|nearest| nearest.is_dir() && access(nearest, AccessFlags::W_OK).is_ok())
}

fn page(config: &Config, language: Language) -> Finding {
    match Pages::read(&config.web) {
        Ok(_) => language.say(Good, "Die Seite ist gebaut.".into(), "The page is built.".into()),
        Err(error) => language.say(Bad, format!("Die Seite fehlt: {error}."), format!("The page is missing: {error}.")),
    }
}

/// A busy port is good news when it is our own server that answers there.
fn tcp_port(config: &Config, language: Language) -> (Finding, Server) {
    let port = config.listen.port();
    match TcpListener::bind(config.listen) {
        Ok(_) => {
            let finding = language.say(Good, format!("TCP-Port {port} ist frei."), format!("TCP port {port} is free."));
            (finding, Server::DoesNotRun)
        }
        Err(error) if error.kind() == ErrorKind::AddrInUse => match health::ask(config.listen, &config.tls) {
            Ok(()) => {
                let german = format!("Auftakt läuft und antwortet auf TCP-Port {port}.");
                (language.say(Good, german, format!("Auftakt runs and answers on TCP port {port}.")), Server::Runs)
            }
            Err(error) => {
                let german =
                    format!("TCP-Port {port} ist belegt, aber dort antwortet nicht Auftakt ({error}): Ein anderes Programm benutzt ihn.");
                let english = format!("TCP port {port} is in use, but not by Auftakt ({error}): another program has it.");
                (language.say(Bad, german, english), Server::DoesNotRun)
            }
        },
        Err(error) => {
            let german =
                format!("TCP-Port {port} lässt sich nicht öffnen: {error}. Ports unter 1024 brauchen das Recht CAP_NET_BIND_SERVICE.");
            let english = format!("TCP port {port} cannot be opened: {error}. Ports below 1024 need CAP_NET_BIND_SERVICE.");
            (language.say(Bad, german, english), Server::DoesNotRun)
        }
    }
}

/// Sends a datagram to itself through the addresses that media will use.
fn udp_port(media: &MediaConfig, server: Server, language: Language) -> Finding {
    for listen in &media.listen {
        let port = listen.port();
        match UdpSocket::bind(listen) {
            Ok(socket) if echoes(&socket).unwrap_or(false) => {}
            Ok(_) => {
                return language.say(
                    Bad,
                    format!("UDP-Port {port} ist offen, aber es kommt nichts an: Sperrt eine Firewall auf dieser Maschine?"),
                    format!("UDP port {port} is open, but nothing arrives: does a firewall on this machine block it?"),
                );
            }
            Err(error) if error.kind() == ErrorKind::AddrInUse && server == Server::Runs => {
                return language.say(
                    Good,
                    format!("UDP-Port {port} gehört dem Auftakt, der läuft."),
                    format!("UDP port {port} belongs to the Auftakt that runs."),
                );
            }
            Err(error) => {
                return language.say(
                    Bad,
                    format!("UDP-Port {port} lässt sich nicht öffnen: {error}."),
                    format!("UDP port {port} cannot be opened: {error}."),
                );
            }
        }
    }
    let port = media.listen.first().map_or(0, SocketAddr::port);
    language.say(
        Good,
        format!("UDP-Port {port} trägt Daten. Ob er von außen erreichbar ist, zeigt „Verbindung zur Schule“ auf der Beitrittsseite."),
        format!("UDP port {port} carries data. Whether it can be reached from outside is shown by the connection test on the join page."),
    )
}

fn echoes(socket: &UdpSocket) -> io::Result<bool> {
    socket.set_read_timeout(Some(ECHO_TIMEOUT))?;
    socket.send_to(b"auftakt", reachable(socket.local_addr()?))?;
    let mut buffer = [0; 16];
    Ok(socket.recv(&mut buffer)? == 7)
}

/// The address at which this machine reaches what listens there.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() });
    }
    address
}

/// What the kernel grants a socket that asks for as much as the media plane does.
fn buffers(media: &MediaConfig, language: Language) -> Option<Finding> {
    let wanted = media.socket_buffer_bytes;
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None).ok()?;
    socket.set_recv_buffer_size(wanted).ok()?;
    system::is_small_buffer(socket.recv_buffer_size().ok()?, wanted).then(|| {
        language.say(
            Hint,
            format!("Die Puffer für UDP sind klein; bei vielen Teilnehmern geht etwas verloren: net.core.rmem_max = {wanted} (sysctl)."),
            format!("The buffers for UDP are small; with many participants something gets lost: net.core.rmem_max = {wanted} (sysctl)."),
        )
    })
}

fn open_files(language: Language) -> Option<Finding> {
    let (granted, wanted) = (system::raise_open_files(), system::OPEN_FILES_WANTED);
    (granted < wanted).then(|| {
        language.say(
            Hint,
            format!("Nur {granted} offene Dateien sind erlaubt; für tausende Verbindungen braucht es {wanted} (LimitNOFILE)."),
            format!("Only {granted} open files are allowed; thousands of connections need {wanted} (LimitNOFILE)."),
        )
    })
}

fn certificate(config: &Config, data: &Path, language: Language) -> Finding {
    let refused = |error: &dyn std::fmt::Display| language.say(Bad, format!("Zertifikat: {error}."), format!("Certificate: {error}."));
    let file = match &config.tls {
        Tls::Off => {
            let english = "Without TLS: to be used on this machine only.".into();
            return language.say(Good, "Ohne TLS: nur auf dieser Maschine benutzbar.".into(), english);
        }
        Tls::SelfSigned => {
            let (certificate, key) = tls::self_signed_files(data);
            let made = certificate.exists() && key.exists();
            if let Some(Err(error)) = made.then(|| tls::server_config(&Tls::Files { certificate, key }, data, &[])) {
                return refused(&error);
            }
            let english = "Self-made certificate: browsers warn of it.".into();
            return language.say(Hint, "Selbst gemachtes Zertifikat: Browser warnen davor.".into(), english);
        }
        Tls::Files { certificate, .. } => certificate,
    };
    if let Err(error) = tls::server_config(&config.tls, data, &[]) {
        return refused(&error);
    }
    let (Some(days), Some(names)) = (days_left(file), tls::names_in(file)) else {
        return refused(&format!("{}: X.509?", file.display()));
    };
    let url = config.url(config.listen.port());
    let host = host_of(&url);
    if days < CERTIFICATE_DAYS {
        return language.say(
            Bad,
            format!("Das Zertifikat läuft in {days} Tagen ab (negativ: ist abgelaufen). Erneuern Sie es."),
            format!("The certificate ends in {days} days (negative: has ended). Renew it."),
        );
    }
    if !names.iter().any(|name| covers(name, host)) {
        return language.say(
            Bad,
            format!("Das Zertifikat gilt nicht für {host}. Prüfen Sie server.public_url und den Namen im Zertifikat."),
            format!("The certificate does not hold for {host}. Check server.public_url and the name in the certificate."),
        );
    }
    language.say(
        Good,
        format!("Das Zertifikat gilt für {host}, noch {days} Tage."),
        format!("The certificate holds for {host}, {days} days more."),
    )
}

fn days_left(certificate: &Path) -> Option<i64> {
    let pem = std::fs::read(certificate).ok()?;
    let (_, pem) = x509_parser::pem::parse_x509_pem(&pem).ok()?;
    let parsed = pem.parse_x509().ok()?;
    Some(parsed.validity().time_to_expiration().map_or(-1, |left| left.whole_days()))
}

/// Of an address without a path. An IPv6 address without its brackets.
fn host_of(url: &str) -> &str {
    let authority = url.split_once("://").map_or(url, |(_, authority)| authority);
    match authority.strip_prefix('[') {
        Some(address) => address.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    }
}

/// As browsers compare (RFC 9525): a star is one label.
fn covers(name: &str, host: &str) -> bool {
    let wildcard =
        || name.strip_prefix("*.").zip(host.split_once('.')).is_some_and(|(parent, (_, rest))| rest.eq_ignore_ascii_case(parent));
    name.eq_ignore_ascii_case(host) || wildcard()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Overrides;
    use std::net::Ipv4Addr;
    use std::path::PathBuf;

    fn directory(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("auftakt-check-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a directory");
        path
    }

    fn config(listen: SocketAddr) -> Config {
        let overrides = Overrides { listen: Some(listen), ..Overrides::default() };
        Config::load(None, [], overrides).expect("a configuration")
    }

    #[test]
    fn it_leaves_nothing_behind() {
        let data = directory("nothing");
        let any = config((Ipv4Addr::LOCALHOST, 0).into());
        for tls in [Tls::Off, Tls::SelfSigned] {
            run(&Config { tls, ..any.clone() }, &data, Language::English);
            assert_eq!(std::fs::read_dir(&data).expect("read").count(), 0);
        }
        let missing = data.join("missing");
        assert_eq!(data_directory(&missing, Language::English).verdict, Good);
        assert!(!missing.exists());
        std::fs::remove_dir_all(data).expect("removed");
    }

    #[test]
    fn a_directory_that_is_none_is_bad() {
        let data = directory("file");
        let file = data.join("file");
        std::fs::write(&file, "x").expect("written");
        assert_eq!(data_directory(&file, Language::English).verdict, Bad);
        std::fs::write(data.join("link.key"), "short").expect("written");
        assert_eq!(data_directory(&data, Language::English).verdict, Bad, "a damaged key");
        std::fs::remove_dir_all(data).expect("removed");
    }

    #[test]
    fn another_program_on_the_port_is_bad() {
        let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = other.local_addr().expect("an address");
        let answering = std::thread::spawn(move || {
            let (mut stream, _) = other.accept().expect("somebody asks");
            std::io::Write::write_all(&mut stream, b"SSH-2.0-other\r\n").expect("said");
        });
        let (finding, server) = tcp_port(&config(address), Language::English);
        assert_eq!((finding.verdict, server), (Bad, Server::DoesNotRun), "{}", finding.text);
        answering.join().expect("no panic");
    }

    #[test]
    fn hosts() {
        assert_eq!(host_of("https://[2001:db8::1]:8443"), "2001:db8::1");
        assert_eq!(host_of("https://musik.example:8443"), "musik.example");
        assert_eq!(host_of("https://musik.example"), "musik.example");
        assert!(covers("*.example", "Musik.example") && covers("192.0.2.1", "192.0.2.1"));
        assert!(!covers("*.example", "a.musik.example") && !covers("*.example", "example"));
    }

    #[test]
    fn what_is_no_certificate_is_said() {
        let data = directory("certificate");
        let made = rcgen::generate_simple_self_signed(vec!["192.0.2.1".to_owned()]).expect("made");
        let (certificate_file, key) = (data.join("c.pem"), data.join("k.pem"));
        std::fs::write(&key, made.signing_key.serialize_pem()).expect("written");
        let any = config((Ipv4Addr::LOCALHOST, 0).into());
        let tls = Tls::Files { certificate: certificate_file.clone(), key };
        let config = Config { tls, public_url: Some("https://192.0.2.1".into()), ..any };
        std::fs::write(&certificate_file, made.cert.pem()).expect("written");
        assert_eq!(certificate(&config, &data, Language::English).verdict, Good);
        std::fs::write(&certificate_file, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").expect("written");
        assert_eq!(certificate(&config, &data, Language::English).verdict, Bad);
        std::fs::remove_dir_all(data).expect("removed");
    }
}

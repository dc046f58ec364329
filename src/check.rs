//! The operator's self-test: says in plain words what is wrong with ports, certificate, data directory and page.

use crate::config::{Config, Tls};
use crate::links::LinkKey;
use crate::pages::Pages;
use crate::tls;
use std::net::{SocketAddr, TcpListener, UdpSocket};
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
}

/// One line of the report.
#[derive(Debug)]
pub struct Finding {
    pub good: bool,
    pub text: String,
}

/// Days before its end from which a certificate is worth a warning.
const CERTIFICATE_DAYS: i64 = 14;
const ECHO_TIMEOUT: Duration = Duration::from_secs(1);

/// Looks at everything; does not disturb a running server.
pub fn run(config: &Config, data: &Path, language: Language) -> Vec<Finding> {
    let say = |good, german: String, english: String| Finding { good, text: if language == Language::German { german } else { english } };
    let mut findings = vec![];
    findings.push(match LinkKey::open(data) {
        Ok(_) => say(
            true,
            format!("Datenverzeichnis {} ist beschreibbar.", data.display()),
            format!("Data directory {} is writable.", data.display()),
        ),
        Err(error) => say(
            false,
            format!("Datenverzeichnis {}: {error}. Legen Sie es an und geben Sie dem Benutzer des Servers Schreibrecht.", data.display()),
            format!("Data directory {}: {error}. Create it and let the server's user write there.", data.display()),
        ),
    });
    findings.push(match Pages::read(&config.web) {
        Ok(_) => say(true, "Die Seite ist gebaut.".into(), "The page is built.".into()),
        Err(error) => say(false, format!("Die Seite fehlt: {error}."), format!("The page is missing: {error}.")),
    });
    findings.push(tcp_port(config.listen, say));
    findings.push(udp_port(config.listen, say));
    findings.extend(certificate(config, data, say));
    findings
}

/// A busy port is good news when it is our own server that answers there.
fn tcp_port(listen: SocketAddr, say: impl Fn(bool, String, String) -> Finding) -> Finding {
    let port = listen.port();
    match TcpListener::bind(listen) {
        Ok(_) => say(true, format!("TCP-Port {port} ist frei."), format!("TCP port {port} is free.")),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => say(
            true,
            format!(
                "TCP-Port {port} ist belegt, vermutlich von Auftakt selbst. Wenn Auftakt nicht läuft: Ein anderes Programm benutzt ihn."
            ),
            format!("TCP port {port} is in use, probably by Auftakt itself. If Auftakt is not running, another program has it."),
        ),
        Err(error) => say(
            false,
            format!("TCP-Port {port} lässt sich nicht öffnen: {error}. Ports unter 1024 brauchen das Recht CAP_NET_BIND_SERVICE."),
            format!("TCP port {port} cannot be opened: {error}. Ports below 1024 need CAP_NET_BIND_SERVICE."),
        ),
    }
}

/// Sends a datagram to itself through the address that media will use.
fn udp_port(listen: SocketAddr, say: impl Fn(bool, String, String) -> Finding) -> Finding {
    let port = listen.port();
    let socket = match UdpSocket::bind(listen) {
        Ok(socket) => socket,
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            return say(
                true,
                format!("UDP-Port {port} ist belegt, vermutlich von Auftakt selbst."),
                format!("UDP port {port} is in use, probably by Auftakt itself."),
            );
        }
        Err(error) => {
            return say(
                false,
                format!("UDP-Port {port} lässt sich nicht öffnen: {error}."),
                format!("UDP port {port} cannot be opened: {error}."),
            );
        }
    };
    let echoed = || -> std::io::Result<bool> {
        let mut target = socket.local_addr()?;
        if target.ip().is_unspecified() {
            target.set_ip(if target.is_ipv4() { [127, 0, 0, 1].into() } else { std::net::Ipv6Addr::LOCALHOST.into() });
        }
        socket.set_read_timeout(Some(ECHO_TIMEOUT))?;
        socket.send_to(b"auftakt", target)?;
        let mut buffer = [0; 16];
        Ok(socket.recv(&mut buffer)? == 7)
    };
    match echoed() {
        Ok(true) => say(
            true,
            format!("UDP-Port {port} trägt Daten. Ob er von außen erreichbar ist, zeigt „Verbindung zur Schule“ auf der Beitrittsseite."),
            format!(
                "UDP port {port} carries data. Whether it can be reached from outside is shown by the connection test on the join page."
            ),
        ),
        Ok(false) | Err(_) => say(
            false,
            format!("UDP-Port {port} ist offen, aber es kommt nichts an: Sperrt eine Firewall auf dieser Maschine?"),
            format!("UDP port {port} is open, but nothing arrives: does a firewall on this machine block it?"),
        ),
    }
}

fn certificate(config: &Config, data: &Path, say: impl Fn(bool, String, String) -> Finding) -> Option<Finding> {
    if config.tls == Tls::Off {
        return Some(say(
            true,
            "Ohne TLS: nur auf dieser Maschine benutzbar.".into(),
            "Without TLS: to be used on this machine only.".into(),
        ));
    }
    if let Err(error) = tls::server_config(&config.tls, data, &tls::self_signed_names(&config.media_addresses)) {
        return Some(say(false, format!("Zertifikat: {error}."), format!("Certificate: {error}.")));
    }
    let Tls::Files { certificate, .. } = &config.tls else {
        return Some(say(
            true,
            "Selbst gemachtes Zertifikat: Browser warnen davor.".into(),
            "Self-made certificate: browsers warn of it.".into(),
        ));
    };
    let pem = std::fs::read(certificate).ok()?;
    let (_, pem) = x509_parser::pem::parse_x509_pem(&pem).ok()?;
    let parsed = pem.parse_x509().ok()?;
    let url = config.url(config.listen.port());
    let host = url.split("://").nth(1).unwrap_or_default().split(':').next().unwrap_or_default().to_owned();
    let days = parsed.validity().time_to_expiration().map_or(-1, |left| left.whole_days());
    if days < CERTIFICATE_DAYS {
        return Some(say(
            false,
            format!("Das Zertifikat läuft in {days} Tagen ab (negativ: ist abgelaufen). Erneuern Sie es."),
            format!("The certificate ends in {days} days (negative: has ended). Renew it."),
        ));
    }
    let named = parsed.subject_alternative_name().ok().flatten().is_some_and(|names| {
        names.value.general_names.iter().any(|name| match name {
            x509_parser::extensions::GeneralName::DNSName(dns) => {
                dns.eq_ignore_ascii_case(&host)
                    || dns.strip_prefix("*.").is_some_and(|parent| host.split_once('.').is_some_and(|(_, rest)| rest == parent))
            }
            _ => false,
        })
    });
    Some(if named {
        say(
            true,
            format!("Das Zertifikat gilt für {host}, noch {days} Tage."),
            format!("The certificate holds for {host}, {days} days more."),
        )
    } else {
        say(
            false,
            format!("Das Zertifikat gilt nicht für {host}. Prüfen Sie server.public_url und den Namen im Zertifikat."),
            format!("The certificate does not hold for {host}. Check server.public_url and the name in the certificate."),
        )
    })
}

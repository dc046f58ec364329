//! The certificate of the web server: from files, or made once for trying in one's own network.

use crate::config::Tls;
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::watch;
use x509_parser::extensions::GeneralName;

/// What is wrong with the certificate, in words for an operator.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("cannot read {what} from {}: {problem}", path.display())]
    Unreadable { what: &'static str, path: PathBuf, problem: String },
    #[error("certificate and key do not fit together: {0}")]
    Mismatch(rustls::Error),
    #[error("cannot make a certificate: {0}")]
    NotMade(String),
}

/// What to serve with.
pub struct ServerTls {
    pub config: Arc<ServerConfig>,
    /// To be looked at again now and then.
    pub certificates: Arc<Certificates>,
}

/// The certificate that is served now. Whoever renews it replaces the files; the next handshake after [`Certificates::refresh`]
/// has the new one, and no lesson is disturbed.
#[derive(Debug)]
pub struct Certificates {
    certificate: PathBuf,
    key: PathBuf,
    loaded: RwLock<Loaded>,
}

#[derive(Debug)]
struct Loaded {
    /// The files as they were read: they are small, and times of files lie.
    files: [Vec<u8>; 2],
    served: Arc<CertifiedKey>,
}

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// The TLS configuration to serve with; `None` for plain HTTP.
///
/// # Errors
/// Files that cannot be read, or do not fit together.
pub fn server_config(tls: &Tls, data: &Path, names: &[String]) -> Result<Option<ServerTls>, TlsError> {
    let (certificate, key) = match tls {
        Tls::Off => return Ok(None),
        Tls::Files { certificate, key } => (certificate.clone(), key.clone()),
        Tls::SelfSigned => self_signed(data, names)?,
    };
    let certificates = Arc::new(Certificates::load(certificate, key)?);
    let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().map_err(TlsError::Mismatch)?;
    let mut config = builder.with_no_client_auth().with_cert_resolver(certificates.clone());
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some(ServerTls { config: Arc::new(config), certificates }))
}

/// The one cryptography of this program.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

impl Certificates {
    fn load(certificate: PathBuf, key: PathBuf) -> Result<Self, TlsError> {
        let files = read_files(&certificate, &key)?;
        let served = Arc::new(parse(&files, &certificate, &key)?);
        Ok(Self { certificate, key, loaded: RwLock::new(Loaded { files, served }) })
    }

    /// Takes what is in the files now; true when that is something else. While the two do not fit together (one of them is
    /// being replaced), what was served goes on.
    ///
    /// # Errors
    /// Files that cannot be read, or do not fit together.
    pub fn refresh(&self) -> Result<bool, TlsError> {
        let files = read_files(&self.certificate, &self.key)?;
        if self.loaded.read().unwrap_or_else(PoisonError::into_inner).files == files {
            return Ok(false);
        }
        let served = Arc::new(parse(&files, &self.certificate, &self.key)?);
        *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = Loaded { files, served };
        Ok(true)
    }

    fn served(&self) -> Arc<CertifiedKey> {
        self.loaded.read().unwrap_or_else(PoisonError::into_inner).served.clone()
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.served())
    }
}

/// Looks at the files until the server stops.
pub async fn follow(certificates: Arc<Certificates>, mut stopping: watch::Receiver<bool>) {
    let mut look = tokio::time::interval(LOOK_EVERY);
    loop {
        tokio::select! {
            _ = look.tick() => {}
            _ = stopping.wait_for(|stopping| *stopping) => return,
        }
        let certificates = certificates.clone();
        match tokio::task::spawn_blocking(move || certificates.refresh()).await {
            Ok(Ok(true)) => tracing::info!("the new certificate is served from now on"),
            Ok(Err(error)) => tracing::warn!(%error, "the new certificate cannot be used; the old one goes on"),
            Ok(Ok(false)) | Err(_) => {}
        }
    }
}

fn read_files(certificate: &Path, key: &Path) -> Result<[Vec<u8>; 2], TlsError> {
    let read = |what, path: &Path| std::fs::read(path).map_err(|error| unreadable(what, path, &error));
    Ok([read("the certificate", certificate)?, read("the key", key)?])
}

fn parse([chain, private]: &[Vec<u8>; 2], certificate: &Path, key: &Path) -> Result<CertifiedKey, TlsError> {
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(chain)
        .collect::<Result<_, _>>()
        .map_err(|error| unreadable("the certificate", certificate, &error))?;
    let private = PrivateKeyDer::from_pem_slice(private).map_err(|error| unreadable("the key", key, &error))?;
    CertifiedKey::from_der(chain, private, &provider()).map_err(TlsError::Mismatch)
}

fn unreadable(what: &'static str, path: &Path, problem: &dyn std::fmt::Display) -> TlsError {
    TlsError::Unreadable { what, path: path.into(), problem: problem.to_string() }
}

/// Where the self-made certificate and its key are kept.
pub fn self_signed_files(data: &Path) -> (PathBuf, PathBuf) {
    (data.join("self-signed.pem"), data.join("self-signed.key"))
}

/// Kept in the data directory, so that a browser that was told to trust it need not be told again; made anew when the machine
/// has a name or an address that is not in it.
fn self_signed(data: &Path, names: &[String]) -> Result<(PathBuf, PathBuf), TlsError> {
    let (certificate, key) = self_signed_files(data);
    if key.exists() && names_in(&certificate).is_some_and(|known| names.iter().all(|name| known.contains(name))) {
        return Ok((certificate, key));
    }
    let not_made = |error: &dyn std::fmt::Display| TlsError::NotMade(error.to_string());
    let made = rcgen::generate_simple_self_signed(names.to_vec()).map_err(|error| not_made(&error))?;
    std::fs::create_dir_all(data).map_err(|error| not_made(&error))?;
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&key).map_err(|error| not_made(&error))?;
    std::io::Write::write_all(&mut file, made.signing_key.serialize_pem().as_bytes()).map_err(|error| not_made(&error))?;
    std::fs::write(&certificate, made.cert.pem()).map_err(|error| not_made(&error))?;
    Ok((certificate, key))
}

/// Everything a certificate holds for; `None` when it is none.
pub fn names_in(certificate: &Path) -> Option<Vec<String>> {
    let pem = std::fs::read(certificate).ok()?;
    let (_, pem) = x509_parser::pem::parse_x509_pem(&pem).ok()?;
    let parsed = pem.parse_x509().ok()?;
    let Some(names) = parsed.subject_alternative_name().ok()? else { return Some(vec![]) };
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => address(bytes).map(|address| address.to_string()),
        _ => None,
    };
    Some(names.value.general_names.iter().filter_map(name).collect())
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = || <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from);
    v4().or_else(|| <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from))
}

/// The names a self-signed certificate carries: of this machine, and the addresses media is reached at.
pub fn self_signed_names(addresses: &[IpAddr]) -> Vec<String> {
    let mut names = vec!["localhost".to_owned()];
    if let Ok(host) = std::fs::read_to_string("/proc/sys/kernel/hostname") {
        names.push(host.trim().to_owned());
    }
    names.extend(addresses.iter().map(ToString::to_string));
    names.retain(|name| !name.is_empty());
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    /// A directory of its own for each test.
    fn directory(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("auftakt-tls-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("a directory");
        path
    }

    #[test]
    fn a_renewed_certificate_is_served_without_a_restart() {
        let data = directory("renewed");
        let tls = server_config(&Tls::SelfSigned, &data, &names(&["localhost"])).expect("made").expect("TLS");
        let before = tls.certificates.served();
        assert!(!tls.certificates.refresh().expect("unchanged"));
        let made = rcgen::generate_simple_self_signed(names(&["localhost"])).expect("made");
        let (certificate, key) = self_signed_files(&data);
        std::fs::write(&certificate, made.cert.pem()).expect("written");
        assert!(tls.certificates.refresh().is_err(), "the key is still the old one");
        assert_eq!(tls.certificates.served().cert, before.cert, "which goes on");
        std::fs::write(&key, made.signing_key.serialize_pem()).expect("written");
        assert!(tls.certificates.refresh().expect("both are new"));
        assert_eq!(tls.certificates.served().cert[0].as_ref(), made.cert.der().as_ref());
        std::fs::remove_dir_all(data).expect("removed");
    }

    #[test]
    fn a_self_made_certificate_is_kept_until_it_misses_an_address() {
        let data = directory("kept");
        let pem = |wanted: &[&str]| {
            let (certificate, _) = self_signed(&data, &names(wanted)).expect("made");
            std::fs::read(certificate).expect("read")
        };
        let first = pem(&["localhost", "192.0.2.1", "2001:db8::1"]);
        assert_eq!(pem(&["localhost", "192.0.2.1"]), first);
        let second = pem(&["localhost", "192.0.2.2"]);
        assert_ne!(second, first);
        assert_eq!(names_in(&self_signed_files(&data).0), Some(names(&["localhost", "192.0.2.2"])));
        std::fs::remove_dir_all(data).expect("removed");
    }
}

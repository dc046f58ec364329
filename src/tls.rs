//! The certificate of the web server: from files, or made once for trying in one's own network.

use crate::config::Tls;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::net::IpAddr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

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

/// The TLS configuration to serve with; `None` for plain HTTP.
///
/// # Errors
/// Files that cannot be read, or do not fit together.
pub fn server_config(tls: &Tls, data: &Path, names: &[String]) -> Result<Option<Arc<ServerConfig>>, TlsError> {
    let (certificate, key) = match tls {
        Tls::Off => return Ok(None),
        Tls::Files { certificate, key } => (certificate.clone(), key.clone()),
        Tls::SelfSigned => self_signed(data, names)?,
    };
    let unreadable = |what, path: &Path, problem: String| TlsError::Unreadable { what, path: path.into(), problem };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&certificate)
        .and_then(Iterator::collect)
        .map_err(|error| unreadable("the certificate", &certificate, error.to_string()))?;
    let private = PrivateKeyDer::from_pem_file(&key).map_err(|error| unreadable("the key", &key, error.to_string()))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().map_err(TlsError::Mismatch)?;
    let mut config = builder.with_no_client_auth().with_single_cert(chain, private).map_err(TlsError::Mismatch)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Some(Arc::new(config)))
}

/// Kept in the data directory, so that a browser that was told to trust it need not be told again.
fn self_signed(data: &Path, names: &[String]) -> Result<(PathBuf, PathBuf), TlsError> {
    let (certificate, key) = (data.join("self-signed.pem"), data.join("self-signed.key"));
    if certificate.exists() && key.exists() {
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

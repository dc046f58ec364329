//! The built page as static files, and the headers every answer carries.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

const HEADERS: [(HeaderName, &str); 5] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("permissions-policy"),
        "camera=(self), microphone=(self), display-capture=(self), speaker-selection=(self), autoplay=(self), geolocation=(), payment=()",
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

/// What every answer carries, made once.
#[derive(Clone)]
pub struct SecurityHeaders(Arc<[(HeaderName, HeaderValue)]>);

/// Whether browsers may be told to come with TLS only from now on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// A certificate that browsers trust.
    Trusted,
    /// None, or a self-made one: told to insist, a browser would offer no way past the warning.
    Other,
}

impl SecurityHeaders {
    /// `url` is how our links begin.
    pub fn new(url: &str, transport: Transport) -> Self {
        let mut headers: Vec<_> = HEADERS.map(|(name, value)| (name, HeaderValue::from_static(value))).into();
        let policy = HeaderValue::from_str(&content_policy(url)).unwrap_or(HeaderValue::from_static("default-src 'self'"));
        headers.push((header::CONTENT_SECURITY_POLICY, policy));
        if transport == Transport::Trusted {
            headers.push((header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000")));
        }
        Self(headers.into())
    }
}

/// No request leaves our own origin. Our WebSocket is named because older Safari does not take `'self'` for it.
fn content_policy(url: &str) -> String {
    let socket = url.replacen("http", "ws", 1);
    format!(
        "default-src 'self'; connect-src 'self' {socket}; media-src 'self' blob:; img-src 'self' data: blob:; \
         worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

/// Adds the security headers to every answer.
pub async fn security_headers(State(headers): State<SecurityHeaders>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in headers.0.iter() {
        response.headers_mut().entry(name).or_insert(value.clone());
    }
    response
}

/// The page's files, read into memory at start: a request never touches the disk, so no path can escape.
#[derive(Clone, Default)]
pub struct Pages(Arc<HashMap<String, File>>);

struct File {
    content_type: &'static str,
    bytes: bytes::Bytes,
    etag: HeaderValue,
    /// Named by a hash of its content: may be kept for ever.
    immutable: bool,
}

/// Far more than the page has: a wrong directory in the configuration must not be read in.
const FILES_MAX: usize = 500;
const BYTES_MAX: usize = 50 << 20;

impl Pages {
    /// Reads the directory that the page was built into.
    ///
    /// # Errors
    /// It is not there, has no `index.html`, or is too big to be the page.
    pub fn read(root: &Path) -> std::io::Result<Self> {
        if !root.join("index.html").is_file() {
            return Err(std::io::Error::other(format!("{} has no index.html: build the page, or set server.web", root.display())));
        }
        let (mut files, mut total) = (HashMap::new(), 0);
        let mut directories = vec![root.to_path_buf()];
        while let Some(directory) = directories.pop() {
            for entry in std::fs::read_dir(directory)? {
                let path = entry?.path();
                if path.is_dir() {
                    directories.push(path);
                    continue;
                }
                let bytes = std::fs::read(&path)?;
                total += bytes.len();
                if files.len() >= FILES_MAX || total > BYTES_MAX {
                    return Err(std::io::Error::other(format!("{} is too big to be the page", root.display())));
                }
                let name = path.strip_prefix(root).map_err(std::io::Error::other)?.to_string_lossy().replace('\\', "/");
                let etag = HeaderValue::from_str(&format!("\"{:016x}\"", fingerprint(&bytes))).map_err(std::io::Error::other)?;
                let immutable = name.starts_with("assets/");
                let file = File { content_type: content_type(&name), bytes: bytes.into(), etag, immutable };
                files.insert(format!("/{name}"), file);
            }
        }
        Ok(Self(Arc::new(files)))
    }

    /// The file at a path. The page's own addresses (`/`, `/r/…`, the school's) all give `index.html`; what is no address of ours gives 404, to a
    /// person with the page that says so.
    pub fn serve(&self, method: &Method, path: &str, headers: &HeaderMap) -> Response {
        if method != Method::GET && method != Method::HEAD {
            return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response();
        }
        let found = self.0.get(if is_page(path) { "/index.html" } else { path });
        let Some(file) = found else { return self.nothing_here(method, headers) };
        let caching = if file.immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
        let fresh = headers.get(header::IF_NONE_MATCH).is_some_and(|given| *given == file.etag);
        let answer = Response::builder().header(header::CACHE_CONTROL, caching).header(header::ETAG, &file.etag);
        let answer = if fresh {
            answer.status(StatusCode::NOT_MODIFIED).body(Body::empty())
        } else {
            let body = if method == Method::HEAD { Body::empty() } else { Body::from(file.bytes.clone()) };
            answer.header(header::CONTENT_TYPE, file.content_type).header(header::CONTENT_LENGTH, file.bytes.len()).body(body)
        };
        answer.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
    }

    fn nothing_here(&self, method: &Method, headers: &HeaderMap) -> Response {
        let page = self.0.get("/index.html").filter(|_| wants_a_page(headers));
        let Some(page) = page else { return (StatusCode::NOT_FOUND, [(header::VARY, "Accept")]).into_response() };
        let body = if *method == Method::HEAD { Body::empty() } else { Body::from(page.bytes.clone()) };
        let about = [(header::CONTENT_TYPE, page.content_type), (header::CACHE_CONTROL, "no-cache"), (header::VARY, "Accept")];
        (StatusCode::NOT_FOUND, about, body).into_response()
    }
}

/// A browser that was sent here by a person names HTML; a program, a script or a picture does not.
fn wants_a_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|kind| kind.split(';').next().is_some_and(|name| name.trim() == "text/html"))
}

/// The school's addresses, as `web/src/school/route.ts` has them; some have a page for each thing below.
const SCHOOL: [&str; 11] =
    ["enter", "setup", "plan", "people", "courses", "messages", "attendance", "profile", "import", "settings", "conferences"];

fn is_page(path: &str) -> bool {
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    path == "/" || path.starts_with("/r/") || SCHOOL.contains(&first)
}

/// FNV-1a, to tell versions of a file apart; no secret depends on it.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("json" | "webmanifest") => "application/json",
        Some("wasm") => "application/wasm",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value<'a>(headers: &'a SecurityHeaders, name: &HeaderName) -> Option<&'a str> {
        headers.0.iter().find(|(known, _)| known == name).and_then(|(_, value)| value.to_str().ok())
    }

    #[test]
    fn the_page_may_speak_to_its_own_server_only() {
        let headers = SecurityHeaders::new("https://musik.example:8443", Transport::Trusted);
        let policy = value(&headers, &header::CONTENT_SECURITY_POLICY).expect("a policy");
        assert!(policy.contains("connect-src 'self' wss://musik.example:8443;"), "{policy}");
    }

    #[test]
    fn the_schools_addresses_are_pages_and_nothing_else_is() {
        for path in ["/", "/r/geige", "/enter", "/people", "/people/01ab", "/messages/01ab"] {
            assert!(is_page(path), "{path}");
        }
        for path in ["/assets/index.js", "/peoples", "/api/people", "/../people", ""] {
            assert!(!is_page(path), "{path}");
        }
    }

    #[test]
    fn browsers_are_told_to_insist_only_on_a_certificate_that_they_trust() {
        let told = |transport| value(&SecurityHeaders::new("https://x", transport), &header::STRICT_TRANSPORT_SECURITY).is_some();
        assert!(told(Transport::Trusted) && !told(Transport::Other));
    }
}

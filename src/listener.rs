//! TCP connections: TLS when there is a certificate, a bound on everything, and an orderly end.

use crate::linger::Linger;
use crate::shares::{Share, Shares};
use crate::stalls::WriteTimeout;
use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_rustls::TlsAcceptor;

/// Connections at once. Full: the next ones wait in the kernel's queue until one ends.
const CONNECTIONS_MAX: usize = 4096;
/// Of which one address may have so many: a large school behind one router. Full: the next one is closed unheard.
const CONNECTIONS_PER_ADDRESS: usize = 1024;
/// A client that does not get through the handshake in this time is not one.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);
/// Nor one that does not get through its request's head. For the body see [`crate::http`].
const HEAD_WITHIN: Duration = Duration::from_secs(15);
/// Nor one that takes no byte of its answer for so long.
const WRITE_WITHIN: Duration = Duration::from_secs(30);
/// What a connection buffers, and the longest head: a token and some headers. Left alone, hyper takes 400 kB.
const BUFFER_BYTES: usize = 32 * 1024;
/// After a failed `accept` (no file descriptors left, say): without a pause this would spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long requests under way may take once the server stops.
const FINISH_WITHIN: Duration = Duration::from_secs(1);

/// Who is asking, for bounds by address. Never logged.
#[derive(Clone, Copy)]
pub struct Caller(pub IpAddr);

/// Serves until told to stop; returns when all requests are done or their time is over.
pub async fn serve(listener: TcpListener, tls: Option<Arc<ServerConfig>>, router: Router, mut stopping: watch::Receiver<bool>) {
    let acceptor = tls.map(TlsAcceptor::from);
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let shares = Shares::new(CONNECTIONS_PER_ADDRESS);
    let graceful = GracefulShutdown::new();
    loop {
        // The semaphore is never closed.
        let Ok(place) = places.clone().acquire_owned().await else { break };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.wait_for(|stopping| *stopping) => break,
        };
        match accepted {
            Ok((stream, from)) => {
                let Some(share) = shares.take(from.ip()) else { continue };
                // Signalling is small messages that somebody waits for.
                let _ = stream.set_nodelay(true);
                let router = router.clone().layer(Extension(Caller(from.ip())));
                tokio::spawn(connection(stream, acceptor.clone(), router, graceful.watcher(), (place, share)));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    let _ = tokio::time::timeout(FINISH_WITHIN, graceful.shutdown()).await;
}

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    acceptor: Option<TlsAcceptor>,
    router: Router,
    watcher: Watcher,
    _place: (OwnedSemaphorePermit, Share),
) {
    let stream = WriteTimeout::new(Linger::new(stream), WRITE_WITHIN);
    // What goes wrong from here on is the client's business, and its address is nobody's.
    match acceptor {
        None => exchange(stream, router, watcher).await,
        Some(acceptor) => {
            let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE_WITHIN, acceptor.accept(stream)).await else { return };
            exchange(stream, router, watcher).await;
        }
    }
}

async fn exchange(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, router: Router, watcher: Watcher) {
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN).max_buf_size(BUFFER_BYTES);
    let served = builder.serve_connection_with_upgrades(TokioIo::new(stream), TowerToHyperService::new(router));
    drop(watcher.watch(served.into_owned()).await);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http;
    use axum::routing::post;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

    /// A connection to a server that reads a body and answers with it; time passes when nobody has anything to do.
    struct Client {
        stream: DuplexStream,
        /// Without it the server would be stopping.
        _graceful: GracefulShutdown,
    }

    impl Client {
        fn new() -> Self {
            let (client, server) = tokio::io::duplex(1024);
            let router = http::guarded(Router::new().route("/", post(async |body: String| body)));
            let place = Arc::new(Semaphore::new(1)).try_acquire_owned().expect("a place");
            let share = Shares::new(1).take([192, 0, 2, 1].into()).expect("a share");
            let graceful = GracefulShutdown::new();
            tokio::spawn(connection(server, None, router, graceful.watcher(), (place, share)));
            Self { stream: client, _graceful: graceful }
        }

        async fn say(&mut self, text: &str) {
            self.stream.write_all(text.as_bytes()).await.expect("taken");
        }

        /// Everything until the server closes.
        async fn hear_out(mut self) -> String {
            let mut answer = String::new();
            self.stream.read_to_string(&mut answer).await.expect("text");
            answer
        }
    }

    #[tokio::test(start_paused = true)]
    async fn half_a_head_holds_no_place_for_long() {
        let mut client = Client::new();
        client.say("POST / HTTP/1.1\r\nHost: x\r\n").await;
        client.hear_out().await;
    }

    #[tokio::test(start_paused = true)]
    async fn half_a_body_holds_no_place_for_long() {
        let mut client = Client::new();
        client.say("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx").await;
        let answer = client.hear_out().await;
        assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("\"request_timeout\""), "{answer}");
    }

    #[tokio::test(start_paused = true)]
    async fn who_does_not_read_the_answer_holds_no_place_for_long() {
        let mut client = Client::new();
        let body = "x".repeat(200_000);
        client.say(&format!("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}", body.len())).await;
        tokio::time::sleep(2 * WRITE_WITHIN).await;
        let answer = client.hear_out().await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.len() < body.len(), "{} bytes", answer.len());
    }

    #[tokio::test(start_paused = true)]
    async fn an_endless_head_is_refused() {
        let mut client = Client::new();
        // Refused before all of it is taken.
        let _ = client.stream.write_all(format!("POST / HTTP/1.1\r\nX: {}", "x".repeat(BUFFER_BYTES)).as_bytes()).await;
        let answer = client.hear_out().await;
        assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
}

//! TCP connections: TLS when there is a certificate, a bound on everything, and an orderly end.

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio_rustls::TlsAcceptor;

/// Connections at once. Full: the next ones wait in the kernel's queue until one ends.
const CONNECTIONS_MAX: usize = 4096;
/// A client that does not get through the handshake in this time is not one.
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(10);
/// Nor one that does not get through its request's head.
const HEAD_WITHIN: Duration = Duration::from_secs(15);
/// After a failed `accept` (no file descriptors left, say): without a pause this would spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long requests under way may take once the server stops.
const FINISH_WITHIN: Duration = Duration::from_secs(1);

/// Serves until told to stop; returns when all requests are done or their time is over.
pub async fn serve(listener: TcpListener, tls: Option<Arc<ServerConfig>>, router: Router, mut stopping: watch::Receiver<bool>) {
    let acceptor = tls.map(TlsAcceptor::from);
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let graceful = GracefulShutdown::new();
    loop {
        // The semaphore is never closed.
        let Ok(place) = places.clone().acquire_owned().await else { break };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopping.wait_for(|stopping| *stopping) => break,
        };
        match accepted {
            Ok((stream, _)) => {
                let watcher = graceful.watcher();
                tokio::spawn(connection(stream, acceptor.clone(), router.clone(), watcher, place));
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
    stream: TcpStream,
    acceptor: Option<TlsAcceptor>,
    router: Router,
    watcher: hyper_util::server::graceful::Watcher,
    _place: OwnedSemaphorePermit,
) {
    // Signalling is small messages that somebody waits for.
    let _ = stream.set_nodelay(true);
    let mut builder = Builder::new(TokioExecutor::new()).http1_only();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN);
    let service = TowerToHyperService::new(router);
    // What goes wrong from here on is the client's business, and its address is nobody's.
    match acceptor {
        None => drop(watcher.watch(builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned()).await),
        Some(acceptor) => {
            let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE_WITHIN, acceptor.accept(stream)).await else { return };
            drop(watcher.watch(builder.serve_connection_with_upgrades(TokioIo::new(stream), service).into_owned()).await);
        }
    }
}

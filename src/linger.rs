//! A stream that is not closed into its sender's face.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::runtime::Handle;

/// How long, and how much, is read of a client that is still sending when it has been refused.
const LINGER: Duration = Duration::from_secs(2);
const LINGER_BYTES: usize = 1 << 20;
/// Streams that linger at once. Full: the next one is closed as it is.
const LINGERING_MAX: usize = 256;

static LINGERING: AtomicUsize = AtomicUsize::new(0);

/// When dropped, says that nothing more comes and reads on for a moment. A socket that is closed with unread data resets the
/// connection, and whoever was sending never sees the answer (RFC 9112 §9.6).
#[derive(Debug)]
pub struct Linger<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(Option<S>);

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Linger<S> {
    pub fn new(stream: S) -> Self {
        Self(Some(stream))
    }

    fn stream(&mut self) -> io::Result<Pin<&mut S>> {
        self.0.as_mut().map(Pin::new).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> Drop for Linger<S> {
    fn drop(&mut self) {
        let (Some(stream), Ok(runtime)) = (self.0.take(), Handle::try_current()) else { return };
        let one_more = |lingering| (lingering < LINGERING_MAX).then_some(lingering + 1);
        if LINGERING.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_ok() {
            runtime.spawn(async {
                let _ = tokio::time::timeout(LINGER, drain(stream)).await;
                LINGERING.fetch_sub(1, Ordering::Relaxed);
            });
        }
    }
}

async fn drain(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    if stream.shutdown().await.is_err() {
        return;
    }
    let (mut unwanted, mut left) = ([0; 4096], LINGER_BYTES);
    while left > 0
        && let Ok(len @ 1..) = stream.read(&mut unwanted).await
    {
        left = left.saturating_sub(len);
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> AsyncRead for Linger<S> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.get_mut().stream()?.poll_read(context, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + Send + 'static> AsyncWrite for Linger<S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().stream()?.poll_write(context, bytes)
    }

    fn poll_write_vectored(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.get_mut().stream()?.poll_write_vectored(context, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.as_ref().is_some_and(AsyncWrite::is_write_vectored)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().stream()?.poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().stream()?.poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_is_still_sending_gets_the_answer() {
        let (server, mut client) = tokio::io::duplex(16);
        let mut server = Linger::new(server);
        server.write_all(b"no").await.expect("room for two");
        drop(server);
        client.write_all(&[7; 1000]).await.expect("still taken");
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.expect("an end");
        assert_eq!(answer, "no");
        // For ever it is not.
        tokio::time::sleep(LINGER * 2).await;
        client.write_all(&[7; 1000]).await.expect_err("closed");
    }
}

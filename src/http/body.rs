//! Bodies of requests: read after it is known who asks, and never longer than they may be.

use super::problem::Problem;
use axum::body::{Body, HttpBody};
use axum::http::StatusCode;
use futures_util::StreamExt;

/// The longest offer: one with 64 seats has about 200 kB.
pub const OFFER_BYTES_MAX: usize = 256 * 1024;

/// The whole body.
pub async fn bytes(body: Body, bytes_max: usize) -> Result<Vec<u8>, Problem> {
    let too_large =
        || Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "message_too_large", format!("at most {bytes_max} bytes are taken here"));
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > bytes_max {
        return Err(too_large());
    }
    let mut read = Vec::with_capacity(announced);
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "body_incomplete", "the request ended before its body did"))?;
        if read.len() + chunk.len() > bytes_max {
            return Err(too_large());
        }
        read.extend_from_slice(&chunk);
    }
    Ok(read)
}

/// The whole body, which is text.
pub async fn text(body: Body, bytes_max: usize) -> Result<String, Problem> {
    let bytes = bytes(body, bytes_max).await?;
    String::from_utf8(bytes).map_err(|_| Problem::new(StatusCode::BAD_REQUEST, "not_utf8", "the body is not text in UTF-8"))
}

//! Who is asking: the session's cookie.

use super::super::App;
use super::super::problem::Problem;
use crate::school::access::Access;
use crate::school::sign_in;
use crate::store::Moment;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};

/// `__Host-`: only this host, only encrypted (or on this machine), only for the whole of it.
pub const COOKIE: &str = "__Host-auftakt";

/// Somebody who is signed in; others get 401.
pub struct Signed(pub Access);

impl FromRequestParts<App> for Signed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let unknown = || Problem::new(StatusCode::UNAUTHORIZED, "signed_out", "sign in first");
        let secret = cookie(&parts.headers).ok_or_else(unknown)?;
        let access = sign_in::who(&app.school.store, secret, Moment::now()).await?;
        access.map(Self).ok_or_else(unknown)
    }
}

/// The session's secret, if a request has one.
pub fn cookie(headers: &HeaderMap) -> Option<&str> {
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(name, _)| *name == COOKIE).map(|(_, secret)| secret)
}

/// Gives the session's secret to the browser.
pub fn set_cookie(secret: &str) -> HeaderValue {
    let life = sign_in::SESSION_LIFE.as_secs();
    let cookie = format!("{COOKIE}={secret}; Path=/; Max-Age={life}; Secure; HttpOnly; SameSite=Lax");
    // The secret is base64url.
    HeaderValue::from_str(&cookie).unwrap_or(HeaderValue::from_static(""))
}

/// Takes it away again.
pub fn clear_cookie() -> HeaderValue {
    HeaderValue::from_static("__Host-auftakt=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax")
}

//! What requests bring: JSON bodies of bounded length that say which field is wrong, identifiers, and texts of people.

use super::super::body;
use super::super::problem::Problem;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

/// Longer forms do not exist; files come another way.
const BODY_MAX: usize = 256 * 1024;

/// A JSON body.
pub struct Input<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Input<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if super::super::api::content_type(request.headers()) != "application/json" {
            let detail = "expected Content-Type: application/json";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail));
        }
        let bytes = body::bytes(request.into_body(), BODY_MAX).await?;
        let mut reader = serde_json::Deserializer::from_slice(&bytes);
        let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let path = error.path().to_string();
            let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed", error.into_inner().to_string());
            if path == "." { problem } else { problem.about(path) }
        })?;
        reader.end().map_err(|error| Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed", error.to_string()))?;
        Ok(Self(value))
    }
}

/// An identifier in the path; what is none is not found.
pub struct Id<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Id<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Path(id) = Path::<T>::from_request_parts(parts, state).await.map_err(|_| super::not_found())?;
        Ok(Self(id))
    }
}

/// The query of an address.
pub struct Asked<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(asked)) => Ok(Self(asked)),
            Err(error) => Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed", error.body_text())),
        }
    }
}

/// One line as a person writes it: trimmed, without control characters, of `1..=max` characters.
pub fn line(field: &'static str, text: &str, max: usize) -> Result<String, Problem> {
    let text = optional_line(field, text, max)?;
    if text.is_empty() {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "empty", "this must not be empty").about(field));
    }
    Ok(text)
}

/// The same, or nothing.
pub fn optional_line(field: &'static str, text: &str, max: usize) -> Result<String, Problem> {
    let text = text.trim();
    check_length(field, text, max)?;
    if text.chars().any(|c| c.is_control() || is_direction_override(c)) {
        return Err(
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "control_characters", "only one line of text is possible here").about(field)
        );
    }
    Ok(text.to_owned())
}

/// Several lines; other control characters fall out.
pub fn lines(field: &'static str, text: &str, max: usize) -> Result<String, Problem> {
    let text: String = text.replace("\r\n", "\n").chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    let text = text.trim();
    check_length(field, text, max)?;
    Ok(text.to_owned())
}

fn check_length(field: &'static str, text: &str, max: usize) -> Result<(), Problem> {
    if text.chars().count() > max {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "too_long", format!("at most {max} characters")).about(field));
    }
    Ok(())
}

/// Characters that let a name read backwards.
fn is_direction_override(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// An address of e-mail, as far as can be told without sending one.
pub fn email(field: &'static str, text: &str) -> Result<String, Problem> {
    let wrong =
        || Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "not_an_email", "expected an address like name@school.example").about(field);
    let text = line(field, text, 254)?;
    let (local, domain) = text.rsplit_once('@').ok_or_else(wrong)?;
    let plain = |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || "@,;:<>()[]\\\"".contains(c));
    let dotted = domain.contains('.') && domain.split('.').all(|label| !label.is_empty() && !label.starts_with('-'));
    if plain(local) && plain(domain) && dotted { Ok(text) } else { Err(wrong()) }
}

/// A new password.
pub fn password(field: &'static str, text: String) -> Result<String, Problem> {
    const SHORTEST: usize = 10;
    const LONGEST: usize = 200;
    let length = text.chars().count();
    if length < SHORTEST {
        let detail = format!("at least {SHORTEST} characters; several words are easy to remember");
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "password_short", detail).about(field));
    }
    if length > LONGEST {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "too_long", format!("at most {LONGEST} characters")).about(field));
    }
    Ok(text)
}

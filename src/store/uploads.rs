//! Uploads under way. Their bytes lie in the data directory, and what lies there is how much has come.

use super::files::Place;
use super::{Connection, FileId, Malformed, Moment, PersonId, Result, UploadId, stored_as};
use sqlx::FromRow;
use std::fmt;
use std::str::FromStr;

/// Where an upload goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Becomes a file there when all of it has come.
    Place(Place),
    /// Waits for the message that it is attached to.
    Draft,
    /// Has become this file; the row stays for a client that did not hear of it.
    File(FileId),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Place(place) => place.fmt(f),
            Self::Draft => f.write_str("draft"),
            Self::File(id) => write!(f, "file:{id}"),
        }
    }
}

impl FromStr for Target {
    type Err = Malformed;

    fn from_str(text: &str) -> std::result::Result<Self, Malformed> {
        match text.strip_prefix("file:") {
            Some(id) => Ok(Self::File(id.to_owned().try_into()?)),
            None if text == "draft" => Ok(Self::Draft),
            None => text.parse().map(Self::Place),
        }
    }
}

stored_as!(Target, String, |target: &Target| target.to_string(), |text: String| Target::from_str(&text));

/// One upload.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Upload {
    pub id: UploadId,
    pub person_id: PersonId,
    #[sqlx(rename = "place")]
    pub target: Target,
    pub folder: String,
    pub name: String,
    /// All there will be.
    pub bytes: i64,
    pub expires_at: Moment,
}

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, person_id, place, folder, name, bytes, expires_at FROM uploads ", $rest)
    };
}

/// Adds one.
pub async fn insert(db: &mut Connection, upload: &Upload) -> Result<()> {
    let insert =
        "INSERT INTO uploads (id, person_id, place, folder, name, bytes, received, expires_at) VALUES ($1, $2, $3, $4, $5, $6, 0, $7)";
    sqlx::query(insert)
        .bind(&upload.id)
        .bind(&upload.person_id)
        .bind(&upload.target)
        .bind(&upload.folder)
        .bind(&upload.name)
        .bind(upload.bytes)
        .bind(upload.expires_at)
        .execute(db)
        .await?;
    Ok(())
}

/// One of them, if it is this person's.
pub async fn find(db: &mut Connection, id: &UploadId, person: &PersonId) -> Result<Option<Upload>> {
    Ok(sqlx::query_as(select!("WHERE id = $1 AND person_id = $2")).bind(id).bind(person).fetch_optional(db).await?)
}

/// All of somebody that have not become files, the oldest first.
pub async fn pending_of(db: &mut Connection, person: &PersonId) -> Result<Vec<Upload>> {
    let query = select!("WHERE person_id = $1 AND place NOT LIKE 'file:%' ORDER BY id");
    Ok(sqlx::query_as(query).bind(person).fetch_all(db).await?)
}

/// Bytes that everybody's pending uploads will have.
pub async fn pending_bytes(db: &mut Connection) -> Result<i64> {
    let query = "SELECT CAST(coalesce(sum(bytes), 0) AS BIGINT) FROM uploads WHERE place NOT LIKE 'file:%'";
    Ok(sqlx::query_scalar(query).fetch_one(db).await?)
}

/// Notes that an upload has become a file.
pub async fn done(db: &mut Connection, id: &UploadId, file: &FileId) -> Result<()> {
    let update = "UPDATE uploads SET place = $2, received = bytes WHERE id = $1";
    sqlx::query(update).bind(id).bind(Target::File(file.clone())).execute(db).await?;
    Ok(())
}

/// Notes how much has come. What counts is what lies on the disk; this is for those who look at the records.
pub async fn received(db: &mut Connection, id: &UploadId, bytes: i64) -> Result<()> {
    sqlx::query("UPDATE uploads SET received = $2 WHERE id = $1").bind(id).bind(bytes).execute(db).await?;
    Ok(())
}

/// Takes one away.
pub async fn delete(db: &mut Connection, id: &UploadId) -> Result<()> {
    sqlx::query("DELETE FROM uploads WHERE id = $1").bind(id).execute(db).await?;
    Ok(())
}

/// Takes away those whose time is over.
pub async fn delete_expired(db: &mut Connection, now: Moment) -> Result<()> {
    sqlx::query("DELETE FROM uploads WHERE expires_at <= $1").bind(now).execute(db).await?;
    Ok(())
}

/// Whether there is one that has not become a file.
pub async fn is_pending(db: &mut Connection, id: &UploadId) -> Result<bool> {
    let query = "SELECT count(*) FROM uploads WHERE id = $1 AND place NOT LIKE 'file:%'";
    let count: i64 = sqlx::query_scalar(query).bind(id).fetch_one(db).await?;
    Ok(count > 0)
}

//! Saved mappings of imports and column lists of exports, by name.

use super::{Connection, Result, TemplateId};
use sqlx::FromRow;

super::words! {
    /// What a template is for.
    TemplateKind { Import = "import", Export = "export" }
}

/// A saved template; `content` is JSON of whoever saved it.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Template {
    pub id: TemplateId,
    pub name: String,
    pub content: String,
}

/// All of a kind, by name.
pub async fn list(db: &mut Connection, kind: TemplateKind) -> Result<Vec<Template>> {
    let query = "SELECT id, name, content FROM templates WHERE kind = $1 ORDER BY name, id";
    Ok(sqlx::query_as(query).bind(kind).fetch_all(db).await?)
}

/// One of them.
pub async fn find(db: &mut Connection, kind: TemplateKind, id: &TemplateId) -> Result<Option<Template>> {
    let query = "SELECT id, name, content FROM templates WHERE kind = $1 AND id = $2";
    Ok(sqlx::query_as(query).bind(kind).bind(id).fetch_optional(db).await?)
}

/// Saves one; the one of the same name is replaced.
pub async fn put(db: &mut Connection, kind: TemplateKind, name: &str, content: &str) -> Result<TemplateId> {
    let upsert = "INSERT INTO templates (id, kind, name, content) VALUES ($1, $2, $3, $4) \
                  ON CONFLICT (kind, name) DO UPDATE SET content = excluded.content RETURNING id";
    Ok(sqlx::query_scalar(upsert).bind(TemplateId::new()).bind(kind).bind(name).bind(content).fetch_one(db).await?)
}

/// Takes one away. False when it is not there.
pub async fn delete(db: &mut Connection, kind: TemplateKind, id: &TemplateId) -> Result<bool> {
    let done = sqlx::query("DELETE FROM templates WHERE kind = $1 AND id = $2").bind(kind).bind(id).execute(db).await?;
    Ok(done.rows_affected() == 1)
}

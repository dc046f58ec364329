//! What is old goes by itself: once a day, after the months that the school has set. Doing it twice does nothing the second time.

use super::erasure::doom;
use crate::store::{Connection, Moment, Result, Store};
use std::time::Duration;
use tokio::sync::watch;

/// After the start; not at once, so that a start is quick.
const FIRST: Duration = Duration::from_secs(10 * 60);
const EVERY: Duration = Duration::from_secs(24 * 3600);
const MONTH: Duration = Duration::from_secs(30 * 24 * 3600 + 12 * 3600);

/// For how many months what is kept. The settings are whole numbers under these keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Months {
    /// `retention.messages_months`
    pub messages: u32,
    /// `retention.files_months`
    pub files: u32,
    /// `retention.attendance_months`, from when it was exported.
    pub attendance: u32,
    /// `retention.journal_months`
    pub journal: u32,
}

impl Default for Months {
    fn default() -> Self {
        Self { messages: 24, files: 36, attendance: 24, journal: 24 }
    }
}

/// The settings' keys.
pub const KEYS: [&str; 4] =
    ["retention.messages_months", "retention.files_months", "retention.attendance_months", "retention.journal_months"];
/// Less would take away what is still used; more is what the settings mean by "long".
pub const MONTHS: std::ops::RangeInclusive<u32> = 3..=240;

impl Months {
    /// As the school has set them; what is not set, or is no number of months, is as it ships.
    ///
    /// # Errors
    /// The database.
    pub async fn load(db: &mut Connection) -> Result<Self> {
        let mut months = Self::default();
        let Self { messages, files, attendance, journal } = &mut months;
        for (key, field) in KEYS.into_iter().zip([messages, files, attendance, journal]) {
            let value: Option<String> =
                sqlx::query_scalar("SELECT value FROM settings WHERE key = $1").bind(key).fetch_optional(&mut *db).await?;
            let number = value.and_then(|value| value.trim_matches('"').parse::<u32>().ok()).filter(|number| MONTHS.contains(number));
            *field = number.unwrap_or(*field);
        }
        Ok(months)
    }
}

fn before(now: Moment, months: u32) -> Moment {
    now.minus(MONTH * months)
}

/// How many rows went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gone {
    pub messages: u64,
    pub files: u64,
    pub dates: u64,
    pub traces: u64,
}

impl Gone {
    fn any(self) -> bool {
        self != Self::default()
    }
}

/// Takes away what is older than the school keeps it.
///
/// # Errors
/// The database.
pub async fn run(store: &Store, now: Moment) -> Result<Gone> {
    let mut db = store.write().await?;
    let months = Months::load(&mut db).await?;
    let mut gone = Gone::default();
    messages(&mut db, before(now, months.messages), &mut gone).await?;
    files(&mut db, before(now, months.files), &mut gone).await?;
    attendance(&mut db, before(now, months.attendance), &mut gone).await?;
    traces(&mut db, now, before(now, months.journal), &mut gone).await?;
    db.commit().await?;
    if gone.any() {
        store.scrub().await?;
    }
    Ok(gone)
}

async fn doom_all(db: &mut Connection, query: &'static str, cutoff: Moment) -> Result<u64> {
    let files: Vec<String> = sqlx::query_scalar(query).bind(cutoff).fetch_all(&mut *db).await?;
    for file in &files {
        doom(db, file).await?;
    }
    Ok(files.len() as u64)
}

async fn delete(db: &mut Connection, query: &'static str, cutoff: Moment) -> Result<u64> {
    Ok(sqlx::query(query).bind(cutoff).execute(db).await?.rows_affected())
}

/// Messages with what is attached to them, conversations in which nothing is left, and conferences that were.
async fn messages(db: &mut Connection, cutoff: Moment, gone: &mut Gone) -> Result<()> {
    let attached = "SELECT id FROM files WHERE message_id IN (SELECT id FROM messages WHERE sent_at < $1) \
                    OR conference_id IN (SELECT id FROM conferences WHERE starts_at < $1)";
    gone.files += doom_all(db, attached, cutoff).await?;
    gone.messages += delete(db, "DELETE FROM messages WHERE sent_at < $1", cutoff).await?;
    let empty = "DELETE FROM threads WHERE last_at < $1 AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.thread_id = threads.id)";
    gone.messages += delete(db, empty, cutoff).await?;
    gone.messages += delete(db, "DELETE FROM conferences WHERE starts_at < $1", cutoff).await?;
    Ok(())
}

/// Files of which nobody has brought a version since.
async fn files(db: &mut Connection, cutoff: Moment, gone: &mut Gone) -> Result<()> {
    let old = "SELECT id FROM files WHERE created_at < $1 AND message_id IS NULL AND conference_id IS NULL \
               AND NOT EXISTS (SELECT 1 FROM file_versions v WHERE v.file_id = files.id AND v.uploaded_at >= $1)";
    gone.files += doom_all(db, old, cutoff).await?;
    Ok(())
}

/// Lesson dates that the administration program has, and who was there. What was never exported stays: it may still be needed.
async fn attendance(db: &mut Connection, cutoff: Moment, gone: &mut Gone) -> Result<()> {
    let exported = "EXISTS (SELECT 1 FROM exported_dates d WHERE d.course_id = x.course_id AND d.day = x.day) AND NOT EXISTS \
                    (SELECT 1 FROM exported_dates d JOIN exports e ON e.id = d.export_id WHERE d.course_id = x.course_id AND d.day = x.day \
                    AND e.at >= $1)";
    for table in ["attendance", "lesson_dates"] {
        let text = format!("DELETE FROM {table} AS x WHERE {exported}");
        // The text is made of our own words.
        gone.dates += sqlx::query(sqlx::AssertSqlSafe(text)).bind(cutoff).execute(&mut *db).await?.rows_affected();
    }
    // Who was in a room when only proposes what the teacher confirms.
    gone.dates += delete(db, "DELETE FROM presence WHERE to_at < $1", cutoff).await?;
    Ok(())
}

/// The journal, exports of which no date is left, and what has expired.
async fn traces(db: &mut Connection, now: Moment, cutoff: Moment, gone: &mut Gone) -> Result<()> {
    gone.traces += delete(db, "DELETE FROM journal WHERE at < $1", cutoff).await?;
    let spent = "DELETE FROM exports WHERE at < $1 AND NOT EXISTS (SELECT 1 FROM exported_dates d JOIN lesson_dates l \
                 ON l.course_id = d.course_id AND l.day = d.day WHERE d.export_id = exports.id)";
    gone.traces += delete(db, spent, cutoff).await?;
    gone.traces += delete(db, "DELETE FROM sessions WHERE expires_at <= $1", now).await?;
    gone.traces += delete(db, "DELETE FROM sign_in_links WHERE expires_at <= $1", now).await?;
    Ok(())
}

/// Every day while the server runs.
pub async fn follow(store: Store, mut stopping: watch::Receiver<bool>) {
    let mut wait = FIRST;
    loop {
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            _ = stopping.wait_for(|stopping| *stopping) => return,
        }
        wait = EVERY;
        match run(&store, Moment::now()).await {
            Ok(gone) if gone.any() => tracing::info!(?gone, "what was older than the school keeps it is gone"),
            Ok(_) => {}
            Err(error) => tracing::error!("what is old cannot be taken away: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A school with one of everything, `age` old.
    async fn school(at: Moment) -> Store {
        let store = Store::open("sqlite::memory:").await.expect("a database");
        let mut db = store.write().await.expect("the only connection");
        let rows = format!(
            "INSERT INTO persons VALUES ('p', NULL, 'Hannah', 'Sommerfeld', 'hannah', NULL, 'de', 0, NULL);
             INSERT INTO courses VALUES ('c', NULL, 'Violine', 'violine', '', 'single', 'p', 1, 960, 30, '', 0, '2020-01-01', NULL, 'r', 0, NULL);
             INSERT INTO threads VALUES ('t', 'course', '', 'c', NULL, {at}, {at});
             INSERT INTO messages VALUES ('m', 't', 'p', 'k', 'Hallo', 'hallo', {at});
             INSERT INTO conferences VALUES ('f', 'Konferenz', '', {at}, 60, 'k', 'p', 0, NULL);
             INSERT INTO presence VALUES ('x', 'c', 'p', {at}, {at});
             INSERT INTO lesson_dates (course_id, day, status, note, version) VALUES ('c', '2020-01-06', 'given', '', 1), ('c', '2020-01-13', 'given', '', 1);
             INSERT INTO exports VALUES ('e', {at}, 'p', '2020-01-01', '2020-02-01', 'x', 1);
             INSERT INTO exported_dates VALUES ('c', '2020-01-06', 'e');
             INSERT INTO journal VALUES ('j', {at}, 'p', 'read', 'contact', 'p');
             INSERT INTO sessions VALUES ('s', 'h', 'p', '', 0, 0, 1);",
            at = at.0
        );
        sqlx::raw_sql(sqlx::AssertSqlSafe(rows)).execute(&mut *db).await.expect("rows");
        db.commit().await.expect("written");
        store
    }

    async fn count(store: &Store, table: &str) -> i64 {
        let mut db = store.write().await.expect("the only connection");
        sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"))).fetch_one(&mut *db).await.expect("counted")
    }

    #[tokio::test]
    async fn what_is_old_goes_once_and_what_was_never_exported_stays() {
        let now = Moment(1_800_000_000_000);
        let store = school(before(now, 25)).await;
        let gone = run(&store, now).await.expect("done");
        assert_eq!((gone.messages, gone.dates), (3, 2));
        for (table, left) in
            [("messages", 0), ("threads", 0), ("conferences", 0), ("presence", 0), ("journal", 0), ("lesson_dates", 1), ("exports", 0)]
        {
            assert_eq!(count(&store, table).await, left, "{table}");
        }
        assert_eq!(run(&store, now).await.expect("done"), Gone::default(), "twice is once");
    }

    #[tokio::test]
    async fn what_is_young_stays_and_settings_say_what_is_young() {
        let now = Moment(1_800_000_000_000);
        let store = school(before(now, 5)).await;
        assert_eq!(run(&store, now).await.expect("done"), Gone { traces: 1, ..Gone::default() }, "only the expired session");
        let mut db = store.write().await.expect("the only connection");
        let set = "INSERT INTO settings VALUES ('retention.messages_months', '4'), ('retention.journal_months', '1'), ('retention.files_months', 'x')";
        sqlx::query(set).execute(&mut *db).await.expect("set");
        assert_eq!(
            Months::load(&mut db).await.expect("read"),
            Months { messages: 4, ..Months::default() },
            "a month is too short for a journal"
        );
        db.commit().await.expect("written");
        assert_eq!(run(&store, now).await.expect("done").messages, 3);
        assert_eq!(count(&store, "journal").await, 1);
    }
}

//! The school's records. One SQL text runs on SQLite, which lies in the data directory and needs nobody to look after it, and on PostgreSQL.
//!
//! Functions take a connection, so that any of them can be part of one transaction: `store.read()` for looking, `store.write()` for changing.
//! What is not there is `None`; what cannot be is a [`StoreError`].

pub mod accounts;
pub mod agenda;
pub mod classes;
pub mod conferences;
#[cfg(test)]
pub mod conformance;
pub mod consents;
pub mod courses;
pub mod dates;
pub mod exports;
pub mod feeds;
pub mod files;
pub mod journal;
pub mod mails;
pub mod people;
pub mod sessions;
pub mod settings;
pub mod templates;
pub mod threads;
pub mod types;
pub mod uploads;

pub use types::*;

use sqlx::any::{AnyConnectOptions, AnyPoolOptions};
use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::{Any, AnyPool, ConnectOptions, Transaction};
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

/// A connection, alone or in a transaction.
pub type Connection = sqlx::AnyConnection;

static MIGRATIONS: Migrator = sqlx::migrate!("src/store/migrations");

/// Where the embedded database lies in the data directory.
pub const FILE: &str = "school.db";
/// Readers at once; more wait their turn.
const READERS: u32 = 8;
/// A statement that takes longer is worth a line in the log (its text has no values in it).
const SLOW: Duration = Duration::from_secs(1);
/// Who waits longer for a connection is told that the server is busy.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why something could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// What must be unique is there already: the table and column as the database names them.
    #[error("already there: {0}")]
    Taken(String),
    /// What is referred to is not there (any more).
    #[error("what this belongs to is not there")]
    Missing,
    /// Too many at once.
    #[error("the database is busy")]
    Busy,
    /// The database's own fault, or ours.
    #[error("database: {0}")]
    Fault(sqlx::Error),
    /// The schema cannot be brought up to date.
    #[error("database schema: {0}")]
    Schema(#[from] sqlx::migrate::MigrateError),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(inner) if inner.is_unique_violation() => {
                // Neither text has values in it: "UNIQUE constraint failed: persons.number", "… constraint \"persons_number_key\"".
                Self::Taken(inner.constraint().map_or_else(|| inner.message().to_owned(), str::to_owned))
            }
            sqlx::Error::Database(inner) if inner.is_foreign_key_violation() => Self::Missing,
            // PostgreSQL: another transaction changed the same just now.
            sqlx::Error::Database(inner) if matches!(inner.code().as_deref(), Some("40001" | "40P01")) => Self::Busy,
            sqlx::Error::PoolTimedOut => Self::Busy,
            other => Self::Fault(other),
        }
    }
}

/// What most functions return.
pub type Result<T> = std::result::Result<T, StoreError>;

/// Which database it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// Embedded.
    Sqlite,
    /// A server.
    Postgres,
}

/// The database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    read: AnyPool,
    write: AnyPool,
    engine: Engine,
}

/// A transaction that changes something: nothing of it is there until [`commit`](Transaction::commit).
pub type Write = Transaction<'static, Any>;

impl Store {
    /// The embedded database of a data directory.
    ///
    /// # Errors
    /// It cannot be opened, or is newer than this program.
    pub async fn open_embedded(data: &Path) -> Result<Self> {
        let path = data.join(FILE);
        // Made beforehand, so that nobody but its owner can read it, nor the files that SQLite puts beside it with the same rights.
        std::os::unix::fs::OpenOptionsExt::mode(std::fs::OpenOptions::new().create(true).append(true), 0o600)
            .open(&path)
            .map_err(|error| StoreError::Fault(sqlx::Error::Io(error)))?;
        Self::open(&format!("sqlite:{}", path.display())).await
    }

    /// By address: `sqlite:PATH` or `postgres://…`. Brings the schema up to date.
    ///
    /// # Errors
    /// It cannot be reached or opened, or is newer than this program.
    pub async fn open(url: &str) -> Result<Self> {
        sqlx::any::install_default_drivers();
        let engine = if url.starts_with("sqlite:") { Engine::Sqlite } else { Engine::Postgres };
        let options = AnyConnectOptions::from_str(url)?;
        let options = options.log_statements(tracing::log::LevelFilter::Trace).log_slow_statements(tracing::log::LevelFilter::Warn, SLOW);
        // SQLite has one writer at a time: those who wait for it wait here, in order, and never fail for it.
        let writers = if engine == Engine::Sqlite { 1 } else { READERS };
        let write = pool(engine, writers).connect_with(options.clone()).await?;
        MIGRATIONS.run(&write).await?;
        let read = pool(engine, READERS).connect_with(options).await?;
        Ok(Self { read, write, engine })
    }

    /// Which database it is.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// For looking.
    ///
    /// # Errors
    /// [`StoreError::Busy`].
    pub async fn read(&self) -> Result<PoolConnection<Any>> {
        Ok(self.read.acquire().await?)
    }

    /// For changing. What was read in it stays true until it is committed.
    ///
    /// # Errors
    /// [`StoreError::Busy`].
    pub async fn write(&self) -> Result<Write> {
        Ok(match self.engine {
            // A transaction that begins with reading could not become a writing one when another process wrote meanwhile.
            Engine::Sqlite => self.write.begin_with("BEGIN IMMEDIATE").await?,
            Engine::Postgres => self.write.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ").await?,
        })
    }

    /// Leaves nothing of what was deleted on any page: call it after an erasure was committed.
    ///
    /// `secure_delete` overwrites deleted rows, but what a row left where the tree was rearranged before is only gone when everything is written anew.
    ///
    /// # Errors
    /// The database.
    pub async fn scrub(&self) -> Result<()> {
        let mut db = self.write.acquire().await?;
        match self.engine {
            Engine::Sqlite => {
                sqlx::raw_sql("VACUUM").execute(&mut *db).await?;
                // Waits for those who still read; a page they hold on to stays in the log until the next time.
                sqlx::raw_sql("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut *db).await?;
            }
            Engine::Postgres => {
                sqlx::raw_sql("VACUUM FULL").execute(&mut *db).await?;
            }
        }
        Ok(())
    }

    /// Waits for what is under way, and closes.
    pub async fn close(&self) {
        self.write.close().await;
        self.read.close().await;
    }
}

fn pool(engine: Engine, connections: u32) -> AnyPoolOptions {
    let options = AnyPoolOptions::new().max_connections(connections).acquire_timeout(PATIENCE);
    options.after_connect(move |connection, _| {
        Box::pin(async move {
            if engine == Engine::Sqlite {
                // secure_delete: what was erased is overwritten. synchronous=FULL: what was acknowledged outlives a power cut.
                const PRAGMAS: &str = "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                                       PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY; \
                                       PRAGMA mmap_size = 268435456; PRAGMA cache_size = -16000";
                sqlx::raw_sql(PRAGMAS).execute(connection).await?;
            }
            Ok(())
        })
    })
}

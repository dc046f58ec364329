//! What holds for the records, on both databases: the same tests run on the embedded one and on a PostgreSQL server started for them.

use super::people::{Contact, Filter, Person, PersonRole};
use super::{Moment, PersonId, Store, StoreError, accounts, people};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;

/// Databases to test on; they end when this is dropped.
pub struct Databases {
    pub all: Vec<Store>,
    _directory: TempDir,
}

/// An empty one of each kind.
pub async fn databases() -> Databases {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let directory = tempfile::tempdir().expect("a directory");
    let embedded = Store::open_embedded(directory.path()).await.expect("the embedded database");
    let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    let server = server();
    server.run("psql", &["-qc", &format!("CREATE DATABASE {name}")]);
    let postgres = Store::open(&server.url(&name)).await.expect("PostgreSQL");
    Databases { all: vec![embedded, postgres], _directory: directory }
}

/// A PostgreSQL server of this test run, on a socket in a directory of its own.
struct Postgres {
    programs: PathBuf,
    directory: TempDir,
}

fn server() -> &'static Postgres {
    static SERVER: OnceLock<Postgres> = OnceLock::new();
    SERVER.get_or_init(Postgres::start)
}

impl Postgres {
    fn start() -> Self {
        let versions = std::fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is missing: apt-get install postgresql");
        let programs = versions.filter_map(|entry| Some(entry.ok()?.path().join("bin"))).find(|path| path.join("initdb").exists());
        let directory = tempfile::tempdir().expect("a directory");
        let server = Self { programs: programs.expect("a version of PostgreSQL"), directory };
        // It refuses to run as root; the package made a user for it.
        if is_root() {
            let path = server.directory.path().as_os_str();
            assert!(Command::new("chown").arg("postgres").arg(path).status().is_ok_and(|status| status.success()), "the user postgres");
        }
        let data = server.data();
        server.run("initdb", &["-D", &data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"]);
        let options =
            format!("-c listen_addresses='' -c unix_socket_directories='{}' -c fsync=off -c max_connections=200", server.path().display());
        let log = server.path().join("log").display().to_string();
        server.run("pg_ctl", &["-D", &data, "-o", &options, "-l", &log, "-w", "start"]);
        // Ends with the test process, which has no last moment of its own.
        server.end_with_us();
        server
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn data(&self) -> String {
        self.path().join("data").display().to_string()
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://postgres@localhost/{database}?host={}", self.path().display())
    }

    fn command(&self, program: &str) -> Command {
        let program = self.programs.join(program);
        let mut command = if is_root() { Command::new("runuser") } else { Command::new(&program) };
        if is_root() {
            command.args(["-u", "postgres", "--"]).arg(&program);
        }
        command.current_dir(self.path()).env("PGHOST", self.path()).env("PGUSER", "postgres");
        command
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let output = self.command(program).args(arguments).stdin(Stdio::null()).output().expect("the program");
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn end_with_us(&self) {
        let (data, ours) = (self.data(), std::process::id());
        let wait = format!(
            "while test -d /proc/{ours}; do sleep 0.2; done; '{}/pg_ctl' -D '{data}' -m immediate stop; rm -rf '{}'",
            self.programs.display(),
            self.path().display()
        );
        let wait = if is_root() { format!("runuser -u postgres -- sh -c \"{wait}\"; rm -rf '{}'", self.path().display()) } else { wait };
        let quiet =
            Command::new("setsid").args(["sh", "-c", &wait]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        drop(quiet.expect("a watchdog"));
    }
}

fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

pub fn person(given: &str, family: &str) -> Person {
    Person::named(given, family)
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_found_by_what_they_are_called_and_what_they_are() {
    for store in databases().await.all {
        let mut db = store.write().await.expect("a transaction");
        let (hannah, mia) = (person("Hannah", "Sommerfeld-Nguyễn"), Person { number: Some("77".into()), ..person("Mia", "Großmann") });
        for one in [&hannah, &mia] {
            people::insert(&mut db, one).await.expect("inserted");
        }
        people::set_roles(&mut db, &hannah.id, &[PersonRole::Student, PersonRole::Teacher]).await.expect("roles");
        people::set_contact(&mut db, &hannah.id, &Contact { email: Some("h@example.org".into()), ..Contact::default() })
            .await
            .expect("set");
        db.commit().await.expect("written");
        let mut db = store.read().await.expect("a connection");
        let named = |words: &str| Filter { words: words.into(), ..Filter::default() };
        assert_eq!(people::list(&mut db, &named("NGUYEN"), 10, 0).await.expect("a list"), std::slice::from_ref(&hannah));
        assert_eq!(people::list(&mut db, &named("grossm"), 10, 0).await.expect("a list"), std::slice::from_ref(&mia));
        assert_eq!(people::count(&mut db, &named("%")).await.expect("a number"), 0);
        let teachers = Filter { role: Some(PersonRole::Teacher), ..Filter::default() };
        assert_eq!(people::list(&mut db, &teachers, 10, 0).await.expect("a list"), std::slice::from_ref(&hannah));
        assert_eq!(people::by_number(&mut db, "77").await.expect("asked").map(|person| person.id), Some(mia.id));
        assert_eq!(people::contact(&mut db, &hannah.id).await.expect("asked").email.as_deref(), Some("h@example.org"));
        assert_eq!(people::roles(&mut db, &hannah.id).await.expect("asked"), [PersonRole::Student, PersonRole::Teacher]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_must_be_unique_is_refused_by_name() {
    for store in databases().await.all {
        let mut db = store.write().await.expect("a transaction");
        let first = Person { number: Some("1".into()), ..person("A", "B") };
        people::insert(&mut db, &first).await.expect("inserted");
        db.commit().await.expect("written");
        let mut db = store.write().await.expect("a transaction");
        let again = people::insert(&mut db, &Person { id: PersonId::new(), ..first }).await;
        assert!(matches!(&again, Err(StoreError::Taken(what)) if what.contains("number")), "{again:?}");
        db.rollback().await.expect("rolled back");
        let mut db = store.write().await.expect("a transaction");
        let nobody = accounts::put(&mut db, &PersonId::new(), "a@b.example").await;
        assert!(matches!(nobody, Err(StoreError::Missing)), "{nobody:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_used_up_by_one_of_two_who_come_at_once() {
    for store in databases().await.all {
        let mia = person("Mia", "W");
        let mut db = store.write().await.expect("a transaction");
        people::insert(&mut db, &mia).await.expect("inserted");
        let until = Moment(Moment::now().0 + 60_000);
        accounts::add_link(&mut db, "hash", Some(&mia.id), accounts::LinkPurpose::SignIn, until).await.expect("a link");
        db.commit().await.expect("written");
        let take = |store: Store| async move {
            let mut db = store.write().await?;
            let taken = accounts::take_link(&mut db, "hash", accounts::LinkPurpose::SignIn, Moment::now()).await?;
            db.commit().await?;
            Ok::<_, StoreError>(taken)
        };
        let (one, other) = tokio::join!(tokio::spawn(take(store.clone())), tokio::spawn(take(store.clone())));
        let taken = [one, other].into_iter().filter(|taken| matches!(taken, Ok(Ok(Some(_))))).count();
        assert_eq!(taken, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_committed_is_not_there() {
    for store in databases().await.all {
        let mut db = store.write().await.expect("a transaction");
        people::insert(&mut db, &person("A", "B")).await.expect("inserted");
        drop(db);
        let mut db = store.read().await.expect("a connection");
        assert_eq!(people::count(&mut db, &Filter::default()).await.expect("a number"), 0);
    }
}

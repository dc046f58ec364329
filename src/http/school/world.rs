//! A school for tests: the real server on loopback with a database of its own, and visitors who are signed in and speak HTTP with it.

use super::signed::COOKIE;
use crate::config::{Config, Overrides};
use crate::links::LinkKey;
use crate::school::sign_in;
use crate::server::Server;
use crate::store::people::{Person, PersonRole};
use crate::store::{Moment, PersonId, Store, people};
use serde_json::Value;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use tempfile::TempDir;

/// The server with its data.
pub struct World {
    server: Server,
    /// Beside the server's own, on the same database.
    pub store: Store,
    data: TempDir,
}

/// Somebody with a session, or (without a cookie) a stranger.
#[derive(Clone)]
pub struct Visitor {
    url: String,
    pub id: PersonId,
    cookie: Option<String>,
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    /// Null when it was no JSON.
    pub json: Value,
    pub bytes: Vec<u8>,
    pub headers: ureq::http::HeaderMap,
}

impl Reply {
    /// The `code` of a refusal.
    pub fn code(&self) -> &str {
        self.json["code"].as_str().unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl World {
    /// An empty school.
    pub async fn open() -> Self {
        Self::open_in(tempfile::tempdir().expect("a directory")).await
    }

    /// On data that is there already.
    async fn open_in(data: TempDir) -> Self {
        Self::open_with(data, &[]).await
    }

    /// With settings as the environment gives them: `("AUFTAKT_SECTION_KEY", "value")`.
    pub async fn open_with(data: TempDir, settings: &[(&str, &str)]) -> Self {
        let web = data.path().join("web");
        std::fs::create_dir_all(&web).expect("a directory");
        std::fs::write(web.join("index.html"), "<!doctype html>").expect("a page");
        let own = [("AUFTAKT_SERVER_WEB".to_owned(), web.display().to_string()), ("AUFTAKT_MEDIA_WORKERS".to_owned(), "1".to_owned())];
        let environment = own.into_iter().chain(settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        let any: SocketAddr = (Ipv4Addr::LOCALHOST, 0).into();
        let overrides = Overrides { listen: Some(any), ..Overrides::default() };
        let config = Config::load(None, environment, overrides).expect("a configuration");
        let server = Server::start(config, data.path()).await.expect("a server");
        let store = Store::open_embedded(data.path()).await.expect("the database");
        Self { server, store, data }
    }

    /// Stops the server and starts another one on the same data.
    pub async fn restart(self) -> Self {
        let Self { server, store, data } = self;
        store.close().await;
        server.stop().await;
        Self::open_in(data).await
    }

    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// How addresses begin.
    pub fn url(&self) -> String {
        format!("http://{}", self.server.address())
    }

    /// What links and tokens are signed with.
    pub fn key(&self) -> LinkKey {
        LinkKey::open(self.data()).expect("the server's key")
    }

    /// Somebody new of the school, signed in. `name` is "Given Family".
    pub async fn person(&self, name: &str, roles: &[PersonRole]) -> Visitor {
        let (given, family) = name.split_once(' ').unwrap_or(("", name));
        let person = Person::named(given, family);
        let mut db = self.store.write().await.expect("the database");
        people::insert(&mut db, &person).await.expect("a person");
        people::set_roles(&mut db, &person.id, roles).await.expect("roles");
        let secret = sign_in::begin(&mut db, &person.id, "Test", Moment::now()).await.expect("a session");
        db.commit().await.expect("written");
        Visitor { url: self.url(), id: person.id, cookie: Some(secret.reveal().to_owned()) }
    }

    /// Somebody who is not signed in.
    pub fn stranger(&self) -> Visitor {
        Visitor { url: self.url(), id: PersonId::new(), cookie: None }
    }

    /// Somebody of before a restart, at the new server.
    pub fn again(&self, visitor: &Visitor) -> Visitor {
        Visitor { url: self.url(), ..visitor.clone() }
    }

    /// Makes one person the other's guardian.
    pub async fn make_guardian(&self, guardian: &Visitor, child: &Visitor) {
        let mut db = self.store.write().await.expect("the database");
        people::add_guardian(&mut db, &guardian.id, &child.id).await.expect("a guardian");
        db.commit().await.expect("written");
    }
}

impl Visitor {
    /// The header of its session.
    pub fn cookie(&self) -> String {
        self.cookie.as_ref().map(|secret| format!("{COOKIE}={secret}")).unwrap_or_default()
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], Vec::new()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Reply {
        self.json("POST", path, body).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Reply {
        self.json("PUT", path, body).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, &[], Vec::new()).await
    }

    async fn json(&self, method: &str, path: &str, body: Value) -> Reply {
        self.send(method, path, &[("content-type", "application/json")], body.to_string().into_bytes()).await
    }

    /// Any request. A cookie that the answer sets is not kept.
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Reply {
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if self.cookie.is_some() {
            request = request.header("cookie", self.cookie());
        }
        let request = request.body(body).expect("a request");
        let answered = tokio::task::spawn_blocking(move || {
            let agent: ureq::Agent =
                ureq::Agent::config_builder().http_status_as_error(false).allow_non_standard_methods(true).build().into();
            let mut response = agent.run(request).expect("an answer");
            let bytes = response.body_mut().with_config().limit(64 << 20).read_to_vec().expect("a body");
            (response.status().as_u16(), response.headers().clone(), bytes)
        });
        let (status, headers, bytes) = answered.await.expect("a thread");
        let json = serde_json::from_slice(&bytes).unwrap_or_default();
        Reply { status, json, bytes, headers }
    }
}

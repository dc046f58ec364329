//! The server is killed in the middle of writing, again and again: what it acknowledged is there afterwards, and nothing is there by halves.
//!
//! `CRASH_RUNS=200` kills so often; `CRASH_SEED=7` begins with another run.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

const WRITERS: usize = 4;
const RUNS: u64 = 12;

struct Server {
    child: Child,
    url: String,
    /// How it is set up, if that is still to be done.
    set_up: mpsc::Receiver<String>,
}

impl Server {
    fn start(data: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut child = Command::new(env!("CARGO_BIN_EXE_auftakt"))
            .args(["--data", data.to_str().unwrap(), "serve", "--listen", &format!("127.0.0.1:{port}")])
            .env("AUFTAKT_SERVER_WEB", data.join("web"))
            .env("AUFTAKT_MEDIA_WORKERS", "1")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (said, set_up) = mpsc::channel();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                if let Some((_, secret)) = line.split_once("/setup#") {
                    let _ = said.send(secret.to_owned());
                }
            }
        });
        let server = Self { child, url: format!("http://127.0.0.1:{port}"), set_up };
        let started = Instant::now();
        while ureq::get(format!("{}/healthz", server.url)).call().is_err() {
            assert!(started.elapsed() < Duration::from_secs(60), "the server does not start");
            std::thread::sleep(Duration::from_millis(10));
        }
        server
    }

    /// Without a last word.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A signed-in office.
#[derive(Clone)]
struct Office {
    url: String,
    cookie: String,
}

impl Office {
    /// `None` when the server was killed before it answered.
    fn send(&self, method: &str, path: &str, body: &Value) -> Option<(u16, Value)> {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.url));
        let request = request.header("cookie", &self.cookie).header("content-type", "application/json");
        let body = if method == "GET" { String::new() } else { body.to_string() };
        let mut response = agent.run(request.body(body).unwrap()).ok()?;
        let text = response.body_mut().read_to_string().ok()?;
        Some((response.status().as_u16(), serde_json::from_str(&text).unwrap_or_default()))
    }
}

/// All of a person that one request writes.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Written {
    name: String,
    roles: Vec<String>,
    guardians: Vec<String>,
}

impl Written {
    fn random(rng: &mut StdRng, known: &[String]) -> Self {
        let roles = [vec!["student"], vec!["teacher"], vec!["office", "teacher"], vec![]][rng.random_range(0..4)].clone();
        let guardians = known.iter().filter(|_| rng.random_bool(0.1)).take(3).cloned().collect();
        Self { name: format!("F{:016x}", rng.random::<u64>()), roles: roles.into_iter().map(str::to_owned).collect(), guardians }
    }

    fn form(&self) -> Value {
        json!({ "number": self.name, "given_name": "", "family_name": self.name, "born": null, "language": "de", "roles": self.roles,
            "guardians": self.guardians, "archived": false })
    }

    fn of(person: &Value) -> Self {
        let texts = |list: &Value, key: Option<&str>| {
            let text = |item: &Value| key.map_or(item, |key| &item[key]).as_str().unwrap().to_owned();
            let mut texts: Vec<String> = list.as_array().unwrap().iter().map(text).collect();
            texts.sort();
            texts
        };
        assert_eq!(person["number"], person["family_name"], "of one write: {person}");
        Self {
            name: person["family_name"].as_str().unwrap().to_owned(),
            roles: texts(&person["roles"], None),
            guardians: texts(&person["guardians"], Some("id")),
        }
    }
}

/// What one writer knows: people by id, and what it was writing when the server died.
#[derive(Default)]
struct Writer {
    acknowledged: BTreeMap<String, Written>,
    under_way: Option<(Option<String>, Written)>,
}

impl Writer {
    /// Writes until nobody answers any more.
    fn write(&mut self, office: &Office, mut rng: StdRng) {
        loop {
            let known: Vec<String> = self.acknowledged.keys().cloned().collect();
            let written = Written::random(&mut rng, &known);
            let target = (!known.is_empty() && rng.random_bool(0.5)).then(|| known[rng.random_range(0..known.len())].clone());
            let written =
                Written { guardians: written.guardians.into_iter().filter(|id| Some(id) != target.as_ref()).collect(), ..written };
            self.under_way = Some((target.clone(), written.clone()));
            let answer = match &target {
                Some(id) => office.send("PUT", &format!("/api/people/{id}"), &written.form()),
                None => office.send("POST", "/api/people", &written.form()),
            };
            let Some((status, person)) = answer else { return };
            assert!(matches!(status, 200 | 201), "{status} {person}");
            self.under_way = None;
            self.acknowledged.insert(person["id"].as_str().unwrap().to_owned(), written);
        }
    }

    /// Everything acknowledged is there; what was under way is there as a whole or not at all.
    fn check(&mut self, office: &Office) {
        if let Some((None, new)) = &self.under_way {
            let (_, found) = office.send("GET", &format!("/api/people?words={}", new.name), &Value::Null).unwrap();
            if let Some(person) = found["people"].as_array().unwrap().first() {
                let id = person["id"].as_str().unwrap().to_owned();
                self.acknowledged.insert(id, new.clone());
            }
        }
        let under_way = self.under_way.take().and_then(|(id, new)| Some((id?, new)));
        for (id, expected) in &mut self.acknowledged {
            let (status, person) = office.send("GET", &format!("/api/people/{id}"), &Value::Null).unwrap();
            assert_eq!(status, 200, "{id} was acknowledged and is gone");
            let found = Written::of(&person);
            if found != *expected {
                let new = under_way.as_ref().filter(|(target, _)| target == id).map(|(_, new)| new);
                assert_eq!(Some(&found), new, "neither what was acknowledged ({expected:?}) nor what was under way");
                *expected = found;
            }
        }
    }
}

#[test]
fn what_was_acknowledged_survives_and_nothing_is_half_written() {
    let number = |name: &str, default| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (runs, seed) = (number("CRASH_RUNS", RUNS), number("CRASH_SEED", 1));
    let data = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(data.path().join("web")).unwrap();
    std::fs::write(data.path().join("web/index.html"), "<!doctype html>").unwrap();
    let server = Server::start(data.path());
    let secret = server.set_up.recv_timeout(Duration::from_secs(30)).expect("a link to set the school up");
    let set_up = json!({ "secret": secret, "given_name": "Ida", "family_name": "Brandt", "email": "ida@schule.example", "password": "vier kleine Geigen",
        "office": true, "language": "de" });
    let response = ureq::post(format!("{}/api/set-up", server.url)).content_type("application/json").send(set_up.to_string()).unwrap();
    let cookie = response.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    server.kill();
    let mut writers: Vec<Writer> = (0..WRITERS).map(|_| Writer::default()).collect();
    let mut acknowledged = 0;
    for run in seed..seed + runs {
        let server = Server::start(data.path());
        let office = Office { url: server.url.clone(), cookie: cookie.clone() };
        writers.iter_mut().for_each(|writer| writer.check(&office));
        // Checking must not take longer with every run.
        if run % 20 == 0 {
            writers.iter_mut().for_each(|writer| drop(writer.acknowledged.split_off(&String::new())));
        }
        let mut rng = StdRng::seed_from_u64(run);
        let life = Duration::from_millis(rng.random_range(5..250));
        let before: usize = writers.iter().map(|writer| writer.acknowledged.len()).sum();
        std::thread::scope(|scope| {
            for (index, writer) in writers.iter_mut().enumerate() {
                let (office, rng) = (office.clone(), StdRng::seed_from_u64(run * 100 + index as u64));
                scope.spawn(move || writer.write(&office, rng));
            }
            std::thread::sleep(life);
            server.kill();
        });
        acknowledged += writers.iter().map(|writer| writer.acknowledged.len()).sum::<usize>() - before;
    }
    let server = Server::start(data.path());
    let office = Office { url: server.url.clone(), cookie };
    writers.iter_mut().for_each(|writer| writer.check(&office));
    assert!(acknowledged > 0, "nothing was written: the test says nothing");
    eprintln!("{runs} kills from seed {seed}, {acknowledged} new people acknowledged, all there");
}

//! Who comes into which room as what, and that it is noted who was there.

use super::super::scene::Scene;
use crate::links::JoinClaims;
use auftakt_signaling::wire::{PROTOCOL_VERSION, Role, RoomKind};
use serde_json::json;
use std::net::TcpStream;
use tungstenite::{Message, WebSocket};

impl Scene {
    /// What a link says, as the room would read it.
    fn claims(&self, url: &str) -> JoinClaims {
        let (_, token) = url.split_once('#').expect("a token");
        self.world.key().verify_join(token, 0).expect("a link of this server")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_enters_as_what_they_are_in_the_course() {
    let scene = Scene::open().await;
    let path = format!("/api/courses/{}/enter", scene.course);
    for (role, visitor) in scene.everybody() {
        let entered = visitor.post(&path, json!({})).await;
        let expected = match role {
            "teacher" => Some(Role::Teacher),
            "student" => Some(Role::Student),
            "mother" => Some(Role::Guest),
            _ => None,
        };
        let Some(expected) = expected else {
            assert_eq!(entered.code(), "not_allowed", "{role}");
            continue;
        };
        let claims = scene.claims(entered.json["url"].as_str().expect("an address"));
        assert_eq!((claims.role, claims.kind, claims.room.as_str()), (expected, RoomKind::Lesson, "Violine Mia"), "{role}");
        assert_eq!(claims.person.as_deref(), Some(visitor.id.as_str()));
    }
    let stand_in = json!({ "version": 0, "change": { "type": "substitute", "person": scene.colleague.id.as_str() } });
    scene.office.put(&scene.date(1), stand_in.clone()).await;
    assert_eq!(scene.colleague.post(&path, json!({})).await.code(), "not_allowed", "not before its time");
    scene.office.put(&scene.date(0), stand_in).await;
    let url = scene.colleague.post(&path, json!({})).await;
    assert_eq!(scene.claims(url.json["url"].as_str().expect("an address")).role, Role::Teacher);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guests_link_is_the_teachers_to_give() {
    let scene = Scene::open().await;
    let path = format!("/api/courses/{}/guest-link", scene.course);
    let form = json!({ "name": " Oma  Helga ", "hours": 2 });
    for (role, visitor) in scene.everybody().into_iter().filter(|(role, _)| *role != "teacher") {
        assert_eq!(visitor.post(&path, form.clone()).await.code(), "not_allowed", "{role}");
    }
    let link = scene.teacher.post(&path, form).await;
    let claims = scene.claims(link.json["url"].as_str().expect("an address"));
    assert_eq!((claims.role, claims.name.as_str(), claims.person), (Role::Guest, "Oma Helga", None));
    assert_eq!(link.json["until"], json!(claims.expires * 1000));
    assert_eq!(scene.teacher.post(&path, json!({ "name": "Oma", "hours": 337 })).await.code(), "out_of_range");
    assert_eq!(scene.teacher.post(&path, json!({ "name": "  ", "hours": 1 })).await.code(), "empty");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_in_the_room_is_noted_and_seen_on_the_start_page() {
    let scene = Scene::open().await;
    // A lesson that is not over, whatever the time of day is.
    let mut form = scene.course_form("Klavier", &scene.teacher);
    (form["start_minute"], form["duration_minutes"]) = (json!(720), json!(720));
    let course = scene.add_course(form).await;
    scene.enrol(&course, &scene.mia).await;
    let entered = scene.mia.post(&format!("/api/courses/{course}/enter"), json!({})).await;
    let token = entered.json["url"].as_str().and_then(|url| url.split_once('#')).expect("a token").1.to_owned();
    let mut socket = join(&scene, token).await;
    let present = |start: serde_json::Value| {
        let all = [&start["next"], &start["children"][0]["next"]];
        all.iter().find(|next| next["date"]["name"] == "Klavier").map(|next| next["present"].clone())
    };
    for visitor in [&scene.teacher, &scene.mother] {
        let present = present(visitor.get("/api/start").await.json);
        assert_eq!(present, Some(json!([{ "id": scene.mia.id.as_str(), "name": "Mia Wójcik" }])));
    }
    socket.close(None).expect("closed");
    // Stopping writes what was noted.
    let Scene { world, .. } = scene;
    let world = world.restart().await;
    let mut db = world.store.read().await.expect("the database");
    let query = "SELECT c.id, p.to_at - p.from_at FROM presence p JOIN courses c ON c.id = p.course_id";
    let rows: Vec<(String, i64)> = sqlx::query_as(query).fetch_all(&mut *db).await.expect("rows");
    assert_eq!(rows.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), [course.as_str()]);
    assert!((0..600_000).contains(&rows[0].1));
}

/// Into the room, until it says welcome.
async fn join(scene: &Scene, token: String) -> WebSocket<TcpStream> {
    let url = scene.world.url();
    let address = url.trim_start_matches("http://").to_owned();
    let connected = tokio::task::spawn_blocking(move || {
        let stream = TcpStream::connect(&address).expect("the server");
        let request = tungstenite::http::Request::builder()
            .uri(format!("ws://{address}/signal"))
            .header("host", &address)
            .header("origin", format!("http://{address}"))
            .header("connection", "Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", tungstenite::handshake::client::generate_key())
            .body(())
            .expect("a request");
        let (mut socket, _) = tungstenite::client(request, stream).expect("a socket");
        let join =
            json!({ "type": "join", "version": PROTOCOL_VERSION, "token": token, "name": "Mia", "sound_profile": "music", "resume": null });
        socket.send(Message::text(join.to_string())).expect("sent");
        loop {
            let message = socket.read().expect("an answer");
            if let Message::Text(text) = message {
                assert!(text.contains("\"welcome\""), "{text}");
                break socket;
            }
        }
    });
    connected.await.expect("a thread")
}

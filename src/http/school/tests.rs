//! Signing in, people, and who may see what of them.

use super::world::World;
use crate::school::sign_in;
use crate::store::Moment;
use crate::store::people::PersonRole::{Guardian, Head, Office, Operator, Student, Teacher};
use serde_json::json;

fn form(given: &str, family: &str, roles: &[&str]) -> serde_json::Value {
    json!({ "number": "", "given_name": given, "family_name": family, "born": null, "language": "de", "roles": roles, "guardians": [], "archived": false })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_operator_is_set_up_by_a_link_that_holds_once() {
    let world = World::open().await;
    let link = sign_in::set_up_link(&world.store, "", Moment::now()).await.expect("the database").expect("no operator yet");
    let secret = link.split('#').nth(1).expect("a secret");
    let stranger = world.stranger();
    let set_up = json!({ "secret": secret, "given_name": "Ida", "family_name": "Brandt", "email": "Ida@schule.example",
        "password": "vier kleine Geigen", "office": true, "language": "de" });
    let reply = stranger.post("/api/set-up", set_up.clone()).await;
    assert_eq!((reply.status, reply.json["roles"].clone()), (200, json!(["office", "operator"])), "{reply:?}");
    let cookie = reply.header("set-cookie");
    assert!(cookie.starts_with("__Host-auftakt=") && ["Secure", "HttpOnly", "SameSite", "Path=/"].iter().all(|part| cookie.contains(part)));
    assert_eq!(stranger.post("/api/set-up", set_up).await.code(), "link_used");
    assert_eq!(sign_in::set_up_link(&world.store, "", Moment::now()).await.expect("the database"), None);

    let wrong = json!({ "email": "ida@schule.example", "password": "fünf kleine Geigen" });
    assert_eq!(stranger.post("/api/session", wrong.clone()).await.code(), "sign_in_wrong");
    let right = json!({ "email": " IDA@schule.example ", "password": "vier kleine Geigen" });
    assert_eq!(stranger.post("/api/session", right.clone()).await.status, 200);
    for _ in 0..5 {
        stranger.post("/api/session", wrong.clone()).await;
    }
    let refused = stranger.post("/api/session", right).await;
    assert_eq!((refused.status, refused.code()), (429, "too_many_attempts"), "guessing is slowed down, even for the right one");
    assert!(refused.header("retry-after").parse::<u64>().is_ok_and(|wait| wait > 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_where_its_owner_ends_it() {
    let world = World::open().await;
    let teacher = world.person("Astrid Lindqvist", &[Teacher]).await;
    assert_eq!(teacher.get("/api/me").await.json["name"], "Astrid Lindqvist");
    assert_eq!(world.stranger().get("/api/me").await.code(), "signed_out");
    let devices = teacher.get("/api/me/sessions").await;
    assert_eq!(devices.json.as_array().map(Vec::len), Some(1));
    let colleague = world.person("Thomas Okafor", &[Teacher]).await;
    let id = devices.json[0]["id"].as_str().expect("an id");
    assert_eq!(colleague.delete(&format!("/api/me/sessions/{id}")).await.status, 404, "not one's own");
    assert_eq!(teacher.delete("/api/session").await.status, 204);
    assert_eq!(teacher.get("/api/me").await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_origin_changes_nothing() {
    let world = World::open().await;
    let office = world.person("Ida Brandt", &[Office]).await;
    let body = form("Mia", "Wójcik", &["student"]).to_string().into_bytes();
    let evil = [("origin", "https://evil.example"), ("content-type", "application/json")];
    assert_eq!(office.send("POST", "/api/people", &evil, body.clone()).await.code(), "other_origin");
    let own = world.url();
    let form = [("origin", own.as_str()), ("content-type", "text/plain")];
    assert_eq!(office.send("POST", "/api/people", &form, body).await.code(), "unsupported_media_type");
    assert_eq!(office.get("/api/people").await.json["total"], 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_office_keeps_people_and_nobody_else_sees_how_to_reach_them() {
    let world = World::open().await;
    let office = world.person("Ida Brandt", &[Office]).await;
    let made = office.post("/api/people", form("Hannah", "Sommerfeld-Nguyễn", &["student"])).await;
    assert_eq!(made.status, 201, "{made:?}");
    let path = format!("/api/people/{}", made.json["id"].as_str().expect("an id"));
    let contact = json!({ "email": "familie@example.org", "phone": "0151 23456", "address": null });
    assert_eq!(office.put(&format!("{path}/contact"), contact.clone()).await.status, 204);
    assert_eq!(office.get(&format!("{path}/contact")).await.json, contact);
    assert_eq!(office.get("/api/people?words=nguyen").await.json["total"], 1);
    for (name, role) in [("T A", Teacher), ("H B", Head), ("G C", Guardian), ("S D", Student), ("O E", Operator)] {
        let other = world.person(name, &[role]).await;
        assert_eq!(other.get(&format!("{path}/contact")).await.code(), "not_allowed", "{role:?}");
        let seen = matches!(role, Teacher | Head);
        let shown = other.get(&path).await;
        assert_eq!(shown.status == 200, seen, "{role:?}");
        assert!(!seen || shown.json["born"].is_null() && shown.json["number"].is_null());
        assert_eq!(other.post("/api/people", form("X", "Y", &[])).await.code(), "not_allowed", "{role:?}");
    }
    let broken = office.put(&format!("{path}/contact"), json!({ "email": "familie(at)example.org", "phone": null, "address": null })).await;
    assert_eq!((broken.code(), broken.json["field"].as_str()), ("not_an_email", Some("email")));
    assert_eq!(office.get("/api/people/nobody").await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_the_office_hands_over_signs_in_once() {
    let world = World::open().await;
    let office = world.person("Ida Brandt", &[Office]).await;
    let family = world.person("Familie Wójcik", &[Guardian]).await;
    let child = world.person("Mia Wójcik", &[Student]).await;
    world.make_guardian(&family, &child).await;
    let link = office.post(&format!("/api/people/{}/link", family.id), json!({})).await;
    let secret = link.json["url"].as_str().and_then(|url| url.split_once("/enter#")).expect("a link").1.to_owned();
    let reply = world.stranger().post("/api/session/redeem", json!({ "secret": secret })).await;
    assert_eq!((reply.status, reply.json["children"][0]["given_name"].as_str()), (200, Some("Mia")));
    assert_eq!(world.stranger().post("/api/session/redeem", json!({ "secret": secret })).await.code(), "link_used");
    assert_eq!(world.person("T A", &[Teacher]).await.post(&format!("/api/people/{}/link", family.id), json!({})).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_office_nor_operator_becomes_the_other() {
    let world = World::open().await;
    let (office, operator) = (world.person("Ida Brandt", &[Office]).await, world.person("Olaf Pult", &[Operator]).await);
    let teacher = world.person("Astrid Lindqvist", &[Teacher]).await;
    assert_eq!(office.post("/api/people", form("X", "Y", &["operator"])).await.code(), "not_allowed");
    assert_eq!(office.post(&format!("/api/people/{}/link", operator.id), json!({})).await.code(), "not_allowed");
    assert_eq!(operator.post(&format!("/api/people/{}/link", teacher.id), json!({})).await.code(), "not_allowed", "content is not theirs");
    assert_eq!(operator.post(&format!("/api/people/{}/link", office.id), json!({})).await.status, 201, "who is locked out is let in");
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_bodies_get_an_answer_that_says_what_is_wrong() {
    let world = World::open().await;
    let office = world.person("Ida Brandt", &[Office]).await;
    let mut wrong = form("Mia", "Wójcik", &["student"]);
    wrong["language"] = json!("fr");
    let refused = office.post("/api/people", wrong).await;
    assert_eq!((refused.status, refused.code(), refused.json["field"].as_str()), (422, "malformed", Some("language")));
    for name in ["\u{202e}aiM", "a\nb", "", &"x".repeat(101)] {
        assert_eq!(office.post("/api/people", form("Mia", name, &[])).await.status, 422, "{name:?}");
    }
    let huge = "x".repeat(300_000).into_bytes();
    assert_eq!(office.send("POST", "/api/people", &[("content-type", "application/json")], huge).await.status, 413);
    for name in ["<script>alert(1)</script>", "Robert'); DROP TABLE persons;--", "%_\\"] {
        assert_eq!(office.post("/api/people", form("Mia", name, &["student"])).await.json["family_name"], *name);
    }
    assert_eq!(office.get("/api/people?words=%25_%5C").await.json["total"], 1, "signs of LIKE are letters here");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_says_the_words_of_the_wire_and_explains_all_it_names() {
    let world = World::open().await;
    let document = world.stranger().get("/api/openapi.json").await.json;
    let schemas = &document["components"]["schemas"];
    assert_eq!(schemas["Language"]["enum"], json!(["de", "en"]));
    assert_eq!(schemas["CourseKind"]["enum"], json!(["single", "partner", "group", "ensemble"]));
    let mut unexplained = vec![];
    let mut waiting = vec![&document];
    while let Some(value) = waiting.pop() {
        match value {
            serde_json::Value::Object(fields) => waiting.extend(fields.values()),
            serde_json::Value::Array(items) => waiting.extend(items),
            serde_json::Value::String(text) => {
                let name = text.strip_prefix("#/components/schemas/");
                unexplained.extend(name.filter(|name| schemas[name].is_null()));
            }
            _ => {}
        }
    }
    assert_eq!(unexplained, Vec::<&str>::new());
}

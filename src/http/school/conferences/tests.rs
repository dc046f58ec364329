//! Who schedules conferences, who is invited, and who comes in as what.

use super::super::scene::Scene;
use crate::store::Moment;
use auftakt_signaling::wire::{Role, RoomKind};
use serde_json::{Value, json};

const HOUR: i64 = 3_600_000;

fn form(scene: &Scene, moderator: Option<&str>) -> Value {
    json!({ "title": "Gesamtkonferenz", "agenda": "1. Musikschultag\n2. Verschiedenes", "starts_at": Moment::now().0 + 48 * HOUR,
        "duration_minutes": 90, "moderator": moderator, "invitees": [scene.teacher.id.as_str(), scene.colleague.id.as_str()] })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conference_is_for_whom_it_is() {
    let scene = Scene::open().await;
    for (role, visitor) in scene.everybody() {
        let made = visitor.post("/api/conferences", form(&scene, None)).await;
        assert_eq!(made.status == 201, matches!(role, "office" | "head" | "teacher" | "colleague"), "{role}: {made:?}");
    }
    let of_another = form(&scene, Some(scene.head.id.as_str()));
    assert_eq!(scene.teacher.post("/api/conferences", of_another.clone()).await.code(), "not_allowed");
    let made = scene.office.post("/api/conferences", of_another).await;
    assert_eq!((made.status, &made.json["moderator"]["name"]), (201, &json!("Hans Leitner")), "{made:?}");
    let path = format!("/api/conferences/{}", made.json["conference"]["id"].as_str().expect("an id"));
    for (role, visitor) in scene.everybody() {
        let expected = match role {
            "head" => Some(Role::Moderator),
            "teacher" | "colleague" | "office" => Some(Role::Attendee),
            _ => None,
        };
        assert_eq!(visitor.get(&path).await.status == 200, expected.is_some(), "{role}");
        let entered = visitor.post(&format!("{path}/enter"), json!({})).await;
        let Some(expected) = expected else {
            assert_eq!(entered.code(), "not_allowed", "{role}");
            continue;
        };
        let token = entered.json["url"].as_str().and_then(|url| url.split_once('#')).expect("a token").1;
        let claims = scene.world.key().verify_join(token, 0).expect("a link of this server");
        assert_eq!((claims.role, claims.kind), (expected, RoomKind::Conference), "{role}");
    }
    let span = format!("/api/conferences?from={}&to={}", Moment::now().0, Moment::now().0 + 72 * HOUR);
    assert_eq!(scene.teacher.get(&span).await.json.as_array().map(Vec::len), Some(5));
    assert_eq!(scene.mother.get(&span).await.json, json!([]));
    assert_eq!(scene.operator.get(&span).await.code(), "not_allowed");
    assert_eq!(scene.teacher.get("/api/start").await.json["conferences"].as_array().map(Vec::len), Some(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_invited_hears_of_it_once_and_of_what_becomes_of_it() {
    let scene = Scene::open().await;
    let made = scene.head.post("/api/conferences", form(&scene, None)).await.json;
    let path = format!("/api/conferences/{}", made["conference"]["id"].as_str().expect("an id"));
    let subjects = async || scene.mails().await.into_iter().map(|(email, subject, _)| format!("{email} {subject}")).collect::<Vec<_>>();
    assert_eq!(subjects().await, ["anna@schule.example Einladung: Gesamtkonferenz", "thomas@schule.example Einladung: Gesamtkonferenz"]);
    assert!(scene.mails().await.iter().all(|(_, _, body)| !body.contains("Musikschultag")), "the agenda stays here");
    let mut changed = form(&scene, None);
    changed["duration_minutes"] = json!(60);
    changed["invitees"] = json!([scene.teacher.id.as_str()]);
    let change = |sequence: i64| json!({ "sequence": sequence, "conference": changed });
    assert_eq!(scene.teacher.put(&path, change(0)).await.code(), "not_allowed");
    let done = scene.head.put(&path, change(0)).await;
    assert_eq!(
        (done.status, &done.json["sequence"], &done.json["conference"]["duration_minutes"]),
        (200, &json!(1), &json!(60)),
        "{done:?}"
    );
    assert_eq!(scene.head.put(&path, change(0)).await.code(), "changed_meanwhile");
    assert_eq!(subjects().await, ["anna@schule.example Geändert: Gesamtkonferenz", "thomas@schule.example Abgesagt: Gesamtkonferenz"]);
    assert_eq!(scene.colleague.get(&path).await.code(), "not_allowed", "no longer invited");
    assert_eq!(scene.teacher.delete(&path).await.code(), "not_allowed");
    assert_eq!(scene.head.delete(&path).await.status, 204);
    assert_eq!(scene.head.post(&format!("{path}/enter"), json!({})).await.code(), "cancelled");
    assert_eq!(scene.head.put(&path, change(2)).await.code(), "cancelled");
    assert_eq!(subjects().await[0], "anna@schule.example Abgesagt: Gesamtkonferenz");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conference_that_cannot_be_is_refused_by_field() {
    let scene = Scene::open().await;
    let nobody = crate::store::PersonId::new();
    let many: Vec<String> = (0..301).map(|_| crate::store::PersonId::new().to_string()).collect();
    let wrong = [
        ("title", json!(""), "empty"),
        ("duration_minutes", json!(1), "out_of_range"),
        ("starts_at", json!(-1), "out_of_range"),
        ("starts_at", json!(i64::MAX), "out_of_range"),
        ("invitees", json!([nobody]), "no_person"),
        ("invitees", json!(many), "too_many"),
        ("moderator", json!(nobody), "no_person"),
    ];
    for (field, value, code) in wrong {
        let mut form = form(&scene, None);
        form[field] = value;
        let refused = scene.head.post("/api/conferences", form).await;
        assert_eq!((refused.status, refused.code(), refused.json["field"].as_str()), (422, code, Some(field)));
    }
}

//! What each role sees first.

use super::super::scene::Scene;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn everybody_sees_what_is_theirs_to_see_and_to_do() {
    let scene = Scene::open().await;
    // Before the course was valid nothing waits; the two dates of the last fourteen days do, and today's when it is over.
    let teacher = scene.teacher.get("/api/start").await.json;
    let waiting = teacher["unconfirmed"].as_array().expect("a list");
    assert!((2..=3).contains(&waiting.len()), "{waiting:?}");
    assert_eq!((&waiting[0]["day"], &teacher["unconfirmed_total"]), (&json!(scene.week(-2)), &json!(waiting.len())));
    assert_eq!((&teacher["today"][0]["name"], &teacher["school"]), (&json!("Violine Mia"), &json!(null)));
    let next = &teacher["next"];
    let expected = if waiting.len() == 3 { scene.week(1) } else { scene.week(0) };
    assert_eq!((&next["date"]["day"], &next["present"]), (&json!(expected), &json!([])));
    assert!(next["minutes_to_go"].as_i64().is_some_and(|minutes| (0..=7 * 1440 + 60).contains(&minutes)));

    let mother = scene.mother.get("/api/start").await.json;
    assert_eq!((&mother["children"][0]["given_name"], &mother["unconfirmed"]), (&json!("Mia"), &json!([])));
    assert_eq!(mother["children"][0]["next"]["date"]["day"], json!(expected));
    let colleague = scene.colleague.get("/api/start").await.json;
    assert_eq!((&colleague["next"], &colleague["today"], &colleague["unconfirmed_total"]), (&json!(null), &json!([]), &json!(0)));
    assert_eq!(scene.world.stranger().get("/api/start").await.code(), "signed_out");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_office_sees_the_school_in_numbers_and_the_operator_nothing() {
    let scene = Scene::open().await;
    let mut db = scene.world.store.write().await.expect("the database");
    let insert = "INSERT INTO mails (id, email, subject, body, due_at, attempts, problem) VALUES ('1', 'a', 'b', 'c', 0, 1, 'refused')";
    sqlx::query(insert).execute(&mut *db).await.expect("a mail");
    db.commit().await.expect("written");
    let school = scene.office.get("/api/start").await.json["school"].clone();
    assert_eq!((&school["people"], &school["courses"], &school["mails_with_problem"]), (&json!(8), &json!(1), &json!(1)));
    assert!(school["unconfirmed"].as_i64().is_some_and(|open| (2..=3).contains(&open)), "{school}");
    assert_eq!(scene.head.get("/api/start").await.json["school"]["mails_with_problem"], json!(null));
    let operator = scene.operator.get("/api/start").await.json;
    assert_eq!((&operator["school"], &operator["today"], &operator["conferences"]), (&json!(null), &json!([]), &json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_confirmed_or_cancelled_waits_no_more() {
    let scene = Scene::open().await;
    let before = scene.teacher.get("/api/start").await.json["unconfirmed_total"].as_i64().expect("a number");
    let date = json!({ "course": scene.course, "day": scene.week(-1), "version": 0, "status": "given", "category": null, "given_minutes": null,
        "note": "", "students": [] });
    scene.teacher.post("/api/attendance/confirm", json!({ "dates": [date] })).await;
    let category = scene.category().await;
    scene.teacher.put(&scene.date(-2), json!({ "version": 0, "change": { "type": "cancel", "category": category, "note": "" } })).await;
    assert_eq!(scene.teacher.get("/api/start").await.json["unconfirmed_total"], json!(before - 2));
}

use super::super::world::World;
use crate::store::courses::{self, Course, CourseKind, Enrolment};
use crate::store::dates::{self, LessonDate, Status};
use crate::store::people::PersonRole;
use crate::store::{CourseId, EnrolmentId, Flag, Moment};
use serde_json::{Value, json};

fn form(format: &str, scope: &str) -> Value {
    json!({"from": "2026-09-01", "to": "2026-09-30", "template": "Wie iMikel", "format": format, "dates": "finalised", "scope": scope})
}

/// A course with a student whose lesson was signed, with a note that would act in a spreadsheet.
async fn lesson(world: &World) {
    let student = world.person("Hannah Sommerfeld", &[PersonRole::Student]).await;
    let course = Course {
        id: CourseId::new(),
        code: Some("Vl-1".into()),
        name: "Violine".into(),
        subject: "Violine".into(),
        kind: CourseKind::Single,
        teacher_id: None,
        weekday: 1,
        start_minute: 960,
        duration_minutes: 30,
        place: String::new(),
        online: Flag(false),
        valid_from: "2026-09-01".parse().expect("a day"),
        valid_to: None,
        room: "Raum".into(),
        archived_at: None,
    };
    let enrolment = Enrolment {
        id: EnrolmentId::new(),
        course_id: course.id.clone(),
        student_id: student.id.clone(),
        valid_from: course.valid_from,
        valid_to: None,
    };
    let date = LessonDate {
        status: Status::Given,
        note: "=HYPERLINK(\"http://x\")".into(),
        finalised_at: Some(Moment::now()),
        finalised_by: Some("Thomas Ölschläger".into()),
        ..LessonDate::planned(course.id.clone(), "2026-09-07".parse().expect("a day"))
    };
    let mut db = world.store.write().await.expect("the database");
    courses::insert(&mut db, &course).await.expect("a course");
    courses::enrol(&mut db, &enrolment).await.expect("an enrolment");
    assert!(dates::put(&mut db, &date).await.expect("a date"));
    db.commit().await.expect("written");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_office_exports_and_the_head_sees_what_was() {
    let world = World::open().await;
    for role in PersonRole::ALL.iter().filter(|role| **role != PersonRole::Office) {
        let visitor = world.person("Eine Person", &[*role]).await;
        assert_eq!(visitor.post("/api/exports", form("csv", "all")).await.status, 403, "{role:?}");
        let seen = if *role == PersonRole::Head { 200 } else { 403 };
        assert_eq!(visitor.get("/api/exports").await.status, seen, "{role:?}");
        let columns = json!([{"column": "date", "heading": "Tag"}]);
        assert_eq!(visitor.put("/api/exports/templates", json!({"name": "x", "columns": columns})).await.status, 403);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_holds_what_was_signed_and_is_written_down() {
    let world = World::open().await;
    lesson(&world).await;
    let office = world.person("Petra Amt", &[PersonRole::Office]).await;
    let reply = office.post("/api/exports", form("csv", "new")).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "text/csv; charset=utf-8"));
    assert_eq!(reply.header("content-disposition"), "attachment; filename=\"Termine_2026-09-01_2026-09-30.csv\"");
    let text = String::from_utf8(reply.bytes).expect("text");
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert!(lines[0].starts_with("\u{feff}Veranstaltung;Belegung;Personen-Nr.;Datum;Beginn;"), "{text}");
    assert!(lines[1].contains(";07.09.2026;16:00;30;30;Erteilt;;;\"'=HYPERLINK(\"\"http://x\"\")\";Thomas Ölschläger;"), "{text}");
    let again = office.post("/api/exports", form("csv", "new")).await;
    assert_eq!(String::from_utf8(again.bytes).expect("text").split("\r\n").count(), 2, "nothing is new");
    assert!(office.post("/api/exports", form("xlsx", "all")).await.bytes.starts_with(b"PK"));
    let history = office.get("/api/exports").await.json;
    let rows: Vec<&Value> = history.as_array().expect("a list").iter().map(|export| &export["rows"]).collect();
    assert_eq!(rows, [&json!(1), &json!(0), &json!(1)]);
    assert_eq!(history[0]["by"], json!("Petra Amt"));
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_are_chosen_named_and_saved() {
    let world = World::open().await;
    lesson(&world).await;
    let office = world.person("Petra Amt", &[PersonRole::Office]).await;
    let columns = json!([{"column": "family_name", "heading": "=Wer"}, {"column": "date", "heading": "Wann"}]);
    let saved = office.put("/api/exports/templates", json!({"name": "Unsere", "columns": columns})).await;
    assert_eq!(saved.status, 200);
    let mut asked = form("csv", "all");
    asked["template"] = json!("Unsere");
    let text = String::from_utf8(office.post("/api/exports", asked.clone()).await.bytes).expect("text");
    assert_eq!(text, "\u{feff}'=Wer;Wann\r\nSommerfeld;07.09.2026\r\n");
    assert_eq!(office.delete(&format!("/api/exports/templates/{}", saved.json["id"].as_str().expect("an id"))).await.status, 204);
    assert_eq!(office.post("/api/exports", asked).await.code(), "no_template");
    let mut long = form("csv", "all");
    long["to"] = json!("2028-09-30");
    assert_eq!(office.post("/api/exports", long).await.code(), "span");
}

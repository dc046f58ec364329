//! Confirming, all or nothing; signing; and the month as a sheet.

use super::super::scene::Scene;
use super::super::world::Visitor;
use crate::school::timetable::moment;
use crate::store::dates::{self, Presence};
use crate::store::{CourseId, Day, Moment};
use serde_json::{Value, json};

impl Scene {
    /// Somebody is in the course's room on a day, in minutes from the lesson's start.
    async fn was_online(&self, visitor: &Visitor, day: Day, from: i64, to: i64) {
        let start = moment(chrono_tz::Europe::Berlin, day, 960).0;
        let presence = Presence {
            course_id: CourseId::try_from(self.course.clone()).expect("an id"),
            person_id: visitor.id.clone(),
            from_at: Moment(start + from * 60_000),
            to_at: Moment(start + to * 60_000),
        };
        let mut db = self.world.store.write().await.expect("the database");
        dates::add_presence(&mut db, &presence).await.expect("written");
        db.commit().await.expect("written");
    }

    fn confirmed(&self, weeks: i64, version: i64, status: &str) -> Value {
        json!({ "course": self.course, "day": self.week(weeks), "version": version, "status": status, "category": null, "given_minutes": null,
            "note": "", "students": [{ "id": self.mia.id.as_str(), "present": true, "excused": false }] })
    }

    async fn status(&self, weeks: i64) -> String {
        let span = format!("/api/dates?from={0}&to={0}", self.week(weeks));
        self.teacher.get(&span).await.json[0]["status"].as_str().expect("a date").to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn presence_proposes_and_one_tap_confirms() {
    let scene = Scene::open().await;
    let day = scene.week(-1);
    scene.was_online(&scene.teacher, day, -5, 45).await;
    scene.was_online(&scene.mother, day, 0, 44).await;
    let path = format!("/api/attendance?day={day}");
    let shown = scene.teacher.get(&path).await.json;
    let proposal = &shown[0]["proposal"];
    assert_eq!((&proposal["status"], &proposal["students"][0]["present"]), (&json!("given_online"), &json!(true)), "{shown:?}");
    let version = shown[0]["date"]["version"].as_i64().expect("a version");
    let form = json!({ "dates": [scene.confirmed(-1, version, "given_online")] });
    let done = scene.teacher.post("/api/attendance/confirm", form).await;
    assert_eq!((done.status, &done.json["dates"][0]["version"]), (200, &json!(version + 1)), "{done:?}");
    let shown = scene.teacher.get(&path).await.json;
    let start = moment(chrono_tz::Europe::Berlin, day, 960).0;
    let student = &shown[0]["students"][0];
    assert_eq!((&student["present"], &student["from"], &student["to"]), (&json!(true), &json!(start), &json!(start + 44 * 60_000)));
    assert_eq!((&shown[0]["date"]["status"], &shown[0]["proposal"]), (&json!("given_online"), &json!(null)));
    let on_site = scene.teacher.get(&format!("/api/attendance?day={}", scene.week(-2))).await.json;
    assert_eq!(on_site[0]["proposal"]["status"], "given");
    let ahead = scene.teacher.get(&format!("/api/attendance?day={}", scene.week(1))).await.json;
    assert_eq!(ahead[0]["proposal"], json!(null));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_nobody_elses() {
    let scene = Scene::open().await;
    let day = format!("/api/attendance?day={}", scene.week(-1));
    let of_teacher = format!("{day}&teacher={}", scene.teacher.id);
    for (role, visitor) in scene.everybody() {
        let all = matches!(role, "office" | "head");
        let asked = visitor.get(&of_teacher).await;
        assert_eq!(asked.status == 200, all || role == "teacher", "{role}: {asked:?}");
        let own = visitor.get(&day).await;
        assert_eq!(own.json.as_array().map(Vec::len), Some(usize::from(role == "teacher")), "{role}");
        let form = json!({ "dates": [scene.confirmed(-1, 0, "given")] });
        let confirmed = visitor.post("/api/attendance/confirm", form).await;
        assert_eq!(confirmed.status == 403, !matches!(role, "office" | "teacher"), "{role}: {confirmed:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_is_confirmed_whole_or_not_at_all() {
    let scene = Scene::open().await;
    let mut stranger = scene.confirmed(-1, 0, "given");
    stranger["students"][0]["id"] = json!(scene.teacher.id.as_str());
    let mut long = scene.confirmed(-1, 0, "given");
    long["given_minutes"] = json!(0);
    let wrong = [
        (scene.confirmed(1, 0, "given"), 422, "not_begun", Some("dates[1].status")),
        (scene.confirmed(-1, 7, "given"), 409, "changed_meanwhile", Some("dates[1]")),
        (scene.confirmed(-1, 0, "cancelled"), 422, "no_category", Some("dates[1].category")),
        (scene.confirmed(-1, 0, "planned"), 422, "no_outcome", Some("dates[1].status")),
        (stranger, 422, "not_enrolled", Some("dates[1].students")),
        (long, 422, "out_of_range", Some("dates[1].given_minutes")),
    ];
    for (date, status, code, field) in wrong {
        let form = json!({ "dates": [scene.confirmed(-2, 0, "given"), date] });
        let refused = scene.teacher.post("/api/attendance/confirm", form).await;
        assert_eq!((refused.status, refused.code(), refused.json["field"].as_str()), (status, code, field), "{refused:?}");
        assert_eq!(scene.status(-2).await, "planned", "{code}: the first one neither");
    }
    let form = json!({ "dates": [scene.confirmed(-2, 0, "given"), scene.confirmed(-1, 0, "given")] });
    assert_eq!(scene.teacher.post("/api/attendance/confirm", form).await.status, 200);
    assert_eq!((scene.status(-2).await.as_str(), scene.status(-1).await.as_str()), ("given", "given"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_finalised_is_closed_until_the_office_opens_it() {
    let scene = Scene::open().await;
    let (finalise, reopen) = (format!("{}/finalise", scene.date(-1)), format!("{}/reopen", scene.date(-1)));
    let seen = |version: i64| json!({ "version": version });
    assert_eq!(scene.teacher.post(&finalise, seen(0)).await.code(), "unconfirmed");
    let form = |version: i64| json!({ "dates": [scene.confirmed(-1, version, "given")] });
    scene.teacher.post("/api/attendance/confirm", form(0)).await;
    for (role, visitor) in scene.everybody().into_iter().filter(|(role, _)| *role != "teacher") {
        assert_eq!(visitor.post(&finalise, seen(1)).await.code(), "not_allowed", "{role}: the signature is the teacher's");
    }
    let signed = scene.teacher.post(&finalise, seen(1)).await;
    assert_eq!((signed.status, &signed.json["finalised_by"]), (200, &json!("Anna Berger")), "{signed:?}");
    assert_eq!(scene.teacher.post("/api/attendance/confirm", form(2)).await.code(), "finalised");
    let place = json!({ "version": 2, "change": { "type": "place", "online": true } });
    assert_eq!(scene.office.put(&scene.date(-1), place.clone()).await.code(), "finalised");
    assert_eq!(scene.teacher.post(&reopen, seen(2)).await.code(), "not_allowed");
    assert_eq!(scene.office.post(&reopen, seen(1)).await.code(), "changed_meanwhile");
    assert_eq!(scene.head.post(&reopen, seen(2)).await.json["finalised_at"], json!(null));
    assert_eq!(scene.head.post(&reopen, seen(3)).await.code(), "not_finalised");
    let place = json!({ "version": 3, "change": place["change"] });
    assert_eq!(scene.office.put(&scene.date(-1), place).await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_month_is_a_sheet_for_who_teaches_and_who_keeps_the_records() {
    let scene = Scene::open().await;
    let mut form = scene.confirmed(-1, 0, "given");
    form["given_minutes"] = json!(30);
    form["note"] = json!("Bogenhaltung");
    scene.teacher.post("/api/attendance/confirm", json!({ "dates": [form] })).await;
    let month = &scene.week(-1).to_string()[..7];
    let path = format!("/api/attendance/sheet?course={}&month={month}", scene.course);
    for (role, visitor) in scene.everybody() {
        let seen = matches!(role, "office" | "head" | "teacher");
        assert_eq!(visitor.get(&path).await.status == 200, seen, "{role}");
    }
    for sheet in [scene.head.get(&path).await.json, scene.teacher.get(&format!("/api/attendance/sheet?month={month}")).await.json] {
        let rows = sheet["rows"].as_array().expect("rows");
        let row = rows.iter().find(|row| row["date"]["day"] == json!(scene.week(-1))).expect("the date");
        assert_eq!((&row["date"]["given_minutes"], &row["date"]["note"]), (&json!(30), &json!("Bogenhaltung")));
        assert_eq!(row["students"][0]["present"], true);
        assert_eq!((&sheet["sums"]["given"], &sheet["sums"]["given_minutes"]), (&json!(1), &json!(30)));
        assert_eq!(sheet["sums"]["dates"], json!(rows.len()));
        assert_eq!(sheet["students"][0]["name"], "Mia Wójcik");
    }
    let of_teacher = format!("/api/attendance/sheet?teacher={}&month={month}", scene.teacher.id);
    assert_eq!(scene.office.get(&of_teacher).await.json["title"], "Anna Berger");
    assert_eq!(scene.colleague.get(&of_teacher).await.code(), "not_allowed");
    assert_eq!(scene.office.get("/api/attendance/sheet?month=2026-13").await.code(), "malformed");
}

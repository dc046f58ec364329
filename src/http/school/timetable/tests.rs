//! Who sees and changes which part of the timetable.

use super::super::scene::Scene;
use crate::school::timetable::shifted;
use crate::store::people::PersonRole::Student;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn the_office_keeps_courses_and_each_has_a_room_of_its_own() {
    let scene = Scene::open().await;
    let form = scene.course_form("Violine Mia", &scene.teacher);
    for (role, visitor) in scene.everybody().into_iter().filter(|(role, _)| *role != "office") {
        assert_eq!(visitor.post("/api/courses", form.clone()).await.code(), "not_allowed", "{role}");
        assert_eq!(visitor.put(&format!("/api/courses/{}", scene.course), form.clone()).await.code(), "not_allowed", "{role}");
        assert_eq!(visitor.delete(&format!("/api/courses/{}", scene.course)).await.code(), "not_allowed", "{role}");
    }
    let again = scene.add_course(form.clone()).await;
    let mut db = scene.world.store.read().await.expect("the database");
    let rooms: Vec<String> = sqlx::query_scalar("SELECT room FROM courses ORDER BY room").fetch_all(&mut *db).await.expect("rooms");
    assert_eq!(rooms, ["Violine Mia", "Violine Mia 2"]);
    drop(db);
    let listed = scene.office.get("/api/courses?words=VIOLINE").await;
    assert_eq!((listed.json["total"].as_i64(), listed.json["courses"][0]["teacher"]["name"].as_str()), (Some(2), Some("Anna Berger")));
    let deleted = scene.office.delete(&format!("/api/courses/{again}")).await;
    assert_eq!(deleted.json["outcome"], "deleted", "nothing was ever said of it");
    assert_eq!(scene.office.get(&format!("/api/courses/{again}")).await.status, 404);
    scene.office.put(&scene.date(1), json!({ "version": 0, "change": { "type": "place", "online": true } })).await;
    let archived = scene.office.delete(&format!("/api/courses/{}", scene.course)).await;
    assert_eq!(archived.json["outcome"], "archived", "something was said of it");
    assert_eq!(scene.office.get(&format!("/api/courses/{}", scene.course)).await.json["course"]["archived"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_course_that_cannot_be_is_refused_by_field() {
    let scene = Scene::open().await;
    let wrong = [
        ("weekday", json!(8), "out_of_range"),
        ("start_minute", json!(1430), "out_of_range"),
        ("duration_minutes", json!(4), "out_of_range"),
        ("name", json!("a\nb"), "control_characters"),
        ("valid_to", json!("2000-01-01"), "ends_before"),
        ("teacher", json!(scene.mia.id.as_str()), "no_teacher"),
    ];
    for (field, value, code) in wrong {
        let mut form = scene.course_form("Klavier", &scene.teacher);
        form[field] = value;
        let refused = scene.office.post("/api/courses", form).await;
        assert_eq!((refused.status, refused.code(), refused.json["field"].as_str()), (422, code, Some(field)));
    }
    let mut coded = scene.course_form("Klavier", &scene.teacher);
    coded["code"] = json!("V-17");
    scene.add_course(coded.clone()).await;
    let twice = scene.office.post("/api/courses", coded).await;
    assert_eq!((twice.code(), twice.json["field"].as_str()), ("taken", Some("code")));
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_sees_their_own_dates() {
    let scene = Scene::open().await;
    scene.add_course(scene.course_form("Klavier", &scene.colleague)).await;
    let span = format!("/api/dates?from={}&to={}", scene.week(-1), scene.week(1));
    let expected =
        [("office", 6), ("head", 6), ("operator", 0), ("teacher", 3), ("colleague", 3), ("student", 3), ("mother", 3), ("other mother", 0)];
    for ((role, visitor), (expected_role, count)) in scene.everybody().into_iter().zip(expected) {
        assert_eq!(role, expected_role);
        let dates = visitor.get(&span).await;
        assert_eq!(dates.json.as_array().map(Vec::len), Some(count), "{role}: {dates:?}");
    }
    let dates = scene.mother.get(&span).await.json;
    let first = &dates[0];
    assert_eq!((&first["day"], &first["on"]), (&json!(scene.week(-1)), &json!(scene.week(-1))));
    assert_eq!((&first["teacher"]["name"], &first["students"][0]["name"]), (&json!("Anna Berger"), &json!("Mia Wójcik")));
    assert_eq!((&first["status"], &first["version"], &first["may_change"]), (&json!("planned"), &json!(0), &json!(false)));
    let of_course = format!("{span}&course={}", scene.course);
    assert_eq!(scene.colleague.get(&of_course).await.json, json!([]), "not theirs");
    assert_eq!(scene.head.get(&of_course).await.json.as_array().map(Vec::len), Some(3));
    let of_person = format!("{span}&person={}", scene.mia.id);
    assert_eq!(scene.office.get(&of_person).await.json.as_array().map(Vec::len), Some(3));
    assert_eq!(scene.mother.get(&of_person).await.json.as_array().map(Vec::len), Some(3));
    assert_eq!(scene.colleague.get(&of_person).await.json, json!([]));
    let long = format!("/api/dates?from={}&to={}", scene.today, shifted(scene.today, 40));
    assert_eq!(scene.office.get(&long).await.code(), "span_too_long", "of the whole school");
    assert_eq!(scene.teacher.get(&long).await.status, 200, "of one person");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_of_a_date_is_said_by_who_may_and_saw_it() {
    let scene = Scene::open().await;
    let category = scene.category().await;
    let cancel = |version: i64| json!({ "version": version, "change": { "type": "cancel", "category": category, "note": "Grippe" } });
    for (role, visitor) in scene.everybody() {
        if !matches!(role, "office" | "teacher") {
            assert_eq!(visitor.put(&scene.date(1), cancel(0)).await.code(), "not_allowed", "{role}");
        }
    }
    let done = scene.teacher.put(&scene.date(1), cancel(0)).await;
    assert_eq!((done.status, &done.json["status"], &done.json["version"]), (200, &json!("cancelled"), &json!(1)), "{done:?}");
    assert_eq!(scene.office.put(&scene.date(1), cancel(0)).await.code(), "changed_meanwhile");
    let span = format!("/api/dates?from={0}&to={0}", scene.week(1));
    let (seen, told) = (scene.teacher.get(&span).await.json, scene.mother.get(&span).await.json);
    assert_eq!((&seen[0]["category_name"], &seen[0]["note"]), (&json!("Krankheit Lehrkraft"), &json!("Grippe")));
    assert_eq!((&told[0]["category_name"], &told[0]["note"], &told[0]["status"]), (&json!(null), &json!(""), &json!("cancelled")));
    let nowhere = format!("/api/dates/{}/{}", scene.course, shifted(scene.today, 1));
    assert_eq!(scene.teacher.put(&nowhere, cancel(0)).await.status, 404, "no such date");
    let unknown = json!({ "version": 1, "change": { "type": "cancel", "category": crate::store::CategoryId::new(), "note": "" } });
    assert_eq!(scene.teacher.put(&scene.date(1), unknown).await.code(), "no_category");
}

#[tokio::test(flavor = "multi_thread")]
async fn families_are_told_once_of_several_changes() {
    let scene = Scene::open().await;
    let category = scene.category().await;
    let day = shifted(scene.week(1), 2);
    let changes = [
        json!({ "version": 0, "change": { "type": "cancel", "category": category, "note": "geheim" } }),
        json!({ "version": 1, "change": { "type": "move", "day": day, "minute": 905, "note": "" } }),
    ];
    for change in changes {
        assert_eq!(scene.office.put(&scene.date(1), change).await.status, 200);
    }
    let mails = scene.mails().await;
    let to: Vec<&str> = mails.iter().map(|(email, _, _)| email.as_str()).collect();
    assert_eq!(to, ["anna@schule.example", "ewa@example.org"], "whoever teaches it is told, too");
    let (_, subject, body) = &mails[1];
    assert_eq!(subject, "Violine (Mia): Termin verlegt");
    assert!(body.contains("15:05 Uhr") && body.contains("16:00 Uhr"), "{body}");
    assert!(!body.contains("geheim") && !body.contains("Wójcik"), "no more than is needed");
    scene.teacher.put(&scene.date(-1), json!({ "version": 0, "change": { "type": "place", "online": true } })).await;
    assert_eq!(scene.mails().await.len(), 2, "what is over is no news");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_date_moves_where_there_is_no_other() {
    let scene = Scene::open().await;
    let to = |day, minute: i64, version: i64| json!({ "version": version, "change": { "type": "move", "day": day, "minute": minute, "note": "" } });
    assert_eq!(scene.teacher.put(&scene.date(1), to(scene.week(2), 970, 0)).await.code(), "date_taken");
    assert_eq!(scene.teacher.put(&scene.date(1), to(scene.week(2), 1430, 0)).await.code(), "out_of_range");
    let beside = scene.teacher.put(&scene.date(1), to(scene.week(2), 1005, 0)).await;
    assert_eq!((&beside.json["status"], &beside.json["on"]), (&json!("moved"), &json!(scene.week(2))), "one after the other");
    let span = format!("/api/dates?from={0}&to={0}", scene.week(1));
    assert_eq!(scene.mother.get(&span).await.json, json!([]), "no longer there");
    let back = scene.teacher.put(&scene.date(1), json!({ "version": 1, "change": { "type": "restore" } })).await;
    assert_eq!((&back.json["status"], &back.json["on"]), (&json!("planned"), &json!(scene.week(1))));
    // Into the place of one that is cancelled; which cannot come back then.
    let category = scene.category().await;
    scene.teacher.put(&scene.date(2), json!({ "version": 0, "change": { "type": "cancel", "category": category, "note": "" } })).await;
    assert_eq!(scene.teacher.put(&scene.date(1), to(scene.week(2), 960, 2)).await.status, 200);
    let restored = scene.teacher.put(&scene.date(2), json!({ "version": 1, "change": { "type": "restore" } })).await;
    assert_eq!(restored.code(), "date_taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_substitute_has_the_date_and_only_that() {
    let scene = Scene::open().await;
    let stand_in = |person: Option<&str>, version: i64| json!({ "version": version, "change": { "type": "substitute", "person": person } });
    assert_eq!(scene.office.put(&scene.date(1), stand_in(Some(scene.mother.id.as_str()), 0)).await.code(), "no_teacher");
    let done = scene.office.put(&scene.date(1), stand_in(Some(scene.colleague.id.as_str()), 0)).await;
    assert_eq!(done.json["substitute"]["name"], "Thomas Okafor", "{done:?}");
    let span = format!("/api/dates?from={}&to={}", scene.week(0), scene.week(2));
    let dates = scene.colleague.get(&span).await.json;
    assert_eq!(dates.as_array().map(Vec::len), Some(1), "{dates:?}");
    assert_eq!((&dates[0]["may_change"], &dates[0]["taught"]), (&json!(true), &json!(true)));
    let online = json!({ "version": 1, "change": { "type": "place", "online": true } });
    assert_eq!(scene.colleague.put(&scene.date(1), online.clone()).await.status, 200);
    assert_eq!(scene.colleague.put(&scene.date(2), json!({ "version": 0, "change": online["change"] })).await.code(), "not_allowed");
    assert!(scene.mails().await.iter().any(|(email, subject, _)| email == "thomas@schule.example" && subject.contains("Vertretung")));
    assert_eq!(scene.office.put(&scene.date(1), stand_in(None, 2)).await.json["substitute"], json!(null));
    assert_eq!(scene.colleague.get(&span).await.json, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_a_course_has_no_dates_after_it() {
    let scene = Scene::open().await;
    let path = format!("/api/courses/{}", scene.course);
    let detail = scene.teacher.get(&path).await.json;
    let enrolment = detail["enrolments"][0]["id"].as_str().expect("an enrolment").to_owned();
    assert_eq!((&detail["taught"], &detail["enrolments"][0]["student"]["name"]), (&json!(true), &json!("Mia Wójcik")));
    assert_eq!(scene.colleague.get(&path).await.code(), "not_allowed");
    let again = json!({ "student": scene.mia.id.as_str(), "valid_from": scene.today, "valid_to": null });
    assert_eq!(scene.office.post(&format!("{path}/enrolments"), again).await.code(), "enrolled_already");
    let teacher = json!({ "student": scene.colleague.id.as_str(), "valid_from": scene.today, "valid_to": null });
    assert_eq!(scene.office.post(&format!("{path}/enrolments"), teacher).await.code(), "no_student");
    let end = json!({ "valid_to": scene.week(0) });
    assert_eq!(scene.teacher.put(&format!("{path}/enrolments/{enrolment}"), end.clone()).await.code(), "not_allowed");
    assert_eq!(scene.office.put(&format!("{path}/enrolments/{enrolment}"), end).await.status, 204);
    let span = format!("/api/dates?from={}&to={}", scene.week(-1), scene.week(1));
    assert_eq!(scene.mother.get(&span).await.json.as_array().map(Vec::len), Some(2));
    assert_eq!(scene.teacher.get(&span).await.json[2]["students"], json!([]), "the teacher still has the time");
    assert_eq!(scene.office.delete(&format!("{path}/enrolments/{enrolment}")).await.status, 204);
    assert_eq!(scene.office.delete(&format!("{path}/enrolments/{enrolment}")).await.status, 404);
    assert_eq!(scene.mother.get(&span).await.json, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn holidays_and_categories_are_the_offices_to_write() {
    let scene = Scene::open().await;
    let holiday = json!({ "name": "Ferien", "first_day": scene.week(1), "last_day": scene.week(2) });
    assert_eq!(scene.teacher.post("/api/holidays", holiday.clone()).await.code(), "not_allowed");
    assert_eq!(scene.operator.get("/api/holidays").await.code(), "not_allowed");
    let made = scene.office.post("/api/holidays", holiday).await;
    let span = format!("/api/dates?from={}&to={}", scene.week(1), scene.week(3));
    assert_eq!(scene.mia.get(&span).await.json.as_array().map(Vec::len), Some(1));
    let path = format!("/api/holidays/{}", made.json["id"].as_str().expect("an id"));
    assert_eq!(
        scene.office.put(&path, json!({ "name": "F", "first_day": scene.week(2), "last_day": scene.week(1) })).await.code(),
        "ends_before"
    );
    assert_eq!(scene.office.delete(&path).await.status, 204);
    assert_eq!(scene.mia.get(&span).await.json.as_array().map(Vec::len), Some(3));

    let form = |name: &str| json!({ "name": name, "by_school": true, "position": 9, "archived": false });
    assert_eq!(scene.head.post("/api/categories", form("Streik")).await.code(), "not_allowed");
    let taken = scene.office.post("/api/categories", form("Krankheit Lehrkraft")).await;
    assert_eq!((taken.code(), taken.json["field"].as_str()), ("taken", Some("name")));
    let strike = scene.office.post("/api/categories", form("Streik")).await.json["id"].as_str().expect("an id").to_owned();
    let cancel = json!({ "version": 0, "change": { "type": "cancel", "category": strike, "note": "" } });
    assert_eq!(scene.teacher.put(&scene.date(1), cancel).await.status, 200);
    assert_eq!(scene.office.delete(&format!("/api/categories/{strike}")).await.json["outcome"], "archived");
    let cancel = json!({ "version": 0, "change": { "type": "cancel", "category": strike, "note": "" } });
    assert_eq!(scene.teacher.put(&scene.date(2), cancel).await.code(), "no_category", "put away");
    let unused = scene.category().await;
    assert_eq!(scene.office.delete(&format!("/api/categories/{unused}")).await.json["outcome"], "deleted");
}

#[tokio::test(flavor = "multi_thread")]
async fn siblings_in_one_course_are_one_mail() {
    let scene = Scene::open().await;
    let tom = scene.world.person("Tom Wójcik", &[Student]).await;
    scene.world.make_guardian(&scene.mother, &tom).await;
    scene.enrol(&scene.course, &tom).await;
    scene.teacher.put(&scene.date(1), json!({ "version": 0, "change": { "type": "place", "online": true } })).await;
    let mails = scene.mails().await;
    assert_eq!(mails.iter().map(|(_, subject, _)| subject.as_str()).collect::<Vec<_>>(), ["Violine (Mia und Tom): Termin online"]);
}

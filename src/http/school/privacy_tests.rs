use super::super::world::{Reply, Visitor, World};
use crate::store::classes::TABLES;
use crate::store::people::PersonRole;
use serde_json::json;
use std::io::{Cursor, Read};

const NAME: &str = "Wunibald Qxyzzytzki";

/// A student with family, and a row in every table that points to people.
async fn student(world: &World) -> (Visitor, Visitor) {
    let teacher = world.person("Thomas Lehrkraft", &[PersonRole::Teacher]).await;
    let student = world.person(NAME, &[PersonRole::Student]).await;
    let family = world.person("Familie Qxyzzytzki", &[PersonRole::Guardian]).await;
    world.make_guardian(&family, &student).await;
    let (s, f, t) = (&student.id, &family.id, &teacher.id);
    let rows = format!(
        "INSERT INTO contacts VALUES ('{f}', 'familie@qxyzzytzki.example', '0201 4711', 'Qxyzzytzkiweg 1');
         INSERT INTO accounts (person_id, email, created_at) VALUES ('{f}', 'familie@qxyzzytzki.example', 0);
         INSERT INTO courses VALUES ('00000000-0000-7000-8000-00000000000c', 'Vl-1', 'Violine Qxyzzytzki', 'violine qxyzzytzki', 'Violine', 'single', '{t}', 1, 960, 30, '', 0, '2026-08-01', NULL, 'r', 0, NULL);
         INSERT INTO enrolments VALUES ('e', '00000000-0000-7000-8000-00000000000c', '{s}', '2026-08-01', NULL);
         INSERT INTO lesson_dates (course_id, day, status, note, version, finalised_at, finalised_by) VALUES ('00000000-0000-7000-8000-00000000000c', '2026-09-07', 'given', 'Wunibald hat geübt', 1, 1, 'Thomas Lehrkraft');
         INSERT INTO attendance VALUES ('a', '00000000-0000-7000-8000-00000000000c', '2026-09-07', '{s}', 1, 0, 5, 6);
         INSERT INTO presence VALUES ('p', '00000000-0000-7000-8000-00000000000c', '{s}', 5, 6);
         INSERT INTO threads VALUES ('t', 'family', 'Qxyzzytzki', NULL, '{s}', 0, 0);
         INSERT INTO thread_members VALUES ('t', '{t}');
         INSERT INTO messages VALUES ('m', 't', '{f}', 'k', 'Gruß, Frau Qxyzzytzki', 'gruss, frau qxyzzytzki', 0);
         INSERT INTO messages VALUES ('n', 't', '{t}', 'k', 'Liebe Frau Qxyzzytzki', 'liebe frau qxyzzytzki', 0);
         INSERT INTO read_marks VALUES ('t', '{f}', 0);
         INSERT INTO files (id, student_id, folder, name, created_at) VALUES ('x', '{s}', '', 'Qxyzzytzki.pdf', 0);
         INSERT INTO doomed_objects VALUES ('other', 0);
         INSERT INTO mails (id, person_id, email, subject, body, due_at, attempts) VALUES ('w', '{t}', 'lk@schule.example', 'Absage', 'Wunibald Qxyzzytzki fehlt', 0, 0);
         INSERT INTO feeds VALUES ('{f}', 'h', 0);
         INSERT INTO consents VALUES ('00000000-0000-7000-8000-00000000000d', '{s}', 'camera', 1, '{f}', 0);
         INSERT INTO journal VALUES ('00000000-0000-7000-8000-000000000001', 1, '{f}', 'create', 'consent', '{s}');"
    );
    let mut db = world.store.write().await.expect("the database");
    sqlx::raw_sql(sqlx::AssertSqlSafe(rows)).execute(&mut *db).await.expect("rows");
    db.commit().await.expect("written");
    (student, family)
}

async fn erase(visitor: &Visitor, path: &str, name: &str) -> Reply {
    visitor.send("DELETE", path, &[("content-type", "application/json")], json!({ "name": name }).to_string().into_bytes()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_student_leaves_nothing_behind() {
    let world = World::open().await;
    let office = world.person("Petra Amt", &[PersonRole::Office]).await;
    let (student, family) = student(&world).await;
    let path = format!("/api/people/{}/dossier", student.id);
    let wrong = erase(&office, &path, "Wunibald").await;
    assert_eq!((wrong.status, wrong.code()), (422, "other_name"));
    let erased = erase(&office, &path, NAME).await;
    assert_eq!((erased.status, &erased.json["people"]), (200, &json!(2)), "with the family that was there for this child alone");
    let mut db = world.store.read().await.expect("the database");
    for table in TABLES {
        for (column, _) in table.columns {
            let query = format!(
                "SELECT count(*) FROM {} WHERE lower(CAST({column} AS TEXT)) LIKE '%qxyzzytzki%' OR CAST({column} AS TEXT) LIKE '%Wunibald%' \
                 OR CAST({column} AS TEXT) LIKE '%{}%' OR CAST({column} AS TEXT) LIKE '%{}%'",
                table.name, student.id, family.id
            );
            let left: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(query)).fetch_one(&mut *db).await.expect("counted");
            assert_eq!(left, 0, "{}.{column}", table.name);
        }
    }
    let kept: (i64, Option<String>) =
        sqlx::query_as("SELECT present, student_id FROM attendance").fetch_one(&mut *db).await.expect("a row");
    assert_eq!(kept, (1, None), "attendance stays, of nobody");
    let signed: String = sqlx::query_scalar("SELECT finalised_by FROM lesson_dates").fetch_one(&mut *db).await.expect("a row");
    assert_eq!(signed, "Thomas Lehrkraft");
    let buried: i64 = sqlx::query_scalar("SELECT count(*) FROM tombstones").fetch_one(&mut *db).await.expect("counted");
    assert_eq!(buried, 2);
    drop(db);
    let tombstones = std::fs::read_to_string(world.data().join("tombstones")).expect("the file");
    assert!(tombstones.lines().count() == 2 && !tombstones.contains(student.id.as_str()));
    for file in ["school.db", "school.db-wal"] {
        let bytes = std::fs::read(world.data().join(file)).unwrap_or_default();
        for trace in ["Qxyzzytzki", "qxyzzytzki", "Wunibald", student.id.as_str(), family.id.as_str()] {
            assert!(!bytes.windows(trace.len()).any(|window| window == trace.as_bytes()), "{trace} in {file}");
        }
    }
    assert_eq!(student.get("/api/people").await.status, 401, "signed out");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_office_hands_out_and_erases() {
    let world = World::open().await;
    let (student, family) = student(&world).await;
    let path = format!("/api/people/{}/dossier", student.id);
    let mut visitors = vec![student.clone(), family];
    for role in PersonRole::ALL.iter().filter(|role| **role != PersonRole::Office) {
        visitors.push(world.person("Eine Person", &[*role]).await);
    }
    for visitor in &visitors {
        assert_eq!(visitor.post(&path, json!({})).await.status, 403);
        assert_eq!(erase(visitor, &path, NAME).await.status, 403);
    }
    let office = world.person("Petra Amt", &[PersonRole::Office]).await;
    let operator = world.person("Ina Technik", &[PersonRole::Operator]).await;
    for (other, name) in [(&office, "Petra Amt"), (&operator, "Ina Technik")] {
        let path = format!("/api/people/{}/dossier", other.id);
        assert_eq!(erase(&office, &path, name).await.status, 403);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_about_somebody_is_in_one_archive() {
    let world = World::open().await;
    let office = world.person("Petra Amt", &[PersonRole::Office]).await;
    let (student, _) = student(&world).await;
    let reply = office.post(&format!("/api/people/{}/dossier", student.id), json!({})).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, "application/zip"));
    let mut archive = zip::ZipArchive::new(Cursor::new(reply.bytes)).expect("an archive");
    let mut text = |name: &str| {
        let mut text = String::new();
        archive.by_name(name).expect(name).read_to_string(&mut text).expect("text");
        text
    };
    assert!(text("daten/persons.json").contains("Qxyzzytzki"));
    assert!(text("daten/messages.json").contains("Liebe Frau Qxyzzytzki"), "what was written about the child");
    assert!(text("daten/attendance.json").contains("2026-09-07") && text("daten/consents.json").contains("camera"));
    assert!(!text("daten/sessions.json").contains("secret_hash"));
    assert!(text("lesen.html").contains("Qxyzzytzki.pdf"));
    let journal = world.person("Eine Leitung", &[PersonRole::Head]).await.get("/api/journal").await.json;
    assert_eq!((&journal[0]["object"], &journal[0]["actor_name"]), (&json!("dossier"), &json!("Petra Amt")));
}

#[tokio::test(flavor = "multi_thread")]
async fn guardians_allow_and_take_back_and_it_stays_known() {
    let world = World::open().await;
    let (student, family) = student(&world).await;
    let path = format!("/api/people/{}/consents", student.id);
    assert_eq!(family.get(&path).await.json["allowed"], json!(["camera"]));
    assert_eq!(family.post(&path, json!({"kind": "recording", "given": true})).await.status, 201);
    assert_eq!(family.post(&path, json!({"kind": "camera", "given": false})).await.status, 201);
    let now = student.get(&path).await.json;
    assert_eq!((&now["allowed"], now["history"].as_array().map(Vec::len)), (&json!(["recording"]), Some(3)));
    assert_eq!(student.post(&path, json!({"kind": "camera", "given": true})).await.status, 403, "not the child alone");
    let stranger = world.person("Fremde Familie", &[PersonRole::Guardian]).await;
    assert_eq!((stranger.get(&path).await.status, stranger.post(&path, json!({"kind": "camera", "given": true})).await.status), (403, 403));
    assert_eq!(family.post(&path, json!({"kind": "everything", "given": true})).await.status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_journal_is_for_head_and_operator_and_the_notice_for_everybody() {
    let world = World::open().await;
    for role in PersonRole::ALL {
        let reads = matches!(role, PersonRole::Head | PersonRole::Operator);
        let status = world.person("Eine Person", &[*role]).await.get("/api/journal").await.status;
        assert_eq!(status, if reads { 200 } else { 403 }, "{role:?}");
    }
    let stranger = world.stranger();
    let notice = stranger.get("/api/privacy-notice?language=de&for=children").await;
    assert_eq!((notice.status, &notice.json["title"]), (200, &json!("Was wir über dich wissen")));
    assert_eq!(stranger.get("/api/privacy-notice?language=en").await.json["title"], json!("Data protection"));
    assert_eq!(stranger.get("/api/privacy-notice?language=fr").await.status, 422);
}

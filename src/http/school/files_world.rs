//! Files and uploads as those see them who send and fetch them: the real server, over HTTP.

use super::world::{Reply, Visitor, World};
use crate::school::files::zip::tests::unpack;
use crate::store::courses::{self, Course, CourseKind, Enrolment};
use crate::store::people::PersonRole::{self, Guardian, Head, Office, Operator, Student, Teacher};
use crate::store::{ConferenceId, CourseId, EnrolmentId, Flag, MessageId, PersonId, ThreadId};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A school with a course: who teaches it, who is in it, whose child that is, and others.
struct Scene {
    world: World,
    place: String,
    teacher: Visitor,
    student: Visitor,
    parent: Visitor,
    other: Visitor,
}

impl Scene {
    async fn new() -> Self {
        Self::with(&[]).await
    }

    async fn with(settings: &[(&str, &str)]) -> Self {
        let world = World::open_with(tempfile::tempdir().expect("a directory"), settings).await;
        let teacher = world.person("Clara Lehrer", &[Teacher]).await;
        let student = world.person("Mia Muster", &[Student]).await;
        let parent = world.person("Eva Muster", &[Guardian]).await;
        let other = world.person("Otto Fremd", &[Teacher]).await;
        world.make_guardian(&parent, &student).await;
        let course = course(&world, &teacher.id, &student.id).await;
        Self { world, place: format!("course:{course}"), teacher, student, parent, other }
    }

    /// Files that lie in the data directory as objects.
    fn objects(&self) -> usize {
        let shelves = std::fs::read_dir(self.world.data().join("files")).expect("there");
        shelves.map(|shelf| std::fs::read_dir(shelf.expect("there").path()).expect("there").count()).sum()
    }
}

async fn course(world: &World, teacher: &PersonId, student: &PersonId) -> CourseId {
    let valid_from = "2020-01-01".parse().expect("a day");
    let course = Course {
        id: CourseId::new(),
        code: None,
        name: "Klavier/Mia: 1".into(),
        subject: "Klavier".into(),
        kind: CourseKind::Single,
        teacher_id: Some(teacher.clone()),
        weekday: 1,
        start_minute: 900,
        duration_minutes: 30,
        place: String::new(),
        online: Flag(true),
        valid_from,
        valid_to: None,
        room: CourseId::new().to_string(),
        archived_at: None,
    };
    let enrolment =
        Enrolment { id: EnrolmentId::new(), course_id: course.id.clone(), student_id: student.clone(), valid_from, valid_to: None };
    let mut db = world.store.write().await.expect("free");
    courses::insert(&mut db, &course).await.expect("inserted");
    courses::enrol(&mut db, &enrolment).await.expect("inserted");
    db.commit().await.expect("written");
    course.id
}

async fn run(world: &World, statement: &'static str, values: &[&str]) {
    let mut db = world.store.write().await.expect("free");
    let mut query = sqlx::query(statement);
    for value in values {
        query = query.bind((*value).to_owned());
    }
    query.execute(&mut *db).await.expect("executed");
    db.commit().await.expect("written");
}

const TUS: (&str, &str) = ("tus-resumable", "1.0.0");
const PART: (&str, &str) = ("content-type", "application/offset+octet-stream");

fn metadata(pairs: &[(&str, &str)]) -> String {
    pairs.iter().map(|(key, value)| format!("{key} {}", BASE64.encode(value))).collect::<Vec<_>>().join(",")
}

async fn begin(who: &Visitor, place: &str, folder: &str, name: &str, bytes: usize) -> Reply {
    let metadata = metadata(&[("filename", name), ("place", place), ("folder", folder), ("filetype", "text/html")]);
    who.send("POST", "/api/uploads", &[TUS, ("upload-length", &bytes.to_string()), ("upload-metadata", &metadata)], vec![]).await
}

async fn send(who: &Visitor, upload: &str, offset: usize, bytes: &[u8]) -> Reply {
    who.send("PATCH", upload, &[TUS, PART, ("upload-offset", &offset.to_string())], bytes.to_vec()).await
}

/// Uploads a file in one piece; its address.
async fn upload(who: &Visitor, place: &str, folder: &str, name: &str, bytes: &[u8]) -> String {
    let begun = begin(who, place, folder, name, bytes.len()).await;
    assert_eq!(begun.status, 201, "{begun:?}");
    let sent = if bytes.is_empty() { begun } else { send(who, begun.header("location"), 0, bytes).await };
    assert!(matches!(sent.status, 201 | 204), "{sent:?}");
    assert_eq!(sent.header("tus-resumable"), "1.0.0");
    format!("/api/files/{}", sent.header("auftakt-file"))
}

async fn listed(who: &Visitor, place: &str) -> Vec<String> {
    let list = who.get(&format!("/api/files?place={place}")).await;
    assert_eq!(list.status, 200, "{list:?}");
    let files = list.json["files"].as_array().cloned().unwrap_or_default();
    files.iter().map(|file| format!("{}/{}", file["folder"].as_str().expect("text"), file["name"].as_str().expect("text"))).collect()
}

/// Bytes that are like no others.
fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    })
    .take(len)
    .collect()
}

/// Sends only the beginning of a part, on a connection that stays open while what is returned is there.
async fn send_half(scene: &Scene, who: &Visitor, upload: &str, offset: usize, announced: usize, bytes: &[u8]) -> TcpStream {
    let address = scene.world.url();
    let mut stream = TcpStream::connect(address.trim_start_matches("http://")).await.expect("connected");
    let head = format!(
        "PATCH {upload} HTTP/1.1\r\nHost: x\r\nCookie: {}\r\nTus-Resumable: 1.0.0\r\nContent-Type: application/offset+octet-stream\r\n\
         Upload-Offset: {offset}\r\nContent-Length: {announced}\r\n\r\n",
        who.cookie()
    );
    stream.write_all(head.as_bytes()).await.expect("taken");
    stream.write_all(bytes).await.expect("taken");
    stream.flush().await.expect("taken");
    stream
}

/// Until this much of an upload lies on the disk.
async fn arrived(scene: &Scene, upload: &str, at_least: u64) {
    let path = scene.world.data().join("uploads").join(upload.rsplit('/').next().expect("an identifier"));
    let waiting = async {
        while std::fs::metadata(&path).map_or(0, |found| found.len()) < at_least {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("the bytes come");
}

#[tokio::test(flavor = "multi_thread")]
async fn those_of_a_course_have_its_files_and_others_do_not() {
    let scene = Scene::new().await;
    let (world, place) = (&scene.world, &scene.place);
    let pdf = b"%PDF-1.7 a score";
    let file = upload(&scene.teacher, place, "Noten", "Für Elise.pdf", pdf).await;
    for who in [&scene.teacher, &scene.student, &scene.parent] {
        assert_eq!(listed(who, place).await, ["Noten/Für Elise.pdf"]);
        let got = who.get(&format!("{file}/content")).await;
        assert_eq!((got.status, got.bytes.as_slice(), got.header("content-type")), (200, &pdf[..], "application/pdf"));
    }
    let list = format!("/api/files?place={place}");
    assert_eq!(scene.teacher.get(&list).await.json["files"][0]["may_change"], true);
    assert_eq!(scene.student.get(&list).await.json["files"][0]["may_change"], false);
    let stranger_child = world.person("Ben Anders", &[Student]).await;
    let stranger_parent = world.person("Ute Anders", &[Guardian]).await;
    world.make_guardian(&stranger_parent, &stranger_child).await;
    let mut others = vec![scene.other.clone(), stranger_child, stranger_parent];
    for roles in [&[Office][..], &[Head], &[Operator], &[]] {
        others.push(world.person("Amt Person", roles).await);
    }
    for who in &others {
        for path in [&list, &file, &format!("{file}/content"), &format!("/api/files/archive?place={place}")] {
            assert_eq!((who.get(path).await.status, path), (403, path));
        }
        assert_eq!(begin(who, place, "", "x", 1).await.status, 403);
        assert_eq!(who.delete(&file).await.status, 403);
        assert_eq!(who.put(&file, serde_json::json!({"name": "x", "folder": ""})).await.status, 403);
    }
    assert_eq!(scene.student.delete(&file).await.status, 403, "it is the teacher's");
    let stranger = world.stranger();
    for path in [&list, &file, &format!("{file}/content")] {
        assert_eq!(stranger.get(path).await.status, 401);
    }
    assert_eq!(begin(&stranger, place, "", "x", 1).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_students_own_files_are_the_familys_and_their_teachers() {
    let scene = Scene::new().await;
    let place = format!("student:{}", scene.student.id);
    let homework = upload(&scene.student, &place, "", "aufnahme.mp3", b"ID3\x04sound").await;
    upload(&scene.parent, &place, "", "attest.pdf", b"%PDF-1").await;
    let from_teacher = upload(&scene.teacher, &place, "", "plan.pdf", b"%PDF-2").await;
    assert_eq!(listed(&scene.parent, &place).await.len(), 3);
    assert_eq!(scene.student.delete(&from_teacher).await.status, 403, "about them, but the teacher's");
    assert_eq!(scene.parent.delete(&homework).await.status, 403);
    assert_eq!(scene.student.delete(&homework).await.status, 204);
    assert_eq!(scene.other.get(&format!("/api/files?place={place}")).await.status, 403);
    let nobody = format!("student:{}", PersonId::new());
    assert_eq!(scene.teacher.get(&format!("/api/files?place={nobody}")).await.status, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn conferences_and_messages_have_files_for_those_who_take_part() {
    let scene = Scene::new().await;
    let world = &scene.world;
    let conference = ConferenceId::new();
    let insert = "INSERT INTO conferences (id, title, agenda, starts_at, duration_minutes, room, moderator_id, sequence) \
                  VALUES ($1, 'Konferenz', '', 0, 60, $1, $2, 0)";
    run(world, insert, &[conference.as_str(), scene.teacher.id.as_str()]).await;
    let place = format!("conference:{conference}");
    let agenda = upload(&scene.teacher, &place, "", "Tagesordnung.pdf", b"%PDF-").await;
    assert_eq!(scene.other.get(&format!("{agenda}/content")).await.status, 403);
    run(world, "INSERT INTO invitees (conference_id, person_id) VALUES ($1, $2)", &[conference.as_str(), scene.other.id.as_str()]).await;
    assert_eq!(scene.other.get(&format!("{agenda}/content")).await.status, 200);
    assert_eq!(scene.other.delete(&agenda).await.status, 403);
    assert_eq!(scene.student.get(&format!("{agenda}/content")).await.status, 403);

    let (thread, message) = (ThreadId::new(), MessageId::new());
    let course = scene.place.trim_start_matches("course:");
    let insert = "INSERT INTO threads (id, kind, title, course_id, created_at, last_at) VALUES ($1, 'course', '', $2, 0, 0)";
    run(world, insert, &[thread.as_str(), course]).await;
    let insert = "INSERT INTO messages (id, thread_id, author_id, client_id, text, folded, sent_at) VALUES ($1, $2, $3, $1, '', '', 0)";
    run(world, insert, &[message.as_str(), thread.as_str(), scene.parent.id.as_str()]).await;
    let place = format!("message:{message}");
    for who in [&scene.teacher, &scene.student, &scene.other] {
        assert_eq!(begin(who, &place, "", "x.pdf", 5).await.status, 403, "only its author adds to a message");
    }
    let first = upload(&scene.parent, &place, "Ordner", "x.pdf", b"%PDF-").await;
    upload(&scene.parent, &place, "", "x.pdf", b"%PDF-").await;
    assert_eq!(listed(&scene.teacher, &place).await, ["/x (2).pdf", "/x.pdf"], "two attachments, not two versions");
    assert_eq!(scene.student.get(&format!("{first}/content")).await.status, 200);
    assert_eq!(scene.other.get(&format!("{first}/content")).await.status, 403);
    let draft = begin(&scene.parent, "draft", "", "brief.pdf", 5).await.header("location").to_owned();
    let attach = |draft: &str| serde_json::json!({"message": message, "uploads": [draft.rsplit('/').next()]});
    let early = scene.parent.post("/api/uploads/attach", attach(&draft)).await;
    assert_eq!((early.status, early.code()), (409, "upload_not_ready"));
    let sent = send(&scene.parent, &draft, 0, b"%PDF-").await;
    assert_eq!((sent.status, sent.header("auftakt-file")), (204, ""), "it waits for its message");
    assert_eq!(scene.teacher.post("/api/uploads/attach", attach(&draft)).await.status, 403);
    assert_eq!(scene.parent.post("/api/uploads/attach", attach(&draft)).await.status, 204);
    assert_eq!(scene.parent.post("/api/uploads/attach", attach(&draft)).await.status, 409, "once");
    assert_eq!(listed(&scene.student, &place).await, ["/brief.pdf", "/x (2).pdf", "/x.pdf"]);
    let operator = world.person("Olaf Netz", &[Operator]).await;
    assert_eq!(begin(&operator, "draft", "", "x", 1).await.status, 403);
    assert_eq!(scene.teacher.delete(&first).await.status, 403, "what a family wrote is not the teacher's to delete");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_upload_goes_on_where_it_was_even_after_a_restart() {
    let scene = Scene::new().await;
    let content = noise(3_000_000);
    let begun = begin(&scene.teacher, &scene.place, "", "aufnahme.wav", content.len()).await;
    let address = begun.header("location").to_owned();
    assert_eq!(send(&scene.teacher, &address, 1, b"x").await.code(), "wrong_offset");
    assert!(!begun.header("upload-expires").is_empty());

    let broken = send_half(&scene, &scene.teacher, &address, 0, content.len(), &content[..1_000_000]).await;
    arrived(&scene, &address, 256 << 10).await;
    // What is refused is short: a server does not read megabytes of it, and this client writes all before it listens.
    assert_eq!(send(&scene.teacher, &address, 0, &content[..1000]).await.status, 423, "somebody is sending it");
    drop(broken);
    let mut offset = 0;
    let mut hold = None;
    for (round, until) in [(0, 1_500_000), (1, 2_200_000)] {
        let head = scene.teacher.send("HEAD", &address, &[TUS], vec![]).await;
        assert_eq!((head.status, head.header("upload-length")), (200, "3000000"), "{head:?}");
        assert_eq!(head.header("cache-control"), "no-store");
        offset = head.header("upload-offset").parse::<usize>().expect("a number");
        assert!(offset >= 256 << 10, "{offset}");
        assert_eq!(send(&scene.teacher, &address, offset - 1, &content[offset - 1..offset + 1000]).await.status, 409);
        if round == 0 {
            assert_eq!(send(&scene.teacher, &address, offset, &content[offset..until]).await.status, 204);
        } else {
            // This connection stays: asking takes its place.
            hold = Some(send_half(&scene, &scene.teacher, &address, offset, content.len() - offset, &content[offset..until]).await);
            arrived(&scene, &address, 1_500_001).await;
        }
    }
    let head = scene.teacher.send("HEAD", &address, &[TUS], vec![]).await;
    assert!(head.header("upload-offset").parse::<usize>().expect("a number") > offset);
    drop(hold);

    let world = scene.world.restart().await;
    let teacher = world.again(&scene.teacher);
    let head = teacher.send("HEAD", &address, &[TUS], vec![]).await;
    let offset = head.header("upload-offset").parse::<usize>().expect("a number");
    assert!((1_500_001..3_000_000).contains(&offset), "{offset}");
    let pending = teacher.get("/api/uploads").await;
    assert_eq!(pending.json["uploads"][0]["received"], offset);
    let sent = send(&teacher, &address, offset, &content[offset..]).await;
    assert_eq!(sent.status, 204, "{sent:?}");
    let file = format!("/api/files/{}", sent.header("auftakt-file"));
    assert!(teacher.get(&format!("{file}/content")).await.bytes == content, "the same bytes");
    // Who did not hear that it was done asks again.
    let head = teacher.send("HEAD", &address, &[TUS], vec![]).await;
    assert_eq!((head.header("upload-offset"), head.header("auftakt-file")), ("3000000", sent.header("auftakt-file")));
    assert_eq!(send(&teacher, &address, 3_000_000, b"").await.status, 204);
    assert_eq!(teacher.get("/api/uploads").await.json["uploads"], serde_json::json!([]));
    assert_eq!(std::fs::read_dir(world.data().join("uploads")).expect("there").count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_had_all_come_is_finished_by_asking() {
    let scene = Scene::new().await;
    let begun = begin(&scene.teacher, &scene.place, "", "a.pdf", 5).await;
    let address = begun.header("location");
    // The server was killed between the last byte and the row.
    let id = address.rsplit('/').next().expect("an identifier");
    std::fs::write(scene.world.data().join("uploads").join(id), "%PDF-").expect("written");
    let head = scene.teacher.send("HEAD", address, &[TUS], vec![]).await;
    assert_eq!(head.header("upload-offset"), "5");
    let file = format!("/api/files/{}/content", head.header("auftakt-file"));
    assert_eq!(scene.teacher.get(&file).await.bytes, b"%PDF-");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_given_up_and_is_nobody_elses() {
    let scene = Scene::new().await;
    let begun = begin(&scene.teacher, &scene.place, "", "a.pdf", 5).await;
    let address = begun.header("location");
    for (method, headers) in [("HEAD", vec![TUS]), ("DELETE", vec![TUS]), ("PATCH", vec![TUS, PART, ("upload-offset", "0")])] {
        assert_eq!(scene.student.send(method, address, &headers, vec![]).await.status, 404, "{method}");
    }
    assert_eq!(scene.teacher.send("POST", address, &[TUS], vec![]).await.status, 405);
    let instead = [TUS, PART, ("upload-offset", "0"), ("x-http-method-override", "PATCH")];
    assert_eq!(scene.teacher.send("POST", address, &instead, b"%PD".to_vec()).await.header("upload-offset"), "3");
    assert_eq!(scene.teacher.send("DELETE", address, &[TUS], vec![]).await.status, 204);
    assert_eq!(scene.teacher.send("HEAD", address, &[TUS], vec![]).await.status, 404);
    assert_eq!(std::fs::read_dir(scene.world.data().join("uploads")).expect("there").count(), 0);
    // Whose right has ended meanwhile adds nothing.
    let begun = begin(&scene.student, &scene.place, "", "a.pdf", 5).await;
    run(&scene.world, "DELETE FROM enrolments WHERE student_id = $1", &[scene.student.id.as_str()]).await;
    assert_eq!(send(&scene.student, begun.header("location"), 0, b"%PDF-").await.status, 403);
    assert_eq!(listed(&scene.teacher, &scene.place).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_protocol_is_kept_and_garbage_is_refused() {
    let scene = Scene::new().await;
    let (teacher, place) = (&scene.teacher, scene.place.as_str());
    let options = scene.world.stranger().send("OPTIONS", "/api/uploads", &[], vec![]).await;
    assert_eq!((options.status, options.header("tus-version"), options.header("tus-max-size")), (204, "1.0.0", "200000000"));
    assert!(options.header("tus-extension").contains("creation"));
    let good = metadata(&[("filename", "a.pdf"), ("place", place)]);
    let post = async |headers: &[(&str, &str)]| teacher.send("POST", "/api/uploads", headers, vec![]).await;
    let without = post(&[("upload-length", "1"), ("upload-metadata", &good)]).await;
    assert_eq!((without.status, without.header("tus-version")), (412, "1.0.0"));
    for length in ["", "-1", "1e3", "+1", "0x10", "99999999999999999999", "1.5"] {
        assert_eq!(post(&[TUS, ("upload-length", length), ("upload-metadata", &good)]).await.status, 400, "{length:?}");
    }
    for length in ["200000001", "999999999999999999"] {
        let answer = post(&[TUS, ("upload-length", length), ("upload-metadata", &good)]).await;
        assert_eq!((answer.status, answer.code()), (413, "file_too_large"), "{length}");
        assert!(answer.json["detail"].as_str().expect("text").contains("200.0 MB"));
    }
    let garbage = ["filename !!!", "filename", "place /w==", ",,,", "filename Zg==,filename Zg==", &"x ".repeat(3000)];
    for text in garbage {
        let answer = post(&[TUS, ("upload-length", "1"), ("upload-metadata", text)]).await;
        assert!(matches!(answer.status, 400 | 422), "{text:?}: {answer:?}");
    }
    for wrong in ["", "course:", "course:x", "file:018f0000-0000-7000-8000-000000000000", "room:x", "course:../../x", "Draft"] {
        assert_eq!(begin(teacher, wrong, "", "a.pdf", 1).await.status, 422, "{wrong:?}");
    }
    let address = begin(teacher, place, "", "a.pdf", 5).await.header("location").to_owned();
    let other_type =
        teacher.send("PATCH", &address, &[TUS, ("upload-offset", "0"), ("content-type", "text/plain")], b"%PDF-".to_vec()).await;
    assert_eq!(other_type.status, 415);
    assert_eq!(send(teacher, &address, 0, b"%PDF-and more").await.status, 413);
    assert_eq!(teacher.send("PATCH", &address, &[TUS, PART], b"%PDF-".to_vec()).await.status, 400, "no offset");
    let checked = [TUS, PART, ("upload-offset", "0"), ("upload-checksum", "sha1 AAAAAAAAAAAAAAAAAAAAAAAAAAA=")];
    let wrong = teacher.send("PATCH", &address, &checked, b"%PDF-".to_vec()).await;
    assert_eq!((wrong.status, wrong.code()), (460, "checksum_wrong"));
    assert_eq!(send(teacher, &address, 0, b"%PDF-").await.status, 204, "nothing of all that has stayed");
    assert_eq!(teacher.send("HEAD", "/api/uploads/..%2f..%2fschool.db", &[TUS], vec![]).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn names_that_attack_are_refused_and_odd_ones_are_kept() {
    let scene = Scene::new().await;
    let long = "x".repeat(201);
    let attacks = ["../../x", "C:\\x", "..", ".", "a/b", "nul\0l", "abc\u{202e}fdp.exe", "a\r\nSet-Cookie: x=y", "", "  ", long.as_str()];
    for name in attacks {
        let answer = begin(&scene.teacher, &scene.place, "", name, 1).await;
        assert_eq!((answer.status, answer.json["field"].as_str()), (422, Some("filename")), "{name:?}");
    }
    for folder in attacks.into_iter().filter(|folder| !folder.trim().is_empty()) {
        assert_eq!(begin(&scene.teacher, &scene.place, folder, "a", 1).await.json["field"], "folder", "{folder:?}");
    }
    let odd = [
        "\"; filename=\"x.html",
        "<img src=x onerror=alert(1)>.pdf",
        "%2e%2e%2fx",
        "CON",
        "音楽 (1).pdf",
        "=cmd|' -C calc'!A0.pdf",
        "${jndi}",
    ];
    for name in odd {
        let file = upload(&scene.teacher, &scene.place, "", name, b"%PDF-").await;
        assert_eq!(scene.teacher.get(&file).await.json["file"]["name"], name);
        let got = scene.teacher.get(&format!("{file}/content")).await;
        let disposition = got.header("content-disposition");
        assert!(disposition.starts_with("attachment; filename=\"") && disposition.matches('"').count() == 2, "{disposition}");
        assert!(disposition.is_ascii() && !disposition.contains('<'), "{disposition}");
        let renamed = scene.teacher.put(&file, serde_json::json!({"name": "../x", "folder": ""})).await;
        assert_eq!(renamed.code(), "name_with_path");
    }
    assert_eq!(scene.objects(), odd.len(), "whatever they are called, each is one object with a key of its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_was_uploaded_runs_in_our_name() {
    let scene = Scene::new().await;
    let cases: [(&str, &[u8], &str, bool); 8] = [
        ("seite.pdf", b"<!DOCTYPE html><script>alert(1)</script>", "application/octet-stream", false),
        ("bild.png", b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>", "application/octet-stream", false),
        ("noten.musicxml", b"<?xml version=\"1.0\"?><?xml-stylesheet href=\"x\"?><html/>", "application/octet-stream", false),
        ("a.html", b"GIF89a/*<html>*/=1;alert(1)//", "image/gif", true),
        ("b.html", b"%PDF-1.7 <html><script>alert(1)</script>", "application/pdf", true),
        ("c.js", b"PK\x03\x04<script>", "application/zip", false),
        ("d.xhtml", b"ID3\x04<script>", "audio/mpeg", true),
        ("e.svg", b"<html>%PDF-1.7", "application/octet-stream", false),
    ];
    for (name, bytes, media_type, shown) in cases {
        let file = upload(&scene.student, &scene.place, "", name, bytes).await;
        for query in ["", "?inline=1", "?inline=0"] {
            let got = scene.teacher.get(&format!("{file}/content{query}")).await;
            let inline = query == "?inline=1" && shown;
            assert_eq!(
                (got.status, got.header("content-type"), got.header("x-content-type-options")),
                (200, media_type, "nosniff"),
                "{name}"
            );
            let disposition = if inline { "inline;" } else { "attachment;" };
            assert!(got.header("content-disposition").starts_with(disposition), "{name}{query}");
            let policy = got.header("content-security-policy");
            assert!(policy.starts_with("default-src 'none';") && !policy.contains("unsafe") && !policy.contains("script"), "{policy}");
            assert!(policy.contains("sandbox") || (inline && media_type == "application/pdf"), "{policy}");
            assert!(got.header("cache-control").contains("no-store"));
            assert_eq!(got.header("cross-origin-resource-policy"), "same-origin");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_can_be_sought_in() {
    let scene = Scene::new().await;
    let content: Vec<u8> = b"ID3".iter().copied().chain(noise(997)).collect();
    let path = upload(&scene.teacher, &scene.place, "", "a.mp3", &content).await + "/content";
    let get = async |headers: &[(&str, &str)]| scene.student.send("GET", &path, headers, vec![]).await;
    let whole = get(&[]).await;
    let etag = whole.header("etag").to_owned();
    assert_eq!((whole.header("accept-ranges"), whole.header("content-length")), ("bytes", "1000"));
    let part = get(&[("range", "bytes=0-1")]).await;
    assert_eq!((part.status, part.header("content-range"), part.bytes.as_slice()), (206, "bytes 0-1/1000", &content[..2]));
    let part = get(&[("range", "bytes=-10"), ("if-range", &etag)]).await;
    assert_eq!((part.status, part.bytes.as_slice()), (206, &content[990..]));
    assert_eq!(get(&[("range", "bytes=0-1"), ("if-range", "\"other\"")]).await.bytes.len(), 1000, "it has changed: all of it");
    let behind = get(&[("range", "bytes=1000-")]).await;
    assert_eq!((behind.status, behind.header("content-range")), (416, "bytes */1000"));
    assert_eq!(get(&[("range", "bytes=0-1,5-6")]).await.bytes.len(), 1000);
    let again = get(&[("if-none-match", &etag)]).await;
    assert_eq!((again.status, again.bytes.len()), (304, 0));
    let head = scene.student.send("HEAD", &path, &[], vec![]).await;
    assert_eq!((head.status, head.header("content-length"), head.bytes.len()), (200, "1000", 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_there_becomes_a_version_or_another_name() {
    let scene = Scene::new().await;
    let place = &scene.place;
    let first = upload(&scene.teacher, place, "Noten", "Etüde.pdf", b"%PDF-1").await;
    let second = upload(&scene.teacher, place, "Noten", "Etu\u{308}de.pdf", b"%PDF-2").await;
    assert_eq!(first, second, "the same name, however it is composed");
    let third = upload(&scene.student, place, "Noten", "Etüde.pdf", b"<html>").await;
    assert_ne!(first, third, "a student does not replace what the teacher gave");
    assert_eq!(listed(&scene.student, place).await, ["Noten/Etüde (2).pdf", "Noten/Etüde.pdf"]);
    let history = scene.student.get(&first).await;
    let numbers =
        |reply: &Reply| reply.json["versions"].as_array().expect("a list").iter().map(|v| v["number"].as_i64()).collect::<Vec<_>>();
    assert_eq!(numbers(&history), [Some(2), Some(1)]);
    assert_eq!(history.json["file"]["version"]["uploader"], "Clara Lehrer");
    assert_eq!(scene.student.get(&format!("{first}/content?version=1")).await.bytes, b"%PDF-1");
    assert_eq!(scene.student.get(&format!("{first}/content?version=7")).await.status, 404);
    let restore = format!("{first}/restore");
    assert_eq!(scene.student.post(&restore, serde_json::json!({"number": 1})).await.status, 403);
    let restored = scene.teacher.post(&restore, serde_json::json!({"number": 1})).await;
    assert_eq!(numbers(&restored), [Some(3), Some(2)]);
    assert_eq!(scene.student.get(&format!("{first}/content")).await.bytes, b"%PDF-1");
    assert_eq!(scene.teacher.post(&restore, serde_json::json!({"number": 1})).await.status, 404);
    let moved = scene.teacher.put(&first, serde_json::json!({"name": "Etüde (2).pdf", "folder": "Noten"})).await;
    assert_eq!((moved.status, moved.code()), (409, "taken"));
    let moved = scene.teacher.put(&first, serde_json::json!({"name": "Etüde.pdf", "folder": ""})).await;
    assert_eq!((moved.status, moved.json["file"]["folder"].as_str()), (200, Some("")));
    assert_eq!(scene.student.put(&third, serde_json::json!({"name": "Meine.pdf", "folder": ""})).await.status, 200, "it is theirs");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_files_of_a_place_come_as_one_archive() {
    let scene = Scene::new().await;
    let place = &scene.place;
    let large = noise(400_000);
    for (folder, name, bytes) in
        [("", "a:b.pdf", &b"1"[..]), ("", "A?b.pdf", b"2"), ("Noten", "CON", b""), ("Noten", "Für Elise.pdf", &large), ("", "Noten", b"3")]
    {
        upload(&scene.teacher, place, folder, name, bytes).await;
    }
    let got = scene.student.get(&format!("/api/files/archive?place={place}")).await;
    assert_eq!((got.status, got.header("content-type"), got.header("x-content-type-options")), (200, "application/zip", "nosniff"));
    assert_eq!(got.header("content-length"), got.bytes.len().to_string());
    assert!(got.header("content-disposition").starts_with("attachment; filename=\"Klavier_Mia_ 1.zip\""));
    let mut files = unpack(&got.bytes);
    files.sort();
    let paths: Vec<&str> = files.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["A_b.pdf", "Noten (2)", "Noten/Für Elise.pdf", "Noten/_CON", "a_b (2).pdf"]);
    assert!(files[2].1 == large);
    let empty = scene.student.get(&format!("/api/files/archive?place=student:{}", scene.student.id)).await;
    assert_eq!((empty.status, unpack(&empty.bytes).len()), (200, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn quotas_hold_and_say_their_numbers() {
    let settings = [("AUFTAKT_FILES_PERSON_QUOTA_MB", "2"), ("AUFTAKT_FILES_QUOTA_MB", "3"), ("AUFTAKT_FILES_MAX_FILE_MB", "2")];
    let scene = Scene::with(&settings).await;
    let (teacher, student, place) = (&scene.teacher, &scene.student, scene.place.as_str());
    upload(teacher, place, "", "a", &noise(900_000)).await;
    let pending = begin(teacher, place, "", "b", 1_000_000).await;
    let refused = begin(teacher, place, "", "c", 200_000).await;
    assert_eq!((refused.status, refused.code()), (507, "quota_reached"));
    let detail = refused.json["detail"].as_str().expect("text");
    assert!(detail.contains("2.0 MB") && detail.contains("1.9 MB") && detail.contains("200 kB"), "{detail}");
    let refused = begin(student, place, "", "c", 1_200_000).await;
    assert_eq!((refused.status, refused.code()), (507, "school_quota_reached"));
    assert_eq!(teacher.send("DELETE", pending.header("location"), &[TUS], vec![]).await.status, 204);
    assert_eq!(begin(student, place, "", "c", 1_200_000).await.status, 201, "there is room again");
    for number in 0..100 {
        let begun = begin(student, place, "", &number.to_string(), 1).await;
        if begun.status == 429 {
            assert_eq!((number, begun.code()), (49, "too_many_uploads"));
            return;
        }
    }
    panic!("uploads without end");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_leaves_no_bytes() {
    let scene = Scene::new().await;
    let (teacher, place) = (&scene.teacher, &scene.place);
    let file = upload(teacher, place, "", "a.pdf", b"%PDF-1").await;
    upload(teacher, place, "", "a.pdf", b"%PDF-2").await;
    let stays = upload(teacher, place, "", "b.pdf", b"%PDF-3").await;
    assert_eq!(scene.objects(), 3);
    assert_eq!(teacher.delete(&file).await.status, 204);
    assert_eq!(teacher.get(&format!("{file}/content")).await.status, 404);
    let gone = async {
        while scene.objects() > 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), gone).await.expect("both versions' bytes go");
    assert_eq!(teacher.get(&format!("{stays}/content")).await.bytes, b"%PDF-3");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_upload_has_more_time_than_other_requests() {
    let request = |method: &str, path: &str| {
        let request = axum::http::Request::builder().method(method).uri(path).body(axum::body::Body::empty()).expect("a request");
        super::takes_its_time(&request)
    };
    assert!(request("PATCH", "/api/uploads/018f0000-0000-7000-8000-000000000000"));
    for (method, path) in [("POST", "/api/uploads"), ("POST", "/api/uploads/x"), ("GET", "/api/uploads/x"), ("PATCH", "/whip/x/y")] {
        assert!(!request(method, path), "{method} {path}");
    }
    // And who is not signed in gets no time at all.
    let scene = Scene::new().await;
    let mut stream =
        send_half(&scene, &scene.world.stranger(), "/api/uploads/018f0000-0000-7000-8000-000000000000", 0, 1_000_000, b"x").await;
    let mut answer = vec![0; 12];
    tokio::time::timeout(Duration::from_secs(5), stream.read_exact(&mut answer)).await.expect("at once").expect("an answer");
    assert_eq!(answer, b"HTTP/1.1 401");
}

#[test]
fn every_role_was_thought_of() {
    // A new role must be added to who is refused above.
    assert_eq!(PersonRole::ALL.len(), 6);
}

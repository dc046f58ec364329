//! Who reads and writes what, from outside: the real server, and visitors that speak HTTP and WebSocket with it.

use super::super::world::{Visitor, World};
use crate::store::conformance::databases;
use crate::store::courses::{self, Course, CourseKind, Enrolment};
use crate::store::people::{Person, PersonRole};
use crate::store::threads::{self, Reader, Thread, ThreadKind};
use crate::store::{Connection, CourseId, Day, EnrolmentId, Flag, Moment, PersonId, ThreadId, accounts, mails, people};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::TcpStream;
use std::time::Duration;
use tungstenite::client::IntoClientRequest;

fn course(teacher: &PersonId) -> Course {
    let id = CourseId::new();
    Course {
        code: None,
        name: "Violine".into(),
        subject: "Violine".into(),
        kind: CourseKind::Group,
        teacher_id: Some(teacher.clone()),
        weekday: 1,
        start_minute: 900,
        duration_minutes: 45,
        place: String::new(),
        online: Flag(true),
        valid_from: day("2026-01-01"),
        valid_to: None,
        room: format!("violine-{id}"),
        archived_at: None,
        id,
    }
}

fn day(text: &str) -> Day {
    text.parse().expect("a day")
}

async fn enrol(db: &mut Connection, course: &CourseId, student: &PersonId, valid_to: Option<Day>) {
    let enrolment = Enrolment {
        id: EnrolmentId::new(),
        course_id: course.clone(),
        student_id: student.clone(),
        valid_from: day("2026-01-01"),
        valid_to,
    };
    courses::enrol(db, &enrolment).await.expect("an enrolment");
}

/// A teacher with a course, a family in it, and who has nothing to do with it.
struct School {
    world: World,
    teacher: Visitor,
    colleague: Visitor,
    student: Visitor,
    mother: Visitor,
    other_father: Visitor,
    office: Visitor,
    head: Visitor,
    operator: Visitor,
    course: CourseId,
}

impl School {
    async fn open() -> Self {
        Self::open_in(World::open().await).await
    }

    async fn open_in(world: World) -> Self {
        let person = async |name: &str, role| world.person(name, &[role]).await;
        let school = Self {
            teacher: person("Tara Teacher", PersonRole::Teacher).await,
            colleague: person("Carl Colleague", PersonRole::Teacher).await,
            student: person("Sami Student", PersonRole::Student).await,
            mother: person("Mona Student", PersonRole::Guardian).await,
            other_father: person("Otto Other", PersonRole::Guardian).await,
            office: person("Olga Office", PersonRole::Office).await,
            head: person("Hugo Head", PersonRole::Head).await,
            operator: person("Ole Operator", PersonRole::Operator).await,
            course: CourseId::new(),
            world,
        };
        school.world.make_guardian(&school.mother, &school.student).await;
        let course = Course { id: school.course.clone(), ..course(&school.teacher.id) };
        let mut db = school.world.store.write().await.expect("the database");
        courses::insert(&mut db, &course).await.expect("a course");
        enrol(&mut db, &school.course, &school.student.id, None).await;
        db.commit().await.expect("written");
        school
    }

    async fn family(&self, text: &str) -> String {
        let form = json!({ "kind": "family", "student_id": self.student.id, "client_id": format!("family-{}", text.len()), "text": text });
        let reply = self.teacher.post("/api/threads", form).await;
        assert_eq!(reply.status, 201, "{:?}", reply.json);
        reply.json["id"].as_str().expect("an id").to_owned()
    }
}

fn texts(messages: &Value) -> Vec<&str> {
    messages["messages"].as_array().into_iter().flatten().filter_map(|message| message["text"].as_str()).collect()
}

async fn unread(visitor: &Visitor) -> (i64, i64) {
    let reply = visitor.get("/api/unread").await.json;
    (reply["threads"].as_i64().unwrap_or(-1), reply["messages"].as_i64().unwrap_or(-1))
}

#[tokio::test]
async fn a_familys_conversation_is_the_familys_and_its_teachers() {
    let school = School::open().await;
    let id = school.family("Bitte die Noten mitbringen").await;
    let address = format!("/api/threads/{id}/messages");
    for reader in [&school.teacher, &school.student, &school.mother] {
        assert_eq!(texts(&reader.get(&address).await.json), ["Bitte die Noten mitbringen"]);
        assert_eq!(reader.get("/api/search?words=noten").await.json.as_array().map(Vec::len), Some(1));
    }
    for stranger in [&school.colleague, &school.other_father, &school.office, &school.head, &school.operator, &school.world.stranger()] {
        assert!(matches!(stranger.get(&address).await.status, 401 | 404));
        assert!(matches!(stranger.get(&format!("/api/threads/{id}")).await.status, 401 | 404));
        let answer = stranger.post(&address, json!({ "client_id": "a", "text": "Hallo" })).await;
        assert!(matches!(answer.status, 401 | 404), "{answer:?}");
        assert!(matches!(stranger.post(&format!("/api/threads/{id}/read"), json!({ "until": 1 })).await.status, 401 | 404));
        assert_eq!(stranger.get("/api/threads").await.json.as_array().map_or(0, Vec::len), 0);
        assert_eq!(stranger.get("/api/search?words=noten").await.json.as_array().map_or(0, Vec::len), 0);
    }
    let answer = school.mother.post(&address, json!({ "client_id": "m1", "text": "Machen wir!" })).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(texts(&school.teacher.get(&address).await.json), ["Machen wir!", "Bitte die Noten mitbringen"]);
    // The family goes on in the same one.
    let form = json!({ "kind": "family", "student_id": school.student.id, "teacher_id": school.teacher.id, "client_id": "m2", "text": "Noch etwas" });
    let again = school.mother.post("/api/threads", form).await;
    assert_eq!((again.status, again.json["id"].as_str()), (201, Some(id.as_str())));
}

#[tokio::test]
async fn nobody_begins_what_is_not_theirs() {
    let school = School::open().await;
    let family = json!({ "kind": "family", "student_id": school.student.id, "client_id": "f", "text": "Hallo" });
    let to_teacher =
        json!({ "kind": "family", "student_id": school.student.id, "teacher_id": school.teacher.id, "client_id": "f", "text": "Hallo" });
    let course = json!({ "kind": "course", "course_id": school.course, "client_id": "c", "text": "Hallo" });
    let to_course = json!({ "kind": "notice", "title": "Ausfall", "course_id": school.course, "client_id": "n", "text": "Hallo" });
    let to_all = json!({ "kind": "notice", "title": "Ferien", "client_id": "a", "text": "Hallo" });
    let staff = json!({ "kind": "staff", "members": [school.colleague.id], "client_id": "s", "text": "Hallo" });
    let with_family = json!({ "kind": "staff", "members": [school.mother.id], "client_id": "s", "text": "Hallo" });
    let refused: [(&Visitor, &[&Value]); 6] = [
        (&school.colleague, &[&family, &to_teacher, &course, &to_course, &to_all, &with_family]),
        (&school.other_father, &[&family, &to_teacher, &course, &to_course, &to_all, &staff]),
        (&school.mother, &[&to_course, &to_all, &staff]),
        (&school.office, &[&family, &to_teacher, &course, &with_family]),
        (&school.teacher, &[&to_all]),
        (&school.operator, &[&family, &to_teacher, &course, &to_course, &to_all, &staff]),
    ];
    for (visitor, forms) in refused {
        for form in forms {
            let reply = visitor.post("/api/threads", (*form).clone()).await;
            assert!(matches!(reply.status, 403 | 422), "{form} {:?}", reply.json);
        }
    }
    for (visitor, form) in [(&school.mother, &course), (&school.teacher, &to_course), (&school.head, &to_all), (&school.office, &staff)] {
        let reply = visitor.post("/api/threads", form.clone()).await;
        assert_eq!(reply.status, 201, "{form} {:?}", reply.json);
    }
}

#[tokio::test]
async fn a_notice_reaches_everybody_but_the_operator_and_takes_no_answer() {
    let school = School::open().await;
    let form = json!({ "kind": "notice", "title": "Ferien", "client_id": "n", "text": "Schöne Ferien" });
    let id = school.office.post("/api/threads", form).await.json["id"].as_str().expect("an id").to_owned();
    for reader in [&school.teacher, &school.mother, &school.other_father, &school.student, &school.head] {
        assert_eq!(unread(reader).await, (1, 1));
        let shown = reader.get(&format!("/api/threads/{id}")).await.json;
        assert_eq!((shown["may_write"].as_bool(), shown["last"]["text"].as_str()), (Some(false), Some("Schöne Ferien")));
        let answer = reader.post(&format!("/api/threads/{id}/messages"), json!({ "client_id": "x", "text": "Danke" })).await;
        assert_eq!((answer.status, answer.code()), (403, "thread_closed"));
    }
    assert_eq!(unread(&school.operator).await, (0, 0));
    assert_eq!(school.operator.get(&format!("/api/threads/{id}")).await.status, 404);
}

#[tokio::test]
async fn the_same_message_again_is_not_written_again() {
    let school = School::open().await;
    let form = json!({ "kind": "course", "course_id": school.course, "client_id": "c1", "text": "Willkommen" });
    let (first, second) = (school.teacher.post("/api/threads", form.clone()).await, school.teacher.post("/api/threads", form).await);
    assert_eq!((first.status, second.status), (201, 200));
    assert_eq!(first.json["id"], second.json["id"]);
    let address = format!("/api/threads/{}/messages", first.json["id"].as_str().expect("an id"));
    let message = json!({ "client_id": "c2", "text": "Bis Montag" });
    let (one, two) = (school.student.post(&address, message.clone()).await, school.student.post(&address, message.clone()).await);
    assert_eq!((one.status, two.status), (201, 200));
    assert_eq!(one.json, two.json);
    // What one person calls a message is nothing to another.
    assert_eq!(school.mother.post(&address, message.clone()).await.status, 201);
    assert_eq!(school.teacher.get(&address).await.json["messages"].as_array().map(Vec::len), Some(3));
    let family = school.family("Hallo").await;
    let elsewhere = school.student.post(&format!("/api/threads/{family}/messages"), message).await;
    assert_eq!((elsewhere.status, elsewhere.code()), (409, "taken"));
    for (client_id, text) in [("", "x"), ("ä", "x"), (&"x".repeat(65), "x"), ("ok", " \n "), ("ok", &"x".repeat(8001))] {
        let refused = school.student.post(&address, json!({ "client_id": client_id, "text": text })).await;
        assert_eq!(refused.status, 422, "{client_id}");
    }
}

#[tokio::test]
async fn what_is_unread_is_counted_until_it_is_read_and_pages_go_back() {
    let school = School::open().await;
    let id = school.family("0").await;
    let address = format!("/api/threads/{id}/messages");
    for number in 1..60 {
        let form = json!({ "client_id": format!("n{number}"), "text": format!("Nachricht {number} 100%") });
        assert_eq!(school.teacher.post(&address, form).await.status, 201);
    }
    assert_eq!((unread(&school.mother).await, unread(&school.teacher).await), ((1, 60), (0, 0)));
    let page = school.mother.get(&address).await.json;
    assert_eq!((texts(&page).len(), page["more"].as_bool()), (50, Some(true)));
    let oldest = page["messages"][49]["sent_at"].as_i64().expect("an instant");
    let rest = school.mother.get(&format!("{address}?before={oldest}")).await.json;
    assert_eq!((texts(&rest).len(), rest["more"].as_bool()), (10, Some(false)));
    let read = async |until: i64| school.mother.post(&format!("/api/threads/{id}/read"), json!({ "until": until })).await.status;
    assert_eq!(read(oldest).await, 204);
    assert_eq!(unread(&school.mother).await, (1, 49));
    assert_eq!(read(i64::MAX).await, 204);
    assert_eq!(read(oldest).await, 204, "never goes back");
    assert_eq!(unread(&school.mother).await, (0, 0));
    // Not beyond what was written: the next one is new.
    school.teacher.post(&address, json!({ "client_id": "next", "text": "Neu" })).await;
    assert_eq!((unread(&school.mother).await, unread(&school.student).await), ((1, 1), (1, 61)));
    let found = async |words: &str| school.mother.get(&format!("/api/search?words={words}")).await.json.as_array().map_or(0, Vec::len);
    assert_eq!((found("NACHRICHT%2017").await, found("100%25").await, found("100_").await), (1, 50, 0));
}

#[tokio::test]
async fn who_left_a_course_reads_on_for_a_month_only() {
    let school = School::open().await;
    let form = json!({ "kind": "course", "course_id": school.course, "client_id": "c1", "text": "Hallo" });
    let id = school.teacher.post("/api/threads", form).await.json["id"].as_str().expect("an id").to_owned();
    let family = school.family("Familie").await;
    let ended = async |days_ago: i64| {
        let today = crate::school::timetable::local(chrono_tz::UTC, Moment::now()).0;
        let mut db = school.world.store.write().await.expect("the database");
        enrol(&mut db, &school.course, &school.student.id, Some(crate::school::timetable::shifted(today, -days_ago))).await;
        db.commit().await.expect("written");
    };
    ended(29).await;
    assert_eq!(school.mother.get(&format!("/api/threads/{id}")).await.status, 200);
    ended(32).await;
    assert_eq!(school.mother.get(&format!("/api/threads/{id}")).await.status, 404);
    assert_eq!(school.teacher.get(&format!("/api/threads/{id}")).await.status, 200);
    // The family keeps what was written to it; the teacher has nothing to do with it any more.
    let shown = school.mother.get(&format!("/api/threads/{family}")).await.json;
    assert_eq!(shown["may_write"].as_bool(), Some(false));
    assert_eq!(school.teacher.get(&format!("/api/threads/{family}")).await.status, 404);
}

/// A page that listens.
struct Page(tungstenite::WebSocket<TcpStream>);

impl Page {
    async fn open(world: &World, visitor: &Visitor, origin: Option<&str>) -> Result<Self, String> {
        let (url, cookie, origin) = (world.url(), visitor.cookie(), origin.map(str::to_owned));
        let open = move || {
            let mut request = format!("{}/api/live", url.replace("http:", "ws:")).into_client_request().expect("a request");
            request.headers_mut().insert("cookie", cookie.parse().expect("a header"));
            if let Some(origin) = origin {
                request.headers_mut().insert("origin", origin.parse().expect("a header"));
            }
            let stream = TcpStream::connect(url.trim_start_matches("http://")).expect("a connection");
            stream.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout");
            tungstenite::client(request, stream).map(|(socket, _)| Self(socket)).map_err(|error| error.to_string())
        };
        let mut page = tokio::task::spawn_blocking(open).await.expect("a thread")?;
        assert_eq!(page.next().await["type"], "hello");
        Ok(page)
    }

    /// The next event, or how it was closed.
    async fn next(&mut self) -> Value {
        tokio::task::block_in_place(|| {
            loop {
                match self.0.read().expect("an event") {
                    tungstenite::Message::Text(text) => return serde_json::from_str(&text).expect("JSON"),
                    tungstenite::Message::Close(frame) => return json!({ "closed": frame.map(|frame| u16::from(frame.code)) }),
                    _ => {}
                }
            }
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn open_pages_hear_at_once_what_concerns_them() {
    let school = School::open().await;
    let id = school.family("Erste").await;
    let (tablet, phone) = (Page::open(&school.world, &school.mother, None).await, Page::open(&school.world, &school.mother, None).await);
    let (mut tablet, mut phone) = (tablet.expect("a page"), phone.expect("a page"));
    let mut other = Page::open(&school.world, &school.other_father, None).await.expect("a page");
    let form = json!({ "client_id": "m", "text": "Zweite" });
    let sent = school.teacher.post(&format!("/api/threads/{id}/messages"), form.clone()).await.json;
    school.teacher.post(&format!("/api/threads/{id}/messages"), form).await;
    for page in [&mut tablet, &mut phone] {
        let event = page.next().await;
        assert_eq!((event["type"].as_str(), &event["message"]), (Some("message"), &sent));
    }
    school.mother.post(&format!("/api/threads/{id}/read"), json!({ "until": sent["sent_at"] })).await;
    // The repeated message was not told again: the next event is another one.
    assert_eq!(phone.next().await, json!({ "type": "read", "thread_id": id, "until": sent["sent_at"] }));
    let notice = json!({ "kind": "notice", "title": "Ferien", "client_id": "n", "text": "Schöne Ferien" });
    school.office.post("/api/threads", notice).await;
    assert_eq!(other.next().await["type"], "thread", "nothing of the family before it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_lives_as_long_as_its_session_and_comes_from_here() {
    let school = School::open().await;
    assert!(Page::open(&school.world, &school.world.stranger(), None).await.is_err());
    assert!(Page::open(&school.world, &school.mother, Some("https://evil.example")).await.is_err());
    let own = school.world.url();
    let mut page = Page::open(&school.world, &school.mother, Some(&own)).await.expect("our own page");
    assert_eq!(school.mother.delete("/api/session").await.status, 204);
    assert_eq!(page.next().await["closed"], 4001);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_page_open_gets_one_mail_without_content_unless_it_is_read_before() {
    let mail = [("AUFTAKT_MAIL_SERVER", "127.0.0.1"), ("AUFTAKT_MAIL_SECURITY", "none"), ("AUFTAKT_MAIL_FROM", "a@musik.example")];
    let school = School::open_in(World::open_with(tempfile::tempdir().expect("a directory"), &mail).await).await;
    let mut db = school.world.store.write().await.expect("the database");
    for (visitor, email) in [(&school.mother, "mother@x.example"), (&school.student, "student@x.example"), (&school.teacher, "t@x.example")]
    {
        accounts::put(&mut db, &visitor.id, email).await.expect("an account");
    }
    db.commit().await.expect("written");
    let _open = Page::open(&school.world, &school.student, None).await.expect("a page");
    let id = school.family("Geheim").await;
    let again = json!({ "client_id": "2", "text": "Noch geheimer" });
    school.teacher.post(&format!("/api/threads/{id}/messages"), again).await;
    let waiting = async || {
        let mut db = school.world.store.read().await.expect("the database");
        mails::due(&mut db, Moment(i64::MAX - 1), 10).await.expect("mails")
    };
    let queued = waiting().await;
    assert_eq!(queued.iter().map(|one| one.mail.email.as_str()).collect::<Vec<_>>(), ["mother@x.example"]);
    assert!(!queued[0].mail.body.to_lowercase().contains("geheim") && queued[0].mail.due_at > Moment::now());
    school.mother.post(&format!("/api/threads/{id}/read"), json!({ "until": Moment::now() })).await;
    assert!(waiting().await.is_empty());
}

#[tokio::test]
async fn who_reads_is_the_same_from_both_sides_on_both_databases() {
    let databases = databases().await;
    for store in &databases.all {
        let mut db = store.write().await.expect("the database");
        let mut everybody = Vec::new();
        for (index, role) in [
            PersonRole::Teacher,
            PersonRole::Teacher,
            PersonRole::Student,
            PersonRole::Student,
            PersonRole::Guardian,
            PersonRole::Guardian,
            PersonRole::Office,
            PersonRole::Operator,
        ]
        .into_iter()
        .enumerate()
        {
            let person = Person {
                id: PersonId::new(),
                number: None,
                given_name: format!("P{index}"),
                family_name: "Test".into(),
                born: None,
                language: people::Language::German,
                archived_at: None,
            };
            people::insert(&mut db, &person).await.expect("a person");
            people::set_roles(&mut db, &person.id, &[role]).await.expect("roles");
            everybody.push(person.id);
        }
        people::add_guardian(&mut db, &everybody[4], &everybody[2]).await.expect("a guardian");
        people::add_guardian(&mut db, &everybody[5], &everybody[3]).await.expect("a guardian");
        let (course, since) = (course(&everybody[0]), day("2026-06-01"));
        courses::insert(&mut db, &course).await.expect("a course");
        enrol(&mut db, &course.id, &everybody[2], None).await;
        enrol(&mut db, &course.id, &everybody[3], Some(day("2026-05-31"))).await;
        let thread = |kind, course_id: Option<&CourseId>, student_id: Option<&PersonId>| Thread {
            id: ThreadId::new(),
            kind,
            title: String::new(),
            course_id: course_id.cloned(),
            student_id: student_id.cloned(),
            last_at: Moment(0),
        };
        let all = [
            (thread(ThreadKind::Course, Some(&course.id), None), vec![]),
            (thread(ThreadKind::Family, None, Some(&everybody[2])), vec![everybody[0].clone()]),
            (thread(ThreadKind::Family, None, Some(&everybody[3])), vec![everybody[0].clone()]),
            (thread(ThreadKind::Staff, None, None), vec![everybody[1].clone(), everybody[6].clone()]),
            (thread(ThreadKind::Notice, Some(&course.id), None), vec![everybody[6].clone()]),
            (thread(ThreadKind::Notice, None, None), vec![everybody[6].clone()]),
        ];
        let mut sizes = Vec::new();
        for (thread, members) in &all {
            threads::insert(&mut db, thread, members).await.expect("a thread");
            threads::post(&mut db, &thread.id, &everybody[0], thread.id.as_str(), "Grüße", Moment(5)).await.expect("a message");
            let told: BTreeSet<_> =
                threads::members(&mut db, &thread.id, since).await.expect("members").into_iter().map(|(person, _, _)| person).collect();
            let mut reading = BTreeSet::new();
            for person in &everybody {
                if threads::find(&mut db, Reader { person, since }, &thread.id).await.expect("a thread").is_some() {
                    reading.insert(person.clone());
                }
            }
            assert_eq!(told, reading, "{:?}", thread.kind);
            sizes.push(told.len());
        }
        assert_eq!(sizes, [3, 3, 2, 2, 4, 8]);
        let reader = Reader { person: &everybody[4], since };
        let listed = threads::list(&mut db, reader, Moment(i64::MAX), 10).await.expect("a list");
        assert_eq!(listed.iter().map(|listed| listed.unread).collect::<Vec<_>>(), [1, 1, 1, 1]);
        assert_eq!(threads::search(&mut db, reader, &["GRUSSE", "gru"], 10).await.expect("found").len(), 4);
        let until = threads::mark_read(&mut db, &all[0].0.id, &everybody[4], Moment(99)).await.expect("marked");
        assert_eq!(until, Some(Moment(5)));
        assert_eq!(threads::unread(&mut db, reader).await.expect("counts").len(), 3);
        assert!(threads::members_listed(&mut db, reader).await.expect("members").len() == 1);
        db.commit().await.expect("written");
    }
}

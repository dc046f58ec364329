//! Conversations and notices.

#[cfg(test)]
mod tests;

use super::super::App;
use super::super::problem::{Problem, ProblemBody};
use super::input::{Asked, Id, Input, line, lines, optional_line};
use super::signed::Signed;
use super::{Answer, not_found};
use crate::school::access::Access;
use crate::school::live::{LiveEvent, MessageInfo};
use crate::school::permit::{Action, Object, Relation, Relations};
use crate::school::threads::{Told, mark_read, may_read, may_write, queue_notices, readable, reader, readers, since};
use crate::store::people::{self, PersonRole};
use crate::store::threads::{self, Attachment, Listed, Member, Thread, ThreadKind};
use crate::store::{Connection, CourseId, Moment, PersonId, StoreError, ThreadId, courses};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const THREADS: i64 = 100;
const MESSAGES: i64 = 50;
const FOUND: i64 = 50;
const TEXT_MAX: usize = 8000;
const TITLE_MAX: usize = 120;
const MEMBERS_MAX: usize = 100;
/// Of what stands last in a conversation, for its list.
const GLIMPSE: usize = 120;
/// Tries when PostgreSQL let another message of the conversation go first.
const TRIES: usize = 5;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, create))
        .routes(routes!(show))
        .routes(routes!(messages, post))
        .routes(routes!(read))
        .routes(routes!(search))
        .routes(routes!(unread))
}

#[cfg(test)]
pub fn types(c: &ts_rs::Config) -> Vec<String> {
    super::bindings::export!(
        c,
        ThreadKind,
        ThreadInfo,
        MemberInfo,
        Glimpse,
        NewThread,
        Messages,
        MessageInfo,
        Attachment,
        NewMessage,
        ReadUntil,
        FoundMessage,
        Unread
    )
}

/// A conversation as whoever asks sees it.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct ThreadInfo {
    pub id: ThreadId,
    pub kind: ThreadKind,
    /// May be empty: then it is called by its course, student or members.
    pub title: String,
    pub course_id: Option<CourseId>,
    pub course: Option<String>,
    /// Whose family it is with.
    pub student_id: Option<PersonId>,
    pub student: Option<String>,
    /// The teacher of a family's conversation; everybody of the staff's; of others nobody is named here.
    pub members: Vec<MemberInfo>,
    pub last_at: Moment,
    pub last: Option<Glimpse>,
    pub unread: i64,
    pub may_write: bool,
}

/// Somebody in a conversation.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct MemberInfo {
    pub id: PersonId,
    pub name: String,
}

/// How the last message begins.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct Glimpse {
    pub author: String,
    pub text: String,
}

impl ThreadInfo {
    fn of(listed: Listed, members: Vec<MemberInfo>, to: &Access) -> Self {
        let may_write = may_write(to, &listed);
        let last = listed.last_author.zip(listed.last_text).map(|(author, text)| Glimpse { author, text: glimpse(&text) });
        Self {
            id: listed.thread.id,
            kind: listed.thread.kind,
            title: listed.thread.title,
            course_id: listed.thread.course_id,
            course: listed.course_name,
            student_id: listed.thread.student_id,
            student: listed.student_name,
            members,
            last_at: listed.thread.last_at,
            last,
            unread: listed.unread,
            may_write,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
pub struct Before {
    /// What lies before this instant; without it, the newest.
    #[param(value_type = Option<i64>)]
    before: Moment,
}

impl Default for Before {
    fn default() -> Self {
        Self { before: Moment(i64::MAX) }
    }
}

/// One's conversations, a hundred at a time, the last written in first.
#[utoipa::path(get, path = "/api/threads", params(Before), tag = "messages",
    responses((status = 200, body = Vec<ThreadInfo>), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn list(State(app): State<App>, Signed(access): Signed, Asked(asked): Asked<Before>) -> Answer<Vec<ThreadInfo>> {
    let mut db = app.school.store.read().await?;
    let now = Moment::now();
    let listed = threads::list(&mut db, reader(&access, now), asked.before, THREADS).await?;
    let mut members = BTreeMap::<ThreadId, Vec<MemberInfo>>::new();
    for Member { thread_id, person_id, name } in threads::members_listed(&mut db, reader(&access, now)).await? {
        members.entry(thread_id).or_default().push(MemberInfo { id: person_id, name });
    }
    let seen = listed.into_iter().filter(|listed| may_read(&access, listed.thread.kind, listed.standing));
    let described = seen.map(|listed| {
        let members = members.remove(&listed.thread.id).unwrap_or_default();
        ThreadInfo::of(listed, members, &access)
    });
    Ok(Json(described.collect()))
}

/// One conversation.
#[utoipa::path(get, path = "/api/threads/{id}", params(("id" = ThreadId, Path)), tag = "messages",
    responses((status = 200, body = ThreadInfo), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn show(State(app): State<App>, Signed(access): Signed, Id(id): Id<ThreadId>) -> Answer<ThreadInfo> {
    let mut db = app.school.store.read().await?;
    Ok(Json(describe(&mut db, &access, &id).await?))
}

/// A conversation to begin, with its first message. The one of a course and the one with a family are begun once: a second time goes on in them.
#[derive(Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct NewThread {
    kind: ThreadKind,
    /// Of notices and the staff's.
    #[serde(default)]
    title: String,
    /// Of a course; of a notice without it, the whole school.
    #[serde(default)]
    course_id: Option<CourseId>,
    /// Of a family.
    #[serde(default)]
    student_id: Option<PersonId>,
    /// Whom a family writes to; a teacher leaves it out.
    #[serde(default)]
    teacher_id: Option<PersonId>,
    /// Of the staff, beside oneself.
    #[serde(default)]
    members: Vec<PersonId>,
    #[schema(min_length = 1, max_length = 64)]
    client_id: String,
    #[schema(max_length = 8000)]
    text: String,
}

/// A message to write.
#[derive(Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct NewMessage {
    /// Made up by the page, the same when it tries again: what has come already is not written twice.
    #[schema(min_length = 1, max_length = 64)]
    client_id: String,
    #[schema(max_length = 8000)]
    text: String,
}

/// Begins a conversation, or goes on in the one there is.
#[utoipa::path(post, path = "/api/threads", request_body = NewThread, tag = "messages",
    responses((status = 200, body = ThreadInfo), (status = 201, body = ThreadInfo), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn create(
    State(app): State<App>,
    Signed(access): Signed,
    Input(form): Input<NewThread>,
) -> Result<(StatusCode, Json<ThreadInfo>), Problem> {
    let draft = Draft::check(&form.client_id, &form.text)?;
    let mut db = app.school.store.write().await?;
    let (thread, told) = match threads::posted(&mut db, access.id(), &draft.client_id).await? {
        Some(message) => (message.thread_id, None),
        None => {
            let thread = begin(&mut db, &access, &form).await?;
            let told = write(&mut db, &app, &access, &thread, &draft).await?;
            (thread, Some(told))
        }
    };
    let info = describe(&mut db, &access, &thread).await?;
    db.commit().await?;
    let Some((people, message)) = told else { return Ok((StatusCode::OK, Json(info))) };
    app.school.live.publish(&people, &LiveEvent::Thread { thread_id: thread });
    app.school.live.publish(&people, &LiveEvent::Message { message });
    Ok((StatusCode::CREATED, Json(info)))
}

/// Messages of a conversation, a page of them.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct Messages {
    /// The newest first.
    pub messages: Vec<MessageInfo>,
    /// There are older ones.
    pub more: bool,
}

/// What was written, the newest first.
#[utoipa::path(get, path = "/api/threads/{id}/messages", params(("id" = ThreadId, Path), Before), tag = "messages",
    responses((status = 200, body = Messages), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn messages(
    State(app): State<App>,
    Signed(access): Signed,
    Id(id): Id<ThreadId>,
    Asked(asked): Asked<Before>,
) -> Answer<Messages> {
    let mut db = app.school.store.read().await?;
    readable(&mut db, &access, &id).await?.ok_or_else(not_found)?;
    let mut found = threads::messages(&mut db, &id, asked.before, MESSAGES + 1).await?;
    let more = found.len() > MESSAGES as usize;
    found.truncate(MESSAGES as usize);
    let mut files = BTreeMap::<_, Vec<Attachment>>::new();
    if let (Some(newest), Some(oldest)) = (found.first(), found.last()) {
        for file in threads::attachments(&mut db, &id, oldest.sent_at, newest.sent_at).await? {
            files.entry(file.message_id.clone()).or_default().push(file);
        }
    }
    let messages = found.into_iter().map(|message| {
        let files = files.remove(&message.id).unwrap_or_default();
        MessageInfo::of(message, files)
    });
    Ok(Json(Messages { messages: messages.collect(), more }))
}

/// Writes a message; the same one again changes nothing.
#[utoipa::path(post, path = "/api/threads/{id}/messages", params(("id" = ThreadId, Path)), request_body = NewMessage, tag = "messages",
    responses((status = 200, body = MessageInfo), (status = 201, body = MessageInfo), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn post(
    State(app): State<App>,
    Signed(access): Signed,
    Id(id): Id<ThreadId>,
    Input(form): Input<NewMessage>,
) -> Result<(StatusCode, Json<MessageInfo>), Problem> {
    let draft = Draft::check(&form.client_id, &form.text)?;
    let mut tries = 1;
    loop {
        match try_post(&app, &access, &id, &draft).await {
            Err(Refused::Store(StoreError::Busy)) if tries < TRIES => tries += 1,
            done => return Ok(done?),
        }
    }
}

async fn try_post(app: &App, access: &Access, id: &ThreadId, draft: &Draft) -> Result<(StatusCode, Json<MessageInfo>), Refused> {
    let mut db = app.school.store.write().await?;
    let listed = readable(&mut db, access, id).await?.ok_or_else(not_found)?;
    if let Some(message) = threads::posted(&mut db, access.id(), &draft.client_id).await? {
        if message.thread_id != *id {
            let detail = "another message has been written under this client_id";
            return Err(Problem::new(StatusCode::CONFLICT, "taken", detail).about("client_id").into());
        }
        let files = threads::attachments(&mut db, id, message.sent_at, message.sent_at).await?;
        return Ok((StatusCode::OK, Json(MessageInfo::of(message, files))));
    }
    if !may_write(access, &listed) {
        let detail = "this conversation takes no more messages from you";
        return Err(Problem::new(StatusCode::FORBIDDEN, "thread_closed", detail).into());
    }
    let (people, message) = write(&mut db, app, access, id, draft).await?;
    db.commit().await.map_err(StoreError::from)?;
    app.school.live.publish(&people, &LiveEvent::Message { message: message.clone() });
    Ok((StatusCode::CREATED, Json(message)))
}

/// Until when somebody has read.
#[derive(Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct ReadUntil {
    /// `sent_at` of the last message that was seen.
    until: Moment,
}

/// Marks what was read.
#[utoipa::path(post, path = "/api/threads/{id}/read", params(("id" = ThreadId, Path)), request_body = ReadUntil, tag = "messages",
    responses((status = 204), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn read(
    State(app): State<App>,
    Signed(access): Signed,
    Id(id): Id<ThreadId>,
    Input(form): Input<ReadUntil>,
) -> Result<StatusCode, Problem> {
    let mut db = app.school.store.write().await?;
    let listed = readable(&mut db, &access, &id).await?.ok_or_else(not_found)?;
    let until = mark_read(&mut db, &access, &listed, form.until).await?;
    db.commit().await?;
    app.school.live.publish([access.id()], &LiveEvent::Read { thread_id: id, until });
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Up to three, all of which a message must have; at least two characters.
    words: String,
}

/// A message that was found.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct FoundMessage {
    pub message: MessageInfo,
    pub kind: ThreadKind,
    /// What its conversation is called; may be empty.
    pub title: String,
}

/// Searches what one may read; the fifty newest that fit.
#[utoipa::path(get, path = "/api/search", params(Words), tag = "messages",
    responses((status = 200, body = Vec<FoundMessage>), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn search(State(app): State<App>, Signed(access): Signed, Asked(asked): Asked<Words>) -> Answer<Vec<FoundMessage>> {
    let words = line("words", &asked.words, 200)?;
    if words.chars().count() < 2 {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "too_short", "at least two characters").about("words"));
    }
    let words: Vec<&str> = words.splitn(3, char::is_whitespace).collect();
    let mut db = app.school.store.read().await?;
    let found = threads::search(&mut db, reader(&access, Moment::now()), &words, FOUND).await?;
    let seen = found.into_iter().filter(|found| may_read(&access, found.kind, found.standing));
    let seen = seen.map(|found| FoundMessage { message: MessageInfo::of(found.message, vec![]), kind: found.kind, title: found.title });
    Ok(Json(seen.collect()))
}

/// What waits to be read.
#[derive(Serialize, ToSchema, ts_rs::TS)]
pub struct Unread {
    pub threads: i64,
    pub messages: i64,
}

/// How much waits to be read.
#[utoipa::path(get, path = "/api/unread", tag = "messages", responses((status = 200, body = Unread), (status = 401, body = ProblemBody, content_type = "application/problem+json")))]
pub async fn unread(State(app): State<App>, Signed(access): Signed) -> Answer<Unread> {
    let mut db = app.school.store.read().await?;
    Ok(Json(waiting(&mut db, &access).await?))
}

/// What waits for somebody to read it.
pub async fn waiting(db: &mut Connection, access: &Access) -> Result<Unread, Problem> {
    let waiting = threads::unread(db, reader(access, Moment::now())).await?;
    let counts = waiting.into_iter().filter(|(kind, standing, _)| may_read(access, *kind, *standing)).map(|(_, _, count)| count);
    let (threads, messages) = counts.fold((0, 0), |(threads, messages), count| (threads + 1, messages + count));
    Ok(Unread { threads, messages })
}

/// A message as it came, checked.
struct Draft {
    client_id: String,
    text: String,
}

impl Draft {
    fn check(client_id: &str, text: &str) -> Result<Self, Problem> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if !(1..=64).contains(&client_id.len()) || !client_id.chars().all(plain) {
            let detail = "expected 1 to 64 letters, digits, - or _";
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed", detail).about("client_id"));
        }
        let text = lines("text", text, TEXT_MAX)?;
        if text.is_empty() {
            return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "empty", "this must not be empty").about("text"));
        }
        Ok(Self { client_id: client_id.to_owned(), text })
    }
}

/// Writes it, has those notified who are away, and says who is to hear of it once it is committed.
async fn write(
    db: &mut Connection,
    app: &App,
    access: &Access,
    thread: &ThreadId,
    draft: &Draft,
) -> Result<(std::collections::BTreeSet<PersonId>, MessageInfo), StoreError> {
    let now = Moment::now();
    let message = threads::post(db, thread, access.id(), &draft.client_id, &draft.text, now).await?;
    // Whoever writes has read what stands before.
    threads::mark_read(db, thread, access.id(), message.sent_at).await?;
    let kind = threads::kind(db, thread).await?.ok_or(StoreError::Missing)?;
    let people = readers(db, thread, kind, now).await?;
    if app.config.mail.is_some() {
        queue_notices(db, &app.school.live, &app.url, &Told { thread, author: access.id(), readers: &people, now }).await?;
    }
    Ok((people, MessageInfo::of(message, vec![])))
}

/// The conversation to write in: the one there is, or a new one.
async fn begin(db: &mut Connection, access: &Access, form: &NewThread) -> Result<ThreadId, Problem> {
    let (existing, new, members) = match form.kind {
        ThreadKind::Course => {
            let course = form.course_id.clone().ok_or_else(|| missing("course_id"))?;
            let relations = course_relations(db, access, &course).await?;
            access.require(Action::Create, Object::Thread, relations)?;
            (threads::of_course(db, &course).await?, new_thread(form, String::new(), Some(course), None), vec![])
        }
        ThreadKind::Family => {
            let student = form.student_id.clone().ok_or_else(|| missing("student_id"))?;
            let teacher = form.teacher_id.clone().unwrap_or_else(|| access.id().clone());
            let relations = family_relations(db, access, &teacher, &student).await?;
            access.require(Action::Create, Object::Thread, relations)?;
            let existing = threads::of_family(db, &teacher, &student).await?;
            (existing, new_thread(form, String::new(), None, Some(student)), vec![teacher])
        }
        ThreadKind::Staff => {
            let title = optional_line("title", &form.title, TITLE_MAX)?;
            let members = staff_members(db, access, &form.members).await?;
            access.require(Action::Create, Object::Thread, Relation::Invited)?;
            (None, new_thread(form, title, None, None), members)
        }
        ThreadKind::Notice => {
            let title = line("title", &form.title, TITLE_MAX)?;
            let relations = match &form.course_id {
                Some(course) => course_relations(db, access, course).await?,
                None => Relations::NONE,
            };
            access.require(Action::Create, Object::Notice, relations)?;
            (None, new_thread(form, title, form.course_id.clone(), None), vec![access.id().clone()])
        }
    };
    if let Some(existing) = existing {
        return Ok(existing);
    }
    threads::insert(db, &new, &members).await?;
    Ok(new.id)
}

fn new_thread(form: &NewThread, title: String, course_id: Option<CourseId>, student_id: Option<PersonId>) -> Thread {
    // Until its first message, which comes in the same transaction.
    Thread { id: ThreadId::new(), kind: form.kind, title, course_id, student_id, last_at: Moment(0) }
}

/// How somebody stands to a course, for beginning a conversation or a notice.
async fn course_relations(db: &mut Connection, access: &Access, id: &CourseId) -> Result<Relations, Problem> {
    let course = courses::find(db, id).await?.filter(|course| course.archived_at.is_none()).ok_or_else(not_found)?;
    let attended = courses::attends(db, access.id(), id, since(Moment::now())).await?;
    let taught = course.teacher_id.as_ref() == Some(access.id());
    Ok(Relations::NONE.with(Relation::Taught, taught).with(Relation::Attended, attended))
}

/// How somebody stands to a conversation between a teacher and a student's family. Without lessons there is none.
async fn family_relations(db: &mut Connection, access: &Access, teacher: &PersonId, student: &PersonId) -> Result<Relations, Problem> {
    if !threads::teaches_since(db, teacher, student, since(Moment::now())).await? {
        return Ok(Relations::NONE);
    }
    let child = people::is_guardian(db, access.id(), student).await?;
    Ok(Relations::NONE
        .with(Relation::Taught, access.id() == teacher)
        .with(Relation::Own, access.id() == student)
        .with(Relation::Child, child))
}

/// Those of a conversation of the staff, with whoever begins it: all of them work here.
async fn staff_members(db: &mut Connection, access: &Access, named: &[PersonId]) -> Result<Vec<PersonId>, Problem> {
    let works = |roles: &[PersonRole]| roles.iter().any(|role| matches!(role, PersonRole::Teacher | PersonRole::Office | PersonRole::Head));
    if !works(&access.roles) {
        return Err(Problem::new(StatusCode::FORBIDDEN, "not_allowed", "your role does not allow this"));
    }
    let mut members: Vec<PersonId> = named.to_vec();
    members.push(access.id().clone());
    members.sort();
    members.dedup();
    if !(2..=MEMBERS_MAX).contains(&members.len()) {
        let detail = format!("between one and {} others", MEMBERS_MAX - 1);
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "members_count", detail).about("members"));
    }
    for member in &members {
        let here = people::find(db, member).await?.is_some_and(|person| person.archived_at.is_none());
        if !here || !works(&people::roles(db, member).await?) {
            return Err(
                Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "not_staff", "somebody of these does not work here").about("members")
            );
        }
    }
    Ok(members)
}

async fn describe(db: &mut Connection, access: &Access, id: &ThreadId) -> Result<ThreadInfo, Problem> {
    let listed = readable(db, access, id).await?.ok_or_else(not_found)?;
    let members = match listed.thread.kind {
        ThreadKind::Notice => vec![],
        _ => threads::members_of(db, id).await?.into_iter().map(|member| MemberInfo { id: member.person_id, name: member.name }).collect(),
    };
    Ok(ThreadInfo::of(listed, members, access))
}

fn missing(field: &'static str) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "missing_field", "this kind of conversation needs it").about(field)
}

/// The first line's beginning.
fn glimpse(text: &str) -> String {
    text.split('\n').find(|line| !line.trim().is_empty()).unwrap_or_default().chars().take(GLIMPSE).collect()
}

/// Why a message was not written; kept apart so that the caller can see what is worth another try.
enum Refused {
    Store(StoreError),
    Problem(Problem),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Store(error) => error.into(),
            Refused::Problem(problem) => problem,
        }
    }
}

//! What is said of a lesson date: cancelled, moved, somebody else teaches, online or not. Whom it concerns is told.

use super::super::super::App;
use super::super::super::problem::{Problem, ProblemBody};
use super::super::input::{Id, Input, lines};
use super::super::signed::Signed;
use super::super::{Answer, not_found};
use super::courses::check_teacher;
use super::dates::DateInfo;
use crate::school::agenda::{Agenda, Entry};
use crate::school::live::LiveEvent;
use crate::school::notices::{self, News};
use crate::school::permit::{Action, Object, Relations};
use crate::school::timetable::SPAN_DAYS_MAX;
use crate::store::dates::{self, LessonDate, Status};
use crate::store::{CategoryId, Connection, CourseId, Day, Flag, Moment, PersonId, journal};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub const NOTE_MAX: usize = 1000;

pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(change))
}

#[cfg(test)]
pub fn types(c: &ts_rs::Config) -> Vec<String> {
    super::super::bindings::export!(c, DateForm, DateChange)
}

#[derive(Deserialize, ToSchema, ts_rs::TS)]
#[serde(deny_unknown_fields)]
pub struct DateForm {
    /// Of the date as it was seen.
    version: i64,
    change: DateChange,
}

/// What is said of a date.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema, ts_rs::TS)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum DateChange {
    /// It does not take place.
    Cancel { category: CategoryId, note: String },
    /// It takes place on another day, at another time, or both.
    Move {
        day: Day,
        #[schema(minimum = 0, maximum = 1435)]
        minute: i64,
        note: String,
    },
    /// It takes place as planned after all.
    Restore,
    /// Somebody else teaches; null: the course's own teacher.
    Substitute { person: Option<PersonId> },
    /// Online, or where the course is at home.
    Place { online: bool },
}

/// Says something of a lesson date. Families and teachers are told by mail when it lies ahead.
#[utoipa::path(put, path = "/api/dates/{course}/{day}", params(("course" = CourseId, Path), ("day" = Day, Path)), request_body = DateForm,
    tag = "timetable", responses((status = 200, body = DateInfo), (status = "4XX", body = ProblemBody, content_type = "application/problem+json")))]
pub async fn change(
    State(app): State<App>,
    Signed(access): Signed,
    Id((course, day)): Id<(CourseId, Day)>,
    Input(form): Input<DateForm>,
) -> Answer<DateInfo> {
    let (zone, now) = (app.school.zone, Moment::now());
    let target = if let DateChange::Move { day, .. } = form.change { Some(day) } else { None };
    if target.is_some_and(|target| (target.0 - day.0).num_days().abs() > SPAN_DAYS_MAX) {
        return Err(
            Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "span_too_long", "this is too far from the planned day").about("change.day")
        );
    }
    let mut db = app.school.store.write().await?;
    let agenda = Agenda::load_date(&mut db, access.id(), &course, day, target).await?;
    let entry = agenda.entry(day).ok_or_else(not_found)?;
    access.require(Action::Update, Object::Date, entry.relations)?;
    check_open(&entry.at.date, form.version)?;
    let news = news(&entry, &form.change);
    let changed = apply(&mut db, &agenda, &entry, form.change).await?;
    check_free(&agenda, &entry, &changed)?;
    if changed.status != entry.at.date.status && matches!(changed.status, Status::Planned | Status::Moved | Status::Cancelled) {
        dates::clear_attendance(&mut db, &course, day).await?;
    }
    put(&mut db, &changed).await?;
    if access.may(Action::Update, Object::Date, Relations::NONE) {
        journal::note(&mut db, access.id(), "update", "date", &format!("{course}/{day}")).await?;
    }
    let agenda = Agenda::load_date(&mut db, access.id(), &course, day, None).await?;
    let after = agenda.entry(day).ok_or_else(not_found)?;
    let ahead = after.at.span(zone).1 > now || entry.at.span(zone).1 > now;
    if let Some(news) = news.filter(|_| ahead) {
        let news = match news {
            News::Substitute(Some(_)) => News::Substitute(after.substitute.clone()),
            other => other,
        };
        let organizer = app.config.mail.as_ref().map(|mail| mail.from.email.as_ref());
        notices::tell(&mut db, &after, &news, notices::Sender { organizer, zone, actor: access.id() }, now).await?;
    }
    let info = DateInfo::of(&after, &agenda, &access, zone);
    let mut concerned = notices::concerned(&mut db, &after).await?;
    concerned.extend(entry.at.date.substitute_id.clone());
    db.commit().await?;
    app.school.live.publish(&concerned, &LiveEvent::DateChanged { course_id: course, day });
    Ok(Json(info))
}

/// What is finalised is closed, and who saw an older date than there is looks again first.
pub fn check_open(date: &LessonDate, version: i64) -> Result<(), Problem> {
    if date.version != version {
        return Err(changed_meanwhile());
    }
    if date.finalised_at.is_some() {
        return Err(Problem::new(StatusCode::CONFLICT, "finalised", "this date is finalised; the office can open it again"));
    }
    Ok(())
}

/// Writes a date, unless somebody was faster.
pub async fn put(db: &mut Connection, date: &LessonDate) -> Result<(), Problem> {
    if dates::put(db, date).await? { Ok(()) } else { Err(changed_meanwhile()) }
}

fn changed_meanwhile() -> Problem {
    Problem::new(StatusCode::CONFLICT, "changed_meanwhile", "somebody else changed this date; look at it again")
}

async fn apply(db: &mut Connection, agenda: &Agenda, entry: &Entry<'_>, change: DateChange) -> Result<LessonDate, Problem> {
    let course = &entry.course.course;
    let mut date = entry.at.date.clone();
    match change {
        DateChange::Cancel { category, note } => {
            check_category(agenda, &category, "change.category")?;
            (date.status, date.category_id, date.given_minutes) = (Status::Cancelled, Some(category), None);
            date.note = lines("note", &note, NOTE_MAX)?;
        }
        DateChange::Move { day, minute, note } => {
            if !(0..=1440 - course.duration_minutes).contains(&minute) {
                let detail = "a lesson begins and ends on the same day";
                return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "out_of_range", detail).about("change.minute"));
            }
            (date.status, date.category_id, date.given_minutes) = (Status::Moved, None, None);
            (date.moved_day, date.moved_minute) = (Some(day), Some(minute));
            date.note = lines("note", &note, NOTE_MAX)?;
            // Back to where it was planned: that is no move.
            if (day, minute) == (date.day, course.start_minute) {
                (date.status, date.moved_day, date.moved_minute) = (Status::Planned, None, None);
            }
        }
        DateChange::Restore => {
            (date.status, date.category_id, date.given_minutes) = (Status::Planned, None, None);
            (date.moved_day, date.moved_minute) = (None, None);
            date.note.clear();
        }
        DateChange::Substitute { person } => {
            let person = person.filter(|person| course.teacher_id.as_ref() != Some(person));
            check_teacher(db, person.as_ref()).await?;
            date.substitute_id = person;
        }
        DateChange::Place { online } => date.online = Some(Flag(online)).filter(|online| *online != course.online),
    }
    Ok(date)
}

/// Categories that were put away cannot be chosen any more.
pub fn check_category(agenda: &Agenda, category: &CategoryId, field: &'static str) -> Result<(), Problem> {
    match agenda.categories.get(category) {
        Some(category) if category.archived_at.is_none() => Ok(()),
        _ => Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "no_category", "there is no such category").about(field)),
    }
}

/// No two dates of a course at once.
fn check_free(agenda: &Agenda, entry: &Entry<'_>, changed: &LessonDate) -> Result<(), Problem> {
    let at = crate::school::timetable::occurrence(&entry.course.course, changed.clone());
    let same_place = (at.day, at.start_minute) == (entry.at.day, entry.at.start_minute) && entry.at.takes_place();
    if same_place || !at.takes_place() {
        return Ok(());
    }
    let others = agenda.entries_between(at.day, at.day);
    let overlaps = |other: &Entry<'_>| {
        other.at.date.day != changed.day
            && other.at.takes_place()
            && other.at.start_minute < at.start_minute + at.duration_minutes
            && at.start_minute < other.at.start_minute + other.at.duration_minutes
    };
    if others.iter().any(overlaps) {
        return Err(Problem::new(StatusCode::CONFLICT, "date_taken", "the course has another date at that time").about("change.day"));
    }
    Ok(())
}

/// What there is to tell; nothing when it only says again what was.
fn news(entry: &Entry<'_>, change: &DateChange) -> Option<News> {
    let date = &entry.at.date;
    let course = &entry.course.course;
    match change {
        DateChange::Cancel { .. } => (date.status != Status::Cancelled).then_some(News::Cancelled),
        DateChange::Move { day, minute, .. } => {
            let moved = (*day, *minute) != (entry.at.day, entry.at.start_minute) || date.status == Status::Cancelled;
            let back = (*day, *minute) == (date.day, course.start_minute);
            moved.then_some(if back { News::Restored } else { News::Moved { day: *day, minute: *minute } })
        }
        DateChange::Restore => matches!(date.status, Status::Cancelled | Status::Moved).then_some(News::Restored),
        DateChange::Substitute { person } => {
            let person = person.as_ref().filter(|person| course.teacher_id.as_ref() != Some(*person));
            // The name is read when it is written.
            (person != date.substitute_id.as_ref()).then(|| News::Substitute(person.map(|_| String::new())))
        }
        DateChange::Place { online } => {
            let news = if *online { News::Online } else { News::OnSite(course.place.clone()) };
            (*online != entry.at.online).then_some(news)
        }
    }
}

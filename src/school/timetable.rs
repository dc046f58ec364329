//! Lesson dates: what courses plan, less holidays, overlaid with what was said of single dates. Pure: rows in, dates out.

use crate::store::courses::{Course, Holiday};
use crate::store::dates::{LessonDate, Status};
use crate::store::{Day, Moment};
use chrono::{Datelike, Days, LocalResult, NaiveDateTime, NaiveTime, TimeZone};
use chrono_tz::Tz;
use std::collections::BTreeMap;

/// Longer spans are not asked for: a school year and its holidays.
pub const SPAN_DAYS_MAX: i64 = 400;

/// One lesson date, as it is to take place or did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// What was said of it; [`LessonDate::planned`] when nothing was.
    pub date: LessonDate,
    /// When it takes place: moved dates are where they were moved to.
    pub day: Day,
    pub start_minute: i64,
    pub duration_minutes: i64,
    pub online: bool,
}

impl Occurrence {
    /// When it begins and ends.
    pub fn span(&self, zone: Tz) -> (Moment, Moment) {
        let start = moment(zone, self.day, self.start_minute);
        (start, Moment(start.0 + self.duration_minutes * 60_000))
    }

    /// Whether it takes place at all, as far as is known.
    pub fn takes_place(&self) -> bool {
        self.date.status != Status::Cancelled
    }
}

/// All dates of a course that lie in these days, by time. `said` are its rows that are planned in or moved into them.
///
/// A date that was said something of is there even when the course no longer plans it (its weekday changed since), or when it falls into a holiday:
/// what a teacher signed does not go away.
pub fn occurrences(course: &Course, holidays: &[Holiday], said: &[LessonDate], from: Day, to: Day) -> Vec<Occurrence> {
    let mut dates: BTreeMap<Day, LessonDate> = said.iter().map(|date| (date.day, date.clone())).collect();
    for day in planned_days(course, holidays, from, to) {
        dates.entry(day).or_insert_with(|| LessonDate::planned(course.id.clone(), day));
    }
    let mut found: Vec<Occurrence> = dates
        .into_values()
        // Nothing was said but what the course says itself: it must still plan it.
        .filter(|date| date.status != Status::Planned || is_planned(course, holidays, date.day))
        .map(|date| occurrence(course, date))
        .filter(|occurrence| (from..=to).contains(&occurrence.day))
        .collect();
    found.sort_by_key(|occurrence| (occurrence.day, occurrence.start_minute));
    found
}

/// One date of a course.
pub fn occurrence(course: &Course, date: LessonDate) -> Occurrence {
    let moved = date.status != Status::Cancelled;
    Occurrence {
        day: date.moved_day.filter(|_| moved).unwrap_or(date.day),
        start_minute: date.moved_minute.filter(|_| moved).unwrap_or(course.start_minute),
        duration_minutes: course.duration_minutes,
        online: date.online.unwrap_or(course.online).0,
        date,
    }
}

/// Whether a course plans a date on this day.
pub fn is_planned(course: &Course, holidays: &[Holiday], day: Day) -> bool {
    let valid = course.valid_from <= day && course.valid_to.is_none_or(|last| day <= last);
    let weekday = i64::from(day.0.weekday().number_from_monday()) == course.weekday;
    valid && weekday && !holidays.iter().any(|holiday| (holiday.first_day..=holiday.last_day).contains(&day))
}

fn planned_days<'a>(course: &'a Course, holidays: &'a [Holiday], from: Day, to: Day) -> impl Iterator<Item = Day> + 'a {
    let first = from.max(course.valid_from);
    let ahead = (course.weekday - i64::from(first.0.weekday().number_from_monday())).rem_euclid(7);
    let start = first.0.checked_add_days(Days::new(ahead.unsigned_abs()));
    let weeks = std::iter::successors(start, |day| day.checked_add_days(Days::new(7)));
    weeks.map(Day).take_while(move |day| *day <= to).filter(|day| is_planned(course, holidays, *day))
}

/// The instant of a time of day. What daylight saving skips is an hour later; what it repeats is the first.
pub fn moment(zone: Tz, day: Day, minute: i64) -> Moment {
    let minute = u32::try_from(minute.clamp(0, 1439)).unwrap_or_default();
    let time = NaiveTime::from_hms_opt(minute / 60, minute % 60, 0).unwrap_or_default();
    let local = NaiveDateTime::new(day.0, time);
    let instant = match zone.from_local_datetime(&local) {
        LocalResult::Single(instant) | LocalResult::Ambiguous(instant, _) => instant.timestamp_millis(),
        LocalResult::None => {
            zone.from_local_datetime(&(local + chrono::Duration::hours(1))).earliest().map_or(0, |at| at.timestamp_millis())
        }
    };
    Moment(instant)
}

/// Day and minute of an instant.
pub fn local(zone: Tz, moment: Moment) -> (Day, i64) {
    use chrono::Timelike;
    let at = zone.timestamp_millis_opt(moment.0).earliest().unwrap_or_else(|| zone.timestamp_nanos(0));
    (Day(at.date_naive()), i64::from(at.hour() * 60 + at.minute()))
}

/// So many days later, or earlier.
pub fn shifted(day: Day, days: i64) -> Day {
    let count = Days::new(days.unsigned_abs());
    Day(if days < 0 { day.0.checked_sub_days(count) } else { day.0.checked_add_days(count) }.unwrap_or(day.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::courses::CourseKind;
    use crate::store::{CourseId, Flag, HolidayId};

    fn day(text: &str) -> Day {
        text.parse().expect("a day")
    }

    fn course() -> Course {
        Course {
            id: CourseId::new(),
            code: None,
            name: "Violine".into(),
            subject: "Violine".into(),
            kind: CourseKind::Single,
            teacher_id: None,
            weekday: 1,
            start_minute: 16 * 60,
            duration_minutes: 30,
            place: String::new(),
            online: Flag(true),
            valid_from: day("2026-09-01"),
            valid_to: Some(day("2027-01-31")),
            room: "Violine".into(),
            archived_at: None,
        }
    }

    fn holidays() -> Vec<Holiday> {
        vec![Holiday { id: HolidayId::new(), name: "Herbst".into(), first_day: day("2026-10-05"), last_day: day("2026-10-17") }]
    }

    fn days(course: &Course, said: &[LessonDate], from: &str, to: &str) -> Vec<String> {
        occurrences(course, &holidays(), said, day(from), day(to)).iter().map(|at| at.day.to_string()).collect()
    }

    #[test]
    fn every_week_but_in_holidays_and_only_while_it_is_valid() {
        assert_eq!(days(&course(), &[], "2026-08-01", "2026-09-15"), ["2026-09-07", "2026-09-14"]);
        assert_eq!(days(&course(), &[], "2026-09-28", "2026-10-19"), ["2026-09-28", "2026-10-19"]);
        assert_eq!(days(&course(), &[], "2027-01-20", "2027-03-01"), ["2027-01-25"]);
        assert!(days(&course(), &[], "2026-09-08", "2026-09-13").is_empty());
    }

    #[test]
    fn a_moved_date_is_where_it_was_moved_to_and_nowhere_else() {
        let course = course();
        let mut date = LessonDate::planned(course.id.clone(), day("2026-09-07"));
        (date.status, date.moved_day, date.moved_minute) = (Status::Moved, Some(day("2026-09-09")), Some(900));
        let said = [date];
        assert_eq!(days(&course, &said, "2026-09-07", "2026-09-08"), Vec::<String>::new());
        let found = occurrences(&course, &[], &said, day("2026-09-08"), day("2026-09-13"));
        assert_eq!(found.iter().map(|at| (at.day, at.start_minute)).collect::<Vec<_>>(), [(day("2026-09-09"), 900)]);
    }

    #[test]
    fn what_was_said_stays_when_the_plan_changes() {
        let mut course = course();
        let mut given = LessonDate::planned(course.id.clone(), day("2026-09-07"));
        given.status = Status::Given;
        let noted = LessonDate { note: "Noten mitbringen".into(), ..LessonDate::planned(course.id.clone(), day("2026-09-14")) };
        course.weekday = 2;
        assert_eq!(days(&course, &[given, noted], "2026-09-01", "2026-09-15"), ["2026-09-01", "2026-09-07", "2026-09-08", "2026-09-15"]);
    }

    #[test]
    fn a_lesson_keeps_its_time_of_day_over_the_change_of_the_clocks() {
        let zone = chrono_tz::Europe::Berlin;
        let (summer, winter) = (moment(zone, day("2026-10-19"), 960), moment(zone, day("2026-10-26"), 960));
        assert_eq!(winter.0 - summer.0, (7 * 24 + 1) * 3_600_000);
        assert_eq!(local(zone, winter), (day("2026-10-26"), 960));
        // 2:30 does not exist on the last Sunday of March.
        assert_eq!(local(zone, moment(zone, day("2027-03-28"), 150)), (day("2027-03-28"), 210));
    }
}

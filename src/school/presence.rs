//! Who is in which course's online room, from when to when: noted while people are there, written down every half minute, so that a crash
//! loses no more than that of a lesson. Sockets only leave a note here; none of them ever waits for the database.

use crate::store::dates::{self, Presence};
use crate::store::{Moment, PersonId, PresenceId, Result, Store};
use auftakt_signaling::RoomName;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// Stays that are noted and not yet over and written: twice as many as there are sockets. Full, which takes a database that has not been
/// writing for long: who comes is not noted, and the teacher confirms without a proposal.
const STAYS_MAX: usize = 8192;
const WRITE_EVERY: Duration = Duration::from_secs(30);

/// Everybody who is there. Cheap to clone.
#[derive(Clone, Default)]
pub struct Presences(Arc<Mutex<BTreeMap<PresenceId, Noted>>>);

#[derive(Clone)]
struct Noted {
    room: RoomName,
    person: PersonId,
    from: Moment,
    /// `None`: still there.
    to: Option<Moment>,
}

/// That somebody is there: until it is dropped.
pub struct Stay {
    all: Presences,
    id: PresenceId,
}

impl Drop for Stay {
    fn drop(&mut self) {
        if let Some(noted) = self.all.lock().get_mut(&self.id) {
            noted.to = Some(Moment::now());
        }
    }
}

impl Presences {
    /// Somebody has come into a room. `None` when no more can be noted.
    pub fn enter(&self, room: &RoomName, person: PersonId) -> Option<Stay> {
        let id = PresenceId::new();
        let mut stays = self.lock();
        if stays.len() >= STAYS_MAX {
            return None;
        }
        stays.insert(id.clone(), Noted { room: room.clone(), person, from: Moment::now(), to: None });
        Some(Stay { all: self.clone(), id })
    }

    /// Who is in a room now.
    pub fn inside(&self, room: &str) -> Vec<PersonId> {
        let stays = self.lock();
        let mut inside: Vec<PersonId> =
            stays.values().filter(|noted| noted.to.is_none() && noted.room.as_str() == room).map(|noted| noted.person.clone()).collect();
        inside.sort();
        inside.dedup();
        inside
    }

    /// Writes it down again and again, until the server stops.
    pub async fn follow(&self, store: &Store, mut stopping: watch::Receiver<bool>) {
        let mut ticks = tokio::time::interval(WRITE_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => self.write(store, Moment::now()).await,
                _ = stopping.changed() => return,
            }
        }
    }

    /// Writes down who is there and who was. What cannot be written now stays noted.
    pub async fn write(&self, store: &Store, now: Moment) {
        let noted: Vec<(PresenceId, Noted)> = self.lock().iter().map(|(id, noted)| (id.clone(), noted.clone())).collect();
        if noted.is_empty() {
            return;
        }
        match write_all(store, &noted, now).await {
            Ok(()) => {
                let mut stays = self.lock();
                noted.iter().filter(|(_, noted)| noted.to.is_some()).for_each(|(id, _)| drop(stays.remove(id)));
            }
            Err(error) => tracing::warn!("presence could not be written, it is tried again: {error}"),
        }
    }

    /// Whole after every statement under the lock, so a panic elsewhere spoils nothing.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<PresenceId, Noted>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn write_all(store: &Store, noted: &[(PresenceId, Noted)], now: Moment) -> Result<()> {
    let mut db = store.write().await?;
    for (id, noted) in noted {
        dates::extend_presence(&mut db, id, noted.room.as_str(), &noted.person, noted.from, noted.to.unwrap_or(now)).await?;
    }
    db.commit().await?;
    Ok(())
}

/// Somebody's times in a room, by time, where gaps of at most `gap` are no gaps: a network that broke, a device that was changed.
pub fn joined<'a>(stays: impl IntoIterator<Item = &'a Presence>, gap: Duration) -> Vec<(Moment, Moment)> {
    let mut spans: Vec<(Moment, Moment)> = stays.into_iter().map(|stay| (stay.from_at, stay.to_at)).collect();
    spans.sort();
    let mut joined: Vec<(Moment, Moment)> = Vec::new();
    for (from, to) in spans {
        match joined.last_mut() {
            Some((_, end)) if from <= end.plus(gap) => *end = to.max(*end),
            _ => joined.push((from, to)),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::school::samples;

    fn stay(from: i64, to: i64) -> Presence {
        Presence { course_id: crate::store::CourseId::new(), person_id: PersonId::new(), from_at: Moment(from), to_at: Moment(to) }
    }

    #[test]
    fn short_gaps_are_none() {
        let gap = Duration::from_millis(10);
        let spans = joined(&[stay(50, 60), stay(0, 20), stay(30, 40), stay(5, 8), stay(71, 80)], gap);
        assert_eq!(spans, [(Moment(0), Moment(60)), (Moment(71), Moment(80))]);
    }

    #[tokio::test]
    async fn a_stay_is_written_while_it_lasts_and_once() {
        let store = Store::open("sqlite::memory:").await.expect("a database");
        let mut db = store.write().await.expect("the writer");
        let (teacher, course) = samples::course(&mut db).await;
        db.commit().await.expect("written");
        let presences = Presences::default();
        let room = RoomName::parse(&course.room).expect("a room");
        let stay = presences.enter(&room, teacher.clone()).expect("room for one");
        let elsewhere = presences.enter(&RoomName::parse("no course").expect("a room"), teacher.clone());
        let start = Moment::now();
        presences.write(&store, start.plus(Duration::from_secs(30))).await;
        presences.write(&store, start.plus(Duration::from_secs(60))).await;
        let written = written(&store, &course.id).await;
        assert_eq!(written.len(), 1, "one row, extended");
        assert!(written[0].to_at >= start.plus(Duration::from_secs(60)), "a crash now loses half a minute");
        assert_eq!(presences.inside(&course.room), [teacher]);
        drop((stay, elsewhere));
        assert!(presences.inside(&course.room).is_empty());
        presences.write(&store, start.plus(Duration::from_secs(90))).await;
        assert!(presences.lock().is_empty(), "what is over and written is forgotten");
        let last = self::written(&store, &course.id).await;
        assert!(last.len() == 1 && last[0].to_at <= Moment::now());
    }

    async fn written(store: &Store, course: &crate::store::CourseId) -> Vec<Presence> {
        let mut db = store.write().await.expect("the only connection of a database in memory");
        dates::presence(&mut db, course, Moment(0), Moment(i64::MAX)).await.expect("read")
    }
}

//! Who speaks, and who is heard: from what the media plane says of every microphone.

use crate::wire::ParticipantId;
use auftakt_media::worker::Activity;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Whoever fell quiet keeps the place among the heard for this long: a breath, a page turned, a rest in the music.
const QUIET_KEPT: Duration = Duration::from_secs(2);
/// So long must somebody be louder than the softest of the heard to take its place: no cough does that.
const LOUDER_FOR: Duration = Duration::from_millis(300);
/// Louder means by so many decibels; else two equally loud ones would take the place from each other for ever.
const LOUDER_BY: u8 = 3;
/// To go before somebody in the list of speakers takes so many decibels more.
const BEFORE_BY: u8 = 6;

/// Somebody whose microphone is published and not muted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OpenMicrophone {
    pub(super) id: ParticipantId,
    /// Always heard, or only with the loudest.
    pub(super) claim: Claim,
}

/// By what right somebody is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Claim {
    /// Leads the room or has the floor.
    Always,
    /// By being among the loudest.
    Loudness,
}

#[derive(Debug, Default)]
struct Voice {
    /// The latest; of whoever is quiet, the last before that.
    loudness: u8,
    sounding: bool,
    quiet_since: Option<Instant>,
    /// Since when it has been louder than the softest of the heard, without being one of them.
    louder_since: Option<Instant>,
    /// Counts up within the room with everybody who stops speaking.
    spoke: u64,
}

impl Voice {
    /// What somebody must be louder than. `None`: the place is free for anybody who sounds.
    fn strength(&self, now: Instant) -> Option<u8> {
        let kept = self.quiet_since.is_some_and(|since| now < since + QUIET_KEPT);
        (self.sounding || kept).then_some(self.loudness)
    }
}

/// All voices of a room.
#[derive(Debug)]
pub(super) struct Voices {
    /// How many are heard by loudness.
    places: usize,
    voices: BTreeMap<ParticipantId, Voice>,
    speaking: Vec<ParticipantId>,
    /// Who holds a place by loudness.
    placed: Vec<ParticipantId>,
    heard: Vec<ParticipantId>,
    spoken: u64,
    check_at: Option<Instant>,
}

impl Voices {
    pub(super) fn new(places: usize) -> Self {
        Self { places, voices: BTreeMap::new(), speaking: vec![], placed: vec![], heard: vec![], spoken: 0, check_at: None }
    }

    /// Who speaks or plays now, who matters most first.
    pub(super) fn speaking(&self) -> &[ParticipantId] {
        &self.speaking
    }

    /// In the order in which the microphones were told.
    pub(super) fn heard(&self) -> &[ParticipantId] {
        &self.heard
    }

    /// 0: never spoke. Who spoke later has more.
    pub(super) fn spoke(&self, id: ParticipantId) -> u64 {
        self.voices.get(&id).map_or(0, |voice| voice.spoke)
    }

    /// When [`Voices::update`] is wanted although nothing happened.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.check_at
    }

    /// What the media plane says of a microphone.
    pub(super) fn note(&mut self, now: Instant, id: ParticipantId, activity: Activity) {
        let voice = self.voices.entry(id).or_default();
        match activity {
            Activity::Sounding { loudness } => {
                (voice.sounding, voice.loudness, voice.quiet_since) = (true, loudness, None);
            }
            Activity::Quiet if voice.sounding => {
                (voice.sounding, voice.quiet_since, voice.louder_since) = (false, Some(now), None);
            }
            Activity::Quiet => {}
        }
    }

    /// The microphone is gone: what comes next begins from silence.
    pub(super) fn silence(&mut self, now: Instant, id: ParticipantId) {
        if self.voices.contains_key(&id) {
            self.note(now, id, Activity::Quiet);
        }
    }

    pub(super) fn forget(&mut self, id: ParticipantId) {
        self.voices.remove(&id);
        self.speaking.retain(|other| *other != id);
        self.placed.retain(|other| *other != id);
        self.heard.retain(|other| *other != id);
    }

    /// Decides anew. True when somebody else speaks or is heard now, or in another order.
    pub(super) fn update(&mut self, now: Instant, microphones: &[OpenMicrophone]) -> bool {
        self.check_at = None;
        let speaking = self.next_speaking(microphones);
        for id in self.speaking.iter().filter(|id| !speaking.contains(id)) {
            if let Some(voice) = self.voices.get_mut(id) {
                self.spoken += 1;
                voice.spoke = self.spoken;
            }
        }
        let by_loudness: Vec<ParticipantId> = microphones.iter().filter(|m| m.claim == Claim::Loudness).map(|m| m.id).collect();
        self.place(now, &by_loudness);
        let is_heard = |m: &&OpenMicrophone| m.claim == Claim::Always || self.placed.contains(&m.id);
        let heard: Vec<ParticipantId> = microphones.iter().filter(is_heard).map(|m| m.id).collect();
        let changed = speaking != self.speaking || heard != self.heard;
        (self.speaking, self.heard) = (speaking, heard);
        changed
    }

    fn loudness(&self, id: ParticipantId) -> u8 {
        self.voices.get(&id).filter(|voice| voice.sounding).map_or(0, |voice| voice.loudness)
    }

    fn next_speaking(&self, microphones: &[OpenMicrophone]) -> Vec<ParticipantId> {
        let sounds = |id: ParticipantId| self.voices.get(&id).is_some_and(|voice| voice.sounding);
        let open = |id: &ParticipantId| microphones.iter().any(|m| m.id == *id);
        let mut speaking: Vec<ParticipantId> = self.speaking.iter().copied().filter(|id| sounds(*id) && open(id)).collect();
        let mut new: Vec<ParticipantId> = microphones.iter().map(|m| m.id).filter(|id| sounds(*id) && !speaking.contains(id)).collect();
        new.sort_by_key(|id| std::cmp::Reverse(self.loudness(*id)));
        speaking.extend(new);
        // Each step needs a clear difference, so that the order stays while it makes none.
        for end in 1..speaking.len() {
            let mut at = end;
            while at > 0 && self.loudness(speaking[at]) >= self.loudness(speaking[at - 1]).saturating_add(BEFORE_BY) {
                speaking.swap(at, at - 1);
                at -= 1;
            }
        }
        speaking
    }

    /// Gives the places to the loudest, without taking anybody's voice mid-sentence.
    fn place(&mut self, now: Instant, candidates: &[ParticipantId]) {
        self.placed.retain(|id| candidates.contains(id));
        if candidates.len() <= self.places {
            self.placed = candidates.to_vec();
            return self.stop_contests();
        }
        self.fill_places(now, candidates);
        // Each round gives one place away, and nobody who got one loses it in the same moment.
        for _ in 0..self.places {
            let Some((weakest, strength)) = self.weakest(now) else { break };
            let Some(winner) = self.contest(now, candidates, strength) else { break };
            self.placed.retain(|id| *id != weakest);
            self.placed.push(winner);
        }
    }

    /// Nobody contends for anything.
    fn stop_contests(&mut self) {
        self.voices.values_mut().for_each(|voice| voice.louder_since = None);
    }

    /// Who sounds goes before who spoke last, and then who came first.
    fn fill_places(&mut self, now: Instant, candidates: &[ParticipantId]) {
        let missing = self.places.saturating_sub(self.placed.len());
        let mut free: Vec<ParticipantId> = candidates.iter().copied().filter(|id| !self.placed.contains(id)).collect();
        let merit = |id: &ParticipantId| self.voices.get(id).map(|voice| (voice.strength(now), voice.spoke)).unwrap_or_default();
        free.sort_by_key(|id| std::cmp::Reverse(merit(id)));
        free.truncate(missing);
        self.placed.extend(free);
    }

    fn weakest(&self, now: Instant) -> Option<(ParticipantId, Option<u8>)> {
        let strength = |id: &ParticipantId| self.voices.get(id).and_then(|voice| voice.strength(now));
        // Of equals, whoever has the place for longest.
        self.placed.iter().map(|id| (*id, strength(id))).min_by_key(|(_, strength)| *strength)
    }

    /// The loudest without a place, if it may take one from somebody of this strength. Notes since when others might.
    fn contest(&mut self, now: Instant, candidates: &[ParticipantId], strength: Option<u8>) -> Option<ParticipantId> {
        for id in &self.placed {
            if let Some(voice) = self.voices.get_mut(id) {
                voice.louder_since = None;
            }
        }
        let mut winner: Option<(u8, ParticipantId)> = None;
        let mut check_at: Option<Instant> = None;
        let softest_end = self.placed.iter().filter_map(|id| self.voices.get(id)?.quiet_since).map(|since| since + QUIET_KEPT);
        let kept_until = softest_end.filter(|end| *end > now).min();
        for id in candidates.iter().filter(|id| !self.placed.contains(id)) {
            let Some(voice) = self.voices.get_mut(id).filter(|voice| voice.sounding) else { continue };
            let won = match strength {
                None => true,
                Some(strength) if voice.loudness >= strength.saturating_add(LOUDER_BY) => {
                    let over = *voice.louder_since.get_or_insert(now) + LOUDER_FOR;
                    check_at = [check_at, Some(over).filter(|over| *over > now)].into_iter().flatten().min();
                    now >= over
                }
                Some(_) => {
                    voice.louder_since = None;
                    false
                }
            };
            // A place may become free by time alone.
            check_at = [check_at, kept_until].into_iter().flatten().min();
            if won && winner.is_none_or(|(loudness, _)| voice.loudness > loudness) {
                winner = Some((voice.loudness, *id));
            }
        }
        self.check_at = check_at;
        winner.map(|(_, id)| id)
    }
}

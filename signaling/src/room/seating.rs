//! Who sits where in a conference: pure, from who should be seen and heard.

use crate::wire::{ParticipantId, RoomSettings, SeatedStream, StreamKind};
use std::collections::BTreeSet;

/// A stream that is to be heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HeardStream {
    pub(super) stream: SeatedStream,
    /// Speaks or plays now.
    pub(super) sounds: bool,
    /// Goes before others when there are too few places.
    pub(super) first: bool,
}

/// All streams in the order in which whoever has no wishes should see them: screens, the spotlight, the floor, who speaks, who spoke last,
/// who came first. `speakers` are those who speak and those who spoke, `streams` are in order of appearance.
pub(super) fn ranking(
    streams: &[SeatedStream],
    settings: &RoomSettings,
    speakers: impl Iterator<Item = ParticipantId>,
) -> Vec<SeatedStream> {
    let exists: BTreeSet<SeatedStream> = streams.iter().copied().collect();
    let main = |participant| SeatedStream { participant, stream: StreamKind::Main };
    let screens = streams.iter().copied().filter(|stream| stream.stream == StreamKind::Screen);
    let chosen = settings.spotlight.into_iter().chain(settings.floor.map(main));
    let order = screens.chain(chosen).chain(speakers.map(main)).chain(streams.iter().copied());
    let mut seen = BTreeSet::new();
    order.filter(|stream| exists.contains(stream) && seen.insert(*stream)).collect()
}

/// Fills picture seats with the first of `order` that fit. Whoever sits and still fits keeps the very seat.
pub(super) fn fill_pictures<'a>(
    seats: impl ExactSizeIterator<Item = &'a mut Option<SeatedStream>>,
    order: impl Iterator<Item = SeatedStream>,
) {
    let mut seats: Vec<&mut Option<SeatedStream>> = seats.collect();
    let mut shown: Vec<SeatedStream> = Vec::with_capacity(seats.len());
    for stream in order {
        if shown.len() == seats.len() {
            break;
        }
        if !shown.contains(&stream) {
            shown.push(stream);
        }
    }
    for seat in &mut seats {
        match seat.and_then(|sitting| shown.iter().position(|stream| *stream == sitting)) {
            Some(at) => drop(shown.remove(at)),
            None => **seat = None,
        }
    }
    let free = seats.into_iter().filter(|seat| seat.is_none());
    free.zip(shown).for_each(|(seat, stream)| *seat = Some(stream));
}

/// Fills the seats for sound alone with who is heard and has no other place. `pictures` are the occupants of picture seats that can sound;
/// what sits in a sound seat sounds there, and only there. Nobody who sounds moves without need: who gets a picture goes on sounding in the
/// sound seat until it falls quiet, or until somebody has no other place.
pub(super) fn fill_sounds(seats: &mut [Option<SeatedStream>], pictures: &[SeatedStream], heard: &[HeardStream]) {
    let of = |stream: &SeatedStream| heard.iter().find(|heard| heard.stream == *stream);
    let stays = |stream: &SeatedStream| of(stream).is_some_and(|heard| heard.sounds || !pictures.contains(stream));
    for seat in seats.iter_mut() {
        *seat = seat.filter(|stream| stays(stream));
    }
    // Who sounds goes before who does not, and among them those with a right to be heard.
    let weight = |heard: &HeardStream| (heard.sounds, heard.first);
    let mut waiting: Vec<&HeardStream> = heard.iter().filter(|h| !pictures.contains(&h.stream)).collect();
    waiting.retain(|heard| !seats.contains(&Some(heard.stream)));
    waiting.sort_by_key(|heard| std::cmp::Reverse(weight(heard)));
    for newcomer in waiting {
        // What a seat's occupant loses when it has to go: nothing when it has a picture seat to sound in.
        let loss = |seat: &Option<SeatedStream>| match seat {
            None => None,
            Some(stream) if pictures.contains(stream) => Some(None),
            Some(stream) => Some(of(stream).map(weight)),
        };
        let Some(seat) = seats.iter_mut().min_by_key(|seat| loss(seat)) else { break };
        let may = match loss(seat) {
            None | Some(None) => true,
            Some(Some(theirs)) => theirs < weight(newcomer),
        };
        if may {
            *seat = Some(newcomer.stream);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `3` is somebody's main stream, `3s` the screen, `3c` the second camera, `-` nobody.
    fn stream(text: &str) -> Option<SeatedStream> {
        let number = text.trim_end_matches(|c: char| !c.is_ascii_digit());
        let stream = match &text[number.len()..] {
            "s" => StreamKind::Screen,
            "c" => StreamKind::SecondCamera,
            _ => StreamKind::Main,
        };
        Some(SeatedStream { participant: ParticipantId(number.parse().ok()?), stream })
    }

    fn streams(text: &str) -> Vec<SeatedStream> {
        text.split_whitespace().filter_map(stream).collect()
    }

    fn seats(text: &str) -> Vec<Option<SeatedStream>> {
        text.split_whitespace().map(stream).collect()
    }

    #[test]
    fn the_order_of_who_is_shown() {
        for (all, spotlight, floor, speakers, expected) in [
            ("1 2 3", "-", "-", "", "1 2 3"),
            ("1 2 2c 3 3s", "-", "-", "", "3s 1 2 2c 3"),
            ("1 2 3 4", "-", "-", "4 2", "4 2 1 3"),
            ("1 2 3 4 5 1s 4s", "5", "3", "2 4", "1s 4s 5 3 2 4 1"),
            ("1 2 3 4s 4", "4s", "2", "2 3", "4s 2 3 1 4"),
            // Who is gone appears nowhere.
            ("1 2", "7", "8", "9 2", "2 1"),
        ] {
            let settings = RoomSettings {
                spotlight: stream(spotlight),
                floor: stream(floor).map(|stream| stream.participant),
                ..RoomSettings::default()
            };
            let speakers = streams(speakers).into_iter().map(|stream| stream.participant);
            assert_eq!(ranking(&streams(all), &settings, speakers), streams(expected), "{all} {spotlight} {floor}");
        }
    }

    #[test]
    fn pictures_stay_where_they_are() {
        for (before, order, after) in [
            ("- - -", "1 2", "1 2 -"),
            ("1 2 3", "3 2 1", "1 2 3"),
            ("1 2 3", "4 3 1 2", "1 4 3"),
            ("1 2 3", "5 4 3", "5 4 3"),
            ("1 2 3", "2", "- 2 -"),
            ("1 - 3", "3 3 2 2 1 4", "1 2 3"),
            ("1 2", "1s 1 2", "1 1s"),
            ("", "1 2", ""),
        ] {
            let mut seats = seats(before);
            fill_pictures(seats.iter_mut(), streams(order).into_iter());
            assert_eq!(seats, self::seats(after), "{before} with {order}");
        }
    }

    #[test]
    fn sounds_have_a_place_and_keep_it() {
        // `!` sounds now, `*` goes first.
        let heard = |text: &str| -> Vec<HeardStream> {
            let one = |word: &str| {
                let (sounds, first) = (word.contains('!'), word.contains('*'));
                Some(HeardStream { stream: stream(word.trim_end_matches(['!', '*']))?, sounds, first })
            };
            text.split_whitespace().filter_map(one).collect()
        };
        for (before, pictures, who, after, why) in [
            ("- -", "1", "1 2", "2 -", "with a picture it sounds there"),
            ("- 2", "", "1 2", "1 2", "who has a place keeps it"),
            ("2 1", "", "1", "- 1", "who is not heard any more leaves it"),
            ("2 -", "2", "2!", "2 -", "a picture is no reason to move in mid-sentence"),
            ("2 -", "2", "2", "- -", "in a pause it moves to its picture"),
            ("2", "2", "2! 3", "3", "or when somebody has no other place"),
            ("2", "", "2 3!", "3", "who speaks goes before who does not"),
            ("2", "", "2! 3!", "2", "who speaks is not cut off"),
            ("2", "", "2! 3!*", "3", "but for a moderator"),
            ("2", "", "2! 3*", "2", "who has something to say"),
            ("- -", "", "1 2! 3 4!*", "4 2", "the most important when there are too few"),
            ("2 3", "3", "1 2! 3!", "2 1", "who can sound elsewhere goes first"),
            ("1s -", "2s", "1s 2s 3", "1s 3", "a screen has a sound too"),
            ("", "1", "1 2!", "", "without seats for sound alone"),
        ] {
            let mut seats = seats(before);
            fill_sounds(&mut seats, &streams(pictures), &heard(who));
            assert_eq!(seats, self::seats(after), "{why}: {before} beside {pictures}, heard {who}");
        }
    }
}

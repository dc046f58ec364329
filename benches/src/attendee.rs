//! What somebody in a conference sends: a simulcast camera as browsers make it, and a microphone with audio levels.

use crate::media::{AUDIO_FRAME, BURST_GAP, Due, SOUND, Source, sound_payload};
use std::time::{Duration, Instant};

/// Names of the simulcast layers, smallest first.
pub const RIDS: [&str; 3] = ["q", "h", "f"];
/// 25 frames/s.
const FRAME: Duration = Duration::from_millis(40);
const FRAME_TICKS: u32 = 3600;
/// A keyframe is so many times as large as another frame.
const KEYFRAME_FACTOR: usize = 4;
/// A browser's pacer sends so many packets at once.
const BURST: usize = 4;
/// The layers of time of VP8 (0, 2, 1, 2: the "L1T3" that Chromium sends in each simulcast layer).
const TEMPORAL: [u8; 4] = [0, 2, 1, 2];
/// In dBov.
const LEVEL_SPEAKING: i8 = -24;
const LEVEL_SILENT: i8 = -80;
/// How long one speaks before it is the next one's turn.
const TURN: Duration = Duration::from_secs(4);

/// One simulcast layer: 100, 350 and 1200 kbit/s.
#[derive(Clone, Copy)]
struct Layer {
    width: u16,
    height: u16,
    packets: usize,
    bytes: usize,
}

const LAYERS: [Layer; 3] = [
    Layer { width: 320, height: 180, packets: 1, bytes: 500 },
    Layer { width: 640, height: 360, packets: 2, bytes: 875 },
    Layer { width: 1280, height: 720, packets: 6, bytes: 1000 },
];

/// Who speaks when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turns {
    /// One to three of so many, by turns, since the given moment.
    Of(usize, Instant),
    /// Without a pause.
    Always,
    Never,
}

impl Turns {
    /// Whether participant `number` speaks at `now`.
    fn speaks(self, number: usize, now: Instant) -> bool {
        let (among, since) = match self {
            Self::Of(among, since) => (among, since),
            Self::Always => return true,
            Self::Never => return false,
        };
        let turn = (now.saturating_duration_since(since).as_millis() / TURN.as_millis()) as usize;
        // Steps of a prime reach everybody, and seldom the one before.
        (0..1 + turn % 3).any(|voice| (turn * 7 + voice * 11) % among.max(1) == number)
    }
}

/// The schedule of one attendee.
pub struct Attendee {
    number: usize,
    turns: Turns,
    next_audio: Instant,
    audio_ticks: u32,
    camera: Option<Camera>,
}

struct Camera {
    frame_start: Instant,
    next: Instant,
    ticks: u32,
    layers: [LayerState; LAYERS.len()],
    /// So many of them are looked at.
    wanted: usize,
}

#[derive(Clone, Copy, Default)]
struct LayerState {
    picture_id: u16,
    /// Frames of the lowest layer of time.
    base: u8,
    position: usize,
    keyframe_wanted: bool,
    keyframe: bool,
    sent: usize,
    /// Of the frame that is being sent; 0: none is.
    packets: usize,
}

impl Attendee {
    /// Participant `number` starts to send at `start`.
    pub fn new(number: usize, start: Instant, turns: Turns, camera: bool) -> Self {
        let layers = [LayerState { keyframe_wanted: true, ..LayerState::default() }; LAYERS.len()];
        let camera = camera.then_some(Camera { frame_start: start, next: start, ticks: 0, layers, wanted: LAYERS.len() });
        Self { number, turns, next_audio: start, audio_ticks: 0, camera }
    }
}

impl Source for Attendee {
    fn next(&self) -> Instant {
        self.camera.as_ref().map_or(self.next_audio, |camera| camera.next.min(self.next_audio))
    }

    fn poll(&mut self, now: Instant, send: &mut dyn FnMut(Due, &mut [u8])) {
        while self.next_audio <= now {
            let level = if self.turns.speaks(self.number, now) { LEVEL_SPEAKING } else { LEVEL_SILENT };
            send(Due { line: SOUND, timestamp: self.audio_ticks, marker: false, level: Some(level) }, &mut sound_payload());
            self.audio_ticks = self.audio_ticks.wrapping_add(960);
            self.next_audio += AUDIO_FRAME;
        }
        if let Some(camera) = &mut self.camera {
            while camera.next <= now {
                camera.burst(send);
            }
        }
    }

    fn want_keyframe(&mut self, line: usize) {
        let layer = line.checked_sub(SOUND + 1);
        if let (Some(camera), Some(layer)) = (&mut self.camera, layer)
            && let Some(layer) = camera.layers.get_mut(layer)
        {
            layer.keyframe_wanted = true;
        }
    }

    fn send_layers(&mut self, layers: usize) {
        let Some(camera) = &mut self.camera else { return };
        // An encoder that is switched on begins with a keyframe.
        for layer in camera.layers.iter_mut().take(layers).skip(camera.wanted) {
            layer.keyframe_wanted = true;
        }
        camera.wanted = layers.min(LAYERS.len());
    }
}

impl Camera {
    /// Sends what a pacer lets through at once of each layer's frame.
    fn burst(&mut self, send: &mut dyn FnMut(Due, &mut [u8])) {
        if self.next == self.frame_start {
            for (layer, state) in LAYERS.iter().zip(&mut self.layers).take(self.wanted) {
                state.begin(layer);
            }
        }
        let mut left = BURST;
        for (index, (layer, state)) in LAYERS.iter().zip(&mut self.layers).enumerate() {
            while left > 0 && state.sent < state.packets {
                let marker = state.sent + 1 == state.packets;
                let due = Due { line: SOUND + 1 + index, timestamp: self.ticks, marker, level: None };
                let mut payload = [0u8; 1200];
                send(due, state.write(layer, &mut payload));
                left -= 1;
            }
        }
        let unsent = self.layers.iter().any(|state| state.sent < state.packets);
        if unsent && self.next + BURST_GAP < self.frame_start + FRAME {
            self.next += BURST_GAP;
        } else if unsent {
            // The rest of a large frame goes with the beginning of the next, late as a pacer's queue would have it.
            self.next += Duration::from_micros(500);
        } else {
            self.frame_start += FRAME;
            self.next = self.frame_start;
            self.ticks = self.ticks.wrapping_add(FRAME_TICKS);
        }
    }
}

impl LayerState {
    fn begin(&mut self, layer: &Layer) {
        self.keyframe = std::mem::take(&mut self.keyframe_wanted);
        if self.keyframe {
            self.position = 0;
        }
        self.packets = layer.packets * if self.keyframe { KEYFRAME_FACTOR } else { 1 };
        self.sent = 0;
        if TEMPORAL[self.position] == 0 {
            self.base = self.base.wrapping_add(1);
        }
    }

    /// The next packet of the frame.
    fn write<'a>(&mut self, layer: &Layer, payload: &'a mut [u8; 1200]) -> &'a mut [u8] {
        let first = self.sent == 0;
        let temporal = TEMPORAL[self.position];
        // Payload descriptor (RFC 7741 §4.2): a 15-bit picture id, TL0PICIDX, TID and Y; the last frame of a layer refers to none but the base.
        payload[0] = 0x80 | if first { 0x10 } else { 0 };
        payload[1] = 0xe0;
        payload[2..4].copy_from_slice(&(self.picture_id | 0x8000).to_be_bytes());
        payload[4] = self.base;
        payload[5] = temporal << 6 | u8::from(temporal > 0 && self.position != 3) << 5;
        if first {
            // Payload header and frame tag (RFC 7741 §4.3, RFC 6386 §9.1).
            payload[6] = if self.keyframe { 0x10 } else { 0x11 };
            if self.keyframe {
                payload[9..12].copy_from_slice(&[0x9d, 0x01, 0x2a]);
                payload[12..14].copy_from_slice(&layer.width.to_le_bytes());
                payload[14..16].copy_from_slice(&layer.height.to_le_bytes());
            }
        }
        self.sent += 1;
        if self.sent == self.packets {
            self.picture_id = (self.picture_id + 1) & 0x7fff;
            self.position = (self.position + 1) % TEMPORAL.len();
        }
        &mut payload[..layer.bytes]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(attendee: &mut Attendee, until: Instant) -> [usize; 4] {
        let mut sent = [0; 4];
        attendee.poll(until, &mut |due, _| sent[due.line] += 1);
        sent
    }

    #[test]
    fn a_second_has_the_packets_of_its_bitrates() {
        let start = Instant::now();
        let mut attendee = Attendee::new(0, start, Turns::Never, true);
        let first = count(&mut attendee, start + Duration::from_millis(999));
        let second = count(&mut attendee, start + Duration::from_millis(1999));
        assert_eq!(second, [50, 25, 50, 150]);
        // One frame of each was a keyframe.
        assert_eq!(first, [50, 28, 56, 168]);
    }

    #[test]
    fn layers_stop_and_come_back_with_a_keyframe() {
        let start = Instant::now();
        let mut attendee = Attendee::new(0, start, Turns::Never, true);
        count(&mut attendee, start + Duration::from_millis(999));
        attendee.send_layers(1);
        assert_eq!(count(&mut attendee, start + Duration::from_millis(1999)), [50, 25, 0, 0]);
        attendee.send_layers(3);
        let mut keyframes = [0; 4];
        attendee.poll(start + Duration::from_millis(2999), &mut |due, payload| {
            keyframes[due.line] += usize::from(due.line > 0 && payload[0] & 0x10 != 0 && payload[6] & 1 == 0);
        });
        assert_eq!(keyframes, [0, 0, 1, 1]);
    }

    #[test]
    fn one_to_three_speak_at_any_time_and_everybody_has_a_turn() {
        let start = Instant::now();
        let turns = Turns::Of(20, start);
        let mut spoke = [false; 20];
        for turn in 0..20 {
            let now = start + TURN * turn + TURN / 2;
            let speaking: Vec<usize> = (0..20).filter(|number| turns.speaks(*number, now)).collect();
            assert!((1..=3).contains(&speaking.len()), "{speaking:?}");
            speaking.into_iter().for_each(|number| spoke[number] = true);
        }
        assert!(spoke.iter().all(|spoke| *spoke));
    }
}

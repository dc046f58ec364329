//! A receiver of the conference: what the server sends it, and the feedback it gives.

use super::controller::Controller;
use super::link::{Body, Micros, Packet};
use auftakt_media::bwe::{Pacer, Probe, Sent};
use auftakt_media::rtcp::parse::{Compound, Packet as Rtcp};
use auftakt_media::rtp::twcc::TwccRecorder;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

const PACKET: usize = 1200;
/// 50 packets a second of 64 kbit/s.
const SOUND_BYTES: usize = 160;
const SOUND_INTERVAL: Micros = 20_000;
const FRAME_INTERVAL: Micros = 33_333;

/// What there is to send.
#[derive(Clone, Debug)]
pub enum Source {
    /// As much as the target allows.
    Endless,
    /// At most so much from each time on (bit/s, sound included); zero is a pause of sound too.
    Limited(Vec<(Micros, u64)>),
    /// Frames of the best of these layers that fits the target (bit/s, sound not included).
    Layers(Vec<u64>),
}

#[derive(Clone, Debug)]
pub struct RtcSpec {
    pub source: Source,
    /// When it begins.
    pub start: Micros,
    pub feedback_interval: Micros,
    /// Sends towards us instead: its media take the backward link.
    pub backward: bool,
}

impl RtcSpec {
    pub fn endless() -> Self {
        Self { source: Source::Endless, start: 0, feedback_interval: 100_000, backward: false }
    }

    pub fn from(self, start: Micros) -> Self {
        Self { start, ..self }
    }

    pub fn with(self, source: Source) -> Self {
        Self { source, ..self }
    }
}

pub struct Rtc {
    pub spec: RtcSpec,
    pub controller: Box<dyn Controller>,
    epoch: Instant,
    number: u16,
    pacer: Pacer,
    /// How much of it is pictures; the rest of a probe is padding.
    pictures: Pacer,
    frames: VecDeque<usize>,
    next_frame: Micros,
    next_sound: Micros,
    probe: Option<Running>,
    recorder: TwccRecorder,
    pub next_feedback: Micros,
}

struct Running {
    probe: Probe,
    until: Micros,
    left: i64,
}

impl Rtc {
    pub fn new(spec: RtcSpec, epoch: Instant, make: fn(Instant) -> Box<dyn Controller>) -> Self {
        let start = epoch + Duration::from_micros(spec.start);
        Self {
            controller: make(start),
            epoch,
            number: 65_000,
            pacer: Pacer::new(start),
            pictures: Pacer::new(start),
            frames: VecDeque::new(),
            next_frame: spec.start,
            next_sound: spec.start,
            probe: None,
            recorder: TwccRecorder::new(epoch),
            next_feedback: spec.start + spec.feedback_interval,
            spec,
        }
    }

    fn at(&self, now: Micros) -> Instant {
        self.epoch + Duration::from_micros(now)
    }

    /// What would be sent without bound.
    fn wanted(&self, now: Micros) -> u64 {
        match &self.spec.source {
            Source::Endless => 10_000_000,
            Source::Limited(steps) => steps.iter().rev().find(|(from, _)| *from <= now).map_or(0, |(_, bps)| *bps),
            Source::Layers(layers) => layers.iter().max().copied().unwrap_or(0) + 100_000,
        }
    }

    /// Sends what may go out now; says when to ask again.
    pub fn run(&mut self, now: Micros, flow: usize, out: &mut Vec<Packet>) -> Micros {
        let at = self.at(now);
        let wanted = self.wanted(now);
        self.controller.set_wanted(at, wanted);
        while self.controller.poll_timeout().is_some_and(|due| due <= at) {
            self.controller.handle_timeout(at);
        }
        self.poll_probe(now);
        let rate = self.controller.target_bps();
        self.pictures.set_rate(at, rate.min(wanted));
        let pace = match (&self.probe, &self.spec.source) {
            (Some(running), _) => running.probe.rate_bps.max(rate),
            (None, Source::Layers(_)) => rate * 5 / 4,
            (None, _) => rate.min(wanted),
        };
        self.pacer.set_rate(at, pace);
        let mut next = now + 20_000;
        if wanted == 0 {
            self.next_sound = now;
            return next;
        }
        if now >= self.next_sound {
            self.next_sound += SOUND_INTERVAL;
            self.send(now, SOUND_BYTES, Sent::Audio, flow, out);
        }
        self.make_frames(now, rate);
        while self.pacer.may_send(at) && self.may_send_one(at, now) {
            let what = match self.probe.as_ref().map(|running| running.probe.id) {
                Some(id) if !self.has_pictures(at) => Sent::Probe(id),
                _ => Sent::Video,
            };
            let bytes = if what == Sent::Video { self.frames.pop_front().unwrap_or(PACKET) } else { PACKET };
            self.send(now, bytes, what, flow, out);
        }
        next = next.min(self.next_sound);
        if let Source::Layers(_) = self.spec.source {
            next = next.min(self.next_frame);
        }
        let paced = if self.probe.is_some() || !matches!(self.spec.source, Source::Layers(_)) || !self.frames.is_empty() {
            self.pacer.next_at(at)
        } else {
            None
        };
        let timeout = self.controller.poll_timeout();
        for due in [paced, timeout].into_iter().flatten() {
            next = next.min((due.saturating_duration_since(self.epoch)).as_micros() as Micros);
        }
        next.max(now + 100)
    }

    fn poll_probe(&mut self, now: Micros) {
        if self.probe.as_ref().is_some_and(|running| running.left <= 0 || now >= running.until) {
            self.probe = None;
        }
        if self.probe.is_none() {
            let at = self.at(now);
            self.probe = self.controller.poll_probe(at).map(|probe| Running {
                probe,
                until: now + probe.duration.as_micros() as Micros,
                left: probe.bytes as i64,
            });
        }
    }

    fn has_pictures(&mut self, at: Instant) -> bool {
        match self.spec.source {
            Source::Layers(_) => !self.frames.is_empty(),
            _ => self.pictures.may_send(at),
        }
    }

    fn may_send_one(&mut self, at: Instant, now: Micros) -> bool {
        match &self.probe {
            Some(running) if running.left <= 0 || now >= running.until => {
                self.probe = None;
                let rate = self.controller.target_bps();
                self.pacer.set_rate(at, rate);
                false
            }
            Some(_) => true,
            None => !matches!(self.spec.source, Source::Layers(_)) || !self.frames.is_empty(),
        }
    }

    fn make_frames(&mut self, now: Micros, rate: u64) {
        let Source::Layers(layers) = &self.spec.source else { return };
        while now >= self.next_frame {
            let best = layers.iter().filter(|layer| **layer + 80_000 <= rate).max().copied().unwrap_or(0);
            let mut left = (best * FRAME_INTERVAL / 8_000_000) as usize;
            while left > 0 {
                let bytes = left.min(PACKET);
                self.frames.push_back(bytes.max(60));
                left -= bytes;
            }
            self.next_frame += FRAME_INTERVAL;
        }
        // What does not get out is old.
        while self.frames.len() > 200 {
            self.frames.pop_front();
        }
    }

    fn send(&mut self, now: Micros, bytes: usize, what: Sent, flow: usize, out: &mut Vec<Packet>) {
        let at = self.at(now);
        self.number = self.number.wrapping_add(1);
        self.controller.on_sent(at, self.number, bytes, what);
        self.pacer.on_sent(at, bytes);
        if !matches!(what, Sent::Probe(_)) {
            self.pictures.on_sent(at, bytes);
        }
        if let Some(running) = &mut self.probe {
            running.left -= bytes as i64;
        }
        out.push(Packet { flow, bytes, body: Body::Media { number: self.number, audio: what == Sent::Audio } });
    }

    pub fn on_arrival(&mut self, now: Micros, number: u16) {
        let at = self.at(now);
        self.recorder.record(number, at);
    }

    pub fn feedback(&mut self, now: Micros, flow: usize, out: &mut Vec<Packet>) {
        let at = self.at(now);
        self.next_feedback = now + self.spec.feedback_interval;
        let mut bytes = vec![];
        while self.recorder.write_feedback(at, 1, 2, &mut bytes) {
            let Some(Ok(Rtcp::TransportCc(fci))) = Compound::new(&bytes).next() else { panic!("no feedback") };
            out.push(Packet { flow, bytes: bytes.len() + 60, body: Body::Feedback(fci.to_vec()) });
            bytes.clear();
        }
    }

    pub fn on_feedback(&mut self, now: Micros, fci: &[u8]) {
        let at = self.at(now);
        self.controller.on_feedback(at, fci);
    }

    pub fn path_change(&mut self, now: Micros) {
        let at = self.at(now);
        self.controller.on_path_change(at);
    }
}

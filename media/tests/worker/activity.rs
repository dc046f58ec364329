//! Who speaks or plays is told by the levels in their packets.

use auftakt_client::band::{FRAME, join_publisher, sound};
use auftakt_client::world::World;
use auftakt_client::{AUDIO_LEVEL, ClientConfig, Numbers, Outgoing};
use auftakt_media::codec::Codec;
use auftakt_media::worker::{Activity, Event, Muted};
use std::time::{Duration, Instant};

struct Stage {
    world: World,
    /// What was said, and when.
    told: Vec<(Instant, Event)>,
    step: u32,
}

impl Stage {
    fn new() -> Self {
        Self { world: World::new(), told: vec![], step: 0 }
    }

    fn join(&mut self, config: ClientConfig) -> usize {
        join_publisher(&mut self.world, config, &[])
    }

    /// Everybody sends at these levels for so long (dBov, 1 to 127 below full scale; `None`: not measured).
    fn play(&mut self, levels: &[(usize, Option<u8>)], span: Duration) {
        for _ in 0..span.as_millis() / FRAME.as_millis() {
            for (client, level) in levels {
                let (payload, now) = (sound(self.step), self.world.now);
                let value = level.map(|level| [0x80 | level]);
                let extension = Some((AUDIO_LEVEL, value.as_ref().map_or(&[][..], |value| &value[..])));
                let packet = Outgoing { extension, ..Outgoing::plain(Codec::Opus, self.step * 960, false, &payload) };
                self.world.clients[*client].client.send(now, "0", &packet);
            }
            self.step += 1;
            self.wait(FRAME);
        }
    }

    fn wait(&mut self, span: Duration) {
        let end = self.world.now + span;
        while self.world.now < end {
            self.world.run_for(Duration::from_millis(5));
            self.note();
        }
    }

    fn note(&mut self) {
        let now = self.world.now;
        self.told.extend(self.world.events.drain(..).map(|event| (now, event)));
    }

    fn activity(&self, client: usize) -> Vec<(Instant, Activity)> {
        let (own, microphone) = (self.world.clients[client].peer, self.world.track(client, "0"));
        let activity = |(at, event): &(Instant, Event)| match event {
            Event::Activity { peer, track, activity } if *peer == own => {
                assert_eq!(*track, microphone);
                Some((*at, *activity))
            }
            _ => None,
        };
        self.told.iter().filter_map(activity).collect()
    }
}

fn sounds(activity: Activity) -> bool {
    matches!(activity, Activity::Sounding { .. })
}

#[test]
fn whoever_plays_is_told_of_and_nobody_else() {
    let mut stage = Stage::new();
    let one = stage.join(ClientConfig::seeded(1));
    // Extension ids are each client's own.
    let two = stage.join(ClientConfig { numbers: Numbers { payload_shift: 3, extension_shift: 5 }, ..ClientConfig::seeded(2) });
    stage.play(&[(one, Some(70)), (two, Some(68))], Duration::from_secs(1));
    let begin = stage.world.now;
    stage.play(&[(one, Some(70)), (two, Some(25))], Duration::from_secs(3));
    let end = stage.world.now;
    stage.play(&[(one, Some(70)), (two, Some(68))], Duration::from_secs(3));
    assert_eq!(stage.activity(one), vec![]);
    let told = stage.activity(two);
    assert!(sounds(told[0].1) && told[0].0 - begin < Duration::from_millis(550), "{told:?}");
    let quiet = told.iter().find(|(_, activity)| *activity == Activity::Quiet).expect("it ends").0;
    assert!(quiet >= end && quiet - end < Duration::from_millis(1200), "{:?}", quiet - end);
    assert_eq!(told.last().map(|(_, activity)| *activity), Some(Activity::Quiet));
    let loudest =
        told.iter().filter_map(|(_, activity)| if let Activity::Sounding { loudness } = activity { Some(*loudness) } else { None });
    assert!((99..=103).contains(&loudest.max().expect("a loudness")));
}

#[test]
fn a_muted_track_is_quiet_at_once_and_says_nothing_while_it_is() {
    let mut stage = Stage::new();
    let one = stage.join(ClientConfig::seeded(1));
    let track = stage.world.track(one, "0");
    stage.play(&[(one, Some(70))], Duration::from_secs(1));
    stage.play(&[(one, Some(25))], Duration::from_secs(1));
    assert!(stage.activity(one).last().is_some_and(|(_, activity)| sounds(*activity)));
    stage.world.worker.set_muted(track, Muted::Yes);
    stage.world.carry();
    stage.note();
    assert_eq!(stage.activity(one).last(), Some(&(stage.world.now, Activity::Quiet)));
    let told = stage.activity(one).len();
    stage.play(&[(one, Some(25))], Duration::from_secs(2));
    assert_eq!(stage.activity(one).len(), told);
    stage.world.worker.set_muted(track, Muted::No);
    stage.play(&[(one, Some(25))], Duration::from_secs(1));
    assert!(stage.activity(one).last().is_some_and(|(_, activity)| sounds(*activity)), "it is heard again");
}

#[test]
fn who_stops_sending_is_quiet_after_a_second() {
    let mut stage = Stage::new();
    let one = stage.join(ClientConfig::seeded(1));
    stage.play(&[(one, Some(70))], Duration::from_secs(1));
    stage.play(&[(one, Some(25))], Duration::from_secs(1));
    let end = stage.world.now;
    stage.wait(Duration::from_secs(3));
    let (at, last) = *stage.activity(one).last().expect("it sounded");
    assert_eq!(last, Activity::Quiet);
    assert!((900..1200).contains(&(at - end).as_millis()), "{:?}", at - end);
}

#[test]
fn who_sends_no_levels_is_heard_softly() {
    let mut stage = Stage::new();
    let one = stage.join(ClientConfig::seeded(1));
    stage.play(&[(one, None)], Duration::from_secs(20));
    let told = stage.activity(one);
    assert!(matches!(told[..], [(_, Activity::Sounding { loudness: 70..=90 })]), "{told:?}");
}

//! RED (RFC 2198) for whom it helps: passed on or made for who loses packets, taken off for who does not, or has not got it.

use auftakt_client::band::sound;
use auftakt_client::world::{Way, Who, World};
use auftakt_client::{ClientConfig, Nacks, Numbers, Outgoing, Received, SenderSpec};
use auftakt_media::codec::Codec;
use auftakt_media::id::MediaKind;
use auftakt_media::rtcp::{ReportBlock, write};
use auftakt_media::rtp::red;
use auftakt_media::worker::Muted;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

/// What went out, by SSRC and number.
type Sent = BTreeMap<(Way, [u8; 4], [u8; 2]), Vec<u8>>;

const OFFERED: [Codec; 2] = [Codec::Red, Codec::Opus];

/// One redundant block of 20 ms before, and the primary one; payload types are the sender's.
fn redundant(numbers: Numbers, n: u32) -> Vec<u8> {
    let opus = numbers.payload_type(Codec::Opus);
    let (before, now) = (sound(n.wrapping_sub(1)), sound(n));
    let offset_and_len = (960u32 << 10 | before.len() as u32).to_be_bytes();
    let mut payload = vec![0x80 | opus, offset_and_len[1], offset_and_len[2], offset_and_len[3], opus];
    payload.extend_from_slice(&before);
    payload.extend_from_slice(&now);
    payload
}

fn receiver(world: &mut World, config: ClientConfig, codecs: &[Codec]) -> usize {
    let client = world.add(config);
    world.clients[client].client.add_receiver(MediaKind::Audio, codecs);
    world.negotiate(client, &[]);
    world.run_for(Duration::from_secs(1));
    client
}

/// Whose numbers are not the publisher's.
const FOREIGN: Numbers = Numbers { payload_shift: 5, extension_shift: 3 };

struct Stage {
    world: World,
    teacher: usize,
    /// The next sound.
    n: u32,
}

impl Stage {
    fn new() -> Self {
        let mut world = World::new();
        let teacher = world.add(ClientConfig::seeded(1));
        world.clients[teacher].client.add_sender(&SenderSpec { kind: MediaKind::Audio, codecs: &OFFERED, rids: &[] });
        world.negotiate(teacher, &[]);
        world.run_for(Duration::from_secs(1));
        Self { world, teacher, n: 0 }
    }

    fn listener(&mut self, config: ClientConfig, codecs: &[Codec]) -> usize {
        let client = receiver(&mut self.world, config, codecs);
        self.world.assign(client, "0", Some(self.world.track(self.teacher, "0")));
        client
    }

    fn play(&mut self, codec: Codec, seconds: u32) {
        for _ in 0..50 * seconds {
            let payload = if codec == Codec::Red { redundant(Numbers::CHROMIUM, self.n) } else { sound(self.n) };
            let now = self.world.now;
            let packet = Outgoing::plain(codec, self.n.wrapping_mul(960), false, &payload);
            self.world.clients[self.teacher].client.send(now, "0", &packet);
            self.n += 1;
            self.world.run_for(Duration::from_millis(20));
        }
    }

    /// Loses every so manieth packet of sound on the way to these.
    fn lose(&mut self, listeners: &[usize], every: u32) {
        let (listeners, mut count) = (listeners.to_vec(), 0);
        self.world.loss = Box::new(move |way, datagram| {
            let media = matches!(datagram[0], 128..=191) && !matches!(datagram[1], 192..=223);
            let hit = media && listeners.iter().any(|listener| way == Way::Down(Who::Client(*listener)));
            count += u32::from(hit);
            hit && count % every == 0
        });
    }

    /// What a listener got of the last so many sounds.
    fn last(&self, listener: usize, count: usize) -> Vec<Received> {
        let received = self.world.received(listener, "0");
        received[received.len() - count..].to_vec()
    }
}

/// The sounds in a packet, oldest first, with how much older than it each is.
fn sounds(packet: &Received) -> Vec<(u16, Vec<u8>)> {
    match packet.codec {
        Codec::Red => red::blocks(&packet.payload).expect("RED").map(|block| (block.timestamp_offset, block.payload.to_vec())).collect(),
        _ => vec![(0, packet.payload.clone())],
    }
}

fn number(sound: &[u8]) -> u32 {
    u32::from_be_bytes(sound[1..5].try_into().expect("a number"))
}

#[test]
fn redundancy_that_comes_goes_to_who_loses_packets_and_has_it() {
    let mut stage = Stage::new();
    let lossy = stage.listener(ClientConfig { numbers: FOREIGN, ..ClientConfig::seeded(2) }, &OFFERED);
    let clean = stage.listener(ClientConfig::seeded(3), &OFFERED);
    let firefox = stage.listener(ClientConfig::seeded(4), &[Codec::Opus]);
    stage.lose(&[lossy, firefox], 20);
    stage.play(Codec::Red, 5);
    stage.world.loss = Box::new(|_, _| false);
    stage.world.run_for(Duration::from_secs(1));
    stage.play(Codec::Red, 1);
    stage.world.run_for(Duration::from_millis(50));
    for n in 0..50 {
        let wanted = stage.n - 50 + n;
        let [red, plain, other] = [lossy, clean, firefox].map(|listener| stage.last(listener, 50)[n as usize].clone());
        assert_eq!((red.codec, plain.codec, other.codec), (Codec::Red, Codec::Opus, Codec::Opus));
        assert_eq!(red.payload, redundant(FOREIGN, wanted));
        assert_eq!((plain.payload, other.payload), (sound(wanted), sound(wanted)));
    }
}

#[test]
fn redundancy_is_made_for_who_loses_packets_and_unmade_when_they_stop() {
    let mut stage = Stage::new();
    let lossy = stage.listener(ClientConfig { numbers: FOREIGN, ..ClientConfig::seeded(2) }, &OFFERED);
    let clean = stage.listener(ClientConfig::seeded(3), &OFFERED);
    let firefox = stage.listener(ClientConfig::seeded(4), &[Codec::Opus]);
    stage.play(Codec::Opus, 5);
    assert!(stage.last(lossy, 200).iter().all(|packet| packet.codec == Codec::Opus), "nothing is lost");
    stage.lose(&[lossy, firefox], 25);
    stage.play(Codec::Opus, 4);
    let made = stage.last(lossy, 50);
    for packet in &made {
        let blocks = sounds(packet);
        assert_eq!(packet.codec, Codec::Red, "{:?}", packet.index);
        let [(960, before), (0, now)] = &blocks[..] else { panic!("two blocks: {:?}", blocks.len()) };
        assert_eq!(number(before) + 1, number(now));
        assert_eq!((before, now), (&sound(number(before)), &sound(number(now))));
        // Its blocks are Opus in this receiver's numbers.
        assert!(red::blocks(&packet.payload).expect("RED").all(|block| block.payload_type == FOREIGN.payload_type(Codec::Opus)));
    }
    stage.world.loss = Box::new(|_, _| false);
    stage.play(Codec::Opus, 20);
    let received = stage.world.received(lossy, "0");
    assert_eq!(received.last().map(|packet| packet.codec), Some(Codec::Opus), "it stops when nothing is lost any more");
    for listener in [clean, firefox] {
        assert!(stage.world.received(listener, "0").iter().all(|packet| packet.codec == Codec::Opus));
    }
    // Seamless: numbers and timestamps are those of the same stream, whatever the form.
    for pair in received.windows(2).filter(|pair| pair[1].index == pair[0].index + 1) {
        assert_eq!(pair[1].timestamp.wrapping_sub(pair[0].timestamp), 960);
    }
    assert!(stage.world.clients[lossy].client.seen("0").expect("a section").missing.is_empty());
}

#[test]
fn a_receiver_that_only_reports_its_losses_gets_it_too() {
    let mut stage = Stage::new();
    let listener = stage.listener(ClientConfig { nack: Nacks::Silent, ..ClientConfig::seeded(2) }, &OFFERED);
    for second in 0..12 {
        if second % 5 == 0 {
            let block = ReportBlock {
                ssrc: stage.world.clients[listener].client.answered_ssrcs("0")[0],
                fraction_lost: 12,
                cumulative_lost: 0,
                highest_sequence: 0,
                jitter: 0,
                last_sr: 0,
                delay_since_last_sr: 0,
            };
            let mut report = vec![];
            write::receiver_report(&mut report, 1, &[block]);
            stage.world.clients[listener].client.send_rtcp(&report);
        }
        stage.play(Codec::Opus, 1);
    }
    assert!(stage.last(listener, 350).iter().all(|packet| packet.codec == Codec::Red));
}

/// What somebody said before they sat down or while they were muted is nobody's business.
#[test]
fn redundancy_holds_nothing_from_before_a_turn_or_a_mute() {
    let mut stage = Stage::new();
    let listener = stage.listener(ClientConfig::seeded(2), &OFFERED);
    stage.lose(&[listener], 12);
    stage.play(Codec::Opus, 8);
    let track = stage.world.track(stage.teacher, "0");
    assert_eq!(stage.last(listener, 1)[0].codec, Codec::Red);
    let mut forbidden = vec![];
    for turn in 0..6 {
        let before = stage.n;
        match turn % 2 {
            0 => stage.world.assign(listener, "0", None),
            _ => stage.world.worker.set_muted(track, Muted::Yes),
        }
        // What was on its way.
        stage.world.run_for(Duration::from_millis(50));
        stage.play(Codec::Opus, 1);
        stage.world.run_for(Duration::from_millis(50));
        forbidden.push(before..stage.n);
        stage.world.assign(listener, "0", Some(track));
        stage.world.worker.set_muted(track, Muted::No);
        stage.play(Codec::Opus, 2);
    }
    let heard = stage.world.received(listener, "0");
    assert!(heard.iter().filter(|packet| packet.codec == Codec::Red).count() > 300);
    for (_, sound) in heard.iter().flat_map(sounds) {
        assert!(!forbidden.iter().any(|range| range.contains(&number(&sound))), "sound {} was not for them", number(&sound));
    }
}

/// The same SRTP index is never sealed twice over different bytes, though forms change and lost packets come late and again.
#[test]
fn what_goes_out_again_is_the_very_same() {
    for seed in 0..4 {
        let mut stage = Stage::new();
        let listeners = [0, 1].map(|n| stage.listener(ClientConfig::seeded(10 * seed + n + 2), &OFFERED));
        let sent: Rc<RefCell<Sent>> = Rc::default();
        let again = Rc::new(RefCell::new(0));
        let (noted, counted, mut state) = (sent.clone(), again.clone(), seed);
        stage.world.loss = Box::new(move |way, datagram| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let media = matches!(datagram[0], 128..=191) && !matches!(datagram[1], 192..=223);
            if !media {
                return false;
            }
            if let Way::Down(_) = way {
                let key = (way, datagram[8..12].try_into().expect("SSRC"), datagram[2..4].try_into().expect("number"));
                if let Some(before) = noted.borrow_mut().insert(key, datagram.to_vec()) {
                    assert_eq!(before, datagram, "one number, two packets");
                    *counted.borrow_mut() += 1;
                }
            }
            // Both ways.
            let percent = [0, 12, 3, 20][(state >> 20) as usize % 2 * 2 + usize::from(matches!(way, Way::Up(_)))];
            (state >> 33) % 100 < percent
        });
        for codec in [Codec::Opus, Codec::Red, Codec::Opus, Codec::Red] {
            stage.play(codec, 8);
        }
        stage.world.run_for(Duration::from_secs(1));
        assert!(*again.borrow() > 50, "{}", again.borrow());
        for listener in listeners {
            let received = stage.world.received(listener, "0");
            let red = received.iter().filter(|packet| packet.codec == Codec::Red).count();
            assert!((200..received.len() - 20).contains(&red), "{red} of {} are redundant", received.len());
            for (offset, sound) in received.iter().flat_map(sounds) {
                assert_eq!(sound, auftakt_client::band::sound(number(&sound)), "bit for bit, {offset}");
            }
        }
    }
}

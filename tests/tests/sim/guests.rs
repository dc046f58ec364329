//! Another WebRTC stack, `str0m`, in the same lesson: it shares no code with the server or with our own client.

use crate::lines::{Lines, clean, lossy};
use crate::{MS, each_seed};
use auftakt_client::ClientConfig;
use auftakt_client::band::{Camera, FRAME, Player, join_publisher, join_viewer, sound};
use auftakt_client::world::{Endpoint, Way, Who, World, mid};
use auftakt_media::worker::Accepted;
use std::cell::RefCell;
use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};
use str0m::change::SdpAnswer;
use str0m::media::{Direction, Frequency, MediaData, MediaKind, MediaTime, Mid};
use str0m::net::{Protocol, Receive};
use str0m::{Candidate, Event, Input, Output, Rtc};

/// A guest and its ends of the wire.
struct Guest {
    rtc: Rtc,
    address: SocketAddr,
    server: SocketAddr,
    wake_at: Instant,
    out: VecDeque<Vec<u8>>,
    connected: bool,
    keyframes_wanted: usize,
    received: Vec<(Instant, MediaData)>,
}

/// The world carries its datagrams, the test keeps a hand on it.
#[derive(Clone)]
struct Shared(Rc<RefCell<Guest>>);

impl Guest {
    fn drain(&mut self, now: Instant) {
        loop {
            match self.rtc.poll_output().expect("str0m goes on") {
                Output::Timeout(at) => {
                    // Never in the past, or time would stand still.
                    self.wake_at = at.max(now + MS);
                    return;
                }
                Output::Transmit(transmit) => self.out.push_back(transmit.contents.to_vec()),
                Output::Event(Event::Connected) => self.connected = true,
                Output::Event(Event::KeyframeRequest(_)) => self.keyframes_wanted += 1,
                Output::Event(Event::MediaData(data)) => self.received.push((now, data)),
                Output::Event(_) => {}
            }
        }
    }
}

impl Endpoint for Shared {
    fn handle_datagram(&mut self, now: Instant, datagram: &[u8]) {
        let mut guest = self.0.borrow_mut();
        let Ok(contents) = datagram.try_into() else { return };
        let receive = Receive { proto: Protocol::Udp, source: guest.server, destination: guest.address, contents };
        guest.rtc.handle_input(Input::Receive(now, receive)).expect("str0m understands the server");
        guest.drain(now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        let mut guest = self.0.borrow_mut();
        if guest.wake_at <= now {
            guest.rtc.handle_input(Input::Timeout(now)).expect("str0m goes on");
            guest.drain(now);
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        Some(self.0.borrow().wake_at)
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.0.borrow_mut().out.pop_front()
    }
}

/// A guest with one section of sound and one of picture, connected.
fn join_guest(world: &mut World, direction: Direction) -> (Shared, [Mid; 2], usize, Accepted) {
    let (now, address) = (world.now, world.guest_address());
    let server = auftakt_client::world::SERVER.parse().expect("an address");
    let mut rtc = Rtc::builder().clear_codecs().enable_opus(true, false).enable_vp8(true).set_reordering_size_video(300).build(now);
    rtc.add_local_candidate(Candidate::host(address, "udp").expect("a candidate"));
    let mut change = rtc.sdp_api();
    let sections = [MediaKind::Audio, MediaKind::Video].map(|kind| change.add_media(kind, direction, None, None, None));
    let (offer, pending) = change.apply().expect("something to offer");
    let guest = Guest { rtc, address, server, wake_at: now, out: VecDeque::new(), connected: false, keyframes_wanted: 0, received: vec![] };
    let shared = Shared(Rc::new(RefCell::new(guest)));
    let (index, accepted) = world.admit(Box::new(shared.clone()), &offer.to_sdp_string(), &[]);
    let answer = SdpAnswer::from_sdp_string(&accepted.answer).expect("an answer str0m reads");
    shared.0.borrow_mut().rtc.sdp_api().accept_answer(pending, answer).expect("an answer str0m takes");
    world.run_for(Duration::from_secs(2));
    assert!(shared.0.borrow().connected, "str0m connects");
    (shared, sections, index, accepted)
}

/// A guest that has no seat of ours: its sections are assigned by hand.
fn assign(world: &mut World, guest: usize, section: Mid, source: auftakt_media::id::TrackId) {
    let peer = world.guests[guest].peer;
    world.worker.assign(world.now, peer, mid(&section.to_string()), Some(source));
}

#[test]
fn str0m_hears_and_sees_everything_on_bad_lines() {
    each_seed(3, |seed| {
        let lines = Lines::new(seed);
        let mut world = World::on(Box::new(lines.clone()), seed as u8);
        let source = join_publisher(&mut world, ClientConfig::seeded(seed), &[]);
        let (guest, [audio, video], index, _) = join_guest(&mut world, Direction::RecvOnly);
        let (voice, face) = (world.track(source, "0"), world.track(source, "1"));
        assign(&mut world, index, audio, voice);
        assign(&mut world, index, video, face);
        let mut player = Player::new(source, vec![Camera::new(None)]);
        let run = |world: &mut World, player: &mut Player, steps| {
            for _ in 0..steps {
                player.play(world);
                world.run_for(FRAME);
            }
        };
        run(&mut world, &mut player, 20);
        lines.set_all(lossy());
        run(&mut world, &mut player, 300);
        lines.set_all(clean());
        run(&mut world, &mut player, 50);
        world.run_for(Duration::from_secs(1));

        let received = std::mem::take(&mut guest.0.borrow_mut().received);
        let sounds: Vec<u32> = received
            .iter()
            .filter(|(_, data)| data.mid == audio)
            .map(|(_, data)| {
                let number = u32::from_be_bytes(data.data[1..5].try_into().expect("a number"));
                assert_eq!(*data.data, *sound(number), "bit for bit");
                number
            })
            .collect();
        // It asks for no sound again: what its own line lost stays lost, and no more than that.
        let missing = (sounds[0]..player.step).filter(|number| !sounds.contains(number)).count() as u64;
        let lost = lines.stats(Way::Down(Who::Guest(index))).lost;
        assert!(missing < lost / 2, "{missing} sounds are missing, {lost} packets of all kinds were lost");
        let pictures: Vec<u32> = received
            .iter()
            .filter(|(_, data)| data.mid == video)
            .map(|(_, data)| u32::from_be_bytes(data.data[data.data.len() - 5..data.data.len() - 1].try_into().expect("four bytes")))
            .collect();
        assert!(pictures.windows(2).all(|pair| pair[1] == pair[0] + 1), "every picture, in order");
        assert_eq!(pictures.last().map(|number| number + 1), Some(player.cameras[0].frame));
        assert!(pictures.len() > 340, "{}", pictures.len());
    });
}

/// What str0m is given to send: it makes packets of it by itself.
fn picture(number: u32, keyframe: bool) -> Vec<u8> {
    let mut frame = vec![u8::from(!keyframe); 2500];
    frame[1..5].copy_from_slice(&number.to_be_bytes());
    frame
}

fn write(guest: &Shared, now: Instant, section: Mid, time: MediaTime, data: Vec<u8>) {
    let mut guest = guest.0.borrow_mut();
    let writer = guest.rtc.writer(section).expect("a section that sends");
    let pt = writer.payload_params().next().expect("a codec").pt();
    writer.write(pt, now, time, data).expect("str0m takes it");
    guest.drain(now);
}

#[test]
fn str0m_is_heard_and_seen_on_bad_lines() {
    each_seed(3, |seed| {
        let lines = Lines::new(seed);
        let mut world = World::on(Box::new(lines.clone()), seed as u8);
        let (guest, [audio, video], _, accepted) = join_guest(&mut world, Direction::SendOnly);
        let viewer = join_viewer(&mut world, ClientConfig::seeded(seed), 1);
        let track = |section: Mid| accepted.tracks.iter().find(|(m, _, _)| *m == mid(&section.to_string())).expect("an uplink").2;
        world.assign(viewer, "0", Some(track(audio)));
        world.assign(viewer, "1", Some(track(video)));
        let mut keyframes = BTreeSet::new();
        let mut asked = 0;
        for number in 0..400u32 {
            match number {
                20 => lines.set_all(lossy()),
                350 => lines.set_all(clean()),
                _ => {}
            }
            let now = world.now;
            let time = |ticks| {
                MediaTime::new(u64::from(number) * ticks, if ticks == 960 { Frequency::FORTY_EIGHT_KHZ } else { Frequency::NINETY_KHZ })
            };
            write(&guest, now, audio, time(960), sound(number));
            let wanted = guest.0.borrow().keyframes_wanted;
            if number == 0 || wanted > asked {
                keyframes.insert(number);
            }
            asked = wanted;
            write(&guest, now, video, time(1800), picture(number, keyframes.contains(&number)));
            world.run_for(FRAME);
        }
        world.run_for(Duration::from_secs(1));

        let seen = world.clients[viewer].client.seen("1").expect("a section");
        assert!(seen.missing.is_empty() && seen.recovered > 10, "{seen:?}");
        let mut packets = world.received(viewer, "1");
        packets.sort_by_key(|packet| packet.index);
        let mut number = None;
        for parts in packets.chunk_by(|a, _| !a.marker) {
            // Without picture id the descriptor is one byte.
            let frame: Vec<u8> = parts.iter().flat_map(|packet| packet.payload[1..].to_vec()).collect();
            let shown = u32::from_be_bytes(frame[1..5].try_into().expect("a number"));
            assert_eq!(frame, picture(shown, keyframes.contains(&shown)), "bit for bit");
            match number {
                None => assert!(keyframes.contains(&shown), "begins with a keyframe"),
                Some(last) => assert_eq!(shown, last + 1, "every picture"),
            }
            number = Some(shown);
        }
        assert_eq!(number, Some(399));
        let heard = world.received(viewer, "0");
        assert!(heard.iter().all(|packet| packet.payload == sound(u32::from_be_bytes(packet.payload[1..5].try_into().expect("a number")))));
        assert!(heard.len() > 360, "{}", heard.len());
    });
}

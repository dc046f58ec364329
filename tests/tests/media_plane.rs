//! The media plane on real sockets: the server's thread and port, a client on loopback, and the bot musician.

use auftakt::bot::Musician;
use auftakt::media_io::{Media, MediaConfig, MediaHandle, MediaPlane, Steering};
use auftakt_client::stun::{Check, write_check};
use auftakt_client::{Client, ClientConfig, Outgoing, SenderSpec};
use auftakt_media::DropReason;
use auftakt_media::codec::Codec;
use auftakt_media::id::{MediaKind, Mid, PeerId};
use auftakt_media::worker::{Event, SeatMids};
use auftakt_tests::browser::{Browser, PATIENCE};
use auftakt_tests::workers;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Instant;
use tokio::net::UdpSocket;

/// A client, and who it is to the media plane.
struct Guest {
    browser: Browser,
    peer: PeerId,
}

impl Guest {
    /// Offers what `client` has, and hears the answer.
    async fn join(
        all: &Media,
        media: &MediaHandle,
        server: SocketAddr,
        mut client: Client,
        seats: Vec<SeatMids>,
    ) -> (Self, Vec<auftakt_media::id::TrackId>) {
        let peer = all.next_peer_id();
        let accepted = media.offer(peer, client.offer(), seats).await.expect("an answer");
        client.handle_answer(Instant::now(), &accepted.answer);
        let tracks = accepted.tracks.iter().map(|(_, _, track)| *track).collect();
        (Self { browser: Browser::new(client, server).await, peer }, tracks)
    }
}

fn plane() -> (MediaPlane, SocketAddr) {
    let config = MediaConfig { workers: workers(), ..MediaConfig::listen((Ipv4Addr::LOCALHOST, 0).into()) };
    let plane = MediaPlane::start(config).expect("a port");
    let address = plane.candidates()[0];
    (plane, address)
}

fn seat(audio: &str, video: &str) -> SeatMids {
    SeatMids { audio: Mid::parse(audio), video: Mid::parse(video) }
}

fn mid(name: &str) -> Mid {
    Mid::parse(name).expect("a mid")
}

#[tokio::test]
async fn the_musician_is_heard_and_seen() {
    let (plane, address) = plane();
    let all = plane.media();
    let place = all.place();
    let media = place.media();
    let musician = Musician::start(media.clone()).await.expect("a musician");
    let mut client = Client::new(ClientConfig::seeded(1), Instant::now());
    let audio = client.add_receiver(MediaKind::Audio, &[Codec::Opus]);
    let video = client.add_receiver(MediaKind::Video, &[Codec::Vp8]);
    let (mut guest, _) = Guest::join(&all, media, address, client, vec![seat(&audio, &video)]).await;
    media.assign(guest.peer, mid(&audio), Some(musician.audio())).await;
    media.assign(guest.peer, mid(&video), Some(musician.video())).await;
    guest.browser.connected().await;

    let (mut sound, mut pictures) = (Vec::new(), Vec::new());
    while sound.len() < 100 || pictures.len() < 10 {
        let received = guest.browser.media().await;
        match received.codec {
            Codec::Vp8 if received.marker => pictures.push(received),
            Codec::Vp8 => {}
            _ => sound.push(received),
        }
    }
    for pair in sound.windows(2) {
        let (packets, ticks) = (pair[1].index - pair[0].index, u64::from(pair[1].timestamp.wrapping_sub(pair[0].timestamp)));
        // More only when the machine was too busy to play in time.
        assert!(ticks >= packets * 480 && ticks.is_multiple_of(480), "{packets} packets are 10 ms each, not {ticks} samples");
    }
    for pair in pictures.windows(2) {
        let ticks = pair[1].timestamp.wrapping_sub(pair[0].timestamp);
        assert!(ticks >= 90 * 60 && ticks.is_multiple_of(900), "a picture every 60 ms, not after {ticks}");
    }
    assert!(sound.iter().all(|packet| opus_channels(&packet.payload) == 2));

    drop(musician);
    while media.stats().await.expect("running").0.gauges.tracks > 0 {
        tokio::task::yield_now().await;
    }
}

/// The stereo bit of the first byte (RFC 6716 §3.1).
fn opus_channels(payload: &[u8]) -> usize {
    if payload[0] & 4 != 0 { 2 } else { 1 }
}

#[tokio::test]
async fn one_client_hears_the_other_until_it_is_removed() {
    let (mut plane, address) = plane();
    let all = plane.media();
    let place = all.place();
    let media = place.media();
    let mut events = plane.take_events().expect("the first taker");
    assert!(plane.take_events().is_none());

    let mut client = Client::new(ClientConfig::seeded(2), Instant::now());
    let microphone = client.add_sender(&SenderSpec { kind: MediaKind::Audio, codecs: &[Codec::Opus], rids: &[] });
    let (mut teacher, tracks) = Guest::join(&all, media, address, client, vec![]).await;
    let mut client = Client::new(ClientConfig::seeded(3), Instant::now());
    let speaker = client.add_receiver(MediaKind::Audio, &[Codec::Opus]);
    let (mut student, _) = Guest::join(&all, media, address, client, vec![SeatMids { audio: Some(mid(&speaker)), video: None }]).await;
    media.assign(student.peer, mid(&speaker), Some(tracks[0])).await;
    teacher.browser.connected().await;
    student.browser.connected().await;

    let mut heard = Vec::new();
    for i in 0..50u8 {
        let payload = [0xfc, i, i, i];
        let packet = Outgoing::plain(Codec::Opus, 960 * u32::from(i), i == 0, &payload);
        teacher.browser.send(&microphone, &packet).await;
        heard.push(student.browser.media().await.payload[1]);
    }
    assert_eq!(heard, (0..50).collect::<Vec<_>>());

    let mut happened = Vec::new();
    while !happened.contains(&Event::TrackActive { track: tracks[0] }) {
        happened.push(tokio::time::timeout(PATIENCE, events.recv()).await.expect("in time").expect("running"));
    }
    assert!([teacher.peer, student.peer].map(|peer| happened.contains(&Event::Connected { peer })).iter().all(|seen| *seen));

    media.remove(teacher.peer).await;
    media.remove(student.peer).await;
    let (worker, io) = media.stats().await.expect("running");
    assert_eq!((worker.gauges.peers, worker.gauges.tracks), (0, 0));
    assert!(worker.counters.packets_forwarded >= 50);
    assert!(io.datagrams_received + io.strays_taken >= 50 && io.datagrams_sent >= 50);
}

#[tokio::test]
async fn when_the_plane_is_dropped_its_port_is_free_and_its_handles_say_so() {
    let (mut plane, address) = plane();
    let all = plane.media();
    let place = all.place();
    let media = place.media();
    let mut events = plane.take_events().expect("the first taker");
    let track = media.add_local_track(Codec::Opus).await.expect("running");
    drop(plane);
    assert!(media.stats().await.is_err());
    assert!(media.offer(all.next_peer_id(), String::new(), vec![]).await.is_err());
    assert_eq!(events.recv().await, None);
    drop(track);
    UdpSocket::bind(address).await.expect("the port is free again");
}

/// A teacher and a student on one worker.
struct Lesson {
    teacher: Guest,
    student: Guest,
    microphone: String,
    played: u32,
}

impl Lesson {
    async fn begin(all: &Media, media: &MediaHandle, server: SocketAddr, seed: u64) -> Self {
        let mut client = Client::new(ClientConfig::seeded(seed), Instant::now());
        let microphone = client.add_sender(&SenderSpec { kind: MediaKind::Audio, codecs: &[Codec::Opus], rids: &[] });
        let (mut teacher, tracks) = Guest::join(all, media, server, client, vec![]).await;
        let mut client = Client::new(ClientConfig::seeded(seed + 1000), Instant::now());
        let speaker = client.add_receiver(MediaKind::Audio, &[Codec::Opus]);
        let (mut student, _) = Guest::join(all, media, server, client, vec![SeatMids { audio: Some(mid(&speaker)), video: None }]).await;
        media.assign(student.peer, mid(&speaker), Some(tracks[0])).await;
        teacher.browser.connected().await;
        student.browser.connected().await;
        Self { teacher, student, microphone, played: 0 }
    }

    /// One packet of sound arrives as it was sent. Nothing is sent twice: what does not arrive ends the test.
    async fn play(&mut self) {
        let payload = [&[0xfc][..], &self.played.to_be_bytes()].concat();
        let packet = Outgoing::plain(Codec::Opus, 960 * self.played, self.played == 0, &payload);
        self.played += 1;
        self.teacher.browser.send(&self.microphone, &packet).await;
        assert_eq!(self.student.browser.media().await.payload, payload);
    }

    /// Both go on from another port, and say so.
    async fn move_away(&mut self) {
        for guest in [&mut self.teacher, &mut self.student] {
            guest.browser.move_away().await;
            guest.browser.checked().await;
        }
    }
}

async fn strays(media: &Media) -> (u64, u64) {
    let io = media.stats().await.expect("running").io;
    (io.iter().map(|io| io.strays_handed_on).sum(), io.iter().map(|io| io.strays_taken).sum())
}

fn plane_of_three(steering: Steering) -> (MediaPlane, SocketAddr) {
    let config = MediaConfig { workers: 3, steering, ..MediaConfig::listen((Ipv4Addr::LOCALHOST, 0).into()) };
    let plane = MediaPlane::start(config).expect("a port");
    let address = plane.candidates()[0];
    (plane, address)
}

/// Three lessons on each of three workers, which move to other ports again and again.
async fn lessons_on_all_workers(media: &Media, server: SocketAddr) -> Vec<Lesson> {
    let mut lessons = vec![];
    for (index, worker) in media.workers().iter().enumerate() {
        for number in 0..3 {
            lessons.push(Lesson::begin(media, worker, server, 10 * index as u64 + number).await);
        }
    }
    for _ in 0..5 {
        for lesson in &mut lessons {
            lesson.move_away().await;
            for _ in 0..10 {
                lesson.play().await;
            }
        }
    }
    lessons
}

#[tokio::test]
async fn what_comes_to_another_worker_is_handed_on() {
    let (plane, server) = plane_of_three(Steering::ByWorkers);
    let media = plane.media();
    let mut lessons = lessons_on_all_workers(&media, server).await;
    let before = strays(&media).await.0;
    for lesson in &mut lessons {
        lesson.play().await;
    }
    let (handed_on, taken) = strays(&media).await;
    assert!(handed_on > before, "nine lessons do not all find their worker by chance");
    assert_eq!(taken, handed_on);
    let stats = media.stats().await.expect("running");
    assert!(stats.workers.iter().all(|worker| worker.gauges.peers == 6));
}

#[tokio::test]
async fn the_kernel_learns_whose_an_address_is() {
    let (plane, server) = plane_of_three(Steering::ByKernel);
    let media = plane.media();
    let mut lessons = lessons_on_all_workers(&media, server).await;
    // It learns within moments: then nothing is handed on any more, however much is played.
    let learnt = async {
        let mut quiet = 0;
        while quiet < 20 {
            let before = strays(&media).await;
            for lesson in &mut lessons {
                lesson.play().await;
            }
            quiet = if strays(&media).await == before { quiet + 1 } else { 0 };
        }
    };
    tokio::time::timeout(PATIENCE, learnt).await.expect("it learns");
}

/// Checks that look as if they were for a worker are all that a stranger can have handed on, and they wait in a ring of their own.
#[tokio::test]
async fn strangers_do_not_hold_up_what_is_handed_on() {
    let (plane, server) = plane_of_three(Steering::ByWorkers);
    let media = plane.media();
    let mut lessons = vec![];
    for (index, worker) in media.workers().iter().enumerate() {
        for number in 0..2 {
            lessons.push(Lesson::begin(&media, worker, server, 10 * index as u64 + number).await);
        }
    }
    let mut strangers = vec![];
    for _ in 0..8 {
        let stranger = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a socket");
        stranger.connect(server).await.expect("connected");
        strangers.push(stranger);
    }
    let check = |username: &str| {
        let (transaction, pwd) = ([7; 12], "not the password of anybody");
        write_check(&Check { username, pwd, transaction, nominate: true, nomination: None })
    };
    let attack = [check("A1234567890a:x"), check("B1234567890a:x"), check("C1234567890a:x"), vec![0x80; 200], vec![22; 100]];
    for _ in 0..40 {
        for stranger in &strangers {
            for datagram in attack.iter().cycle().take(30) {
                let _ = stranger.try_send(datagram);
            }
        }
        for lesson in &mut lessons {
            lesson.play().await;
        }
    }
    // A newcomer gets in all the same, and everybody may move.
    lessons.push(Lesson::begin(&media, &media.workers()[2], server, 99).await);
    for lesson in &mut lessons {
        lesson.move_away().await;
        lesson.play().await;
    }
    let stats = media.stats().await.expect("running");
    let dropped = |reason| stats.workers.iter().map(|worker| worker.counters.drops.of(reason)).sum::<u64>();
    assert!(dropped(DropReason::StunUnknownUser) > 0 && dropped(DropReason::UnknownSource) > 0);
    let mut buffer = [0; 2048];
    assert!(strangers.iter().all(|stranger| stranger.try_recv(&mut buffer).is_err()), "no stranger was answered");
}

/// A machine has several addresses, and whoever asks at one is answered from it: a client takes nothing from another.
#[tokio::test]
async fn answers_leave_from_the_address_that_was_asked() {
    for listen in [IpAddr::from(Ipv4Addr::UNSPECIFIED), IpAddr::from(Ipv6Addr::UNSPECIFIED)] {
        for workers in [1, 3] {
            let config = MediaConfig { workers, ..MediaConfig::listen((listen, 0).into()) };
            // A machine without IPv6 cannot show the one of both families.
            let Ok(plane) = MediaPlane::start(config) else { continue };
            let media = plane.media();
            let port = plane.candidates()[0].port();
            let mut lesson = Lesson::begin(&media, &media.workers()[0], ([127, 0, 0, 2], port).into(), 1).await;
            for _ in 0..20 {
                lesson.play().await;
            }
            lesson.move_away().await;
            lesson.play().await;
        }
    }
}

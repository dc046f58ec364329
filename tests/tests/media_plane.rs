//! The media plane on real sockets: the server's thread and port, a client on loopback, and the bot musician.

use auftakt::bot::Musician;
use auftakt::media_io::{MediaConfig, MediaHandle, MediaPlane};
use auftakt_client::{Client, ClientConfig, Outgoing, SenderSpec};
use auftakt_media::codec::Codec;
use auftakt_media::id::{MediaKind, Mid, PeerId};
use auftakt_media::worker::{Event, SeatMids};
use auftakt_tests::browser::{Browser, PATIENCE};
use std::net::{Ipv4Addr, SocketAddr};
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
        media: &MediaHandle,
        server: SocketAddr,
        mut client: Client,
        seats: Vec<SeatMids>,
    ) -> (Self, Vec<auftakt_media::id::TrackId>) {
        let peer = media.next_peer_id();
        let accepted = media.offer(peer, client.offer(), seats).await.expect("an answer");
        client.handle_answer(Instant::now(), &accepted.answer);
        let tracks = accepted.tracks.iter().map(|(_, _, track)| *track).collect();
        (Self { browser: Browser::new(client, server).await, peer }, tracks)
    }
}

fn plane() -> (MediaPlane, SocketAddr) {
    let plane = MediaPlane::start(MediaConfig::listen((Ipv4Addr::LOCALHOST, 0).into())).expect("a port");
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
    let media = plane.handle();
    let musician = Musician::start(media.clone()).await.expect("a musician");
    let mut client = Client::new(ClientConfig::seeded(1), Instant::now());
    let audio = client.add_receiver(MediaKind::Audio, &[Codec::Opus]);
    let video = client.add_receiver(MediaKind::Video, &[Codec::Vp8]);
    let (mut guest, _) = Guest::join(&media, address, client, vec![seat(&audio, &video)]).await;
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
    while media.stats().await.expect("running").workers[0].gauges.tracks > 0 {
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
    let media = plane.handle();
    let mut events = plane.take_events().expect("the first taker");
    assert!(plane.take_events().is_none());

    let mut client = Client::new(ClientConfig::seeded(2), Instant::now());
    let microphone = client.add_sender(&SenderSpec { kind: MediaKind::Audio, codecs: &[Codec::Opus], rids: &[] });
    let (mut teacher, tracks) = Guest::join(&media, address, client, vec![]).await;
    let mut client = Client::new(ClientConfig::seeded(3), Instant::now());
    let speaker = client.add_receiver(MediaKind::Audio, &[Codec::Opus]);
    let (mut student, _) = Guest::join(&media, address, client, vec![SeatMids { audio: Some(mid(&speaker)), video: None }]).await;
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
    let stats = media.stats().await.expect("running");
    assert_eq!((stats.workers[0].gauges.peers, stats.workers[0].gauges.tracks), (0, 0));
    assert!(stats.workers[0].counters.packets_forwarded >= 50);
    assert!(stats.io[0].datagrams_received >= 50 && stats.io[0].datagrams_sent >= 50);
}

#[tokio::test]
async fn when_the_plane_is_dropped_its_port_is_free_and_its_handles_say_so() {
    let (mut plane, address) = plane();
    let media = plane.handle();
    let mut events = plane.take_events().expect("the first taker");
    let track = media.add_local_track(Codec::Opus).await.expect("running");
    drop(plane);
    assert!(media.stats().await.is_err());
    assert!(media.offer(media.next_peer_id(), String::new(), vec![]).await.is_err());
    assert_eq!(events.recv().await, None);
    drop(track);
    UdpSocket::bind(address).await.expect("the port is free again");
}

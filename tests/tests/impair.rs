//! The model of the impairment tool in virtual time, and the proxy on loopback.

use auftakt_tests::impair::{Link, Proxy, Settings};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};
use tokio::net::UdpSocket;

const MS: Duration = Duration::from_millis(1);

/// Sends `count` packets of `bytes`, one every `gap`. Returns when each arrives after the first was sent, and its number.
fn travel(settings: Settings, seed: u64, count: u32, bytes: usize, gap: Duration) -> (Vec<(Duration, u32)>, Link<u32>) {
    let begin = Instant::now();
    let mut link = Link::new(settings, seed);
    let mut arrivals = Vec::new();
    let mut collect = |link: &mut Link<u32>, until: Instant| {
        while let Some(at) = link.poll_timeout().filter(|at| *at <= until) {
            arrivals.push((at - begin, link.pop(at).expect("due")));
        }
    };
    for number in 0..count {
        let now = begin + gap * number;
        collect(&mut link, now);
        link.push(now, number, bytes);
    }
    collect(&mut link, begin + gap * count + Duration::from_secs(60));
    (arrivals, link)
}

fn numbers(arrivals: &[(Duration, u32)]) -> Vec<u32> {
    arrivals.iter().map(|(_, number)| *number).collect()
}

#[test]
fn a_perfect_line_delivers_everything_at_once() {
    let (arrivals, link) = travel(Settings::default(), 1, 100, 1_000, MS);
    assert!(arrivals.iter().all(|(at, number)| *at == MS * *number));
    assert_eq!((link.stats().delivered, link.stats().delivered_bytes), (100, 100_000));
}

#[test]
fn delay_and_jitter_keep_the_order() {
    let settings = Settings { delay: 50 * MS, jitter: 20 * MS, ..Settings::default() };
    let (arrivals, _) = travel(settings, 2, 1_000, 1_000, 2 * MS);
    assert_eq!(numbers(&arrivals), (0..1_000).collect::<Vec<_>>());
    let delays: Vec<Duration> = arrivals.iter().map(|(at, number)| *at - 2 * MS * *number).collect();
    assert!(delays.iter().all(|delay| (30 * MS..=71 * MS).contains(delay)));
    assert!(delays.iter().max() > delays.iter().min().map(|least| *least + 15 * MS).as_ref());
}

#[test]
fn losses_are_as_frequent_and_as_long_as_asked() {
    for (burst, lengths) in [(0.0, 1.0..1.15), (5.0, 4.2..5.8)] {
        let settings = Settings { loss: 0.05, burst, ..Settings::default() };
        let (arrivals, link) = travel(settings, 3, 100_000, 100, MS);
        assert!((4_300..5_700).contains(&link.stats().lost), "{} lost", link.stats().lost);
        let bursts = numbers(&arrivals).windows(2).filter(|pair| pair[1] > pair[0] + 1).count();
        let mean = link.stats().lost as f64 / bursts as f64;
        assert!(lengths.contains(&mean), "bursts of {mean}");
    }
}

#[test]
fn a_slow_line_queues_and_then_drops() {
    // 1,000 bytes every 4 ms are 2 Mbit/s, on a line of 1 Mbit/s: half of it is dropped, the rest waits 100 ms.
    let settings = Settings { rate_bps: 1_000_000, queue: 100 * MS, ..Settings::default() };
    let (arrivals, link) = travel(settings, 4, 1_000, 1_000, 4 * MS);
    assert!((470..=500).contains(&link.stats().queue_dropped), "{:?}", link.stats());
    let waits = arrivals.iter().map(|(at, number)| *at - 4 * MS * *number);
    assert!(waits.clone().all(|wait| wait <= 108 * MS));
    assert!(waits.skip(100).all(|wait| wait >= 95 * MS), "the queue drains although it is fed");
    assert!(arrivals.windows(2).all(|pair| pair[1].0 - pair[0].0 >= 8 * MS));
}

#[test]
fn some_packets_come_twice_and_some_late() {
    let settings = Settings { duplicate: 0.1, reorder: 0.05, ..Settings::default() };
    let (arrivals, link) = travel(settings, 5, 10_000, 100, MS);
    assert!((850..1_150).contains(&link.stats().duplicated) && (400..600).contains(&link.stats().reordered));
    assert_eq!(arrivals.len() as u64, 10_000 + link.stats().duplicated);
    let overtaken = numbers(&arrivals).windows(2).filter(|pair| pair[1] < pair[0]).count();
    assert!((350..600).contains(&overtaken), "{overtaken} overtaken");
    assert!(arrivals.iter().all(|(at, number)| *at <= MS * *number + 25 * MS));
}

#[test]
fn the_same_seed_gives_the_same_fate_and_another_one_does_not() {
    let settings = Settings { loss: 0.1, jitter: 5 * MS, duplicate: 0.1, reorder: 0.1, ..Settings::default() };
    let fate = |seed| numbers(&travel(settings, seed, 1_000, 100, MS).0);
    assert_eq!(fate(6), fate(6));
    assert_ne!(fate(6), fate(7));
}

#[test]
fn settings_are_words_for_one_direction_or_both() {
    let (mut up, mut down) = (Settings::default(), Settings::default());
    for word in ["delay=50", "up.loss=5", "down.rate=1000", "burst=3"] {
        Settings::apply(word, &mut up, &mut down).expect("a setting");
    }
    assert_eq!(up, Settings { delay: 50 * MS, loss: 0.05, burst: 3.0, ..Settings::default() });
    assert_eq!(down, Settings { delay: 50 * MS, rate_bps: 1_000_000, burst: 3.0, ..Settings::default() });
    for wrong in ["delay", "delay=x", "loss=101", "loss=-1", "delay=NaN", "left.loss=1", "colour=3"] {
        assert!(Settings::apply(wrong, &mut up, &mut down).is_err(), "{wrong} was taken");
    }
}

#[tokio::test]
async fn every_client_has_its_own_way_to_the_server_and_back() {
    let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let server = UdpSocket::bind(here).await.expect("a socket");
    let mut proxy = Proxy::bind(here, server.local_addr().expect("an address"), 1).await.expect("a proxy");
    let mut line = Settings::default();
    Settings::apply("delay=10", &mut line, &mut Settings::default()).expect("a setting");
    proxy.set(line, line);
    let address = proxy.address().expect("an address");
    let traffic = async {
        let clients = [UdpSocket::bind(here).await.expect("a socket"), UdpSocket::bind(here).await.expect("a socket")];
        let mut seen = Vec::new();
        let mut buffer = [0; 100];
        for (i, client) in clients.iter().enumerate() {
            let begin = Instant::now();
            client.send_to(&[i as u8; 3], address).await.expect("sent");
            let (len, from) = server.recv_from(&mut buffer).await.expect("received");
            assert_eq!(buffer[..len], [i as u8; 3]);
            seen.push(from);
            server.send_to(&[i as u8; 5], from).await.expect("sent");
            let (len, from) = client.recv_from(&mut buffer).await.expect("received");
            assert_eq!((&buffer[..len], from), (&[i as u8; 5][..], address));
            assert!(begin.elapsed() >= 20 * MS);
        }
        assert_ne!(seen[0], seen[1]);
    };
    tokio::select! {
        () = traffic => {}
        () = proxy.run_until(Some(Instant::now() + Duration::from_secs(10))) => panic!("nothing came through"),
    }
    let stats = proxy.stats();
    assert_eq!((stats.clients, stats.up.delivered_bytes, stats.down.delivered_bytes), (2, 6, 10));
}

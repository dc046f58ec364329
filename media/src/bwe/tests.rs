//! The estimator against feedback that no network gives. What networks give is in `tests/tests/bwe`.

use super::*;

/// Sends so many packets 10 ms apart and tells of each with this status, in feedback of ten.
fn run(estimator: &mut Estimator, start: Instant, packets: u16, arrival: impl Fn(u16) -> Option<u8>) -> Instant {
    let mut now = start;
    for first in (0..packets).step_by(10) {
        for number in first..first + 10 {
            estimator.on_sent(now, number, 1000, Sent::Video);
            now += Duration::from_millis(10);
        }
        let statuses: Vec<_> = (first..first + 10).map(&arrival).collect();
        tell(estimator, now + Duration::from_millis(50), first, &statuses);
    }
    now
}

/// One feedback: a small delta in 250 µs for each packet that arrived.
fn tell(estimator: &mut Estimator, now: Instant, first: u16, statuses: &[Option<u8>]) {
    let mut fci = first.to_be_bytes().to_vec();
    fci.extend_from_slice(&(statuses.len() as u16).to_be_bytes());
    // The reference time counts in 64 ms; the first delta is the rest.
    fci.extend_from_slice(&(u32::from(first) * 10 / 64 + 100).to_be_bytes()[1..]);
    fci.push(0);
    for chunk in statuses.chunks(14) {
        let bits = chunk.iter().enumerate().fold(0x8000_u16, |word, (at, status)| word | u16::from(status.is_some()) << (13 - at));
        fci.extend_from_slice(&bits.to_be_bytes());
    }
    let rest = (u32::from(first) * 10 % 64 * 4) as u8;
    fci.extend(statuses.iter().flatten().enumerate().map(|(at, delta)| if at == 0 { rest } else { *delta }));
    estimator.on_feedback(now, &Feedback::parse(&fci).expect("written as it is read"));
}

#[test]
fn what_was_never_sent_changes_nothing() {
    let now = Instant::now();
    let mut estimator = Estimator::new(now);
    tell(&mut estimator, now, 5, &[Some(4); 28]);
    estimator.on_sent(now, 1000, 1200, Sent::Audio);
    tell(&mut estimator, now, 1001, &[Some(4); 28]);
    tell(&mut estimator, now, 900, &[None; 28]);
    assert_eq!(estimator.target_bps(), START_BPS);
    assert_eq!(estimator.poll_timeout(), Some(now + SILENCE), "nothing was told of what was sent");
}

#[test]
fn telling_twice_counts_once() {
    let now = Instant::now();
    let (mut once, mut twice) = (Estimator::new(now), Estimator::new(now));
    for estimator in [&mut once, &mut twice] {
        (0..20).for_each(|number| estimator.on_sent(now, number, 1200, Sent::Video));
    }
    let later = now + Duration::from_millis(100);
    tell(&mut once, later, 0, &[Some(40); 20]);
    (0..50).for_each(|_| tell(&mut twice, later, 0, &[Some(40); 20]));
    assert_eq!(format!("{once:?}"), format!("{twice:?}"));
}

#[test]
fn backs_off_to_sound_when_all_is_lost() {
    let start = Instant::now();
    let mut estimator = Estimator::new(start);
    run(&mut estimator, start, 2000, |_| None);
    assert!(estimator.target_bps() < 65_000, "{}", estimator.target_bps());
}

#[test]
fn grows_while_everything_arrives_and_stops_where_nothing_is_sent() {
    let start = Instant::now();
    let mut estimator = Estimator::new(start);
    // 800 kbit/s are sent, whatever the target.
    run(&mut estimator, start, 6000, |_| Some(40));
    assert!((900_000..1_100_000).contains(&estimator.target_bps()), "{}", estimator.target_bps());
}

#[test]
fn waits_for_feedback_only_while_something_is_sent() {
    let start = Instant::now();
    let mut estimator = Estimator::new(start);
    assert_eq!(estimator.poll_timeout(), None);
    estimator.on_sent(start, 0, 1200, Sent::Audio);
    for _ in 0..100 {
        let at = estimator.poll_timeout().expect("feedback is awaited");
        estimator.handle_timeout(at);
    }
    assert_eq!(estimator.target_bps(), rate::MIN as u64);
    tell(&mut estimator, start + Duration::from_secs(60), 0, &[Some(4)]);
    assert_eq!(estimator.poll_timeout(), None);
}

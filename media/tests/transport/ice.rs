//! ICE-lite, with requests written and responses read by the crate `rtc-stun`.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use auftakt_media::drops::DropReason;
use auftakt_media::ice::{ADDRESSES_MAX, Credentials, IceLite, IceOutcome};
use auftakt_media::stun::BindingRequest;
use rand::SeedableRng;
use rtc::crypto::default_provider;
use rtc::stun::attributes::{ATTR_ICE_CONTROLLED, ATTR_USE_CANDIDATE, ATTR_USERNAME, AttrType, RawAttribute};
use rtc::stun::error_code::ErrorCodeAttribute;
use rtc::stun::fingerprint::FINGERPRINT;
use rtc::stun::integrity::MessageIntegrity;
use rtc::stun::message::{BINDING_ERROR, BINDING_REQUEST, BINDING_SUCCESS, Getter, Message, Setter, TransactionId};
use rtc::stun::textattrs::TextAttribute;
use rtc::stun::xoraddr::XorMappedAddress;

const NOMINATION: AttrType = AttrType(0xC001);

fn credentials(seed: u64) -> Credentials {
    Credentials::generate(&mut rand_chacha::ChaCha8Rng::seed_from_u64(seed), 3)
}

fn address(n: u16) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 40_000 + n))
}

/// A request to the holder of `to`.
struct Check<'c> {
    to: &'c Credentials,
    attributes: Vec<(AttrType, Vec<u8>)>,
}

impl<'c> Check<'c> {
    fn to(to: &'c Credentials) -> Self {
        Self { to, attributes: Vec::new() }
    }

    fn with(mut self, kind: AttrType, value: &[u8]) -> Self {
        self.attributes.push((kind, value.to_vec()));
        self
    }

    fn nominating(self) -> Self {
        self.with(ATTR_USE_CANDIDATE, &[])
    }

    fn nominating_with(self, value: u32) -> Self {
        self.nominating().with(NOMINATION, &value.to_be_bytes())
    }

    fn build(self) -> Vec<u8> {
        let provider = default_provider().unwrap();
        let mut setters: Vec<Box<dyn Setter>> = vec![
            Box::new(TransactionId::new()),
            Box::new(BINDING_REQUEST),
            Box::new(TextAttribute::new(ATTR_USERNAME, format!("{}:them", self.to.ufrag))),
        ];
        for (typ, value) in self.attributes {
            setters.push(Box::new(RawAttribute { typ, length: value.len() as u16, value }));
        }
        let integrity = MessageIntegrity::new_short_term_integrity_with_provider(self.to.pwd.clone(), provider.crypto());
        let mut setters: Vec<Box<dyn Setter + '_>> = setters.into_iter().map(|setter| setter as Box<dyn Setter + '_>).collect();
        setters.push(Box::new(integrity));
        setters.push(Box::new(FINGERPRINT));
        let mut message = Message::new();
        message.build(&setters).unwrap();
        message.raw
    }
}

fn send(ice: &mut IceLite, now: Instant, from: SocketAddr, check: Check<'_>) -> (Result<IceOutcome, DropReason>, Vec<u8>) {
    let datagram = check.build();
    let mut out = Vec::new();
    let request = BindingRequest::parse(&datagram).unwrap();
    (ice.handle_request(now, from, &request, &mut out), out)
}

fn accept(ice: &mut IceLite, now: Instant, from: SocketAddr, check: Check<'_>) -> IceOutcome {
    send(ice, now, from, check).0.unwrap()
}

fn read(response: &[u8], pwd: &str) -> Message {
    let mut message = Message::new();
    message.raw = response.to_vec();
    message.decode().unwrap();
    FINGERPRINT.check(&message).unwrap();
    MessageIntegrity::check(&mut message, pwd.as_bytes(), default_provider().unwrap().crypto()).unwrap();
    message
}

#[test]
fn a_check_is_answered_with_the_address_it_came_from() {
    let (now, ours) = (Instant::now(), credentials(1));
    for from in ["192.0.2.7:4711", "[2001:db8::7]:4712", "[::ffff:192.0.2.7]:4711"] {
        let from: SocketAddr = from.parse().unwrap();
        let mut ice = IceLite::new(ours.clone(), now);
        let datagram = Check::to(&ours).build();
        let request = BindingRequest::parse(&datagram).unwrap();
        assert_eq!((request.local_ufrag(), request.remote_ufrag()), (ours.ufrag.as_str(), "them"));
        let mut out = b"arena".to_vec();
        ice.handle_request(now, from, &request, &mut out).unwrap();
        let response = read(&out[5..], &ours.pwd);
        assert_eq!(response.typ, BINDING_SUCCESS);
        assert_eq!(response.transaction_id.0[..], datagram[8..20]);
        let mut mapped = XorMappedAddress::default();
        mapped.get_from(&response).unwrap();
        assert_eq!((mapped.ip, mapped.port), (from.ip().to_canonical(), from.port()));
    }
}

#[test]
fn strangers_get_no_answer_and_no_place() {
    let (now, ours) = (Instant::now(), credentials(1));
    let mut ice = IceLite::new(ours.clone(), now);
    let wrong_pwd = Credentials { pwd: credentials(2).pwd, ..ours.clone() };
    for (check, reason) in
        [(Check::to(&wrong_pwd), DropReason::StunUnauthenticated), (Check::to(&credentials(3)), DropReason::StunUnknownUser)]
    {
        let (result, out) = send(&mut ice, now, address(1), check.nominating());
        assert_eq!((result, out), (Err(reason), vec![]));
    }
    assert_eq!(ice.selected(), None);
    assert!(!ice.is_authenticated(address(1)));
}

#[test]
fn media_goes_to_the_first_address_until_another_is_nominated() {
    let (now, ours) = (Instant::now(), credentials(1));
    let mut ice = IceLite::new(ours.clone(), now);
    let outcome = accept(&mut ice, now, address(1), Check::to(&ours));
    assert_eq!(outcome, IceOutcome { newly_authenticated: true, selected_changed: true, restarted: false });
    assert_eq!(accept(&mut ice, now, address(1), Check::to(&ours)), IceOutcome::default());
    let outcome = accept(&mut ice, now, address(2), Check::to(&ours));
    assert_eq!(outcome, IceOutcome { newly_authenticated: true, ..IceOutcome::default() });
    assert_eq!(ice.selected(), Some(address(1)));
    assert!(accept(&mut ice, now, address(2), Check::to(&ours).nominating()).selected_changed);
    assert_eq!(ice.selected(), Some(address(2)));
}

#[test]
fn the_latest_nomination_moves_the_path_without_a_new_offer() {
    let (now, ours) = (Instant::now(), credentials(1));
    let mut ice = IceLite::new(ours.clone(), now);
    accept(&mut ice, now, address(1), Check::to(&ours).nominating());
    let outcome = accept(&mut ice, now, address(2), Check::to(&ours).nominating());
    assert_eq!(outcome, IceOutcome { newly_authenticated: true, selected_changed: true, restarted: false });
    assert!(accept(&mut ice, now, address(1), Check::to(&ours).nominating()).selected_changed);
    assert!(ice.is_authenticated(address(2)), "its last packets are still on the way");
}

#[test]
fn of_numbered_nominations_the_highest_wins_however_late_others_arrive() {
    let (now, ours) = (Instant::now(), credentials(1));
    let mut ice = IceLite::new(ours.clone(), now);
    accept(&mut ice, now, address(1), Check::to(&ours).nominating_with(1));
    accept(&mut ice, now, address(2), Check::to(&ours).nominating_with(3));
    assert!(!accept(&mut ice, now, address(1), Check::to(&ours).nominating_with(2)).selected_changed);
    assert_eq!(ice.selected(), Some(address(2)));
    assert!(accept(&mut ice, now, address(1), Check::to(&ours).nominating_with(4)).selected_changed);
}

#[test]
fn after_a_restart_the_old_credentials_last_until_the_new_are_used() {
    let (now, old, new) = (Instant::now(), credentials(1), credentials(2));
    let mut ice = IceLite::new(old.clone(), now);
    accept(&mut ice, now, address(1), Check::to(&old).nominating_with(9));
    ice.restart(new.clone(), now);
    assert_eq!(ice.credentials(), &new);
    assert!(ice.accepts_ufrag(&old.ufrag) && ice.accepts_ufrag(&new.ufrag));
    let (result, out) = send(&mut ice, now, address(1), Check::to(&old));
    assert_eq!(result, Ok(IceOutcome::default()));
    read(&out, &old.pwd);

    let outcome = accept(&mut ice, now, address(2), Check::to(&new));
    assert_eq!(outcome, IceOutcome { newly_authenticated: true, selected_changed: false, restarted: true });
    assert_eq!(ice.selected(), Some(address(1)), "media flows on until the client nominates");
    assert_eq!(send(&mut ice, now, address(1), Check::to(&old)).0, Err(DropReason::StunUnknownUser));
    assert!(!ice.accepts_ufrag(&old.ufrag));
    assert!(accept(&mut ice, now, address(2), Check::to(&new).nominating_with(1)).selected_changed);
}

#[test]
fn a_restart_that_no_check_confirmed_can_be_restarted() {
    let (now, old, lost, new) = (Instant::now(), credentials(1), credentials(2), credentials(3));
    let mut ice = IceLite::new(old.clone(), now);
    ice.restart(lost.clone(), now);
    ice.restart(new.clone(), now);
    assert!(ice.accepts_ufrag(&old.ufrag) && ice.accepts_ufrag(&new.ufrag) && !ice.accepts_ufrag(&lost.ufrag));
}

#[test]
fn the_role_of_the_server_cannot_be_claimed() {
    let (now, ours) = (Instant::now(), credentials(1));
    let mut ice = IceLite::new(ours.clone(), now);
    let (result, out) = send(&mut ice, now, address(1), Check::to(&ours).with(ATTR_ICE_CONTROLLED, &[9; 8]).nominating());
    assert_eq!(result, Ok(IceOutcome::default()));
    let response = read(&out, &ours.pwd);
    assert_eq!(response.typ, BINDING_ERROR);
    let mut error = ErrorCodeAttribute::default();
    error.get_from(&response).unwrap();
    assert_eq!(error.code.0, 487);
    assert_eq!(ice.selected(), None);
}

#[test]
fn attributes_that_must_be_understood_are_refused_by_name() {
    let (now, ours) = (Instant::now(), credentials(1));
    let mut ice = IceLite::new(ours.clone(), now);
    let optional = Check::to(&ours).with(AttrType(0xC057), &[0; 4]);
    assert!(accept(&mut ice, now, address(1), optional).newly_authenticated);
    let check = Check::to(&ours).with(AttrType(0x7001), &[1]).with(AttrType(0x7002), &[]).nominating();
    let (result, out) = send(&mut ice, now, address(2), check);
    assert_eq!(result, Ok(IceOutcome::default()));
    let response = read(&out, &ours.pwd);
    let mut error = ErrorCodeAttribute::default();
    error.get_from(&response).unwrap();
    assert_eq!(error.code.0, 420);
    assert_eq!(response.get(AttrType(0x000A)).unwrap(), [0x70, 0x01, 0x70, 0x02]);
    assert!(!ice.is_authenticated(address(2)));
}

#[test]
fn consent_and_addresses_expire_after_thirty_seconds() {
    let (start, ours) = (Instant::now(), credentials(1));
    let at = |seconds| start + Duration::from_secs(seconds);
    let mut ice = IceLite::new(ours.clone(), start);
    accept(&mut ice, at(0), address(1), Check::to(&ours).nominating());
    accept(&mut ice, at(20), address(2), Check::to(&ours));
    assert_eq!(ice.poll_timeout(), Some(at(30)));
    ice.handle_timeout(at(30));
    assert_eq!(ice.poll_forgotten(), Some(address(1)));
    assert_eq!(ice.poll_forgotten(), None);
    assert_eq!(ice.selected(), Some(address(2)), "the freshest of those that are left");
    assert!(!ice.consent_expired(at(49)));
    assert!(ice.consent_expired(at(50)));
    ice.handle_timeout(at(50));
    assert_eq!((ice.selected(), ice.poll_timeout()), (None, None));

    accept(&mut ice, at(60), address(3), Check::to(&ours));
    assert!(!ice.consent_expired(at(60)));
    assert_eq!((ice.selected(), ice.poll_timeout()), (Some(address(3)), Some(at(90))));
}

#[test]
fn an_address_whose_check_comes_late_but_before_the_timeout_was_handled_is_not_forgotten() {
    let (start, ours) = (Instant::now(), credentials(1));
    let mut ice = IceLite::new(ours.clone(), start);
    accept(&mut ice, start, address(1), Check::to(&ours).nominating());
    accept(&mut ice, start, address(2), Check::to(&ours));
    let outcome = accept(&mut ice, start + Duration::from_secs(40), address(1), Check::to(&ours));
    assert!(!outcome.newly_authenticated && !outcome.selected_changed);
    assert_eq!(std::iter::from_fn(|| ice.poll_forgotten()).collect::<Vec<_>>(), [address(2)]);
    assert_eq!(ice.selected(), Some(address(1)));
}

#[test]
fn the_number_of_addresses_is_bounded_and_the_selected_one_stays() {
    let (now, ours) = (Instant::now(), credentials(1));
    let mut ice = IceLite::new(ours.clone(), now);
    accept(&mut ice, now, address(0), Check::to(&ours).nominating());
    for n in 1..100 {
        accept(&mut ice, now + Duration::from_millis(u64::from(n)), address(n), Check::to(&ours));
    }
    assert_eq!(ice.authenticated_addresses().count(), ADDRESSES_MAX);
    assert!(ice.is_authenticated(address(0)) && ice.is_authenticated(address(99)));
    assert_eq!(std::iter::from_fn(|| ice.poll_forgotten()).count(), 100 - ADDRESSES_MAX);
}

#[test]
fn the_ufrag_names_the_worker() {
    let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(7);
    for worker in 0..64 {
        let one = Credentials::generate(&mut rng, worker);
        assert_eq!(Credentials::worker_index(&one.ufrag), Some(worker));
        assert_ne!(one, Credentials::generate(&mut rng, worker));
        assert!(!format!("{one:?}").contains(&one.pwd));
    }
    assert_eq!(Credentials::worker_index(""), None);
    assert_eq!(Credentials::worker_index("ä"), None);
}

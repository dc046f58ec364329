//! How pictures are looked at, which layers are wanted, and which are paused.

use crate::world::{Browser, World};
use auftakt_media::id::Mid;
use auftakt_media::worker::{Importance, Viewing};
use auftakt_signaling::wire::*;
use auftakt_signaling::*;
use std::time::Duration;

fn view(wanted: &[SeatedStream], pinned: u16, sizes: &[(u16, u16)]) -> ClientMessage {
    let sizes = sizes.iter().map(|(width, height)| SeatSize { width: *width, height: *height }).collect();
    ClientMessage::SetView { wanted: wanted.to_vec(), pinned, sizes }
}

fn stream(who: &Browser, stream: StreamKind) -> SeatedStream {
    SeatedStream { participant: who.id, stream }
}

fn viewing(w: &World, viewer: &Browser, mid: &str) -> Viewing {
    w.viewings[&(w.peer(viewer), Mid::parse(mid).unwrap())]
}

#[test]
fn sizes_and_importance_reach_the_media_plane_when_they_change() {
    let mut w = World::conference();
    let viewer = w.join("V", Role::Moderator);
    w.offer_with(&viewer, &[], 4, 1, true);
    let people: Vec<Browser> = (0..4).map(|n| w.join_with_media(&format!("{n}"), Role::Attendee)).collect();
    w.say(&viewer, view(&[stream(&people[3], StreamKind::Main)], 1, &[(320, 180), (0, 0), (640, 360)]));
    let importance = |w: &World| ["v0", "v1", "v2", "v3"].map(|mid| viewing(w, &viewer, mid).importance);
    let size = |w: &World, mid| (viewing(w, &viewer, mid).width, viewing(w, &viewer, mid).height);
    assert_eq!(importance(&w), [Importance::Ordinary, Importance::Ordinary, Importance::Ordinary, Importance::Pinned]);
    assert_eq!((size(&w, "v0"), size(&w, "v1"), size(&w, "v2")), ((320, 180), (0, 0), (640, 360)));
    assert_eq!(size(&w, "v3"), (u16::MAX, u16::MAX), "without a size: large");
    w.sound(&people[1], 80);
    w.say(&viewer, ClientMessage::SetSpotlight { stream: Some(stream(&people[0], StreamKind::Main)) });
    assert_eq!(importance(&w), [Importance::Pinned, Importance::Speaking, Importance::Ordinary, Importance::Pinned]);
    w.sound(&people[1], 0);
    assert_eq!(importance(&w)[1], Importance::Speaking, "who spoke last");
    w.offer(&people[2], &["m", "c", "s"], 0, false);
    assert!(importance(&w).contains(&Importance::Screen));
    // Nothing changes: nothing is said.
    w.viewings.clear();
    w.say(&viewer, view(&[stream(&people[3], StreamKind::Main)], 1, &[(320, 180), (0, 0), (640, 360)]));
    assert!(w.viewings.is_empty());
}

#[test]
fn in_a_lesson_only_sizes_count() {
    let mut w = World::new();
    let viewer = w.join("V", Role::Teacher);
    w.offer(&viewer, &[], 1, true);
    let (a, b) = (w.join_with_media("A", Role::Student), w.join_with_media("B", Role::Student));
    w.say(&viewer, view(&[stream(&b, StreamKind::Main)], 0, &[(320, 180)]));
    assert_eq!(w.plays_at(&viewer, &a, "c"), ["v0"], "who came first");
    assert_eq!((viewing(&w, &viewer, "v0").width, viewing(&w, &viewer, "v0").height), (320, 180));
}

#[test]
fn a_view_is_bounded() {
    let mut w = World::conference();
    let viewer = w.join("V", Role::Attendee);
    let somebody = SeatedStream { participant: ParticipantId(7), stream: StreamKind::Main };
    for (wanted, pinned, sizes, fine) in [(128, 128, 64, true), (129, 0, 0, false), (0, 0, 65, false), (3, 4, 0, false)] {
        w.say(&viewer, view(&vec![somebody; wanted], pinned, &vec![(1, 1); sizes]));
        let expected = if fine { vec![] } else { vec![ErrorCode::ListTooLong] };
        assert_eq!(w.errors(&viewer), expected, "{wanted} {pinned} {sizes}");
    }
}

#[test]
fn the_owner_hears_how_many_layers_are_wanted_and_again_after_coming_back() {
    let mut w = World::conference();
    let owner = w.join_with_media("A", Role::Attendee);
    w.read(&owner);
    let (peer, track) = (w.peer(&owner), w.track(&owner, "c"));
    for layers in [3, 3, 1] {
        w.input(Input::LayersWanted { peer, track, layers });
    }
    let send = |layers| ServerMessage::SendLayers { source: TrackSource::Camera, layers };
    assert_eq!(w.read(&owner), [send(3), send(1)]);
    w.input(Input::SocketLost(owner.socket));
    w.input(Input::LayersWanted { peer, track, layers: 0 });
    let back = JoinRequest { resume: Some(owner.resume.clone()), ..w.request("A", Role::Attendee) };
    let (again, _, _) = w.welcome(back);
    assert_eq!(w.read(&again), [send(0)]);
    w.offer(&again, &["m", "c"], 2, false);
    w.read(&again);
    w.input(Input::LayersWanted { peer, track, layers: 0 });
    assert_eq!(w.read(&again), [], "an offer that goes on forgets nothing");
}

fn paused(w: &mut World, of: &Browser) -> Vec<Vec<u16>> {
    w.wait(Duration::from_millis(200));
    let told = w.read(of).into_iter().filter_map(|message| match message {
        ServerMessage::PicturesPaused { seats } => Some(seats),
        _ => None,
    });
    told.collect()
}

#[test]
fn paused_pictures_are_told_by_seat_together_and_on_change() {
    let mut w = World::conference();
    let viewer = w.join("V", Role::Attendee);
    w.offer(&viewer, &[], 4, true);
    let peer = w.peer(&viewer);
    let flow = |w: &mut World, mid: &str, flow| w.input(Input::Picture { peer, mid: Mid::parse(mid).unwrap(), flow });
    for mid in ["v3", "v1", "nobody", "a0"] {
        flow(&mut w, mid, Flow::Starved);
    }
    assert_eq!(paused(&mut w, &viewer), [vec![1, 3]]);
    flow(&mut w, "v1", Flow::Fed);
    flow(&mut w, "v1", Flow::Starved);
    assert_eq!(paused(&mut w, &viewer), Vec::<Vec<u16>>::new(), "it has not changed after all");
    w.input(Input::SocketLost(viewer.socket));
    flow(&mut w, "v3", Flow::Fed);
    w.wait(Duration::from_secs(1));
    let back = JoinRequest { resume: Some(viewer.resume.clone()), ..w.request("V", Role::Attendee) };
    let (again, _, _) = w.welcome(back);
    assert_eq!(paused(&mut w, &again), [vec![1]]);
    w.offer(&again, &[], 4, true);
    assert_eq!(paused(&mut w, &again), [Vec::<u16>::new()], "a new connection begins anew");
}

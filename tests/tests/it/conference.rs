//! A conference over real sockets: the lobby, removal, a restart of the server, and a hundred people at once.

use crate::house::{Heard, House, Person, Socket, Welcome};
use auftakt_signaling::wire::{ClientMessage, ErrorCode, Role, ServerMessage};

/// Knocks, and stays outside.
async fn knock(house: &House, token: &str, name: &str, resume: Option<String>) -> (Socket, String) {
    let mut socket = house.socket(None).await.expect("a socket");
    socket.join(token, name, resume).await;
    let secret = socket.waiting().await;
    (socket, secret)
}

async fn moderator(house: &House) -> Socket {
    house.enter(&house.conference_link(Role::Moderator, "Frau Adler"), "Frau Adler", None).await.0
}

/// The welcome after other news.
async fn let_in(socket: &mut Socket) -> Welcome {
    let welcome = socket.until(|message| match message {
        ServerMessage::Welcome { you, resume, resumed, snapshot, .. } => Some(Welcome { you, resume, resumed, snapshot }),
        _ => None,
    });
    welcome.await
}

async fn until_somebody_waits(host: &mut Socket) -> auftakt_signaling::wire::ParticipantId {
    host.until(|message| match message {
        ServerMessage::Lobby { waiting } => waiting.first().map(|who| who.id),
        _ => None,
    })
    .await
}

#[tokio::test]
async fn a_guest_is_let_in_and_only_then_has_media() {
    let house = House::open().await;
    let token = house.conference_link(Role::Guest, "Opa");
    let (mut guest, _) = knock(&house, &token, "Opa", None).await;
    guest.say(&ClientMessage::Offer { id: 1, sdp: "v=0".into(), tracks: vec![], seats: vec![], fresh: true }).await;
    let refused = guest.until(|message| matches!(message, ServerMessage::Error { code: ErrorCode::NotAllowed, .. }).then_some(()));
    refused.await;
    assert_eq!(house.metrics().await["peers"], 0);
    let mut host = moderator(&house).await;
    host.say(&ClientMessage::AdmitAll).await;
    let welcome = let_in(&mut guest).await;
    assert_eq!(welcome.snapshot.participants.len(), 2);
    let mut person = Person::new(guest, welcome, token, house.browser(5).await);
    person.offer(true).await;
    person.browser.connected().await;
    assert_eq!(house.metrics().await["peers"], 1);
}

#[tokio::test]
async fn who_is_turned_away_or_removed_is_told_and_closed() {
    let house = House::open().await;
    let mut host = moderator(&house).await;
    let token = house.conference_link(Role::Guest, "Opa");
    let (mut guest, _) = knock(&house, &token, "Opa", None).await;
    let participant = until_somebody_waits(&mut host).await;
    host.say(&ClientMessage::Dismiss { participant }).await;
    let (_, code, reason) = guest.hear_out().await;
    assert_eq!((code, reason.as_str()), (4000, "dismissed"));

    let token = house.conference_link(Role::Attendee, "Herr Okafor");
    let (mut attendee, welcome) = house.enter(&token, "Herr Okafor", None).await;
    host.say(&ClientMessage::Remove { participant: welcome.you }).await;
    let (messages, code, reason) = attendee.hear_out().await;
    assert!(messages.contains(&ServerMessage::Error { code: ErrorCode::Removed, id: None }));
    assert_eq!((code, reason.as_str()), (4000, "removed"));
    // Neither the secret nor a fresh try leads inside.
    knock(&house, &token, "Herr Okafor", Some(welcome.resume)).await;
    let (mut again, _) = knock(&house, &token, "Somebody else", None).await;
    host.say(&ClientMessage::AdmitAll).await;
    let_in(&mut again).await;
}

#[tokio::test]
async fn a_lost_socket_in_the_lobby_goes_on_waiting() {
    let house = House::open().await;
    let mut host = moderator(&house).await;
    let token = house.conference_link(Role::Guest, "Opa");
    let (lost, secret) = knock(&house, &token, "Opa", None).await;
    let id = until_somebody_waits(&mut host).await;
    drop(lost);
    let (mut again, same) = knock(&house, &token, "Opa", Some(secret.clone())).await;
    assert_eq!(same, secret);
    host.say(&ClientMessage::Admit { participants: vec![id] }).await;
    assert_eq!(let_in(&mut again).await.you, id);
}

#[tokio::test]
async fn after_a_restart_who_was_inside_is_inside_and_who_waited_waits() {
    let house = House::open().await;
    let (first, second) = (house.conference_link(Role::Guest, "Opa"), house.conference_link(Role::Guest, "Oma"));
    let mut host = moderator(&house).await;
    let (mut inside, _) = knock(&house, &first, "Opa", None).await;
    until_somebody_waits(&mut host).await;
    host.say(&ClientMessage::AdmitAll).await;
    let welcome = let_in(&mut inside).await;
    let (_outside, secret) = knock(&house, &second, "Oma", None).await;

    let house = house.restart().await;
    // Nobody who leads has come back yet.
    let (mut inside, back) = house.enter(&first, "Opa", Some(welcome.resume.clone())).await;
    assert!(!back.resumed);
    let (mut outside, fresh) = knock(&house, &second, "Oma", Some(secret.clone())).await;
    assert_ne!(fresh, secret);
    // What somebody else was given proves nothing for this link.
    knock(&house, &second, "Oma", Some(welcome.resume)).await;
    let mut host = moderator(&house).await;
    host.say(&ClientMessage::AdmitAll).await;
    assert_eq!(let_in(&mut outside).await.snapshot.participants.len(), 3);
    inside.say(&ClientMessage::Leave).await;
}

#[tokio::test]
async fn who_was_let_in_comes_back_while_the_room_goes_on() {
    let house = House::open().await;
    let token = house.conference_link(Role::Guest, "Opa");
    let mut host = moderator(&house).await;
    let (mut inside, _) = knock(&house, &token, "Opa", None).await;
    until_somebody_waits(&mut host).await;
    host.say(&ClientMessage::AdmitAll).await;
    let welcome = let_in(&mut inside).await;
    // Left altogether: no place is kept, but the room is the same.
    inside.say(&ClientMessage::Leave).await;
    inside.hear_out().await;
    house.enter(&token, "Opa", Some(welcome.resume)).await;
    // Without the secret it is anybody with this link.
    knock(&house, &token, "Opa", None).await;
}

/// Reads as a page does, until everybody is there; then leaves. Returns how many it saw, itself included.
async fn attend(mut socket: Socket, here: usize) -> Result<usize, String> {
    let mut seen = 0;
    while seen < here {
        match socket.hear().await {
            Heard::Message(ServerMessage::Welcome { snapshot, .. }) => seen = snapshot.participants.len(),
            Heard::Message(ServerMessage::ParticipantJoined { .. }) => seen += 1,
            Heard::Message(ServerMessage::Error { code, .. }) => return Err(format!("{code:?}")),
            Heard::Message(_) => {}
            Heard::Closed(code, reason) => return Err(format!("closed: {code} {reason}")),
        }
    }
    Ok(seen)
}

#[tokio::test]
async fn of_a_hundred_who_come_at_once_nobody_is_too_slow() {
    const PEOPLE: usize = 100;
    let house = House::open_for(PEOPLE).await;
    let token = house.conference_link(Role::Attendee, "Kollegium");
    let mut sockets = vec![];
    for _ in 0..PEOPLE {
        sockets.push(house.socket(None).await.expect("a socket"));
    }
    let began = std::time::Instant::now();
    // All joins are said before anybody reads anything.
    for (number, socket) in sockets.iter_mut().enumerate() {
        socket.join(&token, &format!("Lehrkraft {number}"), None).await;
    }
    // And everybody does something that all hear of.
    for socket in &mut sockets {
        socket.say(&ClientMessage::RaiseHand { up: true }).await;
        socket.say(&ClientMessage::React { reaction: auftakt_signaling::wire::Reaction::Applause }).await;
    }
    let attending: Vec<_> = sockets.into_iter().map(|socket| tokio::spawn(attend(socket, PEOPLE))).collect();
    for attendee in attending {
        assert_eq!(attendee.await.expect("no panic"), Ok(PEOPLE));
    }
    eprintln!("{PEOPLE} joins, hands and signs: {:?}", began.elapsed());
}

#[tokio::test]
async fn views_and_signs_have_a_pace_of_their_own() {
    let house = House::open().await;
    let token = house.conference_link(Role::Attendee, "Herr Okafor");
    let (mut socket, _) = house.enter(&token, "Herr Okafor", None).await;
    let view = ClientMessage::SetView { wanted: vec![], pinned: 0, sizes: vec![] };
    for (message, at_once) in [(view, 10), (ClientMessage::RaiseHand { up: true }, 5)] {
        for _ in 0..at_once + 8 {
            socket.say(&message).await;
        }
        socket.say(&ClientMessage::Ping { id: 1 }).await;
        let mut refused = 0;
        socket
            .until(|message| match message {
                ServerMessage::Error { code, .. } => {
                    assert_eq!(code, ErrorCode::TooFast);
                    refused += 1;
                    None
                }
                ServerMessage::Pong { .. } => Some(()),
                _ => None,
            })
            .await;
        // A slow machine gives some of them time to be allowed again.
        assert!((1..=8).contains(&refused), "{refused} of {message:?}");
    }
}

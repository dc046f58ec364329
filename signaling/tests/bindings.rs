//! The browser's types are this crate's types.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use auftakt_signaling::wire::*;
use std::path::Path;
use ts_rs::{Config, TS};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../web/src/generated/wire.ts");

fn export<T: TS>(config: &Config) -> String {
    let docs = T::docs().unwrap_or_default();
    format!("\n{docs}export {}\n", T::decl(config))
}

fn bindings() -> String {
    let c = &Config::default();
    let head = "// Generated from signaling/src/wire by `UPDATE=1 cargo test -p auftakt-signaling --test bindings`. Do not edit.\n";
    let version = format!("\n/** Version of this protocol. */\nexport const PROTOCOL_VERSION = {PROTOCOL_VERSION};\n");
    let types = [
        export::<ParticipantId>(c),
        export::<RoomKind>(c),
        export::<Role>(c),
        export::<TrackSource>(c),
        export::<StreamKind>(c),
        export::<SoundProfile>(c),
        export::<TrackInfo>(c),
        export::<ParticipantInfo>(c),
        export::<ChatMessage>(c),
        export::<SeatedStream>(c),
        export::<RoomSettings>(c),
        export::<ScreenPolicy>(c),
        export::<Speakers>(c),
        export::<WaitingInfo>(c),
        export::<Reaction>(c),
        export::<SeatSize>(c),
        export::<Snapshot>(c),
        export::<OfferedTrack>(c),
        export::<OfferedSeat>(c),
        export::<ClientMessage>(c),
        export::<ServerMessage>(c),
        export::<ErrorCode>(c),
    ];
    let lines = types.concat();
    // Neither editors nor git like blanks at line ends.
    let tidy: String = lines.lines().map(|line| format!("{}\n", line.trim_end())).collect();
    head.to_owned() + &version + &tidy
}

#[test]
fn the_browser_has_the_current_types() {
    let wanted = bindings();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(Path::new(FILE).parent().unwrap()).unwrap();
        std::fs::write(FILE, &wanted).unwrap();
    }
    let have = std::fs::read_to_string(FILE).unwrap_or_default();
    assert!(have == wanted, "{FILE} is out of date: run UPDATE=1 cargo test -p auftakt-signaling --test bindings");
}

#[test]
fn unknown_fields_are_errors_at_every_depth() {
    let offer = |track: &str, seat: &str| {
        let text = format!(
            r#"{{"type":"offer","id":1,"sdp":"","fresh":true,"tracks":[{{"mid":"0","source":"microphone","muted":false{track}}}],
            "seats":[{{"audio_mid":"1","video_mid":"2"{seat}}}]}}"#
        );
        serde_json::from_str::<ClientMessage>(&text)
    };
    assert!(offer("", "").is_ok());
    assert!(offer(r#","gain":2"#, "").is_err());
    assert!(offer("", r#","name":"x""#).is_err());
}

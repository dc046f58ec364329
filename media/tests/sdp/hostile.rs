//! Offers nobody would write: never a panic, and what is answered is still an answer.

use crate::world::{OFFERS, answer, check_answer, negotiated};
use proptest::prelude::*;

fn survives(text: &str) {
    if let Ok(negotiated) = negotiated(text) {
        check_answer(text, &negotiated, &answer(&negotiated));
    }
}

/// What one line becomes.
#[derive(Clone, Debug)]
enum Mutation {
    Drop,
    Twice,
    Cut(u8),
    Char(u8, char),
    /// Another line of the same offer in its place.
    Swap(u16),
    Number(u64),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        Just(Mutation::Drop),
        Just(Mutation::Twice),
        any::<u8>().prop_map(Mutation::Cut),
        (any::<u8>(), any::<char>()).prop_map(|(at, c)| Mutation::Char(at, c)),
        any::<u16>().prop_map(Mutation::Swap),
        prop_oneof![Just(0), Just(127), Just(128), Just(255), Just(65_536), any::<u64>()].prop_map(Mutation::Number),
    ]
}

fn mutate(lines: &mut Vec<String>, at: usize, mutation: &Mutation) {
    let at = at % lines.len();
    match mutation {
        Mutation::Drop if lines.len() > 1 => drop(lines.remove(at)),
        Mutation::Drop => {}
        Mutation::Twice => lines.insert(at, lines[at].clone()),
        Mutation::Cut(len) => lines[at] = lines[at].chars().take(usize::from(*len) % 40).collect(),
        Mutation::Char(column, c) => {
            let mut chars: Vec<char> = lines[at].chars().collect();
            let column = usize::from(*column) % (chars.len() + 1);
            chars.insert(column, *c);
            lines[at] = chars.into_iter().collect();
        }
        Mutation::Swap(other) => lines[at] = lines[usize::from(*other) % lines.len()].clone(),
        Mutation::Number(number) => {
            let digits = |c: char| c.is_ascii_digit();
            if let Some(start) = lines[at].find(digits) {
                let end = lines[at][start..].find(|c| !digits(c)).map_or(lines[at].len(), |len| start + len);
                lines[at].replace_range(start..end, &number.to_string());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn mutated_offers(
        which in 0..OFFERS.len(),
        mutations in prop::collection::vec((any::<usize>(), mutation()), 1..12),
    ) {
        let mut lines: Vec<String> = OFFERS[which].1.lines().map(str::to_owned).collect();
        for (at, mutation) in &mutations {
            mutate(&mut lines, *at, mutation);
        }
        survives(&lines.join("\r\n"));
    }

    #[test]
    fn arbitrary_text(text in ".{0,400}") {
        survives(&text);
        survives(&format!("v=0\r\n{text}"));
    }

    #[test]
    fn arbitrary_attributes(attributes in prop::collection::vec(
        "(mid|rid|simulcast|ssrc|ssrc-group|rtpmap|fmtp|rtcp-fb|extmap|group|fingerprint|setup|ice-ufrag|ptime):[ -~]{0,40}", 0..30,
    )) {
        let mut text = OFFERS[5].1.to_owned();
        for attribute in attributes {
            text += &format!("a={attribute}\r\n");
        }
        survives(&text);
    }
}

#[test]
fn a_section_of_unknown_media_is_answered_as_rejected() {
    let text = OFFERS[2].1.replacen("m=video", "m=vide-o", 1);
    let negotiated = negotiated(&text).expect("an offer with one section more than we know");
    let answer = answer(&negotiated);
    assert!(answer.contains("m=vide-o 0 "), "{answer}");
    check_answer(&text, &negotiated, &answer);
}

#[test]
fn offers_cut_anywhere() {
    let text = OFFERS[5].1;
    (0..text.len()).step_by(3).for_each(|end| survives(&text[..end]));
}

/// The worst lists in an offer of full size: a parser that looks at everything for every line would be seen here.
#[test]
fn offers_of_full_size() {
    let codecs: String = (0..128).map(|number| format!(" {number}")).collect();
    let head = format!("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF{codecs}\r\na=mid:0\r\n");
    for line in ["a=rtcp-fb:127 nack\r\n", "a=fmtp:127 apt=1\r\n", "a=rtpmap:127 x/1\r\n", "a=ssrc:1 x\r\n", "a=extmap:1 x\r\n", "\r\n"] {
        let text = format!("{head}{}", line.repeat((262_144 - head.len()) / line.len()));
        survives(&text);
    }
}

//! `application/trickle-ice-sdpfrag` (RFC 8840): what WHIP and WHEP clients PATCH with.

use super::transport::is_ice_string;

/// The credentials of a fragment, and whether there are any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// `a=ice-ufrag`.
    pub ufrag: String,
    /// `a=ice-pwd`.
    pub pwd: String,
}

/// The first `a=ice-ufrag` and `a=ice-pwd`, when both are there and such as an offer may have.
pub fn credentials(sdp: &str) -> Option<Credentials> {
    let value = |name: &str| sdp.lines().find_map(|line| line.trim_end().strip_prefix(name));
    let ufrag = value("a=ice-ufrag:").filter(|text| is_ice_string(text, 4))?;
    let pwd = value("a=ice-pwd:").filter(|text| is_ice_string(text, 22))?;
    Some(Credentials { ufrag: ufrag.to_owned(), pwd: pwd.to_owned() })
}

/// The same offer with other credentials: the ICE restart that a fragment means.
pub fn with_credentials(offer: &str, new: &Credentials) -> String {
    let mut out = String::with_capacity(offer.len() + 64);
    for line in offer.lines().map(str::trim_end) {
        match line {
            _ if line.starts_with("a=ice-ufrag:") => out.extend(["a=ice-ufrag:", &new.ufrag]),
            _ if line.starts_with("a=ice-pwd:") => out.extend(["a=ice-pwd:", &new.pwd]),
            // Of the generation before.
            _ if line.starts_with("a=candidate:") || line == "a=end-of-candidates" => continue,
            _ => out.push_str(line),
        }
        out.push_str("\r\n");
    }
    out
}

/// What the client of a restart needs of an answer: the new credentials and the candidates, for the first section of the bundle.
pub fn of_answer(answer: &str) -> String {
    let lines = || answer.lines().map(str::trim_end);
    let mut out = String::new();
    let mut push = |line: &str| out.extend([line, "\r\n"]);
    for prefix in ["a=ice-lite", "a=ice-options:", "a=group:BUNDLE", "a=ice-ufrag:", "a=ice-pwd:"] {
        lines().find(|line| line.starts_with(prefix)).into_iter().for_each(&mut push);
    }
    lines().find(|line| line.starts_with("m=")).into_iter().for_each(&mut push);
    lines().find(|line| line.starts_with("a=mid:")).into_iter().for_each(&mut push);
    let first_section = lines().skip_while(|line| !line.starts_with("m=")).skip(1).take_while(|line| !line.starts_with("m="));
    let session = lines().take_while(|line| !line.starts_with("m="));
    session.chain(first_section).filter(|line| line.starts_with("a=candidate:")).for_each(&mut push);
    push("a=end-of-candidates");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: &str = "v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n\
        a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n";

    #[test]
    fn a_restart_changes_every_section() {
        let new = Credentials { ufrag: "WXYZ".into(), pwd: "abcdefghijklmnopqrstuv".into() };
        let offer = with_credentials(OFFER, &new);
        assert_eq!(offer.matches("a=ice-ufrag:WXYZ\r\n").count(), 2);
        assert_eq!(offer.matches("a=ice-pwd:abcdefghijklmnopqrstuv\r\n").count(), 2);
        assert!(!offer.contains("candidate") && !offer.contains("abcd\r\n"));
        assert_eq!(credentials(&offer), Some(new));
    }

    #[test]
    fn credentials_must_be_legal() {
        assert_eq!(credentials("a=ice-ufrag:abc\r\na=ice-pwd:0123456789012345678901\r\n"), None, "short");
        assert_eq!(credentials("a=ice-ufrag:ab d\r\na=ice-pwd:0123456789012345678901\r\n"), None, "a blank");
        assert_eq!(credentials("a=ice-ufrag:abcd\r\n"), None, "no password");
        assert!(credentials("a=ice-ufrag:a-_=\r\na=ice-pwd:0123456789+/abcdef-_==\r\n").is_some(), "as in an offer");
    }

    #[test]
    fn a_fragment_of_an_answer_has_what_a_restart_needs() {
        let fragment = of_answer(&format!("a=ice-lite\r\n{OFFER}"));
        assert_eq!(
            fragment,
            "a=ice-lite\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n\
             a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\na=end-of-candidates\r\n"
        );
    }
}

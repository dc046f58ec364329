//! What an offer says of its transport: ICE, DTLS, and who begins. The same attributes stand at session or media level.

use super::error::SdpError;
use super::lines::Line;
use crate::id::Mid;
use std::fmt;

/// The client's ICE credentials: its checks carry `ours:ufrag`; `pwd` is for checks of our own, which an ICE-lite agent does not send.
#[derive(Clone, PartialEq, Eq)]
pub struct IceParameters {
    /// 4-256 ICE characters.
    pub ufrag: String,
    /// 22-256 ICE characters.
    pub pwd: String,
}

impl fmt::Debug for IceParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IceParameters {{ ufrag: {:?}, pwd: redacted }}", self.ufrag)
    }
}

/// What `a=fingerprint` says of the client's certificate (RFC 8122 §5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedFingerprint {
    /// `sha-256`, `sha-384` or `sha-512`.
    pub algorithm: &'static str,
    /// Upper-case hex bytes between colons, as many as the algorithm has.
    pub value: String,
}

/// Hash and length in bytes; what comes first is preferred. Older ones (sha-1, md5) do not identify anybody any more.
const HASHES: [(&str, usize); 3] = [("sha-256", 32), ("sha-384", 48), ("sha-512", 64)];

impl OfferedFingerprint {
    /// `None` for hashes that are not trusted here.
    fn parse(line: &Line<'_>, value: &str) -> Result<Option<Self>, SdpError> {
        let Some((name, hex)) = value.trim().split_once(' ') else {
            return Err(line.error("expected a=fingerprint:<hash> <bytes>"));
        };
        let Some((algorithm, len)) = HASHES.into_iter().find(|(known, _)| name.eq_ignore_ascii_case(known)) else { return Ok(None) };
        let hex = hex.trim();
        let is_byte = |byte: &str| byte.len() == 2 && byte.bytes().all(|digit| digit.is_ascii_hexdigit());
        if hex.split(':').count() != len || !hex.split(':').all(is_byte) {
            return Err(line.error("a=fingerprint wants as many hex bytes, between colons, as its hash has"));
        }
        Ok(Some(Self { algorithm, value: hex.to_ascii_uppercase() }))
    }

    fn rank(&self) -> usize {
        HASHES.iter().position(|(name, _)| *name == self.algorithm).unwrap_or(HASHES.len())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Setup {
    ActPass,
    Active,
    Passive,
    HoldConn,
}

/// The transport attributes of one level.
#[derive(Debug, Default)]
pub(super) struct TransportAttributes<'a> {
    ufrag: Option<&'a str>,
    pwd: Option<&'a str>,
    fingerprint: Option<OfferedFingerprint>,
    setup: Option<Setup>,
    ice_lite: bool,
    pub renomination: bool,
}

impl<'a> TransportAttributes<'a> {
    /// Takes one attribute if it is of the transport.
    pub fn take(&mut self, line: &Line<'a>, name: &str, value: &'a str) -> Result<(), SdpError> {
        match name {
            "ice-ufrag" if is_ice_string(value, 4) => self.ufrag = Some(value),
            "ice-pwd" if is_ice_string(value, 22) => self.pwd = Some(value),
            "ice-ufrag" => return Err(line.error("a=ice-ufrag has 4 to 256 letters, digits, + and /")),
            "ice-pwd" => return Err(line.error("a=ice-pwd has 22 to 256 letters, digits, + and /")),
            "ice-lite" => self.ice_lite = true,
            "ice-options" => self.renomination |= value.split_ascii_whitespace().any(|option| option == "renomination"),
            "fingerprint" => self.take_fingerprint(OfferedFingerprint::parse(line, value)?),
            "setup" => {
                self.setup = Some(match value {
                    "actpass" => Setup::ActPass,
                    "active" => Setup::Active,
                    "passive" => Setup::Passive,
                    "holdconn" => Setup::HoldConn,
                    _ => return Err(line.error("a=setup is actpass, active, passive or holdconn")),
                });
            }
            _ => {}
        }
        Ok(())
    }

    fn take_fingerprint(&mut self, found: Option<OfferedFingerprint>) {
        let Some(found) = found else { return };
        if self.fingerprint.as_ref().is_none_or(|known| found.rank() < known.rank()) {
            self.fingerprint = Some(found);
        }
    }
}

/// RFC 8839 §5.4 has letters, digits, + and /; some implementations write the letters of base64url too.
pub(super) fn is_ice_string(text: &str, min: usize) -> bool {
    (min..=256).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_' | b'='))
}

/// The one transport that all live sections share.
#[derive(Debug)]
pub(super) struct Transport {
    pub ice: IceParameters,
    pub fingerprint: OfferedFingerprint,
    pub renomination: bool,
}

impl Transport {
    /// Unites the session's attributes with those of the live sections, which must not contradict each other.
    pub fn unite(session: TransportAttributes<'_>, sections: Vec<(Mid, TransportAttributes<'_>)>) -> Result<Self, SdpError> {
        let default = (session.ufrag.zip(session.pwd), session.fingerprint, session.setup);
        let (mut ice, mut fingerprint, mut setup) = (None, None, None);
        let (mut ice_lite, mut renomination) = (session.ice_lite, session.renomination);
        for (mid, section) in sections {
            unite_one(&mut ice, section.ufrag.zip(section.pwd), mid, "ICE user or password")?;
            unite_one(&mut fingerprint, section.fingerprint, mid, "a=fingerprint")?;
            unite_one(&mut setup, section.setup, mid, "a=setup")?;
            ice_lite |= section.ice_lite;
            renomination |= section.renomination;
        }
        let (ufrag, pwd) = ice.or(default.0).ok_or(SdpError::MissingIce)?;
        let fingerprint = fingerprint.or(default.1).ok_or(SdpError::MissingFingerprint)?;
        match setup.or(default.2) {
            // RFC 4145 §4: an offer that says nothing means active.
            None | Some(Setup::ActPass | Setup::Active) => {}
            Some(Setup::Passive) => return Err(SdpError::SetupNotActive { offered: "passive" }),
            Some(Setup::HoldConn) => return Err(SdpError::SetupNotActive { offered: "holdconn" }),
        }
        if ice_lite {
            return Err(SdpError::BothIceLite);
        }
        Ok(Self { ice: IceParameters { ufrag: ufrag.to_owned(), pwd: pwd.to_owned() }, fingerprint, renomination })
    }
}

fn unite_one<T: PartialEq>(known: &mut Option<T>, found: Option<T>, mid: Mid, what: &'static str) -> Result<(), SdpError> {
    match (known.as_ref(), found) {
        (Some(known), Some(found)) if *known != found => Err(SdpError::TransportMismatch { mid, what }),
        (None, found) => {
            *known = found;
            Ok(())
        }
        _ => Ok(()),
    }
}

//! Which of the offered payload types are used, and with which parameters.

use super::codecs::{Feedback, OfferedCodec};
use super::negotiate::{AnswerParams, NegotiatedCodec, RedPolicy, SectionRole};
use super::section::OfferedSection;
use crate::codec::Codec;

/// Below this Opus is narrow-band speech (RFC 7587 §7.1 allows 6000 to 510000).
const OPUS_BITRATE_BPS_MIN: u32 = 6_000;

/// Opus, and RED where the policy puts it.
pub(super) fn audio(section: &OfferedSection, role: SectionRole, params: &AnswerParams) -> Vec<NegotiatedCodec> {
    let is = |codec: &OfferedCodec, name: &str| codec.name == name && codec.clock_rate == 48_000 && codec.channels == 2;
    let Some(opus_at) = section.codecs.iter().position(|codec| is(codec, "opus")) else { return Vec::new() };
    let opus = &section.codecs[opus_at];
    let mut chosen = vec![NegotiatedCodec {
        codec: Codec::Opus,
        payload_type: opus.payload_type,
        rtx: None,
        feedback: audio_feedback(opus),
        fmtp: Some(opus_fmtp(opus, role, params)),
    }];
    // RED of anything but this Opus could not be taken apart (RFC 2198: its fmtp lists the payload types of its blocks).
    let wraps_opus = |codec: &OfferedCodec| codec.fmtp.as_str().split('/').all(|block| block.parse() == Ok(opus.payload_type));
    let red_at = section.codecs.iter().position(|codec| is(codec, "red") && wraps_opus(codec));
    if let Some(red_at) = red_at.filter(|_| params.red != RedPolicy::Never) {
        let red = &section.codecs[red_at];
        let first = params.red == RedPolicy::Preferred || red_at < opus_at;
        chosen.insert(
            if first { 0 } else { 1 },
            NegotiatedCodec {
                codec: Codec::Red,
                payload_type: red.payload_type,
                rtx: None,
                feedback: audio_feedback(red),
                fmtp: Some(format!("{0}/{0}", opus.payload_type)),
            },
        );
    }
    chosen
}

/// NACK is used for audio whether or not the client offers it: Chromium does not, but obeys the answer, and loss in bursts is where
/// it helps most. A client that ignores it loses nothing.
fn audio_feedback(codec: &OfferedCodec) -> Feedback {
    Feedback { nack: true, transport_cc: codec.feedback.transport_cc, ..Feedback::default() }
}

/// What we want to receive. In-band FEC and DTX are off: neither has ever helped music (RED and NACK repair loss).
fn opus_fmtp(opus: &OfferedCodec, role: SectionRole, params: &AnswerParams) -> String {
    let uplink = role == SectionRole::Uplink;
    let wanted = opus.fmtp.parameter("maxaveragebitrate").filter(|_| uplink).and_then(|bps| bps.parse().ok());
    let most = params.opus_bitrate_bps_max.clamp(OPUS_BITRATE_BPS_MIN, 510_000);
    let bitrate = wanted.unwrap_or(most).clamp(OPUS_BITRATE_BPS_MIN, most);
    let stereo = u8::from(!(uplink && opus.fmtp.parameter("sprop-stereo") == Some("0")));
    format!("minptime=10;useinbandfec=0;usedtx=0;stereo={stereo};sprop-stereo={stereo};maxaveragebitrate={bitrate};maxplaybackrate=48000")
}

/// One payload type for each codec of the preference, in its order, with its retransmissions.
pub(super) fn video(section: &OfferedSection, params: &AnswerParams) -> Vec<NegotiatedCodec> {
    let mut chosen: Vec<NegotiatedCodec> = Vec::new();
    for &codec in &params.video_preference {
        let usable = section.codecs.iter().filter_map(|offered| Some((video_rank(codec, offered)?, offered)));
        let Some((_, best)) = usable.min_by_key(|(rank, _)| *rank) else { continue };
        if chosen.iter().any(|known| known.codec == codec) {
            continue;
        }
        chosen.push(NegotiatedCodec {
            codec,
            payload_type: best.payload_type,
            rtx: retransmission_of(section, best.payload_type),
            feedback: best.feedback,
            fmtp: video_fmtp(codec, best),
        });
    }
    chosen
}

fn retransmission_of(section: &OfferedSection, payload_type: u8) -> Option<u8> {
    let repairs = |codec: &&OfferedCodec| codec.fmtp.parameter("apt").and_then(|apt| apt.parse().ok()) == Some(payload_type);
    let rtx = section.codecs.iter().filter(|codec| codec.name == "rtx" && codec.clock_rate == 90_000).find(repairs)?;
    Some(rtx.payload_type)
}

/// `None` when `offered` is not `codec` as it is forwarded here; the least number is the best.
fn video_rank(codec: Codec, offered: &OfferedCodec) -> Option<u8> {
    let name = match codec {
        Codec::Vp8 => "vp8",
        Codec::H264 => "h264",
        Codec::Vp9 => "vp9",
        Codec::Av1 => "av1",
        Codec::Opus | Codec::Red => return None,
    };
    if offered.name != name || offered.clock_rate != 90_000 {
        return None;
    }
    let parameter_is = |name, value| offered.fmtp.parameter(name).is_none_or(|found| found == value);
    match codec {
        Codec::H264 => h264_rank(offered),
        Codec::Vp9 => parameter_is("profile-id", "0").then_some(0),
        Codec::Av1 => parameter_is("profile", "0").then_some(0),
        _ => Some(0),
    }
}

/// Packetization mode 1 only: mode 0 cannot carry a picture larger than a packet. Profiles from what everybody decodes (constrained
/// baseline, RFC 7742 §6.2) to what most do.
fn h264_rank(offered: &OfferedCodec) -> Option<u8> {
    if offered.fmtp.parameter("packetization-mode") != Some("1") {
        return None;
    }
    let [profile, constraints, _level] = h264_profile_level_id(offered)?;
    // RFC 6184 §8.1, table 5: bit 6 of the constraints (constraint_set1) makes baseline constrained, bit 7 does so for main.
    match profile {
        0x42 if constraints & 0x40 != 0 => Some(0),
        0x4d if constraints & 0x80 != 0 => Some(0),
        0x42 => Some(1),
        0x4d => Some(2),
        0x64 => Some(3),
        _ => None,
    }
}

/// Without the parameter it is baseline, level 1 (RFC 6184 §8.1).
fn h264_profile_level_id(offered: &OfferedCodec) -> Option<[u8; 3]> {
    let text = offered.fmtp.parameter("profile-level-id").unwrap_or("42000a");
    let number = u32::from_str_radix(text, 16).ok().filter(|_| text.len() == 6)?;
    let [_, profile, constraints, level] = number.to_be_bytes();
    Some([profile, constraints, level])
}

fn video_fmtp(codec: Codec, offered: &OfferedCodec) -> Option<String> {
    match codec {
        Codec::H264 => {
            let [profile, constraints, level] = h264_profile_level_id(offered)?;
            let asymmetry = u8::from(offered.fmtp.parameter("level-asymmetry-allowed") == Some("1"));
            Some(format!(
                "level-asymmetry-allowed={asymmetry};packetization-mode=1;profile-level-id={profile:02x}{constraints:02x}{level:02x}"
            ))
        }
        Codec::Vp9 => offered.fmtp.parameter("profile-id").map(|_| "profile-id=0".to_owned()),
        // Level and tier are repeated as numbers; the client's limits are then ours too.
        Codec::Av1 => {
            let number = |name| Some(format!("{name}={}", offered.fmtp.parameter(name)?.parse::<u8>().ok()?));
            let known: Vec<String> = ["level-idx", "profile", "tier"].into_iter().filter_map(number).collect();
            (!known.is_empty()).then(|| known.join(";"))
        }
        Codec::Vp8 | Codec::Opus | Codec::Red => None,
    }
}

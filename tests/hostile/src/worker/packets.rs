//! RTP and RTCP that no honest client writes, but with the right numbers often enough.

use arbitrary::Arbitrary;
use auftakt_client::{AUDIO_LEVEL, MID, Numbers, ORIENTATION, REPAIRED_RID, RID, TRANSPORT_CC};
use auftakt_media::codec::Codec;

/// What the hostile one may send with, and what it may speak of.
pub(super) struct Names {
    pub sending: Vec<u32>,
    pub receiving: Vec<u32>,
    /// The newest number it received.
    pub newest: u16,
}

fn pick(known: &[u32], which: u8) -> u32 {
    // A few values beyond the known ones are nobody's.
    known.get(usize::from(which) % (known.len() + 3)).copied().unwrap_or(u32::from(which))
}

#[derive(Arbitrary, Debug)]
pub(super) struct HostileRtp {
    stream: u8,
    payload_type: PayloadType,
    pub sequence: Sequence,
    timestamp: i32,
    marker: bool,
    /// Padding, as the last byte tells it.
    padding: Option<u8>,
    sources: u8,
    extension: Extension,
    payload: Payload,
}

#[derive(Arbitrary, Debug)]
enum PayloadType {
    Of(u8),
    RetransmissionOf(u8),
    Any(u8),
}

#[derive(Arbitrary, Debug)]
pub(super) enum Sequence {
    Next,
    Near(i8),
    Any(u16),
}

#[derive(Arbitrary, Debug)]
enum Extension {
    None,
    /// What an honest sender of this section writes.
    Honest {
        section: u8,
        rid: Option<u8>,
        repaired: bool,
    },
    Elements {
        two_byte: bool,
        elements: Vec<(u8, Vec<u8>)>,
    },
    Raw {
        profile: u16,
        words: u16,
        bytes: Vec<u8>,
    },
}

#[derive(Arbitrary, Debug)]
enum Payload {
    Vp8 { head: u8, present: u8, rest: [u8; 6] },
    Opus { head: u8, len: u8 },
    Red { older: Vec<(u8, u16)>, rest: Vec<u8> },
    Again { back: u8, rest: [u8; 6] },
    Zeros(u16),
    Bytes(Vec<u8>),
}

const CODECS: [Codec; 6] = [Codec::Opus, Codec::Red, Codec::Vp8, Codec::H264, Codec::Vp9, Codec::Av1];

impl HostileRtp {
    pub(super) fn ssrc(&self, names: &Names) -> u32 {
        pick(&names.sending, self.stream)
    }

    /// Whose packets a retransmission on this SSRC is about: media and retransmissions take turns in the names.
    pub(super) fn repaired(&self, names: &Names) -> u32 {
        let at = names.sending.iter().position(|known| *known == self.ssrc(names)).unwrap_or(0);
        names.sending.get(at & !1).copied().unwrap_or(0)
    }

    /// The packet in the clear, and how much of it is header. `newest` is the newest number of what it may repair.
    pub(super) fn write(&self, ssrc: u32, sequence: u16, newest: u16, timestamp: u32) -> (Vec<u8>, usize) {
        let numbers = Numbers::CHROMIUM;
        let payload_type = match self.payload_type {
            PayloadType::Of(which) => numbers.payload_type(CODECS[usize::from(which) % 6]),
            PayloadType::RetransmissionOf(which) => numbers.rtx(CODECS[2 + usize::from(which) % 4]),
            PayloadType::Any(any) => any & 0x7F,
        };
        let sources = self.sources.saturating_sub(240);
        let mut out = vec![0x80 | sources, payload_type | if self.marker { 0x80 } else { 0 }];
        out.extend_from_slice(&sequence.to_be_bytes());
        out.extend_from_slice(&timestamp.wrapping_add_signed(self.timestamp).to_be_bytes());
        out.extend_from_slice(&ssrc.to_be_bytes());
        out.resize(out.len() + 4 * usize::from(sources), 0xC5);
        self.extension.write(&mut out, sequence);
        let header_len = out.len();
        self.payload.write(&mut out, newest);
        if let Some(padding) = self.padding.filter(|padding| padding % 4 == 1) {
            out[0] |= 0x20;
            out.push(padding >> 2);
        }
        // As long as a datagram may be.
        out.truncate(1400.max(header_len));
        (out, header_len)
    }
}

impl Extension {
    fn write(&self, out: &mut Vec<u8>, sequence: u16) {
        let numbers = Numbers::CHROMIUM;
        let mut block = vec![];
        let mut profile = 0xBEDEu16;
        let mut declared = None;
        match self {
            Self::None => return,
            Self::Honest { section, rid, repaired } => {
                let mid = [b'0' + section % 8];
                let mut elements: Vec<(&str, Vec<u8>)> = vec![(MID, mid.to_vec()), (TRANSPORT_CC, sequence.to_be_bytes().to_vec())];
                if let Some(rid) = rid {
                    elements.push((if *repaired { REPAIRED_RID } else { RID }, vec![b'a' + rid % 5]));
                }
                elements.push((if section % 2 == 0 { AUDIO_LEVEL } else { ORIENTATION }, vec![3]));
                for (uri, value) in elements {
                    block.push(numbers.extension(uri) << 4 | (value.len() - 1) as u8);
                    block.extend(value);
                }
            }
            Self::Elements { two_byte, elements } => {
                for (id, value) in elements.iter().take(8) {
                    let value = &value[..value.len().min(if *two_byte { 255 } else { 16 })];
                    match two_byte {
                        true => block.extend_from_slice(&[id % 20, value.len() as u8]),
                        false => block.push(id << 4 | value.len().saturating_sub(1) as u8),
                    }
                    block.extend_from_slice(value);
                }
                profile = if *two_byte { 0x1000 } else { profile };
            }
            Self::Raw { profile: any, words, bytes } => {
                profile = *any;
                declared = Some(*words % 512).filter(|_| bytes.len() % 5 == 0);
                block.extend_from_slice(&bytes[..bytes.len().min(600)]);
            }
        }
        block.resize(block.len().next_multiple_of(4), 0);
        out[0] |= 0x10;
        out.extend_from_slice(&profile.to_be_bytes());
        out.extend_from_slice(&declared.unwrap_or((block.len() / 4) as u16).to_be_bytes());
        out.extend(block);
    }
}

impl Payload {
    fn write(&self, out: &mut Vec<u8>, newest: u16) {
        match self {
            Self::Vp8 { head, present, rest } => {
                out.extend_from_slice(&[*head, *present]);
                out.extend_from_slice(rest);
            }
            Self::Opus { head, len } => {
                out.push(*head);
                out.resize(out.len() + usize::from(*len), 0x55);
            }
            Self::Red { older, rest } => {
                for (kind, lengths) in older.iter().take(40) {
                    out.extend_from_slice(&[kind | 0x80, (lengths >> 8) as u8, *lengths as u8 & 0xFC, *lengths as u8 & 0x3F]);
                }
                out.push(111);
                out.extend_from_slice(rest);
            }
            Self::Again { back, rest } => {
                out.extend_from_slice(&newest.wrapping_sub(u16::from(*back)).to_be_bytes());
                out.extend_from_slice(rest);
            }
            Self::Zeros(len) => out.resize(out.len() + usize::from(len % 1300), 0),
            Self::Bytes(bytes) => out.extend_from_slice(bytes),
        }
    }
}

#[derive(Arbitrary, Debug)]
pub(super) enum HostileRtcp {
    Nack { of: u8, back: u8, mask: u16, more: Vec<(u16, u16)> },
    PictureLoss { of: u8 },
    FullIntra { of: u8, count: u8 },
    SenderReport { of: u8, ntp: u64, timestamp: u32, blocks: Vec<(u8, [u32; 5])> },
    ReceiverReport { blocks: Vec<(u8, [u32; 5])> },
    TransportFeedback { base: u16, count: u16, chunks: Vec<u16> },
    Bye { of: u8 },
    Raw { kind: u8, count: u8, words: Option<u16>, body: Vec<u8> },
}

impl HostileRtcp {
    pub(super) fn write(&self, out: &mut Vec<u8>, names: &Names) {
        const SENDER: u32 = 1;
        let words = |words: &[u32]| words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<u8>>();
        let received = |which: u8| pick(&names.receiving, which);
        let sent = |which: u8| pick(&names.sending, which);
        let report = |blocks: &[(u8, [u32; 5])], of: &dyn Fn(u8) -> u32| {
            let block = |(which, rest): &(u8, [u32; 5])| [of(*which)].into_iter().chain(*rest).collect::<Vec<u32>>();
            words(&blocks.iter().take(31).flat_map(block).collect::<Vec<u32>>())
        };
        match self {
            Self::Nack { of, back, mask, more } => {
                let mut body = words(&[SENDER, received(*of)]);
                let first = names.newest.wrapping_sub(u16::from(*back));
                for (first, mask) in [(first, *mask)].iter().chain(more.iter().take(100)) {
                    body.extend_from_slice(&words(&[u32::from(*first) << 16 | u32::from(*mask)]));
                }
                packet(out, 1, 205, None, &body);
            }
            Self::PictureLoss { of } => packet(out, 1, 206, None, &words(&[SENDER, received(*of)])),
            Self::FullIntra { of, count } => packet(out, 4, 206, None, &words(&[SENDER, 0, received(*of), u32::from(*count) << 24])),
            Self::SenderReport { of, ntp, timestamp, blocks } => {
                let mut body = words(&[sent(*of), (ntp >> 32) as u32, *ntp as u32, *timestamp, 5, 6]);
                body.extend(report(blocks, &received));
                packet(out, blocks.len().min(31) as u8, 200, None, &body);
            }
            Self::ReceiverReport { blocks } => {
                let mut body = words(&[SENDER]);
                body.extend(report(blocks, &received));
                packet(out, blocks.len().min(31) as u8, 201, None, &body);
            }
            Self::TransportFeedback { base, count, chunks } => {
                let mut body = words(&[SENDER, 0, u32::from(*base) << 16 | u32::from(*count), 0x0102_0300]);
                body.extend(chunks.iter().flat_map(|chunk| chunk.to_be_bytes()));
                packet(out, 15, 205, None, &body);
            }
            Self::Bye { of } => packet(out, 1, 203, None, &words(&[sent(*of)])),
            Self::Raw { kind, count, words, body } => packet(out, *count, 192 + kind % 32, *words, body),
        }
    }
}

fn packet(out: &mut Vec<u8>, count: u8, kind: u8, words: Option<u16>, body: &[u8]) {
    let len = body.len().div_ceil(4);
    out.extend_from_slice(&[0x80 | count & 0x3F, kind]);
    out.extend_from_slice(&words.unwrap_or(len as u16).to_be_bytes());
    out.extend_from_slice(body);
    out.resize(out.len() + 4 * len - body.len(), 0);
}

//! Payload type numbers: what a publisher means by one, and which one a receiver wants.

use crate::codec::Codec;
use crate::sdp::NegotiatedCodec;

/// What a payload type carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Payload {
    Media(Codec),
    Retransmission(Codec),
}

/// From number to meaning. One per peer: in a bundle a number means the same in every section (RFC 9143 §9.1).
#[derive(Debug)]
pub(crate) struct IncomingPayloads(Box<[Option<Payload>; 128]>);

impl Default for IncomingPayloads {
    fn default() -> Self {
        Self(Box::new([None; 128]))
    }
}

impl IncomingPayloads {
    pub(crate) fn learn(&mut self, codecs: &[NegotiatedCodec]) {
        for codec in codecs {
            self.0[usize::from(codec.payload_type & 0x7F)] = Some(Payload::Media(codec.codec));
            if let Some(rtx) = codec.rtx {
                self.0[usize::from(rtx & 0x7F)] = Some(Payload::Retransmission(codec.codec));
            }
        }
    }

    #[inline]
    pub(crate) fn get(&self, payload_type: u8) -> Option<Payload> {
        self.0[usize::from(payload_type & 0x7F)]
    }
}

/// How one receiver numbers a codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outgoing {
    pub payload_type: u8,
    pub rtx: Option<u8>,
}

/// From codec to number, for one downlink section.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct OutgoingPayloads([Option<Outgoing>; 6]);

impl OutgoingPayloads {
    /// The first number of each codec counts: the answer lists the best one first.
    pub(crate) fn new(codecs: &[NegotiatedCodec]) -> Self {
        let mut table = Self::default();
        for codec in codecs {
            let entry = &mut table.0[codec.codec as usize];
            if entry.is_none() {
                *entry = Some(Outgoing { payload_type: codec.payload_type, rtx: codec.rtx });
            }
        }
        table
    }

    /// Everything in it can be sent again under another SSRC.
    pub(crate) fn has_rtx(&self) -> bool {
        self.0.iter().flatten().all(|outgoing| outgoing.rtx.is_some())
    }

    pub(crate) fn any_rtx(&self) -> Option<u8> {
        self.0.iter().flatten().find_map(|outgoing| outgoing.rtx)
    }

    #[inline]
    pub(crate) fn get(&self, codec: Codec) -> Option<Outgoing> {
        self.0[codec as usize]
    }
}

//! One downlink section: a stream of its own, whoever is in it.

use super::downlink::Downlink;
use super::grant::Grant;
use super::layer;
use super::numbers::Numbers;
use super::payload_types::{Outgoing, OutgoingPayloads};
use super::redundancy::{Form, Redundancy, own_len};
use super::sublayers::SublayerFilter;
use super::track::{Encoding, Track, TrackKey};
use super::transmit::TransmitBatch;
use super::{LayerLimit, Viewing};
use crate::bwe::Sent;
use crate::codec::Codec;
use crate::drops::DropReason;
use crate::id::{MediaKind, Mid};
use crate::path::Path;
use crate::rtp::clock::NtpTime;
use crate::rtp::dependency_descriptor::renumber;
use crate::rtp::ext::{ELEMENT_MAX, ExtensionKind, ExtensionMap};
use crate::rtp::packet::{FIXED_HEADER_LEN, HeaderFields, write_header};
use crate::rtp::rewrite::{Forward, Incoming, LineStart, Old, Origin, SeatLine, SourceKey};
use crate::rtp::ring::{Ring, StoredPacket};
use crate::rtp::{red, rtx};
use crate::srtp::Outbound;
use rand::Rng;
use std::time::Instant;

/// A downlink section.
pub(crate) struct Slot {
    pub line: SeatLine,
    pub ssrc: u32,
    payloads: OutgoingPayloads,
    extensions: ExtensionMap,
    /// For sender reports.
    pub packets: u32,
    pub octets: u32,
    pub rtx_ssrc: u32,
    /// Below this, numbers are never sent again under the same SSRC: the section was numbered otherwise then, and the same index must
    /// not be sealed twice with different bytes.
    resend_floor: u64,
    last_seq: u64,

    pub mid: Mid,
    pub kind: MediaKind,
    /// In the answer; else it is kept for a re-offer, because SSRCs are not to be used again.
    pub live: bool,
    /// The MediaStream of the answer.
    pub stream: String,
    /// Who is to be heard or seen here.
    pub assigned: Option<TrackKey>,
    /// Who still is, until the assigned one begins.
    pub leaving: Option<TrackKey>,
    pub limit: LayerLimit,
    pub viewing: Viewing,
    /// What of it the receiver's network carries.
    pub grant: Grant,
    /// The id of the transport-wide number among the header extensions; 0: not agreed on.
    transport_id: u8,
    /// Those of packets that may have to go out again as they are.
    numbers: Numbers,
    /// Against losses of sound, for receivers that have RED.
    pub redundancy: Option<Redundancy>,
    /// Of scalable encodings.
    pub sublayers: SublayerFilter,
}

/// Where a slot's packets go.
pub(crate) struct Link<'a> {
    pub to: Path,
    pub outbound: &'a Outbound,
    pub downlink: &'a mut Downlink,
    pub now: Instant,
}

/// Under which name a packet goes out again.
#[derive(Clone, Copy)]
enum Name {
    Media { payload_type: u8 },
    Repair { payload_type: u8, index: u64 },
}

/// What is written before and into a packet beside what the line says.
#[derive(Clone, Copy)]
struct Label {
    name: Name,
    form: Form,
    /// Transport-wide.
    number: Option<u16>,
}

impl Slot {
    /// `taken` knows the SSRCs of the transport.
    pub(crate) fn new(mid: Mid, kind: MediaKind, stream: String, time: NtpTime, rng: &mut impl Rng, taken: impl Fn(u32) -> bool) -> Self {
        let start = LineStart {
            // The upper half is left free: a receiver that misses the first packets must not take the first roll-over for a step
            // back (RFC 3711 §3.3.1).
            sequence: rng.random::<u16>() >> 1,
            timestamp: rng.random(),
            rtx_sequence: rng.random::<u16>() >> 1,
            picture_id: rng.random::<u16>() >> 1,
            tl0_index: rng.random(),
        };
        let mut unused = |parity: u32| loop {
            let ssrc = rng.random::<u32>() & !1 | parity;
            if !taken(ssrc) {
                break ssrc;
            }
        };
        Self {
            line: SeatLine::new(kind, start, time),
            ssrc: unused(1),
            payloads: OutgoingPayloads::default(),
            extensions: ExtensionMap::default(),
            packets: 0,
            octets: 0,
            rtx_ssrc: unused(0),
            resend_floor: 0,
            last_seq: 0,
            mid,
            kind,
            live: true,
            stream,
            assigned: None,
            leaving: None,
            limit: LayerLimit::Best,
            viewing: Viewing::default(),
            grant: Grant::default(),
            transport_id: 0,
            numbers: Numbers::default(),
            redundancy: None,
            sublayers: SublayerFilter::default(),
        }
    }

    /// What the offer says of it.
    pub(crate) fn configure(&mut self, payloads: OutgoingPayloads, extensions: ExtensionMap) {
        self.live = true;
        if payloads != self.payloads || extensions != self.extensions {
            self.payloads = payloads;
            self.extensions = extensions;
            self.resend_floor = self.last_seq + 1;
            self.transport_id = self.extensions.id(ExtensionKind::TransportCc).unwrap_or(0);
            let as_they_are = self.transport_id != 0 && !self.payloads.has_rtx();
            self.numbers = if as_they_are { Numbers::new(self.kind) } else { Numbers::default() };
        }
        match self.payloads.get(Codec::Red).and(self.payloads.get(Codec::Opus)) {
            Some(_) => drop(self.redundancy.get_or_insert_default()),
            None => self.redundancy = None,
        }
    }

    /// Its packets carry transport-wide numbers.
    pub(crate) fn is_numbered(&self) -> bool {
        self.transport_id != 0
    }

    /// What went out can go out again under another SSRC, unasked.
    pub(crate) fn repeats(&self) -> bool {
        self.kind == MediaKind::Video && self.transport_id != 0 && self.payloads.any_rtx().is_some()
    }

    /// Somebody looks at it.
    pub(crate) fn is_viewed(&self) -> bool {
        self.kind == MediaKind::Video && self.viewing.width > 0 && self.viewing.height > 0
    }

    /// The sections that `codec` can be received in.
    pub(crate) fn accepts(&self, codec: Option<Codec>) -> bool {
        codec.is_none_or(|codec| self.outgoing(codec).is_some())
    }

    /// Aims the line at the encoding of `track`, the assigned one, that should be received now.
    pub(crate) fn aim(&mut self, track: Option<&Track>, now: Instant) {
        let hidden = self.kind == MediaKind::Video && !self.is_viewed();
        let limit = self.grant.within(self.limit);
        let open = track.filter(|t| !t.muted && !hidden && limit != LayerLimit::Paused);
        let Some(track) = open else {
            self.line.switch_to(None, Old::Cut, now);
            return;
        };
        let is_own = |source: SourceKey| track.encoding_of(source).is_some();
        let current = self.line.current();
        let accepted = |encoding: &Encoding| self.accepts(encoding.codec);
        match layer::choose(track, limit, accepted).map(|index| track.encodings[index].source) {
            Some(wanted) if self.line.pending() == Some(wanted) => {}
            Some(wanted) if current == Some(wanted) && self.line.pending().is_none() => {}
            Some(wanted) => {
                let old = if current.is_some_and(is_own) { Old::Hold } else { Old::HoldBriefly };
                self.line.switch_to(Some(wanted), old, now);
            }
            // Nothing of it has come yet: whoever sat here before is not to be seen under another name.
            None if !current.is_some_and(is_own) => self.line.switch_to(None, Old::Cut, now),
            None => {}
        }
    }

    /// Forwards one packet of a track this slot is subscribed to. `Ok(true)`: a new source began with it.
    #[inline]
    pub(crate) fn forward(
        &mut self,
        source: SourceKey,
        packet: &StoredPacket<'_>,
        ring: &Ring,
        link: &mut Link<'_>,
        out: &mut TransmitBatch,
    ) -> Result<bool, DropReason> {
        let Some(outgoing) = self.outgoing(packet.codec) else {
            self.line.skip(source, packet.ext_seq);
            return Err(DropReason::CodecMismatch);
        };
        if let Some(temporal) = packet.temporal.filter(|_| self.line.current() == Some(source))
            && let Some(first) = self.grant.temporal.leaves_out(temporal, packet.keyframe_start, packet.timestamp)
        {
            self.line.skip_frame(source, packet.ext_seq, first);
            return Err(DropReason::NotMyLayer);
        }
        if let Some(layers) = &packet.layers
            && self.line.current() == Some(source)
            && !self.sublayers.passes(layers, packet.ext_seq, packet.timestamp)
        {
            self.line.skip(source, packet.ext_seq);
            return Err(DropReason::NotMyLayer);
        }
        let forward = self.line.forward(&Incoming::new(source, packet), link.now)?;
        if forward.began {
            self.grant.temporal.begin(packet.timestamp);
            if let Some(layers) = &packet.layers {
                self.sublayers.begin(layers, packet.ext_seq, packet.timestamp);
            }
        }
        self.last_seq = self.last_seq.max(forward.seq);
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(packet.payload.len() as u32);
        let first = self.line.first_of_stay().unwrap_or(packet.ext_seq);
        let form = self.form(forward.seq, first, packet, ring).ok_or(DropReason::RtpTooOld)?;
        let payload_type = self.payload_type(form, packet.codec).unwrap_or(outgoing.payload_type);
        let packet = self.ended(forward.seq, packet).ok_or(DropReason::RtpTooOld)?;
        let number = match self.transport_id {
            0 => None,
            // It may have been asked for, and sent, before its turn.
            _ if self.numbers.are_kept() => Some(self.numbers.of(forward.seq, || link.downlink.number()).ok_or(DropReason::RtpTooOld)?),
            _ => Some(link.downlink.number()),
        };
        let label = Label { name: Name::Media { payload_type }, form, number };
        let len = self.write(label, &forward, &packet, ring, link, out);
        let what = if self.kind == MediaKind::Audio { Sent::Audio } else { Sent::Video };
        link.downlink.sent(link.now, number, len, what);
        if self.kind == MediaKind::Audio {
            let own = own_len(&packet);
            link.downlink.sounded(link.now, own);
            if let Some(redundancy) = &mut self.redundancy {
                redundancy.note_sent(packet.codec, own);
            }
        }
        Ok(forward.began)
    }

    /// The source wants to be looked at: it is the current one, or the one that follows.
    #[inline]
    pub(crate) fn follows(&self, source: SourceKey) -> bool {
        self.line.current() == Some(source) || self.line.pending() == Some(source)
    }

    /// Sends a packet again: under the RTX SSRC if the receiver has that, else the very same bytes once more.
    pub(crate) fn resend(
        &mut self,
        origin: &Origin,
        packet: &StoredPacket<'_>,
        ring: &Ring,
        what: Sent,
        link: &mut Link<'_>,
        out: &mut TransmitBatch,
    ) -> Result<usize, DropReason> {
        let outgoing = self.outgoing(packet.codec).ok_or(DropReason::CodecMismatch)?;
        if outgoing.rtx.is_none() && origin.seq < self.resend_floor {
            return Err(DropReason::NackMissed);
        }
        let forward = self.line.resend(origin, packet.timestamp, &packet.counters).ok_or(DropReason::NackMissed)?;
        // Never sent so far: then the sound alone.
        let form = self.form(forward.seq, packet.ext_seq, packet, ring).ok_or(DropReason::NackMissed)?;
        if let Form::With(count) = form
            && !(1..=u64::from(count)).all(|back| ring.get(packet.ext_seq - back).is_some())
        {
            return Err(DropReason::NackMissed);
        }
        let fresh = outgoing.rtx.is_some() && self.transport_id != 0;
        let number = match self.transport_id {
            0 => None,
            _ if fresh => Some(link.downlink.number()),
            // The same bytes again, the number among them.
            _ => Some(self.numbers.of(forward.seq, || link.downlink.number()).ok_or(DropReason::NackMissed)?),
        };
        let name = match outgoing.rtx {
            Some(payload_type) => Name::Repair { payload_type, index: self.line.next_rtx_seq() },
            None => Name::Media { payload_type: self.payload_type(form, packet.codec).unwrap_or(outgoing.payload_type) },
        };
        let packet = self.ended(forward.seq, packet).ok_or(DropReason::NackMissed)?;
        let len = self.write(Label { name, form, number }, &forward, &packet, ring, link, out);
        link.downlink.sent(link.now, number.filter(|_| fresh), len, what);
        Ok(len)
    }

    /// A packet that is nothing but `padding` bytes, of which there are 255 at most: under the RTX SSRC, where nobody misses it. Under the
    /// picture's own it would have a number that a receiver who lost it would ask for. False: there is no RTX.
    pub(crate) fn pad(&mut self, padding: u8, what: Sent, link: &mut Link<'_>, out: &mut TransmitBatch) -> bool {
        let rtx = self.payloads.any_rtx().filter(|_| self.transport_id != 0 && padding > 0);
        let Some(payload_type) = rtx else { return false };
        let (ssrc, index, timestamp) = (self.rtx_ssrc, self.line.next_rtx_seq(), 0);
        let number = link.downlink.number();
        let start = out.bytes.len();
        let fields = HeaderFields { marker: false, payload_type, sequence: index as u16, timestamp, ssrc };
        let element = number.to_be_bytes();
        let header_len = write_header(&mut out.bytes, &fields, &self.extensions, &[(ExtensionKind::TransportCc, &element)]);
        out.bytes[start] |= PADDED;
        out.bytes.resize(out.bytes.len() + usize::from(padding) - 1, 0);
        out.bytes.push(padding);
        link.outbound.seal_rtp(&mut out.bytes, start, header_len, index);
        let len = out.bytes.len() - start;
        out.commit(link.to, start);
        link.downlink.sent(link.now, Some(number), len, what);
        true
    }

    /// The packet with its marker as this receiver sees it: set where its picture ends, though better layers of it would follow.
    #[inline]
    fn ended<'a>(&mut self, seq: u64, packet: &StoredPacket<'a>) -> Option<StoredPacket<'a>> {
        let ends = match &packet.layers {
            Some(layers) => self.sublayers.ends_picture(seq, layers)?,
            None => false,
        };
        Some(StoredPacket { marker: packet.marker || ends, ..*packet })
    }

    /// How a packet goes out as `seq`: as it did before, if it did.
    #[inline]
    fn form(&mut self, seq: u64, first: u64, packet: &StoredPacket<'_>, ring: &Ring) -> Option<Form> {
        match &mut self.redundancy {
            Some(redundancy) => redundancy.form(seq, first, packet, ring),
            None => Some(Form::Plain),
        }
    }

    /// `None`: the codec's own.
    #[inline]
    fn payload_type(&self, form: Form, codec: Codec) -> Option<u8> {
        let sent_as = match (form, codec) {
            (Form::Plain, Codec::Red) => Codec::Opus,
            (Form::Plain, _) => return None,
            (Form::AsSent | Form::With(_), _) => Codec::Red,
        };
        self.payloads.get(sent_as).map(|outgoing| outgoing.payload_type)
    }

    /// RED goes to who has it; who has not gets the primary block.
    #[inline]
    fn outgoing(&self, codec: Codec) -> Option<Outgoing> {
        match self.payloads.get(codec) {
            None if codec == Codec::Red => self.payloads.get(Codec::Opus),
            outgoing => outgoing,
        }
    }

    /// Returns how long the datagram is.
    #[inline]
    fn write(
        &self,
        label: Label,
        forward: &Forward,
        packet: &StoredPacket<'_>,
        ring: &Ring,
        link: &Link<'_>,
        out: &mut TransmitBatch,
    ) -> usize {
        let start = out.bytes.len();
        let (payload_type, ssrc, index) = match label.name {
            Name::Media { payload_type } => (payload_type, self.ssrc, forward.seq),
            Name::Repair { payload_type, index } => (payload_type, self.rtx_ssrc, index),
        };
        let fields = HeaderFields { marker: packet.marker, payload_type, sequence: index as u16, timestamp: forward.timestamp, ssrc };
        let header_len = self.write_header(&mut out.bytes, &fields, packet, label.number, forward.counters.frame);
        if matches!(label.name, Name::Repair { .. }) {
            rtx::write_original_sequence(&mut out.bytes, forward.seq as u16);
        }
        let payload_at = out.bytes.len();
        self.write_payload(&mut out.bytes, label.form, packet, ring);
        forward.counters.apply(&mut out.bytes[payload_at..]);
        link.outbound.seal_rtp(&mut out.bytes, start, header_len, index);
        let len = out.bytes.len() - start;
        out.commit(link.to, start);
        len
    }

    /// Most video packets pass no extension on: header and transport-wide number at once.
    #[inline]
    fn write_header(
        &self,
        bytes: &mut Vec<u8>,
        fields: &HeaderFields,
        packet: &StoredPacket<'_>,
        number: Option<u16>,
        frame: Option<u16>,
    ) -> usize {
        let passed = &packet.extensions;
        let none = passed.audio_level.is_none()
            && passed.video_orientation.is_none()
            && passed.playout_delay.is_none()
            && packet.dependency_descriptor.is_empty();
        if none && self.transport_id < 15 {
            let mut header = [0; FIXED_HEADER_LEN + 8];
            header[0] = 0x80;
            header[1] = fields.payload_type & 0x7F | u8::from(fields.marker) << 7;
            header[2..4].copy_from_slice(&fields.sequence.to_be_bytes());
            header[4..8].copy_from_slice(&fields.timestamp.to_be_bytes());
            header[8..12].copy_from_slice(&fields.ssrc.to_be_bytes());
            let Some(number) = number else {
                bytes.extend_from_slice(&header[..FIXED_HEADER_LEN]);
                return FIXED_HEADER_LEN;
            };
            // RFC 8285 §4.2: one word of one-byte elements, of two bytes and one of padding.
            let [high, low] = number.to_be_bytes();
            header[0] |= EXTENDED;
            header[12..].copy_from_slice(&[0xBE, 0xDE, 0, 1, self.transport_id << 4 | 1, high, low, 0]);
            bytes.extend_from_slice(&header);
            return header.len();
        }
        self.write_long_header(bytes, fields, packet, number, frame)
    }

    fn write_long_header(
        &self,
        bytes: &mut Vec<u8>,
        fields: &HeaderFields,
        packet: &StoredPacket<'_>,
        number: Option<u16>,
        frame: Option<u16>,
    ) -> usize {
        let passed = &packet.extensions;
        let number = number.map(u16::to_be_bytes);
        let (level, orientation, delay) = (passed.audio_level.map(|v| [v]), passed.video_orientation.map(|v| [v]), passed.playout_delay);
        let mut numbered = [0; ELEMENT_MAX];
        let descriptor = numbered.get_mut(..packet.dependency_descriptor.len()).filter(|descriptor| !descriptor.is_empty());
        let descriptor = descriptor.map(|descriptor| {
            descriptor.copy_from_slice(packet.dependency_descriptor);
            frame.into_iter().for_each(|frame| renumber(descriptor, frame));
            &*descriptor
        });
        let candidates = [
            (ExtensionKind::TransportCc, number.as_ref().map(|v| v.as_slice())),
            (ExtensionKind::AudioLevel, level.as_ref().map(|v| v.as_slice())),
            (ExtensionKind::VideoOrientation, orientation.as_ref().map(|v| v.as_slice())),
            (ExtensionKind::PlayoutDelay, delay.as_ref().map(|v| v.as_slice())),
            (ExtensionKind::DependencyDescriptor, descriptor),
        ];
        let mut elements = [(ExtensionKind::Mid, &[][..]); 5];
        let mut count = 0;
        for (kind, value) in candidates {
            if let Some(value) = value {
                elements[count] = (kind, value);
                count += 1;
            }
        }
        write_header(bytes, fields, &self.extensions, &elements[..count])
    }

    #[inline]
    fn write_payload(&self, bytes: &mut Vec<u8>, form: Form, packet: &StoredPacket<'_>, ring: &Ring) {
        let opus = self.payloads.get(Codec::Opus).map_or(0, |opus| opus.payload_type);
        match (form, packet.codec) {
            (Form::Plain, Codec::Red) => {
                let primary = red::primary(packet.payload).map_or(&[][..], |block| block.payload);
                bytes.extend_from_slice(primary);
            }
            (Form::AsSent, Codec::Red) => {
                let start = bytes.len();
                bytes.extend_from_slice(packet.payload);
                red::renumber(&mut bytes[start..], opus);
            }
            (Form::With(count), Codec::Opus) => {
                let before = (1..=u64::from(count)).rev().filter_map(|back| ring.get(packet.ext_seq.checked_sub(back)?));
                let older = before.map(|before| (packet.timestamp.wrapping_sub(before.timestamp), before.payload));
                red::write(bytes, opus, older, packet.payload);
            }
            _ => bytes.extend_from_slice(packet.payload),
        }
    }
}

/// RFC 3550 §5.1: the P and the X bit.
const PADDED: u8 = 0x20;
const EXTENDED: u8 = 0x10;

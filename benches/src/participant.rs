//! One simulated participant: a `str0m` connection with a UDP socket of its own, and its page's WebSocket if it has one.

use crate::attendee::RIDS;
use crate::latency::Histogram;
use crate::line::{Seen, Series};
use crate::media::{SOUND, Source};
use crate::page::Page;
use crate::socket::{self, Receiver};
use crate::stamp::Stamp;
use anyhow::{Context, Result};
use std::net::{IpAddr, UdpSocket};
use std::sync::OnceLock;
use std::time::Instant;
use str0m::change::{SdpAnswer, SdpOffer};
use str0m::format::Codec;
use str0m::media::{Direction, MediaKind, Mid, Pt, Rid, Simulcast, SimulcastLayer};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{ExtensionValues, RtpPacket, RtpWrite, SeqNo, Ssrc};
use str0m::{Candidate, Event, Input, Output, Rtc};

static ADDRESS: OnceLock<IpAddr> = OnceLock::new();

/// Sets the address that participants and the server's media use; the first call counts.
pub fn set_address(address: IpAddr) {
    let _ = ADDRESS.set(address);
}

/// The address that participants and the server's media use.
pub fn address() -> IpAddr {
    *ADDRESS.get_or_init(|| IpAddr::from([127, 0, 0, 1]))
}

/// Sound that comes later than this is of no use to a listener any more (ns).
const SOUND_TOO_LATE: u64 = 60_000_000;

/// What a participant's connection is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub sends: Sends,
    /// Pairs of sections to receive sound and picture.
    pub seats: usize,
    /// Sections to receive sound alone.
    pub sound_seats: usize,
}

/// What it sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sends {
    Nothing,
    Sound,
    /// Sound, and a picture in one encoding.
    Picture,
    /// Sound, and a picture in three.
    Simulcast,
}

impl Shape {
    pub const PUBLISH: Self = Self { sends: Sends::Picture, seats: 0, sound_seats: 0 };
    pub const SUBSCRIBE: Self = Self { sends: Sends::Nothing, seats: 1, sound_seats: 0 };
    /// Both in one connection, as the page does.
    pub const LESSON: Self = Self { sends: Sends::Picture, seats: 1, sound_seats: 0 };

    /// Whether anything is expected to arrive.
    pub fn receives(self) -> bool {
        self.seats + self.sound_seats > 0
    }
}

/// One m-section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Section {
    pub kind: MediaKind,
    pub mid: Mid,
    pub direction: Direction,
}

/// Counters over all participants while measuring.
#[derive(Default)]
pub struct Totals {
    pub sent: u64,
    pub received: u64,
    /// Of all packets.
    pub latency: Histogram,
    /// Of sound alone.
    pub sound_latency: Histogram,
}

/// A participant with its connection.
pub struct Participant {
    pub shape: Shape,
    rtc: Rtc,
    socket: UdpSocket,
    /// Its WebSocket, when it joined through the page's signalling.
    pub page: Option<Page>,
    source: Option<Box<dyn Source>>,
    /// By line of the source.
    sending: Vec<Sending>,
    /// When it began to join: the signalling request was sent, or the socket opened where the scenario says so.
    pub join_started: Instant,
    state: State,
    sections: Vec<Section>,
}

/// What the connection's outputs changed.
#[derive(Debug)]
struct State {
    /// The participant's number in the run.
    number: u16,
    timeout: Instant,
    first_media: Option<Instant>,
    first_sound: Option<Instant>,
    first_picture: Option<Instant>,
    connected: bool,
    failed: bool,
    keyframes_wanted: Vec<(Mid, Option<Rid>)>,
    /// By SSRC of what is received.
    lines: Vec<(Ssrc, Series)>,
    /// By number of the sender: its sound, whichever seat it comes through.
    heard: Vec<Heard>,
}

/// Somebody's sound at one receiver.
#[derive(Debug, Default)]
pub struct Heard {
    pub series: Series,
    /// Of those that arrived, too late to be played.
    pub late: u64,
}

#[derive(Clone, Copy)]
struct Sending {
    mid: Mid,
    rid: Option<Rid>,
    pt: Pt,
    next: u64,
}

impl Participant {
    /// A connection not yet signalled, on a socket of its own. `number` is the participant's in the run.
    pub fn new(shape: Shape, number: usize) -> Result<Self> {
        let socket = UdpSocket::bind((address(), 0))?;
        socket::prepare(&socket)?;
        let now = Instant::now();
        let config = Rtc::builder().set_rtp_mode(true).clear_codecs().enable_opus(true, false).enable_vp8(true);
        let mut rtc = config.set_send_buffer_video(200).set_send_buffer_audio(50).build(now);
        let candidate = Candidate::host(socket.local_addr()?, "udp").context("loopback candidate")?;
        rtc.add_local_candidate(candidate);
        let state = State {
            number: number as u16,
            timeout: now,
            first_media: None,
            first_sound: None,
            first_picture: None,
            connected: false,
            failed: false,
            keyframes_wanted: vec![],
            lines: vec![],
            heard: vec![],
        };
        Ok(Self { shape, rtc, socket, page: None, source: None, sending: vec![], join_started: now, state, sections: vec![] })
    }

    /// Its number in the run.
    pub fn number(&self) -> usize {
        self.state.number.into()
    }

    /// ICE and DTLS are done.
    pub fn is_connected(&self) -> bool {
        self.state.connected
    }

    /// The connection broke.
    pub fn has_failed(&self) -> bool {
        self.state.failed
    }

    /// When the first packet of media arrived.
    pub fn first_media(&self) -> Option<Instant> {
        self.state.first_media
    }

    /// When the first packets of sound and of a picture arrived.
    pub fn firsts(&self) -> (Option<Instant>, Option<Instant>) {
        (self.state.first_sound, self.state.first_picture)
    }

    /// Its UDP socket, for polling.
    pub fn socket(&self) -> &UdpSocket {
        &self.socket
    }

    /// What arrives in each section it has received something in.
    pub fn lines(&self) -> impl Iterator<Item = &Series> {
        self.state.lines.iter().map(|(_, series)| series)
    }

    /// From now on losses count.
    pub fn restart_lines(&mut self) {
        self.state.lines.iter_mut().for_each(|(_, series)| series.restart());
    }

    /// What comes from now on no longer counts, but what is missing may still come.
    pub fn close_lines(&mut self) {
        self.state.lines.iter_mut().for_each(|(_, series)| series.close());
    }

    /// How many packets of sound it has sent.
    pub fn sound_sent(&self) -> u64 {
        self.sending.get(SOUND).map_or(0, |line| line.next - FIRST_NUMBER)
    }

    /// What arrives of the sound of participant `sender`.
    pub fn heard(&mut self, sender: usize) -> &mut Heard {
        heard(&mut self.state.heard, sender)
    }

    /// Offers what its shape needs, lets `exchange` bring the answer.
    pub fn offer(&mut self, exchange: impl FnOnce(&str, &[Section]) -> Result<String>) -> Result<()> {
        let shape = self.shape;
        let mut change = self.rtc.sdp_api();
        let mut sections = vec![];
        let mut add = |kind, direction, simulcast| {
            let mid = change.add_media(kind, direction, None, None, simulcast);
            sections.push(Section { kind, mid, direction });
        };
        if shape.sends != Sends::Nothing {
            add(MediaKind::Audio, Direction::SendOnly, None);
        }
        if matches!(shape.sends, Sends::Picture | Sends::Simulcast) {
            add(MediaKind::Video, Direction::SendOnly, (shape.sends == Sends::Simulcast).then(simulcast));
        }
        for _ in 0..shape.seats {
            add(MediaKind::Audio, Direction::RecvOnly, None);
            add(MediaKind::Video, Direction::RecvOnly, None);
        }
        (0..shape.sound_seats).for_each(|_| add(MediaKind::Audio, Direction::RecvOnly, None));
        let (offer, pending) = change.apply().context("empty offer")?;
        self.sections = sections;
        self.join_started = Instant::now();
        let answer = exchange(&offer.to_sdp_string(), &self.sections)?;
        let answer = SdpAnswer::from_sdp_string(&answer).context("the server's answer")?;
        self.rtc.sdp_api().accept_answer(pending, answer).context("accepting the answer")?;
        Ok(())
    }

    /// Answers an offer of the server.
    pub fn answer(&mut self, offer: &str) -> Result<String> {
        let offer = SdpOffer::from_sdp_string(offer).context("the server's offer")?;
        Ok(self.rtc.sdp_api().accept_offer(offer).context("answering the offer")?.to_sdp_string())
    }

    /// From now on it sends what `source` makes.
    pub fn start_publishing(&mut self, source: impl Source + 'static) -> Result<()> {
        self.sending.clear();
        for section in self.sections.iter().filter(|section| section.direction == Direction::SendOnly) {
            let codec = if section.kind == MediaKind::Audio { Codec::Opus } else { Codec::Vp8 };
            let media = self.rtc.media(section.mid).context("section refused")?;
            let allowed = media.remote_pts();
            let params = self.rtc.codec_config().params().iter().find(|p| p.spec().codec == codec && allowed.contains(&p.pt()));
            let (mid, pt) = (section.mid, params.context("codec refused")?.pt());
            let layers: &[&str] = if section.kind == MediaKind::Video && self.shape.sends == Sends::Simulcast { &RIDS } else { &[] };
            self.sending.extend(layers.iter().map(|rid| Sending { mid, rid: Some(Rid::from(*rid)), pt, next: FIRST_NUMBER }));
            if layers.is_empty() {
                self.sending.push(Sending { mid, rid: None, pt, next: FIRST_NUMBER });
            }
        }
        self.source = Some(Box::new(source));
        Ok(())
    }

    /// Takes everything from the UDP socket.
    pub fn receive(&mut self, receiver: &mut Receiver, totals: &mut Totals) -> Result<()> {
        let local = self.socket.local_addr()?;
        let rtc = &mut self.rtc;
        let mut inputs_failed = None;
        loop {
            let now = Instant::now();
            let more = receiver.receive(&self.socket, |datagram, source, arrival| {
                if let Ok(contents) = datagram.try_into() {
                    let receive = Receive { proto: Protocol::Udp, source, destination: local, contents };
                    if let Err(error) = rtc.handle_input(Input::Receive(now, receive)) {
                        inputs_failed = Some(error);
                    }
                }
                // Outputs are taken per datagram so that each packet meets its own arrival time.
                drain(rtc, &self.socket, &mut self.state, Some(arrival), totals);
            });
            if !more {
                break;
            }
        }
        inputs_failed.map_or(Ok(()), |error| Err(error.into()))
    }

    /// Closes the media connection properly.
    pub fn hang_up(&mut self) {
        if self.rtc.close().is_ok() {
            drain(&mut self.rtc, &self.socket, &mut self.state, None, &mut Totals::default());
        }
    }

    /// Takes everything from the WebSocket, and does what it says.
    pub fn read_page(&mut self) {
        let (page, source) = (&mut self.page, &mut self.source);
        if let Some(page) = page {
            page.read(|layers| {
                if let Some(source) = source {
                    source.send_layers(layers);
                }
            });
        }
    }

    /// Sends what is due and lets timers run. Returns when it wants to be called next.
    pub fn advance(&mut self, now: Instant, totals: &mut Totals) -> Result<Instant> {
        if self.state.connected
            && let Some(source) = self.source.as_mut()
        {
            let (rtc, socket, state, sending) = (&mut self.rtc, &self.socket, &mut self.state, &mut self.sending);
            for (mid, rid) in std::mem::take(&mut state.keyframes_wanted) {
                let asked = |line: &Sending| line.mid == mid && (rid.is_none() || line.rid == rid);
                sending.iter().enumerate().filter(|(_, line)| asked(line)).for_each(|(line, _)| source.want_keyframe(line));
            }
            source.poll(now, &mut |due, payload| {
                let Some(line) = sending.get_mut(due.line) else { return };
                let stamp = Stamp {
                    sender: state.number,
                    line: due.line as u16,
                    count: (line.next - FIRST_NUMBER) as u32,
                    sent: socket::realtime_ns(),
                };
                stamp.write(payload);
                let mut api = rtc.direct_api();
                if let Some(stream) = api.stream_tx_by_mid(line.mid, line.rid) {
                    let write = RtpWrite::new(line.pt, SeqNo::from(line.next), due.timestamp, now, &*payload);
                    let ext_vals = ExtensionValues {
                        audio_level: due.level,
                        voice_activity: due.level.map(|level| level > -50),
                        ..ExtensionValues::default()
                    };
                    stream.write_rtp(write.marker(due.marker).nackable(due.line != SOUND).ext_vals(ext_vals));
                    line.next += 1;
                    totals.sent += 1;
                }
                drain(rtc, socket, state, None, totals);
            });
        }
        if now >= self.state.timeout {
            self.rtc.handle_input(Input::Timeout(now))?;
        }
        drain(&mut self.rtc, &self.socket, &mut self.state, None, totals);
        let media = self.source.as_ref().filter(|_| self.state.connected).map(|source| source.next());
        Ok(media.map_or(self.state.timeout, |media| media.min(self.state.timeout)))
    }
}

/// RTP numbers begin here, so that a stack that takes 0 for "none yet" is not misled.
const FIRST_NUMBER: u64 = 1;

fn simulcast() -> Simulcast {
    let mut simulcast = Simulcast::new();
    RIDS.iter().for_each(|rid| simulcast.add_send_layer(SimulcastLayer::new(rid)));
    simulcast
}

fn heard(all: &mut Vec<Heard>, sender: usize) -> &mut Heard {
    if all.len() <= sender {
        all.resize_with(sender + 1, Heard::default);
    }
    &mut all[sender]
}

/// Takes all outputs of a connection: sends datagrams, counts media.
fn drain(rtc: &mut Rtc, socket: &UdpSocket, state: &mut State, arrival: Option<u64>, totals: &mut Totals) {
    loop {
        match rtc.poll_output() {
            Ok(Output::Timeout(at)) => {
                state.timeout = at;
                return;
            }
            Ok(Output::Transmit(transmit)) => {
                // A full socket buffer loses the packet, as a network would.
                let _ = socket.send_to(&transmit.contents, transmit.destination);
            }
            Ok(Output::Event(Event::RtpPacket(packet))) => state.count(&packet, arrival, totals),
            Ok(Output::Event(Event::Connected)) => state.connected = true,
            Ok(Output::Event(Event::KeyframeRequest(request))) => state.keyframes_wanted.push((request.mid, request.rid)),
            Ok(Output::Event(_)) => {}
            Err(_) => {
                (state.connected, state.failed) = (false, true);
                return;
            }
        }
    }
}

impl State {
    fn count(&mut self, packet: &RtpPacket, arrival: Option<u64>, totals: &mut Totals) {
        let ssrc = packet.header.ssrc;
        let index = self.lines.iter().position(|(known, _)| *known == ssrc).unwrap_or_else(|| {
            self.lines.push((ssrc, Series::default()));
            self.lines.len() - 1
        });
        self.lines[index].1.see(*packet.seq_no);
        let Some(stamp) = Stamp::read(&packet.payload) else { return };
        let now = Instant::now();
        self.first_media.get_or_insert(now);
        totals.received += 1;
        let latency = arrival.map_or(0, |arrival| arrival.saturating_sub(stamp.sent));
        if arrival.is_some() {
            totals.latency.record(latency);
        }
        if usize::from(stamp.line) != SOUND {
            self.first_picture.get_or_insert(now);
            return;
        }
        self.first_sound.get_or_insert(now);
        totals.sound_latency.record(latency);
        let heard = heard(&mut self.heard, stamp.sender.into());
        if heard.series.see(stamp.count.into()) != Seen::Ignored && latency > SOUND_TOO_LATE {
            heard.late += 1;
        }
    }
}

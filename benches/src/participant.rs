//! One simulated participant: a `str0m` connection with a UDP socket of its own.

use crate::latency::Histogram;
use crate::media::{self, Publisher};
use crate::socket::{self, Receiver};
use anyhow::{Context, Result};
use std::net::{IpAddr, UdpSocket};
use std::sync::OnceLock;
use std::time::Instant;
use str0m::change::{SdpAnswer, SdpOffer};
use str0m::format::Codec;
use str0m::media::{Direction, MediaKind, Mid, Pt};
use str0m::net::{Protocol, Receive};
use str0m::rtp::{RtpWrite, SeqNo};
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

/// What a participant is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Publish,
    Subscribe,
    /// Both in one connection, as the page does.
    Lesson,
}

/// Counters over all participants while measuring.
#[derive(Default)]
pub struct Totals {
    pub sent: u64,
    pub received: u64,
    pub latency: Histogram,
}

/// A participant with its connection.
pub struct Participant {
    pub part: Part,
    rtc: Rtc,
    socket: UdpSocket,
    publisher: Option<(Publisher, [Sending; 2])>,
    /// When the signalling request was sent.
    pub join_started: Instant,
    state: State,
    sections: Vec<(MediaKind, Mid, Direction)>,
}

/// What the connection's outputs changed.
struct State {
    timeout: Instant,
    first_media: Option<Instant>,
    connected: bool,
    keyframe_wanted: bool,
}

#[derive(Clone, Copy)]
struct Sending {
    mid: Mid,
    pt: Pt,
    next: u64,
}

impl Participant {
    /// A connection not yet signalled, on a socket of its own.
    pub fn new(part: Part) -> Result<Self> {
        let socket = UdpSocket::bind((address(), 0))?;
        socket::prepare(&socket)?;
        let now = Instant::now();
        let config = Rtc::builder().set_rtp_mode(true).clear_codecs().enable_opus(true, false).enable_vp8(true);
        let mut rtc = config.set_send_buffer_video(200).set_send_buffer_audio(50).build(now);
        let candidate = Candidate::host(socket.local_addr()?, "udp").context("loopback candidate")?;
        rtc.add_local_candidate(candidate);
        Ok(Self {
            part,
            rtc,
            socket,
            publisher: None,
            join_started: now,
            state: State { timeout: now, first_media: None, connected: false, keyframe_wanted: false },
            sections: vec![],
        })
    }

    /// ICE and DTLS are done.
    pub fn is_connected(&self) -> bool {
        self.state.connected
    }

    /// When the first packet of media arrived.
    pub fn first_media(&self) -> Option<Instant> {
        self.state.first_media
    }

    /// Its UDP socket, for polling.
    pub fn socket(&self) -> &UdpSocket {
        &self.socket
    }

    /// The m-sections of the offer in order, by kind and direction.
    pub fn sections(&self) -> &[(MediaKind, Mid, Direction)] {
        &self.sections
    }

    /// Offers what its part needs, lets `exchange` bring the answer.
    pub fn offer(&mut self, exchange: impl FnOnce(&str, &[(MediaKind, Mid, Direction)]) -> Result<String>) -> Result<()> {
        let directions: &[Direction] = match self.part {
            Part::Publish => &[Direction::SendOnly],
            Part::Subscribe => &[Direction::RecvOnly],
            Part::Lesson => &[Direction::SendOnly, Direction::RecvOnly],
        };
        let mut change = self.rtc.sdp_api();
        for direction in directions {
            for kind in [MediaKind::Audio, MediaKind::Video] {
                let mid = change.add_media(kind, *direction, None, None, None);
                self.sections.push((kind, mid, *direction));
            }
        }
        let (offer, pending) = change.apply().context("empty offer")?;
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

    /// Starts to send, the first frame at `start`.
    pub fn start_publishing(&mut self, start: Instant) -> Result<()> {
        let mut sending = vec![];
        for (kind, mid, direction) in &self.sections {
            if *direction == Direction::SendOnly {
                let codec = if *kind == MediaKind::Audio { Codec::Opus } else { Codec::Vp8 };
                let media = self.rtc.media(*mid).context("section refused")?;
                let config = self.rtc.codec_config();
                let allowed = media.remote_pts();
                let params = config.params().iter().find(|p| p.spec().codec == codec && allowed.contains(&p.pt()));
                sending.push(Sending { mid: *mid, pt: params.context("codec refused")?.pt(), next: 1 });
            }
        }
        let [audio, video]: [Sending; 2] = sending.try_into().map_err(|_| anyhow::anyhow!("not two sections to send"))?;
        self.publisher = Some((Publisher::new(start), [audio, video]));
        Ok(())
    }

    /// Takes everything from the socket.
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

    /// Sends what is due and lets timers run. Returns when it wants to be called next.
    pub fn advance(&mut self, now: Instant, totals: &mut Totals) -> Result<Instant> {
        if self.state.connected
            && let Some((publisher, sending)) = self.publisher.as_mut()
        {
            let (rtc, socket, state) = (&mut self.rtc, &self.socket, &mut self.state);
            if std::mem::take(&mut state.keyframe_wanted) {
                publisher.want_keyframe();
            }
            publisher.poll(now, socket::realtime_ns, |due, payload| {
                let line = &mut sending[usize::from(due.video)];
                let mut api = rtc.direct_api();
                if let Some(stream) = api.stream_tx_by_mid(line.mid, None) {
                    let write = RtpWrite::new(line.pt, SeqNo::from(line.next), due.timestamp, now, payload.to_vec());
                    stream.write_rtp(write.marker(due.marker).nackable(due.video));
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
        let media = self.publisher.as_ref().filter(|_| self.state.connected).map(|(publisher, _)| publisher.next());
        Ok(media.map_or(self.state.timeout, |media| media.min(self.state.timeout)))
    }
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
            Ok(Output::Event(Event::RtpPacket(packet))) => {
                if let Some(sent) = media::sent_at(&packet.payload) {
                    state.first_media.get_or_insert_with(Instant::now);
                    totals.received += 1;
                    if let Some(arrival) = arrival {
                        totals.latency.record(arrival.saturating_sub(sent));
                    }
                }
            }
            Ok(Output::Event(Event::Connected)) => state.connected = true,
            Ok(Output::Event(Event::KeyframeRequest(_))) => state.keyframe_wanted = true,
            Ok(Output::Event(_)) => {}
            Err(_) => {
                state.connected = false;
                return;
            }
        }
    }
}

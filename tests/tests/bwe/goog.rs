//! The yardstick: `goog_cc`, a port of libwebrtc's GoogCC, driven like our estimator.
//!
//! It panics on feedback that reports nothing as received; such feedback is kept from it. Its detector of application-limited
//! phases reads the real clock, so its figures differ a little from run to run: they are shown, and nothing is asserted on them.

use super::controller::Controller;
use auftakt_media::bwe::{Probe, ProbeId, START_BPS, Sent};
use auftakt_media::rtp::twcc::{Feedback, TICK_MICROS};
use goog_cc::network_control::{NetworkControllerConfig, NetworkControllerInterface};
use goog_cc::transport::{
    NetworkAvailability, NetworkControlUpdate, NetworkRouteChange, PacedPacketInfo, PacketResult, ProbeClusterConfig, ProcessInterval,
    SentPacket, StreamsConfig, TargetRateConstraints, TransportPacketsFeedback,
};
use goog_cc::units::{DataRate, DataSize, Timestamp};
use goog_cc::{GoogCcConfig, GoogCcNetworkController};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

const PROCESS: Duration = Duration::from_millis(25);

pub struct Goog {
    inner: GoogCcNetworkController,
    epoch: Instant,
    started: bool,
    target: u64,
    wanted: u64,
    next_process: Instant,
    number: i64,
    sent: VecDeque<Flying>,
    in_flight: i64,
    probes: VecDeque<ProbeClusterConfig>,
    probe: Option<PacedPacketInfo>,
}

struct Flying {
    packet: SentPacket,
    number: u16,
    told: bool,
}

impl Goog {
    pub fn boxed(now: Instant) -> Box<dyn Controller> {
        let constraints = TargetRateConstraints {
            at_time: Timestamp::from_micros(0),
            min_data_rate: Some(DataRate::from_bits_per_sec(60_000)),
            max_data_rate: Some(DataRate::from_bits_per_sec(100_000_000)),
            starting_rate: Some(DataRate::from_bits_per_sec(START_BPS as i64)),
        };
        let streams = StreamsConfig {
            at_time: Timestamp::from_micros(0),
            requests_alr_probing: Some(true),
            max_total_allocated_bitrate: Some(DataRate::from_bits_per_sec(10_000_000)),
            ..StreamsConfig::default()
        };
        let config = NetworkControllerConfig { constraints, stream_based_config: streams, ..NetworkControllerConfig::default() };
        Box::new(Self {
            inner: GoogCcNetworkController::new(config, GoogCcConfig { feedback_only: true }),
            // One second later than zero: it subtracts from timestamps.
            epoch: now - Duration::from_secs(1),
            started: false,
            target: START_BPS,
            wanted: 10_000_000,
            next_process: now,
            number: 0,
            sent: VecDeque::new(),
            in_flight: 0,
            probes: VecDeque::new(),
            probe: None,
        })
    }

    fn time(&self, now: Instant) -> Timestamp {
        Timestamp::from_micros(now.duration_since(self.epoch).as_micros() as i64)
    }

    fn apply(&mut self, update: NetworkControlUpdate) {
        if let Some(target) = update.target_rate {
            self.target = target.target_rate.bps() as u64;
        }
        self.probes.extend(update.probe_cluster_configs);
    }
}

impl Controller for Goog {
    fn on_sent(&mut self, now: Instant, number: u16, bytes: usize, what: Sent) {
        self.number += 1;
        self.in_flight += bytes as i64;
        let mut pacing_info = PacedPacketInfo::default();
        if let (Some(probe), Sent::Probe(_) | Sent::Video) = (&mut self.probe, what) {
            pacing_info = *probe;
            probe.probe_cluster_bytes_sent += bytes as i64;
            if probe.probe_cluster_bytes_sent >= probe.probe_cluster_min_bytes {
                self.probe = None;
            }
        }
        let packet = SentPacket {
            send_time: self.time(now),
            size: DataSize::from_bytes(bytes as i64),
            pacing_info,
            audio: what == Sent::Audio,
            sequence_number: self.number,
            data_in_flight: DataSize::from_bytes(self.in_flight),
            ..SentPacket::default()
        };
        self.sent.push_back(Flying { packet, number, told: false });
        if self.sent.len() > 8192 {
            self.sent.pop_front();
        }
        let update = self.inner.on_sent_packet(packet);
        self.apply(update);
    }

    fn on_feedback(&mut self, now: Instant, fci: &[u8]) {
        let feedback = Feedback::parse(fci).expect("the recorder writes what can be read");
        let mut results = vec![];
        for (number, ticks) in feedback.statuses() {
            let Some(first) = self.sent.front().map(|flying| flying.number) else { break };
            let Some(flying) = self.sent.get_mut(usize::from(number.wrapping_sub(first))) else { continue };
            if flying.told {
                continue;
            }
            if let Some(ticks) = ticks {
                flying.told = true;
                self.in_flight -= flying.packet.size.bytes();
                let receive_time = Timestamp::from_micros(1_000_000 + ticks * TICK_MICROS as i64);
                results.push(PacketResult { sent_packet: flying.packet, receive_time, ..PacketResult::default() });
            } else {
                flying.told = true;
                self.in_flight -= flying.packet.size.bytes();
                results.push(PacketResult { sent_packet: flying.packet, ..PacketResult::default() });
            }
        }
        while self.sent.front().is_some_and(|flying| flying.told) {
            self.sent.pop_front();
        }
        if results.iter().all(|result| !result.is_received()) {
            return;
        }
        let update = self.inner.on_transport_packets_feedback(TransportPacketsFeedback {
            feedback_time: self.time(now),
            data_in_flight: DataSize::from_bytes(self.in_flight.max(0)),
            packet_feedbacks: results,
            sendless_arrival_times: vec![],
        });
        self.apply(update);
    }

    fn set_wanted(&mut self, now: Instant, bps: u64) {
        if bps != self.wanted && bps > 0 {
            self.wanted = bps;
            let update = self.inner.on_streams_config(StreamsConfig {
                at_time: self.time(now),
                requests_alr_probing: Some(true),
                max_total_allocated_bitrate: Some(DataRate::from_bits_per_sec(bps as i64)),
                ..StreamsConfig::default()
            });
            self.apply(update);
        }
    }

    fn target_bps(&self) -> u64 {
        self.target
    }

    fn poll_probe(&mut self, _now: Instant) -> Option<Probe> {
        let cluster = self.probes.pop_front()?;
        let rate = cluster.target_data_rate.bps() as u64;
        let micros = cluster.target_duration.us() as u64;
        // Its prober goes on until there were enough bytes and enough packets.
        let bytes = (rate * micros / 8_000_000).max(cluster.target_probe_count as u64 * 1200) as i64;
        let mut info = PacedPacketInfo::new(cluster.id, i64::from(cluster.target_probe_count), bytes);
        info.send_bitrate = cluster.target_data_rate;
        self.probe = Some(info);
        Some(Probe {
            id: ProbeId(cluster.id as u32),
            rate_bps: rate,
            bytes: bytes as usize + 1200,
            duration: Duration::from_micros((bytes + 1200) as u64 * 8_000_000 / rate.max(1) + 20_000),
        })
    }

    fn poll_timeout(&self) -> Option<Instant> {
        Some(self.next_process)
    }

    fn handle_timeout(&mut self, now: Instant) {
        let at_time = self.time(now);
        if !self.started {
            self.started = true;
            let update = self.inner.on_network_availability(NetworkAvailability { at_time, network_available: true });
            self.apply(update);
        }
        self.next_process = now + PROCESS;
        let update = self.inner.on_process_interval(ProcessInterval { at_time, pacer_queue: None });
        self.apply(update);
    }

    fn on_path_change(&mut self, now: Instant) {
        let at_time = self.time(now);
        let update = self.inner.on_network_route_change(NetworkRouteChange { at_time, ..NetworkRouteChange::default() });
        self.apply(update);
    }
}

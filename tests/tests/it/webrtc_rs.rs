//! The `webrtc` crate as it comes, through WHIP and WHEP: another whole stack, with its own ICE, DTLS and SRTP, on real sockets.

use crate::house::{House, ROOM};
use crate::streams::{player, stream};
use auftakt_client::band::sound;
use auftakt_client::{Client, ClientConfig, Outgoing, SenderSpec};
use auftakt_media::codec::Codec;
use auftakt_media::id::MediaKind;
use auftakt_tests::browser::PATIENCE;
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::configuration::RTCConfigurationBuilder;
use rtc::peer_connection::configuration::media_engine::{MIME_TYPE_OPUS, MediaEngine};
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::rtp;
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind,
};
use rtc::rtp_transceiver::{RTCRtpTransceiverDirection, RTCRtpTransceiverInit};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::mpsc;
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};
use webrtc::peer_connection::{
    PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler, RTCIceGatheringState, RTCPeerConnectionState,
};

const SSRC: u32 = 4711;

/// What happened to the connection, one message each.
enum Happened {
    Gathered,
    Connected,
    Heard(rtp::Packet),
}

#[derive(Clone)]
struct Handler(mpsc::UnboundedSender<Happened>);

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            let _ = self.0.send(Happened::Gathered);
        }
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        if state == RTCPeerConnectionState::Connected {
            let _ = self.0.send(Happened::Connected);
        }
    }

    async fn on_track(&self, track: Arc<dyn TrackRemote>) {
        let heard = self.0.clone();
        tokio::spawn(async move {
            while let Some(event) = track.poll().await {
                if let TrackRemoteEvent::OnRtpPacket(packet) = event {
                    let _ = heard.send(Happened::Heard(packet));
                }
            }
        });
    }
}

fn opus() -> RTCRtpCodecParameters {
    let rtp_codec = RTCRtpCodec {
        mime_type: MIME_TYPE_OPUS.to_owned(),
        clock_rate: 48_000,
        channels: 2,
        sdp_fmtp_line: "minptime=10;stereo=1;sprop-stereo=1".to_owned(),
        rtcp_feedback: vec![],
    };
    RTCRtpCodecParameters { rtp_codec, payload_type: 111 }
}

async fn next(happened: &mut mpsc::UnboundedReceiver<Happened>) -> Happened {
    tokio::time::timeout(PATIENCE, happened.recv()).await.expect("in time").expect("the connection lives")
}

async fn connection(happened: mpsc::UnboundedSender<Happened>) -> impl PeerConnection {
    let mut engine = MediaEngine::default();
    engine.register_codec(opus(), RtpCodecKind::Audio).expect("Opus");
    let builder = PeerConnectionBuilder::new().with_configuration(RTCConfigurationBuilder::new().build()).with_media_engine(engine);
    builder.with_handler(Arc::new(Handler(happened))).with_udp_addrs(vec!["127.0.0.1:0"]).build().await.expect("a connection")
}

/// Offers through WHIP or WHEP and connects.
async fn connect(house: &House, kind: &str, peer: &impl PeerConnection, happened: &mut mpsc::UnboundedReceiver<Happened>) {
    let offer = peer.create_offer(None).await.expect("an offer");
    peer.set_local_description(offer).await.expect("set");
    while !matches!(next(happened).await, Happened::Gathered) {}
    let offer = peer.local_description().await.expect("with candidates");
    let reply = house.post(&format!("/{kind}/{ROOM}"), &house.master(), &offer.sdp).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    let answer = RTCSessionDescription::answer(reply.body).expect("an answer it can read");
    peer.set_remote_description(answer).await.expect("an answer it takes");
    while !matches!(next(happened).await, Happened::Connected) {}
}

#[tokio::test]
async fn webrtc_rs_publishes_and_a_player_hears_it() {
    let house = House::open().await;
    let (sender, mut happened) = mpsc::unbounded_channel();
    let peer = connection(sender).await;
    let coding = RTCRtpCodingParameters { ssrc: Some(SSRC), ..Default::default() };
    let encoding = RTCRtpEncodingParameters { rtp_coding_parameters: coding, codec: opus().rtp_codec, ..Default::default() };
    let track = MediaStreamTrack::new("stream".into(), "track".into(), "label".into(), RtpCodecKind::Audio, vec![encoding]);
    let track = Arc::new(TrackLocalStaticRTP::new(track));
    peer.add_track(Arc::clone(&track) as Arc<dyn TrackLocal>).await.expect("a track");
    connect(&house, "whip", &peer, &mut happened).await;
    let (mut player, _) = stream(&house, "whep", player(5)).await;
    for number in 0..100u32 {
        let header = rtp::Header {
            version: 2,
            payload_type: 111,
            sequence_number: (number as u16).wrapping_add(65_500),
            timestamp: number * 960,
            ssrc: SSRC,
            ..Default::default()
        };
        track.write_rtp(rtp::Packet { header, payload: sound(number).into() }).await.expect("written");
        let received = player.media().await;
        assert_eq!(received.payload, sound(number));
    }
    peer.close().await.expect("closed");
}

#[tokio::test]
async fn webrtc_rs_plays_what_an_encoder_publishes() {
    let house = House::open().await;
    let mut encoder = Client::new(ClientConfig::seeded(6), Instant::now());
    encoder.add_sender(&SenderSpec { kind: MediaKind::Audio, codecs: &[Codec::Opus], rids: &[] });
    let (mut encoder, _) = stream(&house, "whip", encoder).await;
    let (sender, mut happened) = mpsc::unbounded_channel();
    let peer = connection(sender).await;
    let receive = RTCRtpTransceiverInit { direction: RTCRtpTransceiverDirection::Recvonly, ..Default::default() };
    peer.add_transceiver_from_kind(RtpCodecKind::Audio, Some(receive)).await.expect("a section");
    connect(&house, "whep", &peer, &mut happened).await;
    let mut first = None;
    for number in 0..100u32 {
        encoder.send("0", &Outgoing::plain(Codec::Opus, number * 960, false, &sound(number))).await;
        let packet = loop {
            if let Happened::Heard(packet) = next(&mut happened).await {
                break packet;
            }
        };
        assert_eq!(packet.payload, sound(number));
        let first = *first.get_or_insert(packet.header.sequence_number);
        assert_eq!(packet.header.sequence_number, first.wrapping_add(number as u16));
    }
    peer.close().await.expect("closed");
}

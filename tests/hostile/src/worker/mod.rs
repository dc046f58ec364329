//! A whole worker during a lesson: a teacher and a student who are honest, a third participant who is not, and strangers.
//!
//! The hostile one has keys, so what it makes up reaches the inner code. Whatever it does, the student hears every packet of the
//! teacher, nothing is sent to who never proved to be there, and nothing is left when all are gone.

mod packets;
mod world;

use crate::edit::{Damage, LineEdit};
use crate::sdp::OfferText;
use arbitrary::{Arbitrary, Unstructured};
use auftakt_media::worker::LayerLimit;
use packets::{HostileRtcp, HostileRtp};
use std::time::Duration;
use world::{HOSTILE, STUDENT, World};

#[derive(Arbitrary, Debug)]
enum Step {
    /// 20 ms of the lesson.
    Tick,
    Rtp(HostileRtp),
    /// A burst of the same kind: the rings and the batch fill up.
    Burst {
        packet: HostileRtp,
        count: u8,
    },
    Rtcp {
        packets: Vec<HostileRtcp>,
        damage: Damage,
    },
    /// Bytes from anywhere.
    Datagram {
        from: u8,
        first: u8,
        rest: Vec<u8>,
    },
    /// What somebody sent, once more.
    Again {
        sender: u8,
        from: u8,
        damage: Damage,
    },
    /// A check of the hostile one, from one of its addresses or somebody else's.
    Check {
        from: u8,
        attributes: Vec<(u16, [u8; 4])>,
        damage: Damage,
    },
    Offer {
        edits: Vec<(u16, LineEdit)>,
        restart: bool,
    },
    Stranger {
        peer: u8,
        offer: OfferText,
    },
    StrangerLeaves {
        peer: u8,
    },
    Assign {
        hostile: bool,
        section: u8,
        track: u8,
    },
    Mute {
        track: u8,
        muted: bool,
    },
    Limit {
        section: u8,
        limit: u8,
    },
    Wait {
        millis: u16,
    },
    WaitLong {
        seconds: u8,
    },
}

/// Steps of one input.
const STEPS_MAX: usize = 256;

pub(crate) fn run(data: &[u8]) {
    let mut input = Unstructured::new(data);
    let mut world = World::new(input.arbitrary().unwrap_or_default());
    for _ in 0..STEPS_MAX {
        let Ok(step) = input.arbitrary() else { break };
        take(&mut world, step);
        if input.is_empty() {
            break;
        }
    }
    world.finish();
}

fn take(world: &mut World, step: Step) {
    match step {
        Step::Tick => world.tick(),
        Step::Rtp(packet) => world.send_rtp(&packet),
        Step::Burst { packet, count } => (0..count).for_each(|_| world.send_rtp(&packet)),
        Step::Rtcp { packets, damage } => world.send_rtcp(&packets, &damage),
        Step::Datagram { from, first, mut rest } => {
            rest.insert(0, first);
            world.inject(from, &rest);
        }
        Step::Again { sender, from, damage } => world.again(sender, from, &damage),
        Step::Check { from, attributes, damage } => world.check(from, &attributes, &damage),
        Step::Offer { edits, restart } => world.offer(&edits, restart),
        Step::Stranger { peer, offer } => world.stranger_offers(peer, &offer.write()),
        Step::StrangerLeaves { peer } => world.stranger_leaves(peer),
        Step::Assign { hostile, section, track } => world.assign(if hostile { HOSTILE } else { STUDENT }, section, track),
        Step::Mute { track, muted } => world.mute(track, muted),
        Step::Limit { section, limit } => {
            let limit = match limit % 6 {
                4 => LayerLimit::Best,
                5 => LayerLimit::Paused,
                layer => LayerLimit::UpTo(layer),
            };
            world.limit(section, limit);
        }
        Step::Wait { millis } => world.run_for(Duration::from_millis(u64::from(millis % 2000))),
        Step::WaitLong { seconds } => world.run_for(Duration::from_secs(u64::from(seconds % 70))),
    }
}

//! In steady state a packet costs no allocation: this test holds the line.

use auftakt_client::{Client, ClientConfig, Nacks, Outgoing, SenderSpec};
use auftakt_media::codec::Codec;
use auftakt_media::dtls::Certificate;
use auftakt_media::id::{MediaKind, Mid, PeerId};
use auftakt_media::worker::{Flushed, Worker, WorkerConfig};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, counting per thread.
struct Counting;

#[expect(unsafe_code, reason = "an allocator cannot be written without; both calls are passed on as they are")]
// SAFETY: every call goes to the system allocator with the caller's own arguments.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn address(index: usize) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 10_000 + index as u16))
}

struct Room {
    worker: Worker,
    now: Instant,
    clients: Vec<Client>,
}

impl Room {
    fn join(&mut self, mut client: Client) {
        let id = self.clients.len();
        let accepted = self.worker.accept_offer(self.now, PeerId(id as u32), &client.offer(), &[]).expect("an acceptable offer");
        client.handle_answer(self.now, &accepted.answer);
        self.clients.push(client);
        while !self.clients[id].is_connected() {
            self.settle();
        }
        if let Some((mid, _)) = accepted.downlinks.first() {
            let source = self.worker_track();
            self.worker.assign(self.now, PeerId(id as u32), *mid, source);
        }
    }

    /// The publisher is peer 0 and its only track the first one.
    fn worker_track(&mut self) -> Option<auftakt_media::id::TrackId> {
        let offer = self.clients[0].offer();
        let accepted = self.worker.accept_offer(self.now, PeerId(0), &offer, &[]).expect("a re-offer");
        accepted.tracks.iter().find(|(mid, _, _)| Some(*mid) == Mid::parse("0")).map(|(_, _, track)| *track)
    }

    fn settle(&mut self) {
        self.now += Duration::from_millis(5);
        for (index, client) in self.clients.iter_mut().enumerate() {
            client.handle_timeout(self.now);
            while let Some(mut datagram) = client.poll_transmit() {
                self.worker.handle_datagram(self.now, address(index), &mut datagram);
            }
        }
        self.worker.handle_timeout(self.now);
        while self.worker.flush(self.now) == Flushed::More {}
        let out: Vec<(SocketAddr, Vec<u8>)> = self.worker.transmits().datagrams().map(|(to, d)| (to, d.to_vec())).collect();
        self.worker.transmits().clear();
        for (to, datagram) in out {
            self.clients[usize::from(to.port()) - 10_000].handle_datagram(self.now, &datagram);
        }
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "an Instant to begin with; from here on time is virtual")]
fn a_forwarded_packet_costs_no_allocation() {
    let now = Instant::now();
    let worker = Worker::new(WorkerConfig {
        index: 0,
        candidates: vec![SocketAddr::from(([127, 0, 0, 1], 3478))],
        wall_clock: (now, Duration::from_secs(1_700_000_000)),
        seed: [1; 32],
        certificate: Certificate::generate().expect("a certificate"),
    });
    let mut room = Room { worker, now, clients: vec![] };
    let mut publisher = Client::new(ClientConfig::seeded(0), now);
    publisher.add_sender(&SenderSpec { kind: MediaKind::Video, codecs: &[Codec::Vp8], rids: &[] });
    room.join(publisher);
    for index in 1..=10 {
        let mut receiver = Client::new(ClientConfig { nack: Nacks::Silent, ..ClientConfig::seeded(index) }, now);
        receiver.add_receiver(MediaKind::Video, &[Codec::Vp8]);
        room.join(receiver);
    }
    let mut counted = 0;
    let mut forwarded = 0;
    for frame in 0..1000u32 {
        for part in 0..3u8 {
            let start = if part == 0 { 0x10 } else { 0 };
            let id = (frame as u16 & 0x7FFF | 0x8000).to_be_bytes();
            let mut payload = vec![0x80 | start, 0x80, id[0], id[1], u8::from(frame % 100 != 0)];
            payload.resize(1000, part);
            let at = room.now;
            room.clients[0].send(at, "0", &Outgoing::plain(Codec::Vp8, frame * 3000, part == 2, &payload));
        }
        let mut burst: Vec<Vec<u8>> = std::iter::from_fn(|| room.clients[0].poll_transmit()).collect();
        let before = ALLOCATIONS.get();
        for datagram in &mut burst {
            room.worker.handle_datagram(room.now, address(0), datagram);
        }
        while room.worker.flush(room.now) == Flushed::More {}
        // Rings, arenas and queues have grown to their size by then.
        if frame >= 500 {
            counted += ALLOCATIONS.get() - before;
            forwarded += room.worker.transmits().len();
        }
        room.settle();
    }
    assert!(forwarded >= 500 * 30, "{forwarded}");
    // The timer queue may take a node now and then.
    assert!(counted <= 50, "{counted} allocations for {forwarded} packets");
}

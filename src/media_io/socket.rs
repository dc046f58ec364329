//! The UDP sockets of the workers: one port, IPv4, IPv6 or both, and for each worker a socket of each.

use super::StartError;
use super::stats::IoStats;
use super::sys::{self, Family, Message, ReceiveBatch};
use auftakt_media::worker::{Run, TransmitBatch};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use socket2::{Domain, Protocol, Type};
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};

/// How long a full send buffer may hold up a worker, once per batch. Then the rest of the batch for this socket is dropped:
/// real-time media that waits longer is worth less than what comes next, and NACKs ask for what matters.
const SEND_WAIT_MS: u8 = 2;
/// After this many refused GSO sends in a row without a success the kernel (or the network card's driver) is taken at its word.
const GSO_REFUSALS_MAX: u32 = 16;

pub(super) struct Sockets {
    // One, or one per family.
    list: Vec<Socket>,
    port: u16,
}

pub(super) struct Socket {
    socket: UdpSocket,
    family: Family,
    gso: Gso,
    kernel_drops: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gso {
    Works { refusals_in_a_row: u32 },
    Refused,
}

/// How a socket shares its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sharing {
    Alone,
    /// Nobody else may have the address when it is opened, or two servers would take each other's datagrams.
    First,
    /// With those of the other workers.
    Next,
}

/// Opens what `listen` names once for each worker, see [`super::MediaConfig::listen`]. The kernel numbers sockets of one address as they
/// are opened: that of worker `n` is number `n`.
pub(super) fn open(listen: &[SocketAddr], buffer_bytes: usize, workers: u8) -> Result<Vec<Sockets>, StartError> {
    let first = open_one(listen, buffer_bytes, if workers > 1 { Sharing::First } else { Sharing::Alone })?;
    let listen: Vec<SocketAddr> = listen.iter().map(|address| SocketAddr::new(address.ip(), first.port)).collect();
    let mut all = vec![first];
    for _ in 1..workers {
        all.push(open_one(&listen, buffer_bytes, Sharing::Next)?);
    }
    Ok(all)
}

fn open_one(listen: &[SocketAddr], buffer_bytes: usize, sharing: Sharing) -> Result<Sockets, StartError> {
    let mut port = listen.first().ok_or(StartError::Listen)?.port();
    let families = (listen.iter().filter(|a| a.is_ipv4()).count(), listen.iter().filter(|a| a.is_ipv6()).count());
    if families.0 > 1 || families.1 > 1 || listen.iter().any(|a| a.port() != port) {
        return Err(StartError::Listen);
    }
    let mut list = Vec::with_capacity(listen.len());
    for address in listen {
        // Port 0: the first socket picks, the second follows.
        let address = SocketAddr::new(address.ip(), port);
        let socket =
            Socket::open(address, families.0 == 0, buffer_bytes, sharing).map_err(|source| StartError::Bind { address, source })?;
        port = socket.socket.local_addr()?.port();
        list.push(socket);
    }
    Ok(Sockets { list, port })
}

impl Sockets {
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// What the kernel granted the least favoured socket.
    pub(super) fn receive_buffer_bytes(&self) -> usize {
        self.list.iter().filter_map(|s| socket2::SockRef::from(&s.socket).recv_buffer_size().ok()).min().unwrap_or(0)
    }

    /// The same sockets once more, for whoever tells the kernel how to choose among them.
    pub(super) fn handles(&self) -> io::Result<Vec<UdpSocket>> {
        self.list.iter().map(|socket| socket.socket.try_clone()).collect()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Socket> {
        self.list.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Socket> {
        self.list.iter_mut()
    }

    /// Sends everything, in order per destination. Never waits longer than [`SEND_WAIT_MS`] per socket.
    pub(super) fn send(&mut self, batch: &TransmitBatch, stats: &mut IoStats) {
        if let [socket] = self.list.as_mut_slice() {
            return socket.send(batch.runs(), stats);
        }
        for socket in &mut self.list {
            let family = socket.family;
            socket.send(batch.runs().filter(|run| family.carries(run.to)), stats);
        }
    }
}

impl Family {
    fn carries(self, to: SocketAddr) -> bool {
        match self {
            Self::V4 => to.is_ipv4(),
            Self::V6 => to.is_ipv6(),
            Self::Dual => true,
        }
    }
}

impl Socket {
    fn open(address: SocketAddr, alone: bool, buffer_bytes: usize, sharing: Sharing) -> io::Result<Self> {
        let family = match address {
            SocketAddr::V4(_) => Family::V4,
            SocketAddr::V6(v6) if alone && v6.ip().is_unspecified() => Family::Dual,
            SocketAddr::V6(_) => Family::V6,
        };
        let socket = socket2::Socket::new(Domain::for_address(address), Type::DGRAM.nonblocking(), Some(Protocol::UDP))?;
        if family != Family::V4 {
            socket.set_only_v6(family == Family::V6)?;
        }
        // The kernel caps both silently at net.core.{r,w}mem_max.
        socket.set_recv_buffer_size(buffer_bytes)?;
        socket.set_send_buffer_size(buffer_bytes)?;
        sys::enable_receive_options(socket.as_fd());
        if address.ip().is_unspecified() {
            sys::enable_local_addresses(socket.as_fd(), family)?;
        }
        if sharing == Sharing::Next {
            socket.set_reuse_port(true)?;
        }
        socket.bind(&address.into())?;
        if sharing == Sharing::First {
            socket.set_reuse_port(true)?;
        }
        Ok(Self { socket: socket.into(), family, gso: Gso::Works { refusals_in_a_row: 0 }, kernel_drops: 0 })
    }

    /// One `recvmmsg`. Returns the number of messages, 0 when there is nothing.
    pub(super) fn receive(&self, batch: &mut ReceiveBatch, stats: &mut IoStats) -> usize {
        stats.receive_calls += 1;
        // Errors here are "nothing there", an interruption, or an ICMP error of an earlier send; poll says when to try again.
        let count = batch.receive(self.socket.as_fd()).unwrap_or(0);
        stats.messages_received += count as u64;
        count
    }

    /// Keeps the kernel's count of what this socket dropped for want of room.
    pub(super) fn note_drops(&mut self, message: &Message<'_>, stats: &mut IoStats) {
        if let Some(total) = message.kernel_drops {
            stats.kernel_drops += u64::from(total.wrapping_sub(self.kernel_drops));
            self.kernel_drops = total;
        }
    }

    fn send<'a>(&mut self, runs: impl Iterator<Item = Run<'a>>, stats: &mut IoStats) {
        let mut may_wait = true;
        let mut chunk = Chunk::default();
        for run in runs {
            if !self.family.carries(run.to) {
                stats.no_socket += run.count as u64;
            } else if run.count > 1 && self.gso == Gso::Refused {
                for datagram in run.bytes.chunks(run.segment_size) {
                    self.add(&mut chunk, single(&run, datagram), &mut may_wait, stats);
                }
            } else {
                self.add(&mut chunk, run, &mut may_wait, stats);
            }
        }
        self.send_all(chunk.runs(), &mut may_wait, stats);
    }

    fn add<'a>(&mut self, chunk: &mut Chunk<'a>, run: Run<'a>, may_wait: &mut bool, stats: &mut IoStats) {
        if chunk.len == chunk.runs.len() {
            self.send_all(chunk.runs(), may_wait, stats);
            chunk.len = 0;
        }
        chunk.runs[chunk.len] = run;
        chunk.len += 1;
    }

    fn send_all(&mut self, mut runs: &[Run<'_>], may_wait: &mut bool, stats: &mut IoStats) {
        while let Some(first) = runs.first() {
            stats.send_calls += 1;
            match sys::send(self.socket.as_fd(), self.family, runs) {
                Ok(sent) => {
                    self.note_sent(&runs[..sent], stats);
                    runs = &runs[sent..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if !std::mem::take(may_wait) || !self.wait_writable() {
                        stats.send_buffer_full += runs.iter().map(|run| run.count as u64).sum::<u64>();
                        return;
                    }
                }
                Err(error) => {
                    self.send_refused(first, &error, stats);
                    runs = &runs[1..];
                }
            }
        }
    }

    fn note_sent(&mut self, runs: &[Run<'_>], stats: &mut IoStats) {
        stats.messages_sent += runs.len() as u64;
        for run in runs {
            stats.datagrams_sent += run.count as u64;
            if run.count > 1 {
                self.gso = Gso::Works { refusals_in_a_row: 0 };
            }
        }
    }

    /// EIO is a network card that cannot checksum the parts, EINVAL a path whose MTU is below the segment size (udp(7)) or a
    /// kernel without GSO: each part by itself may still go.
    fn send_refused(&mut self, run: &Run<'_>, error: &io::Error, stats: &mut IoStats) {
        let about_gso = matches!(error.raw_os_error(), Some(libc::EIO | libc::EINVAL | libc::EMSGSIZE | libc::ENOPROTOOPT));
        if run.count == 1 || !about_gso {
            stats.send_errors += run.count as u64;
            return;
        }
        let mut parts_go = true;
        for datagram in run.bytes.chunks(run.segment_size) {
            stats.send_calls += 1;
            match sys::send(self.socket.as_fd(), self.family, &[single(run, datagram)]) {
                Ok(_) => {
                    stats.messages_sent += 1;
                    stats.datagrams_sent += 1;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => stats.send_buffer_full += 1,
                Err(_) => {
                    parts_go = false;
                    stats.send_errors += 1;
                }
            }
        }
        // Otherwise it was not the cutting that was refused: an address of ours that we have no more, say.
        if parts_go {
            stats.gso_refused += 1;
            self.gso = match self.gso {
                Gso::Works { refusals_in_a_row } if refusals_in_a_row < GSO_REFUSALS_MAX => {
                    Gso::Works { refusals_in_a_row: refusals_in_a_row + 1 }
                }
                _ => Gso::Refused,
            };
        }
    }

    fn wait_writable(&self) -> bool {
        let mut fds = [PollFd::new(self.socket.as_fd(), PollFlags::POLLOUT)];
        poll(&mut fds, PollTimeout::from(SEND_WAIT_MS)).is_ok_and(|ready| ready > 0)
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// One datagram of `run`.
fn single<'a>(run: &Run<'_>, datagram: &'a [u8]) -> Run<'a> {
    Run { to: run.to, from: run.from, bytes: datagram, segment_size: datagram.len(), count: 1 }
}

/// Runs gathered for one system call, on the stack.
struct Chunk<'a> {
    runs: [Run<'a>; sys::SEND_MESSAGES],
    len: usize,
}

impl Default for Chunk<'_> {
    fn default() -> Self {
        let to = SocketAddr::new(std::net::Ipv4Addr::UNSPECIFIED.into(), 0);
        Self { runs: [Run { to, from: None, bytes: &[], segment_size: 0, count: 1 }; sys::SEND_MESSAGES], len: 0 }
    }
}

impl<'a> Chunk<'a> {
    fn runs(&self) -> &[Run<'a>] {
        &self.runs[..self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, Ipv6Addr};

    const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

    fn opened(listen: &[SocketAddr]) -> Sockets {
        open(listen, 1 << 20, 1).expect("a port").remove(0)
    }

    fn local(sockets: &Sockets) -> SocketAddr {
        sockets.list[0].socket.local_addr().expect("an address")
    }

    fn datagram(to: SocketAddr, bytes: &[u8]) -> Run<'_> {
        Run { to, from: None, bytes, segment_size: bytes.len(), count: 1 }
    }

    /// Everything that arrives until `count` datagrams have, with its sender.
    fn receive(sockets: &mut Sockets, count: usize, stats: &mut IoStats) -> Vec<(SocketAddr, Vec<u8>)> {
        let mut batch = ReceiveBatch::new();
        let mut datagrams = Vec::new();
        while datagrams.len() < count {
            let mut fds = [PollFd::new(sockets.list[0].as_fd(), PollFlags::POLLIN)];
            assert_eq!(poll(&mut fds, PollTimeout::from(5_000u16)), Ok(1), "only {} datagrams arrived", datagrams.len());
            for i in 0..sockets.list[0].receive(&mut batch, stats) {
                let message = batch.message(i).expect("an IP address");
                assert!(!message.truncated);
                datagrams.extend(message.data.chunks(message.segment_size).map(|d| (message.path.remote, d.to_vec())));
            }
        }
        datagrams
    }

    #[test]
    fn a_run_leaves_in_one_message_and_arrives_as_datagrams() {
        let (mut from, mut to) = (opened(&[LOOPBACK]), opened(&[LOOPBACK]));
        let bytes: Vec<u8> = (0..10_300u32).map(|i| (i / 1_000) as u8).collect();
        let run = Run { to: local(&to), from: None, bytes: &bytes, segment_size: 1_000, count: 11 };
        let mut stats = IoStats::default();
        from.list[0].send([run].into_iter(), &mut stats);
        assert_eq!((stats.datagrams_sent, stats.send_errors, stats.send_buffer_full), (11, 0, 0));
        let datagrams = receive(&mut to, 11, &mut stats);
        assert_eq!(datagrams.iter().map(|(_, d)| d.clone()).collect::<Vec<_>>(), bytes.chunks(1_000).collect::<Vec<_>>());
        assert!(datagrams.iter().all(|(sender, _)| *sender == local(&from)));
    }

    #[test]
    fn what_the_kernel_refuses_to_cut_is_sent_in_parts() {
        let (mut from, mut to) = (opened(&[LOOPBACK]), opened(&[LOOPBACK]));
        // More parts than UDP_MAX_SEGMENTS, which is 128 in the newest kernels.
        let bytes: Vec<u8> = (0..200).collect();
        let run = Run { to: local(&to), from: None, bytes: &bytes, segment_size: 1, count: 200 };
        let mut stats = IoStats::default();
        for times in 1..=u64::from(GSO_REFUSALS_MAX) + 2 {
            from.list[0].send([run].into_iter(), &mut stats);
            assert_eq!(stats.datagrams_sent, 200 * times);
            let datagrams = receive(&mut to, 200, &mut stats);
            assert!(datagrams.iter().zip(&bytes).all(|((_, datagram), byte)| datagram[..] == [*byte]));
        }
        assert_eq!(stats.gso_refused, u64::from(GSO_REFUSALS_MAX) + 1, "it is not tried for ever");
        assert_eq!(from.list[0].gso, Gso::Refused);
    }

    #[test]
    fn one_refused_destination_does_not_hold_up_the_others() {
        let (mut from, mut to) = (opened(&[LOOPBACK]), opened(&[LOOPBACK]));
        let there = local(&to);
        let too_long = vec![0; 66_000];
        let runs = [datagram(there, b"before"), datagram(there, &too_long), datagram(there, b"after")];
        let mut stats = IoStats::default();
        from.list[0].send(runs.into_iter(), &mut stats);
        assert_eq!((stats.datagrams_sent, stats.send_errors), (2, 1));
        let datagrams = receive(&mut to, 2, &mut stats);
        assert_eq!(datagrams.iter().map(|(_, d)| &d[..]).collect::<Vec<_>>(), [&b"before"[..], b"after"]);
    }

    #[test]
    fn a_wildcard_of_ipv6_speaks_ipv4_with_plain_addresses() {
        // A machine without IPv6 cannot show it.
        let Ok(mut both) = open(&[SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0))], 1 << 20, 1) else { return };
        let mut both = both.remove(0);
        let mut client = opened(&[LOOPBACK]);
        let mut stats = IoStats::default();
        let server = SocketAddr::from((Ipv4Addr::LOCALHOST, both.port()));
        client.list[0].send([datagram(server, b"question")].into_iter(), &mut stats);
        let (from, _) = receive(&mut both, 1, &mut stats).remove(0);
        assert_eq!(from, local(&client));
        both.list[0].send([datagram(from, b"answer")].into_iter(), &mut stats);
        assert_eq!(receive(&mut client, 1, &mut stats), [(server, b"answer".to_vec())]);
    }

    #[test]
    fn only_one_port_and_one_address_per_family_are_taken() {
        let other = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
        for listen in [&[][..], &[LOOPBACK, LOOPBACK], &[LOOPBACK, other]] {
            assert!(matches!(open(listen, 1 << 20, 1), Err(StartError::Listen)));
        }
        let taken = local(&opened(&[LOOPBACK]));
        let first = opened(&[taken]);
        assert!(matches!(open(&[local(&first)], 1 << 20, 1), Err(StartError::Bind { .. })));
    }
}

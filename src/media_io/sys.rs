//! The system calls that move many datagrams at once. All unsafe code of the media plane's IO is in this file.
#![expect(unsafe_code, reason = "recvmmsg, sendmmsg and their control messages have no safe wrapper that does not allocate per call")]

use auftakt_media::Path;
use auftakt_media::worker::Run;
use libc::sock_filter;
use std::io;
use std::mem::{MaybeUninit, size_of, size_of_val, zeroed};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::{self, null_mut};

/// Messages per `recvmmsg`. With GRO each may be up to 64 datagrams, so this need not be large.
pub(super) const RECEIVE_MESSAGES: usize = 32;
/// Messages per `sendmmsg`.
pub(super) const SEND_MESSAGES: usize = 64;
/// The kernel joins datagrams up to the size of one IP packet.
const RECEIVE_BYTES: usize = 65_536;
/// From one buffer to the next: small messages that all begin at the same place of a page would fight for the same lines of the cache.
const RECEIVE_STRIDE: usize = RECEIVE_BYTES + 17 * 64;
/// Room for two control messages of four bytes (16 header + 8 padded payload, each) and one with an address (16 + 24), aligned as `cmsghdr`
/// wants it.
type Control = [u64; 12];
/// Room for the segment size and an address of ours.
type SendControl = [u64; 8];

/// Where received messages are put. Made once; about 2 MB, of which small messages touch one page each.
pub(super) struct ReceiveBatch {
    bytes: Box<[u8]>,
    names: [libc::sockaddr_storage; RECEIVE_MESSAGES],
    controls: [Control; RECEIVE_MESSAGES],
    received: [Received; RECEIVE_MESSAGES],
}

#[derive(Clone, Copy, Default)]
struct Received {
    len: usize,
    segment_size: usize,
    path: Option<Path>,
    truncated: bool,
    kernel_drops: Option<u32>,
}

/// One message: one datagram, or several of `segment_size` joined by the kernel, of which the last may be shorter.
pub(super) struct Message<'a> {
    pub(super) path: Path,
    pub(super) data: &'a mut [u8],
    /// At least 1.
    pub(super) segment_size: usize,
    /// The kernel cut the end off.
    pub(super) truncated: bool,
    /// What the socket has dropped in its life for want of room, when the kernel says so.
    pub(super) kernel_drops: Option<u32>,
}

impl ReceiveBatch {
    pub(super) fn new() -> Box<Self> {
        // SAFETY: sockaddr_storage is plain data for which all zeros is a value.
        let name = unsafe { zeroed() };
        Box::new(Self {
            bytes: vec![0; RECEIVE_MESSAGES * RECEIVE_STRIDE].into_boxed_slice(),
            names: [name; RECEIVE_MESSAGES],
            controls: [[0; 12]; RECEIVE_MESSAGES],
            received: [Received::default(); RECEIVE_MESSAGES],
        })
    }

    /// Reads what is there, without waiting. Returns the number of messages.
    pub(super) fn receive(&mut self, socket: BorrowedFd<'_>) -> io::Result<usize> {
        let mut vectors: [libc::iovec; RECEIVE_MESSAGES] =
            std::array::from_fn(|i| libc::iovec { iov_base: self.bytes[i * RECEIVE_STRIDE..].as_mut_ptr().cast(), iov_len: RECEIVE_BYTES });
        // SAFETY: mmsghdr is plain data for which all zeros is a value (its padding is private on some systems, so it cannot be written out).
        let mut headers: [libc::mmsghdr; RECEIVE_MESSAGES] = unsafe { zeroed() };
        for (i, header) in headers.iter_mut().enumerate() {
            header.msg_hdr.msg_name = ptr::from_mut(&mut self.names[i]).cast();
            header.msg_hdr.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
            header.msg_hdr.msg_iov = &mut vectors[i];
            header.msg_hdr.msg_iovlen = 1;
            header.msg_hdr.msg_control = self.controls[i].as_mut_ptr().cast();
            header.msg_hdr.msg_controllen = size_of::<Control>() as _;
        }
        // SAFETY: every pointer in `headers` leads to memory of `self` or to `vectors`, which outlive the call, with its true
        // length. The byte ranges of the vectors do not overlap.
        let count =
            unsafe { libc::recvmmsg(socket.as_raw_fd(), headers.as_mut_ptr(), RECEIVE_MESSAGES as _, libc::MSG_DONTWAIT as _, null_mut()) };
        let count = usize::try_from(count).map_err(|_| io::Error::last_os_error())?;
        for (i, header) in headers[..count].iter().enumerate() {
            let Notes { segment_size, kernel_drops, local } = read_control(&header.msg_hdr);
            let len = header.msg_len as usize;
            self.received[i] = Received {
                len,
                segment_size: segment_size.unwrap_or(len).max(1),
                path: read_address(&self.names[i]).map(|remote| Path { remote, local }),
                truncated: header.msg_hdr.msg_flags & libc::MSG_TRUNC != 0,
                kernel_drops,
            };
        }
        Ok(count)
    }

    /// The `i`-th message of the last [`ReceiveBatch::receive`]; `None` when its sender is not an IP address.
    pub(super) fn message(&mut self, i: usize) -> Option<Message<'_>> {
        let Received { len, segment_size, path, truncated, kernel_drops } = self.received[i];
        let data = &mut self.bytes[i * RECEIVE_STRIDE..][..len];
        Some(Message { path: path?, data, segment_size, truncated, kernel_drops })
    }
}

/// What the kernel says beside a message, as far as it does.
#[derive(Default)]
struct Notes {
    /// The size of joined datagrams (UDP_GRO).
    segment_size: Option<usize>,
    /// The socket's count of drops (SO_RXQ_OVFL).
    kernel_drops: Option<u32>,
    /// Which of our addresses it was for (IP_PKTINFO, IPV6_RECVPKTINFO).
    local: Option<IpAddr>,
}

fn read_control(header: &libc::msghdr) -> Notes {
    let mut notes = Notes::default();
    // SAFETY: the kernel filled `msg_control` and set `msg_controllen`; the macros stay within these. A payload may be unaligned for
    // its type, hence `read_unaligned`; that it is as long as its type is looked at first.
    unsafe {
        let mut message = libc::CMSG_FIRSTHDR(header);
        while let Some(control) = message.as_ref() {
            let data = libc::CMSG_DATA(control);
            let holds = |size: usize| control.cmsg_len >= libc::CMSG_LEN(size as u32) as _;
            match (control.cmsg_level, control.cmsg_type) {
                (libc::SOL_UDP, libc::UDP_GRO) if holds(size_of::<libc::c_int>()) => {
                    notes.segment_size = usize::try_from(data.cast::<libc::c_int>().read_unaligned()).ok();
                }
                (libc::SOL_SOCKET, libc::SO_RXQ_OVFL) if holds(size_of::<u32>()) => {
                    notes.kernel_drops = Some(data.cast::<u32>().read_unaligned());
                }
                (libc::IPPROTO_IP, libc::IP_PKTINFO) if holds(size_of::<libc::in_pktinfo>()) => {
                    let info = data.cast::<libc::in_pktinfo>().read_unaligned();
                    notes.local = Some(Ipv4Addr::from(info.ipi_spec_dst.s_addr.to_ne_bytes()).into());
                }
                (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) if holds(size_of::<libc::in6_pktinfo>()) => {
                    let info = data.cast::<libc::in6_pktinfo>().read_unaligned();
                    notes.local = Some(IpAddr::from(info.ipi6_addr.s6_addr).to_canonical());
                }
                _ => {}
            }
            message = libc::CMSG_NXTHDR(header, control);
        }
    }
    notes
}

/// Hands runs to the kernel without waiting. Returns how many it took; an error is about the first of them.
pub(super) fn send(socket: BorrowedFd<'_>, family: Family, runs: &[Run<'_>]) -> io::Result<usize> {
    let count = runs.len().min(SEND_MESSAGES);
    let mut names: [MaybeUninit<libc::sockaddr_in6>; SEND_MESSAGES] = [MaybeUninit::uninit(); SEND_MESSAGES];
    let mut vectors: [MaybeUninit<libc::iovec>; SEND_MESSAGES] = [MaybeUninit::uninit(); SEND_MESSAGES];
    let mut controls: [MaybeUninit<SendControl>; SEND_MESSAGES] = [MaybeUninit::uninit(); SEND_MESSAGES];
    let mut headers: [MaybeUninit<libc::mmsghdr>; SEND_MESSAGES] = [const { MaybeUninit::uninit() }; SEND_MESSAGES];
    for (i, run) in runs[..count].iter().enumerate() {
        // SAFETY: plain data for which all zeros is a value.
        let header = headers[i].write(unsafe { zeroed() });
        header.msg_hdr.msg_namelen = write_address(&mut names[i], family, run.to);
        header.msg_hdr.msg_name = names[i].as_mut_ptr().cast();
        // The kernel only reads from it, although the type says otherwise.
        vectors[i].write(libc::iovec { iov_base: run.bytes.as_ptr().cast_mut().cast(), iov_len: run.bytes.len() });
        header.msg_hdr.msg_iov = vectors[i].as_mut_ptr();
        header.msg_hdr.msg_iovlen = 1;
        if run.count > 1 || run.from.is_some() {
            let control = controls[i].write([0; 8]);
            header.msg_hdr.msg_controllen = write_control(control, family, run) as _;
            header.msg_hdr.msg_control = control.as_mut_ptr().cast();
        }
    }
    // SAFETY: the first `count` headers were written above, and every pointer in them leads to a local of this function or
    // to the runs' bytes, with its true length.
    let sent = unsafe { libc::sendmmsg(socket.as_raw_fd(), headers.as_mut_ptr().cast(), count as _, libc::MSG_DONTWAIT as _) };
    usize::try_from(sent).map_err(|_| io::Error::last_os_error())
}

/// Returns the length of what was written.
fn write_control(control: &mut SendControl, family: Family, run: &Run<'_>) -> usize {
    let mut len = 0;
    if run.count > 1 {
        len += put(&mut control[len / 8..], libc::SOL_UDP, libc::UDP_SEGMENT, run.segment_size as u16);
    }
    match (family, run.from) {
        (_, None) => {}
        (Family::V4, Some(IpAddr::V4(from))) => {
            let ipi_spec_dst = libc::in_addr { s_addr: u32::from_ne_bytes(from.octets()) };
            let info = libc::in_pktinfo { ipi_ifindex: 0, ipi_spec_dst, ipi_addr: libc::in_addr { s_addr: 0 } };
            len += put(&mut control[len / 8..], libc::IPPROTO_IP, libc::IP_PKTINFO, info);
        }
        (_, Some(from)) => {
            let from = match from {
                IpAddr::V4(from) => from.to_ipv6_mapped(),
                IpAddr::V6(from) => from,
            };
            // Index 0: the route says through which interface; of a link-local address the destination's scope does.
            let info = libc::in6_pktinfo { ipi6_addr: libc::in6_addr { s6_addr: from.octets() }, ipi6_ifindex: 0 };
            len += put(&mut control[len / 8..], libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, info);
        }
    }
    len
}

/// Writes one control message. Returns the room it takes, a multiple of eight.
fn put<T>(room: &mut [u64], level: libc::c_int, kind: libc::c_int, payload: T) -> usize {
    // SAFETY: CMSG_SPACE and CMSG_LEN only compute.
    let (space, len) = unsafe { (libc::CMSG_SPACE(size_of::<T>() as u32) as usize, libc::CMSG_LEN(size_of::<T>() as u32)) };
    assert!(space <= size_of_val(room), "SendControl has room for both messages");
    // SAFETY: `room` is aligned for cmsghdr and, as was just looked at, long enough for header and payload.
    unsafe {
        let control = &mut *room.as_mut_ptr().cast::<libc::cmsghdr>();
        control.cmsg_level = level;
        control.cmsg_type = kind;
        control.cmsg_len = len as _;
        libc::CMSG_DATA(control).cast::<T>().write_unaligned(payload);
    }
    space
}

/// What a socket speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    V4,
    V6,
    /// IPv6, and IPv4 as mapped addresses (RFC 4291 §2.5.5.2).
    Dual,
}

fn write_address(name: &mut MaybeUninit<libc::sockaddr_in6>, family: Family, to: SocketAddr) -> libc::socklen_t {
    match (family, to) {
        (Family::V4, SocketAddr::V4(to)) => {
            let port = to.port().to_be();
            let sin_addr = libc::in_addr { s_addr: u32::from_ne_bytes(to.ip().octets()) };
            let address = libc::sockaddr_in { sin_family: libc::AF_INET as _, sin_port: port, sin_addr, sin_zero: [0; 8] };
            // SAFETY: sockaddr_in6 is larger than sockaddr_in and aligned at least as strictly.
            unsafe { name.as_mut_ptr().cast::<libc::sockaddr_in>().write(address) };
            size_of::<libc::sockaddr_in>() as _
        }
        (_, SocketAddr::V4(to)) => write_v6(name, SocketAddrV6::new(to.ip().to_ipv6_mapped(), to.port(), 0, 0)),
        (_, SocketAddr::V6(to)) => write_v6(name, to),
    }
}

fn write_v6(name: &mut MaybeUninit<libc::sockaddr_in6>, to: SocketAddrV6) -> libc::socklen_t {
    name.write(libc::sockaddr_in6 {
        sin6_family: libc::AF_INET6 as _,
        sin6_port: to.port().to_be(),
        sin6_flowinfo: to.flowinfo(),
        sin6_addr: libc::in6_addr { s6_addr: to.ip().octets() },
        sin6_scope_id: to.scope_id(),
    });
    size_of::<libc::sockaddr_in6>() as _
}

/// Mapped IPv4 addresses become plain ones, so that a client has one address whatever the socket.
fn read_address(name: &libc::sockaddr_storage) -> Option<SocketAddr> {
    match libc::c_int::from(name.ss_family) {
        libc::AF_INET => {
            // SAFETY: the family says that the kernel wrote a sockaddr_in; the storage is large and aligned enough for all.
            let v4 = unsafe { &*ptr::from_ref(name).cast::<libc::sockaddr_in>() };
            let ip = Ipv4Addr::from(v4.sin_addr.s_addr.to_ne_bytes());
            Some(SocketAddrV4::new(ip, u16::from_be(v4.sin_port)).into())
        }
        libc::AF_INET6 => {
            // SAFETY: as above, with sockaddr_in6.
            let v6 = unsafe { &*ptr::from_ref(name).cast::<libc::sockaddr_in6>() };
            let (ip, port) = (Ipv6Addr::from(v6.sin6_addr.s6_addr), u16::from_be(v6.sin6_port));
            Some(match ip.to_ipv4_mapped() {
                Some(v4) => SocketAddrV4::new(v4, port).into(),
                None => SocketAddrV6::new(ip, port, 0, v6.sin6_scope_id).into(),
            })
        }
        _ => None,
    }
}

/// Has the kernel join datagrams of one sender, and count what it drops. Both are improvements only: refusal is fine.
pub(super) fn enable_receive_options(socket: BorrowedFd<'_>) {
    for (level, option) in [(libc::SOL_UDP, libc::UDP_GRO), (libc::SOL_SOCKET, libc::SO_RXQ_OVFL)] {
        let _ = set_option(socket, level, option, &1);
    }
}

/// Has the kernel say which of our addresses a datagram was for.
pub(super) fn enable_local_addresses(socket: BorrowedFd<'_>, family: Family) -> io::Result<()> {
    match family {
        Family::V4 => set_option(socket, libc::IPPROTO_IP, libc::IP_PKTINFO, &1),
        Family::V6 | Family::Dual => set_option(socket, libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO, &1),
    }
}

/// Has the kernel choose by `program` among the sockets that share this one's address.
pub(super) fn attach_reuseport_filter(socket: BorrowedFd<'_>, program: &[sock_filter]) -> io::Result<()> {
    let len = u16::try_from(program.len()).map_err(|_| io::ErrorKind::InvalidInput)?;
    // The kernel only reads from it, although the type says otherwise.
    let program = libc::sock_fprog { len, filter: program.as_ptr().cast_mut() };
    set_option_of(socket, libc::SOL_SOCKET, libc::SO_ATTACH_REUSEPORT_CBPF, &program)
}

fn set_option(socket: BorrowedFd<'_>, level: libc::c_int, option: libc::c_int, value: &libc::c_int) -> io::Result<()> {
    set_option_of(socket, level, option, value)
}

fn set_option_of<T>(socket: BorrowedFd<'_>, level: libc::c_int, option: libc::c_int, value: &T) -> io::Result<()> {
    // SAFETY: the value outlives the call and is given with its true size; the pointer in a `sock_fprog` leads to a slice that its caller
    // holds, with its true length.
    let result =
        unsafe { libc::setsockopt(socket.as_raw_fd(), level, option, ptr::from_ref(value).cast(), size_of_val(value) as libc::socklen_t) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

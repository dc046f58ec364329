//! UDP sockets of the generator: one per participant, received in batches with the kernel's arrival time.
//!
//! The arrival time comes from the kernel (`SO_TIMESTAMPNS`), so that the generator's own queueing does not count as the server's latency.
#![expect(unsafe_code, reason = "recvmsg with control messages and epoll have no safe wrapper in the standard library")]

use std::io;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::time::Duration;

/// UDP payload the kernel may join into one message (`UDP_GRO`).
const RECEIVE_BUFFER: usize = 65_536;
/// What may wait in a socket: a fifth of a second of a busy receiver.
const RECEIVE_QUEUE: libc::c_int = 1 << 20;
/// Values of `SO_MEMINFO`, and which of them is the drops (linux/sock_diag.h).
const MEMINFO_VALUES: usize = 9;
const MEMINFO_DROPS: usize = 8;

/// Asks for the kernel's receive time and for joined datagrams.
pub fn prepare(socket: &UdpSocket) -> io::Result<()> {
    socket.set_nonblocking(true)?;
    set_option(socket, libc::SOL_SOCKET, libc::SO_TIMESTAMPNS, 1)?;
    set_option(socket, libc::SOL_UDP, libc::UDP_GRO, 1)?;
    // Beyond what the system grants everybody only as root.
    set_option(socket, libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, RECEIVE_QUEUE)
        .or_else(|_| set_option(socket, libc::SOL_SOCKET, libc::SO_RCVBUF, RECEIVE_QUEUE))
}

/// Datagrams the kernel dropped because this socket's queue was full: the generator's fault, not the server's.
pub fn kernel_drops(socket: &UdpSocket) -> u32 {
    let mut values = [0u32; MEMINFO_VALUES];
    let mut length = size_of_val(&values) as u32;
    // SAFETY: the pointers describe `values` and its length, which outlive the call.
    let code =
        unsafe { libc::getsockopt(socket.as_raw_fd(), libc::SOL_SOCKET, libc::SO_MEMINFO, values.as_mut_ptr().cast(), &raw mut length) };
    if code == 0 { values[MEMINFO_DROPS] } else { 0 }
}

fn set_option(socket: &UdpSocket, level: i32, name: i32, value: libc::c_int) -> io::Result<()> {
    // SAFETY: the pointer and length describe one c_int that outlives the call.
    let code = unsafe { libc::setsockopt(socket.as_raw_fd(), level, name, (&raw const value).cast(), size_of::<libc::c_int>() as u32) };
    if code == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Nanoseconds since 1970: the clock in which the kernel stamps arrivals.
pub fn realtime_ns() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `now` is valid for writing.
    unsafe { libc::clock_gettime(libc::CLOCK_REALTIME, &raw mut now) };
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// One receive call's worth of datagrams.
pub struct Receiver {
    buffer: Vec<u8>,
}

impl Default for Receiver {
    fn default() -> Self {
        Self { buffer: vec![0; RECEIVE_BUFFER] }
    }
}

impl Receiver {
    /// Receives one message (one or several joined datagrams) and gives each datagram with its source and arrival time to `each`.
    /// False when nothing waits.
    pub fn receive(&mut self, socket: &UdpSocket, mut each: impl FnMut(&[u8], SocketAddr, u64)) -> bool {
        // SAFETY: zeroed sockaddr_in and msghdr are valid values of those C structs.
        let mut source: libc::sockaddr_in = unsafe { std::mem::zeroed() };
        let mut control = [0u64; 16];
        let mut iov = libc::iovec { iov_base: self.buffer.as_mut_ptr().cast(), iov_len: self.buffer.len() };
        // SAFETY: as above.
        let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
        header.msg_name = (&raw mut source).cast();
        header.msg_namelen = size_of::<libc::sockaddr_in>() as u32;
        header.msg_iov = &raw mut iov;
        header.msg_iovlen = 1;
        header.msg_control = control.as_mut_ptr().cast();
        header.msg_controllen = size_of_val(&control) as _;
        // SAFETY: every pointer in `header` is valid for the lengths given and outlives the call.
        let received = unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut header, 0) };
        if received <= 0 {
            return false;
        }
        let received = received as usize;
        let (arrival, segment) = control_values(&header, received);
        let from = SocketAddr::from((Ipv4Addr::from(u32::from_be(source.sin_addr.s_addr)), u16::from_be(source.sin_port)));
        for datagram in self.buffer[..received].chunks(segment) {
            each(datagram, from, arrival);
        }
        true
    }
}

/// Arrival time (ns since 1970) and segment size of a received message.
fn control_values(header: &libc::msghdr, received: usize) -> (u64, usize) {
    let (mut arrival, mut segment) = (realtime_ns(), received);
    // SAFETY: the kernel filled msg_control; the CMSG macros stay within msg_controllen.
    unsafe {
        let mut message = libc::CMSG_FIRSTHDR(header);
        while !message.is_null() {
            let data = libc::CMSG_DATA(message);
            match ((*message).cmsg_level, (*message).cmsg_type) {
                (libc::SOL_SOCKET, libc::SCM_TIMESTAMPNS) => {
                    let stamp = data.cast::<libc::timespec>().read_unaligned();
                    arrival = stamp.tv_sec as u64 * 1_000_000_000 + stamp.tv_nsec as u64;
                }
                (libc::SOL_UDP, libc::UDP_GRO) => segment = data.cast::<libc::c_int>().read_unaligned().max(1) as usize,
                _ => {}
            }
            message = libc::CMSG_NXTHDR(header, message);
        }
    }
    (arrival, segment)
}

/// Waits for readable sockets, named by the number they were added with.
pub struct Poller {
    epoll: i32,
    events: Vec<libc::epoll_event>,
}

impl Poller {
    /// An empty set.
    pub fn new() -> io::Result<Self> {
        // SAFETY: no pointers involved.
        let epoll = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        if epoll < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Self { epoll, events: vec![libc::epoll_event { events: 0, u64: 0 }; 256] })
    }

    /// Watches `socket` under the name `token`.
    pub fn add(&self, socket: &impl AsRawFd, token: usize) -> io::Result<()> {
        let mut event = libc::epoll_event { events: libc::EPOLLIN as u32, u64: token as u64 };
        // SAFETY: `event` is valid for the call.
        let code = unsafe { libc::epoll_ctl(self.epoll, libc::EPOLL_CTL_ADD, socket.as_raw_fd(), &raw mut event) };
        if code == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    /// The tokens that are readable, after at most `timeout`.
    pub fn wait(&mut self, timeout: Duration, ready: &mut Vec<usize>) {
        ready.clear();
        let mut spec = libc::timespec { tv_sec: timeout.as_secs() as i64, tv_nsec: i64::from(timeout.subsec_nanos()) };
        // SAFETY: `events` is valid for its length, `spec` for the call.
        let count =
            unsafe { libc::epoll_pwait2(self.epoll, self.events.as_mut_ptr(), self.events.len() as i32, &raw mut spec, std::ptr::null()) };
        ready.extend(self.events.iter().take(count.max(0) as usize).map(|event| event.u64 as usize));
    }
}

impl Drop for Poller {
    fn drop(&mut self) {
        // SAFETY: `epoll` is a descriptor this value owns.
        unsafe { libc::close(self.epoll) };
    }
}

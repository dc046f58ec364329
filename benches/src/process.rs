//! The server under test as a process: started, pinned, read from /proc, ended.
#![expect(unsafe_code, reason = "sched_setaffinity and sysconf have no safe wrapper in the standard library")]

use anyhow::{Context, Result};
use std::fs::File;
use std::process::{Child, Command, Stdio};

/// A started server; killed when dropped.
pub struct Server {
    child: Child,
    /// The core it is pinned to.
    pub core: usize,
}

/// What /proc says of a process.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// User and system time of all threads.
    pub cpu_us: u64,
    pub rss_bytes: u64,
}

impl Server {
    /// Starts `command` on the given core; what it says goes to `log`.
    pub fn start(command: &Command, core: usize, log: File) -> Result<Self> {
        let mut pinned = Command::new("taskset");
        pinned.arg("-c").arg(core.to_string()).arg(command.get_program()).args(command.get_args());
        pinned.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        for (key, value) in command.get_envs() {
            if let Some(value) = value {
                pinned.env(key, value);
            }
        }
        Ok(Self { child: pinned.spawn().context("starting the server (taskset must be installed)")?, core })
    }

    /// Time and memory used so far.
    pub fn usage(&self) -> Result<Usage> {
        usage_of(&self.child.id().to_string()).context("the server has ended")
    }
}

/// Time used so far by this process, threads that have ended included.
pub fn own_cpu_us() -> u64 {
    // SAFETY: a zeroed rusage is a valid value, and it outlives the call.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &raw mut usage);
        usage
    };
    [usage.ru_utime, usage.ru_stime].iter().map(|time| time.tv_sec as u64 * 1_000_000 + time.tv_usec as u64).sum()
}

/// From the scheduler, in ns and of all threads, and finer than the ticks of `stat`.
fn usage_of(process: &str) -> Result<Usage> {
    let mut ran_ns = 0;
    for task in std::fs::read_dir(format!("/proc/{process}/task"))? {
        // A thread may end between being listed and being read.
        let Ok(text) = std::fs::read_to_string(task?.path().join("schedstat")) else { continue };
        ran_ns += text.split_whitespace().next().and_then(|field| field.parse::<u64>().ok()).context("unexpected /proc schedstat")?;
    }
    let statm = std::fs::read_to_string(format!("/proc/{process}/statm"))?;
    let pages: u64 = statm.split_whitespace().nth(1).and_then(|field| field.parse().ok()).context("unexpected /proc statm")?;
    // SAFETY: sysconf has no preconditions.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) as u64 };
    Ok(Usage { cpu_us: ran_ns / 1000, rss_bytes: pages * page })
}

/// What a core did so far, whoever it was for, and what the host took from it (proc(5): all but idle and iowait).
pub fn core_busy_us(core: usize) -> Result<u64> {
    let stat = std::fs::read_to_string("/proc/stat")?;
    let name = format!("cpu{core} ");
    let line = stat.lines().find_map(|line| line.strip_prefix(&name)).context("no such core")?;
    let fields: Vec<u64> = line.split_whitespace().take(8).filter_map(|field| field.parse().ok()).collect();
    let busy: u64 = fields.iter().enumerate().filter(|(index, _)| !matches!(index, 3 | 4)).map(|(_, ticks)| ticks).sum();
    // SAFETY: sysconf has no preconditions.
    Ok(busy * 1_000_000 / unsafe { libc::sysconf(libc::_SC_CLK_TCK) as u64 })
}

/// Lets the calling thread yield to those that have not asked for it: joining must not hold up the media of who is there.
pub fn stand_back() {
    // SAFETY: no pointers involved; 0 is the calling thread (Linux).
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, 10) };
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address of a run's own network.
pub const NETWORK_ADDRESS: &str = "10.99.0.1";

/// Moves this process into a network namespace of its own with one interface: Janus gathers no loopback addresses, and no packet of a run
/// leaves it. False where that is not allowed (not root): then only loopback is there.
pub fn enter_own_network() -> bool {
    // SAFETY: no pointers involved; the process has a single thread still.
    if unsafe { libc::unshare(libc::CLONE_NEWNET) } != 0 {
        return false;
    }
    let ip =
        |arguments: &str| Command::new("ip").args(arguments.split(' ')).stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    ip("link set lo up")
        && ip("link add veth0 type veth peer name veth1")
        && ip(&format!("address add {NETWORK_ADDRESS}/24 dev veth0"))
        && ip("link set veth0 up")
        && ip("link set veth1 up")
}

/// Pins the calling thread (and threads it starts later) to one core.
pub fn pin_to_core(core: usize) {
    // SAFETY: a zeroed cpu_set_t is an empty set; the set outlives the call.
    unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(core, &mut set);
        libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set);
    }
}

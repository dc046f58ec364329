//! The server under test as a process: started, pinned, read from /proc, ended.
#![expect(unsafe_code, reason = "sched_setaffinity and sysconf have no safe wrapper in the standard library")]

use anyhow::{Context, Result};
use std::fs::File;
use std::process::{Child, Command, Stdio};

/// A started server; killed when dropped.
pub struct Server {
    child: Child,
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
        Ok(Self { child: pinned.spawn().context("starting the server (taskset must be installed)")? })
    }

    /// Time and memory used so far.
    pub fn usage(&self) -> Result<Usage> {
        let pid = self.child.id();
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).context("the server has ended")?;
        // The command name may hold spaces; the fields after it are counted from its closing parenthesis (proc(5)).
        let after_name = stat.rsplit_once(')').context("unexpected /proc stat")?.1;
        let ticks: u64 = after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
        let statm = std::fs::read_to_string(format!("/proc/{pid}/statm"))?;
        let pages: u64 = statm.split_whitespace().nth(1).and_then(|field| field.parse().ok()).context("unexpected /proc statm")?;
        // SAFETY: sysconf has no preconditions.
        let (per_second, page) = unsafe { (libc::sysconf(libc::_SC_CLK_TCK) as u64, libc::sysconf(libc::_SC_PAGESIZE) as u64) };
        Ok(Usage { cpu_us: sched_runtime_us(pid).unwrap_or(ticks * 1_000_000 / per_second), rss_bytes: pages * page })
    }
}

/// Run time of all threads in µs from the scheduler, finer than the ticks of `stat`.
fn sched_runtime_us(pid: u32) -> Option<u64> {
    let mut total_ns = 0;
    for task in std::fs::read_dir(format!("/proc/{pid}/task")).ok()? {
        let text = std::fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        total_ns += text.split_whitespace().next()?.parse::<u64>().ok()?;
    }
    Some(total_ns / 1000)
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

//! Who tells the kernel which socket the datagrams of an address are for. Without it everything still arrives, by way of another worker.

use super::filter::{self, BOUNDS_MAX};
use super::sys;
use auftakt_media::worker::AddressChange;
use crossbeam_queue::ArrayQueue;
use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::Thread;
use std::time::Duration;

/// Changes on the way from one worker. Full: they stay in the worker, in order.
const CHANGES: usize = 1024;
/// From one program to the next: when a school joins, all of it comes into few of them.
const PAUSE: Duration = Duration::from_millis(20);

/// What the workers say, on its way to the thread.
pub(super) struct Table {
    changes: Vec<ArrayQueue<AddressChange>>,
    thread: OnceLock<Thread>,
    stop: AtomicBool,
}

/// The running thread. Ends when dropped.
#[derive(Debug)]
pub(super) struct Steering {
    table: Arc<Table>,
    thread: Option<std::thread::JoinHandle<()>>,
}

struct Steerer {
    table: Arc<Table>,
    /// One of each address.
    sockets: Vec<UdpSocket>,
    workers: u8,
    owners: HashMap<SocketAddr, u8>,
    /// Halved when the kernel has not got the memory (net.core.optmem_max).
    bounds_max: usize,
}

/// Begins to steer, unless the kernel refuses.
pub(super) fn start(sockets: Vec<UdpSocket>, workers: u8) -> io::Result<Steering> {
    let changes = (0..workers).map(|_| ArrayQueue::new(CHANGES)).collect();
    let table = Arc::new(Table { changes, thread: OnceLock::new(), stop: AtomicBool::new(false) });
    let mut steerer = Steerer { table: table.clone(), sockets, workers, owners: HashMap::new(), bounds_max: BOUNDS_MAX };
    steerer.attach()?;
    let thread = std::thread::Builder::new().name("media-steering".into()).spawn(move || steerer.run())?;
    let _ = table.thread.set(thread.thread().clone());
    Ok(Steering { table, thread: Some(thread) })
}

impl Table {
    pub(super) fn has_room(&self, worker: u8) -> bool {
        self.changes.get(usize::from(worker)).is_some_and(|changes| !changes.is_full())
    }

    pub(super) fn push(&self, worker: u8, change: AddressChange) {
        if let Some(changes) = self.changes.get(usize::from(worker)) {
            let _ = changes.push(change);
        }
    }

    pub(super) fn wake(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table").finish_non_exhaustive()
    }
}

impl Steering {
    pub(super) fn table(&self) -> &Arc<Table> {
        &self.table
    }
}

impl Drop for Steering {
    fn drop(&mut self) {
        self.table.stop.store(true, Ordering::Release);
        self.table.wake();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Steerer {
    fn run(mut self) {
        while !self.table.stop.load(Ordering::Acquire) {
            if !self.take_changes() {
                std::thread::park();
                continue;
            }
            if let Err(error) = self.attach() {
                // The last program stays; what it does not know is handed on.
                tracing::warn!("the kernel takes no longer list of addresses, datagrams go a longer way: {error}");
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn take_changes(&mut self) -> bool {
        let mut changed = false;
        for (worker, changes) in self.table.changes.iter().enumerate() {
            while let Some(change) = changes.pop() {
                changed = true;
                match change {
                    AddressChange::Claimed(address) => drop(self.owners.insert(address, worker as u8)),
                    AddressChange::Released(address) => {
                        if self.owners.get(&address) == Some(&(worker as u8)) {
                            self.owners.remove(&address);
                        }
                    }
                }
            }
        }
        changed
    }

    fn attach(&mut self) -> io::Result<()> {
        loop {
            let bounds = filter::bounds(self.owners.iter().map(|(address, worker)| (*address, *worker)), self.bounds_max);
            let program = filter::program(self.workers, &bounds);
            let attached = self.sockets.iter().try_for_each(|socket| sys::attach_reuseport_filter(socket.as_fd(), &program));
            match attached {
                Err(error) if error.raw_os_error() == Some(libc::ENOMEM) && bounds.len() > 1 => self.bounds_max = bounds.len() / 2,
                result => return result,
            }
        }
    }
}

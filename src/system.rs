//! What the operating system grants, and what to tell the operator when it is little.

use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// What many connections need: sockets, and some for files and the media plane.
pub const OPEN_FILES_WANTED: u64 = 8192;

/// Raises the limit of open files as far as it may be raised without rights: the usual 1024 are for programs that
/// use `select`. Returns what there is now.
pub fn raise_open_files() -> u64 {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return 0 };
    let wanted = OPEN_FILES_WANTED.min(hard);
    if soft >= wanted || setrlimit(Resource::RLIMIT_NOFILE, wanted, hard).is_err() {
        return soft;
    }
    wanted
}

/// Whether the kernel grants less than what was asked for one direction of a socket. It reports twice what it grants.
pub fn is_small_buffer(reported: usize, asked: usize) -> bool {
    reported < 2 * asked
}

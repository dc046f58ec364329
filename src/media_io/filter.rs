//! The program by which the kernel brings a datagram to the socket of the right worker (SO_ATTACH_REUSEPORT_CBPF, socket(7)): classic
//! BPF, which needs no rights.
//!
//! An ICE check says in its first attribute whose it is (the user name begins with the worker's index). For everything else the sender's
//! address is mixed to 32 bit, and a binary search over a list of bounds says which worker's interval that is. Whoever is not in the
//! list lands somewhere, and the workers hand on what is not theirs: the program only spares them that.

use libc::sock_filter;
use std::net::{IpAddr, SocketAddr};

/// Loads from here on are relative to the IP header (linux/filter.h: SKF_NET_OFF).
const NETWORK: u32 = -0x10_0000_i32 as u32;
/// Odd numbers without a pattern.
const MIX: [u32; 2] = [0x9E37_79B1, 0x85EB_CA77];

// Classic BPF (linux/bpf_common.h): class | size or operation | mode.
const LOAD_BYTE: u16 = 0x30;
const LOAD_HALF: u16 = 0x28;
const LOAD_WORD: u16 = 0x20;
const LOAD_HALF_AT_X: u16 = 0x48;
const LOAD_X_HEADER_LEN: u16 = 0xB1;
const A_TO_X: u16 = 0x07;
const ADD_X: u16 = 0x0C;
const SUBTRACT: u16 = 0x14;
const MULTIPLY: u16 = 0x24;
const AND: u16 = 0x54;
const JUMP: u16 = 0x05;
const JUMP_IF_EQUAL: u16 = 0x15;
const JUMP_IF_ABOVE: u16 = 0x25;
const JUMP_IF_AT_LEAST: u16 = 0x35;
const RETURN: u16 = 0x06;
const RETURN_A: u16 = 0x16;

/// Bounds that fit beside the head into the 4096 instructions of a program, each with a comparison, a result, and now and then a long jump.
pub(super) const BOUNDS_MAX: usize = 1800;

/// What the search works on; must be what [`head`] computes.
fn mixed(address: SocketAddr) -> u32 {
    let words: &[u32] = match address.ip() {
        IpAddr::V4(ip) => &[ip.to_bits()],
        IpAddr::V6(ip) => {
            let bits = ip.to_bits();
            &[(bits >> 96) as u32, (bits >> 64) as u32, (bits >> 32) as u32, bits as u32]
        }
    };
    let start = u32::from(address.port()).wrapping_mul(MIX[0]);
    words.iter().fold(start, |mixed, word| mixed.wrapping_add(*word).wrapping_mul(MIX[1]))
}

/// Where whose interval begins, at most `max` of them. Unknown addresses belong to the interval they fall into.
pub(super) fn bounds(addresses: impl Iterator<Item = (SocketAddr, u8)>, max: usize) -> Vec<(u32, u8)> {
    let mut bounds: Vec<(u32, u8)> = addresses.map(|(address, worker)| (mixed(address), worker)).collect();
    bounds.sort_unstable();
    // Two addresses that are mixed to the same: one of them is handed on.
    bounds.dedup_by_key(|(at, _)| *at);
    bounds.dedup_by_key(|(_, worker)| *worker);
    bounds.truncate(max);
    bounds
}

/// The whole program for so many workers. The kernel takes the result as the index of a socket.
pub(super) fn program(workers: u8, bounds: &[(u32, u8)]) -> Vec<sock_filter> {
    let mut program = head(workers);
    search(bounds, &mut program);
    program
}

/// Answers for ICE checks; leaves the mixed address in A.
fn head(workers: u8) -> Vec<sock_filter> {
    // What is not there to be loaded ends the program with 0.
    let mut head = vec![
        plain(LOAD_BYTE, 0),
        branch(JUMP_IF_ABOVE, 3, 6, 0), // no STUN (RFC 7983 §7)
        plain(LOAD_HALF, 20),
        branch(JUMP_IF_EQUAL, 6, 0, 4), // USERNAME
        plain(LOAD_BYTE, 24),
        plain(SUBTRACT, u32::from(b'A')),
        branch(JUMP_IF_AT_LEAST, u32::from(workers), 1, 0),
        plain(RETURN_A, 0),
        plain(LOAD_BYTE, NETWORK),
        plain(AND, 0xF0),
    ];
    let v4 = [
        plain(LOAD_X_HEADER_LEN, NETWORK),
        plain(LOAD_HALF_AT_X, NETWORK),
        plain(MULTIPLY, MIX[0]),
        plain(A_TO_X, 0),
        plain(LOAD_WORD, NETWORK.wrapping_add(12)),
        plain(ADD_X, 0),
        plain(MULTIPLY, MIX[1]),
    ];
    let mut v6 = vec![plain(LOAD_HALF, NETWORK.wrapping_add(40)), plain(MULTIPLY, MIX[0])];
    for word in [8, 12, 16, 20] {
        let add = [plain(A_TO_X, 0), plain(LOAD_WORD, NETWORK.wrapping_add(word)), plain(ADD_X, 0), plain(MULTIPLY, MIX[1])];
        v6.extend(add);
    }
    head.push(branch(JUMP_IF_EQUAL, 0x60, v4.len() as u8 + 1, 0));
    head.extend(v4);
    head.push(plain(JUMP, v6.len() as u32));
    head.extend(v6);
    head
}

/// Appends the search. Whoever is below all bounds belongs to the first.
fn search(bounds: &[(u32, u8)], program: &mut Vec<sock_filter>) {
    let (left, right) = match bounds {
        [] => return program.push(plain(RETURN, 0)),
        [(_, worker)] => return program.push(plain(RETURN, u32::from(*worker))),
        _ => bounds.split_at(bounds.len() / 2),
    };
    let mut below = vec![];
    search(left, &mut below);
    let bound = right.first().map_or(0, |(at, _)| *at);
    match u8::try_from(below.len()) {
        Ok(distance) => program.push(branch(JUMP_IF_AT_LEAST, bound, distance, 0)),
        Err(_) => program.extend([branch(JUMP_IF_AT_LEAST, bound, 0, 1), plain(JUMP, below.len() as u32)]),
    }
    program.append(&mut below);
    search(right, program);
}

fn plain(code: u16, k: u32) -> sock_filter {
    branch(code, k, 0, 0)
}

fn branch(code: u16, k: u32, jt: u8, jf: u8) -> sock_filter {
    sock_filter { code, jt, jf, k }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn address(number: u32) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::from(0x0A00_0000 + number / 7), (10_000 + number * 13 % 50_000) as u16))
    }

    /// Follows the search as the kernel would.
    fn found(program: &[sock_filter], key: u32) -> u32 {
        let mut at = 0;
        loop {
            let step = program[at];
            at += 1;
            match step.code {
                RETURN => return step.k,
                JUMP => at += step.k as usize,
                JUMP_IF_AT_LEAST => at += usize::from(if key >= step.k { step.jt } else { step.jf }),
                other => panic!("no search: {other:#x}"),
            }
        }
    }

    #[test]
    fn everybody_who_is_known_is_found() {
        for (count, workers) in [(0, 2), (1, 2), (2, 2), (300, 2), (1500, 16), (3000, 2)] {
            let addresses: Vec<_> = (0..count).map(|n| (address(n), (n * 7 % 11 % workers) as u8)).collect();
            let bounds = bounds(addresses.iter().copied(), BOUNDS_MAX);
            let mut search_only = vec![];
            search(&bounds, &mut search_only);
            for (address, worker) in &addresses {
                assert_eq!(found(&search_only, mixed(*address)), u32::from(*worker), "of {count}");
            }
        }
    }

    #[test]
    fn no_program_is_longer_than_the_kernel_takes() {
        let many = (0..100_000).map(|n| (address(n), (n % 16) as u8));
        let bounds = bounds(many, BOUNDS_MAX);
        assert_eq!(bounds.len(), BOUNDS_MAX);
        assert!(program(16, &bounds).len() <= 4096, "BPF_MAXINSNS");
    }
}

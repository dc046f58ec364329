//! A ZIP archive without compression, written forwards: sizes and checksums are known beforehand, so its length is too, and every program can
//! unpack it. PKWARE APPNOTE 6.3.10; numbers in comments are its sections.

use crate::store::Moment;
use chrono::{DateTime, Datelike, Timelike};

/// One file of an archive.
#[derive(Clone, Debug)]
pub struct Entry {
    /// With slashes, without one at its beginning.
    pub path: String,
    pub bytes: u64,
    pub crc32: u32,
    pub modified: Moment,
}

/// UTF-8 names (4.4.4, bit 11).
const FLAGS: u16 = 1 << 11;
/// Sizes of 64 bits.
const VERSION: u16 = 45;
/// What says "see the extra field" (4.4.8).
const FULL_32: u32 = u32::MAX;
const FULL_16: u16 = u16::MAX;

/// What goes before an entry's bytes (4.3.7).
pub fn local_header(entry: &Entry) -> Vec<u8> {
    let large = entry.bytes >= u64::from(FULL_32);
    let mut extra = timestamp(entry.modified);
    if large {
        // 4.5.3: both sizes.
        extra.u16(1).u16(16).u64(entry.bytes).u64(entry.bytes);
    }
    let mut header = Bytes::default();
    header.u32(0x0403_4b50);
    common(&mut header, entry, large);
    header.u16(entry.path.len() as u16).u16(extra.0.len() as u16);
    header.0.extend_from_slice(entry.path.as_bytes());
    header.0.extend_from_slice(&extra.0);
    header.0
}

/// What goes behind everything: the list of all entries (4.3.12) and its end (4.3.14–16).
pub fn directory(entries: &[Entry]) -> Vec<u8> {
    let mut directory = Bytes::default();
    let mut offset = 0_u64;
    for entry in entries {
        central_header(&mut directory, entry, offset);
        offset += local_header(entry).len() as u64 + entry.bytes;
    }
    let (start, size, count) = (offset, directory.0.len() as u64, entries.len() as u64);
    if start >= u64::from(FULL_32) || size >= u64::from(FULL_32) || count >= u64::from(FULL_16) {
        directory.u32(0x0606_4b50).u64(44).u16(VERSION).u16(VERSION).u32(0).u32(0).u64(count).u64(count).u64(size).u64(start);
        directory.u32(0x0706_4b50).u32(0).u64(start + size).u32(1);
    }
    let (count, size, start) = (u16_or_full(count), u32_or_full(size), u32_or_full(start));
    directory.u32(0x0605_4b50).u16(0).u16(0).u16(count).u16(count).u32(size).u32(start).u16(0);
    directory.0
}

/// How long the whole archive is.
pub fn length(entries: &[Entry]) -> u64 {
    let files: u64 = entries.iter().map(|entry| local_header(entry).len() as u64 + entry.bytes).sum();
    files + directory(entries).len() as u64
}

fn central_header(to: &mut Bytes, entry: &Entry, offset: u64) {
    let large = entry.bytes >= u64::from(FULL_32);
    let far = offset >= u64::from(FULL_32);
    let mut extra = timestamp(entry.modified);
    if large || far {
        extra.u16(1).u16(if large { 16 } else { 0 } + if far { 8 } else { 0 });
        if large {
            extra.u64(entry.bytes).u64(entry.bytes);
        }
        if far {
            extra.u64(offset);
        }
    }
    // Made on Unix, so that the attributes below are read.
    to.u32(0x0201_4b50).u16(3 << 8 | VERSION);
    common(to, entry, large);
    to.u16(entry.path.len() as u16).u16(extra.0.len() as u16).u16(0).u16(0).u16(0);
    // A file, rw-r--r--.
    to.u32(0o100_644 << 16).u32(u32_or_full(offset));
    to.0.extend_from_slice(entry.path.as_bytes());
    to.0.extend_from_slice(&extra.0);
}

/// What both headers have alike.
fn common(to: &mut Bytes, entry: &Entry, large: bool) {
    let (time, date) = dos_time(entry.modified);
    let size = if large { FULL_32 } else { u32_or_full(entry.bytes) };
    to.u16(VERSION).u16(FLAGS).u16(0).u16(time).u16(date).u32(entry.crc32).u32(size).u32(size);
}

/// UTC as Info-ZIP has it ("UT"); the fields of the format itself know no time zone.
fn timestamp(at: Moment) -> Bytes {
    let seconds = u32::try_from(at.0 / 1000).unwrap_or(0);
    let mut extra = Bytes::default();
    extra.u16(0x5455).u16(5);
    extra.0.push(1);
    extra.u32(seconds);
    extra
}

fn dos_time(at: Moment) -> (u16, u16) {
    let at = DateTime::from_timestamp_millis(at.0).unwrap_or_default();
    let year = (at.year() - 1980).clamp(0, 127) as u16;
    let time = ((at.hour() << 11) | (at.minute() << 5) | (at.second() / 2)) as u16;
    (time, (year << 9) | ((at.month() << 5) | at.day()) as u16)
}

fn u32_or_full(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(FULL_32)
}

fn u16_or_full(value: u64) -> u16 {
    u16::try_from(value).unwrap_or(FULL_16)
}

/// Little-endian, as the format is.
#[derive(Default)]
struct Bytes(Vec<u8>);

impl Bytes {
    fn u16(&mut self, value: u16) -> &mut Self {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    fn u32(&mut self, value: u32) -> &mut Self {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }

    fn u64(&mut self, value: u64) -> &mut Self {
        self.0.extend_from_slice(&value.to_le_bytes());
        self
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    fn u16_at(bytes: &[u8], at: usize) -> usize {
        usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]))
    }

    fn u32_at(bytes: &[u8], at: usize) -> usize {
        u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four")) as usize
    }

    /// Reads a small archive from its end, as programs do, and holds both headers of each entry together.
    pub fn unpack(archive: &[u8]) -> Vec<(String, Vec<u8>)> {
        let end = archive.len() - 22;
        assert_eq!(u32_at(archive, end), 0x0605_4b50);
        let (count, mut at) = (u16_at(archive, end + 10), u32_at(archive, end + 16));
        assert_eq!(at + u32_at(archive, end + 12), end, "the directory ends where its end begins");
        let mut files = vec![];
        for _ in 0..count {
            assert_eq!((u32_at(archive, at), u16_at(archive, at + 8)), (0x0201_4b50, 1 << 11));
            let (size, name, extra) = (u32_at(archive, at + 24), u16_at(archive, at + 28), u16_at(archive, at + 30));
            let path = &archive[at + 46..at + 46 + name];
            let local = u32_at(archive, at + 42);
            assert_eq!(u32_at(archive, local), 0x0403_4b50);
            assert_eq!(archive[local + 4..local + 26], archive[at + 6..at + 28], "both headers say the same");
            let data = local + 30 + u16_at(archive, local + 26) + u16_at(archive, local + 28);
            let content = archive[data..data + size].to_vec();
            assert_eq!(crc32fast::hash(&content) as usize, u32_at(archive, at + 16));
            files.push((String::from_utf8(path.to_vec()).expect("UTF-8"), content));
            at += 46 + name + extra;
        }
        files
    }

    fn entry(path: &str, content: &[u8]) -> Entry {
        Entry { path: path.into(), bytes: content.len() as u64, crc32: crc32fast::hash(content), modified: Moment(1_780_000_000_000) }
    }

    #[test]
    fn what_is_packed_comes_out_again() {
        let files = [("Für Elise.pdf", &b"%PDF-"[..]), ("Noten/音楽.txt", b""), ("a", &[7; 1000])];
        let entries: Vec<Entry> = files.iter().map(|(path, content)| entry(path, content)).collect();
        let mut archive = vec![];
        for (entry, (_, content)) in entries.iter().zip(&files) {
            archive.extend(local_header(entry));
            archive.extend_from_slice(content);
        }
        archive.extend(directory(&entries));
        assert_eq!(archive.len() as u64, length(&entries));
        let out = unpack(&archive);
        assert_eq!(out.iter().map(|(path, content)| (path.as_str(), content.as_slice())).collect::<Vec<_>>(), files);
    }

    #[test]
    fn a_large_archive_has_the_large_fields() {
        let large = |bytes| Entry { bytes, ..entry("x", b"") };
        let end = |entries: &[Entry]| {
            let directory = directory(entries);
            (directory.windows(4).any(|four| four == 0x0606_4b50_u32.to_le_bytes()), u32_at(&directory, directory.len() - 6))
        };
        assert!(!end(&[large(4_000_000_000)]).0);
        assert_eq!(end(&[large(5_000_000_000), large(1)]), (true, FULL_32 as usize));
        assert_eq!(end(&[large(3_000_000_000), large(2_000_000_000), large(1)]), (true, FULL_32 as usize), "the third lies far behind");
        assert_eq!(local_header(&large(5_000_000_000)).len(), local_header(&large(1)).len() + 20);
        assert!(end(&vec![large(0); 70_000]).0);
    }
}

//! What a file is, told by its first bytes and never by its name or what its sender says. What is not known here is only ever handed out as bytes.

/// How much of the beginning is looked at.
pub const HEAD_BYTES: usize = 8 * 1024;

/// What is not known.
pub const UNKNOWN: &str = "application/octet-stream";

/// What browsers show by themselves without running anything of it: no HTML, SVG, XML, text.
const INLINE: &[&str] = &[
    "application/pdf",
    "image/png",
    "image/jpeg",
    "image/webp",
    "image/gif",
    "audio/mpeg",
    "audio/mp4",
    "audio/wav",
    "audio/ogg",
    "audio/flac",
    "audio/aac",
    "video/mp4",
];

/// Whether a page may show it in place.
pub fn is_safe_inline(media_type: &str) -> bool {
    INLINE.contains(&media_type)
}

/// The media type of what begins so.
pub fn media_type(head: &[u8]) -> &'static str {
    const SIMPLE: &[(&[u8], &str)] = &[
        (b"%PDF-", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF87a", "image/gif"),
        (b"GIF89a", "image/gif"),
        (b"ID3", "audio/mpeg"),
        (b"fLaC", "audio/flac"),
        (b"MThd\0\0\0\x06", "audio/midi"),
        (b"\x1a\x45\xdf\xa3", "video/webm"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    ];
    if let Some((_, found)) = SIMPLE.iter().find(|(start, _)| head.starts_with(start)) {
        return found;
    }
    match (head.get(..4), head.get(8..12)) {
        (Some(b"RIFF"), Some(b"WEBP")) => "image/webp",
        (Some(b"RIFF"), Some(b"WAVE")) => "audio/wav",
        (Some(b"FORM"), Some(b"AIFF" | b"AIFC")) => "audio/aiff",
        (Some(b"OggS"), _) => ogg(head),
        (Some(b"PK\x03\x04"), _) => zip(head),
        (_, Some(brand)) if head.get(4..8) == Some(b"ftyp") => iso(brand),
        _ => mpeg_audio(head).unwrap_or(UNKNOWN),
    }
}

fn ogg(head: &[u8]) -> &'static str {
    // The first page holds the first packet of each stream.
    if contains(head.get(..512).unwrap_or(head), b"theora") { "video/ogg" } else { "audio/ogg" }
}

/// By the major brand of an ISO base media file.
fn iso(brand: &[u8]) -> &'static str {
    match brand {
        b"M4A " | b"M4B " | b"M4P " => "audio/mp4",
        b"heic" | b"heix" | b"mif1" | b"msf1" => "image/heic",
        b"avif" | b"avis" => "image/avif",
        b"qt  " => "video/quicktime",
        b"isom" | b"iso2" | b"iso4" | b"iso5" | b"iso6" | b"mp41" | b"mp42" | b"avc1" | b"M4V " | b"MSNV" | b"dash" => "video/mp4",
        _ => UNKNOWN,
    }
}

/// By the names of the first entries.
fn zip(head: &[u8]) -> &'static str {
    const OPEN_DOCUMENT: &[u8] = b"mimetypeapplication/vnd.oasis.opendocument.";
    if let Some(at) = head.windows(OPEN_DOCUMENT.len()).position(|window| window == OPEN_DOCUMENT) {
        let rest = &head[at + OPEN_DOCUMENT.len()..];
        return match rest {
            _ if rest.starts_with(b"text") => "application/vnd.oasis.opendocument.text",
            _ if rest.starts_with(b"spreadsheet") => "application/vnd.oasis.opendocument.spreadsheet",
            _ if rest.starts_with(b"presentation") => "application/vnd.oasis.opendocument.presentation",
            _ => "application/zip",
        };
    }
    if !contains(head, b"[Content_Types].xml") && !contains(head, b"_rels/.rels") {
        return "application/zip";
    }
    match head {
        _ if contains(head, b"word/") => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        _ if contains(head, b"xl/") => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        _ if contains(head, b"ppt/") => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        _ => "application/zip",
    }
}

/// A frame of MPEG audio without a tag before it; or of AAC in ADTS.
fn mpeg_audio(head: &[u8]) -> Option<&'static str> {
    let &[0xff, second, third, ..] = head else { return None };
    let (version, layer, rate, sampling) = (second >> 3 & 3, second >> 1 & 3, third >> 4, third >> 2 & 3);
    match (second & 0xe0, layer) {
        (0xe0, 0) if second & 0xf6 == 0xf0 => Some("audio/aac"),
        (0xe0, 1..) if version != 1 && !matches!(rate, 0 | 15) && sampling != 3 => Some("audio/mpeg"),
        _ => None,
    }
}

fn contains(text: &[u8], words: &[u8]) -> bool {
    text.windows(words.len()).any(|window| window == words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_tells_the_type() {
        let cases: &[(&[u8], &str)] = &[
            (b"%PDF-1.7\n%\xe2\xe3", "application/pdf"),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "image/png"),
            (b"\xff\xd8\xff\xe0\0\x10JFIF", "image/jpeg"),
            (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
            (b"RIFF\x10\0\0\0WAVEfmt ", "audio/wav"),
            (b"GIF89a/*", "image/gif"),
            (b"ID3\x04\0\0", "audio/mpeg"),
            (b"\xff\xfb\x90\x64\0", "audio/mpeg"),
            (b"\xff\xf1\x50\x80", "audio/aac"),
            (b"\0\0\0\x20ftypM4A \0\0\0\0", "audio/mp4"),
            (b"\0\0\0\x20ftypisom\0\0\0\0", "video/mp4"),
            (b"\0\0\0\x18ftypheic", "image/heic"),
            (b"OggS\0\x02", "audio/ogg"),
            (b"fLaC\0\0\0\x22", "audio/flac"),
            (b"PK\x03\x04\x14\0\0\0\x08\0score.mscx", "application/zip"),
            (
                b"PK\x03\x04\x14\0[Content_Types].xml\0PK\x03\x04word/document.xml",
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            ),
            (b"PK\x03\x04\x14\0\0\0mimetypeapplication/vnd.oasis.opendocument.textPK", "application/vnd.oasis.opendocument.text"),
        ];
        for (head, expected) in cases {
            assert_eq!(media_type(head), *expected, "{}", head.escape_ascii());
        }
    }

    #[test]
    fn what_a_browser_could_run_is_never_shown_in_place() {
        for head in [
            &b"<!DOCTYPE html><script>alert(1)</script>"[..],
            b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>",
            b"<?xml version=\"1.0\"?><score-partwise/>",
            b"\xef\xbb\xbf<html>",
            b"  <script>",
            b"\xff\xfe<\0h\0t\0m\0l\0",
            b"alert(1)//",
            b"From: x\r\nContent-Type: text/html",
            // The type must stand at the very beginning: what comes later is a polyglot's.
            b"<html>%PDF-1.7",
            b"\n%PDF-1.7",
            b"",
            b"\xff",
        ] {
            assert_eq!(media_type(head), UNKNOWN, "{}", head.escape_ascii());
            assert!(!is_safe_inline(media_type(head)));
        }
        for unsafe_type in ["text/html", "image/svg+xml", "text/xml", "application/zip", "image/heic", UNKNOWN] {
            assert!(!is_safe_inline(unsafe_type));
        }
    }

    #[test]
    fn any_bytes_have_an_answer() {
        use rand_like::bytes;
        for seed in 0..2000 {
            media_type(&bytes(seed));
        }
    }

    /// Enough randomness for a parser without a dependency for it.
    mod rand_like {
        pub fn bytes(seed: u64) -> Vec<u8> {
            let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
            let mut next = move || {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                state
            };
            let starts: [&[u8]; 6] = [b"PK\x03\x04", b"RIFF", b"\0\0\0\x20ftyp", b"\xff", b"OggS", b""];
            let mut all = starts[(next() % 6) as usize].to_vec();
            all.extend((0..next() % 40).map(|_| next() as u8));
            all
        }
    }
}

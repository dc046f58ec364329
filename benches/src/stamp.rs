//! Who sent a packet, which of its packets it is, and when: in the packet's last bytes, so that a payload descriptor that the server
//! rewrites in front does not move it.

const MAGIC: u32 = 0x4c0a_d57a;
/// Length of a stamp.
pub const STAMP_BYTES: usize = 20;

/// What a generated packet says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The sending participant's number in the run.
    pub sender: u16,
    /// Which of its RTP streams.
    pub line: u16,
    /// Counts the packets of the line.
    pub count: u32,
    /// ns since 1970.
    pub sent: u64,
}

impl Stamp {
    /// Writes it over the end of a payload that is long enough.
    pub fn write(self, payload: &mut [u8]) {
        let Some(start) = payload.len().checked_sub(STAMP_BYTES) else { return };
        let end = &mut payload[start..];
        end[..4].copy_from_slice(&MAGIC.to_be_bytes());
        end[4..6].copy_from_slice(&self.sender.to_be_bytes());
        end[6..8].copy_from_slice(&self.line.to_be_bytes());
        end[8..12].copy_from_slice(&self.count.to_be_bytes());
        end[12..].copy_from_slice(&self.sent.to_be_bytes());
    }

    /// `None` when the payload carries none: padding, and whatever the server makes itself.
    pub fn read(payload: &[u8]) -> Option<Self> {
        let end = payload.get(payload.len().checked_sub(STAMP_BYTES)?..)?;
        let number = |range: std::ops::Range<usize>| end[range].iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
        (number(0..4) == u64::from(MAGIC)).then(|| Self {
            sender: number(4..6) as u16,
            line: number(6..8) as u16,
            count: number(8..12) as u32,
            sent: number(12..20),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_other_payloads_have_none() {
        let stamp = Stamp { sender: 513, line: 3, count: 70_000, sent: u64::MAX - 5 };
        let mut payload = [7u8; 160];
        assert_eq!(Stamp::read(&payload), None);
        stamp.write(&mut payload);
        assert_eq!(Stamp::read(&payload), Some(stamp));
        assert_eq!(Stamp::read(&payload[..100]), None);
        assert_eq!(Stamp::read(&[]), None);
    }
}

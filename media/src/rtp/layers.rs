//! Which layers of a scalable stream (SVC) a packet belongs to, whatever the codec says it with.
//!
//! A receiver gets a stream up to a spatial and a temporal layer. For each such pair, a **cell**, the masks here say what the packet's
//! frame is to it; what a codec says in its own words is translated once per packet, and the forwarding of all receivers is then a
//! look at one bit.

/// Spatial layers: two bits in a dependency descriptor; more in VP9 are counted as the last.
pub const SPATIAL_COUNT: u8 = 4;
/// Temporal layers: three bits.
pub const TEMPORAL_COUNT: u8 = 8;

/// Up to which layers of a scalable encoding a receiver gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sublayers {
    /// The best spatial layer, counted from the smallest (0).
    pub spatial_max: u8,
    /// The finest temporal layer, counted from the coarsest (0).
    pub temporal_max: u8,
}

impl Sublayers {
    /// Everything that comes.
    pub const ALL: Self = Self { spatial_max: SPATIAL_COUNT - 1, temporal_max: TEMPORAL_COUNT - 1 };
}

impl Default for Sublayers {
    fn default() -> Self {
        Self::ALL
    }
}

/// A packet of a scalable stream. Masks have one bit per cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Layers {
    /// Of its frame.
    pub spatial: u8,
    /// Of its frame.
    pub temporal: u8,
    /// The cells that need it: theirs, or a smaller one's, so that a smaller one can follow at any picture.
    pub needed: u32,
    /// The cells that can begin with its frame, for whoever has had all of the smaller ones.
    pub switch: u32,
    /// The cells whose picture ends with its frame.
    pub top: u32,
    /// VP9's U: from here on this temporal layer needs nothing of it from before.
    pub switch_up: bool,
    /// First packet of its frame.
    pub frame_start: bool,
    /// Last packet of its frame.
    pub frame_end: bool,
}

/// The bit of a cell. Layers beyond the last count as the last.
pub fn cell(spatial: u8, temporal: u8) -> u32 {
    1 << (spatial.min(SPATIAL_COUNT - 1) * TEMPORAL_COUNT + temporal.min(TEMPORAL_COUNT - 1))
}

/// The cells of at least these layers.
pub fn cells_from(spatial: u8, temporal: u8) -> u32 {
    let row = 0xFF_u32 << temporal.min(TEMPORAL_COUNT - 1) & 0xFF;
    (spatial.min(SPATIAL_COUNT - 1)..SPATIAL_COUNT).fold(0, |mask, layer| mask | row << (layer * TEMPORAL_COUNT))
}

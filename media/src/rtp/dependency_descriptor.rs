//! The dependency descriptor (AV1 RTP specification, appendix A): which frames a frame is for, said outside of the payload.
//!
//! Keyframes bring the **structure**: templates of frames, and for each of them what it is to each decode target (a stream that
//! can be decoded from the whole). Every packet names its template. One [`Structure`] per encoding is kept and turned into the masks of
//! [`Layers`] when it arrives, so that a packet costs a look into a table.

use crate::rtp::bits::Bits;
use crate::rtp::layers::{Layers, SPATIAL_COUNT, TEMPORAL_COUNT};

/// Template ids have six bits.
const TEMPLATES_MAX: usize = 64;
/// Decode targets are counted in five bits.
const TARGETS_MAX: usize = 32;
const CELLS: usize = (SPATIAL_COUNT * TEMPORAL_COUNT) as usize;
/// Of an indication, two bits: not for this target; a receiver can change to this target here.
const NOT_PRESENT: u8 = 0;
const SWITCH: u8 = 2;

/// What every descriptor begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mandatory {
    /// First packet of its frame.
    pub frame_start: bool,
    /// Last packet of its frame.
    pub frame_end: bool,
    /// Six bits.
    pub template: u8,
    /// Frames of the encoding, in order.
    pub frame: u16,
}

impl Mandatory {
    /// The first three bytes.
    pub fn parse(descriptor: &[u8]) -> Option<Self> {
        let [first, high, low] = *descriptor.first_chunk()?;
        Some(Self {
            frame_start: first & 0x80 != 0,
            frame_end: first & 0x40 != 0,
            template: first & 0x3f,
            frame: u16::from_be_bytes([high, low]),
        })
    }
}

/// Gives a descriptor another frame number (bytes 1 and 2). What is too short stays as it is.
pub fn renumber(descriptor: &mut [u8], frame: u16) {
    if let Some(place) = descriptor.get_mut(1..3) {
        place.copy_from_slice(&frame.to_be_bytes());
    }
}

/// Whether a descriptor brings the structure that it and those after it refer to.
pub fn brings_structure(descriptor: &[u8]) -> bool {
    descriptor.get(3).is_some_and(|flags| flags & 0x80 != 0)
}

/// Indications of one frame, two bits for each target.
type Indications = u64;

#[derive(Clone, Copy, Debug, Default)]
struct Template {
    spatial: u8,
    temporal: u8,
    indications: Indications,
}

#[derive(Clone, Copy, Debug, Default)]
struct Target {
    spatial: u8,
    temporal: u8,
}

/// What the last keyframe said, and what was said of it since.
#[derive(Clone, Debug)]
pub struct Structure {
    offset: u8,
    template_count: usize,
    templates: [Template; TEMPLATES_MAX],
    target_count: usize,
    targets: [Target; TARGETS_MAX],
    /// Targets that are sent now.
    active: u32,
    /// Width and height of the best spatial layer.
    size: Option<(u16, u16)>,
    /// The target of each cell.
    chosen: [u8; CELLS],
    masks: [Masks; TEMPLATES_MAX],
}

#[derive(Clone, Copy, Debug, Default)]
struct Masks {
    needed: u32,
    switch: u32,
    top: u32,
}

impl Default for Structure {
    fn default() -> Self {
        Self {
            offset: 0,
            template_count: 0,
            templates: [Template::default(); TEMPLATES_MAX],
            target_count: 0,
            targets: [Target::default(); TARGETS_MAX],
            active: 0,
            size: None,
            chosen: [0; CELLS],
            masks: [Masks::default(); TEMPLATES_MAX],
        }
    }
}

impl Structure {
    /// Reads a descriptor; remembers the structure when it brings one. `None` when it makes no sense, or none has come yet.
    pub fn read(&mut self, descriptor: &[u8]) -> Option<Layers> {
        let mandatory = Mandatory::parse(descriptor)?;
        let mut bits = Bits::new(&descriptor[3..]);
        let mut own = None;
        if descriptor.len() > 3 {
            let [structure, active, indications, _fdiffs, _chains] = [bits.flag()?, bits.flag()?, bits.flag()?, bits.flag()?, bits.flag()?];
            if structure {
                self.read_structure(&mut bits)?;
            }
            if self.target_count == 0 {
                return None;
            }
            if active {
                let active = bits.take(self.target_count as u32)?;
                if active != self.active {
                    self.active = active;
                    self.choose();
                }
            }
            if indications {
                let mut value = 0;
                for target in 0..self.target_count {
                    value |= u64::from(bits.take(2)?) << (2 * target);
                }
                own = Some(value);
            }
        }
        let index = usize::from((mandatory.template + 64 - self.offset) % 64);
        let template = self.templates[..self.template_count].get(index)?;
        let masks = own.map_or(self.masks[index], |indications| self.masks_of(&Template { indications, ..*template }));
        Some(Layers {
            spatial: template.spatial,
            temporal: template.temporal,
            needed: masks.needed,
            switch: masks.switch,
            top: masks.top,
            switch_up: false,
            frame_start: mandatory.frame_start,
            frame_end: mandatory.frame_end,
        })
    }

    /// Width and height of the best spatial layer, where the structure says it.
    pub fn size(&self) -> Option<(u16, u16)> {
        self.size
    }

    fn read_structure(&mut self, bits: &mut Bits<'_>) -> Option<()> {
        // Until it has been read to its end there is none.
        (self.template_count, self.target_count) = (0, 0);
        self.offset = bits.take(6)? as u8;
        let targets = bits.take(5)? as usize + 1;
        let mut count = 0;
        let (mut spatial, mut temporal) = (0, 0);
        loop {
            *self.templates.get_mut(count)? = Template { spatial, temporal, indications: 0 };
            count += 1;
            match bits.take(2)? {
                0 => {}
                1 => temporal += 1,
                2 => (spatial, temporal) = (spatial + 1, 0),
                _ => break,
            }
            if spatial >= SPATIAL_COUNT || temporal >= TEMPORAL_COUNT {
                return None;
            }
        }
        self.targets = [Target::default(); TARGETS_MAX];
        for template in &mut self.templates[..count] {
            for (index, target) in self.targets[..targets].iter_mut().enumerate() {
                let indication = bits.take(2)?;
                template.indications |= u64::from(indication) << (2 * index);
                if indication as u8 != NOT_PRESENT {
                    target.spatial = target.spatial.max(template.spatial);
                    target.temporal = target.temporal.max(template.temporal);
                }
            }
        }
        skip_differences(bits, count)?;
        skip_chains(bits, count, targets as u32)?;
        self.size = None;
        if bits.flag()? {
            // The last layer is the best. Each number is one less than what it means, and of 16 bits.
            bits.skip(32 * usize::from(spatial))?;
            let (width, height) = (bits.take(16)? as u16, bits.take(16)? as u16);
            self.size = Some((width.saturating_add(1), height.saturating_add(1)));
        }
        (self.template_count, self.target_count) = (count, targets);
        self.active = u32::MAX >> (TARGETS_MAX - targets);
        self.choose();
        Some(())
    }

    /// The best active target of each cell, and what each template is to it.
    fn choose(&mut self) {
        for spatial in 0..SPATIAL_COUNT {
            for temporal in 0..TEMPORAL_COUNT {
                let fits = |index: &usize| {
                    let target = self.targets[*index];
                    self.active >> index & 1 == 1 && target.spatial <= spatial && target.temporal <= temporal
                };
                let rank = |index: &usize| (self.targets[*index].spatial, self.targets[*index].temporal);
                let smallest = || (0..self.target_count).filter(|index| self.active >> index & 1 == 1).min_by_key(rank);
                let best = (0..self.target_count).filter(fits).max_by_key(rank).or_else(smallest);
                self.chosen[usize::from(spatial * TEMPORAL_COUNT + temporal)] = best.unwrap_or(0) as u8;
            }
        }
        for index in 0..self.template_count {
            self.masks[index] = self.masks_of(&self.templates[index]);
        }
    }

    fn masks_of(&self, template: &Template) -> Masks {
        let mut masks = Masks::default();
        for (index, target) in self.chosen.iter().enumerate() {
            let indication = (template.indications >> (2 * target) & 3) as u8;
            let (spatial, temporal) = (index as u8 / TEMPORAL_COUNT, index as u8 % TEMPORAL_COUNT);
            if indication != NOT_PRESENT {
                masks.needed |= crate::rtp::layers::cells_from(spatial, temporal);
            }
            masks.switch |= u32::from(indication == SWITCH) << index;
            masks.top |= u32::from(self.targets[usize::from(*target)].spatial == template.spatial) << index;
        }
        masks
    }
}

/// How far back each template's references are: of no use here.
fn skip_differences(bits: &mut Bits<'_>, templates: usize) -> Option<()> {
    for _ in 0..templates {
        while bits.flag()? {
            bits.skip(4)?;
        }
    }
    Some(())
}

/// Chains tell a receiver whether it misses something it needs: of no use here.
fn skip_chains(bits: &mut Bits<'_>, templates: usize, targets: u32) -> Option<()> {
    let chains = bits.non_symmetric(targets + 1)?;
    if chains > 0 {
        for _ in 0..targets {
            bits.non_symmetric(chains)?;
        }
        bits.skip(4 * templates * chains as usize)?;
    }
    Some(())
}

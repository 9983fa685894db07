//! The cells of one shard of the set of states that were seen.
//!
//! An open addressing table with linear probing, whose cells are in the order of their homes (the *Robin Hood* rule),
//! after Cleary ("Compact hash tables using bidirectional linear probing", 1984): shard and home are bits of the mixed
//! key, so that a cell holds only the others and how far from home it stands. A cell has as many bytes as that needs and
//! no more.

use super::key::{INDEX_BITS, Key, first_limb, place_of, rest_of};
use super::packing::Packing;

/// Bits of a cell that say how far from home it stands, counted from 1; 0 in an empty cell.
const DISTANCE_BITS: u32 = 7;
const DISTANCE_MASK: u64 = (1 << DISTANCE_BITS) - 1;
/// None stands farther: who has looked so far sees a cell that is nearer to its home, as anywhere else.
const FARTHEST: u64 = DISTANCE_MASK - 1;

/// What the cells of a shard are like.
#[derive(Clone, Copy, Debug)]
struct Shape<const N: usize> {
    /// Cells that are the home of some key; behind them, [`FARTHEST`] more take what is driven over the end.
    capacity: usize,
    /// How many places have the same home.
    stride: u32,
    /// To divide by the stride: 2^64 over it, rounded up.
    reciprocal: u64,
    /// Bits that tell the places of one home apart.
    place_bits: u32,
    /// Bytes of a cell, and those of each limb: in the first, the distance, the place and the rest of the limb.
    cell_bytes: usize,
    limb_bytes: [usize; N],
    /// Ones in those bytes.
    limb_masks: [u64; N],
}

impl<const N: usize> Shape<N> {
    /// At least `capacity` homes, for keys of that packing.
    fn new(capacity: usize, packing: &Packing) -> Self {
        Self::with_stride(((1_u64 << u32::BITS) / capacity as u64).max(2) as u32, packing)
    }

    fn with_stride(stride: u32, packing: &Packing) -> Self {
        let place_bits = u32::BITS - (stride - 1).leading_zeros();
        let rest_bits = packing.used(0).saturating_sub(INDEX_BITS);
        let limb_bytes: [usize; N] = std::array::from_fn(|limb| {
            let bits = if limb == 0 { DISTANCE_BITS + place_bits + rest_bits } else { packing.used(limb) };
            bits.div_ceil(8) as usize
        });
        Self {
            capacity: (1_u64 << u32::BITS).div_ceil(u64::from(stride)) as usize,
            stride,
            reciprocal: u64::MAX / u64::from(stride) + 1,
            place_bits,
            cell_bytes: limb_bytes.iter().sum(),
            limb_bytes,
            limb_masks: limb_bytes.map(|bytes| u64::MAX.checked_shr(64 - bytes as u32 * 8).unwrap_or_default()),
        }
    }

    /// The home of a key, and its first limb as it stands there.
    #[inline]
    fn address(&self, mixed: &Key<N>) -> (usize, u64) {
        let place = place_of(mixed);
        let home = ((u128::from(place) * u128::from(self.reciprocal)) >> u64::BITS) as u32;
        let head = (rest_of(mixed) << self.place_bits) | u64::from(place - home * self.stride);
        (home as usize, (head << DISTANCE_BITS) | 1)
    }
}

/// What became of a key that was to be put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    Known,
    New,
    /// Some cell would stand too far from home.
    NoRoom,
}

/// The cells of a shard.
#[derive(Debug)]
pub(super) struct Cells<const N: usize> {
    shape: Shape<N>,
    /// All cells, and room for eight bytes from the last on.
    bytes: Vec<u8>,
    /// How many are not empty.
    used: usize,
}

impl<const N: usize> Cells<N> {
    /// Empty cells, at least `capacity` of them the home of some key of that packing.
    pub(super) fn new(capacity: usize, packing: &Packing) -> Self {
        Self::shaped(Shape::new(capacity, packing))
    }

    fn shaped(shape: Shape<N>) -> Self {
        Self { shape, bytes: vec![0; (shape.capacity + FARTHEST as usize + 1) * shape.cell_bytes + 8], used: 0 }
    }

    /// How many cells are the home of some key.
    pub(super) fn capacity(&self) -> usize {
        self.shape.capacity
    }

    /// How many keys are there.
    pub(super) fn used(&self) -> usize {
        self.used
    }

    /// Bytes of memory.
    pub(super) fn bytes(&self) -> usize {
        self.bytes.capacity()
    }

    /// The limb of a cell that starts at the byte `at`.
    #[inline]
    fn limb(&self, at: usize, limb: usize) -> u64 {
        let bytes = self.bytes[at..].first_chunk::<8>().expect("there is room for reading eight bytes");
        u64::from_le_bytes(*bytes) & self.shape.limb_masks[limb]
    }

    /// Whether nothing is in the cell that starts at the byte `at`.
    #[inline]
    fn is_empty(&self, at: usize) -> bool {
        u64::from(self.bytes[at]) & DISTANCE_MASK == 0
    }

    /// Whether the further limbs of the cell that starts at the byte `at` are those of the key.
    #[inline]
    fn has_tail(&self, mut at: usize, mixed: &Key<N>) -> bool {
        (1..N).all(|limb| {
            at += self.shape.limb_bytes[limb - 1];
            self.limb(at, limb) == mixed[limb]
        })
    }

    /// Fills an empty cell.
    fn write(&mut self, mut at: usize, head: u64, mixed: &Key<N>) {
        self.used += 1;
        let Shape { limb_bytes, limb_masks, .. } = &self.shape;
        for (limb, value) in std::iter::once(&head).chain(&mixed[1..]).enumerate() {
            // Eight bytes at once, with what follows left as it is.
            let bytes = self.bytes[at..].first_chunk_mut::<8>().expect("there is room for eight bytes");
            let rest = u64::from_le_bytes(*bytes) & !limb_masks[limb];
            *bytes = (value & limb_masks[limb] | rest).to_le_bytes();
            at += limb_bytes[limb];
        }
    }

    /// Looks at the home of a key. To look at those of several keys first has memory waited for once and not for each.
    #[inline]
    pub(super) fn approach(&self, mixed: &Key<N>) -> Approach {
        let (home, wanted) = self.shape.address(mixed);
        let at = home * self.shape.cell_bytes;
        Approach { at, wanted, met: self.limb(at, 0) }
    }

    /// Whether the key stands at home. `false` says nothing.
    #[inline]
    pub(super) fn is_at_home(&self, mixed: &Key<N>, approach: &Approach) -> bool {
        approach.met == approach.wanted && self.has_tail(approach.at, mixed)
    }

    /// Where a mixed key stands, or else where it belongs and the first limb that it would have there.
    #[inline]
    fn find(&self, mixed: &Key<N>, approach: &Approach) -> Result<usize, (usize, u64)> {
        let &Approach { mut at, mut wanted, .. } = approach;
        loop {
            let cell = self.limb(at, 0);
            if cell == wanted && self.has_tail(at, mixed) {
                return Ok(at);
            }
            // An empty cell, or one that is nearer to its home: the key would stand before it.
            if cell & DISTANCE_MASK < wanted & DISTANCE_MASK {
                return Err((at, wanted));
            }
            wanted += 1;
            at += self.shape.cell_bytes;
        }
    }

    pub(super) fn contains(&self, mixed: &Key<N>) -> bool {
        self.find(mixed, &self.approach(mixed)).is_ok()
    }

    /// Puts a mixed key in, whose home was looked at in these cells.
    #[inline]
    pub(super) fn put(&mut self, mixed: &Key<N>, approach: &Approach) -> Put {
        let Err((at, head)) = self.find(mixed, approach) else { return Put::Known };
        let cell_bytes = self.shape.cell_bytes;
        let (mut end, mut distance) = (at, head & DISTANCE_MASK);
        // Whom it drives on stands one cell farther from home.
        while distance <= FARTHEST {
            // The distance stands in the lowest bits.
            distance = u64::from(self.bytes[end]) & DISTANCE_MASK;
            if distance == 0 {
                self.drive_on(at, end);
                self.write(at, head, mixed);
                return Put::New;
            }
            distance += 1;
            end += cell_bytes;
        }
        Put::NoRoom
    }

    /// Moves the cells from the byte `at` up to `end`, where an empty one starts, to the next place each.
    #[inline]
    fn drive_on(&mut self, at: usize, end: usize) {
        if end > at {
            let cell_bytes = self.shape.cell_bytes;
            self.bytes.copy_within(at..end, at + cell_bytes);
            let moved = &mut self.bytes[at + cell_bytes..end + cell_bytes];
            moved.iter_mut().step_by(cell_bytes).for_each(|distance| *distance += 1);
        }
    }

    /// Whether the cells have room for keys of that packing, which is of the same family and has as many limbs.
    pub(super) fn has_room_for(&self, packing: &Packing) -> bool {
        Shape::<N>::with_stride(self.shape.stride, packing).limb_bytes == self.shape.limb_bytes
    }

    /// The same keys, of that shard, in at least so many cells for that packing, which is of the same family.
    pub(super) fn rebuilt<const M: usize>(&self, shard_ix: usize, mut capacity: usize, packing: &Packing) -> Cells<M> {
        loop {
            if let Some(cells) = self.moved(shard_ix, Shape::new(capacity, packing)) {
                return cells;
            }
            capacity += capacity / 8 + 1;
        }
    }

    /// One walk through these cells and the new ones, since the order is the same up to the cells of one home; `None` if some
    /// cell would stand too far from home.
    fn moved<const M: usize>(&self, shard_ix: usize, shape: Shape<M>) -> Option<Cells<M>> {
        let mut cells = Cells::shaped(shape);
        // Where the last key is at home, and the first cell behind all that are there.
        let (mut last, mut free) = (0, 0);
        for narrow in self.mixed_keys(shard_ix) {
            let mut mixed = [0; M];
            mixed[..N].copy_from_slice(&narrow);
            let (home, head) = shape.address(&mixed);
            if home < last {
                // It stood behind one that was at home in the same cell and now is in the next.
                if cells.put(&mixed, &cells.approach(&mixed)) != Put::New {
                    return None;
                }
                free += usize::from(!cells.is_empty(free * shape.cell_bytes));
                continue;
            }
            let at = home.max(free);
            let distance = (at - home) as u64;
            if distance >= FARTHEST {
                return None;
            }
            cells.write(at * shape.cell_bytes, head + distance, &mixed);
            (last, free) = (home, at + 1);
        }
        Some(cells)
    }

    /// The mixed keys, which are of that shard, in the order of the cells.
    pub(super) fn mixed_keys(&self, shard_ix: usize) -> impl Iterator<Item = Key<N>> {
        let shape = self.shape;
        (0..shape.capacity + FARTHEST as usize).filter_map(move |cell_ix| {
            let mut at = cell_ix * shape.cell_bytes;
            let head = self.limb(at, 0);
            let distance = head & DISTANCE_MASK;
            if distance == 0 {
                return None;
            }
            let home = cell_ix + 1 - distance as usize;
            let head = head >> DISTANCE_BITS;
            let place = home as u32 * shape.stride + (head & ((1 << shape.place_bits) - 1)) as u32;
            let mut mixed = [0; N];
            mixed[0] = first_limb(shard_ix, place, head >> shape.place_bits);
            for (limb, value) in mixed.iter_mut().enumerate().skip(1) {
                at += shape.limb_bytes[limb - 1];
                *value = self.limb(at, limb);
            }
            Some(mixed)
        })
    }
}

/// What a look at the home of a key has shown.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Approach {
    /// The first byte of the cell.
    at: usize,
    /// The first limb of the key, as it would stand there, and that which does.
    wanted: u64,
    met: u64,
}

//! The states at one distance from the start.

use std::sync::Arc;

use super::key::{Key, Record};
use super::packing::{MARK, Packing};
use crate::system::Word;

/// The states at one distance from the start.
#[derive(Debug, Default)]
pub(super) struct Level {
    parts: Vec<Part>,
}

/// States that were packed in the same way.
#[derive(Debug)]
struct Part {
    packing: Arc<Packing>,
    record: Record,
    /// Keys with their marks, as records, ascending. The mark says that a property may find something.
    records: Vec<u8>,
}

/// Some states of a level, packed in the same way.
#[derive(Clone, Debug)]
pub(super) struct Chunk<'a> {
    pub(super) packing: &'a Packing,
    record: &'a Record,
    runs: Vec<Run<'a>>,
}

/// Neighbouring records.
#[derive(Clone, Copy, Debug)]
struct Run<'a> {
    /// From the first of them to the end of their part.
    records: &'a [u8],
    /// How many bytes of that are theirs.
    bytes: usize,
}

/// What is left of some parts that are packed in the same way, cut by key.
struct Cut<'a> {
    packing: &'a Packing,
    record: &'a Record,
    left: Vec<&'a [u8]>,
    /// Which of them says where to cut, and after how many of its states.
    guide: usize,
    step: usize,
}

impl Level {
    /// Adds keys of that packing, as records.
    pub(super) fn push(&mut self, packing: &Arc<Packing>, records: Vec<u8>) {
        if !records.is_empty() {
            self.parts.push(Part { packing: Arc::clone(packing), record: Record::of(packing), records });
        }
    }

    /// The keys, part by part, as records of their packings.
    pub(super) fn parts(&self) -> impl Iterator<Item = (&Arc<Packing>, &[u8])> {
        self.parts.iter().map(|part| (&part.packing, &part.records[..]))
    }

    pub(super) fn state_count(&self) -> usize {
        self.parts.iter().map(|part| part.records.len() / part.record.bytes()).sum()
    }

    pub(super) fn bytes(&self) -> usize {
        self.parts.iter().map(|part| part.records.capacity()).sum()
    }

    /// The level in chunks of about so many states whose keys are next to each other, in the order of the keys.
    ///
    /// Neighbours share most of their words: what was looked up for one is at hand for the next. Where tables are large
    /// that is worth a third of the time.
    pub(super) fn chunks(&self, state_count: usize) -> impl Iterator<Item = Chunk<'_>> {
        let alike = self.parts.chunk_by(|part, next| Arc::ptr_eq(&part.packing, &next.packing));
        alike.flat_map(move |parts| Cut::new(parts, state_count))
    }
}

impl<'a> Cut<'a> {
    fn new(parts: &'a [Part], state_count: usize) -> Self {
        let Part { packing, record, .. } = &parts[0];
        let left: Vec<&[u8]> = parts.iter().map(|part| &part.records[..]).collect();
        let guide = (0..left.len()).max_by_key(|ix| left[*ix].len()).expect("there is a part");
        // The shards of the set have equal shares of any range of keys.
        let (bytes, all) = (left[guide].len(), left.iter().map(|records| records.len()).sum::<usize>());
        let step = (state_count * bytes).div_ceil(all);
        Self { packing, record, left, guide, step }
    }
}

/// Whatever the order of the records, each of them is in one chunk.
impl<'a> Iterator for Cut<'a> {
    type Item = Chunk<'a>;

    fn next(&mut self) -> Option<Chunk<'a>> {
        let Self { packing, record, left, guide, step } = self;
        let end = *step * record.bytes();
        let bound = left[*guide].get(end..).filter(|rest| !rest.is_empty());
        let cut = |(ix, left): (usize, &mut &'a [u8])| {
            let records = *left;
            let bytes = match bound {
                Some(_) if ix == *guide => end,
                Some(bound) => record.before(records, bound),
                None => records.len(),
            };
            *left = &records[bytes..];
            Run { records, bytes }
        };
        let runs: Vec<Run<'_>> = left.iter_mut().enumerate().map(cut).filter(|run| run.bytes > 0).collect();
        (!runs.is_empty()).then_some(Chunk { packing, record, runs })
    }
}

impl Chunk<'_> {
    /// Calls `each` with every key and its mark, in `N` limbs, of which there may be more than the packing has.
    #[inline]
    pub(super) fn for_each_key<const N: usize>(&self, mut each: impl FnMut(&Key<N>)) {
        for run in &self.runs {
            for start in (0..run.bytes).step_by(self.record.bytes()) {
                each(&self.record.read(&run.records[start..]));
            }
        }
    }

    /// Calls `each` with the words of every state, or of every marked one.
    pub(super) fn for_each(&self, marked_only: bool, word_count: usize, each: impl FnMut(&[Word])) {
        match self.packing.limb_count {
            1 => self.for_each_of::<1>(marked_only, word_count, each),
            2 => self.for_each_of::<2>(marked_only, word_count, each),
            3..=8 => self.for_each_of::<8>(marked_only, word_count, each),
            _ => self.for_each_of::<32>(marked_only, word_count, each),
        }
    }

    fn for_each_of<const N: usize>(&self, marked_only: bool, word_count: usize, mut each: impl FnMut(&[Word])) {
        let mut words = vec![0; word_count];
        self.for_each_key::<N>(|key| {
            if !marked_only || key[0] & MARK != 0 {
                self.packing.unpack(key, &mut words);
                each(&words);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(packing: &Packing, (one, other): (Word, Word)) -> u64 {
        let mut key = [0; 1];
        assert!(packing.pack(&[one, other], &mut key));
        key[0]
    }

    /// A part of the keys of these pairs, in order or as they come.
    fn part(packing: &Arc<Packing>, pairs: &[(Word, Word)], in_order: bool) -> Vec<u8> {
        let (record, mut records) = (Record::of(packing), Vec::new());
        for (number, pair) in pairs.iter().enumerate() {
            let mark = if number % 3 == 0 { MARK } else { 0 };
            record.write(&[key(packing, *pair) | mark], &mut records);
        }
        if in_order {
            record.sort::<1>(&mut records);
        }
        records
    }

    fn pairs() -> impl Strategy<Value = Vec<(Word, Word)>> {
        prop::collection::vec((0_u32..50, 0_u32..1_000), 0..300)
    }

    proptest! {
        /// Each state is in one chunk, and no chunk reaches into the next, if all parts are in order.
        #[test]
        fn chunks_are_all_states_by_key(parts in prop::collection::vec((pairs(), any::<bool>()), 1..6), count in 1_usize..80) {
            let packing = Arc::new(Packing::with_room_for(&[50, 1_000], 0));
            let mut level = Level::default();
            parts.iter().for_each(|(pairs, in_order)| level.push(&packing, part(&packing, pairs, *in_order)));
            let keys = |chunk: Chunk<'_>| {
                let mut keys = Vec::new();
                chunk.for_each_key(|[key]| keys.push(key & !MARK));
                keys
            };
            let chunks: Vec<Vec<u64>> = level.chunks(count).map(keys).collect();
            let mut all = chunks.concat();
            let mut expected: Vec<u64> = parts.iter().flat_map(|(pairs, _)| pairs).map(|pair| key(&packing, *pair)).collect();
            all.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(all, expected);
            prop_assert_eq!(level.state_count(), parts.iter().map(|(pairs, _)| pairs.len()).sum::<usize>());
            if parts.iter().all(|(_, in_order)| *in_order) {
                let apart = |near: &[u64], far: &[u64]| near.iter().max() <= far.iter().min();
                prop_assert!(chunks.windows(2).all(|two| apart(&two[0], &two[1])));
            }
        }
    }

    #[test]
    fn chunks_are_about_as_large_as_asked_for() {
        let packing = Arc::new(Packing::with_room_for(&[50, 1 << 20], 0));
        let mut level = Level::default();
        for shard in 0..64 {
            let pairs: Vec<_> =
                (0..1_000_u32).map(|n| (n % 50, (n * 64 + shard).wrapping_mul(0x9E37) % (1 << 20))).collect();
            level.push(&packing, part(&packing, &pairs, true));
        }
        let state_count = |chunk: Chunk<'_>| chunk.runs.iter().map(|run| run.bytes / chunk.record.bytes()).sum();
        let counts: Vec<usize> = level.chunks(1_000).map(state_count).collect();
        assert!((50..100).contains(&counts.len()) && counts.iter().all(|count| *count < 2_000), "{counts:?}");
    }
}

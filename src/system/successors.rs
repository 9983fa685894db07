//! The transitions out of one state, as edits of its words.

use super::{ActionKind, PropertySet, Word};

/// The transitions out of one state. A reusable buffer: filled by
/// [`TransitionSystem::successors`](super::TransitionSystem::successors), read by searches.
#[derive(Debug)]
pub struct Successors {
    asked: PropertySet,
    /// `(position, new word)`, the edits of all successors one after the other.
    edits: Vec<(u32, Word)>,
    entries: Vec<Entry>,
    /// By kind: how many were ruled out; none if no step was.
    ruled_out: Option<[u32; ActionKind::ALL.len()]>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Where its edits end in `edits`; they start where the previous entry's end.
    end: u32,
    kind: ActionKind,
    visible: bool,
}

/// One transition.
#[derive(Clone, Copy, Debug)]
pub struct Successor<'a> {
    /// What kind of step it is.
    pub kind: ActionKind,
    /// Whether some property of those asked for may find something after it that it did not find before. A
    /// step that is not visible changes nothing that they read.
    pub visible: bool,
    /// `(position, new word)`: each position at most once, and each word other than the one before.
    pub edits: &'a [(u32, Word)],
}

impl Successor<'_> {
    /// Writes the edits into `state`, which then is the successor.
    #[inline]
    pub fn apply(&self, state: &mut [Word]) {
        for &(position, word) in self.edits {
            state[position as usize] = word;
        }
    }
}

impl Default for Successors {
    fn default() -> Self {
        Self::asking(PropertySet::ALL)
    }
}

impl Successors {
    /// No successors yet; of those to come it shall be said whether `properties` may see them.
    pub fn asking(properties: PropertySet) -> Self {
        Self { asked: properties, edits: Vec::new(), entries: Vec::new(), ruled_out: None }
    }

    /// The properties whose eyes count.
    #[inline]
    pub fn asked(&self) -> PropertySet {
        self.asked
    }

    /// Asks for other properties from now on.
    pub fn ask(&mut self, properties: PropertySet) {
        self.asked = properties;
    }

    /// Forgets all successors.
    #[inline]
    pub fn clear(&mut self) {
        self.edits.clear();
        self.entries.clear();
        self.ruled_out = None;
    }

    /// Adds one edit to the successor that [`finish_if_edited`](Self::finish_if_edited) will close: a position
    /// not edited yet, and a word that differs from the one there.
    #[inline]
    pub fn edit(&mut self, position: usize, word: Word) {
        self.edits.push((position as u32, word));
    }

    /// Closes the successor made of the edits since the last one. Without an edit there is none.
    ///
    /// Returns whether there is one.
    #[inline]
    pub fn finish_if_edited(&mut self, kind: ActionKind, visible: bool) -> bool {
        let edited = !self.unfinished().is_empty();
        if edited {
            self.entries.push(Entry { end: self.edits.len() as u32, kind, visible });
        }
        edited
    }

    /// Where the edits of the last finished successor end.
    #[inline]
    fn finished(&self) -> usize {
        self.entries.last().map_or(0, |entry| entry.end as usize)
    }

    /// Forgets the edits since the last finished successor.
    #[inline]
    pub fn abandon(&mut self) {
        self.edits.truncate(self.finished());
    }

    /// The edits since the last finished successor.
    #[inline]
    pub fn unfinished(&self) -> &[(u32, Word)] {
        &self.edits[self.finished()..]
    }

    /// Forgets the edits since the last finished successor: they lead where an assumption does not hold. That is no
    /// successor, but neither is the state one in which nothing can happen.
    pub fn rule_out(&mut self, kind: ActionKind) {
        self.abandon();
        self.ruled_out.get_or_insert_default()[kind as usize] += 1;
    }

    /// How many steps of that kind were ruled out.
    pub fn ruled_out(&self, kind: ActionKind) -> u32 {
        self.ruled_out.map_or(0, |ruled_out| ruled_out[kind as usize])
    }

    /// The same by [`ActionKind`] in its order, if any was.
    #[inline]
    pub fn all_ruled_out(&self) -> Option<&[u32; ActionKind::ALL.len()]> {
        self.ruled_out.as_ref()
    }

    /// Whether something but faults can happen, what was ruled out included.
    #[inline]
    pub fn goes_on(&self) -> bool {
        self.entries.iter().any(|entry| !entry.kind.is_fault())
            || ActionKind::ALL.into_iter().any(|kind| !kind.is_fault() && self.ruled_out(kind) > 0)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The successors, in order.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = Successor<'_>> {
        let mut start = 0;
        self.entries.iter().map(move |entry| {
            let edits = &self.edits[start..entry.end as usize];
            start = entry.end as usize;
            Successor { kind: entry.kind, visible: entry.visible, edits }
        })
    }
}

//! The memory: the head of the stack, one word or two, and the cells.

use std::collections::BTreeSet;

use quorate::model::Deviations;
use quorate::{Id, Out};
use serde::Serialize;

use super::{Cell, Deviation, Guard, Member, Msg};

/// How many tags there are where they wrap.
const TAGS: u8 = 2;

/// The head, as a client has read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Head {
    /// The cell on top; none if the stack is empty.
    pub cell: Option<Cell>,
    /// What is counted beside it.
    pub tag: u8,
    /// How often it had been written. Only the observer looks at it.
    pub writes: u8,
}

/// What the memory holds.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct MemoryState {
    /// The head.
    pub head: Head,
    /// Of each cell, the one below it.
    pub next: Vec<Option<Cell>>,
    /// Who has read the head since it was last written; only where it is watched.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub watched_by: BTreeSet<Id>,
}

impl MemoryState {
    /// The cells on the stack from the top; where they go in a circle, up to the first that comes again.
    pub(super) fn stack(&self) -> Vec<Cell> {
        let mut stack = Vec::new();
        let mut below = self.head.cell;
        while let Some(cell) = below {
            let again = stack.contains(&cell);
            stack.push(cell);
            below = if again { None } else { self.next(cell) };
        }
        stack
    }

    fn next(&self, cell: Cell) -> Option<Cell> {
        self.next.get(usize::from(cell.0)).copied().flatten()
    }
}

/// The memory.
#[derive(Clone, Debug)]
pub struct Memory {
    /// How many cells are on the stack at first.
    pub(super) stacked: usize,
    /// How many cells there are.
    pub(super) cells: usize,
    /// How it is known that the head is what was read.
    pub(super) guard: Guard,
    pub(super) deviations: Deviations<Deviation>,
}

impl Memory {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    /// The first cells lie on one another.
    pub(super) fn on_start(&self) -> MemoryState {
        let on_stack = |ix: usize| (ix < self.stacked).then(|| Cell::from(ix));
        MemoryState {
            head: Head { cell: on_stack(0), tag: 0, writes: 0 },
            next: (1..=self.cells).map(on_stack).collect(),
            watched_by: BTreeSet::new(),
        }
    }

    /// Each access is one step.
    pub(super) fn on_msg(&self, me: &MemoryState, src: Id, msg: &Msg, out: &mut Out<Member>) -> Option<MemoryState> {
        match *msg {
            Msg::ReadHead => {
                out.send(src, Msg::Head(me.head));
                let begins = self.guard == Guard::Watch && !me.watched_by.contains(&src);
                begins.then(|| {
                    let mut after = me.clone();
                    after.watched_by.insert(src);
                    after
                })
            }
            Msg::ReadNext(cell) => {
                out.send(src, Msg::Next(me.next(cell)));
                None
            }
            Msg::Link { cell, next } => {
                out.send(src, Msg::Linked);
                let mut after = me.clone();
                *after.next.get_mut(usize::from(cell.0))? = next;
                Some(after)
            }
            Msg::Swing { from, to } => {
                let swung = self.is_same(me, src, from);
                out.send(src, Msg::Swung(swung));
                swung.then(|| MemoryState {
                    head: self.written(me.head, to),
                    next: me.next.clone(),
                    watched_by: BTreeSet::new(),
                })
            }
            Msg::Head(_) | Msg::Next(_) | Msg::Linked | Msg::Swung(_) => None,
        }
    }

    /// Whether the head is what a client has read. Principles of Operation: the pointer and the count beside it are
    /// compared together. Where it is watched, nobody has written it since.
    fn is_same(&self, me: &MemoryState, client: Id, read: Head) -> bool {
        let now = me.head;
        if self.guard == Guard::Watch {
            let is_watched = me.watched_by.contains(&client) || self.breaks(Deviation::WatchLate);
            return is_watched && now.cell == read.cell;
        }
        if self.breaks(Deviation::CompareValue) {
            return now.cell == read.cell;
        }
        if self.breaks(Deviation::VersionRestarts) {
            return now.cell.is_some() == read.cell.is_some() && now.tag == read.tag;
        }
        now.cell == read.cell && now.tag == read.tag
    }

    /// The head after a write: the tag is one that it has never had.
    fn written(&self, before: Head, cell: Option<Cell>) -> Head {
        let tag = if self.guard == Guard::Watch {
            0
        } else if self.breaks(Deviation::TagWraps) {
            (before.tag + 1) % TAGS
        } else if self.breaks(Deviation::VersionRestarts) && (before.cell.is_none() || cell.is_none()) {
            0
        } else {
            before.tag + 1
        };
        Head { cell, tag, writes: before.writes + 1 }
    }
}

//! States that differ only by the names of interchangeable members, taken for one.
//!
//! A permutation of the members gives every state an *image*: the members change places, and in all that they hold,
//! and in all that is in flight or remembered, their names are changed. If the protocol is symmetric, the images of a
//! state can do what it can do, and one of them may stand for all (Ip and Dill, *Better verification through symmetry*,
//! 1996). The images form the state's orbit. Its *representative* is worked out exactly, so that as many states are
//! kept as there are orbits: members are put in the order of a number that all images of a local state share, and
//! where this leaves a choice, all are tried and the least state is taken.
//!
//! Images are numbers too: a slot or a message is renamed once for each permutation. That all this is right is
//! [confirmed](super::confirm) when the search is over.

use std::hash::BuildHasher;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use rustc_hash::FxBuildHasher;
use stateright::actor::{Actor, Envelope, Id};

use super::group::{Group, IDENTITY};
use super::inbox::{Inbox, left_of, message_of, with_message};
use super::saved::{Made, Renamed};
use super::slot::{LastSave, Life, Slot};
use super::split::WHOLE;
use super::tables::Cluster;
use crate::model::{Protocol, Renaming, Roster, Symmetry};
use crate::system::Word;
use crate::system::memo::PairMemo;
use crate::system::table::Table;

/// Most words of a state of which representatives are taken.
const WORDS_MAX: usize = 96;
/// Most members of a cluster of which images are taken.
const NODES_MAX: usize = 32;

/// Which members are interchangeable, and what is remembered of images.
pub(super) struct Quotient<P: Protocol> {
    pub(super) symmetry: Symmetry<P>,
    pub(super) group: Group,
    /// By node.
    images: Vec<Images>,
    /// By history: its images, likewise.
    histories: Table<Box<[AtomicU32]>>,
    /// (split, permutation) -> split.
    splits: PairMemo,
    /// How many rows of images there are.
    row_count: AtomicUsize,
    /// What was found to be asymmetric.
    pub(super) asymmetry: OnceLock<String>,
}

/// An image that nobody has asked for yet.
const UNKNOWN: u32 = u32::MAX;

/// What is remembered of the images of one node's parts.
#[derive(Default)]
struct Images {
    /// (slot, permutation) -> slot.
    slots: PairMemo,
    /// (message, permutation) -> message.
    messages: PairMemo,
    /// By local: its images, by permutation, as far as they were asked for; otherwise [`UNKNOWN`].
    locals: Table<Box<[AtomicU32]>>,
    /// By slot, by message and by local: see [`class`](Cluster::class).
    slot_classes: Table<u32>,
    message_classes: Table<u32>,
    classes: Table<u64>,
}

/// The images of the parts of one state, by permutation.
pub(super) struct Rows<'q> {
    locals: [&'q [AtomicU32]; NODES_MAX],
    history: &'q [AtomicU32],
}

/// The image in a row; worked out if nobody has asked for it. Two threads that do find the same.
#[inline]
fn known(cell: &AtomicU32, image: impl FnOnce() -> u32) -> u32 {
    match cell.load(Ordering::Relaxed) {
        UNKNOWN => {
            let image = image();
            cell.store(image, Ordering::Relaxed);
            image
        }
        known => known,
    }
}

impl<P: Protocol> Quotient<P> {
    /// What the protocol declares.
    ///
    /// # Errors
    /// If it declares nothing, or too much.
    pub(super) fn new(protocol: &P, roster: &Roster<P::Actor>, word_count: usize) -> Result<Self, String> {
        let symmetry = protocol.symmetry().ok_or("the protocol says of no members that they are interchangeable")?;
        if roster.len() > NODES_MAX || word_count > WORDS_MAX {
            return Err(format!("a cluster of more than {NODES_MAX} members is not reduced by symmetry"));
        }
        // Faults are aimed at roles, and a member of another would not be struck in its place.
        let role = |id: &Id| roster.members().get(usize::from(*id)).map(|member| member.role);
        let of_one_role =
            |group: &Vec<Id>| role(&group[0]).is_some() && group.iter().all(|id| role(id) == role(&group[0]));
        let grouped: Vec<Id> = symmetry.groups.iter().flatten().copied().collect();
        let is_twice = |(at, id): (usize, &Id)| grouped[..at].contains(id);
        if !symmetry.groups.iter().all(of_one_role) || grouped.iter().enumerate().any(is_twice) {
            return Err("interchangeable members are of one role, and nobody is in two groups".to_owned());
        }
        let groups = symmetry.groups.iter().map(|group| group.iter().map(|id| usize::from(*id)).collect());
        let group = Group::new(roster.len(), groups.collect())?;
        Ok(Self {
            symmetry,
            group,
            images: (0..roster.len()).map(|_| Images::default()).collect(),
            histories: Table::default(),
            splits: PairMemo::default(),
            row_count: AtomicUsize::new(0),
            asymmetry: OnceLock::new(),
        })
    }

    /// The members called otherwise by a permutation.
    pub(super) fn names(&self, permutation: usize) -> Renaming<'_> {
        Renaming::new(self.group.images(permutation))
    }

    fn row(&self) -> Box<[AtomicU32]> {
        self.row_count.fetch_add(1, Ordering::Relaxed);
        (0..self.group.order()).map(|_| AtomicU32::new(UNKNOWN)).collect()
    }

    /// Whether the node becomes the first of its group.
    fn is_first(&self, node: usize, permutation: usize) -> bool {
        let image = self.image_of_node(node, permutation);
        self.group.groups.iter().any(|group| group[0] == image)
    }

    pub(super) fn image_of_node(&self, node: usize, permutation: usize) -> usize {
        usize::from(self.group.images(permutation)[node])
    }

    pub(super) fn renamed_slot(&self, slot: &Slot<P::Actor>, names: &Renaming<'_>) -> Slot<P::Actor> {
        let Symmetry { state, storage, timer, .. } = &self.symmetry;
        let stored = |stored: &Option<<P::Actor as Actor>::Storage>| stored.as_ref().map(|value| storage(value, names));
        Slot::<P::Actor> {
            life: match &slot.life {
                Life::Up(up) => Life::Up(state(up, names)),
                Life::Down => Life::Down,
                Life::Failed(how) => Life::Failed(how.clone()),
            },
            pace: slot.pace,
            storage: stored(&slot.storage),
            last_save: match &slot.last_save {
                LastSave::Safe => LastSave::Safe,
                LastSave::Loose { before } => LastSave::Loose { before: stored(before) },
            },
            timers: slot.timers.iter().map(|(set, span)| (timer(set, names), *span)).collect(),
            choices: (slot.choices.iter())
                .map(|(key, options)| (key.clone(), (self.symmetry.options)(options, names)))
                .collect(),
        }
    }

    pub(super) fn renamed_message(
        &self,
        sent: &Envelope<<P::Actor as Actor>::Msg>,
        names: &Renaming<'_>,
    ) -> Envelope<<P::Actor as Actor>::Msg> {
        Envelope { src: names.id(sent.src), dst: names.id(sent.dst), msg: (self.symmetry.message)(&sent.msg, names) }
    }

    /// Notes that something is not as it would be among interchangeable members. The first note stays.
    pub(super) fn complain(&self, sentence: impl FnOnce() -> String) {
        self.asymmetry.get_or_init(sentence);
    }

    pub(super) fn bytes(&self) -> usize {
        let of_node = |images: &Images| {
            images.slots.bytes() + images.messages.bytes() + images.locals.bytes() + images.classes.bytes()
        };
        let rows = self.row_count.load(Ordering::Relaxed) * self.group.order() * size_of::<Word>();
        self.images.iter().map(of_node).sum::<usize>() + self.histories.bytes() + rows
    }
}

impl<P: Protocol> Cluster<P> {
    /// The number, among those of its image, of the image of a slot of `node`.
    pub(super) fn image_of_slot(&self, quotient: &Quotient<P>, node: usize, slot: u32, permutation: usize) -> u32 {
        let image = quotient.image_of_node(node, permutation);
        quotient.images[node].slots.get_or_compute(slot, permutation as u32, || {
            let renamed = quotient.renamed_slot(self.positions[node].slots.get(slot), &quotient.names(permutation));
            let number = self.positions[image].slots.intern(renamed);
            self.keep(Made::Renamed { what: Renamed::Slot(node), number: slot, permutation, image: number });
            number
        })
    }

    /// The same of a message to `node`.
    pub(super) fn image_of_message(
        &self,
        quotient: &Quotient<P>,
        node: usize,
        message: u32,
        permutation: usize,
    ) -> u32 {
        let image = quotient.image_of_node(node, permutation);
        quotient.images[node].messages.get_or_compute(message, permutation as u32, || {
            let sent = self.positions[node].messages.get(message);
            let renamed = quotient.renamed_message(sent, &quotient.names(permutation));
            let number = self.positions[image].messages.intern(renamed);
            let what = Renamed::Message(node);
            self.keep(Made::Renamed { what, number: message, permutation, image: number });
            number
        })
    }

    /// The images of a word of `node`, by permutation, each a word of the node's image.
    fn images_of_local<'q>(&self, quotient: &'q Quotient<P>, node: usize, local: Word) -> &'q [AtomicU32] {
        quotient.images[node].locals.get_or_set(local as usize, || quotient.row())
    }

    fn image_of_local(&self, quotient: &Quotient<P>, node: usize, local: Word, permutation: usize) -> Word {
        if permutation == IDENTITY {
            return local;
        }
        let position = &self.positions[node];
        let slot = self.image_of_slot(quotient, node, position.slot_number(local), permutation);
        let flight = |flight: &u32| {
            let message = self.image_of_message(quotient, node, message_of(*flight), permutation);
            with_message(message, left_of(*flight))
        };
        let flights: Vec<u32> = position.inbox(local).iter().map(flight).collect();
        let image = quotient.image_of_node(node, permutation);
        let inbox: Inbox = self.rules.in_order(flights, |message| self.positions[image].sender(message));
        self.local(image, slot, self.positions[image].inboxes.intern(inbox))
    }

    /// A number that all images of a word of `node` share; the node is in a group. Others may have it too: it is a hash of
    /// the numbers that slot and messages have where the node is the first of its group, each the least of
    /// all images.
    fn class(&self, quotient: &Quotient<P>, node: usize, local: Word) -> u64 {
        let images = &quotient.images[node];
        let least = |image: &dyn Fn(usize) -> u32| {
            let there = (0..quotient.group.order()).filter(|ix| quotient.is_first(node, *ix));
            there.map(image).min().expect("a member can stand in the first place of its group")
        };
        *images.classes.get_or_set(local as usize, || {
            let slot = self.positions[node].slot_number(local);
            let slot_class = *images.slot_classes.get_or_set(slot as usize, || {
                least(&|permutation| self.image_of_slot(quotient, node, slot, permutation))
            });
            let class_of = |flight: &u32| {
                let message = message_of(*flight);
                let class = *images.message_classes.get_or_set(message as usize, || {
                    least(&|permutation| self.image_of_message(quotient, node, message, permutation))
                });
                with_message(class, left_of(*flight))
            };
            let mut classes: Vec<u32> = self.positions[node].inbox(local).iter().map(class_of).collect();
            classes.sort_unstable();
            FxBuildHasher.hash_one((slot_class, classes))
        })
    }

    fn image_of_history(&self, quotient: &Quotient<P>, history: Word, permutation: usize) -> Word {
        if permutation == IDENTITY {
            return history;
        }
        let renamed = (quotient.symmetry.history)(self.histories.get(history), &quotient.names(permutation));
        let number = self.histories.intern(renamed);
        self.keep(Made::Renamed { what: Renamed::History, number: history, permutation, image: number });
        number
    }

    fn image_of_split(&self, quotient: &Quotient<P>, split: Word, permutation: usize) -> Word {
        if split == WHOLE {
            return WHOLE;
        }
        let of_split = || self.splits.image(split, quotient.group.sources(permutation), &self.targets.cut_off);
        quotient.splits.get_or_compute(split, permutation as u32, of_split)
    }

    /// The image of a whole state.
    pub(super) fn image(
        &self,
        quotient: &Quotient<P>,
        state: &[Word],
        rows: &Rows<'_>,
        permutation: usize,
    ) -> Box<[Word]> {
        (0..state.len()).map(|at| self.word_of_image(quotient, state, rows, permutation, at)).collect()
    }

    /// The images of what each node is, and of the history, as far as they are known.
    pub(super) fn rows<'q>(&self, quotient: &'q Quotient<P>, state: &[Word]) -> Rows<'q> {
        let mut rows = Rows { locals: [&[]; NODES_MAX], history: &[] };
        for (node, row) in rows.locals[..self.layout.node_count].iter_mut().enumerate() {
            *row = self.images_of_local(quotient, node, state[node]);
        }
        rows.history = quotient.histories.get_or_set(state[self.layout.history()] as usize, || quotient.row());
        rows
    }

    /// The word of the node `at` in a state's image.
    #[inline]
    pub(super) fn local_of_image(
        &self,
        quotient: &Quotient<P>,
        state: &[Word],
        rows: &Rows<'_>,
        permutation: usize,
        at: usize,
    ) -> Word {
        let node = usize::from(quotient.group.sources(permutation)[at]);
        known(&rows.locals[node][permutation], || self.image_of_local(quotient, node, state[node], permutation))
    }

    /// The word at a place of a state's image.
    #[inline]
    fn word_of_image(
        &self,
        quotient: &Quotient<P>,
        state: &[Word],
        rows: &Rows<'_>,
        permutation: usize,
        at: usize,
    ) -> Word {
        if at < self.layout.node_count {
            self.local_of_image(quotient, state, rows, permutation, at)
        } else if at == self.layout.history() {
            known(&rows.history[permutation], || self.image_of_history(quotient, state[at], permutation))
        } else if Some(at) == self.layout.split {
            self.image_of_split(quotient, state[at], permutation)
        } else {
            match self.layout.clock(0).filter(|first| at >= *first) {
                Some(first) => state[first + usize::from(quotient.group.sources(permutation)[at - first])],
                None => state[at],
            }
        }
    }

    /// Makes `state` the image that stands for its orbit.
    pub(super) fn represent(&self, quotient: &Quotient<P>, state: &mut [Word]) {
        let rows = self.rows(quotient, state);
        let (mut classes, mut sorted) = ([0; NODES_MAX], [0; NODES_MAX]);
        for group in &quotient.group.groups {
            for node in group {
                classes[*node] = self.class(quotient, *node, state[*node]);
                sorted[*node] = classes[*node];
            }
            // By insertion, since the members of a group need not be neighbours.
            for at in 1..group.len() {
                let mut at = at;
                while at > 0 && sorted[group[at - 1]] > sorted[group[at]] {
                    sorted.swap(group[at - 1], group[at]);
                    at -= 1;
                }
            }
        }
        let fits = |node: usize, place: usize| classes[node] == sorted[place];
        let mut best: Option<usize> = None;
        quotient.group.each_fitting(&fits, &mut |permutation| {
            let word = |permutation, at| self.word_of_image(quotient, state, &rows, permutation, at);
            let is_less = |best: usize| {
                let mut words = (0..state.len()).map(|at| word(permutation, at).cmp(&word(best, at)));
                words.find(|order| order.is_ne()).is_some_and(std::cmp::Ordering::is_lt)
            };
            if best.is_none_or(is_less) {
                best = Some(permutation);
            }
        });
        let best = best.expect("some permutation puts the members in order");
        if best != IDENTITY {
            let mut least = [0; WORDS_MAX];
            (0..state.len()).for_each(|at| least[at] = self.word_of_image(quotient, state, &rows, best, at));
            state.copy_from_slice(&least[..state.len()]);
        }
    }

    /// Asks of every permutation of interchangeable members whether something differs, if symmetry is made use of.
    pub(super) fn ask_of_images(&self, differs: impl Fn(&Quotient<P>, usize) -> Option<String>) {
        let Some(quotient) = &self.quotient else { return };
        if quotient.asymmetry.get().is_none()
            && let Some(sentence) = quotient.group.others().find_map(|permutation| differs(quotient, permutation))
        {
            quotient.complain(|| sentence);
        }
    }
}

//! What the world does to nodes and network: crashes, pauses, partitions.

use quorate::Id;
use quorate::model::{Cause, InFlightAcrossSides, InFlightAtCrash, Losses, Protocol};

use super::state::{Global, Node};
use super::{Move, MoveOf, Reference, Turn, WorldOf, is_left, once_each, spend};

type StorageOf<P> = <<P as Protocol>::Actor as quorate::Actor>::Storage;

impl<S, K, T: Ord, R, M: Ord, H> Global<S, K, T, R, M, H> {
    /// Whether a message passes from one node to another.
    pub fn connects(&self, from: Id, to: Id) -> bool {
        self.sides.is_empty() || self.sides[usize::from(from)] == self.sides[usize::from(to)]
    }

    /// Whether a node takes steps.
    pub fn is_going(&self, id: Id) -> bool {
        self.nodes[usize::from(id)].memory.as_ref().is_some_and(|memory| memory.paused.is_none())
    }
}

impl<P: Protocol> Reference<P> {
    fn may_strike(&self, faults: &Losses, spent: u32, id: Id) -> bool {
        is_left(faults.total, spent) && self.is_of_roles(id, &faults.of_roles)
    }

    /// Whether there may be, at some time, a crash of the node that loses or tears its last save.
    pub fn saves_can_be_taken_back(&self, id: Id) -> bool {
        let environment = &self.environment;
        let crashes = &environment.crashes;
        let may_crash =
            is_left(crashes.total, 0) && is_left(crashes.at_once, 0) && self.is_of_roles(id, &crashes.of_roles);
        may_crash
            && (self.may_strike(&environment.lost_saves, 0, id) || self.may_strike(&environment.torn_saves, 0, id))
    }

    pub fn crash(&self, world: &WorldOf<P>, id: Id) -> WorldOf<P> {
        self.down_with(world, id, world.nodes[usize::from(id)].storage.clone())
    }

    pub fn lose_save(&self, world: &WorldOf<P>, id: Id) -> WorldOf<P> {
        let before = world.nodes[usize::from(id)].before_last_save.clone().expect("there is a save to lose");
        let mut next = self.down_with(world, id, before);
        spend(&mut next.spent.lost_saves, self.environment.lost_saves.total);
        next
    }

    pub fn tear_save(&self, world: &WorldOf<P>, id: Id, storage: StorageOf<P>) -> WorldOf<P> {
        let mut next = self.down_with(world, id, Some(storage));
        spend(&mut next.spent.torn_saves, self.environment.torn_saves.total);
        next
    }

    fn down_with(&self, world: &WorldOf<P>, id: Id, storage: Option<StorageOf<P>>) -> WorldOf<P> {
        let before = &world.nodes[usize::from(id)];
        let turn = Turn { node: Node { memory: None, storage, before_last_save: None }, sent: vec![] };
        let facts = self.facts(id, Cause::Crash, before, &turn);
        let mut next = world.clone();
        spend(&mut next.spent.crashes, self.environment.crashes.total);
        if self.environment.crashes.in_flight == InFlightAtCrash::Lost {
            next.network.retain(|_, to| to != id);
        }
        self.after(next, id, turn, &facts)
    }

    pub fn restart(&self, world: &WorldOf<P>, id: Id) -> WorldOf<P> {
        let before = &world.nodes[usize::from(id)];
        let turn = self.start(id, before.storage.clone());
        let facts = self.facts(id, Cause::Restart, before, &turn);
        self.after(world.clone(), id, turn, &facts)
    }

    pub fn crashes_and_restarts(&self, world: &WorldOf<P>, moves: &mut Vec<MoveOf<P::Actor>>) {
        let environment = &self.environment;
        let crashes = &environment.crashes;
        let down_count = world.nodes.iter().filter(|node| node.memory.is_none()).count() as u32;
        let one_more = is_left(crashes.total, world.spent.crashes) && is_left(crashes.at_once, down_count);
        for (ix, node) in world.nodes.iter().enumerate() {
            let id = Id::from(ix);
            if node.memory.is_none() {
                moves.extend(crashes.restart.then_some(Move::Restart(id)));
                continue;
            }
            if !one_more || !self.is_of_roles(id, &crashes.of_roles) {
                continue;
            }
            moves.push(Move::Crash(id));
            let Some(before) = &node.before_last_save else { continue };
            if self.may_strike(&environment.lost_saves, world.spent.lost_saves, id) {
                moves.push(Move::LoseSave(id));
            }
            if self.may_strike(&environment.torn_saves, world.spent.torn_saves, id)
                && let Some(saved) = &node.storage
            {
                let torn = once_each(self.protocol.tear(before.as_ref(), saved));
                moves.extend(torn.into_iter().filter(|rest| rest != saved).map(|rest| Move::TearSave(id, rest)));
            }
        }
    }

    pub fn pauses(&self, world: &WorldOf<P>, moves: &mut Vec<MoveOf<P::Actor>>) {
        let pauses = &self.environment.pauses;
        for (ix, node) in world.nodes.iter().enumerate() {
            let id = Id::from(ix);
            match &node.memory {
                Some(memory) if memory.paused.is_some() => moves.extend(pauses.resume.then_some(Move::Resume(id))),
                Some(_) if is_left(pauses.total, world.spent.pauses) && self.is_of_roles(id, &pauses.of_roles) => {
                    moves.push(Move::Pause(id));
                }
                Some(_) | None => {}
            }
        }
    }

    fn longest_pause(&self) -> Option<u32> {
        let pauses = &self.environment.pauses;
        if pauses.resume && self.environment.timing().is_some() { pauses.longest } else { None }
    }

    pub fn pause(&self, world: &WorldOf<P>, id: Id) -> WorldOf<P> {
        let mut next = world.clone();
        next.nodes[usize::from(id)].memory.as_mut().expect("who is paused is up").paused = Some(self.longest_pause());
        spend(&mut next.spent.pauses, self.environment.pauses.total);
        next
    }

    pub fn resume(&self, world: &WorldOf<P>, id: Id) -> WorldOf<P> {
        let mut next = world.clone();
        next.nodes[usize::from(id)].memory.as_mut().expect("who is paused is up").paused = None;
        next
    }

    /// Every way to give each node a side, less those that say the same or cut off who may not be.
    pub fn partitions(&self, world: &WorldOf<P>, moves: &mut Vec<MoveOf<P::Actor>>) {
        let partitions = &self.environment.partitions;
        if !world.sides.is_empty() {
            moves.extend(partitions.heal.then_some(Move::Heal));
            return;
        }
        if !is_left(partitions.total, world.spent.partitions) {
            return;
        }
        let (count, sides) = (world.nodes.len(), usize::from(partitions.sides));
        let mut splits = Vec::new();
        for code in 0..sides.pow(count as u32) {
            let labels: Vec<usize> = (0..count).map(|ix| code / sides.pow(ix as u32) % sides).collect();
            let first_of = |label: &usize| labels.iter().position(|other| other == label).expect("it is there");
            let firsts: Vec<usize> = labels.iter().map(first_of).collect();
            let mut stay = (0..count).filter(|ix| !self.is_of_roles(Id::from(*ix), &partitions.of_roles));
            let together = stay.next().is_none_or(|first| stay.all(|ix| firsts[ix] == firsts[first]));
            if together && firsts.iter().any(|first| *first > 0) {
                splits.push(firsts);
            }
        }
        moves.extend(once_each(splits).into_iter().map(Move::Partition));
    }

    pub fn split(&self, world: &WorldOf<P>, sides: Vec<usize>) -> WorldOf<P> {
        let mut next = WorldOf::<P> { sides, ..world.clone() };
        spend(&mut next.spent.partitions, self.environment.partitions.total);
        if self.environment.partitions.in_flight == InFlightAcrossSides::Lost {
            next.network.retain(|from, to| next.sides[usize::from(from)] == next.sides[usize::from(to)]);
        }
        next
    }
}

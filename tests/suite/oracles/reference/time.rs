//! Ticks and clocks.

use std::ops::Range;
use std::time::Duration;

use quorate::model::{Choosing, Clocks, Protocol};
use quorate::{Envelope, Id};

use super::network::Pace;
use super::state::{Clock, Due, NodeOf};
use super::{Move, MoveOf, MsgOf, Reference, WorldOf};

impl<P: Protocol> Reference<P> {
    pub fn due(&self, range: &Range<Duration>) -> Due {
        let Some(timing) = self.environment.timing().filter(|_| range.end > Duration::ZERO) else {
            return Due { earliest: 0, latest: None };
        };
        let (start, end, tick) = (range.start.as_micros(), range.end.as_micros(), u128::from(timing.tick_ms) * 1_000);
        let earliest = (start / tick) as u32;
        let latest = end / tick + u128::from(end % tick > 0);
        Due { earliest, latest: Some(earliest.max(latest as u32)) }
    }

    fn clocks(&self) -> Clocks {
        self.environment.timing().map_or(Clocks::Perfect, |timing| timing.clocks)
    }

    pub fn first_clocks(&self) -> Vec<Clock> {
        let first = match self.clocks() {
            Clocks::Perfect => return vec![],
            Clocks::Skewed { .. } => Clock::Ahead(0),
            Clocks::Drifting { .. } => Clock::Steady(0),
        };
        vec![first; self.roster.len()]
    }

    /// Whether a message can reach its receiver now.
    pub fn can_take(world: &WorldOf<P>, envelope: &Envelope<MsgOf<P>>) -> bool {
        world.connects(envelope.src, envelope.dst) && world.is_going(envelope.dst)
    }

    pub fn time(&self, world: &WorldOf<P>, moves: &mut Vec<MoveOf<P::Actor>>) {
        if self.environment.timing().is_none() {
            return;
        }
        moves.push(Move::Tick);
        for (ix, clock) in world.clocks.iter().enumerate() {
            let id = Id::from(ix);
            if Self::timer_must_fire(world, id) || self.must_choose(world, id) {
                continue;
            }
            let mut ticked = world.nodes[ix].clone();
            self.tick_node(id, &mut ticked);
            let is_read = ticked != world.nodes[ix];
            match (clock, self.clocks()) {
                (Clock::Ahead(ahead), Clocks::Skewed { ticks }) if *ahead < ticks.into() => moves.push(Move::Gain(id)),
                (Clock::Steady(0), _) if is_read => moves.extend([Move::Gain(id), Move::Lose(id)]),
                _ => {}
            }
        }
    }

    fn must_choose(&self, world: &WorldOf<P>, id: Id) -> bool {
        let memory = world.nodes[usize::from(id)].memory.as_ref();
        let going = memory.filter(|memory| memory.paused.is_none());
        let at_once = self.environment.timing().map(|timing| timing.choices) == Some(Choosing::AtOnce);
        at_once && going.is_some_and(|memory| memory.choices.values().any(|options| !options.is_empty()))
    }

    fn timer_must_fire(world: &WorldOf<P>, id: Id) -> bool {
        let memory = world.nodes[usize::from(id)].memory.as_ref();
        let going = memory.filter(|memory| memory.paused.is_none());
        going.is_some_and(|memory| memory.timers.values().any(|due| due.latest == Some(0)))
    }

    /// The node after a tick of its clock.
    fn tick_node(&self, id: Id, node: &mut NodeOf<P::Actor>) {
        let Some(memory) = &mut node.memory else { return };
        for due in memory.timers.values_mut() {
            due.earliest = due.earliest.max(1) - 1;
            due.latest = due.latest.map(|latest| latest.max(1) - 1);
        }
        self.protocol.tick_clock(id, &mut memory.state);
    }

    /// One tick of true time, if nothing is overdue.
    pub fn tick(&self, world: &WorldOf<P>) -> Option<WorldOf<P>> {
        let pace = Pace::of(&self.environment);
        let late = |(envelope, age): &(_, u8)| pace.must_arrive(*age) && Self::can_take(world, envelope);
        if world.network.heads().iter().any(late) {
            return None;
        }
        let mut next = world.clone();
        for ix in 0..world.nodes.len() {
            if self.must_choose(world, ix.into()) {
                return None;
            }
            if let Some(memory) = &mut next.nodes[ix].memory
                && let Some(Some(left)) = &mut memory.paused
            {
                *left = left.checked_sub(1)?;
            }
            let ticks = match next.clocks.get_mut(ix) {
                None | Some(Clock::Ahead(0) | Clock::Steady(0)) => true,
                Some(Clock::Ahead(ahead)) => {
                    *ahead -= 1;
                    false
                }
                Some(Clock::Steady(wait)) => {
                    *wait -= 1;
                    true
                }
                Some(misses) => {
                    *misses = Clock::Steady(self.one_tick_in() - 1);
                    false
                }
            };
            if ticks {
                if Self::timer_must_fire(world, ix.into()) {
                    return None;
                }
                self.tick_node(ix.into(), &mut next.nodes[ix]);
            }
        }
        next.network.grow_older(pace);
        Some(next)
    }

    fn one_tick_in(&self) -> u32 {
        match self.clocks() {
            Clocks::Drifting { one_tick_in } => one_tick_in.into(),
            Clocks::Perfect | Clocks::Skewed { .. } => panic!("these clocks do not drift"),
        }
    }

    pub fn gain(&self, world: &WorldOf<P>, id: Id) -> WorldOf<P> {
        let mut next = world.clone();
        self.tick_node(id, &mut next.nodes[usize::from(id)]);
        let clock = &mut next.clocks[usize::from(id)];
        *clock = match *clock {
            Clock::Ahead(ahead) => Clock::Ahead(ahead + 1),
            Clock::Steady(_) | Clock::Misses => Clock::Steady(self.one_tick_in()),
        };
        next
    }

    pub fn miss(world: &WorldOf<P>, id: Id) -> WorldOf<P> {
        let mut next = world.clone();
        next.clocks[usize::from(id)] = Clock::Misses;
        next
    }
}

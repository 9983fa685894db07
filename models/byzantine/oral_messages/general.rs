//! A loyal general: what it is told, what it passes on, what it decides.

use std::collections::{BTreeMap, BTreeSet};

use quorate::model::Deviations;
use quorate::{Id, Out};
use serde::Serialize;

use super::{COMMANDER, Deviation, Member, Msg, Order, Orders, Path, Sizes};

/// A loyal general, with what it knows of the others.
#[derive(Clone, Debug)]
pub struct General {
    pub(super) id: Id,
    /// All generals.
    pub(super) generals: Vec<Id>,
    /// Those who lie. It does not know them: it is who may be told anything by them.
    pub(super) traitors: BTreeSet<Id>,
    pub(super) sizes: Sizes,
    pub(super) deviations: Deviations<Deviation>,
}

/// A loyal general's memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct GeneralState {
    /// What it was told on each path, until it has decided.
    pub told: BTreeMap<Path, Orders>,
    /// What it does.
    pub decided: Option<Order>,
    /// Whether it was told different orders.
    pub was_lied_to: bool,
}

impl General {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    /// Step 1: the commander sends its order to every lieutenant, and does what it orders.
    pub(super) fn start(&self, o: &mut Out<Member>) -> GeneralState {
        let mut me = GeneralState::default();
        if usize::from(self.id) == COMMANDER {
            me.decided = Some(Order::Attack);
            self.send(&Path::new(), Orders::from([Order::Attack]), o);
        }
        self.listen(&me, o);
        me
    }

    /// Tells all who are not on the path yet, in its own name.
    fn send(&self, path: &Path, orders: Orders, o: &mut Out<Member>) {
        let own: Path = path.iter().copied().chain([self.id]).collect();
        let others: Vec<Id> = self.generals.iter().copied().filter(|general| !own.contains(general)).collect();
        o.broadcast(&others, &Msg { path: own, orders });
    }

    /// The path on which it is told something next; `None` when it has been told all.
    pub(super) fn next_path(&self, me: &GeneralState) -> Option<Path> {
        let mut paths = vec![vec![Id::from(COMMANDER)]];
        for _ in 0..=self.sizes.rounds {
            if let Some(next) = paths.iter().find(|path| !me.told.contains_key(*path)) {
                return Some(next.clone()).filter(|_| me.decided.is_none());
            }
            paths = paths.iter().flat_map(|path| self.longer(path)).collect();
        }
        None
    }

    /// The path and one more general who passes on to this one what has come on it.
    fn longer(&self, path: &Path) -> Vec<Path> {
        let passes_on = |general: &&Id| **general != self.id && !path.contains(general);
        let through = |general: &Id| path.iter().copied().chain([*general]).collect();
        self.generals.iter().filter(passes_on).map(through).collect()
    }

    /// A traitor may tell it something, if it is a traitor's turn.
    fn listen(&self, me: &GeneralState, o: &mut Out<Member>) {
        let speaker = self.next_path(me).and_then(|path| path.last().copied());
        if !speaker.is_some_and(|speaker| self.traitors.contains(&speaker)) {
            return o.choose_random("is told", Vec::new());
        }
        let both = Orders::from([Order::Attack, Order::Retreat]);
        let mut lies = vec![Orders::new(), Orders::from([Order::Attack]), Orders::from([Order::Retreat])];
        lies.extend(self.sizes.signed.then_some(both));
        o.choose_random("is told", lies);
    }

    /// Steps 1 to 3 for one message: it keeps it, passes it on, and decides with the last one.
    pub(super) fn be_told(&self, me: &mut GeneralState, path: Path, said: Orders, o: &mut Out<Member>) {
        let orders = if self.sizes.signed { self.authentic(said) } else { self.read(said) };
        me.was_lied_to |= me.told.values().any(|other| *other != orders);
        if path.len() <= self.sizes.rounds {
            // Step 2: it is the commander of those who are not on the path yet.
            self.send(&path, orders.clone(), o);
        }
        me.told.insert(path, orders);
        if self.next_path(me).is_none() {
            self.decide(me);
        }
        self.listen(me, o);
    }

    /// Section 3, steps 1 and 3: to be told nothing is to be told to retreat.
    fn read(&self, said: Orders) -> Orders {
        if said.is_empty() && !self.breaks(Deviation::NoDefault) { Orders::from([Order::Retreat]) } else { said }
    }

    /// Section 4, A4: what the commander has not signed is found out. A loyal one has signed one order; the key of a
    /// traitor signs anything.
    fn authentic(&self, said: Orders) -> Orders {
        let is_signed = |order: &Order| *order == Order::Attack || self.traitors.contains(&Id::from(COMMANDER));
        said.into_iter().filter(|order| is_signed(order) || self.breaks(Deviation::AcceptUnsigned)).collect()
    }

    /// What it does when it has been told all.
    fn decide(&self, me: &mut GeneralState) {
        let is_complete = me.told.values().all(|orders| !orders.is_empty());
        if self.breaks(Deviation::NoDefault) && !is_complete {
            return;
        }
        let commander = vec![Id::from(COMMANDER)];
        let own = me.told[&commander].first().copied().unwrap_or(Order::Retreat);
        let mut decided = if self.sizes.signed { self.choice(me) } else { self.value(me, &commander) };
        if self.breaks(Deviation::ObeyCommander) {
            decided = own;
        }
        me.decided = Some(decided);
        me.told.clear();
    }

    /// Section 3, step 3: the majority of what it was told itself and what the others were told, as far as they have passed
    /// it on; OM(0) takes what it was told.
    fn value(&self, me: &GeneralState, path: &Path) -> Order {
        let own = me.told[path].first().copied().unwrap_or(Order::Retreat);
        if path.len() > self.sizes.rounds {
            return own;
        }
        let mut votes: Vec<Order> = self.longer(path).iter().map(|longer| self.value(me, longer)).collect();
        if !self.breaks(Deviation::OwnNotCounted) {
            votes.push(own);
        }
        self.majority(&votes, own)
    }

    /// Section 4, `choice`: the order, if there is one only.
    fn choice(&self, me: &GeneralState) -> Order {
        let orders: Orders = me.told.values().flatten().copied().collect();
        let own = me.told.values().flatten().next().copied().unwrap_or(Order::Retreat);
        self.majority(&orders.into_iter().collect::<Vec<_>>(), own)
    }

    /// What most say; if there is no such order, the one for want of one.
    fn majority(&self, votes: &[Order], own: Order) -> Order {
        let attacks = votes.iter().filter(|order| **order == Order::Attack).count();
        match attacks.cmp(&(votes.len() - attacks)) {
            std::cmp::Ordering::Greater => Order::Attack,
            std::cmp::Ordering::Equal if self.breaks(Deviation::TieOwn) => own,
            std::cmp::Ordering::Equal | std::cmp::Ordering::Less => Order::Retreat,
        }
    }
}

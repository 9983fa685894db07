//! A law of replicated objects: what clients invoked and were answered is linearizable.
//!
//! **Source.** Maurice Herlihy and Jeannette Wing, *Linearizability: A Correctness Condition for Concurrent Objects*
//! (TOPLAS 1990). The search is that of Wing and Gong (1993), with the configurations that it has seen remembered
//! (Lowe, *Testing for Linearizability*, 2017).
//!
//! [`Operations`] is what an observer keeps: the calls of each client, and which calls had returned when each was
//! invoked. That is all that the definition reads, so two runs that differ only in how concurrent calls interleaved
//! have one history. It is judged once for each distinct history. To decide it is NP-complete in general; histories
//! of a model have a handful of calls.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::hash::Hash;

use serde::Serialize;
use stateright::actor::Id;

use super::{Datum, History, Rename, Renaming};
use crate::system::Linearization;

/// An object as it behaves when its operations come one after the other.
pub trait Sequential: Clone + Ord {
    /// What clients ask of it.
    type Operation: Datum;
    /// What they are answered.
    type Answer: Datum;

    /// Carries out `operation` and answers it.
    fn apply(&mut self, operation: &Self::Operation) -> Self::Answer;
}

/// The calls of one object by its clients, each of which makes one call after the other.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Operations<O, A>(BTreeMap<Id, Vec<Call<O, A>>>);

/// One call of one client.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Call<O, A> {
    /// What it asks.
    pub operation: O,
    /// How many calls of each other client had returned when it was invoked; none of them comes after it.
    pub after: BTreeMap<Id, usize>,
    /// What it was answered; `None` while it is open.
    pub answer: Option<A>,
}

/// What happens to a call.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum CallFact<O, A> {
    /// A client invokes an operation.
    Invoked(Id, O),
    /// The open call of a client returns.
    Returned(Id, A),
}

impl<O: Rename, A: Rename> Rename for Operations<O, A> {
    fn rename(&self, names: &Renaming<'_>) -> Self {
        Self(self.0.rename(names))
    }
}

impl<O: Rename, A: Rename> Rename for Call<O, A> {
    fn rename(&self, names: &Renaming<'_>) -> Self {
        let Self { operation, after, answer } = self;
        Self { operation: operation.rename(names), after: after.rename(names), answer: answer.rename(names) }
    }
}

impl<O: Rename, A: Rename> Rename for CallFact<O, A> {
    fn rename(&self, names: &Renaming<'_>) -> Self {
        match self {
            Self::Invoked(client, operation) => Self::Invoked(names.id(*client), operation.rename(names)),
            Self::Returned(client, answer) => Self::Returned(names.id(*client), answer.rename(names)),
        }
    }
}

impl<O, A> Default for Operations<O, A> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<O: Datum, A: Datum> History for Operations<O, A> {
    type Fact = CallFact<O, A>;

    fn record(&mut self, fact: &CallFact<O, A>) {
        match fact {
            CallFact::Invoked(client, operation) => {
                let others = self.0.iter().filter(|(other, _)| *other != client);
                let after = others.map(|(other, calls)| (*other, returned(calls))).filter(|(_, count)| *count > 0);
                let call = Call { operation: operation.clone(), after: after.collect(), answer: None };
                self.0.entry(*client).or_default().push(call);
            }
            CallFact::Returned(client, answer) => {
                let open = self.0.get_mut(client).and_then(|calls| calls.last_mut());
                if let Some(call) = open.filter(|call| call.answer.is_none()) {
                    call.answer = Some(answer.clone());
                }
            }
        }
    }
}

fn returned<O, A>(calls: &[Call<O, A>]) -> usize {
    calls.iter().filter(|call| call.answer.is_some()).count()
}

/// A client and its calls.
type Caller<'a, O, A> = (Id, &'a [Call<O, A>]);

/// How far a linearization has come: how many calls of each client it has, and the object after them.
type Configuration<S> = (Vec<usize>, S);

impl<O: Datum, A: Datum> Operations<O, A> {
    /// The calls of `client`, in its order.
    pub fn of(&self, client: Id) -> &[Call<O, A>] {
        self.0.get(&client).map_or(&[], Vec::as_slice)
    }

    /// All calls, by client.
    pub fn calls(&self) -> impl Iterator<Item = (Id, &Call<O, A>)> {
        self.0.iter().flat_map(|(client, calls)| calls.iter().map(|call| (*client, call)))
    }

    /// Whether the calls can be put in one order that keeps each call after those that had returned when it was invoked
    /// and in which `object` answers as they were answered. An open call may be in that order or not.
    pub fn is_linearizable<S: Sequential<Operation = O, Answer = A>>(&self, object: S) -> bool {
        let clients: Vec<Caller<'_, O, A>> = self.0.iter().map(|(id, calls)| (*id, calls.as_slice())).collect();
        let mut open: Vec<Configuration<S>> = vec![(vec![0; clients.len()], object)];
        let mut seen: BTreeSet<Configuration<S>> = open.iter().cloned().collect();
        while let Some((taken, object)) = open.pop() {
            if clients.iter().zip(&taken).all(|((_, calls), taken)| *taken >= returned(calls)) {
                return true;
            }
            for client_ix in 0..clients.len() {
                let next = next(&clients, &taken, &object, client_ix).filter(|next| seen.insert(next.clone()));
                open.extend(next);
            }
        }
        false
    }

    /// A longest order as [`is_linearizable`](Self::is_linearizable) asks for it: one with every call that has returned, if
    /// there is one. Which of several it is does not depend on chance.
    pub fn linearization<S: Sequential<Operation = O, Answer = A>>(&self, object: S) -> Linearization {
        let clients: Vec<Caller<'_, O, A>> = self.0.iter().map(|(id, calls)| (*id, calls.as_slice())).collect();
        let start: Configuration<S> = (vec![0; clients.len()], object);
        let mut seen: BTreeSet<Configuration<S>> = BTreeSet::from([start.clone()]);
        let mut open = vec![(start, Vec::new())];
        let mut longest: Vec<(usize, usize)> = Vec::new();
        while let Some(((taken, object), order)) = open.pop() {
            if clients.iter().zip(&taken).all(|((_, calls), taken)| *taken >= returned(calls)) {
                return Linearization { order, is_whole: true };
            }
            for client_ix in (0..clients.len()).rev() {
                let next = next(&clients, &taken, &object, client_ix).filter(|next| seen.insert(next.clone()));
                let call = (usize::from(clients[client_ix].0), taken[client_ix]);
                open.extend(next.map(|next| (next, order.iter().copied().chain([call]).collect())));
            }
            if order.len() > longest.len() {
                longest = order;
            }
        }
        Linearization { order: longest, is_whole: false }
    }
}

/// The configuration after one more call of a client, if its next call may come now and is answered as it was.
fn next<S: Sequential>(
    clients: &[Caller<'_, S::Operation, S::Answer>],
    taken: &[usize],
    object: &S,
    client_ix: usize,
) -> Option<Configuration<S>> {
    let call = clients[client_ix].1.get(taken[client_ix])?;
    let is_due = |(id, _): &(Id, _), taken: &usize| call.after.get(id).is_none_or(|count| taken >= count);
    if !clients.iter().zip(taken).all(|(client, taken)| is_due(client, taken)) {
        return None;
    }
    let mut object = object.clone();
    let answer = object.apply(&call.operation);
    if call.answer.as_ref().is_some_and(|given| *given != answer) {
        return None;
    }
    let mut taken = taken.to_vec();
    taken[client_ix] += 1;
    Some((taken, object))
}

/// Lists the calls, each with its client, its operation and its answer.
impl<O: fmt::Display, A: fmt::Display> fmt::Display for Operations<O, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let calls = self.0.iter().flat_map(|(client, calls)| calls.iter().map(move |call| (client, call)));
        for (ix, (client, call)) in calls.enumerate() {
            let comma = if ix == 0 { "" } else { "; " };
            write!(f, "{comma}{client:?}: {}", call.operation)?;
            match &call.answer {
                Some(answer) => write!(f, " -> {answer}")?,
                None => f.write_str(" is open")?,
            }
            for (other, count) in &call.after {
                write!(f, " (after {count} of {other:?})")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A register that answers with what it held.
    #[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
    struct Register(u8);

    impl Sequential for Register {
        type Operation = u8;
        type Answer = u8;

        fn apply(&mut self, operation: &u8) -> u8 {
            std::mem::replace(&mut self.0, *operation)
        }
    }

    fn calls(facts: &[CallFact<u8, u8>]) -> Operations<u8, u8> {
        let mut calls = Operations::default();
        facts.iter().for_each(|fact| calls.record(fact));
        calls
    }

    #[test]
    fn an_order_is_found_and_a_longest_where_there_is_none() {
        use CallFact::{Invoked, Returned};
        let (a, b) = (Id::from(3), Id::from(5));
        let good = [Invoked(a, 1), Invoked(b, 2), Returned(b, 1), Returned(a, 0)];
        assert_eq!(
            calls(&good).linearization(Register(0)),
            Linearization { order: vec![(3, 0), (5, 0)], is_whole: true }
        );
        let bad = [Invoked(a, 1), Returned(a, 0), Invoked(b, 2), Returned(b, 0)];
        let found = calls(&bad).linearization(Register(0));
        assert_eq!((found.order, found.is_whole), (vec![(3, 0)], false));
        assert!(!calls(&bad).is_linearizable(Register(0)) && calls(&good).is_linearizable(Register(0)));
    }
}

//! The law of linearizability against stateright's tester, on random histories of a register.

use proptest::prelude::*;
use quorate::Id;
use quorate::model::{CallFact, History, Operations, Sequential};
use stateright::semantics::register::{Register, RegisterOp, RegisterRet};
use stateright::semantics::{ConsistencyTester, LinearizabilityTester};

/// Reads and writes of a small number: `None` reads.
type Operation = Option<u8>;
/// What a read saw; `None` is what a write is answered.
type Answer = Option<u8>;

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Cell(u8);

impl Sequential for Cell {
    type Operation = Operation;
    type Answer = Answer;

    fn apply(&mut self, operation: &Operation) -> Answer {
        match operation {
            Some(value) => {
                self.0 = *value;
                None
            }
            None => Some(self.0),
        }
    }
}

/// A history of three clients: each event is of one client, and invokes if that has no open call, or returns.
fn history() -> impl Strategy<Value = Vec<CallFact<Operation, Answer>>> {
    let event = (0..3_usize, proptest::option::of(0..3_u8), 0..3_u8);
    proptest::collection::vec(event, 0..12).prop_map(|events| {
        let mut open: [Option<Operation>; 3] = [None; 3];
        let facts = events.into_iter().map(|(client, operation, seen)| match open[client].take() {
            None => {
                open[client] = Some(operation);
                CallFact::Invoked(Id::from(client), operation)
            }
            Some(operation) => CallFact::Returned(Id::from(client), operation.is_none().then_some(seen)),
        });
        facts.collect()
    })
}

fn says_stateright(history: &[CallFact<Operation, Answer>]) -> bool {
    let mut tester = LinearizabilityTester::new(Register(0_u8));
    for fact in history {
        let valid = match *fact {
            CallFact::Invoked(client, Some(value)) => tester.on_invoke(client, RegisterOp::Write(value)),
            CallFact::Invoked(client, None) => tester.on_invoke(client, RegisterOp::Read),
            CallFact::Returned(client, Some(value)) => tester.on_return(client, RegisterRet::ReadOk(value)),
            CallFact::Returned(client, None) => tester.on_return(client, RegisterRet::WriteOk),
        };
        valid.unwrap();
    }
    tester.is_consistent()
}

fn say_we(history: &[CallFact<Operation, Answer>]) -> bool {
    let mut operations = Operations::default();
    history.iter().for_each(|fact| operations.record(fact));
    operations.is_linearizable(Cell(0))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn as_stateright_says(history in history()) {
        prop_assert_eq!(say_we(&history), says_stateright(&history));
    }
}

#[test]
fn a_read_after_a_write_sees_it_and_a_read_beside_it_may() {
    let (writer, reader) = (Id::from(0), Id::from(1));
    let write = [CallFact::Invoked(writer, Some(1)), CallFact::Returned(writer, None)];
    let read = |seen| [CallFact::Invoked(reader, None), CallFact::Returned(reader, Some(seen))];
    for (seen, is_linearizable) in [(1, true), (0, false)] {
        assert_eq!(say_we(&[write.clone(), read(seen)].concat()), is_linearizable);
        let [invoked, returned] = read(seen);
        assert!(say_we(&[vec![invoked], write.to_vec(), vec![returned]].concat()));
    }
}

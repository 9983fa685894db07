//! A register served by several servers and used by clients that put once and get once.

use std::fmt::Debug;
use std::hash::Hash;

use quorate::model::{
    Cause, Claim, Datum, Facts, History, NetworkKind, Property, Protocol, ProtocolActor, Roster, Step,
};
use quorate::system::Evidence;
use quorate::{Actor, Id};
use serde::{Serialize, Serializer};
use stateright::Expectation;
use stateright::actor::ActorModel;
use stateright::actor::register::{RegisterActor, RegisterMsg};
use stateright::semantics::register::{Register, RegisterOp, RegisterRet};
use stateright::semantics::{ConsistencyTester, LinearizabilityTester};

/// Servers of type `A` and stateright's register clients.
pub struct Registers<A> {
    /// The servers, which come first.
    pub servers: Vec<A>,
    /// How many clients.
    pub client_count: usize,
}

/// Stateright's tester of what clients invoked and were answered.
type Tester = LinearizabilityTester<Id, Register<char>>;

/// The tester as an observer of ours.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct Record(Tester);

impl Eq for Record {}

impl Serialize for Record {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{:?}", self.0))
    }
}

/// What clients do, and are answered.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Fact {
    /// The client asks to write.
    Put(Id, char),
    /// The client asks to read.
    Get(Id),
    /// The client hears that it has written.
    PutOk(Id),
    /// The client hears what it has read.
    GetOk(Id, char),
}

impl History for Record {
    type Fact = Fact;

    fn record(&mut self, fact: &Fact) {
        // A record that makes no sense is remembered by the tester, and is then not linearizable.
        let _ = match *fact {
            Fact::Put(client, value) => self.0.on_invoke(client, RegisterOp::Write(value)).is_ok(),
            Fact::Get(client) => self.0.on_invoke(client, RegisterOp::Read).is_ok(),
            Fact::PutOk(client) => self.0.on_return(client, RegisterRet::WriteOk).is_ok(),
            Fact::GetOk(client, value) => self.0.on_return(client, RegisterRet::ReadOk(value)).is_ok(),
        };
    }
}

impl<A: Clone> Registers<A> {
    fn actors(&self) -> Vec<RegisterActor<A>> {
        let client = || RegisterActor::Client { put_count: 1, server_count: self.servers.len() };
        let servers = self.servers.iter().cloned().map(RegisterActor::Server);
        servers.chain((0..self.client_count).map(|_| client())).collect()
    }
}

impl<A, I> Registers<A>
where
    A: Actor<Msg = RegisterMsg<u64, char, I>, Timer: Ord> + Clone,
    I: Clone + Debug + Eq + Hash + Ord,
{
    /// The same actors under the same tester for stateright, with the properties of its examples.
    pub fn actor_model(&self, network: NetworkKind, lossy: bool) -> ActorModel<RegisterActor<A>, (), Tester> {
        let tester = Tester::new(Register(char::default()));
        super::actor_model(self.actors(), (), tester, network, lossy)
            .property(Expectation::Always, "linearizable", |_, state| state.history.serialized_history().is_some())
            .property(Expectation::Sometimes, "value chosen", |_, state| {
                state.network.iter_deliverable().any(|envelope| is_answer_with_value(envelope.msg))
            })
            .record_msg_in(RegisterMsg::record_returns)
            .record_msg_out(RegisterMsg::record_invocations)
    }
}

fn is_answer_with_value<I>(msg: &RegisterMsg<u64, char, I>) -> bool {
    matches!(msg, RegisterMsg::GetOk(_, value) if *value != char::default())
}

impl<A, I> Protocol for Registers<A>
where
    A: Actor<Msg = RegisterMsg<u64, char, I>> + Clone + Send + Sync + 'static,
    I: Datum + Ord,
    RegisterActor<A>: ProtocolActor + Actor<Msg = RegisterMsg<u64, char, I>>,
{
    crate::plain_protocol!("registers");
    type Actor = RegisterActor<A>;
    type History = Record;

    fn roster(&self) -> Roster<Self::Actor> {
        let mut servers = self.actors();
        let clients = servers.split_off(self.servers.len());
        Roster::new().role("server", servers).role("client", clients)
    }

    fn history(&self) -> Record {
        Record(Tester::new(Register(char::default())))
    }

    fn observe(&self, step: &Step<'_, Self::Actor>, facts: &mut Facts<Fact>) {
        if let Cause::Deliver { msg, .. } = step.cause {
            // An answer that the client does not wait for is none.
            match msg {
                RegisterMsg::PutOk(_) if step.before != step.after => facts.push(Fact::PutOk(step.node)),
                RegisterMsg::GetOk(_, value) if step.before != step.after => facts.push(Fact::GetOk(step.node, *value)),
                _ => {}
            }
        }
        facts.extend(step.sent.iter().filter_map(|envelope| match envelope.msg {
            RegisterMsg::Put(_, value) => Some(Fact::Put(envelope.src, value)),
            RegisterMsg::Get(_) => Some(Fact::Get(envelope.src)),
            _ => None,
        }));
    }

    fn properties() -> Vec<Property<Self>> {
        vec![
            Claim::always("linearizable", "what clients see is a register").by_history(|_: &Self, record: &Record| {
                record.0.serialized_history().is_none().then(|| Evidence::new(format!("{:?}", record.0)))
            }),
            Claim::sometimes("value-chosen", "a client is being told a value").by_world(|_: &Self, world| {
                let answer = world.in_flight.iter().find(|envelope| is_answer_with_value(&envelope.msg));
                answer.map(|envelope| Evidence::new(format!("{:?} to {:?}", envelope.msg, envelope.dst)))
            }),
        ]
    }
}

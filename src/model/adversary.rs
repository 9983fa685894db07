//! A member that lies: it says whatever it likes, as far as signatures let it.
//!
//! Signatures are respected by construction, not by cryptography: what a message bears of signatures is said by the
//! [`Alphabet`], and the adversary can bear a signature only if it is its own, or if it has received it. That is the
//! Dolev-Yao attacker with perfect signatures, over finitely many messages. Without an adversary in its roster a protocol
//! has only crash faults.

use std::collections::BTreeSet;

use serde::Serialize;
use stateright::actor::{Actor, Id, Out};

/// What an adversary may say, and what that bears of signatures.
pub trait Alphabet {
    /// A message of the protocol.
    type Msg: Clone + PartialEq;
    /// A statement that somebody can sign: what a signature is a signature of.
    type Statement: Clone + Ord;

    /// Everything that an adversary may ever say, and to whom. Finite, each once.
    fn utterances(&self) -> Vec<Utterance<Self::Msg>>;

    /// The signed statements in a message: who has signed, and what. Nothing for a message that anyone can make up.
    fn signed(&self, message: &Self::Msg) -> Vec<(Id, Self::Statement)>;
}

/// Something to say, and to whom.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Utterance<M> {
    /// Who shall hear it.
    pub to: Id,
    /// What is said.
    pub message: M,
}

/// What an adversary has to remember: its state.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Knowledge<S: Ord> {
    /// The statements of others that it has received with their signatures, and may show around.
    pub received: BTreeSet<(Id, S)>,
    /// How many more messages it may send; `None` without bound, which is finite on a duplicating network only.
    pub sends_left: Option<u8>,
}

/// The handlers of a member that lies, for a protocol's actor to hand its events to. What it says next is an open
/// choice under the key [`SAYS`](Self::SAYS); it may also say nothing for ever, or crash as others do.
#[derive(Clone, Debug)]
pub struct Adversary<A> {
    /// What there is to say.
    pub alphabet: A,
    /// Whose keys it has, its own included: members that collude share them.
    pub keys: BTreeSet<Id>,
    /// How many messages it may send in one run; `None` without bound.
    pub sends: Option<u8>,
}

impl<A: Alphabet> Adversary<A> {
    /// The key of its choice.
    pub const SAYS: &'static str = "says";

    /// As [`Actor::on_start`].
    pub fn start<P>(&self, out: &mut Out<P>) -> Knowledge<A::Statement>
    where
        P: Actor<Msg = A::Msg, Random: From<Utterance<A::Msg>>>,
    {
        let knowledge = Knowledge { received: BTreeSet::new(), sends_left: self.sends };
        self.offer(&knowledge, out);
        knowledge
    }

    /// As [`Actor::on_msg`]: it learns the signatures that the message bears. `None` if there was nothing to learn.
    pub fn hear<P>(
        &self,
        knowledge: &Knowledge<A::Statement>,
        message: &A::Msg,
        out: &mut Out<P>,
    ) -> Option<Knowledge<A::Statement>>
    where
        P: Actor<Msg = A::Msg, Random: From<Utterance<A::Msg>>>,
    {
        let mut learnt = knowledge.clone();
        let foreign = self.alphabet.signed(message).into_iter().filter(|(signer, _)| !self.keys.contains(signer));
        learnt.received.extend(foreign);
        let is_news = learnt != *knowledge;
        if is_news {
            self.offer(&learnt, out);
        }
        is_news.then_some(learnt)
    }

    /// As [`Actor::on_random`]: it says what was chosen, and may say something again.
    pub fn say<P>(
        &self,
        knowledge: &Knowledge<A::Statement>,
        utterance: &Utterance<A::Msg>,
        out: &mut Out<P>,
    ) -> Knowledge<A::Statement>
    where
        P: Actor<Msg = A::Msg, Random: From<Utterance<A::Msg>>>,
    {
        out.send(utterance.to, utterance.message.clone());
        let sends_left = knowledge.sends_left.map(|left| left.saturating_sub(1));
        let after = Knowledge { sends_left, ..knowledge.clone() };
        self.offer(&after, out);
        after
    }

    /// Whether it can make up this message: each signature in it is by a key that it has, or was received.
    pub fn can_say(&self, knowledge: &Knowledge<A::Statement>, message: &A::Msg) -> bool {
        let signed = self.alphabet.signed(message);
        signed.iter().all(|statement| self.keys.contains(&statement.0) || knowledge.received.contains(statement))
    }

    /// Opens the choice among all that it can say.
    fn offer<P>(&self, knowledge: &Knowledge<A::Statement>, out: &mut Out<P>)
    where
        P: Actor<Msg = A::Msg, Random: From<Utterance<A::Msg>>>,
    {
        let mut sayable = self.alphabet.utterances();
        sayable.retain(|utterance| knowledge.sends_left != Some(0) && self.can_say(knowledge, &utterance.message));
        out.choose_random(Self::SAYS, sayable.into_iter().map(P::Random::from).collect());
    }
}

//! A checksum: frames that are checked, and sent again if they do not match.
//!
//! **Source.** Philip Koopman and Tridib Chakravarty, *Cyclic Redundancy Code (CRC) Polynomial Selection For Embedded Networks*
//! (DSN 2004), for what a code is sure to detect; Jerome Saltzer, David Reed and David Clark, *End-To-End Arguments in System
//! Design* (TOCS 1984); Keith Bartlett, Roger Scantlebury and Peter Wilkinson, *A Note on Reliable Full-Duplex Transmission
//! over Half-Duplex Links* (1969), for the alternating bit. An article (001, section 3.2.1, lines 59 to 68) has it that what
//! matches was not damaged.
//!
//! **Modelled.** Frames of three bits of payload, a sequence number of one bit, and a check of all four, by one of four codes;
//! every payload; a channel in which frames change in up to so many bits, the check included, or are replaced by another
//! whose check is right; a receiver that asks again for what does not match.
//!
//! **Left out.** Lost frames, for which a timer asks instead of the receiver. Damage to acknowledgements, which have checks
//! of their own. Longer frames: what a code misses does not depend on what else is in the frame.
//!
//! | file | what |
//! |---|---|
//! | `code` | the codes, and frames |
//! | `member` | sender and receiver |

mod code;
mod member;

use quorate::model::{Card, Claim, Deviations, NetworkKind, Node, Property, Protocol, Roster};
use quorate::system::Evidence;

pub use code::{Code, Frame};
pub use member::{Member, Msg, State};

quorate::params! {
    /// What is sent, how it is checked, and how it may be damaged.
    pub struct Params {
        /// How many frames are sent.
        pub frames: usize = 1, in 1..=3;
        /// How a frame is checked.
        pub code: Code = Code::Crc3;
        /// In how many bits a frame that is damaged differs at most.
        pub flips: usize = 1, in 1..=7;
        /// Whether what damages a frame computes its check anew.
        pub forged: bool = false;
    }
}

quorate::deviations! {
    /// What the receiver or the sender may do wrongly.
    pub enum Deviation {
        /// The receiver takes every frame.
        NoCheck = "no-check" breaks "integrity";
        /// The check does not cover the sequence number.
        SequenceUnchecked = "sequence-unchecked" breaks "delivered";
        /// The receiver does not look at the sequence number.
        NoSequence = "no-sequence" breaks "integrity";
        /// The receiver drops what does not match, and says nothing.
        DropSilently = "drop-silently" breaks "delivered";
    }
}

/// A link with these parameters and deviations.
#[derive(Clone, Debug)]
pub struct Checksum {
    params: Params,
    deviations: Deviations<Deviation>,
}

impl Protocol for Checksum {
    const CARD: Card = Card {
        name: "checksum",
        title: "A checksum, and what it misses",
        source: "Koopman and Chakravarty 2004; Saltzer, Reed and Clark, End-To-End Arguments (1984); Bartlett, Scantlebury and \
                 Wilkinson 1969; article 001, section 3.2.1",
        modelled: "parity, exclusive or, sum and CRC over small frames; frames that change in transit or are forged; an \
                   alternating bit; frames that are asked for again",
        left_out: "lost frames; damage to acknowledgements; longer frames, for which a code misses what it misses here",
    };

    type Params = Params;
    type Deviation = Deviation;
    type Actor = Member;
    type History = ();

    fn new(params: Params, deviations: Deviations<Deviation>) -> Result<Self, String> {
        Ok(Self { params, deviations })
    }

    fn roster(&self) -> Roster<Member> {
        let member = |is_sender| Member { is_sender, params: self.params.clone(), deviations: self.deviations };
        Roster::new().role("sender", [member(true)]).role("receiver", [member(false)])
    }

    /// A link: what is sent first arrives first.
    fn network(&self) -> NetworkKind {
        NetworkKind::Fifo
    }

    fn history(&self) {}

    /// A frame may be any other that differs in few enough bits, or any whose check is right.
    fn corrupt(&self, message: &Msg) -> Vec<Msg> {
        let Msg::Frame(sent) = *message else { return Vec::new() };
        let code = self.params.code;
        let may_be = |frame: &Frame| match self.params.forged {
            true => frame.matches(code),
            false => (1..=self.params.flips).contains(&frame.distance(sent)),
        };
        Frame::all(code).filter(|frame| *frame != sent).filter(may_be).map(Msg::Frame).collect()
    }

    fn properties() -> Vec<Property<Self>> {
        vec![
            Claim::always("integrity", "What is delivered is what was sent, in order and once")
                .by_nodes(payloads, damage),
            Claim::eventually_always("delivered", "All frames are delivered").by_nodes(payloads, |it: &Self, all| {
                let count = all[1].len();
                (count < it.params.frames).then(|| Evidence::new(format!("{count} frames are delivered")))
            }),
            Claim::sometimes("rejected", "A frame does not match").by_nodes(
                |_, node: &Node<'_, Member>| matches!(node.state, Some(State::Receiver { has_rejected: true, .. })),
                |_, rejected| rejected[1].then(|| Evidence::new("a frame did not match its check")),
            ),
            Claim::sometimes("done", "All frames are delivered").by_nodes(payloads, |it: &Self, all| {
                (all[1].len() == it.params.frames).then(|| Evidence::new("all frames are delivered"))
            }),
        ]
    }
}

/// The payloads that were sent, or delivered.
fn payloads(_: &Checksum, node: &Node<'_, Member>) -> Vec<u8> {
    match node.state {
        Some(State::Sender { sent: payloads, .. } | State::Receiver { delivered: payloads, .. }) => payloads.clone(),
        None => Vec::new(),
    }
}

fn damage(_: &Checksum, all: &[Vec<u8>]) -> Option<Evidence> {
    let (sent, delivered) = (&all[0], &all[1]);
    (!sent.starts_with(delivered)).then(|| Evidence::new(format!("{sent:?} was sent, and {delivered:?} delivered")))
}

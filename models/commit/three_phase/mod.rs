//! Three-phase commit: before anybody commits everybody knows that all are willing, so that nobody has to wait for
//! who has crashed.
//!
//! # Source
//!
//! D. Skeen, *Nonblocking Commit Protocols* (1981) [S81]; P. Bernstein, V. Hadzilacos and N. Goodman, *Concurrency
//! Control and Recovery in Database Systems* (1987), section 7.5 [BHG]. The states and what makes the protocol non-blocking are
//! those of [S81]; the termination protocol is that of [BHG], in which a backup asks for states, rather than that of
//! [S81], in which it moves the others to its own (`termination`).
//!
//! # What is modelled
//!
//! One transaction, its three phases, the termination protocol with one backup coordinator after another, and the
//! crash of anyone, for good, at any point. A write to the log and the messages of the same step are atomic. A
//! multicast is *one send a step*, in an open order, so that a crash may fall between two of its sends; with
//! `multicast = "at-once"` it is one step.
//!
//! # How crashes are noticed
//!
//! The papers assume what today is called a perfect failure detector: time-outs that are never wrong. With
//! `detector = "perfect"` that is modelled so. A node that has crashed takes part in nothing for ever after; its
//! `restart` is the moment from which its silence counts. From then on a notice is on its way from it to each
//! node, on a channel in order, behind all that it had sent there before. So nobody is suspected who is up,
//! everyone who is not is suspected in the end, and only when nothing from it is on its way to the one who suspects.
//! Different nodes notice at different moments.
//!
//! With real synchrony a crash is noticed when nothing of the crashed node is on its way to *anybody*. The notices
//! promise less, and with them the protocol needs a rule that the papers need not state: who has answered a
//! backup no longer listens to those before it (`report`). With that rule the notices need not even keep to the
//! order of the channel.
//!
//! With `detector = "time-out"`, in timed mode, crashes are noticed as in practice: an answer to a message takes two
//! delays at most, and whoever leads waits for that long and one tick more, from the last answer on. Who waits for the
//! leader must give it all of that and one delay more, since the leader may wait for somebody else. Who takes the leader to have crashed
//! tells the others, as an election would: those who have decided wait for nobody, and would not notice. Here sends
//! and votes take no time (`choices = "at-once"`), and where delays keep to the bound the detector is perfect.
//!
//! With `detector = "none"` time is asynchronous: whoever waits for a node may take it for crashed at any moment. This
//! has all behaviours of a network that is cut in two, where each half takes the other for crashed, and more.
//! Three-phase commit is not made for it, and the checks show what becomes of it.
//!
//! # What is left out, and why that is sound
//!
//! The work of the transaction is one open choice of a participant, to vote Yes or No. Other transactions share
//! nothing with this one. A node that comes back after a crash asks the others for the outcome, as in two-phase commit;
//! it is left out, since nobody waits for it. A cut network as such: `detector = "none"` includes it. Messages are
//! not lost: the papers assume that. Commitment by quorums, where a part that is cut off waits and so never differs from the
//! other, is another protocol, with other messages and an election: [`quorum`](super::quorum).
//!
//! There is no symmetry: participants are not interchangeable, since the first that is up takes the coordinator's place.
//!
//! | file | what |
//! |---|---|
//! | `coordinator` | the coordinator's state and rules |
//! | `participant` | a participant's state and rules while the coordinator is up |
//! | `termination` | its rules when the coordinator has crashed |
//! | `claims` | what the observer remembers, and the properties |

mod claims;
mod coordinator;
mod participant;
mod termination;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use quorate::model::{Card, Deviations, Facts, NetworkKind, Property, Protocol, Roster, Step};
use quorate::{Actor, Id, Out, choice_param, deviations, params};
use serde::Serialize;
use stateright::actor::model_timeout;

pub use claims::{Fact, Ledger};
pub use coordinator::{Coordinator, CoordinatorState, Stage};
pub use participant::{Participant, ParticipantState};
pub use termination::Duty;

use super::decision::{Multicast, Outcome, Vote};
use crate::stores::ticks;

choice_param! {
    /// How a node learns that another has crashed.
    pub enum Detector {
        /// It is told, once nothing from the crashed node is on its way to it.
        Perfect = "perfect",
        /// It waits as long as an answer can take, where messages take no longer than `delay`.
        TimeOut = "time-out",
        /// It takes whom it waits for to have crashed, at any moment.
        Absent = "none",
    }
}

params! {
    /// The size of the cluster, and what is assumed of time.
    pub struct Sizes {
        /// Number of participants.
        pub participants: usize = 2, in 1..=5;
        /// How a node learns that another has crashed.
        pub detector: Detector = Detector::Perfect;
        /// With time-outs: how long a message takes at most, as the nodes have it, in milliseconds.
        pub delay: usize = 1, in 1..=4;
        /// How a message to all participants is sent.
        pub multicast: Multicast = Multicast::OneByOne;
    }
}

deviations! {
    /// What a coordinator or a participant may do wrongly.
    pub enum Deviation {
        /// When the coordinator has crashed nobody asks the others: an uncertain participant aborts and a committable
        /// one commits.
        SimpleTimeouts = "simple-timeouts" breaks "agreement";
        /// A backup that knows that all were willing commits before the others know it.
        SkipPreCommit = "skip-pre-commit" breaks "agreement";
        /// A backup aborts though someone is committable.
        AbortCommittable = "abort-committable" breaks "agreement";
        /// The coordinator aborts when an acknowledgement will not come.
        AbortWithoutAck = "abort-without-ack" breaks "agreement";
        /// A participant goes on listening to those whom it knows to have crashed.
        ListenToTheDead = "listen-to-the-dead" breaks "agreement";
        /// A node that comes back takes part again, with what its log says.
        Rejoin = "rejoin" breaks "agreement";
        /// The coordinator commits without waiting for acknowledgements.
        CommitWithoutAcks = "commit-without-acks" breaks "concurrency-set";
        /// The coordinator goes without the votes of those that have crashed.
        VotesOfTheLiving = "votes-of-the-living" breaks "commit-validity";
        /// A backup goes on waiting for those that crash.
        WaitForTheDead = "wait-for-the-dead" breaks "non-blocking";
        /// Only the first participant takes the coordinator's place.
        OneBackup = "one-backup" breaks "non-blocking";
        /// A backup that has decided keeps it to itself.
        DecidedStaySilent = "decided-stay-silent" breaks "non-blocking";
        /// The coordinator decides at the first vote, without waiting for the others.
        DecideEarly = "decide-early" breaks "abort-validity";
        /// A participant aborts when the coordinator crashes, whatever it knows.
        AbortOnCrash = "abort-on-crash" breaks "irrevocable";
        /// A participant that has decided obeys another outcome.
        ObeyAgain = "obey-again" harmless;
    }
}

/// Where a node stands: the states of [S81], with the names of [BHG].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Phase {
    /// `q`: a participant has not voted; the coordinator counts votes.
    Working,
    /// `w`: it has voted Yes, and does not know how the others voted.
    Uncertain,
    /// `p`: it knows that all have voted Yes.
    Committable,
    /// `c` or `a`.
    Decided(Outcome),
}

impl Phase {
    /// The outcome, if there is one.
    pub fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Decided(outcome) => Some(outcome),
            Self::Working | Self::Uncertain | Self::Committable => None,
        }
    }
}

/// The last record in a node's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Log {
    /// Where the node stood when it wrote it.
    pub phase: Phase,
    /// Whether the node has been found crashed since: it takes part in nothing any more.
    pub buried: bool,
}

impl Log {
    fn of(phase: Phase) -> Self {
        Self { phase, buried: false }
    }
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// Coordinator to participant: vote.
    CanCommit,
    /// Participant to coordinator: it votes Yes.
    Yes,
    /// Participant to coordinator: it votes No.
    No,
    /// To a participant: all have voted Yes.
    PreCommit,
    /// From a participant: it knows that all have voted Yes.
    Ack,
    /// To a participant: the transaction is committed.
    Commit,
    /// To a participant: the transaction is aborted.
    Abort,
    /// Backup to participant: where do you stand?
    StateReq,
    /// Participant to backup: here.
    StateIs(Phase),
    /// The failure detector: the sender has crashed, and nothing else from it is on its way.
    Down,
    /// Who waited for this node in vain says so: with time-outs.
    Gone(Id),
}

impl Msg {
    /// The message that tells `outcome`.
    fn told(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Commit => Self::Commit,
            Outcome::Abort => Self::Abort,
        }
    }
}

/// A node that another has waited for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Overdue(pub Id);

/// What a node leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Pick {
    /// Whom to send to next.
    SendTo(Id),
    /// Participant: how the work went.
    Vote(Vote),
}

/// The choice of whom to send to next.
const NEXT: &str = "next";

/// For whom a node waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaited {
    /// For those that must answer what it has sent.
    Answers,
    /// For the leader, who may be waiting for answers itself.
    Leader,
}

/// Waits for the `awaited` among the `others`, and for nobody else; a perfect detector needs no waiting.
fn watch(sizes: &Sizes, others: &BTreeSet<Id>, (why, awaited): (Awaited, BTreeSet<Id>), o: &mut Out<ThreePhaseActor>) {
    let patience = match sizes.detector {
        Detector::Perfect => return,
        Detector::Absent => model_timeout(),
        Detector::TimeOut => patience(sizes.delay, why),
    };
    for other in others {
        if awaited.contains(other) {
            o.set_timer(Overdue(*other), patience.clone());
        } else {
            o.cancel_timer(Overdue(*other));
        }
    }
}

/// How long an answer can take and a little more, where messages take at most `delay`. Each answer sets the wait for
/// the others anew, so that a leader may wait for two round trips before it goes on.
fn patience(delay: usize, why: Awaited) -> Range<Duration> {
    let delay = delay as u8;
    let answers = 2 * delay + 1;
    ticks(match why {
        Awaited::Answers => answers,
        Awaited::Leader => 2 * delay + answers + delay + 1,
    })
}

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum ThreePhaseActor {
    /// It decides, unless it crashes.
    Coordinator(Coordinator),
    /// It votes, and carries out what is decided.
    Participant(Participant),
}

/// The volatile state of a member.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum State {
    /// It has crashed, and that is noticed.
    Buried,
    /// Of the coordinator.
    #[serde(untagged)]
    Coordinator(CoordinatorState),
    /// Of a participant.
    #[serde(untagged)]
    Participant(ParticipantState),
}

const ROLE_KEPT: &str = "a node keeps its role";

impl ThreePhaseActor {
    fn others(&self) -> BTreeSet<Id> {
        match self {
            Self::Coordinator(me) => me.participants.clone(),
            Self::Participant(me) => me.others(),
        }
    }

    fn detector(&self) -> Detector {
        match self {
            Self::Coordinator(me) => me.sizes.detector,
            Self::Participant(me) => me.sizes.detector,
        }
    }

    /// Not the node acts here, but the failure detector of everyone else: the crash is noticed, once.
    fn bury(&self, log: Log, o: &mut Out<Self>) {
        if log.buried {
            return;
        }
        o.save(Log { buried: true, ..log });
        match self.detector() {
            Detector::Perfect => o.broadcast(&self.others(), &Msg::Down),
            Detector::TimeOut | Detector::Absent => {}
        }
    }
}

impl Actor for ThreePhaseActor {
    type Msg = Msg;
    type Timer = Overdue;
    type State = State;
    type Storage = Log;
    type Random = Pick;

    fn on_start(&self, _: Id, log: &Option<Log>, o: &mut Out<Self>) -> State {
        match (self, log) {
            (Self::Coordinator(me), None) => State::Coordinator(me.start(o)),
            (Self::Participant(me), None) => State::Participant(me.start(o)),
            (Self::Coordinator(_) | Self::Participant(_), Some(log)) => {
                self.bury(*log, o);
                match self {
                    Self::Participant(me) if me.breaks(Deviation::Rejoin) => {
                        State::Participant(me.resume(log.phase, o))
                    }
                    Self::Coordinator(_) | Self::Participant(_) => State::Buried,
                }
            }
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (self, state.to_mut()) {
            (_, State::Buried) => {}
            (Self::Coordinator(me), State::Coordinator(state)) => me.on_msg(state, src, msg, o),
            (Self::Participant(me), State::Participant(state)) => me.on_msg(state, src, msg, o),
            (Self::Coordinator(_), State::Participant(_)) | (Self::Participant(_), State::Coordinator(_)) => {
                unreachable!("{ROLE_KEPT}")
            }
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, State>, overdue: &Overdue, o: &mut Out<Self>) {
        match (self, state.to_mut()) {
            (Self::Coordinator(me), State::Coordinator(state)) => me.on_timeout(state, *overdue, o),
            (Self::Participant(me), State::Participant(state)) => me.on_timeout(state, *overdue, o),
            (Self::Coordinator(_) | Self::Participant(_), _) => unreachable!("{ROLE_KEPT}"),
        }
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, State>, pick: &Pick, o: &mut Out<Self>) {
        match (self, state.to_mut(), *pick) {
            (Self::Coordinator(me), State::Coordinator(state), Pick::SendTo(to)) => me.send_next(state, to, o),
            (Self::Participant(me), State::Participant(state), Pick::SendTo(to)) => me.send_next(state, to, o),
            (Self::Participant(me), State::Participant(state), Pick::Vote(vote)) => me.vote(state, vote, o),
            (Self::Coordinator(_) | Self::Participant(_), _, _) => unreachable!("{ROLE_KEPT}"),
        }
    }
}

/// Three-phase commit of one transaction.
#[derive(Clone, Debug)]
pub struct ThreePhase {
    sizes: Sizes,
    deviations: Deviations<Deviation>,
}

impl ThreePhase {
    /// The coordinator's id.
    const COORDINATOR: usize = 0;

    /// The participants' ids.
    fn participants(&self) -> BTreeSet<Id> {
        (1..=self.sizes.participants).map(Id::from).collect()
    }
}

impl Protocol for ThreePhase {
    const CARD: Card = Card {
        name: "three-phase-commit",
        title: "Three-phase commit",
        source: "Skeen, Nonblocking Commit Protocols (1981); Bernstein, Hadzilacos and Goodman, Concurrency Control \
                 and Recovery in Database Systems (1987), 7.5",
        modelled: "One transaction, three phases, the termination protocol with any number of backups, crashes for \
                   good. A failure detector that is perfect (a node that restarts is one whose crash is noticed), that \
                   waits for as long as an answer can take (timed mode), or none, where waits end at any \
                   moment. A multicast is one send a step.",
        left_out: "The work of the transaction (an open choice between Yes and No), other transactions (they share \
                   nothing with this one), recovery (nobody waits for it), lost messages (the papers assume none), \
                   cut networks (no detector has their behaviours and more).",
    };

    type Params = Sizes;
    type Deviation = Deviation;
    type Actor = ThreePhaseActor;
    type History = Ledger;

    fn new(sizes: Sizes, deviations: Deviations<Deviation>) -> Result<Self, String> {
        Ok(Self { sizes, deviations })
    }

    fn network(&self) -> NetworkKind {
        NetworkKind::Fifo
    }

    fn roster(&self) -> Roster<ThreePhaseActor> {
        let coordinator = ThreePhaseActor::Coordinator(Coordinator {
            participants: self.participants(),
            sizes: self.sizes.clone(),
            deviations: self.deviations,
        });
        let participants = self.participants().into_iter().map(|me| {
            ThreePhaseActor::Participant(Participant {
                me,
                coordinator: Id::from(Self::COORDINATOR),
                peers: self.participants().into_iter().filter(|peer| *peer != me).collect(),
                sizes: self.sizes.clone(),
                deviations: self.deviations,
            })
        });
        Roster::new().role("coordinator", [coordinator]).role("participant", participants)
    }

    fn history(&self) -> Ledger {
        Ledger::new(self.participants())
    }

    fn observe(&self, step: &Step<'_, ThreePhaseActor>, facts: &mut Facts<Fact>) {
        claims::observe(step, facts);
    }

    fn properties() -> Vec<Property<Self>> {
        claims::properties()
    }
}

//! What the classes seem to promise.

use quorate::Id;
use quorate::model::{Claim, Node, Property};
use quorate::system::Evidence;

use super::{Line, State, TwoPhaseZookeeper, ZookeeperActor, participant};
use crate::commit::decision::{Outcome, Vote};

/// What properties read of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Reading {
    Coordinator { outcome: Option<Outcome> },
    Participant { vote: Option<Vote>, ended: Option<Outcome> },
    Ensemble,
}

impl Reading {
    fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Coordinator { outcome } => outcome,
            Self::Participant { ended, .. } => ended,
            Self::Ensemble => None,
        }
    }
}

fn read(_: &TwoPhaseZookeeper, node: &Node<'_, ZookeeperActor>) -> Reading {
    match node.state {
        Some(State::Coordinator(state)) => Reading::Coordinator { outcome: state.outcome },
        Some(State::Participant(state)) => Reading::Participant { vote: state.vote, ended: state.ended },
        Some(State::Ensemble(_)) | None => Reading::Ensemble,
    }
}

/// The first participant of which this is true.
fn participant_with(readings: &[Reading], is: impl Fn(Option<Vote>, Option<Outcome>) -> bool) -> Option<Id> {
    let meant = |reading: &Reading| matches!(reading, Reading::Participant { vote, ended } if is(*vote, *ended));
    readings.iter().position(meant).map(Id::from)
}

fn with_outcome(readings: &[Reading], outcome: Outcome) -> Option<Id> {
    readings.iter().position(|reading| reading.outcome() == Some(outcome)).map(Id::from)
}

pub(super) fn properties() -> Vec<Property<TwoPhaseZookeeper>> {
    vec![no_exception(), agreement(), commit_validity(), termination(), commits(), aborts()]
}

fn no_exception() -> Property<TwoPhaseZookeeper> {
    Claim::always("no-exception", "Nobody raises an exception").by_nodes(
        |_: &TwoPhaseZookeeper, node| match node.state {
            Some(State::Coordinator(state)) => match state.line {
                Line::Raised(exception) => Some(exception),
                Line::Requesting { .. }
                | Line::Reading { .. }
                | Line::Committing { .. }
                | Line::Aborting { .. }
                | Line::Returned => None,
            },
            Some(State::Participant(state)) => match state.line {
                participant::Line::Raised(exception) => Some(exception),
                participant::Line::Idle
                | participant::Line::Getting(_)
                | participant::Line::Executing(_)
                | participant::Line::Voting => None,
            },
            Some(State::Ensemble(_)) | None => None,
        },
        |_, raised| {
            let (ix, exception) = raised.iter().enumerate().find_map(|(ix, raised)| Some((ix, (*raised)?)))?;
            Some(Evidence::new(format!("{:?} raised {exception}", Id::from(ix))))
        },
    )
}

/// AC1, the coordinator included, which has decided when it takes a branch of `if success`.
fn agreement() -> Property<TwoPhaseZookeeper> {
    Claim::always("agreement", "Nobody commits what another aborts").by_nodes(read, |_, readings| {
        let committed = with_outcome(readings, Outcome::Commit)?;
        let aborted = with_outcome(readings, Outcome::Abort)?;
        Some(Evidence::new(format!("{committed:?} has committed and {aborted:?} has aborted")))
    })
}

/// AC3.
fn commit_validity() -> Property<TwoPhaseZookeeper> {
    let claim = "Nobody commits before all participants have voted Yes";
    Claim::always("commit-validity", claim).by_nodes(read, |_, readings| {
        let committed = with_outcome(readings, Outcome::Commit)?;
        let unwilling = participant_with(readings, |vote, _| vote != Some(Vote::Yes))?;
        Some(Evidence::new(format!("{committed:?} has committed and {unwilling:?} has not voted Yes")))
    })
}

/// Who has voted No knows how it ends, and need not run `abort`.
fn termination() -> Property<TwoPhaseZookeeper> {
    let claim = "From everywhere all participants can still come to know how it ends";
    Claim::always_possible("termination", claim).by_nodes(read, |_, readings| {
        let waits = participant_with(readings, |vote, ended| vote != Some(Vote::No) && ended.is_none())?;
        Some(Evidence::new(format!("{waits:?} has neither committed nor aborted")))
    })
}

fn commits() -> Property<TwoPhaseZookeeper> {
    Claim::sometimes("commits", "The coordinator commits, and so do all participants").by_nodes(read, |_, readings| {
        let all = readings.iter().filter(|reading| **reading != Reading::Ensemble);
        let committed = all.copied().all(|reading| reading.outcome() == Some(Outcome::Commit));
        committed.then(|| Evidence::new("the coordinator and all participants have committed"))
    })
}

fn aborts() -> Property<TwoPhaseZookeeper> {
    Claim::sometimes("aborts", "The coordinator aborts, and so does a participant").by_nodes(read, |_, readings| {
        let decided = readings.contains(&Reading::Coordinator { outcome: Some(Outcome::Abort) });
        let aborted = participant_with(readings, |_, ended| ended == Some(Outcome::Abort))?;
        decided.then(|| Evidence::new(format!("the coordinator and {aborted:?} have aborted")))
    })
}

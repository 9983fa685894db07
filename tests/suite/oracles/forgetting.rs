//! What does not recur is not remembered, and that shows in nothing but memory.

use quorate::cluster::{Cluster, entry};
use quorate::engine::{Cut, Ended, Exploration, Finding, Limits, Settings, Silent, Verdict, explore, explore_keeping};
use quorate::exit::Exit;
use quorate::model::NetworkKind;
use quorate::system::PropertyKind;
use stateright::{Checker, Model};

use super::agreement::everything;
use super::environments::calm;
use super::kept::Kept;
use crate::peers::hoard::Hoard;

/// 65,536 states, twice as many as are remembered in any case.
const HOARD: Hoard = Hoard { counters: 8, limit: 3, falters_at: None };

fn cluster() -> Cluster<Hoard> {
    Cluster::new(HOARD, &calm(NetworkKind::Unordered)).unwrap()
}

fn same(one: &Exploration, other: &Exploration) {
    assert_eq!(one.ended, other.ended);
    // The numbers of states depend on threads; the steps of a way do not.
    let ways = |found: &Exploration| -> Vec<Option<(u32, Option<Vec<usize>>)>> {
        let way = |finding: &Finding| (finding.depth, finding.path.as_ref().map(|path| path.steps.clone()));
        found.findings.iter().map(|finding| finding.as_ref().map(way)).collect()
    };
    assert_eq!(ways(one), ways(other));
    assert_eq!(one.statistics.widths, other.statistics.widths);
    assert_eq!(one.statistics.actions, other.statistics.actions);
}

#[test]
fn one_actor_that_holds_everything_agrees() {
    let theirs = HOARD.actor_model().checker().spawn_bfs().join().unique_state_count() as u64;
    let remembering = explore(&cluster(), &Settings { remember_all: true, ..everything(1) }, &Silent);
    assert_eq!(remembering.statistics.distinct, theirs);
    assert_eq!(remembering.verdict(0, PropertyKind::Always), Verdict::Holds);
    assert_eq!(remembering.verdict(1, PropertyKind::Sometimes), Verdict::Reachable);
    for threads in [1, 2] {
        let forgetting = explore(&cluster(), &everything(threads), &Silent);
        same(&forgetting, &remembering);
        let bytes = [&forgetting, &remembering].map(|found| found.effort.table_bytes);
        assert!(bytes[0] < bytes[1], "{threads} threads: {bytes:?}");
    }
}

/// Going on makes again what was kept, which is less.
#[test]
fn a_search_that_forgets_goes_on() {
    let alone = explore(&cluster(), &everything(2), &Silent);
    let kept = Kept::new("forgetting");
    let limits = Limits { states: Some(55_000), ..Limits::default() };
    let cut = explore_keeping(&cluster(), &Settings { limits, ..everything(2) }, &Silent, &kept.anew()).unwrap();
    assert_eq!(cut.ended, Ended::Cut(Cut::States));
    let went_on = explore_keeping(&cluster(), &everything(1), &Silent, &kept.going_on()).unwrap();
    same(&went_on, &alone);
}

/// The audit looks at everything once more, and so is given everything: also the steps to what others have found before, of
/// which at least one of these two is.
#[test]
fn what_is_to_be_looked_at_again_is_remembered() {
    for at in ["at=0", "at=7"] {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let command = ["check", "hoard", "-p", at, "--audit"];
        let exit = quorate::cli::run(&[entry::<Hoard>()], command, &mut out, &mut err);
        let told = String::from_utf8([out, err].concat()).unwrap();
        assert_eq!(exit, Exit::Differs, "{told}");
        assert!(told.contains("audit: the handler of hoarder for the choice"), "{told}");
    }
}

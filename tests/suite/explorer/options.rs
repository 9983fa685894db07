//! What can happen next, and why the rest cannot.

use quorate::report::viewer::{Options, options};
use quorate::system::ActionKind::{self, Crash, Deliver, Partition, Pause};

use super::relay::{CATALOGUE, instance, path};

fn after(kinds: &[ActionKind]) -> Options {
    let instance = instance(3, 4);
    let system = CATALOGUE[0].build(&instance).unwrap();
    let path = path(&*system, kinds.iter().copied());
    options(&*system, path.states.last().unwrap(), &instance.environment)
}

fn whys(options: &Options, kind: &str) -> Vec<String> {
    options.impossible.iter().filter(|one| one.kind == kind).map(|one| one.why.clone()).collect()
}

#[test]
fn what_is_possible_is_what_the_system_says() {
    let options = after(&[]);
    let deliver = options.possible.iter().find(|one| one.kind == "deliver").unwrap();
    assert!(deliver.text.starts_with("member0 -> member1") && !deliver.fault);
    assert!(options.possible.iter().any(|one| one.kind == "crash" && one.fault));
    assert!(whys(&options, "deliver").is_empty());
}

#[test]
fn what_is_not_possible_says_why() {
    // The token is on its way to member1, which is the first to crash after member0.
    let down = after(&[Deliver, Deliver, Crash, Crash]);
    assert_eq!(whys(&down, "deliver"), ["member0 is down: the message waits"]);
    assert!(whys(&down, "crash").iter().all(|why| why == "the budget of 2 (crashes) is spent"));
    let paused = after(&[Deliver, Deliver, Pause]);
    assert_eq!(whys(&paused, "deliver"), ["member0 stands still: the message waits"]);
    assert_eq!(whys(&paused, "timeout"), ["member0 stands still"]);
    let split = after(&[Partition]);
    let sides = whys(&split, "deliver");
    assert!(sides.is_empty() || sides == ["member0 and member1 are on different sides of the split network"]);
    assert_eq!(whys(&after(&[Partition, ActionKind::Heal]), "partition"), ["the budget of 1 (partitions) is spent"]);
}

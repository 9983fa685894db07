//! What a trace was taken from, in a sentence.

use crate::cluster::Instance;
use crate::model::{
    Budget, Crashes, Environment, InFlightAcrossSides, InFlightAtCrash, NetworkKind, NoOpDelivery, Partitions, Pauses,
};

/// Protocol, parameters, deviations, network and faults, in words.
pub fn setting(instance: &Instance) -> String {
    let mut parts = vec![instance.protocol.clone()];
    let params: Vec<_> = instance.params.iter().map(|(name, value)| format!("{name} = {value}")).collect();
    if !params.is_empty() {
        parts[0] += &format!(" with {}", params.join(", "));
    }
    match instance.deviations.as_slice() {
        [] => {}
        [deviation] => parts.push(format!("deviation {deviation}")),
        several => parts.push(format!("deviations {}", several.join(", "))),
    }
    parts.push(network(&instance.environment));
    parts.extend(faults(&instance.environment));
    if !instance.environment.assume.is_empty() {
        parts.push(format!("assuming {}", instance.environment.assume.join(", ")));
    }
    parts.join("; ")
}

fn network(environment: &Environment) -> String {
    let network = match environment.network {
        NetworkKind::Unordered => "unordered network",
        NetworkKind::Duplicating => "unordered network that may deliver a message again and again",
        NetworkKind::Fifo => "network in order of sending",
    };
    match environment.no_op {
        NoOpDelivery::Wait => network.to_owned(),
        NoOpDelivery::Consume => format!("{network}, which consumes messages that change nothing"),
    }
}

fn faults(environment: &Environment) -> Vec<String> {
    let Environment {
        network: _,
        no_op: _,
        loss,
        duplicates,
        corruptions,
        crashes,
        lost_saves,
        torn_saves,
        pauses,
        partitions,
        assume: _,
    } = environment;
    let faults = [
        budget(loss.total, "lost message", "lost messages").map(|text| text + &to(&loss.of_roles)),
        budget(duplicates.total, "duplicated message", "duplicated messages")
            .map(|text| text + &to(&duplicates.of_roles)),
        budget(corruptions.total, "corrupted message", "corrupted messages")
            .map(|text| text + &to(&corruptions.of_roles)),
        budget(crashes.total, "crash", "crashes").map(|text| text + &manner(crashes)),
        budget(lost_saves.total, "lost save", "lost saves").map(|text| text + &of(&lost_saves.of_roles)),
        budget(torn_saves.total, "torn save", "torn saves").map(|text| text + &of(&torn_saves.of_roles)),
        budget(pauses.total, "pause", "pauses").map(|text| text + &standing(pauses)),
        budget(partitions.total, "partition", "partitions").map(|text| text + &parting(partitions)),
    ];
    let mut faults: Vec<String> = faults.into_iter().flatten().collect();
    if faults.is_empty() {
        faults.push("no faults".to_owned());
    }
    faults
}

/// `None` for what does not happen.
fn budget(budget: Budget, one: &str, several: &str) -> Option<String> {
    match budget {
        Budget::AtMost(0) => None,
        Budget::AtMost(1) => Some(format!("at most 1 {one}")),
        Budget::AtMost(bound) => Some(format!("at most {bound} {several}")),
        Budget::Unlimited => Some(format!("any number of {several}")),
    }
}

fn to(roles: &[String]) -> String {
    if roles.is_empty() { String::new() } else { format!(" to {}", roles.join(", ")) }
}

fn of(roles: &[String]) -> String {
    if roles.is_empty() { String::new() } else { format!(" of {}", roles.join(", ")) }
}

fn standing(pauses: &Pauses) -> String {
    let for_good = if pauses.resume { "" } else { ", for good" };
    of(&pauses.of_roles) + for_good
}

fn parting(partitions: &Partitions) -> String {
    let mut text = of(&partitions.of_roles);
    if partitions.sides > 2 {
        text += &format!(" into {} sides", partitions.sides);
    }
    if !partitions.heal {
        text += ", for good";
    }
    if partitions.in_flight == InFlightAcrossSides::Lost {
        text += ", messages across are lost";
    }
    text
}

fn manner(crashes: &Crashes) -> String {
    let mut text = of(&crashes.of_roles);
    if let Some(bound) = crashes.at_once.bound() {
        text += &format!(", {bound} at once");
    }
    if !crashes.restart {
        text += ", no restart";
    }
    if crashes.in_flight == InFlightAtCrash::Lost {
        text += ", messages to the crashed are lost";
    }
    text
}

#[cfg(test)]
mod tests {
    use indexmap::IndexMap;

    use super::*;
    use crate::model::{Losses, ParamValue};

    #[test]
    fn everything_that_was_asked_for_is_said() {
        let plain = Instance {
            protocol: "paxos".to_owned(),
            params: IndexMap::new(),
            deviations: Vec::new(),
            environment: Environment::default(),
        };
        assert_eq!(setting(&plain), "paxos; unordered network; no faults");
        let faulty = Instance {
            params: IndexMap::from([("acceptors".to_owned(), ParamValue::Count(3))]),
            deviations: vec!["forget-promise".to_owned(), "vote-twice".to_owned()],
            environment: Environment {
                network: NetworkKind::Fifo,
                no_op: NoOpDelivery::Consume,
                loss: Losses { total: Budget::AtMost(1), of_roles: vec!["acceptor".to_owned()] },
                duplicates: Losses { total: Budget::Unlimited, of_roles: Vec::new() },
                crashes: Crashes {
                    total: Budget::AtMost(2),
                    at_once: Budget::AtMost(1),
                    of_roles: vec!["acceptor".to_owned(), "proposer".to_owned()],
                    restart: false,
                    in_flight: InFlightAtCrash::Lost,
                },
                assume: vec!["few-down".to_owned()],
                corruptions: Losses { total: Budget::AtMost(1), of_roles: vec!["learner".to_owned()] },
                lost_saves: Losses { total: Budget::AtMost(1), of_roles: Vec::new() },
                torn_saves: Losses { total: Budget::AtMost(2), of_roles: vec!["acceptor".to_owned()] },
                pauses: Pauses { total: Budget::AtMost(1), of_roles: vec!["proposer".to_owned()], resume: false },
                partitions: Partitions {
                    total: Budget::AtMost(2),
                    of_roles: vec!["acceptor".to_owned()],
                    sides: 3,
                    heal: false,
                    in_flight: InFlightAcrossSides::Lost,
                },
            },
            ..plain
        };
        assert_eq!(
            setting(&faulty),
            "paxos with acceptors = 3; deviations forget-promise, vote-twice; network in order of sending, which \
             consumes messages that change nothing; at most 1 lost message to acceptor; any number of duplicated \
             messages; at most 1 corrupted message to learner; at most 2 crashes of acceptor, proposer, 1 at once, no \
             restart, messages to the crashed are lost; at most 1 lost save; at most 2 torn saves of acceptor; at most 1 \
             pause of proposer, for good; at most 2 partitions of acceptor into 3 sides, for good, messages across are \
             lost; assuming few-down"
        );
    }
}

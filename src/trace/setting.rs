//! What a trace was taken from, in a sentence.

use crate::cluster::Instance;
use crate::model::{
    Budget, Choosing, Clocks, Crashes, Delay, Environment, InFlightAcrossSides, InFlightAtCrash, NetworkKind,
    NoOpDelivery, Partitions, Pauses, Timing,
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
    parts.extend(timing(&instance.environment));
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

/// The model of time in force, whichever it is.
pub fn time(environment: &Environment) -> String {
    timing(environment).unwrap_or_else(|| "asynchronous time: any delay, and a timer may fire at any moment".to_owned())
}

/// The model of time in force; nothing for asynchronous time, the default.
pub(crate) fn timing(environment: &Environment) -> Option<String> {
    let Timing { tick_ms, delay, clocks, choices } = environment.timing()?;
    let delay = match *delay {
        Delay { at_least: 0, at_most: None } => "messages take any time".to_owned(),
        Delay { at_least, at_most: None } => format!("messages take {at_least} ticks or more"),
        Delay { at_least, at_most: Some(at_most) } => format!("messages take {at_least} to {at_most} ticks"),
    };
    let clocks = match *clocks {
        Clocks::Perfect => "perfect clocks".to_owned(),
        Clocks::Skewed { ticks } => format!("clocks at most {ticks} ticks apart"),
        Clocks::Drifting { one_tick_in } => format!("clocks that gain or lose 1 tick in {one_tick_in}"),
    };
    let choices = match *choices {
        Choosing::AnyTime => "",
        Choosing::AtOnce => ", choices made at once",
    };
    Some(format!("time in ticks of {tick_ms} ms, {delay}, {clocks}{choices}"))
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
        time: _,
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
    let bound = match pauses.longest {
        _ if !pauses.resume => ", for good".to_owned(),
        Some(longest) => format!(" of at most {longest} ticks"),
        None => String::new(),
    };
    of(&pauses.of_roles) + &bound
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
    use crate::model::{Losses, ParamValue, Time};

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
                pauses: Pauses {
                    total: Budget::AtMost(1),
                    of_roles: vec!["proposer".to_owned()],
                    resume: false,
                    longest: None,
                },
                partitions: Partitions {
                    total: Budget::AtMost(2),
                    of_roles: vec!["acceptor".to_owned()],
                    sides: 3,
                    heal: false,
                    in_flight: InFlightAcrossSides::Lost,
                },
                time: Time::Timed(Timing {
                    tick_ms: 10,
                    delay: Delay { at_least: 1, at_most: Some(3) },
                    clocks: Clocks::Skewed { ticks: 2 },
                    choices: Choosing::AtOnce,
                }),
            },
            ..plain
        };
        assert_eq!(
            setting(&faulty),
            "paxos with acceptors = 3; deviations forget-promise, vote-twice; network in order of sending, which \
             consumes messages that change nothing; time in ticks of 10 ms, messages take 1 to 3 ticks, clocks at most 2 \
             ticks apart, choices made at once; at most 1 lost message to acceptor; any number of duplicated \
             messages; at most 1 corrupted message to learner; at most 2 crashes of acceptor, proposer, 1 at once, no \
             restart, messages to the crashed are lost; at most 1 lost save; at most 2 torn saves of acceptor; at most 1 \
             pause of proposer, for good; at most 2 partitions of acceptor into 3 sides, for good, messages across are \
             lost; assuming few-down"
        );
    }
}

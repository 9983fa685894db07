//! Network, fault budgets and time.

use super::nearest;
use super::reader::{Form, Node, Reader, Section, Words};
use crate::model::{
    Budget, Choosing, Clocks, Crashes, Delay, Environment, InFlightAcrossSides, InFlightAtCrash, Losses, NetworkKind,
    NoOpDelivery, Partitions, Pauses, Time, Timing,
};

const NETWORKS: &Words<NetworkKind> =
    &[("unordered", NetworkKind::Unordered), ("duplicating", NetworkKind::Duplicating), ("fifo", NetworkKind::Fifo)];
const NO_OPS: &Words<NoOpDelivery> = &[("wait", NoOpDelivery::Wait), ("consume", NoOpDelivery::Consume)];
const IN_FLIGHT: &Words<InFlightAtCrash> = &[("kept", InFlightAtCrash::Kept), ("lost", InFlightAtCrash::Lost)];

const ACROSS_SIDES: &Words<InFlightAcrossSides> =
    &[("kept", InFlightAcrossSides::Kept), ("lost", InFlightAcrossSides::Lost)];

pub(super) const FAULT_KEYS: &[&str] =
    &["loss", "duplicates", "corruptions", "crashes", "lost_saves", "torn_saves", "pauses", "partitions"];
const LOSS_KEYS: &[&str] = &["total", "of"];
const CRASH_KEYS: &[&str] = &["total", "at_once", "of", "restart", "in_flight"];
const PAUSE_KEYS: &[&str] = &["total", "of", "resume", "longest"];
const TIMES: &Words<bool> = &[("asynchronous", false), ("timed", true)];
const TIME_KEYS: &[&str] = &["mode", "tick_ms", "delay", "skew", "drift_one_in", "choices"];

const CHOICES: &Words<Choosing> = &[("any-time", Choosing::AnyTime), ("at-once", Choosing::AtOnce)];
const DELAY_KEYS: &[&str] = &["at_least", "at_most"];
const PARTITION_KEYS: &[&str] = &["total", "of", "sides", "heal", "in_flight"];

/// The environment of a check. `network` is what the protocol assumes; `roles` are unknown where the instance
/// itself is wrong, and then not looked up.
pub(super) fn read(
    reader: &mut Reader,
    check: &Section<'_>,
    network: NetworkKind,
    roles: Option<&[&'static str]>,
) -> Environment {
    let mut environment = Environment { network, ..Environment::default() };
    if let Some(network) = check.get("network").and_then(|node| reader.word(node, "network", NETWORKS)) {
        environment.network = network;
    }
    if let Some(no_op) = check.get("no_op").and_then(|node| reader.word(node, "value of `no_op`:", NO_OPS)) {
        environment.no_op = no_op;
    }
    if let Some(node) = check.get("time") {
        environment.time = time(reader, node);
    }
    let Some(faults) = check.get("faults").and_then(|node| reader.section(node, FAULT_KEYS)) else {
        return environment;
    };
    let Environment { loss, duplicates, corruptions, lost_saves, torn_saves, .. } = &mut environment;
    let aimed = [
        ("loss", loss),
        ("duplicates", duplicates),
        ("corruptions", corruptions),
        ("lost_saves", lost_saves),
        ("torn_saves", torn_saves),
    ];
    for (key, budget) in aimed {
        if let Some(node) = faults.get(key) {
            *budget = losses(reader, node, roles);
        }
    }
    if let Some(node) = faults.get("crashes") {
        environment.crashes = crashes(reader, node, roles);
    }
    if let Some(node) = faults.get("pauses") {
        environment.pauses = pauses(reader, node, roles);
    }
    if let Some(node) = faults.get("partitions") {
        environment.partitions = partitions(reader, node, roles);
    }
    environment
}

fn losses(reader: &mut Reader, node: &Node, roles: Option<&[&'static str]>) -> Losses {
    if !matches!(node.form, Form::Section(_)) {
        return Losses { total: budget(reader, node).unwrap_or_default(), of_roles: Vec::new() };
    }
    let Some(section) = reader.section(node, LOSS_KEYS) else { return Losses::default() };
    Losses { total: total(reader, &section), of_roles: of_roles(reader, &section, roles) }
}

fn crashes(reader: &mut Reader, node: &Node, roles: Option<&[&'static str]>) -> Crashes {
    let mut crashes = Crashes::default();
    if !matches!(node.form, Form::Section(_)) {
        crashes.total = budget(reader, node).unwrap_or_default();
        return crashes;
    }
    let Some(section) = reader.section(node, CRASH_KEYS) else { return crashes };
    crashes.total = total(reader, &section);
    crashes.of_roles = of_roles(reader, &section, roles);
    if let Some(at_once) = section.get("at_once").and_then(|node| budget(reader, node)) {
        crashes.at_once = at_once;
    }
    if let Some(restart) = section.get("restart").and_then(|node| reader.flag(node)) {
        crashes.restart = restart;
    }
    if let Some(in_flight) =
        section.get("in_flight").and_then(|node| reader.word(node, "value of `in_flight`:", IN_FLIGHT))
    {
        crashes.in_flight = in_flight;
    }
    crashes
}

fn pauses(reader: &mut Reader, node: &Node, roles: Option<&[&'static str]>) -> Pauses {
    let mut pauses = Pauses::default();
    if !matches!(node.form, Form::Section(_)) {
        pauses.total = budget(reader, node).unwrap_or_default();
        return pauses;
    }
    let Some(section) = reader.section(node, PAUSE_KEYS) else { return pauses };
    pauses.total = total(reader, &section);
    pauses.of_roles = of_roles(reader, &section, roles);
    if let Some(resume) = section.get("resume").and_then(|node| reader.flag(node)) {
        pauses.resume = resume;
    }
    pauses.longest = section.get("longest").and_then(|node| ticks(reader, node, 0, u32::MAX));
    pauses
}

fn partitions(reader: &mut Reader, node: &Node, roles: Option<&[&'static str]>) -> Partitions {
    let mut partitions = Partitions::default();
    if !matches!(node.form, Form::Section(_)) {
        partitions.total = budget(reader, node).unwrap_or_default();
        return partitions;
    }
    let Some(section) = reader.section(node, PARTITION_KEYS) else { return partitions };
    partitions.total = total(reader, &section);
    partitions.of_roles = of_roles(reader, &section, roles);
    if let Some(node) = section.get("sides") {
        match reader.count(node, u64::from(u8::MAX)) {
            Some(sides @ 2..) => partitions.sides = sides as u8,
            Some(sides) => reader.wrong(&node.span, format!("{sides} is out of bounds"), "2 or more sides"),
            None => {}
        }
    }
    if let Some(heal) = section.get("heal").and_then(|node| reader.flag(node)) {
        partitions.heal = heal;
    }
    if let Some(in_flight) =
        section.get("in_flight").and_then(|node| reader.word(node, "value of `in_flight`:", ACROSS_SIDES))
    {
        partitions.in_flight = in_flight;
    }
    partitions
}

/// A word or a table: how time passes.
fn time(reader: &mut Reader, node: &Node) -> Time {
    if !matches!(node.form, Form::Section(_)) {
        let timed = reader.word(node, "value of `time`:", TIMES);
        return if timed == Some(true) { Time::Timed(Timing::default()) } else { Time::Asynchronous };
    }
    let Some(section) = reader.section(node, TIME_KEYS) else { return Time::default() };
    let mode = section.required(reader, "mode", "`time`");
    let timed = mode.and_then(|node| reader.word(node, "mode of time", TIMES));
    let mut timing = Timing::default();
    if let Some(tick_ms) = section.get("tick_ms").and_then(|node| ticks(reader, node, 1, u32::MAX)) {
        timing.tick_ms = tick_ms;
    }
    if let Some(node) = section.get("delay") {
        timing.delay = delay(reader, node);
    }
    let skew = section.get("skew").and_then(|node| ticks(reader, node, 1, u8::MAX.into()));
    let drift = section.get("drift_one_in").and_then(|node| ticks(reader, node, 2, u16::MAX.into()));
    timing.clocks = match (skew, drift) {
        (Some(_), Some(_)) => {
            reader.wrong(&node.span, "clocks are skewed or drift", "one of `skew` and `drift_one_in`");
            Clocks::Perfect
        }
        (Some(skew), None) => Clocks::Skewed { ticks: skew as u8 },
        (None, Some(drift)) => Clocks::Drifting { one_tick_in: drift as u16 },
        (None, None) => Clocks::Perfect,
    };
    if let Some(node) = section.get("choices") {
        timing.choices = reader.word(node, "value of `choices`:", CHOICES).unwrap_or_default();
    }
    if timed == Some(false)
        && let Some(key) = TIME_KEYS[1..].iter().find(|key| section.get(key).is_some())
    {
        reader.wrong(&node.span, format!("asynchronous time has no `{key}`"), "`mode = \"timed\"`");
    }
    if timed == Some(true) { Time::Timed(timing) } else { Time::Asynchronous }
}

/// How long messages take: at most so many ticks, or a table.
fn delay(reader: &mut Reader, node: &Node) -> Delay {
    if !matches!(node.form, Form::Section(_)) {
        return Delay { at_least: 0, at_most: ticks(reader, node, 0, u8::MAX.into()).map(|ticks| ticks as u8) };
    }
    let Some(section) = reader.section(node, DELAY_KEYS) else { return Delay::default() };
    let mut bound = |key| section.get(key).and_then(|node| ticks(reader, node, 0, u8::MAX.into()));
    let (at_least, at_most) = (bound("at_least").unwrap_or(0) as u8, bound("at_most").map(|ticks| ticks as u8));
    if at_most.is_some_and(|at_most| at_most < at_least) {
        reader.wrong(&node.span, "no delay is both", "`at_most` not below `at_least`");
    }
    Delay { at_least, at_most }
}

/// A number of ticks within bounds.
fn ticks(reader: &mut Reader, node: &Node, least: u32, most: u32) -> Option<u32> {
    let count = reader.count(node, most.into())? as u32;
    if count < least {
        reader.wrong(&node.span, format!("{count} is out of bounds"), format!("{least} or more"));
    }
    (count >= least).then_some(count)
}

fn total(reader: &mut Reader, section: &Section<'_>) -> Budget {
    section.required(reader, "total", "this budget").and_then(|node| budget(reader, node)).unwrap_or_default()
}

fn budget(reader: &mut Reader, node: &Node) -> Option<Budget> {
    if let Form::Whole(_) = node.form {
        return reader.count(node, u64::from(u32::MAX)).map(|count| Budget::AtMost(count as u32));
    }
    let unlimited = matches!(&node.form, Form::Text(text) if text == "unlimited");
    if !unlimited {
        match &node.form {
            Form::Text(text) if nearest(text, ["unlimited"]).is_some() => {
                reader.unknown(&node.span, "budget", text, ["unlimited"]);
            }
            _ => reader.wrong_type(node, "a whole number, \"unlimited\" or a table"),
        }
    }
    unlimited.then_some(Budget::Unlimited)
}

fn of_roles(reader: &mut Reader, section: &Section<'_>, roles: Option<&[&'static str]>) -> Vec<String> {
    match (section.get("of"), roles) {
        (Some(node), Some(roles)) => {
            if matches!(&node.form, Form::List(nodes) if nodes.is_empty()) {
                reader.wrong(&node.span, "no role is named", "leave `of` out for all roles, or budget nothing");
            }
            reader.names(node, "role", roles)
        }
        (_, None) | (None, _) => Vec::new(),
    }
}

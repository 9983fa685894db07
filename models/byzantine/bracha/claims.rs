//! The claims of reliable broadcast, and the witnesses.

use quorate::Id;
use quorate::model::{Claim, Node, Property};
use quorate::system::{Evidence, FairClass, Fairness, Level};

use super::{Bracha, Member, ProcessState, Value};

/// What correct processes send arrives. Nobody has to lie.
const HONEST: Fairness = Fairness::all(Level::Weak).with(FairClass::Choices, Level::Nothing);

/// All claims.
pub(super) fn all() -> Vec<Property<Bracha>> {
    vec![
        Claim::always("agreement", "No two correct processes deliver different values")
            .by_nodes(delivered, |_, delivered| differ(delivered, "delivers")),
        Claim::always("validity", "Where the sender is correct, a correct process delivers its value only")
            .by_nodes(delivered, another_value),
        Claim::always("one-ready", "No two correct processes are ready for different values (lemma 1)").by_nodes(
            |_: &Bracha, node| read(node, |me| me.ready.last().copied()),
            |_, ready| differ(ready, "is ready for"),
        ),
        Claim::leads_to("totality", "Once a correct process has delivered, all correct processes deliver")
            .by_nodes(delivered, one_waits_in_vain)
            .under(HONEST),
        Claim::eventually("termination", "Where the sender is correct, all correct processes deliver")
            .by_nodes(delivered, one_waits)
            .under(HONEST),
        Claim::sometimes("delivered", "All correct processes deliver").by_nodes(delivered, all_delivered),
        Claim::sometimes("split", "Two correct processes have echoed different values").by_nodes(
            |_: &Bracha, node| read(node, |me| me.echoed.first().copied()),
            |_, echoed| differ(echoed, "echoes"),
        ),
        Claim::sometimes("another", "A correct process delivers another value than it has echoed")
            .by_nodes(|_: &Bracha, node| read(node, another_than_echoed), another),
    ]
}

/// Something of each process that is correct; `None` of those that lie.
type Reading<T> = Option<(Id, Option<T>)>;

fn read<T>(node: &Node<'_, Member>, of: impl Fn(&ProcessState) -> Option<T>) -> Reading<T> {
    Some((node.id, of(node.state?.correct()?)))
}

fn delivered(_: &Bracha, node: &Node<'_, Member>) -> Reading<Value> {
    read(node, |me| me.delivered)
}

/// Processes and their values, of those that have one.
fn known<T: Copy>(readings: &[Reading<T>]) -> impl Iterator<Item = (Id, T)> {
    readings.iter().flatten().filter_map(|(id, value)| Some((*id, (*value)?)))
}

/// The first correct process that has none.
fn without<T>(readings: &[Reading<T>]) -> Option<Id> {
    readings.iter().flatten().find(|(_, value)| value.is_none()).map(|(id, _)| *id)
}

fn differ(readings: &[Reading<Value>], does: &str) -> Option<Evidence> {
    let (one, value) = known(readings).next()?;
    let (other, another) = known(readings).find(|(_, another)| *another != value)?;
    Some(Evidence::new(format!("{one:?} {does} {value}, and {other:?} {does} {another}")))
}

fn another_value(bracha: &Bracha, delivered: &[Reading<Value>]) -> Option<Evidence> {
    let (process, value) = known(delivered).find(|(_, value)| *value != Value::A)?;
    let claim = || Evidence::new(format!("{process:?} delivers {value}, and the sender has sent {}", Value::A));
    (!bracha.sizes.sender_lies).then(claim)
}

fn one_waits_in_vain(_: &Bracha, delivered: &[Reading<Value>]) -> Option<Evidence> {
    let ((process, value), waits) = (known(delivered).next()?, without(delivered)?);
    Some(Evidence::new(format!("{process:?} has delivered {value}, and {waits:?} has not")))
}

fn one_waits(bracha: &Bracha, delivered: &[Reading<Value>]) -> Option<Evidence> {
    let waits = without(delivered).filter(|_| !bracha.sizes.sender_lies)?;
    Some(Evidence::new(format!("{waits:?} has not delivered")))
}

fn all_delivered(_: &Bracha, delivered: &[Reading<Value>]) -> Option<Evidence> {
    without(delivered).is_none().then(|| Evidence::new("all correct processes have delivered"))
}

fn another_than_echoed(me: &ProcessState) -> Option<(Value, Value)> {
    Some((*me.echoed.first()?, me.delivered?)).filter(|(echoed, delivered)| echoed != delivered)
}

fn another(_: &Bracha, pairs: &[Reading<(Value, Value)>]) -> Option<Evidence> {
    let (process, (echoed, delivered)) = known(pairs).next()?;
    Some(Evidence::new(format!("{process:?} has echoed {echoed} and delivers {delivered}")))
}

//! A guard is taken out of a protocol behind the back of its manifest: the checks turn red, with the right words.

use quorate::cluster::{AssumptionCard, Entry, Instance, Roles};
use quorate::engine::{Paths, Silent, StopWhen};
use quorate::exit::Exit;
use quorate::model::{Card, DeviationCard, NetworkKind, Parameter, Reductions};
use quorate::report;
use quorate::spec::{self, Check, Expected, Failure, Manner, Size, Source};
use quorate::system::{Explain, ObservableCard, PropertyCard, PropertySet};
use quorate_models::CATALOGUE;

/// A protocol in which one line has been changed: nobody who asks it is told.
struct Mutant<'e> {
    original: &'e dyn Entry,
    change: fn(&mut Vec<String>, &str),
    deviation: &'e str,
}

impl Entry for Mutant<'_> {
    fn card(&self) -> Card {
        self.original.card()
    }

    fn parameters(&self) -> Vec<Parameter> {
        self.original.parameters()
    }

    fn deviations(&self) -> &'static [DeviationCard] {
        self.original.deviations()
    }

    fn properties(&self) -> Vec<PropertyCard> {
        self.original.properties()
    }

    fn assumptions(&self) -> Vec<AssumptionCard> {
        self.original.assumptions()
    }

    fn observables(&self) -> Vec<ObservableCard> {
        self.original.observables()
    }

    fn shape(&self, instance: &Instance) -> Result<(NetworkKind, Roles), String> {
        self.original.shape(instance)
    }

    fn build_reduced(&self, instance: &Instance, reductions: Reductions) -> Result<Box<dyn Explain>, String> {
        let mut instance = instance.clone();
        (self.change)(&mut instance.deviations, self.deviation);
        self.original.build_reduced(&instance, reductions)
    }
}

/// The smallest check of a deviation alone that expects it to break the property that it names.
fn own_check(entry: &dyn Entry, deviation: &DeviationCard) -> Option<Check> {
    let property = deviation.breaks?;
    let file = format!("{}/specs/{}.toml", env!("CARGO_MANIFEST_DIR"), entry.card().name);
    let manifest = spec::read(Source::file(&file, std::fs::read_to_string(&file).unwrap()), CATALOGUE).unwrap();
    let is_own = |check: &Check| {
        check.size == Size::Small
            && check.instance.deviations == [deviation.name]
            && matches!(check.expect.get(property), Some(Expected::Violated { .. }))
    };
    manifest.checks.into_iter().filter(is_own).min_by_key(|check| check.lock.map(|lock| lock.states))
}

/// The first guards of every protocol that has any.
fn each_guard(look: impl Fn(&dyn Entry, &DeviationCard, Check)) {
    for entry in CATALOGUE {
        let guards = entry.deviations().iter().filter_map(|card| Some((card, own_check(*entry, card)?)));
        guards.take(4).for_each(|(card, check)| look(*entry, card, check));
    }
}

#[test]
fn without_one_guard_the_check_of_the_protocol_is_red() {
    each_guard(|entry, card, own| {
        let property = card.breaks.unwrap();
        let mut check = own;
        check.instance.deviations.clear();
        (check.lock, check.shapes) = (None, Default::default());
        check.expect = [(property.to_owned(), Expected::Holds)].into_iter().collect();
        let mutant = Mutant { original: entry, change: |all, one| all.push(one.to_owned()), deviation: card.name };
        let properties = entry.properties();
        let named = PropertySet::of(properties.len(), |ix| properties[ix].name == property);
        let manner =
            Manner { threads: 1, paths: Paths::Violations, stop_when: Some(StopWhen::AllFound(named)), audit: false };
        let checked = spec::run(check, &mutant, manner, &Silent);
        let name = format!("{} without the guard of {}", entry.card().name, card.name);
        assert_eq!(checked.exit(), Exit::Differs, "{name}");
        let outcome = checked.outcome().unwrap();
        let caught = |failure: &Failure| {
            let named = failure.property_ix().is_some_and(|ix| outcome.properties[ix].name == property);
            named && failure.word() == "violated" && failure.to_string().ends_with("where it should hold")
        };
        let told = report::failures(&checked);
        assert!(outcome.failures.iter().any(caught), "{name}: {told}");
        let sentence = format!("{property} is violated ");
        assert!(told.contains("where it should hold") && told.contains(&sentence), "{name}: {told}");
    });
}

#[test]
fn with_the_guard_back_the_check_of_the_deviation_is_red() {
    for entry in CATALOGUE {
        let cards = entry.deviations().iter();
        let small = cards.filter_map(|card| Some((card, own_check(*entry, card)?)));
        let Some((card, mut check)) = small.min_by_key(|(_, check)| check.lock.map(|lock| lock.states)) else {
            continue;
        };
        check.lock = None;
        let change: fn(&mut Vec<String>, &str) = |all, one| all.retain(|other| other != one);
        let mutant = Mutant { original: *entry, change, deviation: card.name };
        let manner = Manner { threads: 1, paths: Paths::Violations, stop_when: None, audit: false };
        let checked = spec::run(check, &mutant, manner, &Silent);
        let words: Vec<&str> = checked.outcome().unwrap().failures.iter().map(Failure::word).collect();
        let told = report::failures(&checked);
        // Where the protocol itself violates something else by design, that is what is found in its place.
        let is_told = words.contains(&"violation-not-found") && told.contains("expected violation no longer found")
            || words.contains(&"another-violated") && told.contains("violated, but another property");
        assert!(is_told, "{}: {words:?}\n{told}", entry.card().name);
    }
}

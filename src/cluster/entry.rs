//! A protocol as the catalogue lists it: its types hidden behind names and plain data.

use std::marker::PhantomData;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::Cluster;
use crate::model::{
    Assumption, Card, Deviation, DeviationCard, Deviations, Environment, NetworkKind, ParamValue, Parameter, Params,
    Protocol, Reductions,
};
use crate::system::{Explain, ObservableCard, PropertyCard};

/// One instance of a protocol, in names and plain data: what a check runs and what a trace was taken from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// The protocol's name.
    pub protocol: String,
    /// Parameters by name; what is not here has its default.
    #[serde(default)]
    pub params: IndexMap<String, ParamValue>,
    /// Names of the deviations.
    #[serde(default)]
    pub deviations: Vec<String>,
    /// Network and faults.
    pub environment: Environment,
}

/// What the docs say of an assumption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssumptionCard {
    /// Its name, in kebab case.
    pub name: &'static str,
    /// What is assumed, in one sentence.
    pub about: &'static str,
}

/// Roles, and how many members each has.
pub type Roles = Vec<(&'static str, usize)>;

/// A protocol in a catalogue.
pub trait Entry: Sync {
    /// Name, source, what is modelled.
    fn card(&self) -> Card;

    /// What can be set.
    fn parameters(&self) -> Vec<Parameter>;

    /// What can be done wrongly.
    fn deviations(&self) -> &'static [DeviationCard];

    /// What is claimed.
    fn properties(&self) -> Vec<PropertyCard>;

    /// What a check may assume: names and sentences.
    fn assumptions(&self) -> Vec<AssumptionCard>;

    /// What can be measured of a run.
    fn observables(&self) -> Vec<ObservableCard>;

    /// The network that the protocol assumes with these parameters, when a check says nothing else, and the
    /// roles of its members with their number.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    fn shape(&self, instance: &Instance) -> Result<(NetworkKind, Roles), String>;

    /// The cluster of this instance.
    ///
    /// # Errors
    /// A sentence: a parameter that is out of its domain, parameters that do not go together, an unknown
    /// name of a parameter, deviation or role. Names are expected to be checked before, with their places.
    fn build(&self, instance: &Instance) -> Result<Box<dyn Explain>, String> {
        self.build_reduced(instance, Reductions::NONE)
    }

    /// The same, with what makes no difference left out.
    ///
    /// # Errors
    /// As [`build`](Self::build), and if a reduction is not possible here.
    fn build_reduced(&self, instance: &Instance, reductions: Reductions) -> Result<Box<dyn Explain>, String>;
}

/// The catalogue's line for a protocol.
pub const fn entry<P: Protocol>() -> &'static dyn Entry {
    const { &Registered::<P>(PhantomData) }
}

struct Registered<P>(PhantomData<fn() -> P>);

impl<P: Protocol> Registered<P> {
    fn protocol(instance: &Instance) -> Result<P, String> {
        let schema = P::Params::schema();
        if let Some(unknown) =
            instance.params.keys().find(|name| !schema.iter().any(|parameter| parameter.name == **name))
        {
            return Err(format!("there is no parameter `{unknown}`"));
        }
        let value = |parameter: &Parameter| {
            let value =
                instance.params.get(parameter.name).cloned().unwrap_or_else(|| parameter.domain.default_value());
            let fits = parameter.domain.contains(&value);
            fits.then_some(value.clone())
                .ok_or_else(|| format!("`{}` is {}, not {value}", parameter.name, parameter.domain))
        };
        let values = schema.iter().map(value).collect::<Result<Vec<_>, _>>()?;
        let mut deviations = Deviations::none();
        for name in &instance.deviations {
            let known = P::Deviation::CARDS.iter().position(|card| card.name == name);
            let at = known.ok_or_else(|| format!("there is no deviation `{name}`"))?;
            deviations = deviations.with(P::Deviation::ALL[at]);
        }
        P::new(P::Params::from_values(&values), deviations)
    }
}

impl<P: Protocol> Entry for Registered<P> {
    fn card(&self) -> Card {
        P::CARD
    }

    fn parameters(&self) -> Vec<Parameter> {
        P::Params::schema()
    }

    fn deviations(&self) -> &'static [DeviationCard] {
        P::Deviation::CARDS
    }

    fn properties(&self) -> Vec<PropertyCard> {
        P::properties().into_iter().map(|property| property.card).collect()
    }

    fn assumptions(&self) -> Vec<AssumptionCard> {
        let card = |assumption: Assumption<P>| AssumptionCard { name: assumption.name, about: assumption.about };
        P::assumptions().into_iter().map(card).collect()
    }

    fn observables(&self) -> Vec<ObservableCard> {
        P::observables().into_iter().map(|observable| observable.card).collect()
    }

    fn shape(&self, instance: &Instance) -> Result<(NetworkKind, Roles), String> {
        let protocol = Self::protocol(instance)?;
        let roster = protocol.roster();
        let count = |role: &&'static str| roster.members().iter().filter(|member| member.role == *role).count();
        Ok((protocol.network(), roster.roles().into_iter().map(|role| (role, count(&role))).collect()))
    }

    fn build_reduced(&self, instance: &Instance, reductions: Reductions) -> Result<Box<dyn Explain>, String> {
        Ok(Box::new(Cluster::reduced(Self::protocol(instance)?, &instance.environment, reductions)?))
    }
}

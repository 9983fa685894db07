//! A protocol as the catalogue lists it: its types hidden behind names and plain data.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::model::{Card, DeviationCard, Environment, NetworkKind, ParamValue, Parameter};
use crate::system::{Explain, PropertyCard};

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

    /// The network that the protocol assumes with these parameters, when a check says nothing else, and the
    /// roles of its members with their number.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    fn shape(&self, instance: &Instance) -> Result<(NetworkKind, Vec<(&'static str, usize)>), String>;

    /// The cluster of this instance.
    ///
    /// # Errors
    /// A sentence: a parameter that is out of its domain, parameters that do not go together, an unknown
    /// name of a parameter, deviation or role. Names are expected to be checked before, with their places.
    fn build(&self, instance: &Instance) -> Result<Box<dyn Explain>, String>;
}

//! What a protocol without parameters and deviations repeats.

use quorate::model::{Deviation, DeviationCard};

quorate::params! {
    /// Nothing to set.
    pub struct NoParams {}
}

/// Nothing done wrongly.
#[derive(Clone, Copy, Debug)]
pub enum NoDeviation {}

impl Deviation for NoDeviation {
    const ALL: &'static [Self] = &[];
    const CARDS: &'static [DeviationCard] = &[];

    fn index(self) -> usize {
        match self {}
    }
}

/// The items of `impl Protocol` that say nothing where there is nothing to set: these protocols are built by hand.
#[macro_export]
macro_rules! plain_protocol {
    ($name:literal) => {
        const CARD: quorate::model::Card =
            quorate::model::Card { name: $name, title: $name, source: "", modelled: "", left_out: "" };
        type Params = $crate::peers::plain::NoParams;
        type Deviation = $crate::peers::plain::NoDeviation;

        fn new(_: Self::Params, _: quorate::model::Deviations<Self::Deviation>) -> Result<Self, String> {
            Err(concat!($name, " is built by hand").to_owned())
        }
    };
}

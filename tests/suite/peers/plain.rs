//! What a protocol without parameters and deviations repeats.

quorate::params! {
    /// Nothing to set.
    pub struct NoParams {}
}

/// The items of `impl Protocol` that say nothing where there is nothing to set: these protocols are built by hand.
#[macro_export]
macro_rules! plain_protocol {
    ($name:literal) => {
        const CARD: quorate::model::Card =
            quorate::model::Card { name: $name, title: $name, source: "", modelled: "", left_out: "" };
        type Params = $crate::peers::plain::NoParams;
        type Deviation = quorate::model::NoDeviation;

        fn new(_: Self::Params, _: quorate::model::Deviations<Self::Deviation>) -> Result<Self, String> {
            Err(concat!($name, " is built by hand").to_owned())
        }
    };
}

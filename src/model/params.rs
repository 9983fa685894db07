//! Parameters of a protocol: typed, with bounds, default and doc.

use std::fmt;
use std::ops::RangeInclusive;

/// A set of parameters, read from names and values. Written with [`params!`](crate::params).
pub trait Params: Clone + fmt::Debug + Send + Sync + 'static {
    /// What can be set, in the order in which the docs list it.
    fn schema() -> Vec<Parameter>;

    /// The parameters with the given values, one for each entry of [`schema`](Self::schema) and in its order.
    ///
    /// # Panics
    /// If a value is not of its domain: the caller has checked.
    fn from_values(values: &[ParamValue]) -> Self;
}

/// One parameter: name, meaning, domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name, in snake case.
    pub name: &'static str,
    /// What it means.
    pub about: String,
    /// What it may be.
    pub domain: Domain,
}

/// What a parameter may be, and is when nothing is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Domain {
    /// A whole number between two bounds.
    Count {
        /// When nothing is said.
        default: usize,
        /// Least and greatest value.
        bounds: RangeInclusive<usize>,
    },
    /// Yes or no.
    Flag {
        /// When nothing is said.
        default: bool,
    },
    /// One of several names.
    Choice {
        /// When nothing is said.
        default: &'static str,
        /// Names and what they mean.
        options: &'static [(&'static str, &'static str)],
    },
}

/// The value of a parameter, as it stands in a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub enum ParamValue {
    /// Of [`Domain::Flag`].
    Flag(bool),
    /// Of [`Domain::Count`].
    Count(usize),
    /// Of [`Domain::Choice`].
    Choice(String),
}

impl fmt::Display for ParamValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::Count(count) => write!(f, "{count}"),
            Self::Choice(name) => write!(f, "{name}"),
        }
    }
}

impl Domain {
    /// The value when nothing is said.
    pub fn default_value(&self) -> ParamValue {
        match self {
            Self::Count { default, .. } => ParamValue::Count(*default),
            Self::Flag { default } => ParamValue::Flag(*default),
            Self::Choice { default, .. } => ParamValue::Choice((*default).to_owned()),
        }
    }

    /// Whether `value` is in the domain.
    pub fn contains(&self, value: &ParamValue) -> bool {
        match (self, value) {
            (Self::Count { bounds, .. }, ParamValue::Count(count)) => bounds.contains(count),
            (Self::Flag { .. }, ParamValue::Flag(_)) => true,
            (Self::Choice { options, .. }, ParamValue::Choice(name)) => {
                options.iter().any(|(option, _)| option == name)
            }
            (Self::Count { .. } | Self::Flag { .. } | Self::Choice { .. }, _) => false,
        }
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count { bounds, .. } => write!(f, "a whole number from {} to {}", bounds.start(), bounds.end()),
            Self::Flag { .. } => write!(f, "true or false"),
            Self::Choice { options, .. } => {
                let names: Vec<_> = options.iter().map(|(name, _)| format!("\"{name}\"")).collect();
                write!(f, "one of {}", names.join(", "))
            }
        }
    }
}

/// A type that a parameter may have: `usize` with bounds, `bool`, or an enum made with
/// [`choice_param!`](crate::choice_param).
pub trait ParamType: Sized {
    /// The domain, with the default and the bounds that the parameter was declared with.
    fn domain(default: Self, bounds: Option<RangeInclusive<usize>>) -> Domain;

    /// The typed value.
    ///
    /// # Panics
    /// If `value` is not of the domain.
    fn from_value(value: &ParamValue) -> Self;
}

impl ParamType for usize {
    fn domain(default: Self, bounds: Option<RangeInclusive<usize>>) -> Domain {
        Domain::Count { default, bounds: bounds.expect("a number is declared with its bounds") }
    }

    fn from_value(value: &ParamValue) -> Self {
        match value {
            ParamValue::Count(count) => *count,
            ParamValue::Flag(_) | ParamValue::Choice(_) => panic!("{value} is not a number"),
        }
    }
}

impl ParamType for bool {
    fn domain(default: Self, _: Option<RangeInclusive<usize>>) -> Domain {
        Domain::Flag { default }
    }

    fn from_value(value: &ParamValue) -> Self {
        match value {
            ParamValue::Flag(flag) => *flag,
            ParamValue::Count(_) | ParamValue::Choice(_) => panic!("{value} is not true or false"),
        }
    }
}

/// An enum whose members are the names of a [`Domain::Choice`].
pub trait ChoiceParam: Copy + PartialEq + fmt::Debug + 'static {
    /// Names and what they mean, in order.
    const OPTIONS: &'static [(&'static str, &'static str)];
    /// The members, in the order of the names.
    const MEMBERS: &'static [Self];
}

/// Declares a closed set of names that a parameter may have.
///
/// ```
/// quorate::choice_param! {
///     /// When a replica answers.
///     pub enum Ack {
///         /// Before it has replicated.
///         Async = "async",
///         /// After one replica has it.
///         Semi = "semi",
///     }
/// }
/// ```
#[macro_export]
macro_rules! choice_param {
    (
        $(#[$attr:meta])* $vis:vis enum $name:ident {
            $( $(#[doc = $doc:literal])* $member:ident = $word:literal ),+ $(,)?
        }
    ) => {
        $(#[$attr])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        $vis enum $name { $( $(#[doc = $doc])* $member ),+ }

        impl $crate::model::ChoiceParam for $name {
            const OPTIONS: &'static [(&'static str, &'static str)] =
                &[ $( ($word, ::core::concat!($($doc),*)) ),+ ];
            const MEMBERS: &'static [Self] = &[ $( Self::$member ),+ ];
        }

        impl $crate::model::ParamType for $name {
            fn domain(default: Self, _: ::core::option::Option<::core::ops::RangeInclusive<usize>>) -> $crate::model::Domain {
                let at = <Self as $crate::model::ChoiceParam>::MEMBERS.iter().position(|member| *member == default);
                let options = <Self as $crate::model::ChoiceParam>::OPTIONS;
                $crate::model::Domain::Choice { default: options[at.unwrap_or_default()].0, options }
            }

            fn from_value(value: &$crate::model::ParamValue) -> Self {
                let name = value.to_string();
                let at = <Self as $crate::model::ChoiceParam>::OPTIONS.iter().position(|(option, _)| *option == name);
                <Self as $crate::model::ChoiceParam>::MEMBERS[at.expect("the value is one of the options")]
            }
        }
    };
}

/// Declares the parameters of a protocol: a struct, and beside each field its default and bounds.
///
/// ```
/// quorate::params! {
///     /// How large the cluster is.
///     pub struct Sizes {
///         /// Number of acceptors.
///         pub acceptors: usize = 3, in 1..=7;
///         /// Whether acceptors may restart.
///         pub restart: bool = true;
///     }
/// }
/// use quorate::model::Params;
/// assert_eq!(Sizes::schema()[0].name, "acceptors");
/// ```
#[macro_export]
macro_rules! params {
    (
        $(#[$attr:meta])* $vis:vis struct $name:ident {
            $( $(#[doc = $doc:literal])* $fvis:vis $field:ident : $ty:ty = $default:expr $(, in $bounds:expr)? ; )*
        }
    ) => {
        $(#[$attr])*
        #[derive(Clone, Debug)]
        $vis struct $name { $( $(#[doc = $doc])* $fvis $field : $ty ),* }

        impl $crate::model::Params for $name {
            fn schema() -> ::std::vec::Vec<$crate::model::Parameter> {
                ::std::vec![ $( $crate::model::Parameter {
                    name: ::core::stringify!($field),
                    about: ::core::concat!($($doc, "\n"),*).trim().to_owned(),
                    domain: {
                        #[allow(unused_mut, unused_assignments)]
                        let mut bounds = ::core::option::Option::None;
                        $( bounds = ::core::option::Option::Some($bounds); )?
                        <$ty as $crate::model::ParamType>::domain($default, bounds)
                    },
                } ),* ]
            }

            #[allow(unused_variables, unused_mut, unused_assignments)]
            fn from_values(values: &[$crate::model::ParamValue]) -> Self {
                let mut values = values.iter();
                Self { $( $field: <$ty as $crate::model::ParamType>::from_value(
                    values.next().expect("one value for each parameter")) ),* }
            }
        }
    };
}

//! What each deviation flips.

use serde::Serialize;

use super::numbers::counted;
use super::style::{BAD, DOUBTFUL, FAINT, GOOD, NAME, paint};
use super::wrap::wrapped;
use crate::engine::Verdict;
use crate::model::DeviationCard;
use crate::spec::{Checked, Outcome};

/// A deviation, and the same instance without it and with it.
#[derive(Debug)]
pub struct Variant<'a> {
    /// The deviation.
    pub card: DeviationCard,
    /// Without it.
    pub plain: &'a Checked,
    /// With it.
    pub deviant: &'a Checked,
}

/// A verdict that differs.
#[derive(Debug, Serialize)]
struct Flip<'a> {
    property: &'a str,
    from: &'static str,
    to: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<u32>,
}

/// How a deviation came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Caught {
    /// It breaks the property that it names, or is called harmless and breaks none.
    AsNamed,
    /// It does not, though every state was seen; or it is called harmless and breaks one.
    NotAsNamed,
    /// A limit cut the search before.
    Undecided,
}

impl Variant<'_> {
    /// Whether it breaks what it names.
    pub fn caught(&self) -> Caught {
        let Some(outcome) = self.deviant.outcome() else { return Caught::Undecided };
        let verdict = |ix| outcome.verdict(ix);
        let violated = |ix: usize| verdict(ix) == Verdict::Violated;
        let all = 0..outcome.properties.len();
        let cut = all.clone().any(|ix| matches!(verdict(ix), Verdict::Undecided(_)));
        let good = match self.card.breaks {
            Some(property) => all.into_iter().any(|ix| outcome.properties[ix].name == property && violated(ix)),
            None if all.clone().any(violated) => return Caught::NotAsNamed,
            None => !cut,
        };
        match (good, cut) {
            (true, _) => Caught::AsNamed,
            (false, true) => Caught::Undecided,
            (false, false) => Caught::NotAsNamed,
        }
    }

    /// The verdicts that differ, as far as they are known.
    fn flips(&self) -> Vec<Flip<'_>> {
        let (Some(plain), Some(deviant)) = (self.plain.outcome(), self.deviant.outcome()) else { return Vec::new() };
        let flip = |ix: usize| {
            let (from, to) = (plain.verdict(ix), deviant.verdict(ix));
            let is_flip = !matches!(to, Verdict::Undecided(_)) && from.word() != to.word();
            let property = deviant.properties[ix].name.as_str();
            is_flip.then(|| Flip { property, from: from.word(), to: to.word(), steps: deviant.steps(ix) })
        };
        (0..deviant.properties.len()).filter_map(flip).collect()
    }

    /// Where it was run: the name of a check, or options.
    fn checked_in(&self) -> &str {
        &self.deviant.check.name
    }
}

/// For people.
pub fn text(variants: &[Variant<'_>]) -> String {
    variants.iter().map(one).collect()
}

fn one(variant: &Variant<'_>) -> String {
    let (style, word) = match (variant.caught(), variant.card.breaks) {
        (Caught::AsNamed, Some(_)) => (GOOD, "caught".to_owned()),
        (Caught::AsNamed, None) => (GOOD, "harmless".to_owned()),
        (Caught::NotAsNamed, Some(property)) => (BAD, format!("NOT CAUGHT on {property}")),
        (Caught::NotAsNamed, None) => (BAD, "NOT HARMLESS".to_owned()),
        (Caught::Undecided, _) => (DOUBTFUL, "undecided".to_owned()),
    };
    let about = variant.card.about.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut text = format!("{}  {}\n", paint(NAME, variant.card.name), paint(style, word));
    text += &wrapped("  ", 2, 2, &about);
    let ran = variant.deviant.outcome().map(states).unwrap_or_default();
    text += &format!("  {} {}{ran}\n", paint(FAINT, "checked:"), variant.checked_in());
    for Flip { property, from, to, steps } in variant.flips() {
        let steps = steps.map(|steps| format!(" in {}", counted(u64::from(steps), "step"))).unwrap_or_default();
        text += &format!("    {property}: {from} -> {to}{steps}\n");
    }
    text + "\n"
}

fn states(outcome: &Outcome) -> String {
    format!(", {}", counted(outcome.exploration.statistics.distinct, "state"))
}

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    version: u32,
    quorate: &'static str,
    variants: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    deviation: &'a str,
    breaks: Option<&'a str>,
    caught: Caught,
    checked: &'a str,
    flips: Vec<Flip<'a>>,
}

/// For machines.
pub fn json(variants: &[Variant<'_>]) -> String {
    super::json::text(&Document {
        format: "quorate-variants",
        version: 1,
        quorate: env!("CARGO_PKG_VERSION"),
        variants: variants.iter().map(row).collect(),
    })
}

fn row<'a>(variant: &'a Variant<'_>) -> Row<'a> {
    Row {
        deviation: variant.card.name,
        breaks: variant.card.breaks,
        caught: variant.caught(),
        checked: variant.checked_in(),
        flips: variant.flips(),
    }
}

//! Which checks are meant.

use super::CliError;
use super::args::{SelectionArgs, SizeArg};
use crate::spec::{Check, Manifest, Size, nearest};

/// The checks of these manifests that are selected, in order.
pub(super) fn select(manifests: Vec<Manifest>, args: &SelectionArgs) -> Result<Vec<Check>, CliError> {
    let checks: Vec<Check> = manifests.into_iter().flat_map(|manifest| manifest.checks).collect();
    let nothing = nothing_selected(&checks, args);
    let wanted = |check: &Check| is_of_size(check, args) && is_of_name(check, args);
    let selected: Vec<Check> = checks.into_iter().filter(wanted).collect();
    if selected.is_empty() { Err(CliError::NothingSelected(nothing)) } else { Ok(selected) }
}

fn is_of_size(check: &Check, args: &SelectionArgs) -> bool {
    let is = |size: &SizeArg| match size {
        SizeArg::Small => check.size == Size::Small,
        SizeArg::Standard => check.size == Size::Standard,
        SizeArg::Stress => check.size == Size::Stress,
        SizeArg::All => true,
    };
    if args.size.is_empty() { is(&SizeArg::Small) } else { args.size.iter().any(is) }
}

fn is_of_name(check: &Check, args: &SelectionArgs) -> bool {
    args.name.is_empty() || args.name.iter().any(|pattern| is_like(&check.name, pattern))
}

/// Whether a name contains the pattern, or is like it as a whole if the pattern has wildcards.
fn is_like(name: &str, pattern: &str) -> bool {
    if !pattern.contains(['*', '?']) {
        return name.contains(pattern);
    }
    let (name, pattern): (Vec<char>, Vec<char>) = (name.chars().collect(), pattern.chars().collect());
    // Row by row over the pattern: which beginnings of the name are like the beginning of the pattern.
    let mut like = vec![false; name.len() + 1];
    like[0] = true;
    for wanted in pattern {
        let before = like.clone();
        like[0] = before[0] && wanted == '*';
        for at in 0..name.len() {
            like[at + 1] = match wanted {
                '*' => before[at + 1] || like[at],
                '?' => before[at],
                letter => before[at] && name[at] == letter,
            };
        }
    }
    like[name.len()]
}

fn nothing_selected(checks: &[Check], args: &SelectionArgs) -> String {
    let of_size = checks.iter().filter(|check| is_of_size(check, args)).count();
    let of_name: Vec<&Check> = checks.iter().filter(|check| is_of_name(check, args)).collect();
    let hint = match (of_name.first(), args.name.first()) {
        (Some(check), _) => format!("\n  `{}` is of size {}: `--size all` selects all", check.name, check.size.word()),
        (None, Some(pattern)) => nearest(pattern, checks.iter().map(|check| check.name.as_str()))
            .map(|near| format!("\n  did you mean `{near}`?"))
            .unwrap_or_default(),
        (None, None) => String::new(),
    };
    format!("nothing selected: of {} checks {of_size} have the size, {} the name{hint}", checks.len(), of_name.len())
}

#[cfg(test)]
mod tests {
    use super::is_like;

    #[test]
    fn a_pattern_is_a_part_or_has_wildcards() {
        assert!(is_like("three acceptors, a crash", "crash"));
        assert!(is_like("three acceptors", "three*"));
        assert!(is_like("three acceptors", "*acc?ptors"));
        assert!(is_like("abc", "a*b*c*"));
        assert!(!is_like("three acceptors", "acc*"));
        assert!(!is_like("abc", "a?"));
        assert!(!is_like("three acceptors", "Three"));
    }
}

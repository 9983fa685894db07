//! Which checks are meant.

use super::CliError;
use crate::spec::{Check, Manifest, Profile, Size, is_like, nearest};

/// What a check must be like.
pub(super) struct Wanted<'a> {
    /// Parts or patterns of names; any will do if there is none.
    pub(super) names: &'a [String],
    /// Sizes and tags.
    pub(super) profile: &'a Profile,
}

/// The checks of these manifests that are selected, in order.
pub(super) fn select(manifests: Vec<Manifest>, wanted: &Wanted<'_>) -> Result<Vec<Check>, CliError> {
    let checks: Vec<Check> = manifests.into_iter().flat_map(|manifest| manifest.checks).collect();
    let nothing = wanted.nothing_selected(&checks);
    let selected: Vec<Check> = checks.into_iter().filter(|check| wanted.takes(check)).collect();
    if selected.is_empty() { Err(CliError::NothingSelected(nothing)) } else { Ok(selected) }
}

impl Wanted<'_> {
    fn takes(&self, check: &Check) -> bool {
        self.takes_size(check) && self.takes_tags(check) && self.takes_name(check)
    }

    fn takes_size(&self, check: &Check) -> bool {
        self.profile.sizes.as_deref().unwrap_or(&[Size::Small]).contains(&check.size)
    }

    fn takes_tags(&self, check: &Check) -> bool {
        let has_one = |tags: &Vec<String>| tags.iter().any(|tag| check.tags.contains(tag));
        self.profile.tags.as_ref().is_none_or(has_one) && !self.profile.skip_tags.as_ref().is_some_and(has_one)
    }

    fn takes_name(&self, check: &Check) -> bool {
        self.names.is_empty() || self.names.iter().any(|pattern| is_like(&check.name, pattern))
    }

    fn nothing_selected(&self, checks: &[Check]) -> String {
        let number = |takes: fn(&Self, &Check) -> bool| checks.iter().filter(|check| takes(self, check)).count();
        let (of_size, of_name) = (number(Self::takes_size), number(Self::takes_name));
        let of_tags = match number(Self::takes_tags) {
            number if number < checks.len() => format!("{number} the tags, "),
            _ => String::new(),
        };
        let hint = self.hint(checks).unwrap_or_default();
        format!(
            "nothing selected: of {} checks {of_size} have the size, {of_tags}{of_name} the name{hint}",
            checks.len()
        )
    }

    /// What may have been meant.
    fn hint(&self, checks: &[Check]) -> Option<String> {
        let near_name = || nearest(self.names.first()?, checks.iter().map(|check| check.name.as_str()));
        let near_tag = || {
            nearest(
                self.profile.tags.as_ref()?.first()?,
                checks.iter().flat_map(|check| &check.tags).map(String::as_str),
            )
        };
        let otherwise = |check: &&Check| self.takes_name(check) && self.takes_tags(check);
        match checks.iter().find(otherwise) {
            Some(check) => {
                Some(format!("\n  `{}` is of size {}: `--size all` selects all", check.name, check.size.word()))
            }
            None if checks.iter().any(|check| self.takes_name(check)) => {
                near_tag().map(|near| format!("\n  did you mean the tag `{near}`?"))
            }
            None => near_name().map(|near| format!("\n  did you mean `{near}`?")),
        }
    }
}

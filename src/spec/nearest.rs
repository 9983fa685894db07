//! "Did you mean": the known name that is nearest to a name that nobody knows.

/// Names that differ in more than a third of their letters are strangers.
const SIMILARITY_MIN: f64 = 0.6;

/// The name of `known` that is nearest to `name`, if one is near.
pub fn nearest<'k>(name: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let plain = |text: &str| text.to_lowercase().replace(['_', ' '], "-");
    let name = plain(name);
    let mut best: Option<(f64, &str)> = None;
    for candidate in known {
        let other = plain(candidate);
        // Half a word is a word that is still being typed.
        let begun = name.len() >= 3 && (other.starts_with(&name) || name.starts_with(&other));
        let likeness = strsim::normalized_damerau_levenshtein(&name, &other) + if begun { 0.3 } else { 0.0 };
        if likeness >= SIMILARITY_MIN && best.is_none_or(|(most, _)| likeness > most) {
            best = Some((likeness, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_name_and_a_stranger_finds_none() {
        let known = ["agreement", "validity", "decides", "at_most_steps"];
        assert_eq!(nearest("agrement", known), Some("agreement"));
        assert_eq!(nearest("Valid", known), Some("validity"));
        assert_eq!(nearest("at-most-step", known), Some("at_most_steps"));
        assert_eq!(nearest("liveness", known), None);
        assert_eq!(nearest("x", []), None);
    }
}

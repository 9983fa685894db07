//! Patterns of names: a part of the name, or the whole with wildcards.

/// Whether a name contains the pattern, or is like it as a whole if the pattern has wildcards.
pub fn is_like(name: &str, pattern: &str) -> bool {
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

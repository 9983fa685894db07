//! Why a property is violated, or how a witness was reached.

/// What a property found in a state, in words that name nodes and values.
///
/// Write ids with `{:?}`: the reports put the roster's names in their place, so that `Id(1) decided A`
/// reads `acceptor1 decided A`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Evidence {
    /// One sentence, without a full stop.
    pub sentence: String,
}

impl Evidence {
    /// Evidence in one sentence.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self { sentence: sentence.into() }
    }

    /// The same, with `name` put in the place of every id printed with `{:?}`.
    pub fn with_names(&self, name: impl Fn(usize) -> Option<String>) -> Self {
        let mut rest = self.sentence.as_str();
        let mut sentence = String::with_capacity(rest.len());
        while let Some(start) = rest.find("Id(") {
            let digits = &rest[start + 3..];
            let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
            let named = digits[end..].starts_with(')').then(|| digits[..end].parse().ok().and_then(&name)).flatten();
            let (text, length) = match named {
                Some(text) => (text, 3 + end + 1),
                None => ("Id(".to_owned(), 3),
            };
            sentence.push_str(&rest[..start]);
            sentence.push_str(&text);
            rest = &rest[start + length..];
        }
        sentence.push_str(rest);
        Self { sentence }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_become_names_and_the_rest_stays() {
        let name = |ix| (ix < 2).then(|| format!("n{ix}"));
        let named = Evidence::new("Id(0) and Id(1), not Id(7), Id(x or Grid(2)").with_names(name);
        assert_eq!(named.sentence, "n0 and n1, not Id(7), Id(x or Grid(2)");
    }
}

//! Conditions over what a check says: which cells of a sweep there are, and which are meant.
//!
//! ```text
//! condition = sum OP sum | PATH has WORD | PATH lacks WORD
//! OP        = == | != | <= | >= | < | >
//! sum       = product { (+ | -) product }
//! product   = atom { * atom }
//! atom      = NUMBER | WORD | "WORD" | PATH
//! ```
//!
//! A path is a key of the check with its dots: `params.acceptors`, `faults.crashes.total`, `network`. What the check
//! does not say has its default. `unlimited` is more than every number.

use std::fmt;

use super::nearest;
use super::reader::backticked;

/// What conditions look at.
pub(super) trait Scope {
    /// The value at a path; `None` if there is no such path.
    fn look_up(&self, path: &str) -> Option<Operand>;

    /// The paths that there are, for "did you mean".
    fn paths(&self) -> Vec<String>;
}

/// A value in a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operand {
    Number(i64),
    Word(String),
    List(Vec<String>),
}

/// More than every number.
pub(super) const UNLIMITED: i64 = i64::MAX;

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(UNLIMITED) => f.write_str("unlimited"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Word(word) => write!(f, "`{word}`"),
            Self::List(words) => write!(f, "[{}]", words.join(", ")),
        }
    }
}

/// Why a condition says nothing: what is wrong, and what was expected.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unclear {
    pub(super) wrong: String,
    pub(super) expected: String,
}

const FORM: &str = "a condition such as `faults.crashes.total < params.acceptors` or `deviations has some-name`";

fn unclear(wrong: impl Into<String>, expected: impl Into<String>) -> Unclear {
    Unclear { wrong: wrong.into(), expected: expected.into() }
}

/// Whether the condition is true.
pub(super) fn is_true(condition: &str, scope: &dyn Scope) -> Result<bool, Unclear> {
    let tokens = tokens(condition)?;
    let mut terms = Terms { tokens: &tokens, scope };
    let left = terms.sum()?;
    let Some(Token::Sign(sign)) = terms.next() else {
        return Err(unclear(format!("`{condition}` compares nothing"), FORM));
    };
    let right = terms.sum()?;
    if !terms.tokens.is_empty() {
        return Err(unclear(format!("`{condition}` goes on after its end"), "one comparison; several are a list"));
    }
    compare(&left, sign, &right)
}

fn compare(left: &Operand, sign: &str, right: &Operand) -> Result<bool, Unclear> {
    match (left, sign, right) {
        (Operand::List(words), "has" | "lacks", Operand::Word(word)) => Ok(words.contains(word) == (sign == "has")),
        (Operand::Number(_), "==" | "!=", Operand::Number(_)) | (Operand::Word(_), "==" | "!=", Operand::Word(_)) => {
            Ok((left == right) == (sign == "=="))
        }
        (Operand::Number(left), "<", Operand::Number(right)) => Ok(left < right),
        (Operand::Number(left), "<=", Operand::Number(right)) => Ok(left <= right),
        (Operand::Number(left), ">", Operand::Number(right)) => Ok(left > right),
        (Operand::Number(left), ">=", Operand::Number(right)) => Ok(left >= right),
        _ => Err(unclear(format!("{left} and {right} cannot be compared by `{sign}`"), FORM)),
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(i64),
    /// A bare word: a path, or a word that stands for itself.
    Name(String),
    Quoted(String),
    /// A comparison, or what joins terms.
    Sign(&'static str),
}

const SIGNS: [&str; 9] = ["==", "!=", "<=", ">=", "<", ">", "+", "-", "*"];

fn tokens(condition: &str) -> Result<Vec<Token>, Unclear> {
    let mut rest = condition.trim_start();
    let mut tokens = Vec::new();
    while let Some(first) = rest.chars().next() {
        let token = |length: usize| rest.split_at(length);
        let (word, after) = if first.is_ascii_alphabetic() {
            token(rest.find(|c: char| !c.is_alphanumeric() && !"._-".contains(c)).unwrap_or(rest.len()))
        } else if first.is_ascii_digit() {
            token(rest.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(rest.len()))
        } else if first == '"' {
            let end = rest[1..].find('"').ok_or_else(|| unclear(format!("`{rest}` has no end"), FORM))?;
            token(end + 2)
        } else if let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) {
            token(sign.len())
        } else {
            return Err(unclear(format!("`{first}` means nothing in a condition"), FORM));
        };
        tokens.push(token_of(word)?);
        rest = after.trim_start();
    }
    Ok(tokens)
}

fn token_of(word: &str) -> Result<Token, Unclear> {
    if let Some(sign) = SIGNS.into_iter().chain(["has", "lacks"]).find(|sign| *sign == word) {
        return Ok(Token::Sign(sign));
    }
    if word.starts_with('"') {
        return Ok(Token::Quoted(word.trim_matches('"').to_owned()));
    }
    if word.starts_with(|c: char| c.is_ascii_digit()) {
        let number = word.replace('_', "").parse();
        return number.map(Token::Number).map_err(|_| unclear(format!("`{word}` is too large"), "a number up to 2^63"));
    }
    Ok(Token::Name(word.to_owned()))
}

struct Terms<'t> {
    tokens: &'t [Token],
    scope: &'t dyn Scope,
}

impl Terms<'_> {
    fn next(&mut self) -> Option<Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first.clone())
    }

    /// The sign that joins the next term, if it is one of these.
    fn joined_by(&mut self, signs: &[&str]) -> Option<&'static str> {
        match self.tokens.first() {
            Some(Token::Sign(sign)) if signs.contains(sign) => {
                self.tokens = &self.tokens[1..];
                Some(sign)
            }
            _ => None,
        }
    }

    fn sum(&mut self) -> Result<Operand, Unclear> {
        let mut sum = self.product()?;
        while let Some(sign) = self.joined_by(&["+", "-"]) {
            let operation = if sign == "+" { i64::saturating_add } else { i64::saturating_sub };
            sum = joined(&sum, &self.product()?, operation)?;
        }
        Ok(sum)
    }

    fn product(&mut self) -> Result<Operand, Unclear> {
        let mut product = self.atom()?;
        while self.joined_by(&["*"]).is_some() {
            product = joined(&product, &self.atom()?, i64::saturating_mul)?;
        }
        Ok(product)
    }

    fn atom(&mut self) -> Result<Operand, Unclear> {
        match self.next() {
            Some(Token::Number(number)) => Ok(Operand::Number(number)),
            Some(Token::Quoted(word)) => Ok(Operand::Word(word)),
            Some(Token::Name(name)) if name == "unlimited" => Ok(Operand::Number(UNLIMITED)),
            Some(Token::Name(name)) => match self.scope.look_up(&name) {
                Some(value) => Ok(value),
                None if name.contains('.') => Err(self.unknown(&name)),
                None => Ok(Operand::Word(name)),
            },
            Some(Token::Sign(sign)) => Err(unclear(format!("`{sign}` stands where a value was expected"), FORM)),
            None => Err(unclear("the condition ends where a value was expected", FORM)),
        }
    }

    fn unknown(&self, name: &str) -> Unclear {
        let paths = self.scope.paths();
        let near = nearest(name, paths.iter().map(String::as_str));
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        let known: Vec<&str> = paths.iter().map(String::as_str).collect();
        unclear(format!("unknown key `{name}`{near}"), format!("known: {}", backticked(&known)))
    }
}

fn joined(left: &Operand, right: &Operand, operation: fn(i64, i64) -> i64) -> Result<Operand, Unclear> {
    match (left, right) {
        (Operand::Number(left), Operand::Number(right)) => Ok(Operand::Number(operation(*left, *right))),
        _ => Err(unclear(format!("{left} and {right} are not both numbers"), FORM)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Three;

    impl Scope for Three {
        fn look_up(&self, path: &str) -> Option<Operand> {
            match path {
                "params.acceptors" => Some(Operand::Number(3)),
                "faults.loss" => Some(Operand::Number(UNLIMITED)),
                "network" => Some(Operand::Word("fifo".to_owned())),
                "deviations" => Some(Operand::List(vec!["forget-promise".to_owned()])),
                _ => None,
            }
        }

        fn paths(&self) -> Vec<String> {
            vec!["params.acceptors".to_owned()]
        }
    }

    #[test]
    fn a_condition_is_true_or_false() {
        for condition in [
            "params.acceptors == 3",
            "2 * 2 - 1 >= params.acceptors",
            "params.acceptors < 1 + 1 * 3",
            "params.acceptors != 4",
            "faults.loss > 1_000_000",
            "faults.loss == unlimited",
            "network == fifo",
            "network != \"unordered\"",
            "deviations has forget-promise",
            "deviations lacks vote-twice",
        ] {
            assert_eq!(is_true(condition, &Three), Ok(true), "{condition}");
        }
        for condition in ["params.acceptors > 3", "network == unordered", "deviations lacks forget-promise"] {
            assert_eq!(is_true(condition, &Three), Ok(false), "{condition}");
        }
    }

    #[test]
    fn an_unclear_condition_says_why() {
        let why = |condition| is_true(condition, &Three).unwrap_err().wrong;
        assert_eq!(why("params.acceptor == 3"), "unknown key `params.acceptor`; did you mean `params.acceptors`?");
        assert_eq!(why("params.acceptors"), "`params.acceptors` compares nothing");
        assert_eq!(why("network < 3"), "`fifo` and 3 cannot be compared by `<`");
        assert_eq!(why("1 < 2 < 3"), "`1 < 2 < 3` goes on after its end");
        assert_eq!(why("1 + network == 3"), "1 and `fifo` are not both numbers");
        assert_eq!(why("1 =< 2"), "`=` means nothing in a condition");
        assert_eq!(why("network == \"fifo"), "`\"fifo` has no end");
        assert_eq!(why("1 <"), "the condition ends where a value was expected");
    }
}

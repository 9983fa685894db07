//! What two traces have in common, step by step.

use super::style::{BAD, FAINT, GOOD, paint};
use crate::trace::{Trace, setting};

/// The steps of both, aligned by what they have in common: `-` only in the first, `+` only in the second.
pub fn comparison(before: &Trace, after: &Trace) -> String {
    let mut text = String::new();
    let headings = [before, after].map(|trace| {
        let steps = trace.steps.len();
        format!("{} is {} after {steps} steps; {}", trace.property, trace.verdict.word(), setting(&trace.instance))
    });
    let [old, new] = headings;
    if old == new {
        text += &format!("  {old}\n");
    } else {
        text += &format!("{}\n{}\n", paint(BAD, format!("- {old}")), paint(GOOD, format!("+ {new}")));
    }
    let actions =
        [before, after].map(|trace| trace.steps.iter().map(|step| step.action.to_string()).collect::<Vec<_>>());
    let [old, new] = &actions;
    let (mut i, mut j) = (0, 0);
    for (next_i, next_j) in common(old, new).into_iter().chain([(old.len(), new.len())]) {
        for action in &old[i..next_i] {
            text += &format!("{}\n", paint(BAD, format!("- {action}")));
        }
        for action in &new[j..next_j] {
            text += &format!("{}\n", paint(GOOD, format!("+ {action}")));
        }
        if let Some(action) = old.get(next_i) {
            text += &format!("  {}\n", paint(FAINT, action));
        }
        (i, j) = (next_i + 1, next_j + 1);
    }
    text
}

/// The places of a longest common subsequence, ascending.
fn common(old: &[String], new: &[String]) -> Vec<(usize, usize)> {
    // length[i][j]: of a longest common subsequence of old[i..] and new[j..].
    let mut length = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            let with = if old[i] == new[j] { length[i + 1][j + 1] + 1 } else { 0 };
            length[i][j] = with.max(length[i + 1][j]).max(length[i][j + 1]);
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut places = Vec::new();
    while i < old.len() && j < new.len() {
        if old[i] == new[j] {
            places.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if length[i + 1][j] >= length[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    places
}

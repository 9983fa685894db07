//! What each step of a trace rests on: the step that sent its message.

use std::collections::BTreeMap;

use super::{Step, Trace};
use crate::system::{InFlight, Snapshot};

/// A message in flight, and the steps that it binds.
#[derive(Clone, Debug)]
struct Token {
    /// The step that sent it; `None` if it was in flight at the start.
    sender: Option<usize>,
    /// The steps that received it and left it in flight.
    readers: Vec<usize>,
}

/// For each step, by its index: the earlier steps that it rests on through messages, ascending. A step that receives
/// a message rests on the one that sent it; one that takes a message out of flight rests, too, on those that
/// had received it and left it there. Of messages with the same content the one sent first is received first.
pub fn causes(trace: &Trace) -> Vec<Vec<usize>> {
    causes_of(&trace.start, &trace.steps, trace.instance.environment.keeps_delivered())
}

/// The same for steps that need not show anything; `keeps` says whether what is delivered stays in flight.
pub fn causes_of(start: &Snapshot, steps: &[Step], keeps: bool) -> Vec<Vec<usize>> {
    let mut flying = Flying::default();
    start.network.iter().for_each(|message| flying.send(message, None));
    let each = steps.iter().enumerate();
    each.map(|(ix, step)| flying.take(ix, step, keeps)).collect()
}

#[derive(Default)]
struct Flying<'a> {
    tokens: BTreeMap<(&'a str, &'a str, String), Vec<Token>>,
}

impl<'a> Flying<'a> {
    fn tokens(&mut self, message: &'a InFlight) -> &mut Vec<Token> {
        self.tokens.entry((&message.from, &message.to, message.message.to_string())).or_default()
    }

    fn send(&mut self, message: &'a InFlight, sender: Option<usize>) {
        self.tokens(message).push(Token { sender, readers: Vec::new() });
    }

    fn take(&mut self, ix: usize, step: &'a Step, keeps: bool) -> Vec<usize> {
        let mut rests_on = Vec::new();
        if let Some((from, to, message)) = step.action.message() {
            let tokens = self.tokens.entry((from, to, message.to_string())).or_default();
            if let Some(token) = tokens.first_mut() {
                rests_on.extend(token.sender);
                if step.action.leaves_in_flight(keeps) {
                    token.readers.push(ix);
                } else {
                    rests_on.append(&mut tokens.remove(0).readers);
                }
            }
        }
        for message in &step.lost {
            let tokens = self.tokens(message);
            if !tokens.is_empty() {
                let token = tokens.remove(0);
                rests_on.extend(token.sender.into_iter().chain(token.readers));
            }
        }
        step.sent.iter().for_each(|message| self.send(message, Some(ix)));
        rests_on.sort_unstable();
        rests_on.dedup();
        rests_on
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::{Action, Value};

    fn step(action: Action) -> Step {
        Step { action, changes: Vec::new(), sent: Vec::new(), lost: Vec::new() }
    }

    /// A corrupted delivery leaves the message where a delivery does: a drop that comes later rests on both.
    #[test]
    fn what_arrives_otherwise_is_kept_like_what_arrives() {
        let (from, to, message) = ("a".to_owned(), "b".to_owned(), Value::Int(1));
        let sent = InFlight { from: from.clone(), to: to.clone(), message: message.clone() };
        let start = Snapshot { network: vec![sent], ..Snapshot::default() };
        let corrupt =
            Action::Corrupt { from: from.clone(), to: to.clone(), message: message.clone(), arrives: Value::Int(2) };
        let deliver = Action::Deliver { from: from.clone(), to: to.clone(), message: message.clone() };
        let drop = Action::Drop { from, to, message };
        let steps = [corrupt, deliver, drop].map(step);
        assert_eq!(causes_of(&start, &steps, true), [vec![], vec![], vec![0, 1]]);
        assert_eq!(causes_of(&start, &steps, false), [vec![], vec![], vec![]] as [Vec<usize>; 3]);
    }
}

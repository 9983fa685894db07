//! Sender and receiver, with one frame on its way at a time.

use std::borrow::Cow;

use quorate::model::Deviations;
use quorate::{Actor, Id, Out};
use serde::Serialize;

use super::code::Frame;
use super::{Deviation, Params};

/// The sender or the receiver.
#[derive(Clone, Debug)]
pub struct Member {
    pub(super) is_sender: bool,
    pub(super) params: Params,
    pub(super) deviations: Deviations<Deviation>,
}

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// To the receiver.
    Frame(Frame),
    /// To the sender: the frame with this sequence number has come.
    Received(u8),
    /// To the sender: what has come does not match.
    Again,
}

/// A member's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum State {
    /// Of the sender.
    Sender {
        /// The payloads that it has sent; the last is on its way.
        sent: Vec<u8>,
    },
    /// Of the receiver.
    Receiver {
        /// The payloads that it has delivered.
        delivered: Vec<u8>,
        /// Whether a frame did not match.
        has_rejected: bool,
    },
}

/// The sequence number of the frame after so many.
fn sequence(count: usize) -> u8 {
    (count % 2) as u8
}

impl Member {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    /// Any payload is next.
    fn next(&self, o: &mut Out<Self>) {
        o.choose_random("payload", (0..8).collect());
    }

    /// What the check of a frame with this data covers: all of it.
    fn covered(&self, data: u8) -> u8 {
        if self.breaks(Deviation::SequenceUnchecked) { data & !1 } else { data }
    }

    /// Sends the last payload, for the first time or again.
    fn send(&self, sent: &[u8], receiver: Id, o: &mut Out<Self>) {
        if let Some(payload) = sent.last() {
            let data = payload << 1 | sequence(sent.len() - 1);
            o.send(receiver, Msg::Frame(Frame::new(data, self.covered(data), self.params.code)));
        }
    }

    /// Takes a frame that matches. One that was delivered comes again if its acknowledgement did not say so.
    fn receive(&self, delivered: &mut Vec<u8>, has_rejected: &mut bool, frame: Frame, sender: Id, o: &mut Out<Self>) {
        let checked = Frame { data: self.covered(frame.data), ..frame };
        if !checked.matches(self.params.code) && !self.breaks(Deviation::NoCheck) {
            *has_rejected = true;
            if !self.breaks(Deviation::DropSilently) {
                o.send(sender, Msg::Again);
            }
            return;
        }
        if frame.data & 1 == sequence(delivered.len()) || self.breaks(Deviation::NoSequence) {
            delivered.push(frame.data >> 1);
        }
        o.send(sender, Msg::Received(frame.data & 1));
    }
}

impl Actor for Member {
    type Msg = Msg;
    type Timer = ();
    type State = State;
    type Storage = ();
    /// The payload to send next.
    type Random = u8;

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> State {
        if self.is_sender {
            self.next(o);
            return State::Sender { sent: Vec::new() };
        }
        State::Receiver { delivered: Vec::new(), has_rejected: false }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (state.to_mut(), msg) {
            (State::Receiver { delivered, has_rejected }, Msg::Frame(frame)) => {
                self.receive(delivered, has_rejected, frame, src, o);
            }
            (State::Sender { sent }, Msg::Again) => self.send(sent, src, o),
            (State::Sender { sent }, Msg::Received(number)) => {
                let is_last = number == sequence(sent.len() + 1);
                if is_last && sent.len() < self.params.frames {
                    self.next(o);
                }
            }
            (State::Sender { .. } | State::Receiver { .. }, _) => {}
        }
    }

    fn on_random(&self, id: Id, state: &mut Cow<'_, State>, payload: &u8, o: &mut Out<Self>) {
        if let State::Sender { sent } = state.to_mut() {
            sent.push(*payload);
            self.send(sent, Id::from(usize::from(id) + 1), o);
        }
    }
}

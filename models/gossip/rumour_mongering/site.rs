//! A site: it hears of a rumour, spreads it, and loses interest.

use std::borrow::Cow;

use quorate::model::Deviations;
use quorate::{Actor, Id, Out};
use stateright::actor::model_timeout;

use super::message::{Due, Msg, Pick, SiteState, Standing};
use super::{Deviation, Direction, Interest, Response, Sizes};

/// A site.
#[derive(Clone, Debug)]
pub struct Site {
    pub(super) peers: Vec<Id>,
    /// Whether the rumour begins here.
    pub(super) begins: bool,
    pub(super) sizes: Sizes,
    pub(super) deviations: Deviations<Deviation>,
}

const PARTNER: &str = "partner";
const COIN: &str = "coin";

impl Site {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    fn pick_partner(&self, out: &mut Out<Self>) {
        out.choose_random(PARTNER, self.peers.iter().copied().map(Pick::Partner).collect());
    }

    /// It hears of the rumour, which is hot with it from now on.
    fn hear(&self, me: &mut SiteState, out: &mut Out<Self>) {
        me.standing = Standing::Infective { counter: 0 };
        self.peers.iter().for_each(|peer| out.cancel_timer(Due(*peer)));
        if self.sizes.direction == Direction::Push {
            self.pick_partner(out);
        }
    }

    /// Push: it tells the rumour. Pull: it asks for one.
    fn contact(&self, me: &mut SiteState, partner: Id, out: &mut Out<Self>) {
        match (self.sizes.direction, self.sizes.response) {
            (Direction::Push, Response::Feedback) => {
                me.awaiting = Some(partner);
                out.send(partner, Msg::Rumour);
            }
            (Direction::Push, Response::Blind) => {
                out.send(partner, Msg::Rumour);
                self.unnecessary(me, out);
            }
            (Direction::Pull, _) => {
                me.awaiting = Some(partner);
                out.send(partner, Msg::Ask { necessary: !me.knows() });
            }
        }
    }

    fn on_ask(&self, me: &mut SiteState, src: Id, necessary: bool, out: &mut Out<Self>) {
        if !me.is_hot() {
            out.send(src, Msg::Nothing);
            return;
        }
        out.send(src, Msg::Rumour);
        self.was_told(me, necessary && self.sizes.response == Response::Feedback, out);
    }

    fn on_rumour(&self, me: &mut SiteState, src: Id, out: &mut Out<Self>) {
        let necessary = !me.knows();
        match (self.sizes.direction, self.sizes.response) {
            (Direction::Push, Response::Feedback) => out.send(src, Msg::Feedback { necessary }),
            (Direction::Push, Response::Blind) | (Direction::Pull, _) => {}
        }
        if necessary {
            self.hear(me, out);
        }
    }

    /// Pull: its request is answered, and it makes another.
    fn was_answered(&self, me: &mut SiteState, out: &mut Out<Self>) {
        if self.sizes.direction == Direction::Pull {
            me.awaiting = None;
            self.pick_partner(out);
        }
    }

    fn on_feedback(&self, me: &mut SiteState, src: Id, necessary: bool, out: &mut Out<Self>) {
        if me.awaiting == Some(src) {
            me.awaiting = None;
            self.was_told(me, necessary, out);
        }
    }

    /// It has told the rumour to somebody.
    fn was_told(&self, me: &mut SiteState, necessary: bool, out: &mut Out<Self>) {
        match &mut me.standing {
            Standing::Infective { counter } if necessary => {
                *counter = 0;
                self.go_on(out);
            }
            Standing::Infective { .. } => self.unnecessary(me, out),
            Standing::Susceptible | Standing::Removed => {}
        }
    }

    fn go_on(&self, out: &mut Out<Self>) {
        if self.sizes.direction == Direction::Push {
            self.pick_partner(out);
        }
    }

    /// Section 1.4: after an unnecessary contact it may lose interest.
    fn unnecessary(&self, me: &mut SiteState, out: &mut Out<Self>) {
        let Standing::Infective { counter } = &mut me.standing else { return };
        if self.breaks(Deviation::KeepInterest) {
            self.go_on(out);
            return;
        }
        match self.sizes.interest {
            Interest::Coin => out.choose_random(COIN, vec![Pick::Loses, Pick::Stays]),
            Interest::Counter => {
                *counter += 1;
                let enough = self.sizes.k + usize::from(self.breaks(Deviation::LoseInterestLate));
                if *counter >= enough {
                    me.standing = Standing::Removed;
                } else {
                    self.go_on(out);
                }
            }
        }
    }

    /// Section 1.4, at its end: anti-entropy as a back-up. It compares whole databases, so that it matters nothing
    /// whether a rumour is hot.
    fn on_compare(&self, me: &SiteState, src: Id, out: &mut Out<Self>) {
        let known = if self.breaks(Deviation::CompareHotOnly) { me.is_hot() } else { me.knows() };
        out.send(src, Msg::Compared { known });
    }

    /// What was missing is stored. Nobody calls it hot for that.
    fn on_compared(&self, me: &mut SiteState, src: Id, known: bool, out: &mut Out<Self>) {
        if me.knows() {
            return;
        }
        if known {
            me.standing = Standing::Removed;
        } else if !self.breaks(Deviation::CompareOnce) {
            self.compare_after(src, out);
        }
    }

    /// It compares with one site after the other, round and round.
    fn compare_after(&self, site: Id, out: &mut Out<Self>) {
        let next = self.peers.iter().find(|peer| **peer > site).or(self.peers.first());
        next.into_iter().for_each(|peer| out.set_timer(Due(*peer), model_timeout()));
    }
}

impl Actor for Site {
    type Msg = Msg;
    type Timer = Due;
    type State = SiteState;
    type Storage = ();
    type Random = Pick;

    fn on_start(&self, id: Id, _: &Option<()>, out: &mut Out<Self>) -> SiteState {
        let mut me = SiteState { standing: Standing::Susceptible, awaiting: None };
        if self.begins {
            self.hear(&mut me, out);
        } else if self.sizes.backup {
            self.compare_after(id, out);
        }
        if self.sizes.direction == Direction::Pull {
            self.pick_partner(out);
        }
        me
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, SiteState>, src: Id, msg: Msg, out: &mut Out<Self>) {
        let me = state.to_mut();
        match msg {
            Msg::Rumour => {
                self.on_rumour(me, src, out);
                self.was_answered(me, out);
            }
            Msg::Feedback { necessary } => self.on_feedback(me, src, necessary, out),
            Msg::Ask { necessary } => self.on_ask(me, src, necessary, out),
            Msg::Nothing => self.was_answered(me, out),
            Msg::Compare => self.on_compare(me, src, out),
            Msg::Compared { known } => self.on_compared(me, src, known, out),
        }
    }

    fn on_timeout(&self, _: Id, _: &mut Cow<'_, SiteState>, Due(peer): &Due, out: &mut Out<Self>) {
        out.send(*peer, Msg::Compare);
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, SiteState>, pick: &Pick, out: &mut Out<Self>) {
        let me = state.to_mut();
        match *pick {
            Pick::Partner(partner) => self.contact(me, partner, out),
            Pick::Loses => me.standing = Standing::Removed,
            Pick::Stays => self.go_on(out),
        }
    }
}

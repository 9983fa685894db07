//! Contacts, one by one, and the turn of a cycle.
//!
//! Each contact sees the sites as they were at the start of the cycle, and whom a site picks depends on nothing; so it
//! does not matter in which order the contacts of a cycle are made, and here they are made kind by kind.

use std::collections::BTreeMap;

use super::population::{Answer, Contact, Contacting, Contacts, Hot, Population, Reached, Told};
use super::{Direction, Interest, Response, Sizes};

/// The rules of one kind of rumour mongering.
#[derive(Clone, Debug)]
pub struct Spread {
    pub(super) sizes: Sizes,
    /// Deviation: nobody loses interest.
    pub(super) keeps: bool,
}

impl Spread {
    fn sites(&self) -> u32 {
        self.sizes.sites as u32
    }

    fn k(&self) -> u32 {
        self.sizes.k as u32
    }

    /// One site has the rumour.
    pub(super) fn start(&self) -> Population {
        Population {
            susceptible: self.sites() - 1,
            hot: BTreeMap::new(),
            fresh: 1,
            found: false,
            susceptible_to_ask: 0,
            removed_to_ask: 0,
            messages: 0,
            cycle: 0,
            arrivals: 0,
            last: 0,
        }
    }

    /// Who makes the next contact of the cycle.
    fn next(&self, population: &Population) -> Option<Contacting> {
        let hot = || population.hot.keys().find(|kind| kind.to_go).map(|kind| Contacting::Hot(*kind));
        match population {
            Population { susceptible_to_ask: 1.., .. } => Some(Contacting::Susceptible),
            Population { removed_to_ask: 1.., .. } => Some(Contacting::Removed),
            _ => hot(),
        }
    }

    /// When all have made their contacts a cycle is over: counters go on, and all are to make contacts again.
    pub(super) fn turn_cycle(&self, mut population: Population) -> Population {
        if self.next(&population).is_some() || population.infective() == 0 {
            return population;
        }
        let fresh = Hot { to_go: true, counter: 0, contacts: Contacts::None };
        for (kind, count) in std::mem::take(&mut population.hot) {
            if let Some(counter) = self.counter_after(kind) {
                population.add(Hot { counter, ..fresh }, count);
            }
        }
        population.add(fresh, population.fresh);
        population.fresh = 0;
        let is_over = population.infective() == 0;
        if self.sizes.direction == Direction::Pull && !is_over {
            population.susceptible_to_ask = population.susceptible;
            population.removed_to_ask = self.sites() - population.susceptible - population.infective();
        }
        population.cycle += u32::from(self.sizes.measured && !is_over);
        population
    }

    /// The counter at the end of the cycle; `None` if the site has lost interest. Table 3: if any contact was necessary
    /// it is reset; if all were not, one is added to it.
    fn counter_after(&self, kind: Hot) -> Option<u32> {
        match (self.sizes.interest, kind.contacts) {
            (_, Contacts::Necessary) => Some(0),
            (_, Contacts::None) => Some(kind.counter),
            // The coin has been tossed at the contact.
            (Interest::Coin, Contacts::Unnecessary) => Some(0),
            (Interest::Counter, Contacts::Unnecessary) => {
                let counter = kind.counter + u32::from(!self.keeps);
                (counter < self.k()).then_some(counter)
            }
        }
    }

    /// What the next contact may come to.
    pub(super) fn contacts(&self, population: &Population) -> Vec<Contact> {
        let Some(by) = self.next(population) else { return Vec::new() };
        let mut contacts = match (self.sizes.direction, by) {
            (Direction::Push, Contacting::Hot(kind)) => self.pushes(population, kind),
            (Direction::Push, Contacting::Susceptible | Contacting::Removed) | (Direction::Pull, _) => {
                self.pulls(population, by)
            }
        };
        contacts.retain(|contact| contact.odds > 0);
        contacts
    }

    /// A site that spreads the rumour tells one of the others.
    fn pushes(&self, population: &Population, kind: Hot) -> Vec<Contact> {
        let (susceptible, fresh) = (population.susceptible, population.fresh);
        let informed = self.sites() - 1 - susceptible - fresh;
        let reached = [(Reached::Susceptible, susceptible), (Reached::Fresh, fresh), (Reached::Informed, informed)];
        reached
            .into_iter()
            .flat_map(|(reached, count)| self.told(Contacting::Hot(kind), kind, reached, count))
            .collect()
    }

    /// A site asks one of the others. First comes whether that one spreads the rumour, then of which kind it is.
    fn pulls(&self, population: &Population, by: Contacting) -> Vec<Contact> {
        let reached = if by == Contacting::Susceptible { Reached::Susceptible } else { Reached::Informed };
        let others = |kind: Hot, count: u32| count - u32::from(by == Contacting::Hot(kind));
        let spreading = population.hot.iter().map(|(kind, count)| (*kind, others(*kind, *count)));
        if population.found {
            return spreading.flat_map(|(kind, count)| self.told(by, kind, reached, count)).collect();
        }
        let spreading = spreading.map(|(_, count)| count).sum();
        let silent = self.sites() - 1 - spreading;
        let answers = [(Answer::Finds, spreading), (Answer::Nothing, silent)];
        answers.map(|(answer, odds)| Contact { by, answer, odds }).into()
    }

    /// The rumour is told in one of `count` ways, and a coin is tossed if the sender has no counter.
    fn told(&self, by: Contacting, sender: Hot, reached: Reached, count: u32) -> Vec<Contact> {
        let told = |loses, odds| Contact { by, answer: Answer::Told(Told { by: sender, reached, loses }), odds };
        match self.sizes.interest {
            Interest::Counter => vec![told(false, count)],
            Interest::Coin if self.is_necessary(reached) || self.keeps => vec![told(false, count * self.k())],
            Interest::Coin => vec![told(true, count), told(false, count * (self.k() - 1))],
        }
    }

    /// With feedback a contact is unnecessary if the other knew the rumour already.
    fn is_necessary(&self, reached: Reached) -> bool {
        match self.sizes.response {
            Response::Blind => false,
            Response::Feedback => matches!(reached, Reached::Susceptible | Reached::Fresh),
        }
    }

    /// What a contact does.
    pub(super) fn contact(&self, population: &Population, contact: &Contact) -> Population {
        let mut next = population.clone();
        next.found = contact.answer == Answer::Finds;
        if next.found {
            return next;
        }
        match contact.by {
            Contacting::Susceptible => next.susceptible_to_ask -= 1,
            Contacting::Removed => next.removed_to_ask -= 1,
            Contacting::Hot(kind) => {
                next.take_one(kind);
                next.add(Hot { to_go: false, ..kind }, 1);
            }
        }
        match contact.answer {
            Answer::Told(told) => self.tell(&mut next, contact.by, told),
            Answer::Nothing | Answer::Finds => {}
        }
        next
    }

    fn tell(&self, next: &mut Population, by: Contacting, Told { by: sender, reached, loses }: Told) {
        next.messages += u32::from(self.sizes.measured);
        if reached == Reached::Susceptible {
            next.susceptible -= 1;
            next.fresh += 1;
            next.arrivals += next.cycle;
            next.last = next.cycle;
        }
        // Where the sender is the one that makes the contact, it has been noted above that it has made it.
        let pushes = self.sizes.direction == Direction::Push && by == Contacting::Hot(sender);
        let sender = Hot { to_go: sender.to_go && !pushes, ..sender };
        next.take_one(sender);
        if !loses {
            let is_necessary = self.is_necessary(reached) || sender.contacts == Contacts::Necessary;
            let contacts = if is_necessary { Contacts::Necessary } else { Contacts::Unnecessary };
            next.add(Hot { contacts, ..sender }, 1);
        }
    }
}

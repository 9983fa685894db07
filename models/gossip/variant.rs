//! The kinds of rumour mongering: section 1.4 of Demers et al. (1987).

use quorate::choice_param;

choice_param! {
    /// Who contacts whom.
    pub enum Direction {
        /// Who has a hot rumour tells another.
        Push = "push",
        /// Everybody asks another for hot rumours.
        Pull = "pull",
    }
}

choice_param! {
    /// What makes a contact unnecessary.
    pub enum Response {
        /// That the other knows the rumour already.
        Feedback = "feedback",
        /// Nothing is asked: each contact is taken for unnecessary.
        Blind = "blind",
    }
}

choice_param! {
    /// How a site loses interest in a rumour.
    pub enum Interest {
        /// After k unnecessary contacts with no necessary one between them.
        Counter = "counter",
        /// After an unnecessary contact with probability 1/k.
        Coin = "coin",
    }
}

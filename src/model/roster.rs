//! Who takes part, by role.

use stateright::actor::Id;

/// The members of a cluster, in the order of their ids, each with a role and a name.
///
/// A role with one member gives it its own name (`coordinator`); a role with several numbers them
/// (`acceptor0`, `acceptor1`).
#[derive(Clone, Debug)]
pub struct Roster<A> {
    members: Vec<Member<A>>,
}

/// One member of a cluster.
#[derive(Clone, Debug)]
pub struct Member<A> {
    /// What it does in the protocol.
    pub role: &'static str,
    /// What reports call it.
    pub name: String,
    /// How it acts.
    pub actor: A,
}

impl<A> Default for Roster<A> {
    fn default() -> Self {
        Self::new()
    }
}

impl<A> Roster<A> {
    /// No member yet.
    pub fn new() -> Self {
        Self { members: Vec::new() }
    }

    /// The members so far and those of one more role, with the next ids.
    ///
    /// # Panics
    /// If the role is there already.
    #[must_use]
    pub fn role(mut self, role: &'static str, actors: impl IntoIterator<Item = A>) -> Self {
        assert!(self.members.iter().all(|member| member.role != role), "role {role} is there already");
        let actors: Vec<A> = actors.into_iter().collect();
        let alone = actors.len() == 1;
        self.members.extend(actors.into_iter().enumerate().map(|(n, actor)| Member {
            role,
            name: if alone { role.to_owned() } else { format!("{role}{n}") },
            actor,
        }));
        self
    }

    /// All members, in the order of their ids.
    pub fn members(&self) -> &[Member<A>] {
        &self.members
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The name of a member, if there is one with this id.
    pub fn name(&self, id: Id) -> Option<&str> {
        self.members.get(usize::from(id)).map(|member| member.name.as_str())
    }

    /// The roles, in order.
    pub fn roles(&self) -> Vec<&'static str> {
        let mut roles: Vec<&'static str> = self.members.iter().map(|member| member.role).collect();
        roles.dedup();
        roles
    }
}

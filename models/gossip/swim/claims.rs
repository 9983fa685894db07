//! The properties, each with the sentence that is printed when it finds something.

use quorate::Id;
use quorate::model::{Claim, Node, Property};
use quorate::system::Evidence;

use super::{Member, Opinion, Swim, View};

/// What the members believe, by member; `None` of one that is down.
type Views = [Option<View>];

fn view(node: &Node<'_, Member>) -> Option<View> {
    node.state.map(|member| member.view.clone())
}

/// Each member that is up, with another and what it believes of it.
fn opinions(views: &Views) -> impl Iterator<Item = (Id, Id, Opinion)> {
    let up = views.iter().enumerate().filter_map(|(ix, view)| Some((Id::from(ix), view.as_ref()?)));
    let of_others = |(id, view): (Id, &View)| {
        let pairs: Vec<_> = view.iter().map(|(of, opinion)| (id, *of, *opinion)).collect();
        pairs.into_iter().filter(|(id, of, _)| id != of)
    };
    up.flat_map(of_others)
}

fn by_views(claim: Claim, found: fn(&Views) -> Option<String>) -> Property<Swim> {
    claim.by_nodes(|_: &Swim, node| view(node), move |_, views: &Views| found(views).map(Evidence::new))
}

pub(super) fn all() -> Vec<Property<Swim>> {
    vec![completeness(), joined(), accuracy(), precedence(), suspicion(), refutation(), detection()]
}

fn is_up(views: &Views, id: Id) -> bool {
    views[usize::from(id)].is_some()
}

fn completeness() -> Property<Swim> {
    let claim = "Every member that is up comes to take every one for dead that has crashed, for good";
    by_views(Claim::eventually_always("completeness", claim), |views| {
        let (id, of, _) = opinions(views).find(|(_, of, opinion)| !is_up(views, *of) && *opinion != Opinion::Dead)?;
        Some(format!("{of:?} has crashed, and {id:?} does not take it for dead"))
    })
}

fn joined() -> Property<Swim> {
    by_views(Claim::eventually_always("joined", "Every member that is up comes to know every other one"), |views| {
        let mut up = views.iter().enumerate().filter_map(|(ix, view)| Some((Id::from(ix), view.as_ref()?)));
        let unknown =
            |view: &View| (0..views.len()).map(Id::from).find(|of| is_up(views, *of) && !view.contains_key(of));
        let (id, of) = up.find_map(|(id, view)| Some((id, unknown(view)?)))?;
        Some(format!("{id:?} does not know {of:?}"))
    })
}

fn accuracy() -> Property<Swim> {
    by_views(Claim::always("accuracy", "No member is taken for dead that is up"), |views| {
        let (id, of, _) = opinions(views).find(|(_, of, opinion)| is_up(views, *of) && *opinion == Opinion::Dead)?;
        Some(format!("{of:?} is up, and {id:?} takes it for dead"))
    })
}

fn precedence() -> Property<Swim> {
    let claim = "What a member believes of another gives way only to what overrides it";
    Claim::always_step("precedence", claim).by_nodes(
        |_: &Swim, node| view(node),
        |_, before, after| {
            let is_up = |id: Id| after[usize::from(id)].is_some();
            opinions(before).filter(|(id, ..)| is_up(*id)).find_map(|(id, of, opinion)| {
                let (.., now) = opinions(after).find(|(other, others_of, _)| (*other, *others_of) == (id, of))?;
                let sentence = || format!("{id:?} believed {opinion:?} of {of:?}, and now {now:?}");
                (now < opinion).then(|| Evidence::new(sentence()))
            })
        },
    )
}

fn suspicion() -> Property<Swim> {
    by_views(Claim::sometimes("suspicion", "A member suspects another that is up"), |views| {
        let (id, of, _) = opinions(views).find(|(_, of, opinion)| is_up(views, *of) && opinion.is_suspicion())?;
        Some(format!("{id:?} suspects {of:?}, which is up"))
    })
}

fn refutation() -> Property<Swim> {
    by_views(Claim::sometimes("refutation", "A member believes that a suspicion was refuted"), |views| {
        let is_refuted = |opinion: &Opinion| matches!(opinion, Opinion::In { incarnation: 1.., suspected: false });
        let (id, of, _) = opinions(views).find(|(.., opinion)| is_refuted(opinion))?;
        Some(format!("{id:?} knows that {of:?} is alive after all"))
    })
}

fn detection() -> Property<Swim> {
    by_views(Claim::sometimes("detection", "A member takes one for dead that has crashed"), |views| {
        let (id, of, _) = opinions(views).find(|(_, of, opinion)| !is_up(views, *of) && *opinion == Opinion::Dead)?;
        Some(format!("{id:?} takes {of:?} for dead, which has crashed"))
    })
}

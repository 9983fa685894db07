//! The properties, each with the sentence that is printed when it finds something.

use quorate::Id;
use quorate::model::{Assumption, Claim, Condition, Node, Property};
use quorate::system::Evidence;

use super::{Announced, Block, Chain, Member, ProofOfWork, State};

/// What a property reads of an honest node: its chain, and its deepest reorganisation.
type Seen = Option<(Chain, usize)>;

fn seen(node: &Node<'_, Member>) -> Seen {
    match node.state {
        Some(State::Node(node)) => Some((node.chain.clone(), node.deepest)),
        Some(State::Attacker(_)) | None => None,
    }
}

fn read(node: &Node<'_, Member>) -> Option<Chain> {
    seen(node).map(|(chain, _)| chain)
}

fn honest(chains: &[Option<Chain>]) -> impl Iterator<Item = (Id, &Chain)> {
    chains.iter().enumerate().filter_map(|(ix, chain)| Some((Id::from(ix), chain.as_ref()?)))
}

pub(super) fn all() -> Vec<Property<ProofOfWork>> {
    vec![
        finality(),
        common_prefix(),
        growth(),
        validity(),
        same_height(),
        chain_quality(),
        fork(),
        reorganisation(),
        confirmation(),
    ]
}

fn finality() -> Property<ProofOfWork> {
    Claim::always_step("finality", "What a node has confirmed stays on its chain").by_nodes(
        |_: &ProofOfWork, node| read(node),
        |protocol, before, after| {
            honest(before).zip(honest(after)).find_map(|((id, before), (_, after))| {
                let confirmed = protocol.confirmed(before);
                let sentence = || format!("{id:?} had confirmed {confirmed}, and goes over to {after}");
                (!confirmed.is_prefix_of(after)).then(|| Evidence::new(sentence()))
            })
        },
    )
}

fn common_prefix() -> Property<ProofOfWork> {
    let claim = "Of what two nodes have confirmed, one goes on where the other ends";
    Claim::always("common-prefix", claim).by_nodes(
        |protocol: &ProofOfWork, node| read(node).map(|chain| protocol.confirmed(&chain)),
        |_, confirmed| {
            honest(confirmed).find_map(|(id, own)| {
                let (other, others) =
                    honest(confirmed).find(|(_, others)| !own.is_prefix_of(others) && !others.is_prefix_of(own))?;
                Some(Evidence::new(format!("{id:?} has confirmed {own}, and {other:?} {others}")))
            })
        },
    )
}

fn growth() -> Property<ProofOfWork> {
    Claim::always_step("growth", "A node's chain never gets shorter").by_nodes(
        |_: &ProofOfWork, node| read(node).map(|chain| chain.height()),
        |_, before, after| {
            let is_shorter = |(before, after): (&Option<usize>, &Option<usize>)| after.is_some() && after < before;
            let shorter = before.iter().zip(after).position(is_shorter)?;
            Some(Evidence::new(format!("the chain of {:?} got shorter", Id::from(shorter))))
        },
    )
}

fn validity() -> Property<ProofOfWork> {
    Claim::always("validity", "All blocks on a node's chain are valid").by_nodes(
        |_: &ProofOfWork, node| read(node),
        |_, chains| {
            honest(chains).find_map(|(id, chain)| {
                let (height, block) = chain.first_invalid()?;
                let Block { miner, .. } = block;
                Some(Evidence::new(format!("{id:?} has an invalid block of {miner:?} at height {height}")))
            })
        },
    )
}

fn same_height() -> Property<ProofOfWork> {
    let claim = "When all blocks are found and have arrived, all honest nodes have chains of one height";
    Claim::eventually_always("same-height", claim).by_nodes(
        |_: &ProofOfWork, node| read(node).map(|chain| chain.height()),
        |_, heights| {
            let heights: Vec<usize> = heights.iter().flatten().copied().collect();
            let (low, high) = (heights.iter().min()?, heights.iter().max()?);
            (low < high).then(|| Evidence::new(format!("one node is at height {low}, and another at {high}")))
        },
    )
}

fn chain_quality() -> Property<ProofOfWork> {
    let claim = "Every honest node comes to have a block of an honest miner confirmed, for good";
    Claim::eventually_always("chain-quality", claim).by_nodes(
        |protocol: &ProofOfWork, node| {
            let confirmed = protocol.confirmed(&read(node)?);
            Some((0..protocol.sizes.miners).any(|miner| confirmed.has_block_of(Id::from(miner))))
        },
        |_, has| {
            let id = Id::from(has.iter().position(|has| *has == Some(false))?);
            Some(Evidence::new(format!("{id:?} has confirmed no block of an honest miner")))
        },
    )
}

fn fork() -> Property<ProofOfWork> {
    Claim::sometimes("fork", "Two honest nodes have different chains of one height").by_nodes(
        |_: &ProofOfWork, node| read(node),
        |_, chains| {
            honest(chains).find_map(|(id, own)| {
                let rival = |(_, others): &(Id, &Chain)| own != *others && own.height() == others.height();
                let (other, others) = honest(chains).find(rival)?;
                Some(Evidence::new(format!("{id:?} is at {own}, and {other:?} at {others}")))
            })
        },
    )
}

fn reorganisation() -> Property<ProofOfWork> {
    Claim::sometimes("reorganisation", "A node gives up blocks of its chain for a longer one").by_nodes(
        |_: &ProofOfWork, node| seen(node).map(|(_, deepest)| deepest),
        |_, deepest| {
            let (ix, depth) = deepest.iter().enumerate().find(|(_, depth)| depth.is_some_and(|depth| depth > 0))?;
            Some(Evidence::new(format!("{:?} gave up {} blocks at once", Id::from(ix), depth.unwrap_or_default())))
        },
    )
}

fn confirmation() -> Property<ProofOfWork> {
    Claim::sometimes("confirmation", "All honest nodes have confirmed a block").by_nodes(
        |protocol: &ProofOfWork, node| read(node).map(|chain| protocol.confirmed(&chain).height()),
        |_, confirmed| {
            let all = confirmed.iter().all(|height| height.is_none_or(|height| height > 0));
            all.then(|| Evidence::new("all honest nodes have confirmed a block"))
        },
    )
}

/// What Garay et al. call a synchronous network, and section 5 of Nakamoto rests on: a block reaches everybody
/// long before the next one is found.
pub(super) fn prompt_delivery() -> Assumption<ProofOfWork> {
    Assumption::new(
        "prompt-delivery",
        "No honest miner finds a block while it has still to hear of a chain as long as the one with that block",
        Condition::by_history(|_, announced: &Announced| {
            announced.overtaken.then(|| Evidence::new("a block was found on a chain that had been overtaken"))
        }),
    )
}

//! The ways to interchange members: a group of permutations.

/// How many there may be.
const ORDER_MAX: usize = 5_040;

/// All permutations of some nodes within their groups. Number [`IDENTITY`] leaves everything as it is.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// The members that are interchangeable, group by group, ascending.
    pub(super) groups: Vec<Vec<usize>>,
    /// By permutation: what becomes of each node.
    images: Vec<Box<[u8]>>,
    /// By permutation: which node becomes this one.
    sources: Vec<Box<[u8]>>,
}

/// The permutation that changes nothing.
pub(super) const IDENTITY: usize = 0;

impl Group {
    /// The permutations of `node_count` nodes that keep every node in its group.
    ///
    /// # Errors
    /// If there are too many.
    pub(super) fn new(node_count: usize, groups: Vec<Vec<usize>>) -> Result<Self, String> {
        let factorial = |n: usize| (2..=n).try_fold(1_usize, usize::checked_mul);
        let order = groups.iter().try_fold(1_usize, |order, group| order.checked_mul(factorial(group.len())?));
        if node_count > usize::from(u8::MAX) || order.is_none_or(|order| order > ORDER_MAX) {
            let sizes: Vec<String> = groups.iter().map(|group| group.len().to_string()).collect();
            return Err(format!(
                "groups of {} interchangeable members can be ordered in more than {ORDER_MAX} ways",
                sizes.join(" and ")
            ));
        }
        let mut images = vec![(0..node_count).map(|node| node as u8).collect::<Box<[u8]>>()];
        for group in &groups {
            images = images.iter().flat_map(|images| with_group_permuted(images, group)).collect();
        }
        let sources = images.iter().map(|images| inverse(images)).collect();
        Ok(Self { groups, images, sources })
    }

    /// How many there are.
    pub(super) fn order(&self) -> usize {
        self.images.len()
    }

    /// What becomes of each node.
    pub(super) fn images(&self, permutation: usize) -> &[u8] {
        &self.images[permutation]
    }

    /// Which node becomes this one, by node.
    pub(super) fn sources(&self, permutation: usize) -> &[u8] {
        &self.sources[permutation]
    }

    /// Calls `each` with every permutation that puts members only where `fits` says that they fit: member, then place.
    pub(super) fn each_fitting(&self, fits: &impl Fn(usize, usize) -> bool, each: &mut impl FnMut(usize)) {
        self.place(0, 0, 0, 0, fits, each);
    }

    /// Places the member number `member_ix` of a group and all after it. `taken` are the places that are taken in the
    /// group, as bits; `begun` is the number of the permutation as far as it is known, digit by digit: among which of the
    /// places that are left each member stands.
    fn place(
        &self,
        group_ix: usize,
        member_ix: usize,
        taken: u32,
        begun: usize,
        fits: &impl Fn(usize, usize) -> bool,
        each: &mut impl FnMut(usize),
    ) {
        let Some(group) = self.groups.get(group_ix) else { return each(begun) };
        if member_ix == group.len() {
            return self.place(group_ix + 1, 0, 0, begun, fits, each);
        }
        let mut digit = 0;
        for (place_ix, place) in group.iter().enumerate() {
            if taken >> place_ix & 1 == 1 {
                continue;
            }
            if fits(group[member_ix], *place) {
                let begun = begun * (group.len() - member_ix) + digit;
                self.place(group_ix, member_ix + 1, taken | 1 << place_ix, begun, fits, each);
            }
            digit += 1;
        }
    }

    /// All but the identity.
    pub(super) fn others(&self) -> std::ops::Range<usize> {
        1..self.order()
    }
}

/// The permutation followed by each of those of the group, which it does not touch; first by none.
fn with_group_permuted(images: &[u8], group: &[usize]) -> Vec<Box<[u8]>> {
    let mut all = Vec::new();
    let mut left: Vec<usize> = group.to_vec();
    extend(images, group, &mut left, &mut Vec::new(), &mut all);
    all
}

fn extend(images: &[u8], group: &[usize], left: &mut Vec<usize>, begun: &mut Vec<usize>, all: &mut Vec<Box<[u8]>>) {
    if left.is_empty() {
        let mut images: Box<[u8]> = images.into();
        group.iter().zip(begun.iter()).for_each(|(node, image)| images[*node] = *image as u8);
        all.push(images);
    }
    for at in 0..left.len() {
        let image = left.remove(at);
        begun.push(image);
        extend(images, group, left, begun, all);
        begun.pop();
        left.insert(at, image);
    }
}

fn inverse(images: &[u8]) -> Box<[u8]> {
    let mut sources = vec![0; images.len()];
    images.iter().enumerate().for_each(|(node, image)| sources[usize::from(*image)] = node as u8);
    sources.into_boxed_slice()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_permutation_is_there_once_and_the_identity_first() {
        let group = Group::new(6, vec![vec![1, 2, 3], vec![4, 5]]).unwrap();
        assert_eq!(group.order(), 12);
        assert_eq!(group.images(IDENTITY), [0, 1, 2, 3, 4, 5]);
        let distinct: BTreeSet<&[u8]> = (0..12).map(|permutation| group.images(permutation)).collect();
        assert_eq!(distinct.len(), 12);
        for permutation in 0..12 {
            let (images, sources) = (group.images(permutation), group.sources(permutation));
            assert!((0..6).all(|node| usize::from(sources[usize::from(images[node])]) == node));
            assert_eq!(images[0], 0);
            assert!([4, 5].contains(&images[4]));
        }
    }

    #[test]
    fn those_that_fit_are_found_by_their_numbers() {
        let group = Group::new(7, vec![vec![0, 2, 4, 6], vec![1, 5]]).unwrap();
        let rules: [fn(usize, usize) -> bool; 4] =
            [|_, _| true, |from, to| from == to, |from, to| from / 3 == to / 3, |from, to| from != to];
        for fits in rules {
            let mut found = Vec::new();
            group.each_fitting(&fits, &mut |permutation| found.push(permutation));
            let is_fitting = |ix: &usize| {
                let moved = group.groups.iter().flatten().copied();
                moved.map(|node| (node, usize::from(group.images(*ix)[node]))).all(|(from, to)| fits(from, to))
            };
            assert_eq!(found, (0..group.order()).filter(is_fitting).collect::<Vec<_>>());
        }
    }

    #[test]
    fn too_many_are_refused() {
        assert_eq!(Group::new(7, vec![(0..7).collect()]).unwrap().order(), 5_040);
        assert!(Group::new(8, vec![(0..8).collect()]).unwrap_err().contains("groups of 8"));
        assert!(Group::new(70, vec![(0..70).collect()]).is_err());
    }
}

//! A population by numbers is its sites, lumped: the same mean of the residue, exactly, as from the sites one by one.

use std::collections::BTreeMap;

use quorate::model::ParamValue;
use quorate_models::gossip::Epidemic;

use super::{build, count, exact, word};

/// What a site is to the rumour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Site {
    Susceptible,
    Infective(usize),
    Removed,
}

/// A kind of rumour mongering.
#[derive(Clone, Copy, Debug)]
struct Kind {
    pull: bool,
    blind: bool,
    coin: bool,
    k: usize,
}

/// How likely the sites are as these lists say, at the start of a cycle.
type Distribution = BTreeMap<Vec<Site>, f64>;

fn is_hot(site: Site) -> bool {
    matches!(site, Site::Infective(_))
}

/// All ways in which each of these sites picks one of the others: all are equally likely.
fn picks(by: &[usize], count: usize) -> Vec<Vec<(usize, usize)>> {
    by.iter().fold(vec![Vec::new()], |ways, site| {
        let others = (0..count).filter(|other| other != site);
        others.flat_map(|other| ways.iter().map(move |way| [way.as_slice(), &[(*site, other)]].concat())).collect()
    })
}

impl Kind {
    /// What becomes of the sites in one cycle in which contacts are made so: each list with its probability.
    fn after(self, sites: &[Site], way: &[(usize, usize)]) -> Vec<(Vec<Site>, f64)> {
        let mut next = sites.to_vec();
        // By site that tells the rumour: whether each of its contacts was necessary.
        let mut contacts: BTreeMap<usize, Vec<bool>> = BTreeMap::new();
        for &(site, other) in way {
            let (source, target) = if self.pull { (other, site) } else { (site, other) };
            if is_hot(sites[source]) {
                let is_news = sites[target] == Site::Susceptible;
                contacts.entry(source).or_default().push(is_news && !self.blind);
                if is_news {
                    next[target] = Site::Infective(0);
                }
            }
        }
        let mut outcomes = vec![(next, 1.0)];
        for (source, necessary) in contacts {
            let Site::Infective(counter) = sites[source] else { unreachable!("it spreads the rumour") };
            let stays = |counter| vec![(Site::Infective(counter), 1.0)];
            let becomes = match necessary.contains(&true) {
                true => stays(0),
                false if self.coin => {
                    let lost = 1.0 / self.k as f64;
                    vec![(Site::Removed, lost), (Site::Infective(0), 1.0 - lost)]
                }
                false if counter + 1 == self.k => vec![(Site::Removed, 1.0)],
                false => stays(counter + 1),
            };
            let split = |(sites, chance): &(Vec<Site>, f64)| {
                let with = |(site, part): &(Site, f64)| {
                    let mut sites = sites.clone();
                    sites[source] = *site;
                    (sites, chance * part)
                };
                becomes.iter().map(with).collect::<Vec<_>>()
            };
            outcomes = outcomes.iter().flat_map(split).collect();
        }
        outcomes
    }

    fn cycle(self, now: &Distribution) -> Distribution {
        let mut next = Distribution::new();
        for (sites, chance) in now {
            let contacting: Vec<usize> = (0..sites.len()).filter(|ix| self.pull || is_hot(sites[*ix])).collect();
            let ways = picks(&contacting, sites.len());
            for way in &ways {
                for (after, part) in self.after(sites, way) {
                    *next.entry(after).or_default() += chance * part / ways.len() as f64;
                }
            }
        }
        next
    }

    /// The mean of the part of the sites that never hear of the rumour.
    fn residue(self, count: usize) -> f64 {
        let mut sites = vec![Site::Susceptible; count];
        sites[0] = Site::Infective(0);
        let (mut now, mut residue) = (Distribution::from([(sites, 1.0)]), 0.0);
        while now.values().sum::<f64>() > 1e-13 {
            let (hot, cold): (Distribution, Distribution) =
                self.cycle(&now).into_iter().partition(|(sites, _)| sites.iter().any(|site| is_hot(*site)));
            let left = |sites: &[Site]| sites.iter().filter(|site| **site == Site::Susceptible).count();
            residue += cold.iter().map(|(sites, chance)| chance * left(sites) as f64).sum::<f64>();
            now = hot;
        }
        residue / count as f64
    }

    fn by_numbers(self, sites: usize) -> f64 {
        let params = [
            ("sites", count(sites)),
            ("direction", word(if self.pull { "pull" } else { "push" })),
            ("response", word(if self.blind { "blind" } else { "feedback" })),
            ("interest", word(if self.coin { "coin" } else { "counter" })),
            ("k", count(self.k)),
            ("measured", ParamValue::Flag(false)),
        ];
        exact(&*build(quorate::cluster::entry::<Epidemic>(), &params), "residue")
    }
}

#[test]
fn numbers_are_sites_lumped() {
    let push = Kind { pull: false, blind: false, coin: false, k: 1 };
    let kinds = [
        push,
        Kind { k: 2, ..push },
        Kind { blind: true, k: 2, ..push },
        Kind { coin: true, k: 2, ..push },
        Kind { blind: true, coin: true, k: 3, ..push },
        Kind { pull: true, ..push },
        Kind { pull: true, k: 2, ..push },
        Kind { pull: true, blind: true, k: 2, ..push },
    ];
    for kind in kinds {
        for count in [3, 4] {
            let (sites, numbers) = (kind.residue(count), kind.by_numbers(count));
            assert!((sites - numbers).abs() < 1e-9, "{kind:?}, {count} sites: {sites}, and by numbers {numbers}");
        }
    }
}

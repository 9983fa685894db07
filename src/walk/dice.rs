//! Reproducible chance.
//!
//! The generator is ChaCha with 8 rounds, whose output is fixed by its definition and not by a library's version; the
//! seed of a run is its key and the number of a walk its stream. Numbers below a bound and weighted draws are made
//! here, by rules that are written out, for the same reason.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// The dice of one walk.
#[derive(Clone, Debug)]
pub(super) struct Dice(ChaCha8Rng);

/// Streams from here on are those of pilot walks: they shall not be the first walks of the run.
pub(super) const PILOTS: u64 = 1 << 63;

impl Dice {
    /// The dice of walk number `walk` under `seed`.
    pub(super) fn of(seed: u64, walk: u64) -> Self {
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        generator.set_stream(walk);
        Self(generator)
    }

    pub(super) fn word(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `count`, each equally likely: the high half of a product, drawn again where that would favour
    /// some (Lemire 2019).
    ///
    /// # Panics
    /// If `count` is 0.
    pub(super) fn below(&mut self, count: usize) -> usize {
        let count = count as u64;
        assert!(count > 0, "there is something to choose from");
        let unfair = count.wrapping_neg() % count;
        loop {
            let product = u128::from(self.word()) * u128::from(count);
            if product as u64 >= unfair {
                return (product >> 64) as usize;
            }
        }
    }

    /// A number from 0 to below 1, in steps of 2^-53.
    pub(super) fn unit(&mut self) -> f64 {
        (self.word() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// An index, each as likely as its weight says; `None` if no weight is above 0.
    pub(super) fn weighted(&mut self, weights: &[f64]) -> Option<usize> {
        let total: f64 = weights.iter().sum();
        let mut left = self.unit() * total;
        let mut last = None;
        for (ix, weight) in weights.iter().enumerate().filter(|(_, weight)| **weight > 0.0) {
            if left < *weight {
                return Some(ix);
            }
            left -= weight;
            last = Some(ix);
        }
        // What is left is a rounding error.
        last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_words_of_a_seed_are_a_promise() {
        let words = |seed, walk| {
            [(); 2].map({
                let mut dice = Dice::of(seed, walk);
                move |()| dice.word()
            })
        };
        assert_eq!(words(0, 0), words(0, 0));
        assert_ne!(words(0, 0), words(0, 1));
        assert_ne!(words(0, 0), words(1, 0));
        // Changes here are changes of every report: they need a new major version.
        assert_eq!(words(7, 3), [3_348_856_302_973_006_449, 1_713_045_363_199_913_294]);
    }

    #[test]
    fn draws_are_as_likely_as_they_should_be() {
        let mut dice = Dice::of(1, 0);
        let mut counts = [0_u32; 6];
        (0..60_000).for_each(|_| counts[dice.below(6)] += 1);
        assert!(counts.iter().all(|count| (9_600..10_400).contains(count)), "{counts:?}");
        let mut counts = [0_u32; 4];
        (0..60_000).for_each(|_| counts[dice.weighted(&[1.0, 0.0, 3.0, 2.0]).unwrap()] += 1);
        assert!((9_600..10_400).contains(&counts[0]) && counts[1] == 0, "{counts:?}");
        assert!((29_500..30_500).contains(&counts[2]), "{counts:?}");
        assert_eq!(dice.weighted(&[0.0, 0.0]), None);
    }
}

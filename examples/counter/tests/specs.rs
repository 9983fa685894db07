//! What is expected of the counter.

use counter::CATALOGUE;

#[test]
fn the_counter_is_as_its_manifest_says() {
    quorate::assert_spec!("specs/counter.toml", CATALOGUE);
}

#[test]
#[should_panic(expected = "no-lost-update: violated in 8 steps where it should hold")]
fn a_red_manifest_is_a_red_test_with_its_story() {
    quorate::assert_spec!("tests/red.toml", CATALOGUE);
}

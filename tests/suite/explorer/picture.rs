//! The diagram and its SVG.

use quorate::engine::Ending;
use quorate::report::viewer::{Diagram, Telling, svg};
use quorate::system::ActionKind;

use super::relay::{CATALOGUE, EVERYTHING, HOSTILE, instance, path};

/// A run of these kinds, told.
fn told(kinds: &[ActionKind], loop_to: Option<usize>) -> Telling {
    let instance = instance(3, 4);
    let system = CATALOGUE[0].build(&instance).unwrap();
    let mut path = path(&*system, kinds.iter().copied());
    if let Some(from) = loop_to {
        path.ending = Ending::Loop { from, fairness: system.properties()[2].fairness };
    }
    Telling::of(&*system, &path, &instance, "q1:".to_owned())
}

/// The places, a line each.
fn lines(diagram: &Diagram) -> String {
    let events = diagram.events.iter().enumerate().map(|(ix, event)| {
        let lane = event.lane.map_or("world", |lane| &diagram.lanes[lane]);
        let (saves, local) = (if event.saves { " saves" } else { "" }, if event.is_local { " local" } else { "" });
        format!(
            "{:2} {} @{lane} \"{}\" \"{}\" after {:?}{saves}{local}\n",
            ix + 1,
            event.kind,
            event.label,
            event.note,
            event.after
        )
    });
    let arrows = diagram.arrows.iter().map(|arrow| {
        let (from, to) = (&diagram.lanes[arrow.from], &diagram.lanes[arrow.to]);
        format!("{} {from} -> {to} rows {}..{:?}\n", arrow.kind, arrow.sent, arrow.ends)
    });
    let spans = diagram
        .spans
        .iter()
        .map(|span| format!("{} {} rows {}..{:?}\n", span.what, diagram.lanes[span.lane], span.from, span.to));
    let bands = diagram.bands.iter().map(|band| format!("split {:?} rows {}..{:?}\n", band.sides, band.from, band.to));
    let back = diagram.loop_to.map(|row| format!("back to row {row}\n"));
    events.chain(arrows).chain(spans).chain(bands).chain(back).collect()
}

#[test]
fn every_mark_has_its_place() {
    insta::assert_snapshot!(lines(&told(&EVERYTHING, None).diagram));
}

#[test]
fn the_picture_has_every_mark() {
    let picture = svg(&told(&EVERYTHING, None).diagram, "everything");
    insta::assert_snapshot!(picture);
}

#[test]
fn a_lasso_leads_back() {
    let diagram = told(&[ActionKind::Timeout; 1], Some(0)).diagram;
    assert_eq!(diagram.loop_to, Some(0));
    assert!(svg(&diagram, "a loop").contains("for ever"));
}

#[test]
fn hostile_texts_stay_texts_in_the_picture() {
    let picture = svg(&told(&EVERYTHING, None).diagram, HOSTILE);
    assert!(!picture.contains("<script>") && !picture.contains("<img"), "{picture}");
    roxmltree::Document::parse(&picture).unwrap();
}

#[test]
fn a_property_is_told_where_it_finds_something() {
    let telling = told(&[ActionKind::Deliver; 4], None);
    let early = telling.properties.iter().find(|one| one.name == "early").unwrap();
    assert_eq!(early.found.iter().map(|one| (one.from, one.to)).collect::<Vec<_>>(), [(3, 4)]);
    let moves = telling.properties.iter().find(|one| one.name == "moves").unwrap();
    assert!(moves.witness && moves.found[0].from == 1);
    assert_eq!(
        telling.steps[0].changes.iter().map(|change| (change.mark, change.durable)).collect::<Vec<_>>(),
        [('M', false), ('A', true)]
    );
}

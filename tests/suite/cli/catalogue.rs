//! `quorate list` and `quorate show`.

use quorate::exit::Exit;
use serde_json::Value as Json;

use super::Project;

#[test]
fn protocols_are_listed_and_shown() {
    let project = Project::new("catalogue");
    let (list, show) = (project.run(&["list"]), project.run(&["show", "turnstile"]));
    assert_eq!((list.exit, show.exit), (Exit::Expected, Exit::Expected));
    insta::assert_snapshot!(list.out);
    insta::assert_snapshot!(show.out);
}

#[test]
fn machines_read_them_too() {
    let project = Project::new("catalogue-json");
    let json = |args: &[&str]| serde_json::from_str::<Json>(&project.run(args).out).unwrap();
    let list = json(&["list", "--output", "json"]);
    assert_eq!((&list["format"], &list["version"]), (&"quorate-protocols".into(), &1.into()));
    assert_eq!(list["protocols"][0]["name"], "turnstile");
    insta::assert_snapshot!(serde_json::to_string_pretty(&json(&["show", "turnstile", "--output", "json"])).unwrap());
}

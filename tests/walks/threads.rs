//! The report of walks is the same, byte by byte, whatever the number of threads; but for how long they took.

use quorate::cli::Session;
use quorate::exit::Exit;
use quorate_models::CATALOGUE;

use crate::root;

fn report(spec: &str, strategy: &str, threads: &str) -> String {
    let session = Session { folder: root(), ..Session::new(CATALOGUE) };
    let walks = ["simulate", spec, "--strategy", strategy, "--seed", "7", "--walks", "200"];
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = session.run(walks.into_iter().chain(["--threads", threads, "--output", "json"]), &mut out, &mut err);
    assert!(matches!(exit, Exit::Expected | Exit::Undecided | Exit::Differs), "{}", String::from_utf8_lossy(&err));
    let text = String::from_utf8(out).unwrap();
    text.lines().filter(|line| !line.contains("\"elapsed_us\"")).collect::<Vec<_>>().join("\n")
}

#[test]
#[cfg_attr(debug_assertions, ignore = "for an optimised build")]
fn reports_are_the_same() {
    for spec in ["specs/raft.toml", "specs/two-phase-commit.toml", "specs/swim.toml"] {
        for strategy in ["coverage", "weighted", "pct", "uniform"] {
            let alone = report(spec, strategy, "1");
            assert!(alone.len() > 10_000, "there is something to compare: {alone}");
            let together = report(spec, strategy, "8");
            let line = alone.lines().zip(together.lines()).find(|(one, other)| one != other);
            assert!(alone == together, "{spec}, {strategy}: {line:?}");
        }
    }
}

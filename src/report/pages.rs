//! Pages of documentation, in Markdown, from the catalogue and the specs. Nothing is run here, since a spec says what comes
//! out and a run of it says whether that is so; the counterexamples are those of a run.

use std::fmt::Write;

use super::numbers::count;
use crate::cluster::Entry;
use crate::model::{Domain, Parameter};
use crate::spec::{Check, Expected, Size};
use crate::system::{PropertyCard, ShowsIn};
use crate::trace::{Trace, outline, setting};

/// A protocol and its checks.
pub type Documented<'a> = (&'a dyn Entry, Vec<Check>);

/// Everything about one protocol: its card, what can be set, what is claimed, and the verdict of each check.
pub fn protocol(entry: &dyn Entry, checks: &[Check]) -> String {
    let card = entry.card();
    let mut page = format!("# {}\n\n`{}`\n\n", card.title, card.name);
    for (label, text) in [("Source", card.source), ("Modelled", card.modelled), ("Left out", card.left_out)] {
        push(&mut page, format_args!("- **{label}.** {}\n", line(text)));
    }
    let properties = entry.properties();
    let claims = properties.iter().map(|card| [code(&card.name), card.kind.word().to_owned(), line(&card.about)]);
    page += &table("Properties", ["property", "kind", "claim"], claims);
    let settings = entry.parameters();
    page += &table("Parameters", ["parameter", "values", "meaning"], settings.iter().map(parameter));
    let deviations = entry.deviations().iter().map(|card| {
        let breaks = card.breaks.map_or_else(|| "nothing alone".to_owned(), code);
        [code(card.name), breaks, line(card.about)]
    });
    page += &table("Deviations", ["deviation", "breaks", "what is done wrongly"], deviations);
    let verdicts = checks.iter().map(|check| {
        let found = check.lock.map_or_else(|| "not seen to its end".to_owned(), |lock| count(lock.states));
        let name = if told(entry, check).is_some() { linked(check, "..") } else { line(&check.name) };
        [name, line(&setting(&check.instance)), verdict(check, &properties), found]
    });
    page += &table("Verdicts", ["check", "of", "verdict", "states"], verdicts);
    push(&mut page, format_args!("\n`quorate check specs/{}.toml` runs the small ones of these.\n", card.name));
    page
}

/// The property of which the pages tell how the check finds it violated: the one that its deviation breaks, or else the
/// first. Only small checks are told, and no cells of sweeps, which are all alike.
pub fn told(entry: &dyn Entry, check: &Check) -> Option<PropertyCard> {
    if check.size != Size::Small || check.cell.is_some() {
        return None;
    }
    let deviations = entry.deviations();
    let own = deviations.iter().filter(|card| check.instance.deviations.iter().any(|name| name == card.name));
    let broken: Vec<&str> = own.filter_map(|card| card.breaks).collect();
    let properties = entry.properties();
    let fallen = violated(check, &properties);
    let named = fallen.iter().find(|card| broken.contains(&card.name.as_str()));
    named.or(fallen.first()).map(|card| (*card).clone())
}

/// The shortest ways to what the checks of a protocol find violated: check by check, with the trace of what is
/// [`told`].
pub fn counterexamples(entry: &dyn Entry, found: &[(&Check, &Trace)]) -> String {
    let card = entry.card();
    let mut page = format!("# {}: counterexamples\n\n", card.title);
    push(
        &mut page,
        format_args!(
            "The shortest there are; of some that are equally short always the same. What each is about says \
             [the page of the protocol](../protocols/{}.md). `quorate check specs/{}.toml --name '…' --trace-dir F` \
             writes those of a check into a folder, a file each; `quorate explore FILE` walks one, and `quorate trace show FILE` says what each \
             step changes.\n",
            card.name, card.name
        ),
    );
    for (check, trace) in found {
        let (name, claim, evidence) = (line(&check.name), line(&trace.claim), line(&trace.evidence));
        push(&mut page, format_args!("\n## {name}\n\n{}.\n\n", line(&setting(&check.instance))));
        push(&mut page, format_args!("{} is violated: {claim}. {evidence}.\n\n", code(&trace.property)));
        push(&mut page, format_args!("```text\n{}```\n", outline(trace)));
    }
    page
}

/// A link to the counterexample of a check, from a page in the folder `docs` or in one below it.
fn linked(check: &Check, docs: &str) -> String {
    let is_kept = |letter: &char| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_');
    let anchor: String = line(&check.name).to_lowercase().chars().filter(is_kept).collect();
    let page = &check.instance.protocol;
    format!("[{}]({docs}/counterexamples/{page}.md#{})", line(&check.name), anchor.replace(' ', "-"))
}

/// A line for each protocol: what holds, what is caught.
pub fn overview(documented: &[Documented<'_>]) -> String {
    let rows = documented.iter().map(|(entry, checks)| {
        let card = entry.card();
        let properties = entry.properties();
        let plain = checks.iter().filter(|check| check.instance.deviations.is_empty());
        let (broken, whole): (Vec<&Check>, Vec<&Check>) =
            plain.filter(|check| ends(check)).partition(|check| !violated(check, &properties).is_empty());
        let caught = entry.deviations().iter().filter(|card| card.breaks.is_some()).count();
        let largest = checks.iter().filter_map(|check| check.lock).map(|lock| lock.states).max().unwrap_or_default();
        let mut fallen: Vec<String> =
            broken.iter().flat_map(|check| violated(check, &properties)).map(|card| code(&card.name)).collect();
        fallen.sort();
        fallen.dedup();
        let fallen = if fallen.is_empty() { "—".to_owned() } else { fallen.join(", ") };
        let link = format!("[{}](docs/protocols/{}.md)", card.title, card.name);
        [link, count(whole.len() as u64), fallen, count(caught as u64), count(largest)]
    });
    let heads =
        ["system", "checks that hold", "violated under the faults or as published", "deviations caught", "most states"];
    rows_of(heads, rows)
}

/// What a table of schemes against faults is made of.
#[derive(Clone, Copy, Debug)]
pub struct FaultGrid<'a> {
    /// The tag of the checks that belong to it.
    pub family: &'a str,
    /// The faults, as in the tags `fault/NAME`.
    pub columns: &'a [&'a str],
    /// The property that fencing keeps where others are lost.
    pub effect: &'a str,
    /// Properties that are no matter of the scheme.
    pub aside: &'a [&'a str],
}

/// Schemes against faults, from the checks that have the tag of the family, one `scheme/NAME` and one `fault/NAME` or
/// more. Of several checks in a cell the worst counts.
pub fn faults(grid: FaultGrid<'_>, documented: &[Documented<'_>]) -> String {
    let FaultGrid { family, columns, .. } = grid;
    let tagged: Vec<(&dyn Entry, &Check)> = documented
        .iter()
        .flat_map(|(entry, checks)| checks.iter().map(|check| (*entry, check)))
        .filter(|(_, check)| check.tags.iter().any(|tag| tag == family))
        .collect();
    let mut schemes: Vec<&str> =
        tagged.iter().flat_map(|(_, check)| &check.tags).filter_map(|tag| tag.strip_prefix("scheme/")).collect();
    schemes.sort_unstable();
    schemes.dedup();
    let mut page = format!("| scheme | {} |\n|---|{}\n", columns.join(" | "), "---|".repeat(columns.len()));
    for scheme in schemes {
        push(&mut page, format_args!("| {} |", code(scheme)));
        for column in columns {
            let wanted = [format!("scheme/{scheme}"), format!("fault/{column}")];
            let here = tagged.iter().filter(|(_, check)| wanted.iter().all(|tag| check.tags.contains(tag)));
            // The worst says what one may trust.
            let worst = here
                .map(|(entry, check)| (outcome(grid, check, &entry.properties()), *entry, *check))
                .max_by_key(|(found, ..)| found.0);
            let cell = worst.map_or_else(
                || "—".to_owned(),
                |((badness, word), entry, check)| {
                    let is_told = badness > 0 && told(entry, check).is_some();
                    format!("{word}: {}", if is_told { linked(check, ".") } else { line(&check.name) })
                },
            );
            push(&mut page, format_args!(" {cell} |"));
        }
        page.push('\n');
    }
    page
}

/// How bad it is, and in words.
fn outcome(grid: FaultGrid<'_>, check: &Check, properties: &[PropertyCard]) -> (u8, String) {
    let mut fallen = violated(check, properties);
    fallen.retain(|card| !grid.aside.contains(&card.name.as_str()));
    let names = || fallen.iter().map(|card| code(&card.name)).collect::<Vec<_>>().join(", ");
    let is_progress = |card: &&PropertyCard| match card.kind.shows_in() {
        ShowsIn::Graph | ShowsIn::Deadlock => true,
        ShowsIn::State | ShowsIn::Step => false,
    };
    // Not just what nobody asked: the check itself says that it holds.
    let is_kept = check.expect.get(grid.effect) == Some(&Expected::Holds);
    if fallen.is_empty() {
        (0, "safe".to_owned())
    } else if fallen.iter().copied().all(|card| is_progress(&card)) {
        (1, format!("blocks ({})", names()))
    } else if is_kept {
        (2, format!("fenced ({})", names()))
    } else {
        (3, format!("**unsafe** ({})", names()))
    }
}

/// Whether its search is known to end: a limit may cut the others.
fn ends(check: &Check) -> bool {
    check.lock.is_some()
}

fn violated<'p>(check: &Check, properties: &'p [PropertyCard]) -> Vec<&'p PropertyCard> {
    let is_violated = |card: &&PropertyCard| matches!(check.expected(card), Expected::Violated { .. });
    properties.iter().filter(is_violated).collect()
}

fn verdict(check: &Check, properties: &[PropertyCard]) -> String {
    let fallen = violated(check, properties);
    let size = Some(check.size).filter(|size| *size != Size::Small).map(Size::word);
    let reductions = check.reductions.words().into_iter().map(|word| format!("reduced by {}", word.replace('-', " ")));
    let notes: Vec<String> = size.map(str::to_owned).into_iter().chain(reductions).collect();
    let size = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join("; ")) };
    if fallen.is_empty() {
        let undecided = properties.iter().any(|card| check.expected(card) == Expected::Undecided);
        let word = match (ends(check), undecided) {
            (false, _) => "no violation within its limits",
            (true, true) => "undecided within its limits",
            (true, false) => "holds",
        };
        return format!("{word}{size}");
    }
    let one = |card: &&PropertyCard| match check.expected(card) {
        Expected::Violated { at_most_steps: Some(steps) } => format!("{} in {steps}", code(&card.name)),
        _ => code(&card.name),
    };
    format!("violated: {}{size}", fallen.iter().map(one).collect::<Vec<_>>().join(", "))
}

fn parameter(parameter: &Parameter) -> [String; 3] {
    let Parameter { name, about, domain } = parameter;
    let meanings = match domain {
        Domain::Count { .. } | Domain::Flag { .. } => String::new(),
        Domain::Choice { options, .. } => options
            .iter()
            .map(|(option, meaning)| format!(" {}: {}.", code(option), line(meaning).trim_end_matches('.')))
            .collect(),
    };
    [code(name), format!("{domain}; default {}", domain.default_value()), format!("{}{meanings}", line(about))]
}

fn table<const N: usize>(title: &str, heads: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let rows: Vec<[String; N]> = rows.collect();
    if rows.is_empty() { String::new() } else { format!("\n## {title}\n\n{}", rows_of(heads, rows.into_iter())) }
}

fn rows_of<const N: usize>(heads: [&str; N], rows: impl Iterator<Item = [String; N]>) -> String {
    let mut text = format!("| {} |\n|{}\n", heads.join(" | "), "---|".repeat(N));
    rows.for_each(|row| push(&mut text, format_args!("| {} |\n", row.join(" | "))));
    text
}

fn push(page: &mut String, arguments: std::fmt::Arguments<'_>) {
    page.write_fmt(arguments).expect("a text can be written to");
}

/// As one line that is a cell of a table.
fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

fn code(word: &str) -> String {
    format!("`{word}`")
}

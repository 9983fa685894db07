//! A trace as a short code that can be pasted: `q1:…`.
//!
//! ```text
//! "q1:" base64url( length u16, instance and property as JSON, steps: (mark u16, turn u8)*, CRC-32 of all before )
//! ```
//!
//! The JSON names the instance by what is not as usual. A step is a mark of its action's text and, since two actions
//! may have the same mark, its turn among those that are possible at the time and have it. So a code depends on
//! no order, and a protocol that has changed since is noticed at the first step that is gone, all but once
//! in some thousand. It tells nothing of states: who wants them takes the steps again.

use indexmap::IndexMap;
use serde_json::{Map, Value as Json, json};
use thiserror::Error;

use super::Trace;
use super::format::as_written;
use crate::cluster::{Entry, Instance};
use crate::engine::{Ending, Path};
use crate::model::Environment;
use crate::system::{Action, Explain, Successors, Word};

/// What every code begins with.
pub const PREFIX: &str = "q1:";

/// Why a text is no code.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CodeError {
    /// It does not begin as a code does.
    #[error("not a code: a code begins with `{PREFIX}`")]
    NoCode,
    /// It has a character that no code has.
    #[error("`{0}` cannot stand in a code; was it broken by a line end or by quotes?")]
    Letter(char),
    /// Its sum is wrong.
    #[error("the code is not whole: its checksum does not fit; was it cut or mistyped?")]
    Checksum,
    /// It is whole, but does not say what a code says.
    #[error("the code is of another version, or not of quorate: {0}")]
    Content(String),
}

/// What a code says.
#[derive(Clone, Debug, PartialEq)]
pub struct Code {
    /// What the trace was taken from.
    pub instance: Instance,
    /// The name of the property.
    pub property: String,
    /// Mark and turn of each step.
    steps: Vec<(u16, u8)>,
}

/// That a code cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Astray {
    /// At which step, from 1.
    pub step: usize,
    /// What is possible there.
    pub enabled: Vec<Action>,
}

impl Code {
    /// The code of a path.
    pub fn of(system: &dyn Explain, path: &Path, instance: &Instance, property: &str) -> Self {
        let step = |(state, index): (&[Word], usize)| {
            let marks = marks(system, state);
            let mark = marks[index];
            (mark, marks[..index].iter().filter(|other| **other == mark).count() as u8)
        };
        let states = path.states.iter().map(AsRef::as_ref);
        let steps = states.zip(path.steps.iter().copied()).map(step).collect();
        Self { instance: instance.clone(), property: property.to_owned(), steps }
    }

    /// The text of the code of the start: no step, nothing shown.
    pub fn of_start(instance: &Instance) -> String {
        Self { instance: instance.clone(), property: String::new(), steps: Vec::new() }.text()
    }

    /// The text of the code of a trace, as far as its steps can be taken again.
    ///
    /// # Errors
    /// A sentence: the catalogue has not its protocol, or cannot build the instance.
    pub fn of_trace(trace: &Trace, catalogue: &[&dyn Entry]) -> Result<String, String> {
        let protocol = &trace.instance.protocol;
        let entry = catalogue.iter().find(|entry| entry.card().name == protocol);
        let entry = entry.ok_or_else(|| format!("the catalogue has no protocol `{protocol}`"))?;
        let system = entry.build(&trace.instance)?;
        let start = system.initial().into_iter().next().ok_or("the system has no start")?;
        let mut path = Path { states: vec![start], steps: Vec::new(), ending: Ending::Found };
        let mut successors = Successors::default();
        for step in &trace.steps {
            let Some(here) = path.states.last().cloned() else { break };
            let wanted = super::format::json(&step.action);
            system.successors(&here, &mut successors);
            let is_it = |index: &usize| super::format::json(&system.action(&here, *index)) == wanted;
            let Some(index) = (0..successors.len()).find(is_it) else { break };
            let mut next = here;
            successors.iter().nth(index).expect("the index is below the count").apply(&mut next);
            path.states.push(next);
            path.steps.push(index);
        }
        let mut code = Self::of(&*system, &path, &trace.instance, &trace.property);
        // Steps that are gone stay in the code by their marks, so that whoever follows it hears where it goes astray.
        code.steps.extend(trace.steps[path.steps.len()..].iter().map(|step| (mark(&step.action), 0)));
        Ok(code.text())
    }

    /// How many steps.
    pub fn step_count(&self) -> usize {
        self.steps.len()
    }

    /// The path through `system` that the code tells of.
    ///
    /// # Errors
    /// If a step is not possible.
    pub fn follow(&self, system: &dyn Explain) -> Result<Path, Astray> {
        let (path, astray) = self.follow_far(system);
        astray.map_or(Ok(path), Err)
    }

    /// The same as far as its steps are possible, and where the first is not.
    pub fn follow_far(&self, system: &dyn Explain) -> (Path, Option<Astray>) {
        let start = system.initial().into_iter().next();
        let mut path = Path { states: start.into_iter().collect(), steps: Vec::new(), ending: Ending::Found };
        for (ix, (mark, turn)) in self.steps.iter().enumerate() {
            let Some(here) = path.states.last().cloned() else {
                return (path, Some(Astray { step: ix + 1, enabled: Vec::new() }));
            };
            let mut with_mark = marks(system, &here).into_iter().enumerate().filter(|(_, other)| other == mark);
            let Some((index, _)) = with_mark.nth(usize::from(*turn)) else {
                return (path, Some(Astray { step: ix + 1, enabled: actions(system, &here) }));
            };
            let mut successors = Successors::default();
            system.successors(&here, &mut successors);
            let mut next = here;
            successors.iter().nth(index).expect("the index is below the count").apply(&mut next);
            path.states.push(next);
            path.steps.push(index);
        }
        (path, None)
    }

    /// The text that [`parse`](Self::parse) reads.
    pub fn text(&self) -> String {
        let heading = json!({ "i": unusual(&self.instance), "p": self.property }).to_string();
        let mut bytes = (heading.len() as u16).to_be_bytes().to_vec();
        bytes.extend(heading.as_bytes());
        for (mark, turn) in &self.steps {
            bytes.extend(mark.to_be_bytes());
            bytes.push(*turn);
        }
        bytes.extend(crc32(&bytes).to_be_bytes());
        format!("{PREFIX}{}", base64(&bytes))
    }

    /// Reads the text of a code.
    ///
    /// # Errors
    /// See [`CodeError`].
    pub fn parse(text: &str) -> Result<Self, CodeError> {
        let text = text.trim().strip_prefix(PREFIX).ok_or(CodeError::NoCode)?;
        let bytes = from_base64(text)?;
        let (content, sum) = bytes.split_last_chunk::<4>().ok_or(CodeError::Checksum)?;
        if crc32(content).to_be_bytes() != *sum {
            return Err(CodeError::Checksum);
        }
        let wrong = |why: &str| CodeError::Content(why.to_owned());
        let (length, rest) = content.split_first_chunk::<2>().ok_or_else(|| wrong("it is empty"))?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (heading, steps) = rest.split_at_checked(length).ok_or_else(|| wrong("its heading is cut"))?;
        let heading: Json = serde_json::from_slice(heading).map_err(|error| wrong(&error.to_string()))?;
        let property = heading["p"].as_str().ok_or_else(|| wrong("it names no property"))?.to_owned();
        let mut steps = steps.chunks_exact(3);
        let read: Vec<(u16, u8)> = (&mut steps).map(|step| (u16::from_be_bytes([step[0], step[1]]), step[2])).collect();
        if !steps.remainder().is_empty() {
            return Err(wrong("its last step is cut"));
        }
        let instance = serde_json::from_value(usual(&heading["i"])).map_err(|error| wrong(&error.to_string()))?;
        Ok(Self { instance, property, steps: read })
    }
}

fn actions(system: &dyn Explain, state: &[Word]) -> Vec<Action> {
    let mut successors = Successors::default();
    system.successors(state, &mut successors);
    (0..successors.len()).map(|index| as_written(&system.action(state, index))).collect()
}

fn marks(system: &dyn Explain, state: &[Word]) -> Vec<u16> {
    let mut successors = Successors::default();
    system.successors(state, &mut successors);
    let of = |index| match system.action(state, index) {
        // What the whole world does bears no value, and there may be hundreds of ways to split a network.
        action if action.nodes().is_empty() => mark(&action),
        action => mark(&as_written(&action)),
    };
    (0..successors.len()).map(of).collect()
}

fn mark(action: &Action) -> u16 {
    (crc32(action.to_string().as_bytes()) & 0xffff) as u16
}

/// An instance of which nothing is said.
fn plain() -> Json {
    let plain = Instance {
        protocol: String::new(),
        params: IndexMap::new(),
        deviations: Vec::new(),
        environment: Environment::default(),
    };
    super::format::json(&plain)
}

/// What of an instance is not as usual.
fn unusual(instance: &Instance) -> Json {
    fn differing(json: &Json, usual: &Json) -> Option<Json> {
        match (json, usual) {
            (json, usual) if json == usual => None,
            (Json::Object(members), Json::Object(usual)) => {
                let member = |(key, value): (&String, &Json)| {
                    let differing = differing(value, usual.get(key).unwrap_or(&Json::Null))?;
                    Some((key.clone(), differing))
                };
                Some(Json::Object(members.iter().filter_map(member).collect()))
            }
            (json, _) => Some(json.clone()),
        }
    }
    differing(&super::format::json(instance), &plain()).unwrap_or_else(|| Json::Object(Map::new()))
}

/// The whole of which `unusual` is what is not as usual.
fn usual(unusual: &Json) -> Json {
    fn put(onto: &mut Json, unusual: &Json) {
        match (onto, unusual) {
            (Json::Object(members), Json::Object(unusual)) => {
                for (key, value) in unusual {
                    put(members.entry(key.clone()).or_insert(Json::Null), value);
                }
            }
            (onto, unusual) => unusual.clone_into(onto),
        }
    }
    let mut whole = plain();
    put(&mut whole, unusual);
    whole
}

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// RFC 4648, section 5, without padding.
fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let triple = chunk.iter().enumerate().fold(0_u32, |sum, (ix, byte)| sum | u32::from(*byte) << (16 - 8 * ix));
        let letter = |ix: usize| char::from(LETTERS[(triple >> (18 - 6 * ix) & 63) as usize]);
        text.extend((0..=chunk.len()).map(letter));
    }
    text
}

fn from_base64(text: &str) -> Result<Vec<u8>, CodeError> {
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0, 0_u32);
    for letter in text.chars() {
        let six = LETTERS.iter().position(|known| char::from(*known) == letter);
        held = held << 6 | six.ok_or(CodeError::Letter(letter))? as u32;
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
            held &= (1 << bits) - 1;
        }
    }
    Ok(bytes)
}

/// CRC-32 as in IEEE 802.3.
fn crc32(bytes: &[u8]) -> u32 {
    let byte = |sum: u32, byte: &u8| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xedb8_8320 } else { sum >> 1 })
    };
    !bytes.iter().fold(!0, byte)
}

#[cfg(test)]
mod tests {
    use super::super::script::{instance, lease};
    use super::*;

    #[test]
    fn sums_and_letters_are_those_of_the_standards() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        let vectors = [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
        for (plain, coded) in vectors {
            assert_eq!(base64(plain.as_bytes()), coded);
            assert_eq!(from_base64(coded).unwrap(), plain.as_bytes());
        }
    }

    #[test]
    fn a_code_is_read_and_followed() {
        let system = lease();
        let code = Code::of(&system, &system.path(), &instance(), "one-holder");
        let text = code.text();
        assert!(text.len() < 260, "{} {text}", text.len());
        let read = Code::parse(&text).unwrap();
        assert_eq!((&read, read.step_count()), (&code, 7));
        assert_eq!(read.follow(&system), Ok(system.path()));
    }

    #[test]
    fn steps_are_found_wherever_they_stand_and_missed_when_gone() {
        let system = lease();
        let code = Code::of(&system, &system.path(), &instance(), "one-holder");
        let crash = Action::Crash { node: "client0".to_owned() };
        let wider = (0..7).fold(lease(), |system, state_ix| system.or(state_ix, crash.clone()));
        assert_eq!(code.follow(&wider).unwrap().states, system.path().states);
        let astray = code.follow(&lease().without(4)).unwrap_err();
        assert_eq!((astray.step, astray.enabled), (5, Vec::new()));
    }

    #[test]
    fn what_is_no_code_is_told_why() {
        let text = Code::of(&lease(), &lease().path(), &instance(), "one-holder").text();
        assert_eq!(Code::parse("lease"), Err(CodeError::NoCode));
        assert_eq!(Code::parse(&text[..text.len() - 3]), Err(CodeError::Checksum));
        assert_eq!(Code::parse(&text.replacen('e', "f", 1)), Err(CodeError::Checksum));
        assert_eq!(Code::parse(&format!("{text} x")), Err(CodeError::Letter(' ')));
        assert_eq!(Code::parse(&format!(" {text}\n")).map(|code| code.step_count()), Ok(7));
        let empty = format!("{PREFIX}{}", base64(&crc32(&[]).to_be_bytes()));
        assert_eq!(Code::parse(&empty), Err(CodeError::Content("it is empty".to_owned())));
    }
}

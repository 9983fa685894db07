//! XML Schema: elements, sequences, choices, attributes, and the simple types of JUnit's schema.

use std::collections::BTreeMap;

use roxmltree::{Document, Node};

/// What of `document` is not as `schema` has it; empty if it is valid.
pub(crate) fn violations(schema: &str, document: &str) -> Vec<String> {
    let (schema, document) = (Document::parse(schema).unwrap(), Document::parse(document).unwrap());
    let tops = |tag: &str| {
        let named = schema.root_element().children().filter(|node| node.has_tag_name((XS, tag)));
        named.map(|node| (node.attribute("name").unwrap().to_owned(), node)).collect()
    };
    let mut judge = Judge { elements: tops("element"), types: tops("complexType"), found: Vec::new() };
    let root = document.root_element();
    match judge.elements.get(root.tag_name().name()).copied() {
        Some(element) => judge.element(element, root),
        None => judge.wrong(root, "is not known"),
    }
    judge.found
}

const XS: &str = "http://www.w3.org/2001/XMLSchema";

struct Judge<'s, 'i> {
    elements: BTreeMap<String, Node<'s, 'i>>,
    types: BTreeMap<String, Node<'s, 'i>>,
    found: Vec<String>,
}

/// How often something may stand.
fn occurs(node: Node<'_, '_>) -> (usize, usize) {
    let number = |name| match node.attribute(name) {
        None => 1,
        Some("unbounded") => usize::MAX,
        Some(number) => number.parse().unwrap(),
    };
    (number("minOccurs"), number("maxOccurs"))
}

fn parts<'s, 'i>(node: Node<'s, 'i>) -> impl Iterator<Item = Node<'s, 'i>> {
    node.children().filter(Node::is_element)
}

impl<'s, 'i> Judge<'s, 'i> {
    fn wrong(&mut self, node: Node<'_, '_>, why: impl std::fmt::Display) {
        self.found.push(format!("<{}> {why}", node.tag_name().name()));
    }

    /// An element against its declaration.
    fn element(&mut self, declared: Node<'s, 'i>, node: Node<'_, '_>) {
        let own = parts(declared).find(|part| part.has_tag_name((XS, "complexType")));
        let named = declared.attribute("type").map(|name| self.types.get(name).copied().ok_or(name));
        match (own, named) {
            (Some(own), _) | (None, Some(Ok(own))) => self.complex(own, node),
            (None, Some(Err("xs:string"))) if parts(node).next().is_none() => {}
            (None, other) => self.wrong(node, format!("is not of type {other:?}")),
        }
    }

    fn complex(&mut self, of: Node<'s, 'i>, node: Node<'_, '_>) {
        let is_mixed = of.attribute("mixed") == Some("true");
        let text = node.children().filter(Node::is_text).filter_map(|text| text.text());
        if !is_mixed && text.into_iter().any(|text| !text.trim().is_empty()) {
            self.wrong(node, "has text");
        }
        let children: Vec<Node<'_, '_>> = parts(node).collect();
        let mut left = &children[..];
        let mut attributes = Vec::new();
        for part in parts(of) {
            match part.tag_name().name() {
                "sequence" | "choice" => left = self.group(part, left),
                "attribute" => attributes.push(part),
                other => panic!("this judge does not know <{other}>"),
            }
        }
        if let Some(strange) = left.first() {
            self.wrong(node, format!("has <{}> where it may not stand", strange.tag_name().name()));
        }
        self.attributes(&attributes, node);
    }

    /// Takes what a group allows off the front.
    fn group<'n, 'd, 'e>(&mut self, group: Node<'s, 'i>, nodes: &'n [Node<'d, 'e>]) -> &'n [Node<'d, 'e>] {
        let (_, most) = occurs(group);
        let mut left = nodes;
        for _ in 0..most {
            let before = left.len();
            for part in parts(group) {
                left = match part.tag_name().name() {
                    "element" => self.some(part, left),
                    "sequence" | "choice" => self.group(part, left),
                    other => panic!("this judge does not know <{other}>"),
                };
                if group.has_tag_name((XS, "choice")) && left.len() < before {
                    break;
                }
            }
            if left.len() == before || left.is_empty() {
                break;
            }
        }
        left
    }

    /// Takes the elements that a particle allows off the front.
    fn some<'n, 'd, 'e>(&mut self, particle: Node<'s, 'i>, nodes: &'n [Node<'d, 'e>]) -> &'n [Node<'d, 'e>] {
        let name = particle.attribute("ref").or(particle.attribute("name")).unwrap();
        let (least, most) = occurs(particle);
        let fits = |node: &&Node<'_, '_>| node.tag_name().name() == name;
        let number = nodes.iter().take_while(fits).count().min(most);
        let is_choice = particle.parent().is_some_and(|parent| parent.has_tag_name((XS, "choice")));
        if number < least && !is_choice {
            self.found.push(format!("<{name}> is missing"));
        }
        let declared = self.elements.get(name).copied().unwrap_or(particle);
        nodes[..number].iter().for_each(|node| self.element(declared, *node));
        &nodes[number..]
    }

    fn attributes(&mut self, declared: &[Node<'s, 'i>], node: Node<'_, '_>) {
        for attribute in node.attributes() {
            let known = declared.iter().find(|known| known.attribute("name") == Some(attribute.name()));
            match known.map(|known| known.attribute("type").unwrap()) {
                Some("xs:string") => {}
                Some("SUREFIRE_TIME") if is_time(attribute.value()) => {}
                _ => self.wrong(node, format!("has {}=\"{}\"", attribute.name(), attribute.value())),
            }
        }
        for known in declared.iter().filter(|known| known.attribute("use") == Some("required")) {
            let name = known.attribute("name").unwrap();
            if node.attribute(name).is_none() {
                self.wrong(node, format!("has no {name}"));
            }
        }
    }
}

/// `(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]{0,3})?`, without its commas.
fn is_time(text: &str) -> bool {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    digits(whole) && digits(part) && part.len() <= 3
}

#[test]
fn the_judge_of_xml_finds_what_is_wrong() {
    let judged = |text: &str| violations(super::JUNIT, text);
    let suite = |inner: &str| format!("<testsuite name='a' tests='1' failures='0' errors='0'>{inner}</testsuite>");
    assert_eq!(judged(&suite("<testcase name='a'/>")), Vec::<String>::new());
    assert_eq!(judged(&suite("<testcase name='a' time='0.001'><failure type='a'>b</failure></testcase>")).len(), 0);
    assert_eq!(judged(&suite("<testcase/>")), ["<testcase> has no name"]);
    assert_eq!(judged(&suite("<case name='a'/>")).len(), 1);
    assert_eq!(judged(&suite("text")).len(), 1);
    assert_eq!(judged("<testsuites time='1.2345'/>").len(), 1);
    assert_eq!(judged("<testsuites><testcase name='a'/></testsuites>").len(), 1);
    assert_eq!(judged("<suites/>").len(), 1);
}

//! The diagram as one SVG file that stands by itself: in a document, in a browser, in light and in dark.

use super::diagram::{Arrow, Diagram, Event, Flag, Span};
use super::words::cut;
use crate::report::xml::escaped;

/// Pixels from row to row.
const ROW: usize = 34;
/// Pixels from lane to lane.
const LANE: usize = 190;
/// Pixels left of the first lane: numbers of the steps stand there.
const LEFT: usize = 120;
/// Pixels above the first row.
const TOP: usize = 64;
/// Pixels of a letter, about.
const LETTER: usize = 7;
/// An arrow over more rows than this is drawn by its ends, so that it does not cross all between.
const LONG_ROWS: usize = 9;

/// Every mark has a shape of its own: nothing is told by colour alone.
const STYLE: &str = "\
.paper{fill:#fff}.ink{fill:#1f2430}.faint{fill:#6b7280}.lane{stroke:#c9ced8}.head{fill:#eef1f6;stroke:#c9ced8}\
.msg{stroke:#2f6fde;fill:none}.tip{fill:#2f6fde}.dot{fill:#2f6fde}.bad{stroke:#c62f3b;fill:none}.badtip{fill:#c62f3b}\
.warn{stroke:#a15c00;fill:none}.warntip{fill:#a15c00}.down{fill:#c62f3b;opacity:.16}.paused{fill:#a15c00;opacity:.18}\
.band{fill:#7a4fd0;opacity:.09}.split{stroke:#7a4fd0}.node{stroke:#1f2430;fill:#fff}\
text{font:12px ui-sans-serif,system-ui,sans-serif;paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}\
.mono{font-family:ui-monospace,SFMono-Regular,Menlo,monospace;font-size:11.5px}.title{font-weight:650;font-size:13px}\
@media(prefers-color-scheme:dark){.paper{fill:#14171d}.ink{fill:#e7eaf0}.faint{fill:#9aa3b2}.lane{stroke:#3a4150}\
.head{fill:#1f242d;stroke:#3a4150}.msg{stroke:#7aa9ff}.tip,.dot{fill:#7aa9ff}.bad{stroke:#ff7b83}.badtip{fill:#ff7b83}\
.warn{stroke:#f0b35a}.warntip{fill:#f0b35a}.node{stroke:#e7eaf0;fill:#14171d}.split{stroke:#b79cff}text{stroke:#14171d}}";

/// The picture; `title` is what it shows, in a sentence.
pub fn svg(diagram: &Diagram, title: &str) -> String {
    let rows = diagram.events.len();
    let width = LEFT + diagram.lanes.len().max(1) * LANE + 30;
    let height = TOP + (rows + 1) * ROW + 12;
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" \
         role=\"img\">\n<title>{}</title>\n<style>{STYLE}</style>\n<rect class=\"paper\" width=\"{width}\" \
         height=\"{height}\"/>\n",
        escaped(title)
    );
    let mut pen = Pen { out: &mut out, diagram };
    pen.bands(width);
    pen.lanes();
    diagram.spans.iter().for_each(|span| pen.span(span));
    diagram.arrows.iter().for_each(|arrow| pen.arrow(arrow));
    diagram.events.iter().enumerate().for_each(|(ix, event)| pen.event(ix + 1, event));
    diagram.flags.iter().for_each(|flag| pen.flag(flag, width));
    pen.back();
    out.push_str("</svg>\n");
    out
}

fn x(lane: usize) -> usize {
    LEFT + LANE / 2 + lane * LANE
}

/// Where a message is lost: past the middle of its way.
fn crossing(arrow: &Arrow) -> f64 {
    let (from, to) = (x(arrow.from) as f64, x(arrow.to) as f64);
    from + (to - from) * 0.6
}

fn y(row: usize) -> usize {
    TOP + row * ROW
}

struct Pen<'a> {
    out: &'a mut String,
    diagram: &'a Diagram,
}

impl Pen<'_> {
    fn put(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    fn rows(&self) -> usize {
        self.diagram.events.len()
    }

    fn text(&mut self, class: &str, (x, y): (usize, usize), anchor: &str, text: &str) {
        let text = escaped(text);
        self.put(&format!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{text}</text>"));
    }

    fn lanes(&mut self) {
        let bottom = y(self.rows()) + 14;
        for (lane, name) in self.diagram.lanes.iter().enumerate() {
            let x = x(lane);
            self.put(&format!("<line class=\"lane\" x1=\"{x}\" x2=\"{x}\" y1=\"{}\" y2=\"{bottom}\"/>", TOP - 20));
            let left = x - 70;
            self.put(&format!("<rect class=\"head\" x=\"{left}\" y=\"14\" width=\"140\" height=\"28\" rx=\"8\"/>"));
            self.text("ink title", (x, 33), "middle", name);
        }
    }

    fn bands(&mut self, width: usize) {
        for band in &self.diagram.bands {
            let (top, bottom) = (y(band.from), band.to.map_or(y(self.rows()) + 14, y));
            let height = bottom - top;
            self.put(&format!("<rect class=\"band\" x=\"0\" y=\"{top}\" width=\"{width}\" height=\"{height}\"/>"));
            for border in borders(&band.sides, self.diagram.lanes.len()) {
                let x = x(border) - LANE / 2;
                self.put(&format!(
                    "<line class=\"split\" x1=\"{x}\" x2=\"{x}\" y1=\"{top}\" y2=\"{bottom}\" stroke-dasharray=\"2 4\" \
                     stroke-width=\"2\"/>"
                ));
            }
        }
    }

    fn span(&mut self, span: &Span) {
        let (top, bottom) = (y(span.from), span.to.map_or(y(self.rows()) + 14, y));
        let (x, height) = (x(span.lane) - 9, bottom - top);
        let class = span.what;
        self.put(&format!("<rect class=\"{class}\" x=\"{x}\" y=\"{top}\" width=\"18\" height=\"{height}\" rx=\"4\"/>"));
    }

    fn arrow(&mut self, arrow: &Arrow) {
        let (class, tip) = match arrow.kind {
            "drop" | "lost" => ("bad", "badtip"),
            "corrupt" => ("warn", "warntip"),
            _ => ("msg", "tip"),
        };
        let (from, to) = (x(arrow.from) as f64, x(arrow.to) as f64);
        let side = if to >= from { 1.0 } else { -1.0 };
        let Some(ends) = arrow.ends else {
            let (x, y) = (from + side * 8.0, y(arrow.sent) as f64);
            self.put(&format!("<path class=\"{class}\" d=\"M{x} {y} l{} 9\" stroke-dasharray=\"3 3\"/>", side * 26.0));
            return;
        };
        let (top, bottom) = (y(arrow.sent) as f64, y(ends) as f64);
        let is_long = ends - arrow.sent > LONG_ROWS;
        let start = if is_long { (to - side * 70.0, bottom - 16.0) } else { (from + side * 6.0, top) };
        let end = match arrow.kind {
            "drop" | "lost" => (crossing(arrow), bottom),
            _ => (to - side * 9.0, bottom),
        };
        let dashes = if is_long { " stroke-dasharray=\"5 4\"" } else { "" };
        let double = if arrow.kind == "duplicate" { 2.2 } else { 0.0 };
        for shift in if double > 0.0 { vec![-double, double] } else { vec![0.0] } {
            self.put(&format!(
                "<path class=\"{class}\" d=\"M{} {} L{} {}\" stroke-width=\"1.6\"{dashes}/>",
                start.0,
                start.1 + shift,
                end.0,
                end.1 + shift
            ));
        }
        if matches!(arrow.kind, "drop" | "lost") {
            self.put(&format!(
                "<path class=\"bad\" stroke-width=\"2.4\" d=\"M{} {}l10 10m0 -10l-10 10\"/>",
                end.0 - 5.0,
                end.1 - 5.0
            ));
        } else {
            let angle = (end.1 - start.1).atan2(end.0 - start.0).to_degrees();
            self.put(&format!(
                "<path class=\"{tip}\" d=\"M0 0l-9 -4.5v9z\" transform=\"translate({} {}) rotate({angle:.1})\"/>",
                end.0, end.1
            ));
        }
    }

    fn event(&mut self, row: usize, event: &Event) {
        let y = y(row);
        self.text("faint mono", (34, y + 4), "end", &row.to_string());
        let Some(lane) = event.lane else {
            let at = self.diagram.arrows.iter().find(|arrow| arrow.ends == Some(row) && arrow.kind == "drop");
            let place = at.map_or(LEFT, |arrow| crossing(arrow) as usize + 14);
            self.text("ink mono", (place, y + 4), "start", &event.label);
            return;
        };
        let x = x(lane);
        self.put(&mark(event.kind, x, y));
        if event.saves {
            self.put(&format!("<path class=\"node\" d=\"M{} {}h8v7h-8zm2 0v3h4v-3\"/>", x - 4, y - 17));
        }
        let from_right =
            self.diagram.arrows.iter().any(|arrow| arrow.ends == Some(row) && arrow.to == lane && arrow.from > lane);
        let (label, note) =
            if from_right { ((x + 16, "start"), (x - 16, "end")) } else { ((x - 16, "end"), (x + 16, "start")) };
        let is_message = matches!(event.kind, "deliver" | "duplicate" | "corrupt");
        let label = if is_message { label } else { (x + 16, "start") };
        let above = if is_message { 6 } else { 0 };
        self.text("ink mono", (label.0, y + 4 - above - above / 2), label.1, &event.label);
        if !event.note.is_empty() {
            let note = if is_message { note } else { (x - 16, "end") };
            // As much as there is room for left of the first lane.
            let room = if note.1 == "end" { (note.0 - LEFT / 2) / LETTER } else { usize::MAX };
            self.text("faint mono", (note.0, y + 4), note.1, &cut(&event.note, room));
        }
    }

    fn flag(&mut self, flag: &Flag, width: usize) {
        let y = y(flag.row);
        let (class, shape) = match flag.witness {
            true => ("warntip", "M0 -5.5l1.7 3.6 3.9.5-2.9 2.7.7 3.9L0 3.3l-3.4 1.9.7-3.9-2.9-2.7 3.9-.5z"),
            false => ("badtip", "M0 -7L7.5 6.5H-7.5z"),
        };
        self.put(&format!("<path class=\"{class}\" d=\"{shape}\" transform=\"translate(48 {y})\"/>"));
        // Several in one row would stand on each other.
        let before =
            self.diagram.flags.iter().take_while(|other| *other != flag).filter(|other| other.row == flag.row).count();
        self.text(class, (width - 8, y - 9 + before * 12), "end", &flag.property);
    }

    fn back(&mut self) {
        let Some(to) = self.diagram.loop_to else { return };
        let (top, bottom) = (y(to), y(self.rows()));
        self.put(&format!(
            "<path class=\"warn\" stroke-width=\"2\" d=\"M16 {bottom} h-2 q-8 0 -8 -8 V{} q0 -8 8 -8 h2\"/>\
             <path class=\"warntip\" d=\"M21 {top}l-8 -4.5v9z\"/>",
            top + 8
        ));
        self.text("faint mono", (12, (top + bottom) / 2), "start", "for ever");
    }
}

/// The mark of a step at a lane.
fn mark(kind: &str, x: usize, y: usize) -> String {
    let at = format!("transform=\"translate({x} {y})\"");
    match kind {
        "timeout" => format!("<g {at}><circle class=\"node\" r=\"7\"/><path class=\"node\" d=\"M0 -4V0L3 2\"/></g>"),
        "choose" => format!("<path {at} class=\"node\" d=\"M0 -7L7 0L0 7L-7 0z\"/>"),
        "crash" | "lose-save" | "tear-save" => {
            format!(
                "<g {at}><rect class=\"badtip\" x=\"-8\" y=\"-8\" width=\"16\" height=\"16\" rx=\"3\"/><path class=\"node\" d=\"M-4 -4l8 8m0 -8l-8 8\"/></g>"
            )
        }
        "restart" | "resume" => format!("<path {at} class=\"dot\" d=\"M-5 -7L8 0L-5 7z\"/>"),
        "pause" => format!("<path {at} class=\"warntip\" d=\"M-6 -7h4v14h-4zM2 -7h4v14h-4z\"/>"),
        "drift" => format!("<path {at} class=\"warn\" stroke-width=\"2\" d=\"M-7 2q3.5 -7 7 0t7 0\"/>"),
        "corrupt" => format!("<path {at} class=\"warntip\" d=\"M0 -8L8 6H-8z\"/>"),
        _ => format!("<circle {at} class=\"dot\" r=\"5\"/>"),
    }
}

/// The lanes left of which another side begins.
fn borders(sides: &[Vec<usize>], lanes: usize) -> impl Iterator<Item = usize> {
    let side = |lane: usize| sides.iter().position(|side| side.contains(&lane));
    (1..lanes).filter(move |lane| side(*lane) != side(lane - 1))
}

// The space-time diagram: a lane for each node, a row for each step. The places come from the server; here they become
// pixels, lanes hide, rows fold, and only what is in sight is drawn.

import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { html, cut } from "quorate/words";

export const ROW = 34;
const LEFT = 58;
const LANE_LEAST = 104;
const LETTER = 6.75;
/** Rows over which an arrow is drawn by its ends. */
const LONG = 9;
const TALL = 16;

/** Which part of a scrolled list is in sight: first and last index, and a ref for the element that scrolls. */
export function useSight(count, rowHeight) {
  const ref = useRef(null);
  const [sight, setSight] = useState({ first: 0, last: 60, width: 640 });
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return undefined;
    const look = () => {
      const first = Math.max(0, Math.floor(element.scrollTop / rowHeight) - 8);
      const last = Math.min(count, Math.ceil((element.scrollTop + element.clientHeight) / rowHeight) + 8);
      setSight((old) => (old.first === first && old.last === last && old.width === element.clientWidth ? old : { first, last, width: element.clientWidth }));
    };
    look();
    element.addEventListener("scroll", look, { passive: true });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => {
      element.removeEventListener("scroll", look);
      observer.disconnect();
    };
  }, [count, rowHeight]);
  return [ref, sight];
}

/** The rows that are drawn: numbers, and folds of steps that only one node knows of. */
export function visibleRows(diagram, collapse, row) {
  const all = [{ row: 0 }];
  diagram.events.forEach((event, at) => {
    const own = at + 1;
    const folds = collapse && event.is_local && own !== row;
    const last = all[all.length - 1];
    if (folds && last.fold) last.fold[1] = own;
    else all.push(folds ? { fold: [own, own] } : { row: own });
  });
  return all;
}

/** The rows that lie in the causal past of a row, itself included. */
export function pastOf(diagram, row) {
  const past = new Set([row]);
  for (let at = row; at > 0; at -= 1) {
    if (past.has(at)) diagram.events[at - 1].after.forEach((earlier) => past.add(earlier));
  }
  return past;
}

export function Diagram({ telling, row, select, hidden, toggleLane, collapse, past, violations }) {
  const { diagram } = telling;
  const rows = useMemo(() => visibleRows(diagram, collapse, row), [diagram, collapse, collapse ? row : 0]);
  const [ref, sight] = useSight(rows.length, ROW);
  const lanes = diagram.lanes.map((name, lane) => ({ name, lane })).filter(({ lane }) => !hidden.has(lane));
  const lane = Math.max(LANE_LEAST, Math.floor((sight.width - LEFT - 14) / Math.max(1, lanes.length)));
  const width = LEFT + lane * lanes.length + 8;
  const places = useMemo(() => {
    const y = new Map();
    rows.forEach((one, at) => {
      if (one.fold) for (let own = one.fold[0]; own <= one.fold[1]; own += 1) y.set(own, at);
      else y.set(one.row, at);
    });
    return y;
  }, [rows]);
  const lanesAt = new Map(lanes.map((one, at) => [one.lane, at]));
  const pen = {
    x: (one) => (lanesAt.has(one) ? LEFT + lane / 2 + lanesAt.get(one) * lane : null),
    y: (one) => places.get(one) * ROW + ROW / 2 + 4,
    width,
    lane,
    row,
    dim: past ? (own) => !past.has(own) : () => false,
  };
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    const top = pen.y(row) - ROW;
    const below = pen.y(row) + ROW * 1.5;
    if (top < element.scrollTop) element.scrollTop = Math.max(0, top - ROW);
    else if (below > element.scrollTop + element.clientHeight) element.scrollTop = below - element.clientHeight + ROW;
  }, [row, collapse, telling.code]);
  const seen = rows.slice(sight.first, sight.last);
  const [from, to] = [sight.first, sight.last];
  const inSight = (a, b) => Math.min(places.get(a) ?? 0, places.get(b) ?? 0) <= to && Math.max(places.get(a) ?? 0, places.get(b) ?? 0) >= from;
  const end = diagram.events.length;
  const height = rows.length * ROW + 12;
  return html`
    <div class="space" ref=${ref} tabindex="-1">
      <div class="lanes" style=${{ width: `${width}px` }}>
        ${lanes.map(({ name, lane: own }) => html`<button key=${own} type="button" class="lane-head" title=${`hide the lane of ${name}`} style=${{ left: `${pen.x(own) - Math.min(lane, 150) / 2 + 4}px`, width: `${Math.min(lane, 150) - 8}px` }} onClick=${() => toggleLane(own)}>${name}</button>`)}
      </div>
      <svg class="drawing" width=${width} height=${height} viewBox=${`0 0 ${width} ${height}`} aria-hidden="true" onClick=${(event) => {
        const box = event.currentTarget.getBoundingClientRect();
        const hit = rows[Math.min(rows.length - 1, Math.max(0, Math.floor((event.clientY - box.top - 4) / ROW)))];
        select(hit.fold ? hit.fold[0] : hit.row);
      }}>
        <rect class="cursor" x="0" width=${width} y=${pen.y(row) - ROW / 2} height=${ROW} />
        ${diagram.bands.filter((band) => inSight(band.from, band.to ?? end)).map((band) => html`<${Band} key=${band.from} band=${band} pen=${pen} lanes=${lanes} end=${end} />`)}
        ${lanes.map(({ lane: own }) => html`<line key=${own} class="lane" x1=${pen.x(own)} x2=${pen.x(own)} y1=${Math.max(0, from * ROW)} y2=${Math.min(height, (to + 1) * ROW)} />`)}
        ${diagram.spans.filter((span) => pen.x(span.lane) !== null && inSight(span.from, span.to ?? end)).map((span) => html`<${Span} key=${`${span.lane}-${span.from}`} span=${span} pen=${pen} end=${end} />`)}
        ${diagram.arrows.filter((arrow) => pen.x(arrow.from) !== null && pen.x(arrow.to) !== null && inSight(arrow.sent, arrow.ends ?? arrow.sent)).map((arrow, at) => html`<${Arrow} key=${`${arrow.sent}-${arrow.ends}-${at}`} arrow=${arrow} pen=${pen} />`)}
        ${diagram.loop_to !== null && html`<${Loop} from=${end} to=${diagram.loop_to} pen=${pen} />`}
        ${seen.map((one, at) => (one.fold
          ? html`<text key=${`f${one.fold[0]}`} class="faint fold" x=${LEFT + 6} y=${(sight.first + at) * ROW + ROW / 2 + 8}>⋯ ${one.fold[1] - one.fold[0] + 1} local</text>`
          : html`<${Row} key=${one.row} own=${one.row} event=${diagram.events[one.row - 1]} pen=${pen} arrows=${diagram.arrows} violation=${violations.get(one.row)} />`))}
      </svg>
    </div>`;
}

function Band({ band, pen, lanes, end }) {
  const [top, bottom] = [pen.y(band.from), pen.y(band.to ?? end) + (band.to === null ? ROW / 2 : 0)];
  const side = (lane) => band.sides.findIndex((lanesOfSide) => lanesOfSide.includes(lane));
  const borders = lanes.slice(1).filter((one, at) => side(one.lane) !== side(lanes[at].lane));
  return html`<g class="band">
    <rect x="0" y=${top} width=${pen.width} height=${Math.max(2, bottom - top)} />
    ${borders.map((one) => html`<line key=${one.lane} x1=${pen.x(one.lane) - pen.lane / 2} x2=${pen.x(one.lane) - pen.lane / 2} y1=${top} y2=${bottom} />`)}
  </g>`;
}

function Span({ span, pen, end }) {
  const [top, bottom] = [pen.y(span.from), pen.y(span.to ?? end) + (span.to === null ? ROW / 2 : 0)];
  return html`<g class=${`span ${span.what}`}><rect x=${pen.x(span.lane) - 9} y=${top} width="18" height=${Math.max(2, bottom - top)} rx="5" /></g>`;
}

function Arrow({ arrow, pen }) {
  const [from, to] = [pen.x(arrow.from), pen.x(arrow.to)];
  const self = arrow.from === arrow.to;
  const side = to >= from ? 1 : -1;
  const top = pen.y(arrow.sent);
  const chosen = arrow.ends === pen.row;
  const dim = pen.dim(arrow.ends ?? -1) ? " dim" : "";
  if (arrow.ends === null) return html`<path class=${`arrow fly${pen.dim(arrow.sent) ? " dim" : ""}`} d=${`M${from + side * 7} ${top} l${side * 20} 8`} />`;
  const bottom = pen.y(arrow.ends);
  const gone = arrow.kind === "drop" || arrow.kind === "lost";
  const long = (bottom - top) / ROW > LONG && !chosen;
  const start = self ? [from + 5, top + 3] : long ? [to - side * Math.min(70, pen.lane * 0.7), bottom - TALL] : [from + side * 5, top + 1];
  const tip = self ? [to + 8, bottom - 3] : gone ? [crossing(from, to), bottom] : [to - side * 8, bottom - (long ? 2 : Math.min(2, (bottom - top) / 20))];
  const line = self ? `M${start[0]} ${start[1]} C${from + 34} ${top + 8} ${from + 34} ${bottom - 8} ${tip[0]} ${tip[1]}` : `M${start[0]} ${start[1]} L${tip[0]} ${tip[1]}`;
  const angle = (Math.atan2(self ? 5 : tip[1] - start[1], self ? -26 : tip[0] - start[0]) * 180) / Math.PI;
  return html`<g class=${`arrow ${arrow.kind}${chosen ? " chosen" : ""}${long ? " long" : ""}${dim}`}>
    ${arrow.kind === "duplicate" && html`<path class="twin" d=${line} transform="translate(0 -4)" />`}
    <path d=${line} />
    ${gone
      ? html`<path class="cross" d=${`M${tip[0] - 6} ${tip[1] - 6}l12 12m0 -12l-12 12`} />`
      : html`<path class="tip" d="M1 0l-9 -4.6v9.2z" transform=${`translate(${tip[0]} ${tip[1]}) rotate(${angle.toFixed(1)})`} />`}
  </g>`;
}

/** Where a message is lost: past the middle of its way. */
const crossing = (from, to) => from + (to - from) * 0.6;

function Loop({ from, to, pen }) {
  const [bottom, top] = [pen.y(from), pen.y(to)];
  return html`<g class="loop"><path d=${`M16 ${bottom} h-2 q-8 0 -8 -8 V${top + 8} q0 -8 8 -8 h2`} /><path class="tip" d=${`M21 ${top}l-8 -4.6v9.2z`} /></g>`;
}

function Mark({ kind, x, y }) {
  const at = `translate(${x} ${y})`;
  switch (kind) {
    case "timeout": return html`<g class="mark timer" transform=${at}><circle r="7.5" /><path d="M0 -4.5V0L3.2 2.2" /></g>`;
    case "choose": return html`<path class="mark choice" transform=${at} d="M0 -7.5L7.5 0L0 7.5L-7.5 0z" />`;
    case "crash": case "lose-save": case "tear-save": return html`<g class="mark crash" transform=${at}><rect x="-8.5" y="-8.5" width="17" height="17" rx="4" /><path d="M-4 -4l8 8m0 -8l-8 8" /></g>`;
    case "restart": case "resume": return html`<path class="mark again" transform=${at} d="M-5 -7.5L8 0L-5 7.5z" />`;
    case "pause": return html`<path class="mark pause" transform=${at} d="M-6 -7h4.4v14h-4.4zM1.6 -7h4.4v14h-4.4z" />`;
    case "drift": return html`<path class="mark drift" transform=${at} d="M-8 2q4 -8 8 0t8 0" />`;
    case "corrupt": return html`<path class="mark corrupt" transform=${at} d="M0 -8.5L8.5 6.5H-8.5z" />`;
    default: return html`<circle class="mark dot" transform=${at} r="5.2" />`;
  }
}

function Row({ own, event, pen, arrows, violation }) {
  const y = pen.y(own);
  const number = html`<text class=${`number${own === pen.row ? " chosen" : ""}`} x="37" y=${y + 4}>${own}</text>`;
  const flag = violation && html`<g class=${`flag ${violation.witness ? "seen" : "bad"}`} transform=${`translate(${LEFT - 9} ${y})`}>${violation.witness ? html`<path d="M0 -5.5l1.7 3.6 3.9.5-2.9 2.7.7 3.9L0 3.3l-3.4 1.9.7-3.9-2.9-2.7 3.9-.5z" />` : html`<path d="M0 -7L7.5 6.5H-7.5z" /><path class="bang" d="M0 -2.5V2M0 4v1" />`}</g>`;
  if (own === 0) return html`<g>${number}${flag}<text class="label plain" x=${LEFT + 6} y=${y + 4}>start</text></g>`;
  const dim = pen.dim(own) ? "dim" : "";
  if (event.lane === null) {
    const arrow = event.kind === "drop" ? arrows.find((one) => one.ends === own) : null;
    const ends = arrow && [pen.x(arrow.from), pen.x(arrow.to)];
    const cross = ends && ends[0] !== null && ends[1] !== null ? crossing(...ends) : null;
    const left = cross !== null && cross > pen.width * 0.6;
    const x = cross === null ? LEFT + 6 : cross + (left ? -13 : 13);
    return html`<g class=${dim}>${number}${flag}<text class=${`label world ${event.kind}${left ? " end" : ""}`} x=${x} y=${y + 4}>${cut(event.label, Math.floor((left ? x - LEFT : pen.width - x) / LETTER))}</text></g>`;
  }
  const x = pen.x(event.lane);
  if (x === null) return html`<g class="dim">${number}${flag}<text class="label plain" x=${LEFT + 6} y=${y + 4}>…</text></g>`;
  const isMessage = ["deliver", "duplicate", "corrupt"].includes(event.kind);
  const arrow = isMessage ? arrows.find((one) => one.ends === own) : null;
  const leftwards = isMessage && arrow && arrow.from >= arrow.to;
  const labelRight = !isMessage ? x < pen.width * 0.62 : leftwards;
  const room = (right) => Math.floor((right ? pen.width - x - 20 : x - LEFT - 18) / LETTER);
  // What changed stands on the other side if there is room, else below.
  const below = room(!labelRight) < Math.min(event.note.length, 20);
  const label = cut(event.label, Math.max(6, room(labelRight)));
  const note = event.note && cut(event.note, Math.max(6, room(below === labelRight)));
  const place = (right) => ({ x: x + (right ? 15 : -15), class: right ? "" : " end" });
  const [own1, own2] = [place(labelRight), place(below === labelRight)];
  return html`<g class=${dim}>
    ${number}${flag}
    <${Mark} kind=${event.kind} x=${x} y=${y} />
    ${event.saves && html`<g class="mark save" transform=${`translate(${x} ${y - 12})`}><path d="M-4 -3.5h6l2 2v5.5h-8z" /><path d="M-2 4v-3h4v3" /></g>`}
    <text class=${`label ${event.kind}${own1.class}`} x=${own1.x} y=${y + (isMessage ? -5 : below && note ? -3 : 4)}>${label}</text>
    ${note && html`<text class=${`note${own2.class}`} x=${own2.x} y=${y + (below ? (isMessage ? 9 : 11) : 4)}>${note}</text>`}
  </g>`;
}

/** The legend: every mark with its word. */
export function Legend() {
  const marks = [["deliver", "message arrives"], ["timeout", "timer"], ["choose", "choice"], ["crash", "crash"], ["restart", "restart"], ["pause", "pause"], ["corrupt", "corrupted"]];
  return html`<ul class="legend" aria-label="Legend">
    ${marks.map(([kind, word]) => html`<li key=${kind}><svg width="20" height="20" aria-hidden="true"><${Mark} kind=${kind} x=${10} y=${10} /></svg>${word}</li>`)}
    <li><svg width="22" height="20" aria-hidden="true"><g class="arrow drop"><path d="M1 10h10" /><path class="cross" d="M7 5l10 10m0 -10l-10 10" /></g></svg>lost</li>
    <li><svg width="22" height="20" aria-hidden="true"><g class="arrow duplicate"><path d="M1 12h19" /><path class="twin" d="M1 8h19" /></g></svg>duplicated</li>
    <li><svg width="22" height="20" aria-hidden="true"><path class="arrow fly" d="M1 6l20 8" /></svg>in flight</li>
    <li><svg width="14" height="20" aria-hidden="true"><g class="mark save" transform="translate(7 10)"><path d="M-4 -3.5h6l2 2v5.5h-8z" /><path d="M-2 4v-3h4v3" /></g></svg>saves</li>
    <li><svg width="18" height="20" aria-hidden="true"><g class="span down"><rect x="2" y="1" width="14" height="18" rx="4" /></g></svg>down</li>
    <li><svg width="22" height="20" aria-hidden="true"><g class="band"><rect width="22" height="20" /><line x1="11" x2="11" y1="0" y2="20" /></g></svg>partition</li>
  </ul>`;
}

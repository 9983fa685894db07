// The lists beside the diagram: properties, steps, what can happen next, why, the timeline and the calls of clients.

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { html, cut, notation, plural } from "quorate/words";
import { useSight } from "quorate/diagram";
import { Folded, readPath } from "quorate/state";

const KINDS = { always: "in every state", sometimes: "some state shows", "no-deadlock": "never stuck", "always-step": "in every step", eventually: "in the end", "leads-to": "whenever asked", "eventually-always": "in the end, for good", "always-possible": "always within reach" };

/** How a property stands after a step: a sign, a word, and what it finds there. */
export function standing(property, row, telling) {
  const here = property.found.find((one) => one.from <= row && row <= one.to);
  const first = property.found[0];
  const isGoal = telling.goal?.property === property.name;
  if (property.witness) {
    const seen = first && first.from <= row;
    return { sign: seen ? "★" : "☆", tone: seen ? "seen" : "open", word: seen ? `seen at ${first.from}` : first ? `seen at ${first.from}` : "not seen", here };
  }
  if (property.by_graph) {
    if (isGoal && telling.goal.outcome === "violated") return { sign: "↻", tone: "bad", word: telling.ending?.kind === "loop" ? "violated by the loop" : "violated", here };
    return here ? { sign: "…", tone: "open", word: "still missing", here } : { sign: "✓", tone: "good", word: "nothing missing", here };
  }
  if (here) return { sign: "✗", tone: "bad", word: `violated at ${here.from}`, here };
  if (first && first.from > row) return { sign: "✓", tone: "warn", word: `violated at ${first.from}`, here };
  return { sign: "✓", tone: "good", word: first ? `violated at ${first.from}` : "holds so far", here };
}

export function Properties({ telling, row, chosen, choose, select }) {
  const ordered = [...telling.properties].sort((a, b) => rank(a, telling) - rank(b, telling));
  return html`<section class="panel properties" aria-label="Properties"><header><h2>Properties <small>after ${row === 0 ? "the start" : `step ${row}`}</small></h2></header>
    <ul class="scroll">${ordered.map((property) => {
      const { sign, tone, word, here } = standing(property, row, telling);
      const jump = property.found.length ? property.found.find((one) => one.from >= row) ?? property.found[0] : null;
      return html`<li key=${property.name} class=${tone}><button type="button" aria-pressed=${chosen === property.name} title=${property.about} onClick=${() => { choose(property.name); if (jump && !property.by_graph) select(jump.from); }}>
        <span class="sign" aria-hidden="true">${sign}</span><span class="name">${property.name}</span><span class="word">${word}</span>${here && !property.by_graph && html`<span class="visually-hidden">: ${here.evidence}</span>`}</button></li>`;
    })}</ul></section>`;
}

const rank = (property, telling) => (telling.goal?.property === property.name ? 0 : property.witness ? 3 : property.found.length && !property.by_graph ? 1 : 2);

export function Steps({ telling, row, select, forks, open, listRef, parent, back }) {
  const items = [{ row: 0 }];
  telling.steps.forEach((step, at) => {
    items.push({ row: at + 1, step });
  });
  const all = items.flatMap((item) => [item, ...forks.filter((fork) => fork.at === item.row).map((fork) => ({ fork }))]);
  const [ref, sight] = useSight(all.length, 28);
  const at = all.findIndex((item) => item.row === row);
  useLayoutEffect(() => {
    const element = ref.current;
    if (!element) return;
    if (at * 28 < element.scrollTop + 28) element.scrollTop = at * 28 - 56;
    else if ((at + 2) * 28 > element.scrollTop + element.clientHeight) element.scrollTop = (at + 3) * 28 - element.clientHeight;
  }, [row, telling.code]);
  return html`<section class="panel steps" aria-label="Steps"><header><h2>Steps <small>${plural(telling.steps.length, "step")}</small></h2>${parent && html`<button type="button" class="quiet" title="return to the run that this one was forked from (u)" onClick=${back}>↩ forked at ${parent.at}</button>`}</header>
    <div class="scroll list" role="listbox" tabindex="0" aria-label="Steps of the run" aria-activedescendant=${`step-${row}`} ref=${(element) => { ref.current = element; listRef.current = element; }}>
      <div class="rows" role="presentation" style=${{ height: `${all.length * 28}px` }}>
        ${all.slice(sight.first, sight.last).map((item, offset) => {
          const style = { top: `${(sight.first + offset) * 28}px` };
          if (item.fork) return html`<div key=${`f${item.fork.code}`} class="fork" aria-hidden="true" style=${style} onClick=${() => open(item.fork)}>└ ${cut(item.fork.title, 44)}</div>`;
          const { step } = item;
          return html`<div key=${item.row} id=${`step-${item.row}`} role="option" aria-selected=${item.row === row} aria-setsize=${telling.steps.length + 1} aria-posinset=${item.row + 1} class=${`step${step?.fault ? " fault" : ""}`} style=${style} onClick=${() => select(item.row)}>
            <span class="at">${item.row}</span>${step ? html`<span class="kind">${step.kind}</span><span class="what">${cut(step.subject || "everyone", 90)}</span>` : html`<span class="what">start</span>`}</div>`;
        })}
        ${(at < sight.first || at >= sight.last) && html`<div id=${`step-${row}`} role="option" aria-selected="true" class="visually-hidden">${row}</div>`}
      </div>
    </div>
    ${forks.length > 0 && html`<nav class="forks" aria-label="Forks of this run">${forks.map((fork) => html`<button type="button" key=${fork.code} class="chip" title=${`forked at step ${fork.at}: ${fork.title}`} onClick=${() => open(fork)}>${fork.at} └ ${cut(fork.title, 24)}</button>`)}</nav>`}</section>`;
}

export function Next({ options, take, row, telling, live, nextRef, busy }) {
  const ahead = telling.steps[row];
  const isAhead = (option) => ahead && JSON.stringify(option.action) === JSON.stringify(ahead.action);
  const groups = [];
  options?.impossible.forEach((one) => {
    const group = groups.find((other) => other.why === one.why && other.kind === one.kind);
    if (group) group.texts.push(one.text);
    else groups.push({ why: one.why, kind: one.kind, texts: [one.text] });
  });
  return html`<section class="panel next" aria-label="Next actions"><header><h2>Next <small>${options ? `${options.possible.length} possible after ${row === 0 ? "the start" : `step ${row}`}` : "…"}</small></h2></header>
    <div class="scroll" ref=${nextRef}>
      ${options && options.possible.length === 0 && html`<p class="hint">Nothing can happen any more.</p>`}
      <ol>${options?.possible.map((option, at) => html`<li key=${option.index}><button type="button" class=${option.fault ? "fault" : ""} disabled=${busy || (!live && !isAhead(option))} title=${isAhead(option) ? "the step that this run takes" : live ? "take this step instead: a fork" : option.text} onClick=${() => take(option)}>
        <span class="key" aria-hidden="true">${at < 9 ? at + 1 : ""}</span><span class="kind">${option.kind}</span><span class="what">${cut(option.text || "everyone", 160)}</span>${isAhead(option) && html`<span class="ahead" title="the step that this run takes">taken</span>`}</button></li>`)}</ol>
      ${groups.length > 0 && html`<h3>Not possible, and why</h3><ul class="impossible">${groups.map((group, at) => html`<li key=${at} aria-disabled="true"><span class="kind">${group.kind}</span> <span class="what">${cut(group.texts[0] || "", 120)}${group.texts.length > 1 ? ` and ${group.texts.length - 1} more` : ""}</span><span class="reason">${group.why}</span></li>`)}</ul>`}
    </div></section>`;
}

export function Why({ telling, row, chosen, insight, select }) {
  const property = telling.properties.find((one) => one.name === chosen);
  const { goal, ending } = telling;
  const isGoal = goal && goal.property === chosen;
  const contrast = insight?.contrast ?? telling.contrast;
  const [firstLine, ...others] = contrast ? contrast.words.replace(/^without the deviation (the schedule parts at step \d+(: |, ))?/, "").split("\n").map((line) => line.trim()) : [""];
  const here = property?.found.find((one) => one.from <= row && row <= one.to);
  const noReturn = insight?.no_return ?? telling.no_return;
  const point = noReturn && typeof noReturn === "object" ? noReturn.step : typeof noReturn === "number" ? noReturn : null;
  if (!property) return html`<section class="panel why" aria-label="Why"><header><h2>Why</h2></header><p class="hint">Choose a property to see what it claims and what it finds.</p></section>`;
  const evidence = isGoal ? goal.evidence : here?.evidence ?? property.found[0]?.evidence;
  const where = isGoal ? `after ${plural(telling.steps.length, "step")}` : here ? `after step ${row}` : property.found.length ? `after step ${property.found[0].from}` : null;
  const tone = property.witness ? "seen" : isGoal || (property.found.length && !property.by_graph) ? "bad" : "good";
  return html`<section class=${`panel why ${tone}`} aria-label="Why"><header><h2>Why <small>${property.name}</small></h2></header>
    <div class="scroll">
      ${evidence ? html`<p class="evidence">${evidence}</p><p class="hint">${property.witness ? "seen" : property.by_graph && !isGoal ? "missing" : "found"} ${where}</p>` : html`<p class="evidence">It finds nothing in this run.</p>`}
      <p class="claim"><b>${KINDS[property.kind] ?? property.kind}</b> ${property.about}</p>
      ${isGoal && point !== null && point !== undefined && html`<p class="claim"><b>point of no return</b> step ${point}</p>`}
      ${isGoal && ending?.kind === "loop" && html`<p class="claim"><b>for ever</b> steps ${ending.from + 1} to ${telling.steps.length} are repeated without end${ending.kept.length ? ", and that is fair:" : ""}</p>
        <ul class="kept">${ending.kept.map((kept, at) => html`<li key=${at}>${cut(kept.what, 90)}: ${kept.how.taken ? `taken in step ${kept.how.taken.step}` : `not possible after step ${kept.how.impossible?.after}`}</li>`)}</ul>`}
      ${isGoal && ending?.kind === "stop" && html`<p class="claim"><b>the end</b> nothing need happen any more${ending.possible.length ? `; possible, and owed to nobody: ${ending.possible.length}` : ""}</p>`}
      ${isGoal && ending?.kind === "trap" && html`<p class="claim"><b>a trap</b> what is missing is out of reach from here</p>`}
      ${isGoal && contrast && html`<p class="claim"><b>without the deviation</b> ${contrast.row ? html`<button type="button" class="link" onClick=${() => select(contrast.row)}>step ${contrast.row}</button> ` : ""}${cut(firstLine, 200)}</p>
        ${others.length > 0 && html`<pre class="contrast">${others.slice(0, 12).join("\n")}</pre>`}`}
    </div></section>`;
}

export function Timeline({ telling, row, select, pins, togglePin, playing, play }) {
  const last = Math.max(1, telling.steps.length);
  const shown = telling.properties.filter((property) => property.found.length > 0 && !(property.by_graph && telling.goal?.property !== property.name));
  const share = (at) => `${(at / last) * 100}%`;
  return html`<section class="panel timeline" aria-label="Timeline"><div class="scrub"><span class="name"><button type="button" class="quiet" aria-pressed=${playing} title=${playing ? "stop" : "step on by itself"} onClick=${play}>${playing ? "❚❚ pause" : "▶ play"}</button></span>
      <input type="range" min="0" max=${telling.steps.length} value=${row} aria-label="Step" aria-valuetext=${row === 0 ? "start" : telling.steps[row - 1]?.sentence} onInput=${(event) => select(Number(event.currentTarget.value))} /><output>${row} / ${telling.steps.length}</output></div>
    <div class="tracks">
      ${shown.map((property) => html`<div class=${`track ${property.witness ? "seen" : property.by_graph ? "open" : "bad"}`} key=${property.name}><span class="name" title=${property.about}>${property.name}</span>
        <div class="line">${property.found.map((one) => html`<button type="button" tabindex="-1" key=${one.from} aria-label=${`${property.name} at step ${one.from}`} title=${`${one.from === one.to ? `step ${one.from}` : `steps ${one.from} to ${one.to}`}: ${one.evidence}`} style=${{ left: share(one.from), width: `max(9px, ${((one.to - one.from) / last) * 100}%)` }} onClick=${() => select(one.from)} />`)}<i style=${{ left: share(row) }} /></div></div>`)}
      ${pins.map((path) => html`<div class="track pinned" key=${path}><span class="name" title=${path}><button type="button" class="pin" aria-pressed="true" title="take it off" onClick=${() => togglePin(path)}>★</button>${cut(path.replace(".state.", "."), 24)}</span><div class="line">${runsOf(telling, path).map((one) => html`<button type="button" tabindex="-1" key=${one.from} title=${`from step ${one.from}: ${notation(one.value)}`} style=${{ left: share(one.from), width: `calc(${((one.to - one.from + 1) / last) * 100}% - 2px)` }} onClick=${() => select(one.from)}>${one.value === undefined ? "" : cut(notation(one.value), 18)}</button>`)}<i style=${{ left: share(row) }} /></div></div>`)}
    </div></section>`;
}

/** Rows in which a pinned field reads the same. */
function runsOf(telling, path) {
  const runs = [];
  telling.states.forEach((_, row) => {
    const value = readPath(telling, row, path);
    const before = runs[runs.length - 1];
    if (before && JSON.stringify(before.value) === JSON.stringify(value)) before.to = row;
    else runs.push({ from: row, to: row, value });
  });
  return runs;
}

/** The calls of clients as bars over the steps, in the manner of Porcupine: the numbers are an order that explains the answers. */
export function Calls({ telling, row, select }) {
  const last = Math.max(1, telling.steps.length);
  const clients = [...new Set(telling.calls.map((call) => call.client))];
  const share = (where) => (where / last) * 100;
  const order = telling.orders.find((one) => one.from <= row && row <= one.to);
  const shown = telling.calls.filter((call) => call.invoked <= row || row === 0);
  // Each call takes effect after it was invoked and after those before it in the order.
  const points = new Map();
  let reached = 0;
  order?.order.forEach(([client, turn], at) => {
    const call = telling.calls.find((one) => one.client === telling.nodes[client] && one.turn === turn);
    if (!call) return;
    reached = Math.max(reached, call.invoked);
    points.set(call, { number: at + 1, at: Math.min(reached, call.returned ?? reached) });
  });
  const left = order && !order.whole ? shown.filter((call) => call.returned !== null && call.returned <= row && !points.has(call)) : [];
  const word = !order ? "" : order.whole ? (points.size ? "the numbers are an order that explains every answer" : "") : `no order explains every answer: ${plural(left.length, "call")} cannot be placed`;
  return html`<section class="panel calls" aria-label="Calls of clients"><header><h2>Calls <small>${plural(telling.calls.length, "call")} of ${plural(clients.length, "client")} at step ${row}</small></h2><small class=${left.length ? "bad" : ""}>${word}</small></header><div class="tracks">
    ${clients.map((client) => html`<div class="track" key=${client}><span class="name">${client}</span><div class="line">
      ${shown.filter((call) => call.client === client).map((call) => {
        const returned = call.returned !== null && call.returned <= row ? call.returned : null;
        const point = points.get(call);
        const stuck = left.includes(call);
        return html`<button type="button" key=${call.turn} class=${`${returned === null ? "open" : ""}${stuck ? " stuck" : ""}`} title=${`${notation(call.operation)} invoked in step ${call.invoked}${returned === null ? ", still open" : `, answered ${notation(call.answer)} in step ${returned}`}${point ? `; number ${point.number} in the order` : stuck ? "; no order has it" : ""}`} style=${{ left: `${share(call.invoked)}%`, width: `max(16px, calc(${share((returned ?? row) - call.invoked)}% - 2px))` }} onClick=${() => select(returned ?? call.invoked)}>${point && html`<b>${point.number}</b>`}${stuck && html`<b>✗</b>`}${cut(notation(call.operation), 22)}${returned === null ? " …" : ` → ${cut(notation(call.answer), 14)}`}</button>`;
      })}<i style=${{ left: `${share(row)}%` }} /></div></div>`)}
  </div></section>`;
}

/** Says the step to whoever does not see it. */
export function Said({ telling, row }) {
  const found = telling.properties.filter((property) => !property.by_graph && property.found.some((one) => one.from === row));
  const verdicts = found.map((property) => `${property.name} ${property.witness ? "seen" : "violated"}: ${property.found.find((one) => one.from === row).evidence}`);
  const text = row === 0 ? `Start of ${telling.setting}` : `Step ${row} of ${telling.steps.length}: ${telling.steps[row - 1].sentence}. ${verdicts.join(". ")}`;
  return html`<p class="said" role="status" aria-live="polite"><span>${text}</span></p>`;
}

/** Calls `act` for as long as `on`, once in a while. */
export function useEvery(on, milliseconds, act) {
  const latest = useRef(act);
  latest.current = act;
  useEffect(() => {
    if (!on) return undefined;
    const timer = setInterval(() => latest.current(), milliseconds);
    return () => clearInterval(timer);
  }, [on, milliseconds]);
}

export { Folded };

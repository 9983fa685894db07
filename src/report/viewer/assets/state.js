// The state after a step: what changed, or all of it as a tree; and why a property finds something.

import { useState } from "preact/hooks";
import { html, cut, differences, headOf, notation, partsOf, plural } from "quorate/words";

const FOLD = 64;
const MARKS = { A: "added", M: "modified", D: "gone" };

/** A state with its parts read from the pool. */
export function stateAt(telling, row) {
  const told = telling.states[Math.min(row, telling.states.length - 1)];
  const read = (place) => telling.pool[place];
  return { nodes: told.nodes.map(read), network: told.network.map(read), ticks: told.ticks ?? [], sides: told.sides, history: read(told.history), budgets: told.budgets };
}

/** A value that folds where it is long. */
export function Folded({ value, most = FOLD }) {
  const text = typeof value === "string" ? value : notation(value);
  const [open, setOpen] = useState(false);
  if (value === undefined) return html`<span class="none">—</span>`;
  if (text.length <= most) return html`<code>${text}</code>`;
  return html`<code class="folded">${open ? text : cut(text, most)} <button type="button" class="more" aria-expanded=${open} onClick=${() => setOpen(!open)}>${open ? "less" : `all ${plural(text.length, "letter")}`}</button></code>`;
}

const Badge = ({ mark }) => html`<span class=${`badge mark-${mark}`} title=${MARKS[mark]} aria-label=${MARKS[mark]}>${mark}</span>`;
const Durable = () => html`<span class="durable" title="in storage: outlives a crash">saved</span>`;

function Changed({ telling, row, filter, pins, togglePin }) {
  if (row === 0) return html`<p class="hint">The start: every node has just started. Step on with <kbd>↓</kbd>.</p>`;
  const step = telling.steps[row - 1];
  const groups = new Map();
  const fits = (text) => text.toLowerCase().includes(filter.toLowerCase());
  for (const change of step.changes) {
    const owner = change.node ?? "observer";
    if (!fits(`${owner} ${change.path} ${notation(change.before)} ${notation(change.after)}`)) continue;
    groups.set(owner, [...(groups.get(owner) ?? []), change]);
  }
  const { from, to, message } = step.action;
  const leaves = ["deliver", "drop", "corrupt"].includes(step.kind) ? [{ from, to, message }] : [];
  const network = [...step.sent.map((one) => ["A", one]), ...[...leaves, ...step.lost].map((one) => ["D", one])].filter(([, one]) => fits(`${one.from} ${one.to} ${notation(one.message)}`));
  if (!groups.size && !network.length) return html`<p class="hint">${filter ? "Nothing that changed has that in it." : "Nothing changed but what the step itself says."}</p>`;
  return html`<div class="changes">
    ${[...groups].map(([owner, changes]) => html`<section key=${owner}>
      <h3>${owner}${owner === "observer" && html`<small> what the run is judged by</small>`}</h3>
      <ul>${changes.map((change, at) => html`<li key=${at} class=${`change mark-${change.mark}`}>
        <${Badge} mark=${change.mark} />
        <div><span class="path">${pathOf(change)}</span>${change.durable && html`<${Durable} />`}
          ${change.node && change.path && html`<${Pin} path=${`${change.node}.${change.part}.${change.path}`} pins=${pins} togglePin=${togglePin} />`}
          <div class="delta">${change.before !== undefined && html`<del><${Folded} value=${change.before} /></del>`}${change.before !== undefined && change.after !== undefined && html`<span class="to" aria-label="becomes">→</span>`}${change.after !== undefined && html`<ins><${Folded} value=${change.after} /></ins>`}</div>
        </div>
      </li>`)}</ul>
    </section>`)}
    ${network.length > 0 && html`<section><h3>network</h3><ul>${network.map(([mark, one], at) => html`<li key=${at} class=${`change mark-${mark}`}><${Badge} mark=${mark} /><div><span class="path">${one.from} → ${one.to}</span><div class="delta"><${Folded} value=${one.message} /></div></div></li>`)}</ul></section>`}
  </div>`;
}

const pathOf = (change) => (change.path || { up: "is up", state: "state", storage: "storage", timers: "timer", choices: "choice", history: "history" }[change.part]) ?? change.part;

function Pin({ path, pins, togglePin }) {
  const pinned = pins.includes(path);
  return html`<button type="button" class="pin" aria-pressed=${pinned} title=${pinned ? "take it off the timeline" : "follow it on the timeline"} onClick=${() => togglePin(path)}>${pinned ? "★" : "☆"}</button>`;
}

/** What a pinned path reads in a state; undefined if nothing. */
export function readPath(telling, row, path) {
  const [name, part, ...rest] = path.split(".");
  const node = telling.pool[telling.states[row].nodes[telling.nodes.indexOf(name)]];
  const steps = rest.join(".").match(/[^.[\]]+|\[[^\]]*\]/g) ?? [];
  return steps.reduce((value, step) => {
    const parts = value === undefined || value === null ? null : partsOf(value);
    const bare = step.replace(/^\[|\]$/g, "");
    return parts?.find(([key]) => key === step || key === bare || key === `[${bare}]`)?.[1];
  }, node?.[part]);
}

function Tree({ name, value, was, path, depth, filter, pins, togglePin }) {
  const parts = partsOf(value);
  const mark = was === undefined ? (depth > 0 && was !== value ? "A" : null) : JSON.stringify(was) === JSON.stringify(value) ? null : "M";
  const text = notation(value);
  const simple = !parts || text.length <= 44 || parts.length === 0;
  const matches = !filter || `${path} ${text}`.toLowerCase().includes(filter.toLowerCase());
  if (!matches) return null;
  const pin = path && html`<${Pin} path=${path} pins=${pins} togglePin=${togglePin} />`;
  if (simple) return html`<li class=${mark ? `leaf mark-${mark}` : "leaf"}>${mark && html`<${Badge} mark=${mark} />`}<span class="path">${name}</span> <${Folded} value=${value} />${mark === "M" && was !== undefined && html` <del><${Folded} value=${was} most=${28} /></del>`}${pin}</li>`;
  const old = was === undefined || was === null ? {} : Object.fromEntries(partsOf(was) ?? []);
  return html`<li class=${mark ? `mark-${mark}` : ""}><details open=${depth < 2 || mark !== null || filter !== ""}>
    <summary>${mark && html`<${Badge} mark=${mark} />`}<span class="path">${name}</span> <span class="head">${headOf(value)}</span>${pin}</summary>
    <ul class="tree">${parts.map(([part, inner]) => html`<${Tree} key=${part} name=${part} value=${inner} was=${was === undefined ? undefined : old[part]} path=${part.startsWith("[") ? `${path}${part}` : `${path}.${part}`} depth=${depth + 1} filter=${filter} pins=${pins} togglePin=${togglePin} />`)}</ul>
  </details></li>`;
}

function All({ telling, row, filter, pins, togglePin }) {
  const [now, before] = [stateAt(telling, row), stateAt(telling, Math.max(0, row - 1))];
  const fits = (text) => text.toLowerCase().includes(filter.toLowerCase());
  const common = { filter, pins, togglePin };
  const network = now.network.filter((one) => fits(`${one.from} ${one.to} ${notation(one.message)}`));
  return html`<div class="whole">
    ${now.nodes.map((node, at) => {
      const was = before.nodes[at];
      const status = node.state === undefined ? "down" : node.paused ? "paused" : "up";
      return html`<section key=${node.name}><h3>${node.name} <small class=${`status ${status}`}>${status}</small></h3><ul class="tree">
        ${node.state !== undefined && html`<${Tree} name="state" value=${node.state} was=${was.state} path=${`${node.name}.state`} depth=${0} ...${common} />`}
        ${node.storage !== undefined && html`<${Tree} name="storage" value=${node.storage} was=${was.storage} path=${`${node.name}.storage`} depth=${0} ...${common} />`}
        ${node.timers.length > 0 && html`<li class="leaf"><span class="path">timers</span> <code>${node.timers.map((timer, one) => (node.ticks?.[one] ? `${notation(timer)} in ${node.ticks[one][0]}–${node.ticks[one][1] ?? "∞"}` : notation(timer))).join(", ")}</code></li>`}
        ${Object.entries(node.choices).map(([key, options]) => html`<li key=${key} class="leaf"><span class="path">choice ${key}</span> <${Folded} value=${options} /></li>`)}
      </ul></section>`;
    })}
    <section><h3>network <small>${plural(now.network.length, "message")} in flight${now.sides.length > 0 ? `, split ${now.sides.map((side) => `{${side.join(", ")}}`).join(" | ")}` : ""}</small></h3><ul class="tree">
      ${network.slice(0, 80).map((one, at) => html`<li key=${at} class="leaf"><span class="path">${one.from} → ${one.to}</span> <${Folded} value=${one.message} /></li>`)}
      ${network.length > 80 && html`<li class="hint">and ${network.length - 80} more: filter to see them</li>`}
    </ul></section>
    ${now.history !== null && html`<section><h3>observer <small>what the run is judged by</small></h3><ul class="tree"><${Tree} name="history" value=${now.history} was=${before.history} path="" depth=${0} ...${common} /></ul></section>`}
    ${now.budgets.length > 0 && html`<section><h3>left of the faults</h3><ul class="tree">${now.budgets.map(([name, left]) => html`<li key=${name} class="leaf"><span class="path">${name}</span> <code>${left}</code></li>`)}</ul></section>`}
  </div>`;
}

export function StatePanel({ telling, row, changedOnly, setChangedOnly, filter, setFilter, filterRef, pins, togglePin }) {
  const common = { telling, row, filter, pins, togglePin };
  return html`<section class="panel state" aria-label=${`State after step ${row}`}>
    <header><h2>State <small>after ${row === 0 ? "the start" : `step ${row}`}</small></h2>
      <div class="tabs" role="group" aria-label="What is shown">
        <button type="button" aria-pressed=${changedOnly} onClick=${() => setChangedOnly(true)}>changed</button>
        <button type="button" aria-pressed=${!changedOnly} onClick=${() => setChangedOnly(false)}>all</button>
      </div></header>
    <input ref=${filterRef} class="filter" type="search" placeholder="filter: a node, a field, a value" aria-label="Filter the state" value=${filter} onInput=${(event) => setFilter(event.currentTarget.value)} />
    <div class="scroll" tabindex="0" aria-label="The state">${changedOnly ? html`<${Changed} ...${common} />` : html`<${All} ...${common} />`}</div>
  </section>`;
}

/** What two runs differ in after the same step. */
export function Sides({ here, there, row }) {
  if (row >= there.states.length) return html`<p class="hint">The other run ends at step ${there.steps.length}.</p>`;
  const [one, other] = [stateAt(here, row), stateAt(there, row)];
  const lines = one.nodes.flatMap((node, at) => differences(node, other.nodes[at]).map(([path, mine, theirs]) => [node.name, path, mine, theirs]));
  if (!lines.length) return html`<p class="hint">After step ${row} every node is the same in both.</p>`;
  return html`<table class="sides"><thead><tr><th scope="col">after step ${row}</th><th scope="col">here</th><th scope="col">there</th></tr></thead>
    <tbody>${lines.slice(0, 40).map(([node, path, mine, theirs]) => html`<tr key=${node + path}><th scope="row">${node} <span class="path">${path}</span></th><td><${Folded} value=${mine} most=${40} /></td><td><${Folded} value=${theirs} most=${40} /></td></tr>`)}</tbody></table>`;
}

// The first page: the checks that were named, and every protocol with what can be done wrongly in it.

import { useEffect, useState } from "preact/hooks";
import { html } from "quorate/words";
import { source } from "quorate/source";

export function Start({ open, fail }) {
  const [library, setLibrary] = useState(null);
  const [filter, setFilter] = useState("");
  useEffect(() => {
    source.library().then(setLibrary).catch(fail);
  }, []);
  if (!library) return html`<main class="start"><p class="hint">…</p></main>`;
  const fits = (...texts) => texts.join(" ").toLowerCase().includes(filter.toLowerCase());
  if (!source.isLive) return html`<${Kept} library=${library} open=${open} />`;
  const checks = library.checks.filter((check) => fits(check.protocol, check.name, check.setting, ...check.violates));
  const protocols = library.protocols.filter((one) => fits(one.name, one.title, ...one.variants.map((variant) => variant.name)));
  return html`<main class="start"><header><h1>quorate <small>explore</small></h1><p>See a counterexample, step a cluster by hand, ask what if.</p>
      <input type="search" class="filter" placeholder="find a protocol, a check, a deviation" aria-label="Find" value=${filter} onInput=${(event) => setFilter(event.currentTarget.value)} /></header>
    <section aria-label="Protocols"><h2>Protocols</h2><div class="cards">${protocols.map((one) => html`<article key=${one.name} class="card"><h3><button type="button" onClick=${() => open(one.variants[0].code)}>${one.title}</button> <small>${one.name}</small></h3><p>${one.modelled}</p>
      ${one.variants.length > 1 && html`<details><summary>what can be done wrongly: ${one.variants.length - 1}</summary><ul>${one.variants.slice(1).map((variant) => html`<li key=${variant.name}><button type="button" onClick=${() => open(variant.code)}>${variant.name}</button> ${variant.about}${variant.breaks && html` <span class="breaks">breaks ${variant.breaks}</span>`}</li>`)}</ul></details>`}
      <p class="source">${one.source}</p></article>`)}</div></section>
    ${library.checks.length > 0 && html`<section aria-label="Checks"><h2>Checks <small>${checks.length}</small></h2><ul class="checks">${checks.slice(0, 300).map((check) => html`<li key=${check.protocol + check.name}><button type="button" onClick=${() => open(check.code)}>${check.protocol}: ${check.name}</button><span class="size">${check.size}</span>${check.violates.map((name) => html`<span key=${name} class="breaks">${name}</span>`)}<p>${check.setting}</p></li>`)}</ul></section>`}
  </main>`;
}

function Kept({ library, open }) {
  return html`<main class="start"><header><h1>${library.title}</h1></header>
    ${library.runs.length > 0 ? html`<section aria-label="Violations"><h2>Violations</h2><ul class="checks">${library.runs.map((run) => html`<li key=${run.telling.code}><button type="button" onClick=${() => open(run.telling.code)}>${run.title}</button><p>${run.telling.goal?.evidence}</p></li>`)}</ul></section>` : html`<p>Nothing was violated.</p>`}
    ${library.checks.length > 0 && html`<section aria-label="Checks"><h2>Checks</h2><ul class="checks">${library.checks.map((check) => html`<li key=${check.title} class=${check.expected ? "good" : "bad"}><b>${check.expected ? "as expected" : "not as expected"}</b> ${check.title}<p>${check.words}</p></li>`)}</ul></section>`}</main>`;
}

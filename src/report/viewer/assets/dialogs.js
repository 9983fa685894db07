// What opens over the page: share, export, help, a search, a comparison.

import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { html, cut, plural } from "quorate/words";
import { source } from "quorate/source";
import { Sides } from "quorate/state";

/** A dialog that the browser keeps the keyboard in; Escape closes it. */
export function Dialog({ title, close, children, wide }) {
  const ref = useRef(null);
  useLayoutEffect(() => {
    ref.current.showModal();
  }, []);
  return html`<dialog ref=${ref} class=${wide ? "wide" : ""} aria-label=${title} onClose=${close} onClick=${(event) => { if (event.target === ref.current) ref.current.close(); }}>
    <header><h2>${title}</h2><button type="button" class="quiet" aria-label="Close" onClick=${() => ref.current.close()}>✕</button></header>${children}</dialog>`;
}

function Copied({ text, label }) {
  const [done, setDone] = useState(false);
  const field = useRef(null);
  const copy = async () => {
    field.current.select();
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      document.execCommand("copy");
    }
    setDone(true);
  };
  return html`<label class="copied"><span>${label}</span><span class="row"><input ref=${field} readonly value=${text} onFocus=${(event) => event.currentTarget.select()} /><button type="button" onClick=${copy}>${done ? "copied" : "copy"}</button></span></label>`;
}

export function Share({ telling, row, close }) {
  const address = `${location.origin === "null" ? "" : location.origin}${location.pathname}#${telling.code}@${row}`;
  return html`<${Dialog} title="Share" close=${close}>
    <p>The code holds the instance and every step. Whoever has this tool sees the same run, tomorrow and elsewhere; if the protocol has changed by then, the page says at which step.</p>
    <${Copied} label="A command for a colleague" text=${`quorate explore ${telling.code}`} />
    ${source.isLive && html`<${Copied} label="This page, while the explorer runs" text=${address} />`}
    <${Copied} label="The code" text=${telling.code} /></${Dialog}>`;
}

const FORMS = { svg: "the diagram as a picture that scales", png: "the diagram as an image", mermaid: "a sequence diagram for forges and wikis", markdown: "a comment for a pull request", itf: "Informal Trace Format, for Apalache and Quint", json: "the trace, for `quorate replay`", html: "this page in one file, without a server", text: "the numbered story", shiviz: "a log for ShiViz", test: "a Rust test that fails once it no longer applies", code: "the short code" };

function save(name, blob) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

/** The picture drawn on a canvas: at twice its size where a canvas may be that large. */
function png(svg) {
  return new Promise((resolve, reject) => {
    const image = new Image();
    const address = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
    image.onload = () => {
      const canvas = document.createElement("canvas");
      const scale = Math.min(2, 16000 / Math.max(image.width, image.height));
      [canvas.width, canvas.height] = [image.width * scale, image.height * scale];
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      URL.revokeObjectURL(address);
      canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("the picture is too large"))), "image/png");
    };
    image.onerror = () => reject(new Error("the picture cannot be drawn"));
    image.src = address;
  });
}

export async function exportAs(telling, form) {
  const told = await source.exported(telling.code, form === "png" ? "svg" : form);
  if (form === "png") save(told.name.replace(/svg$/, "png"), await png(told.text));
  else save(told.name, new Blob([told.text], { type: "text/plain" }));
}

export function Export({ telling, close }) {
  const [told, setTold] = useState("");
  const needs = telling.goal ? source.forms : source.forms.filter((form) => ["svg", "png", "code"].includes(form));
  const act = async (form) => {
    try {
      await exportAs(telling, form);
      setTold(`${form} is saved`);
    } catch (error) {
      setTold(error.message);
    }
  };
  return html`<${Dialog} title="Export" close=${close}>
    ${!telling.goal && html`<p>This run shows nothing of a property yet; the forms that tell what was shown come when it does.</p>`}
    <ul class="forms">${needs.map((form) => html`<li key=${form}><button type="button" onClick=${() => act(form)}>${form}</button><span>${FORMS[form]}</span></li>`)}</ul>
    <p role="status">${told}</p></${Dialog}>`;
}

const KEYS = [["↓ ↑  j k", "one step on, one step back"], ["Home End", "the start, the end"], ["v", "the next violation"], ["l", "where the loop begins"], ["1 – 9", "take that action: go on, or fork"], ["f", "to the next actions, to fork here"], ["u", "undo: return to the run before"], ["d", "only what changed, or the whole state"], ["c", "fold steps that only one node knows of"], ["p", "dim what the step does not rest on"], ["/", "filter the state"], ["x", "compare with another variant"], ["s", "share"], ["e", "export"], ["r", "check this instance"], ["?", "this help"]];

export function Help({ close }) {
  return html`<${Dialog} title="Keys" close=${close}><dl class="keys">${KEYS.map(([key, what]) => html`<div key=${key}><dt><kbd>${key}</kbd></dt><dd>${what}</dd></div>`)}</dl>
    <p>A lane is a node, time goes down, an arrow is a message from the step that sent it to the step that received it. Click a row to see the state after it, a name to hide its lane, a next action to ask “what if”.</p></${Dialog}>`;
}

export function Compare({ telling, row, open, close, variants }) {
  const [variant, setVariant] = useState(variants?.[0] ?? "");
  const [told, setTold] = useState(null);
  const [there, setThere] = useState(null);
  useEffect(() => {
    let gone = false;
    setTold(null);
    setThere(null);
    source.compare(telling.code, variant).then(async (comparison) => {
      const run = await source.run(comparison.code);
      if (!gone) {
        setTold(comparison);
        setThere(run);
      }
    }).catch((error) => !gone && setTold({ contrast: { words: error.message } }));
    return () => { gone = true; };
  }, [telling.code, variant]);
  const own = telling.instance.deviations.join(", ") || "the protocol as it is written";
  return html`<${Dialog} title="Compare" close=${close} wide><p>The same schedule in another variant. Here: <b>${own}</b>.</p>
    <label class="row">There: <select value=${variant} onChange=${(event) => setVariant(event.currentTarget.value)}>${(variants ?? [""]).map((name) => html`<option key=${name} value=${name}>${name || "the protocol as it is written"}</option>`)}</select></label>
    ${told === null ? html`<p class="hint">…</p>` : html`<pre class="contrast">${told.contrast.words.replaceAll("without the deviation", variant ? `with ${variant}` : "there")}</pre>`}
    ${there && html`<${Sides} here=${telling} there=${there} row=${Math.min(row, there.steps.length)} /><p class="row"><button type="button" onClick=${() => { close(); open(told.code, Math.min(row, told.step_count)); }}>Open it there</button><span class="hint">${plural(told.step_count, "step")} of ${telling.steps.length} can be taken there</span></p>`}</${Dialog}>`;
}

/** A search that runs beside the page, whether it is looked at or not. */
export function useSearch() {
  const [search, setSearch] = useState(null);
  const ending = useRef(() => {});
  useEffect(() => () => ending.current(), []);
  const start = async (telling, limits) => {
    ending.current();
    const of = JSON.stringify(telling.instance);
    setSearch({ of, news: null, wrong: "" });
    const fail = (error) => setSearch((old) => ({ ...old, wrong: error.message }));
    try {
      const { check } = await source.check({ code: telling.code, ...limits });
      setSearch({ of, number: check, news: null, wrong: "" });
      ending.current = source.watch(check, (news) => setSearch((old) => ({ ...old, news })), fail);
    } catch (error) {
      fail(error);
    }
  };
  return [search, start];
}

export const isRunning = (search) => search !== null && !search.news?.done && !search.wrong;

export function Check({ telling, open, close, search, start }) {
  const [limits, setLimits] = useState({ states: 1000000, seconds: 60 });
  const mine = search?.of === JSON.stringify(telling.instance) ? search : null;
  const running = isRunning(mine);
  const news = mine?.news;
  const field = (name, word) => html`<label>${word} <input type="number" min="1" value=${limits[name]} disabled=${running} onInput=${(event) => setLimits({ ...limits, [name]: Number(event.currentTarget.value) || 1 })} /></label>`;
  return html`<${Dialog} title="Check this instance" close=${close} wide><p>${telling.setting}</p>
    <div class="row">${field("states", "most states")}${field("seconds", "most seconds")}${running ? html`<button type="button" onClick=${() => mine.number && source.stop(mine.number)}>Stop</button>` : html`<button type="button" class="primary" onClick=${() => start(telling, limits)}>${news ? "Again" : "Start"}</button>`}</div>
    ${mine?.wrong && html`<p class="wrong" role="alert">${mine.wrong}</p>`}
    ${news && html`<p role="status" class="progress">${news.done ? `${news.ended}: ` : ""}${news.distinct.toLocaleString("en")} states, ${news.generated.toLocaleString("en")} steps, depth ${news.depth}${news.done ? "" : `, ${news.queued.toLocaleString("en")} waiting`}, ${(news.elapsed_us / 1e6).toFixed(1)} s</p>`}
    ${running && html`<progress aria-label="searching" />`}
    ${news?.done && html`<table class="verdicts"><tbody>${[...news.verdicts].sort((a, b) => order(a) - order(b)).map((one) => html`<tr key=${one.property} class=${one.verdict}><td>${one.code ? html`<button type="button" class="link" onClick=${() => { close(); open(one.code); }}>${one.property}</button>` : one.property}</td><td class="verdict">${one.verdict}${one.steps !== null ? ` in ${plural(one.steps, "step")}` : ""}</td><td>${cut(one.words, 160)}</td></tr>`)}</tbody></table>`}</${Dialog}>`;
}

const order = (verdict) => ["violated", "undecided", "unreachable", "holds", "reachable"].indexOf(verdict.verdict);

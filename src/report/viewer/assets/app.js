// The page. It holds which run is looked at, which step, and how; everything else is drawn from that.

import { render } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { html, plural } from "quorate/words";
import { source, offline } from "quorate/source";
import { Diagram, Legend, pastOf } from "quorate/diagram";
import { StatePanel } from "quorate/state";
import { Calls, Next, Properties, Said, Steps, Timeline, Why, useEvery } from "quorate/panels";
import { Check, Compare, Export, Help, Share, isRunning, useSearch } from "quorate/dialogs";
import { Start } from "quorate/start";

/** The run and the step that the address names. */
function addressed() {
  const [, code, row] = /^#(q1:[^@]*)(?:@(\d+))?/.exec(decodeURIComponent(location.hash)) ?? [];
  return { code: code ?? null, row: row === undefined ? null : Number(row) };
}

/** Where a run is looked at first: where what it shows is found, else at its end. */
const firstRow = (telling) => telling.steps.length;

function usePersistent(name, first) {
  const [value, setValue] = useState(() => {
    try {
      return localStorage.getItem(name) ?? first;
    } catch {
      return first;
    }
  });
  return [value, (next) => {
    setValue(next);
    try {
      localStorage.setItem(name, next);
    } catch {
      // A page from a file may have no storage.
    }
  }];
}

function Page() {
  const [telling, setTelling] = useState(null);
  const [row, setRow] = useState(0);
  const [begun, setBegun] = useState(false);
  const [options, setOptions] = useState(null);
  const [insight, setInsight] = useState(null);
  const [forks, setForks] = useState([]);
  const [trail, setTrail] = useState([]);
  const [chosen, choose] = useState(null);
  const [hidden, setHidden] = useState(new Set());
  const [collapse, setCollapse] = useState(false);
  const [pastOnly, setPastOnly] = useState(false);
  const [changedOnly, setChangedOnly] = useState(true);
  const [filter, setFilter] = useState("");
  const [pins, setPins] = useState([]);
  const [dialog, setDialog] = useState(null);
  const [wrong, setWrong] = useState(null);
  const [playing, setPlaying] = useState(false);
  const [busy, setBusy] = useState(false);
  const [waiting, setWaiting] = useState(false);
  const [theme, setTheme] = usePersistent("quorate-theme", "auto");
  const [search, startSearch] = useSearch();
  const filterRef = useRef(null);
  const listRef = useRef(null);
  const nextRef = useRef(null);
  const known = useRef(new Map());
  // Keys come faster than the page is drawn: they go by what is here, not by what was drawn.
  const place = useRef(0);
  const press = useRef(() => {});

  const fail = (error) => setWrong(error.message);

  /** Shows a run; `how` says what becomes of the address in the history of the browser. */
  const show = (told, at, how = "push") => {
    known.current.set(told.code, told);
    const next = Math.min(at ?? firstRow(told), told.steps.length);
    setTelling(told);
    place.current = next;
    setRow(next);
    setWrong(null);
    choose((old) => told.goal?.property ?? (told.properties.some((one) => one.name === old) ? old : firstFound(told)));
    if (how !== "none") history[how === "push" ? "pushState" : "replaceState"](null, "", `#${told.code}@${next}`);
    document.title = `${told.instance.protocol}${told.goal ? `: ${told.goal.property} ${told.goal.outcome}` : ""} – quorate`;
  };

  const fetched = async (code) => known.current.get(code) ?? source.run(code);

  const open = async (code, at, how) => {
    try {
      setWaiting(true);
      const told = await fetched(code);
      setTrail((old) => (telling && how !== "none" ? [...old, { code: telling.code, row }] : old));
      show(told, at, how);
    } catch (error) {
      fail(error);
    }
    setWaiting(false);
  };

  const follow = () => {
    const { code, row: at } = addressed();
    if (code) open(code, at, "none");
    else if (offline?.runs.length === 1) open(offline.runs[0].telling.code, undefined, "none");
    else setTelling(null);
    setBegun(true);
  };

  useEffect(() => {
    follow();
    window.addEventListener("popstate", follow);
    return () => window.removeEventListener("popstate", follow);
  }, []);

  useEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);

  useEffect(() => {
    if (!telling) return undefined;
    history.replaceState(null, "", `#${telling.code}@${row}`);
    let gone = false;
    // Whoever runs through the steps with a key held down asks for none of them.
    const timer = setTimeout(() => source.options(telling.code, row).then((told) => !gone && setOptions({ ...told, row })).catch(fail), options ? 60 : 0);
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [telling?.code, row]);

  useEffect(() => {
    setInsight(null);
    if (!telling) return undefined;
    let gone = false;
    source.insight(telling.code).then((told) => !gone && setInsight(told)).catch(() => {});
    return () => { gone = true; };
  }, [telling?.code]);

  const here = options?.row === row ? options : null;
  const last = telling?.steps.length ?? 0;
  const select = (wanted) => {
    place.current = Math.max(0, Math.min(last, wanted));
    setRow(place.current);
  };

  const take = async (option) => {
    const ahead = telling.steps[row];
    if (ahead && JSON.stringify(option.action) === JSON.stringify(ahead.action)) return select(row + 1);
    setBusy(true);
    try {
      const told = await source.fork(telling.code, row, option.index);
      setTrail((old) => [...old, { code: telling.code, row }]);
      if (row < last) setForks((old) => [...old.filter((one) => one.code !== told.code), { parent: telling.code, code: told.code, at: row, title: `${option.kind} ${option.text}` }]);
      show(told, row + 1);
    } catch (error) {
      fail(error);
    }
    return setBusy(false);
  };

  const undo = async () => {
    const before = trail[trail.length - 1];
    if (!before) return;
    setTrail(trail.slice(0, -1));
    show(await fetched(before.code), before.row, "replace");
  };

  const violations = useMemo(() => {
    const found = new Map();
    telling?.properties.filter((property) => !property.by_graph).forEach((property) => property.found.forEach((one) => {
      if (!found.has(one.from) || !property.witness) found.set(one.from, property);
    }));
    return found;
  }, [telling]);

  const toggleLane = (lane) => setHidden((old) => {
    const next = new Set(old);
    if (!next.delete(lane) && next.size < telling.nodes.length - 1) next.add(lane);
    return next;
  });
  const togglePin = (path) => setPins((old) => (old.includes(path) ? old.filter((one) => one !== path) : [...old, path].slice(-6)));

  const keys = {
    ArrowDown: () => select(place.current + 1), j: () => select(place.current + 1), ArrowUp: () => select(place.current - 1), k: () => select(place.current - 1),
    Home: () => select(0), End: () => select(last), PageDown: () => select(place.current + 10), PageUp: () => select(place.current - 10),
    v: () => {
      const bad = [...violations].filter(([, property]) => !property.witness).map(([where]) => where).sort((a, b) => a - b);
      if (bad.length) select(bad.find((where) => where > place.current) ?? bad[0]);
      else if (telling.goal) select(last);
    },
    l: () => telling.diagram.loop_to !== null && select(telling.diagram.loop_to),
    f: () => nextRef.current?.querySelector("button:not(:disabled)")?.focus(),
    u: undo, d: () => setChangedOnly((old) => !old), c: () => setCollapse((old) => !old), p: () => setPastOnly((old) => !old),
    "/": () => filterRef.current?.focus(), x: () => source.isLive && setDialog("compare"), s: () => setDialog("share"),
    e: () => setDialog("export"), r: () => source.canCheck && setDialog("check"), "?": () => setDialog("help"),
  };

  press.current = (event) => {
    if (!telling || dialog || event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target instanceof Element && event.target.matches("input:not([type=range]), textarea, select");
    if (typing) {
      if (event.key === "Escape") {
        // A browser would empty the field.
        event.preventDefault();
        event.target.blur();
      }
      return;
    }
    const scrolls = event.target instanceof Element && event.target.closest(".state .scroll, .why .scroll") && ["ArrowDown", "ArrowUp", "PageDown", "PageUp", "Home", "End"].includes(event.key);
    if (scrolls) return;
    const digit = /^[1-9]$/.test(event.key) && here?.possible[Number(event.key) - 1];
    const act = digit ? () => source.isLive && !busy && take(digit) : keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };

  useEffect(() => {
    const listen = (event) => press.current(event);
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, []);

  useEvery(playing && telling !== null, 700, () => (place.current >= last ? setPlaying(false) : select(place.current + 1)));

  if (!begun) return null;
  const alert = wrong && html`<p class="alert" role="alert">${wrong} <button type="button" class="quiet" aria-label="Close" onClick=${() => setWrong(null)}>✕</button></p>`;
  if (!telling && waiting) return html`<p class="hint waiting" role="status">The run is being taken again …</p>`;
  if (!telling) return html`${alert}<${Start} open=${(code, at) => open(code, at)} fail=${fail} />`;
  const parent = forks.find((fork) => fork.code === telling.code);
  const close = () => setDialog(null);
  const past = pastOnly ? pastOf(telling.diagram, row) : null;
  return html`
    <${Header} telling=${telling} theme=${theme} setTheme=${setTheme} setDialog=${setDialog} search=${search} home=${() => { history.pushState(null, "", location.pathname + location.search); setTelling(null); }} />
    ${alert}
    ${telling.astray && html`<p class="alert" role="alert">${telling.astray.words}. What is shown are the steps before it.</p>`}
    <main class="grid">
      <div class="left">
        <${Properties} telling=${telling} row=${row} chosen=${chosen} choose=${choose} select=${select} />
        <${Steps} telling=${telling} row=${row} select=${select} forks=${forks.filter((fork) => fork.parent === telling.code)} open=${(fork) => open(fork.code)} listRef=${listRef} parent=${parent} back=${() => open(parent.parent, parent.at)} />
        <${Next} options=${here} take=${take} row=${row} telling=${telling} live=${source.isLive} nextRef=${nextRef} busy=${busy} />
      </div>
      <div class="middle">
        <section class="panel diagram" aria-label="Space-time diagram">
          <header><h2>Space-time</h2><div class="tools">
            ${[...hidden].map((lane) => html`<button key=${lane} type="button" class="chip" title="show this lane again" onClick=${() => toggleLane(lane)}>+ ${telling.nodes[lane]}</button>`)}
            <button type="button" class="quiet" aria-pressed=${collapse} title="fold steps that only one node knows of (c)" onClick=${() => setCollapse(!collapse)}>fold local</button>
            <button type="button" class="quiet" aria-pressed=${pastOnly} title="dim what this step does not rest on (p)" onClick=${() => setPastOnly(!pastOnly)}>causal past</button></div></header>
          <${Diagram} telling=${telling} row=${row} select=${select} hidden=${hidden} toggleLane=${toggleLane} collapse=${collapse} past=${past} violations=${violations} />
          <${Legend} />
        </section>
        <${Said} telling=${telling} row=${row} />
        <${Timeline} telling=${telling} row=${row} select=${select} pins=${pins} togglePin=${togglePin} playing=${playing} play=${() => { if (row >= last) select(0); setPlaying(!playing); }} />
        ${telling.calls.length > 0 && html`<${Calls} telling=${telling} row=${row} select=${select} />`}
      </div>
      <div class="right">
        <${Why} telling=${telling} row=${row} chosen=${chosen} insight=${insight} select=${select} />
        <${StatePanel} telling=${telling} row=${row} changedOnly=${changedOnly} setChangedOnly=${setChangedOnly} filter=${filter} setFilter=${setFilter} filterRef=${filterRef} pins=${pins} togglePin=${togglePin} />
      </div>
    </main>
    ${dialog === "share" && html`<${Share} telling=${telling} row=${row} close=${close} />`}
    ${dialog === "export" && html`<${Export} telling=${telling} close=${close} />`}
    ${dialog === "help" && html`<${Help} close=${close} />`}
    ${dialog === "compare" && html`<${Compare} telling=${telling} row=${row} open=${open} close=${close} variants=${insight?.variants} />`}
    ${dialog === "check" && html`<${Check} telling=${telling} open=${open} close=${close} search=${search} start=${startSearch} />`}`;
}

/** The first property that something is found of, violations first. */
function firstFound(telling) {
  const found = telling.properties.filter((one) => one.found.length > 0 && !one.by_graph);
  return (found.find((one) => !one.witness) ?? found[0] ?? telling.properties[0])?.name ?? null;
}

const THEMES = { auto: "light", light: "dark", dark: "auto" };

function Header({ telling, theme, setTheme, setDialog, search, home }) {
  const { goal, instance } = telling;
  const mine = search?.of === JSON.stringify(instance) ? search : null;
  const seen = mine?.news ? `${mine.news.distinct.toLocaleString("en")} states, depth ${mine.news.depth}` : "";
  const scope = !mine?.news?.done ? "this run only, not every run" : `checked: ${mine.news.ended} (${seen})`;
  const faults = telling.setting.split("; ").slice(1).join("; ");
  return html`<header class="top">
    <button type="button" class="brand" title="all protocols and checks" onClick=${home}>quorate</button>
    <h1>${instance.protocol}</h1>
    ${instance.deviations.map((name) => html`<span key=${name} class="deviation" title="what is done wrongly">${name}</span>`)}
    ${goal ? html`<span class=${`verdict ${goal.outcome === "violated" ? "bad" : "seen"}`}>${goal.outcome === "violated" ? "violated" : "reached"} <b>${goal.property}</b></span>` : html`<span class="verdict open">nothing shown yet</span>`}
    <span class="setting" title=${`${telling.setting}; ${scope}`}>${plural(telling.steps.length, "step")} · ${scope} · ${faults}</span>
    <span class="tools">
      ${source.canCheck && html`<button type="button" class="primary" title="visit every reachable state of this instance (r)" onClick=${() => setDialog("check")}>${isRunning(mine) ? `Checking … ${mine.news ? mine.news.distinct.toLocaleString("en") : ""}` : "Check"}</button>`}
      ${source.isLive && html`<button type="button" title="the same schedule in another variant (x)" onClick=${() => setDialog("compare")}>Compare</button>`}
      <button type="button" title="share (s)" onClick=${() => setDialog("share")}>Share</button>
      <button type="button" title="export (e)" onClick=${() => setDialog("export")}>Export</button>
      <button type="button" class="quiet" title=${`colours: ${theme}`} aria-label=${`Colours: ${theme}`} onClick=${() => setTheme(THEMES[theme] ?? "auto")}>${{ auto: "◐", light: "☀", dark: "☾" }[theme] ?? "◐"}</button>
      <button type="button" class="quiet" title="keys (?)" aria-label="Keys" onClick=${() => setDialog("help")}>?</button></span></header>`;
}

render(html`<${Page} />`, document.getElementById("page"));

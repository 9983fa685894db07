// Where the page asks: the server that gave it, or the documents in the page itself.

const block = document.getElementById("runs");

/** The documents of a page in a file; null where there is a server. */
export const offline = block ? JSON.parse(block.textContent) : null;

const token = new URLSearchParams(location.search).get("token") ?? "";

async function ask(path, asked = {}, init = {}) {
  const given = Object.entries(asked).filter(([, value]) => value !== undefined);
  const query = new URLSearchParams(given).toString();
  const response = await fetch(query ? `${path}?${query}` : path, init);
  if (response.ok) return response;
  const told = await response.json().catch(() => ({}));
  throw new Error(told.error ?? `the server answered ${response.status}`);
}

const json = async (...asked) => (await ask(...asked)).json();

const live = {
  isLive: true,
  canCheck: token !== "",
  library: () => json("/api/library"),
  run: (code) => json("/api/run", { code }),
  fork: (code, at, take) => json("/api/run", { code, at, take }),
  options: (code, at) => json("/api/options", { code, at }),
  insight: (code) => json("/api/insight", { code }),
  compare: (code, variant) => json("/api/compare", { code, with: variant }),
  async exported(code, form) {
    const response = await ask("/api/export", { code, form });
    const name = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "")?.[1] ?? `run.${form}`;
    return { name, text: await response.text() };
  },
  check: (order) => json("/api/checks", { token }, { method: "POST", body: JSON.stringify(order) }),
  stop: (number) => json(`/api/checks/${number}/stop`, { token }, { method: "POST" }),
  /** Calls `hear` with each news of a search; gives a function that stops listening. */
  watch(number, hear, fail) {
    const events = new EventSource(`/api/checks/${number}`);
    events.onmessage = (event) => {
      const news = JSON.parse(event.data);
      hear(news);
      if (news.done) events.close();
    };
    events.onerror = () => {
      events.close();
      fail(new Error("the explorer is gone"));
    };
    return () => events.close();
  },
  forms: ["svg", "png", "mermaid", "markdown", "itf", "json", "html", "text", "shiviz", "test", "code"],
};

const missing = (what) => Promise.reject(new Error(`${what}: open the run with \`quorate explore\``));

const kept = {
  isLive: false,
  canCheck: false,
  library: () => Promise.resolve({ runs: offline.runs, checks: offline.checks, title: offline.title }),
  run(code) {
    const run = offline.runs.find((one) => one.telling.code === code);
    return run ? Promise.resolve(run.telling) : missing("this page does not have that run");
  },
  fork: () => missing("this page is a file and takes no other step"),
  options(code, at) {
    const run = offline.runs.find((one) => one.telling.code === code);
    return Promise.resolve(run?.options[at] ?? { possible: [], impossible: [] });
  },
  insight: () => Promise.resolve(null),
  compare: () => missing("this page is a file and compares no other variant"),
  exported(code, form) {
    const run = offline.runs.find((one) => one.telling.code === code);
    const found = run?.exports.find((one) => one.name === form);
    if (!found) return missing(`${form} is not in this page`);
    return Promise.resolve({ name: `${run.telling.instance.protocol}.${found.extension}`, text: found.text });
  },
  get forms() {
    const names = new Set(offline.runs.flatMap((run) => run.exports.map((one) => one.name)));
    return ["svg", "png", "mermaid", "markdown", "itf", "json", "text", "shiviz", "test", "code"].filter((form) => form === "png" || names.has(form));
  },
};

export const source = offline ? kept : live;

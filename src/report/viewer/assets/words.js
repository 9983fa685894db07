// Values and steps in words. A value is JSON as serde writes it: a variant is "Ping", {"Put": 3} or {"Vote": {"term": 4}}.

import { h } from "preact";
import htm from "htm";

export const html = htm.bind(h);

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/** The name of the variant that `value` is, if it is one. */
export function variantOf(value) {
  if (!isObject(value)) return null;
  const names = Object.keys(value);
  return names.length === 1 && /^\p{Lu}/u.test(names[0]) ? names[0] : null;
}

const fields = (object) => Object.entries(object).map(([name, value]) => `${name}: ${notation(value)}`).join(", ");

/** A value on one line, as the stories of the command line write it. */
export function notation(value) {
  if (value === null || value === undefined) return "none";
  if (Array.isArray(value)) return `[${value.map(notation).join(", ")}]`;
  if (!isObject(value)) return typeof value === "string" && !/^[\p{L}\p{N}][\p{L}\p{N}_.-]*$/u.test(value) ? JSON.stringify(value) : String(value);
  const name = variantOf(value);
  if (name === null) return Object.keys(value).length ? `{${fields(value)}}` : "{}";
  const payload = value[name];
  if (isObject(payload) && variantOf(payload) === null) return `${name} { ${fields(payload)} }`;
  return `${name}(${Array.isArray(payload) ? payload.map(notation).join(", ") : notation(payload)})`;
}

/** A text in at most so many characters. */
export const cut = (text, most) => (text.length <= most ? text : `${text.slice(0, Math.max(1, most - 1))}…`);

export const plural = (count, word) => `${count.toLocaleString("en")} ${word}${count === 1 ? "" : "s"}`;

/** The parts of a value by name, or null if it has none. */
export function partsOf(value) {
  if (Array.isArray(value)) return value.map((part, at) => [`[${at}]`, part]);
  if (!isObject(value)) return null;
  const name = variantOf(value);
  if (name === null) return Object.entries(value);
  const inner = partsOf(value[name]);
  return inner ?? null;
}

/** What a value is called before its parts are listed. */
export const headOf = (value) => variantOf(value) ?? (Array.isArray(value) ? (value.length ? `${plural(value.length, "entry").replace("entrys", "entries")}` : "[]") : "");

/** Where two values differ: a list of [path, before, after]; undefined stands for what is not there. */
export function differences(before, after, path = "") {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  const [old, young] = [partsOf(before), partsOf(after)];
  const alike = old && young && Array.isArray(before) === Array.isArray(after) && variantOf(before) === variantOf(after);
  if (!alike) return [[path, before, after]];
  const names = [...new Set([...old, ...young].map(([name]) => name))];
  const [was, is] = [Object.fromEntries(old), Object.fromEntries(young)];
  const under = (name) => (name.startsWith("[") || path === "" ? path + name : `${path}.${name}`);
  return names.flatMap((name) => differences(was[name], is[name], under(name)));
}

// Reads every exported trace below a folder with the parser or the schema of the tool that it is for:
// `node check.mjs FOLDER`. A file that nobody here can read is an error, and so is a folder without one of each form.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { JSDOM } from "jsdom";
import Ajv2020 from "ajv/dist/2020.js";

const { window } = new JSDOM("");
globalThis.window = window;
globalThis.document = window.document;
const { default: mermaid } = await import("mermaid");

const schema = (file) => new Ajv2020({ strict: false }).compile(JSON.parse(readFileSync(file, "utf8")));
const here = import.meta.dirname;
const validators = {
  ".itf.json": schema(join(here, "itf.schema.json")),
  ".trace.json": schema(join(here, "../../schemas/trace.schema.json")),
};

const counts = {};
const failures = [];
const folder = process.argv[2];
for (const file of readdirSync(folder).sort()) {
  const text = readFileSync(join(folder, file), "utf8");
  const form = [".itf.json", ".trace.json", ".mmd"].find((end) => file.endsWith(end));
  if (!form) {
    failures.push(`${file}: no reader for it`);
    continue;
  }
  counts[form] = (counts[form] ?? 0) + 1;
  try {
    if (form === ".mmd") {
      const { diagramType } = await mermaid.parse(text);
      if (diagramType !== "sequence") throw new Error(`read as ${diagramType}`);
    } else {
      const validate = validators[form];
      if (!validate(JSON.parse(text))) throw new Error(JSON.stringify(validate.errors.slice(0, 3)));
    }
  } catch (error) {
    failures.push(`${file}: ${error.message}`);
  }
}
for (const form of [".itf.json", ".trace.json", ".mmd"]) {
  if (!counts[form]) failures.push(`no file of the form ${form}`);
}
console.log(Object.entries(counts).map(([form, count]) => `${count} ${form}`).join(", "));
failures.forEach((failure) => console.error(failure));
process.exit(failures.length === 0 ? 0 : 1);

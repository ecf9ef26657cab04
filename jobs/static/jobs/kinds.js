// Help for "/job": the kinds there are, and what each wants to know. Registered as a completer.

import * as api from "../rooms/core/api.js";

let asked = null;

function kinds() {
  asked ??= api.get("/job-kinds").then((answer) => answer.kinds, (error) => {
    asked = null;
    throw error;
  });
  return asked;
}

/** `text` is what follows "/job ". */
export async function completions(text) {
  const known = await kinds();
  const [, name, space, rest] = /** @type {RegExpExecArray} */ (/^(\S*)(\s*)(.*)$/s.exec(text));
  const kind = known.find((each) => each.name === name);
  if (!space) return { options: known.filter((each) => each.name.includes(name)).map(offer), hint: "", complete: Boolean(kind && isComplete(kind, "")) };
  if (!kind) return { options: [], hint: `There is no kind ${name}.`, complete: true };
  return { options: missing(kind, rest), hint: explained(kind), complete: isComplete(kind, rest) };
}

/** Whether nothing is half typed, and everything is given that has to be. */
export function isComplete(kind, rest) {
  const words = rest.split(/\s+/).filter(Boolean);
  const given = new Set(words.map((word) => word.split("=")[0]));
  return words.every((word) => word.includes("=")) && Object.keys(properties(kind)).every((name) => given.has(name) || !required(kind, name));
}

const offer = (kind) => ({
  name: kind.name,
  text: kind.description?.split("\n")[0] || kind.title,
  insert: Object.keys(properties(kind)).length ? `${kind.name} ` : kind.name,
});

const properties = (kind) => kind.params_schema?.properties ?? {};

/** Params whose names go on from what is typed last, unless they are there already. */
function missing(kind, rest) {
  const words = rest.split(/\s+/);
  const begun = words.pop();
  const given = new Set(words.map((word) => word.split("=")[0]));
  if (begun.includes("=")) return [];
  return Object.entries(properties(kind))
    .filter(([name]) => !given.has(name) && name.startsWith(begun))
    .map(([name, schema]) => ({
      name: `${name}=`,
      text: described(schema, required(kind, name)),
      insert: `${[kind.name, ...words, ""].join(" ")}${name}=`,
    }));
}

const required = (kind, name) => (kind.params_schema.required ?? []).includes(name);

function explained(kind) {
  return kind.description ?? kind.title;
}

/** "how many days, 1–90, 7 unless said" */
export function described(schema, isRequired) {
  const choices = schema.enum ?? schema.anyOf?.flatMap((each) => each.enum ?? []);
  const low = schema.minimum ?? schema.exclusiveMinimum;
  const high = schema.maximum ?? schema.exclusiveMaximum;
  const parts = [
    schema.description?.replace(/\.$/, "") ?? (choices?.length ? "" : schema.type),
    choices?.length && `one of ${choices.join(", ")}`,
    low !== undefined && high !== undefined && `${low}–${high}`,
    isRequired ? "needed" : schema.default !== undefined && schema.default !== null && `${schema.default} unless said`,
  ];
  return parts.filter(Boolean).join(", ");
}

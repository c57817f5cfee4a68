// A value against a JSON Schema: the messages of `modelspec validate` where it is certain, and otherwise a doubt.
import { Num } from "./yaml.js";

const HIDDEN = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** A value as messages show it: invisible characters escaped, cut after 60. */
export const quote = (value) => {
  if (value === null || value === undefined) return "nothing";
  if (value instanceof Num) return value.raw;
  if (typeof value !== "string") return typeof value === "boolean" ? String(value) : Array.isArray(value) ? "a list" : "a mapping";
  let out = "";
  let shown = 0;
  for (const c of value) {
    const code = c.codePointAt(0);
    const part = c !== " " && HIDDEN.test(c) ? (code > 0xffff ? "\\U" + code.toString(16).padStart(8, "0") : "\\u" + code.toString(16).padStart(4, "0")) : c;
    shown += part === c ? 1 : part.length;
    if (shown > 60) return `'${out}…'`;
    out += part;
  }
  return `'${out}'`;
};

/** Like "a, b or c". */
export const listed = (words, joint = "or") => [words.slice(0, -1).join(", "), words.at(-1)].filter(Boolean).join(` ${joint} `);
const counted = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;
const own = (object, key) => (object && Object.hasOwn(object, key) ? object[key] : undefined);

const TYPES = { string: "a string", integer: "a whole number", number: "a number", boolean: "true or false", array: "a list", object: "a mapping", null: "nothing" };
const NOTES = new Set(["$schema", "$id", "$defs", "$comment", "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "format", "contentMediaType", "contentEncoding"]);
const RANK = ["MS103", "MS105", "MS104", "MS106"];

export const typeOf = (value) =>
  value === null ? "null" : value instanceof Num ? "number" : Array.isArray(value) ? "array" : typeof value === "object" ? "object" : typeof value;
const isWhole = (value) => Number.isInteger(Number(value.raw));
const isA = (value, name) => (name === "integer" ? value instanceof Num && isWhole(value) : typeOf(value) === name);
const found = (value) => ({ boolean: "true/false", string: "a string", array: "a list", object: "a mapping" })[typeOf(value)] ?? "a number";

const MOST_REFERENCES = 20;

/** What a `$ref` leads to; null where that is not in the schema. */
const targetOf = ($ref, root) => {
  if (typeof $ref !== "string" || !/^#(?:\/|$)/.test($ref)) return null;
  let target = root;
  for (const part of $ref.split("/").slice(1)) target = own(target, part.replaceAll("~1", "/").replaceAll("~0", "~"));
  return typeof target === "object" ? target ?? null : null;
};

/** A node with what it refers to behind its own words; null where that is not in the schema. */
export const resolved = (node, root) => {
  for (let depth = 0; node && typeof node === "object" && "$ref" in node; depth++) {
    const { $ref, ...rest } = node;
    const target = depth > MOST_REFERENCES ? null : targetOf($ref, root);
    if (!target) return null;
    node = { ...target, ...rest };
  }
  return node;
};

const compiled = new Map();

/** A pattern that means the same to every engine for ASCII; null where that is not certain. */
const patternOf = (source) => {
  if (!compiled.has(source)) {
    let made = null;
    try {
      if (!/&&|--|~~|\[\[/.test(source)) made = new RegExp(source, "u");
    } catch { /* of another dialect */ }
    compiled.set(source, made);
  }
  return compiled.get(source);
};
const PLAIN = /^[\x20-\x7e]*$/;

/**
 * What a value does against a schema: `faults` ({pointer, code, text}), and `unsure`, whether more may be wrong.
 *
 * In a `foreign` schema, an organisation's own, every fault is MS109 and no value is quoted.
 */
export const against = (root, value, { foreign = false, whole = "a model", at = [] } = {}) => {
  const state = { root, foreign, whole, faults: [], unsure: false };
  visit(state, root, value, { pointer: at, declared: new Set(at), hidden: foreign });
  return { faults: tidied(state.faults, foreign), unsure: state.unsure };
};

/** Of several faults of one value only the first by rank; none beside an unknown field that stands for it. */
const tidied = (faults, foreign) => {
  const best = new Map();
  faults.forEach((fault, position) => {
    const rank = RANK.indexOf(fault.code);
    const key = rank < 0 ? position : JSON.stringify([fault.pointer, fault.onKey ?? ""]);
    if (rank < 0 || !best.has(key) || RANK.indexOf(best.get(key).code) > rank) best.set(key, fault);
  });
  return [...best.values()].map(({ pointer, code, text }) => ({ pointer, code: foreign ? "MS109" : code, text }));
};

const pathOf = (state, place, ...more) => {
  let words = "";
  for (const part of [...place.pointer, ...more]) {
    if (typeof part === "number") { words += `[${part}]`; continue; }
    const isHidden = place.hidden && !place.declared.has(part) && !more.includes(part);
    words += `${words ? "." : ""}${isHidden ? "…" : part.length > 32 ? `${part.slice(0, 32)}…` : part}`;
  }
  return words;
};

const visit = (state, schema, value, place) => {
  if (schema === true) return;
  const say = (code, text, more = {}) => state.faults.push({ pointer: place.pointer, code, text, ...more });
  const subject = () => pathOf(state, place) || state.whole;
  if (schema === false) { say("MS104", `${subject()} is not allowed here`); return; }
  if (state.foreign && "$ref" in schema) {
    // What stands beside a reference holds as well, and replaces nothing of what it leads to.
    const { $ref, ...rest } = schema;
    const target = targetOf($ref, state.root);
    const references = (place.references ?? 0) + 1;
    if (!target || references > MOST_REFERENCES) { state.unsure = true; return; }
    for (const part of [target, rest]) visit(state, part, value, { ...place, references });
    return;
  }
  const node = resolved(schema, state.root);
  if (!node) { state.unsure = true; return; }
  const here = { ...place, hidden: place.hidden || (!state.foreign && node["x-private"] === true) };
  const quoted = (before, item = value) => (here.hidden || item === null || (typeof item === "object" && !(item instanceof Num)) ? "" : `${before}${quote(item)}`);
  const name = () => pathOf(state, here) || state.whole;
  for (const [keyword, rule] of Object.entries(node)) {
    if (NOTES.has(keyword) || keyword.startsWith("x-") || keyword === "$ref") continue;
    const check = own(KEYWORDS, keyword);
    if (check) check({ state, node, rule, value, place: here, say, name, quoted });
    else state.unsure = true;
  }
};

const wrongForm = ({ state, node, name, quoted, say }) =>
  say("MS104", !state.foreign && node["x-form"] ? `${name()} must be ${node["x-form"]}${quoted(", not ")}` : `${name()} does not have the form that the schema requires${quoted(": ")}`);

/** Whether a text has a form; undefined where engines may differ. */
const fits = (source, text) => {
  const pattern = patternOf(source);
  return pattern && (PLAIN.test(text) || OURS.has(source)) ? pattern.test(text) : undefined;
};
/** The patterns of modelspec's own schema, tested in both engines for any text. */
export const OURS = new Set();

const isSame = (one, other) => canonical(one) === canonical(other);
const canonical = (value) => {
  if (value instanceof Num) return `n${Number(value.raw)}`;
  if (typeof value === "number") return `n${value}`;
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value && typeof value === "object") return `{${Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).sort().join(",")}}`;
  return JSON.stringify(value);
};

const choice = (choices) => (context) => {
  const { state, rule, value, name, quoted, say } = context;
  const all = choices(rule);
  if (value instanceof Num && !Number.isSafeInteger(Number(value.raw)) && isWhole(value)) state.unsure = true;
  if (all.some((one) => isSame(one, value))) return;
  const words = all.map((one) => (typeof one === "number" ? String(one) : quote(one)));
  say("MS105", `${name()} must be ${words.length > 1 ? "one of " : ""}${listed(words)}${quoted(", not ")}`);
};

const SIZES = {
  minLength: ["string", "short", "at least", "character", (n, most) => n < most], maxLength: ["string", "long", "at most", "character", (n, most) => n > most],
  minItems: ["array", "short", "at least", "item", (n, most) => n < most], maxItems: ["array", "long", "at most", "item", (n, most) => n > most],
  minProperties: ["object", "small", "at least", "field", (n, most) => n < most], maxProperties: ["object", "large", "at most", "field", (n, most) => n > most],
};
const size = (keyword) => ({ state, node, rule, value, name, say }) => {
  const [type, words, reading, noun, isOut] = SIZES[keyword];
  if (typeOf(value) !== type) return;
  const many = type === "string" ? [...value].length : Object.keys(value).length;
  if (!isOut(many, rule)) return;
  if (noun === "field" && node.minProperties === node.maxProperties) {
    const names = Object.keys(node.properties ?? {}).sort();
    say("MS108", `${name()} must have exactly one of ${listed(names.length ? names : ["field"])}, not ${counted(many, "field")}`);
  } else say("MS106", many ? `${name()} is too ${words}: ${counted(many, noun)}, ${reading} ${rule}` : `${name()} is empty; it needs ${reading} ${counted(rule, noun)}`);
};

const BOUNDS = {
  minimum: ["small", "at least", (n, limit) => n < limit], maximum: ["large", "at most", (n, limit) => n > limit],
  exclusiveMinimum: ["small", "more than", (n, limit) => n <= limit], exclusiveMaximum: ["large", "less than", (n, limit) => n >= limit],
};
const bound = (keyword) => ({ state, rule, value, name, quoted, say }) => {
  if (!(value instanceof Num)) return;
  const [words, reading, isOut] = BOUNDS[keyword];
  const number = Number(value.raw);
  if (number === rule && !Number.isSafeInteger(number) && isWhole(value)) { state.unsure = true; return; }
  if (isWhole(value) ? !Number.isSafeInteger(number) : number === rule) state.unsure ||= !isOut(number, rule) || number === rule;
  if (isOut(number, rule)) say("MS106", `${name()} is too ${words}${quoted(": ")}; it must be ${reading} ${rule}`);
};

const matchesOf = (state, forms, key) => Object.keys(forms ?? {}).filter((form) => {
  const does = fits(form, key);
  if (does === undefined) state.unsure = true;
  return does !== false;
});

const KEYWORDS = {
  type({ rule, value, name, quoted, say }) {
    const types = [rule].flat();
    if (types.some((type) => isA(value, type))) return;
    const wanted = listed(types.map((type) => TYPES[type]));
    say("MS103", value === null ? `${name()} is empty; it must be ${wanted}` : `${name()} must be ${wanted}, not ${found(value)}${quoted(": ")}`);
  },
  enum: choice((rule) => rule),
  const: choice((rule) => [rule]),
  pattern(context) {
    if (typeof context.value !== "string") return;
    const does = fits(context.rule, context.value);
    if (does === undefined) context.state.unsure = true;
    else if (!does) wrongForm(context);
  },
  not(context) {
    const inner = { ...context.state, faults: [], unsure: false };
    visit(inner, context.rule, context.value, context.place);
    if (inner.unsure) context.state.unsure = true;
    else if (!inner.faults.length) wrongForm(context);
  },
  allOf: ({ state, rule, value, place }) => rule.forEach((part) => visit(state, part, value, place)),
  items({ state, rule, value, place }) {
    if (Array.isArray(value)) value.forEach((item, at) => visit(state, rule, item, { ...place, pointer: [...place.pointer, at] }));
  },
  uniqueItems({ state, rule, value, place, name, say, quoted }) {
    if (!rule || !Array.isArray(value)) return;
    const seen = new Set();
    value.forEach((item, at) => {
      const text = canonical(item);
      if (seen.has(text)) say("MS107", state.foreign ? `${name()} contains equal items` : `${name()} contains ${quoted("", item) || "the same item"} twice`, { pointer: [...place.pointer, at] });
      seen.add(text);
    });
  },
  properties({ state, rule, value, place }) {
    if (typeOf(value) !== "object") return;
    for (const [key, item] of Object.entries(value)) {
      if (own(rule, key) !== undefined) visit(state, rule[key], item, { ...place, pointer: [...place.pointer, key], declared: new Set([...place.declared, key]) });
    }
  },
  patternProperties({ state, rule, value, place }) {
    if (typeOf(value) !== "object") return;
    for (const [key, item] of Object.entries(value)) for (const form of matchesOf(state, rule, key)) if (fits(form, key)) visit(state, rule[form], item, { ...place, pointer: [...place.pointer, key] });
  },
  additionalProperties({ state, node, rule, value, place, name, say }) {
    if (typeOf(value) !== "object" || rule === true) return;
    for (const [key, item] of Object.entries(value)) {
      if (own(node.properties, key) !== undefined || matchesOf(state, node.patternProperties, key).length) continue;
      const pointer = [...place.pointer, key];
      if (rule !== false) visit(state, rule, item, { ...place, pointer });
      else if (!state.foreign && node["x-key-form"]) say("MS104", `a key of ${name()} must be ${node["x-key-form"]}${place.hidden ? "" : `, not ${quote(key)}`}`, { pointer, onKey: key });
      else say("MS101", place.hidden ? `${name()} has an unknown field` : `${quote(key)} is not a field of ${name()}`, { pointer, onKey: key });
    }
  },
  required({ state, rule, value, place, say }) {
    if (typeOf(value) !== "object") return;
    for (const name of rule) if (own(value, name) === undefined) say("MS102", `${pathOf(state, place, name)} is missing`, { pointer: [...place.pointer, name] });
  },
  dependentSchemas({ state, rule, value, place, say }) {
    if (typeOf(value) !== "object") return;
    for (const [rival, part] of Object.entries(rule)) {
      if (own(value, rival) === undefined) continue;
      const others = Object.keys(part.properties ?? {}).filter((name) => part.properties[name] === false && own(value, name) !== undefined).sort();
      if (state.foreign || Object.keys(part).some((key) => key !== "properties" && !key.startsWith("x-"))) state.unsure = true;
      if (!others.length) continue;
      const [first, ...rest] = others;
      const also = rest.length ? `, ${rest.length > 1 ? "as do" : "as does"} ${listed(rest, "and")}` : "";
      say("MS108", `${pathOf(state, place, first)} and ${rival} exclude each other${also}`, { pointer: [...place.pointer, first] });
    }
  },
  ...Object.fromEntries(Object.keys(SIZES).map((keyword) => [keyword, size(keyword)])),
  ...Object.fromEntries(Object.keys(BOUNDS).map((keyword) => [keyword, bound(keyword)])),
};

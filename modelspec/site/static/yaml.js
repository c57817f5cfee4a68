// From JSON to YAML without changing any value.

/** A number as written, because JavaScript would round long ones. */
export class Num {
  constructor(raw) { this.raw = raw; }
  get isFinite() { return Number.isFinite(Number(this.raw)); }
  get fits() { return !/^-?\d+$/.test(this.raw) || (BigInt(this.raw) >= -(2n ** 63n) && BigInt(this.raw) < 2n ** 64n); }
  /** `1e5` is a string in YAML 1.1; `1.0e+5` is a number in 1.1 and 1.2. */
  get yaml() { return this.raw.replace(/^(-?\d+)(\.\d+)?[eE]([+-]?)(\d+)$/, (_, whole, part, sign, power) => `${whole}${part ?? ".0"}e${sign || "+"}${power}`); }
}

const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"(?=\s*:)|"([^"\\]*(?:\\.[^"\\]*)*)"|-?\d[\d.eE+-]*/g;

/** Parse JSON with every number as a `Num`. Throws SyntaxError for invalid JSON. */
export const parse = (text) => {
  JSON.parse(text);
  const marked = text.replace(TOKEN, (token, string) => (string !== undefined ? `"s${string}"` : token[0] === '"' ? token : `"n${token}"`));
  return JSON.parse(marked, (_, value) => (typeof value !== "string" ? value : value[0] === "n" ? new Num(value.slice(1)) : value.slice(1)));
};

/** The JSON text of a value from `parse`. */
export const json = (value, indent = "") => {
  if (value instanceof Num) return value.raw;
  if (!value || typeof value !== "object") return JSON.stringify(value);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  const inner = `${indent}  `;
  const items = Object.entries(value).map(([key, item]) => `${inner}${open === "[" ? "" : `${JSON.stringify(key)}: `}${json(item, inner)}`);
  return items.length ? `${open}\n${items.join(",\n")}\n${indent}${close}` : open + close;
};

// Words that some YAML versions do not read as strings.
const WORDS = /^(?:true|false|null|yes|no|on|off|y|n)$/i;
const PLAIN = /^[A-Za-z][A-Za-z0-9._/@+~-]*(?: [A-Za-z0-9._/@+~]+)*$/;
const ADDRESS = /^https?:\/\/[A-Za-z0-9._~/@%:-]*[A-Za-z0-9/]$/;
const UNSEEN = /(?![\u200c\u200d])[\x7f-\x9f\p{C}\p{Zl}\p{Zp}]/gu;

const scalar = (text, inFlow) =>
  (PLAIN.test(text) && !WORDS.test(text)) || (!inFlow && ADDRESS.test(text))
    ? text
    : JSON.stringify(text).replace(UNSEEN, (c) => {
        const code = c.codePointAt(0).toString(16);
        return code.length > 4 ? `\\U${code.padStart(8, "0")}` : `\\u${code.padStart(4, "0")}`;
      });

const isScalar = (value) => value === null || typeof value !== "object" || value instanceof Num;

/** A value on one line. */
export const flow = (value, inFlow = true) => {
  if (value instanceof Num) return value.yaml;
  if (typeof value === "string") return scalar(value, inFlow);
  if (isScalar(value)) return String(value);
  if (Array.isArray(value)) return `[${value.map((item) => flow(item)).join(", ")}]`;
  return `{${Object.entries(value).map(([key, item]) => `${scalar(key, true)}: ${flow(item)}`).join(", ")}}`;
};

const isShort = (value, room) => isScalar(value) || !Object.keys(value).length || (Object.values(value).every(isScalar) && (Array.isArray(value) || Object.keys(value).length === 1) && flow(value).length < room);

// A key of more than 1,024 characters needs a question mark before it (YAML 1.2.2, 8.2.2).
const entry = (key, value, indent) => {
  const name = scalar(key, false);
  const start = name.length > 1000 ? `? ${name}\n${indent}:` : `${name}:`;
  return isShort(value, 80) ? `${start} ${flow(value, false)}\n` : `${start}\n${block(value, `${indent}  `)}`;
};

const block = (value, indent) => {
  if (!Array.isArray(value)) return Object.entries(value).map(([key, item]) => indent + entry(key, item, indent)).join("");
  return value.map((item) => `${indent}- ${isShort(item, 80) ? `${flow(item, false)}\n` : block(item, `${indent}  `).slice(indent.length + 2)}`).join("");
};

/** The YAML of a file, one field per line. */
export const yaml = (value) => block(value, "");

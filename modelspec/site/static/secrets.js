// What may be a secret, or hide something: certain hits, and everything that is not beyond doubt.
import { Num } from "./yaml.js";

const WORD = /^(?:[A-Z]*[a-z]*(?:[A-Z][a-z]{2,})*\d{0,4}|\d+|[A-Za-z]{0,2}\d{1,4}[A-Za-z]{1,2}\d?)$/;

/** Whether a text looks random, as keys do: the rule of modelspec/secret. */
const drawn = (text) => {
  const odd = text.split(/[-_./+=~\s]+/).filter((part) => part.length > 5 && !WORD.test(part)).join("");
  let surprises = 0;
  for (let i = 1; i < odd.length; i++) surprises += Math.abs(odd.charCodeAt(i) - odd.charCodeAt(i - 1)) > 1;
  return new Set(odd).size >= 8 && surprises >= 8;
};

/** The kind of the secret that a text surely has, or null: none is a key that its issuer prints in its documentation. */
export const secretIn = (text, { keys, documented }) => {
  for (const [kind, pattern] of keys) {
    for (const match of text.matchAll(pattern)) if (!documented.includes(match[0]) && (!match.groups || drawn(match.groups.body))) return kind;
  }
  return null;
};

const SPECIAL = /:\/\/[^\s\/?#@]*@|[$%\\\n]|\{\{|environ\//;
const BROAD = /Key=|eyJ|PRIVATE KEY|(?:bearer|basic) /i;

/** Whether a text has the form of a key of some issuer, be it drawn at random or not. */
const hasForm = (text, keys) => BROAD.test(text) || keys.some(([, pattern]) => text.search(pattern) >= 0);

/** Whether a text may hold a key: by its form, in base64, or as a long random run. */
const mayHold = (text, keys) => {
  if (SPECIAL.test(text) || hasForm(text, keys)) return true;
  for (const [run] of text.matchAll(/[A-Za-z0-9]{24,}/g)) if (drawn(run.slice(0, 96))) return true;
  for (const [run] of text.matchAll(/[A-Za-z0-9+/_-]{27,}/g)) {
    if (/^[0-9a-f]+$/.test(run)) continue;
    const plain = run.replaceAll("-", "+").replaceAll("_", "/");
    for (let at = 0; at < 4; at++) if (hasForm(atob(plain.slice(at, at + Math.floor((plain.length - at) / 4) * 4)), keys)) return true;
  }
  return false;
};

// Scripts whose letters show themselves, are what they seem, and steer nothing.
const SHOWN = /^[\t\n\x20-\x7e\u00a1-\u00ac\u00ae-\u024f\u0391-\u03a1\u03a3-\u03c9\u0410-\u044f\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fa5\uac00-\ud7a3]*$/;
const TELLING = /pw|pass|secret|token|cred|auth|bearer|key/i;
const REFERENCES = ["env", "file", "vault", "kubernetes"];

/** Every string of a value with its pointer; keys too, with `isKey`. */
export const strings = function* (value, pointer = []) {
  if (typeof value === "string" || value instanceof Num) yield { text: value, pointer };
  else if (value && typeof value === "object") {
    for (const [key, item] of Object.entries(value)) {
      const at = [...pointer, Array.isArray(value) ? Number(key) : key];
      if (!Array.isArray(value)) yield { text: key, pointer: at, isKey: true };
      yield* strings(item, at);
    }
  }
};

/** Whether every character of a text is one that can neither hide nor mislead. */
export const isShown = (text) => SHOWN.test(text) && text.normalize("NFKC") === text;

/** The pointers of texts that may be secrets: random ones, and those beside a telling name. */
export const doubtful = (model, known) => {
  const found = [];
  for (const { text, pointer } of strings(model)) {
    if (!(text instanceof Num) && (mayHold(text, known.keys) || !isShown(text))) found.push(pointer);
  }
  telling(model, [], known, found);
  return found;
};

const telling = (value, pointer, known, found) => {
  if (!value || typeof value !== "object" || value instanceof Num) return;
  const named = !Array.isArray(value) && Object.values(value).some((item) => typeof item === "string" && TELLING.test(item));
  for (const [key, item] of Object.entries(value)) {
    const at = [...pointer, Array.isArray(value) ? Number(key) : key];
    const tells = !Array.isArray(value) && (TELLING.test(key) || (named && known.valued.includes(key.toLowerCase())));
    if (tells && isLiteral(item)) found.push(at);
    else telling(item, at, known, found);
  }
};

const isLiteral = (value) => {
  if (value === null || typeof value === "boolean") return false;
  if (value instanceof Num) return Math.abs(Number(value.raw)) >= 1e7;
  if (typeof value !== "object") return true;
  const keys = Object.keys(value);
  return !(keys.length === 1 && REFERENCES.includes(keys[0]));
};

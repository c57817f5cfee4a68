// The live files beside the site: read once, and believed only where they have the form of their schemas.
//
// A file that is not there is `{value: null, fault: ""}`: a build has `null` in its place, so that nobody sees a 404.
// One that cannot be used says why in `fault`. Values enter pages as text and as attribute values, never as markup.

/** Bytes that are read of a file: the largest fleets have a tenth of it. */
const LIMIT = 10_000_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Older than this is old, in milliseconds. */
export const OLD = { status: 10 * MINUTE, usage: 2 * DAY };

// --- forms: a function that takes a value and returns "" or where it is wrong

const is = (test) => (value) => (test(value) ? "" : "?");
const text = is((value) => typeof value === "string" && value.length <= 500);
const count = is((value) => Number.isSafeInteger(value) && value >= 0);
const amount = is((value) => Number.isFinite(value) && value >= 0 && value <= Number.MAX_SAFE_INTEGER);
const time = is((value) => typeof value === "string" && /^\d{4}-\d\d-\d\dT[\d:.]{5,12}Z$/.test(value) && Date.parse(value));
const day = is((value) => typeof value === "string" && /^\d{4}-\d\d-\d\d$/.test(value) && Date.parse(value));
const oneOf = (...values) => is((value) => values.includes(value));
const matching = (pattern) => is((value) => typeof value === "string" && pattern.test(value));
const optional = (form) => (value) => (value === null ? "" : form(value));
const either = (one, other) => (value) => one(value) && other(value);
const at = (place, found) => found && (found === "?" ? String(place) : `${place}.${found}`);
const first = (entries, form) => {
  for (const [place, value] of entries) {
    const found = at(place, form(value));
    if (found) return found;
  }
  return "";
};
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);
const list = (form, most) => (value) =>
  Array.isArray(value) && value.length <= most ? first(value.entries(), form) : "?";
const mapOf = (form) => (value) => (isObject(value) ? first(Object.entries(value), form) : "?");
const row = (...forms) => (value) => {
  if (!Array.isArray(value) || value.length !== forms.length) return "?";
  const wrong = forms.findIndex((form, place) => form(value[place]));
  return wrong < 0 ? "" : String(wrong);
};
const object = (fields, more = {}) => (value) => {
  if (!isObject(value)) return "?";
  for (const [name, form] of Object.entries(more)) {
    const found = Object.hasOwn(value, name) && at(name, form(value[name]));
    if (found) return found;
  }
  for (const [name, form] of Object.entries(fields)) {
    const found = at(name, Object.hasOwn(value, name) ? form(value[name]) : "?");
    if (found) return found;
  }
  return "";
};

const TRACK = {
  state: oneOf("up", "down", "unknown"),
  since: optional(time),
  reason: text,
  latency_ms: optional(count),
  hours: matching(/^[0-9ab-]{0,2160}$/),
};
const STATUS = object({
  generated: time,
  hour: time,
  without_service: list(object({ model_id: text, why: oneOf("no_head", "no_upstream") }), 200_000),
  heads: list(object({ head_id: text, region: text, declared: oneOf("active", "draining", "offline"), ...TRACK }), 10_000),
  upstreams: list(object({ endpoint: either(text, object({ env: text })), models: count, ...TRACK }), 50_000),
  // Files of earlier versions have no `since`.
  models: mapOf(object({ tier: optional(count), heads: list(text, 1_000) }, { since: optional(time) })),
});

const PAIR = {
  requests: count,
  server_errors: count,
  failovers: count,
  duration_p50_ms: optional(amount),
  duration_p95_ms: optional(amount),
};
const FIGURES = { ...PAIR, client_errors: count, input_tokens: count, output_tokens: count, cost: optional(amount) };
const hour = matching(/^\d{4}-\d\d-\d\dT\d\d:00Z$/);
const FIELDS = object({
  first_hour: optional(hour),
  last_hour: optional(hour),
  currency: matching(/^[A-Z]{3}$/),
  total: optional(object(FIGURES)),
  residency: optional(object({ judged: count, unjudged: count, outside: count })),
  series: optional(object({ last_day: day, days: is((value) => value === 28) })),
  days: list(object({ date: day, requests: count, server_errors: count, failovers: count }), 90),
  models: list(object({ model_id: text, ...FIGURES }), 200),
  heads: list(object({ head_id: text, ...FIGURES }), 500),
  owners: list(object({ owner: text, ...FIGURES }), 200),
  regions: list(object({ client: text, served: text, ...PAIR }), 1_000),
  model_days: list(row(text, count, count, matching(/^[0-9a-z]{28}$/)), 5_000),
});

/** A span has both ends, and the days of a series, or nothing of it. */
const USAGE = (value) =>
  FIELDS(value) || (new Set([value.first_hour, value.last_hour, value.series].map((part) => part === null)).size > 1 ? "first_hour" : "");
const FORMS = { status: STATUS, usage: USAGE };

/** Why a value is not what the schema of its kind says, as far as pages use it; empty where it is. */
export const faultOf = (kind, value) => {
  if (!isObject(value) || value.schema_version !== 1) return `${kind}.json is of another version than this page`;
  const wrong = FORMS[kind](value);
  return wrong && `${kind}.json cannot be used: ${wrong.slice(0, 60)} is not what its schema says`;
};

// --- reading

/** The text of an answer, up to the limit. */
const limited = async (answer) => {
  const reader = answer.body.getReader();
  const decoder = new TextDecoder();
  const parts = [];
  for (let size = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return parts.join("") + decoder.decode();
    size += value.length;
    if (size > LIMIT) {
      reader.cancel().catch(() => {});
      return null;
    }
    parts.push(decoder.decode(value, { stream: true }));
  }
};

const read = async (kind) => {
  const unusable = (fault) => ({ value: null, fault });
  const name = `${kind}.json`;
  let content;
  try {
    const answer = await fetch(new URL(`../live/${name}`, import.meta.url), { cache: "no-cache", priority: "low" });
    if (answer.status === 404 || answer.status === 204) return unusable("");
    if (!answer.ok) return unusable(`${name} cannot be read: the server answers ${answer.status}`);
    content = await limited(answer);
  } catch {
    return unusable(`${name} cannot be read`);
  }
  if (content === null) return unusable(`${name} is too large to be shown`);
  let value;
  try {
    value = JSON.parse(content);
  } catch {
    return unusable(`${name} is not JSON`);
  }
  const fault = value === null ? "" : faultOf(kind, value);
  return { value: fault ? null : value, fault };
};

export const readStatus = () => read("status");

let usage;
/** usage.json, which is read once: it changes by the hour. */
export const readUsage = () => (usage ??= read("usage"));

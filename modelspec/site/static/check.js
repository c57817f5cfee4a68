// A model against what the page knows of the repository: the faults that `modelspec validate` would report, and by
// name what only the checks of the pull request can know. Never greener than these: what is not understood is left.
import { endpointFaults, hostOf, referenceFaults } from "./address.js";
import { prefixOf } from "./records.js";
import { OURS, against, quote } from "./schema.js";
import { doubtful, isShown, secretIn, strings } from "./secrets.js";
import { Num, yaml } from "./yaml.js";

const LARGEST = 256 * 1024;

/** What `check` needs, from admin/propose.json. */
export const prepared = (data) => {
  const walk = (node) => {
    if (!node || typeof node !== "object") return;
    if (typeof node.pattern === "string") OURS.add(node.pattern);
    for (const form of Object.keys(node.patternProperties ?? {})) OURS.add(form);
    Object.values(node).forEach(walk);
  };
  walk(data.schema);
  // A region may be named `constructor`: what a table does not have, its prototype must not have either.
  for (const table of [data.regions, data.heads, data.providers, data.region_params, data.severities, data.users, data.unseen]) Object.setPrototypeOf(table, null);
  const ignoring = (source) => new RegExp(source, "iu");
  return {
    ...data,
    keys: data.keys.map(([kind, source]) => [kind, new RegExp(source, "gu")]),
    operation: ignoring(data.operation), twice: ignoring(data.twice), notation: new RegExp(data.notation, "u"),
    own: Object.assign(Object.create(null), Object.fromEntries(Object.entries(data.own).map(([name, source]) => [name, ignoring(source)]))),
    named_ids: Object.entries(data.names).flatMap(([model, aliases]) => [model, ...aliases].map((name) => [name, model])),
  };
};

/**
 * The faults of a model ({pointer, code, text, severity}) and what is left to CI ({words, codes}).
 *
 * `isDoubtful` says that the text, and `isPathDoubtful` that the path, may hold a secret. `own` is the id under which
 * the repository knows the model already, `path` that of its file, `day` today.
 */
export const check = (known, model, options) => {
  try {
    return checked(known, model, options);
  } catch (error) {
    console.error(error);
    // A fault of this page is no reason to call a model right.
    return { faults: [], left: [{ words: "everything: this page failed to check it", codes: ["all rules"] }], isSecret: false, isDoubtful: true, isPathDoubtful: true };
  }
};

const checked = (known, model, { own = null, path = "", day = new Date().toISOString().slice(0, 10) } = {}) => {
  const faults = [];
  const left = new Map();
  const severityOf = (code) => known.severities[code] ?? "error";
  const say = (pointer, code, text, more = {}) => {
    if (severityOf(code) !== "off") faults.push({ pointer, code, text, severity: severityOf(code), ...more });
  };
  const add = (pointer, word, values = {}) => {
    const [code, text] = known.texts[word];
    say(pointer, code, text.replace(/\{(\w+)\}/g, (_, name) => values[name]), values.help ? { help: values.help } : {});
  };
  const leave = (codes, words) => {
    const kept = codes.filter((code) => severityOf(code) !== "off");
    if (kept.length) left.set(words, [...new Set([...(left.get(words) ?? []), ...kept])]);
  };
  const told = { known, model, own, path, day, say, add, leave, faults };
  if (secrets(told)) return { faults, left: [], isSecret: true, isDoubtful: true, isPathDoubtful: true };
  texts(told);
  const isSound = form(told);
  if (isSound) for (const part of [names, links, heads, upstreams, fallbacks, life]) part(told);
  around(told);
  const mayBe = (...codes) => [...left.values(), faults.map(({ code }) => code)].flat().some((code) => codes.includes(code));
  return {
    faults, left: [...left].map(([words, codes]) => ({ words, codes })), isSecret: false,
    isDoubtful: mayBe("MS501", "MS502", "MS503", "MS504", "MS513", "MS521"), isPathDoubtful: mayBe("MS521") || !isShown(path),
  };
};

const secrets = ({ known, model, add, faults }) => {
  const seen = new Set();
  for (const { text, pointer } of strings(model)) {
    const kind = !(text instanceof Num) && secretIn(text, known);
    if (!kind || seen.has(pointer[0])) continue;
    seen.add(pointer[0]);
    add([pointer[0]], "secret", { kind });
  }
  return faults.length > 0;
};

/** Characters, numbers, and what may be a secret. */
const texts = ({ known, model, path, add, say, leave }) => {
  const reported = new Set();
  for (const { text, pointer } of strings(model)) {
    if (text instanceof Num) {
      if (!text.isFinite) add(pointer, "number");
      else if (!text.fits) add(pointer, "integer");
      continue;
    }
    const hidden = [...text].find((c) => Object.hasOwn(known.unseen, c));
    if (hidden && !reported.has(pointer.join())) say(pointer, ...known.unseen[hidden]);
    if (hidden) reported.add(pointer.join());
    else if (!isShown(text)) leave(["MS005", "MS006"], "unusual characters");
    if (isNotation(text, pointer, known)) add(pointer, "notation");
    else if (/[$%]|\{\{|environ\//.test(text)) leave(["MS505"], "whether a text is another program's notation");
  }
  const doubts = doubtful(model, known);
  if (doubts.length) leave(["MS501", "MS502", "MS513"], `whether a secret is written in ${[...new Set(doubts.map(([name]) => name))].join(", ")}`);
  if (doubtful({ path }, known).length) leave(["MS521"], "whether the name of the file is a secret");
  const text = yaml(model);
  if (text.length > LARGEST / 4 && new TextEncoder().encode(text).length > LARGEST) add([], "large");
  const [depth, nodes] = measured(model);
  if (depth > known.most_depth - 2 || nodes > known.most_nodes / 2) leave(["MS017", "MS019", "MS026"], "the size of the file");
};

const isNotation = (text, pointer, known) => {
  const names = pointer.filter((step) => typeof step === "string");
  const found = known.notation.exec(text);
  if (!found || names.includes("metadata")) return text.startsWith("os.environ/");
  return text.startsWith("os.environ/") || names.includes("params") || ["api_key", "endpoint"].includes(names.at(-1));
};

const measured = (value) => {
  if (!value || typeof value !== "object" || value instanceof Num) return [0, 1];
  const inner = Object.values(value).map(measured);
  return [1 + Math.max(0, ...inner.map(([depth]) => depth)), inner.reduce((sum, [, nodes]) => sum + nodes + 1, 1)];
};

/** The schemas of the model and of its metadata; whether the rest can be looked at. */
const form = ({ known, model, path, say, leave }) => {
  const isGiven = known.defaulted.some((folder) => path.startsWith(`${folder}/`));
  const { faults } = against(known.schema, model);
  const kept = faults.filter((fault) => !(isGiven && fault.code === "MS102" && fault.pointer.length === 1 && !["model_id", "name"].includes(fault.pointer[0])));
  for (const { pointer, code, text } of kept) say(pointer, code, text);
  if (isGiven) leave(["all rules"], "what _defaults.yaml of its folder adds");
  const metadata = "metadata" in model ? model.metadata : {};
  if (known.metadata && metadata && typeof metadata === "object" && !Array.isArray(metadata) && !(metadata instanceof Num)) {
    const found = against(known.metadata, metadata, { foreign: true, whole: "metadata", at: ["metadata"] });
    if (!(isGiven && found.faults.length)) for (const { pointer, code, text } of found.faults) say(pointer, code, text);
    if (found.unsure) leave(["MS109"], "metadata, which the organisation's schema constrains");
  }
  // What is missing hides nothing that is wrong.
  return kept.every(({ code, pointer }) => code === "MS102" && pointer.length === 1);
};

const namesOf = (model) => [["model_id", model.model_id], ...(model.aliases ?? []).map((name, at) => [["aliases", at], name])].map(([at, name]) => [[at].flat(), name]).filter(([, name]) => name !== undefined);

/** Whether a name of the repository, or of the model itself, takes a request for `name`. */
const isNamed = (name, known, model, own) => {
  const all = new Set([...known.named_ids.filter(([, owner]) => owner !== own).map(([one]) => one), ...namesOf(model).map(([, one]) => one)]);
  if (all.has(name)) return true;
  for (let end = name.lastIndexOf("/"); end >= 0; end = end ? name.lastIndexOf("/", end - 1) : -1) if (all.has(`${name.slice(0, end)}/*`)) return true;
  return false;
};

const names = ({ known, model, own, path, add, leave }) => {
  if (model.model_id === undefined) return;
  const folded = new Map(known.named_ids.filter(([, owner]) => owner !== own).map(([name]) => [name.toLowerCase(), name]));
  for (const [pointer, name] of namesOf(model)) {
    const other = folded.get(name.toLowerCase());
    if (other !== undefined) add(pointer, other === name ? "twice" : "case", { value: quote(name), other: quote(other) });
    else folded.set(name.toLowerCase(), name);
  }
  const id = model.model_id.toLowerCase();
  if (id === "index" || id.startsWith("page/")) add(["model_id"], "reserved", { value: quote(model.model_id) });
  if (/\.(?:json|html)\//.test(id) || known.named_ids.some(([name]) => /\.(?:json|html)\//i.test(name))) leave(["MS607"], "whether its page collides with another");
  if (Math.max(...id.split("/").map((part) => part.length + 2 * (part.match(/[:*]/g)?.length ?? 0))) > 180) leave(["MS617"], "the length of its file names");
  const stem = nameOf(model.model_id);
  const file = path.split("/").at(-1).toLowerCase();
  const isTwin = known.named_ids.some(([name, owner]) => name === owner && owner !== own && nameOf(name) === stem);
  if (own !== model.model_id && (isTwin || file !== `${stem}.yaml` || !isShown(path))) leave(["MS206", "MS603"], "whether its file is named like another");
};

const STEM = /^(con|prn|aux|nul|(?:com|lpt)\d)(?=\.|$)/;
const partOf = (text) => text.replace(/[^a-z0-9._@~+-]|\.$/g, "_").replace(STEM, "$1_");
/** The name of a file without its ending, as MS603 requires it: portable, with `_` for the slashes. */
export const nameOf = (model) => (model.replace(/\/?\*$/, "") || "any").toLowerCase().split("/").map(partOf).join("_");

const headsOf = (model) => [
  [["priority_head"], model.priority_head],
  ...Object.keys(model.load_balancing?.weights ?? {}).map((head) => [["load_balancing", "weights", head], head]),
  ...(model.fallback_heads ?? []).map((head, at) => [["fallback_heads", at], head]),
].filter(([, head]) => head !== undefined);
const upstreamsOf = (model) => (model.deployments ? model.deployments.map((one, at) => [one, ["deployments", at]]) : [[model, []]]);
const isKnownProvider = (word, known) => Object.hasOwn(known.providers, word) || known.words.includes(word);

/** Regions, heads and providers that nobody declares. */
const links = ({ known, model, add }) => {
  const regions = [
    [["region"], model.region],
    ...(model.access?.client_regions ?? []).map((code, at) => [["access", "client_regions", at], code]),
    ...upstreamsOf(model).map(([one, at]) => (at.length ? [[...at, "region"], one.region] : [["upstream_region"], one.upstream_region])),
  ];
  for (const [pointer, code] of regions) if (code !== undefined && !Object.hasOwn(known.regions, code)) add(pointer, "region", { value: quote(code) });
  for (const [pointer, head] of headsOf(model)) if (!Object.hasOwn(known.heads, head)) add(pointer, "head", { value: quote(head) });
  for (const [one, at] of upstreamsOf(model)) {
    if (one.provider !== undefined && !isKnownProvider(one.provider, known)) add([...at, "provider"], "provider", { value: quote(one.provider) });
  }
};

const isLinked = (faults) => !faults.some(({ code }) => /^MS20[128]$/.test(code));

const heads = ({ known, model, add, faults }) => {
  const region = known.regions[model.region];
  const weights = model.load_balancing?.weights ?? {};
  const used = headsOf(model);
  const isPriority = (head) => head === model.priority_head;
  (model.fallback_heads ?? []).forEach((head, at) => {
    if (isPriority(head)) add(["fallback_heads", at], "repeats", { value: quote(head) });
    else if (Object.hasOwn(weights, head)) add(["fallback_heads", at], "shared", { value: quote(head) });
  });
  if (Object.keys(weights).length && !Object.hasOwn(weights, model.priority_head)) add(["load_balancing", "weights"], "weights", { value: quote(model.priority_head) });
  if (!isLinked(faults) || !region || model.priority_head === undefined) return;
  if (region.residency) {
    for (const [pointer, head] of used) {
      const where = known.heads[head].region;
      if ( region.residency.includes(where) || (pointer.length > 1 && isPriority(head)) || (pointer[0] === "fallback_heads" && Object.hasOwn(weights, head))) continue;
      add(pointer, "residency", { head: quote(head), region: quote(where), home: quote(model.region), help: `use a head in ${region.residency.join(" or ")}, or change the residency of ${model.region}` });
    }
  }
  const all = [...new Set(used.map(([, head]) => head))];
  if (model.status !== "disabled") resilience({ known, model, add, region, all });
};

const resilience = ({ known, model, add, region, all }) => {
  const active = all.filter((head) => known.heads[head].status === "active");
  const at = ["priority_head"];
  const isOffline = known.heads[model.priority_head].status === "offline";
  const shown = quote(model.priority_head);
  if (isOffline && !active.length) add(at, "offline", { value: shown });
  else if (isOffline) add(at, "taken", { value: shown, other: quote(order(model, known, active)) });
  if (Object.keys(known.heads).length > 1 && (active.length === 1 || (!active.length && !isOffline))) {
    const drain = all.some((head) => known.heads[head].status === "draining");
    add(at, "single", { what: `only ${[...active.map(quote), ...(drain ? ["draining heads"] : [])].join(" and ")} ${drain ? "serve" : "serves"} this model` });
  }
  const places = new Set(active.map((head) => known.heads[head].region));
  if (active.length < 2 || places.size > 1) return;
  const elsewhere = Object.values(known.heads).some((head) => head.status === "active" && !places.has(head.region) && (!region.residency || region.residency.includes(head.region)));
  if (elsewhere) add(at, "one", { region: quote([...places][0]) });
};

/** The active head that comes first: weights beside the priority head, then the fallbacks. */
const order = (model, known, active) => [...Object.keys(model.load_balancing?.weights ?? {}), ...(model.fallback_heads ?? [])].find((head) => active.includes(head));

const upstreams = (told) => {
  const { known, model, add, leave, faults } = told;
  const linked = isLinked(faults);
  const residency = known.regions[model.region]?.residency;
  const listed = upstreamsOf(model);
  if (linked && model.local_inference && model.deployments) add(["local_inference"], "both");
  else if (linked && model.local_inference && !model.endpoint) {
    const without = [...new Set(headsOf(model).map(([, head]) => head))].filter((head) => !known.heads[head].inference_url);
    const [noun, verb] = without.length === 1 ? ["head", "has"] : ["heads", "have"];
    if (without.length) add(["local_inference"], "local", { noun, verb, heads: without.map(quote).join(", ") });
  }
  for (const [one, at] of listed) {
    const code = at.length ? one.region : one.upstream_region;
    const field = at.length ? [...at, "region"] : ["upstream_region"];
    if (linked && code !== undefined && residency && !model.local_inference && !residency.includes(code)) add(field, "upstream", { region: quote(code), home: quote(model.region), help: `use an upstream in ${residency.join(" or ")}, or change the residency of ${model.region}` });
    upstream(told, one, at);
    place(told, one, code, residency);
  }
  const references = listed.flatMap(([one]) => [one.api_key, ...Object.values(one.params ?? {}), one.endpoint].filter((value) => value && typeof value === "object" && !(value instanceof Num)));
  if (references.length) leave(["MS515"], "whether a key goes to one owner only");
  if (references.some((reference) => isPoliced(reference, known))) leave(["MS514"], "whether key_policy lets the key go to this host");
};

const upstream = ({ known, model, add, leave }, one, at) => {
  const provider = one.provider ?? "openai";
  const isKnown = isKnownProvider(provider, known);
  const url = one.endpoint;
  if (url === undefined && !model.local_inference) {
    const params = known.region_params[provider] ?? [];
    if (one.provider === undefined) add(at.length ? at : ["endpoint"], "nowhere");
    else if (isKnown && !known.providers[provider] && !params.some((name) => Object.hasOwn(one.params ?? {}, name))) add([...at, at.length ? "provider" : "endpoint"], "endpoint", { value: quote(provider) });
  }
  if (typeof url === "string" && !known.notation.test(url)) {
    let count = 0;
    const say = (word, values) => { count += 1; add([...at, "endpoint"], word, values); };
    say.count = () => count;
    endpointFaults(url, { model: model.model_id, provider, isLocal: model.local_inference === true, known, add: say, leave });
  } else if (typeof url === "string") leave(["MS506", "MS516"], "the form of the endpoint");
  const refer = (reference, pointer) => {
    if (!reference || typeof reference !== "object" || reference instanceof Num) return;
    for (const [kind, target] of Object.entries(reference)) referenceFaults(kind, target, { known, leave, add: (word, values) => add(pointer, word, values) });
  };
  refer(one.api_key, [...at, "api_key"]);
  refer(url, [...at, "endpoint"]);
  for (const [name, value] of Object.entries(one.params ?? {})) {
    refer(value, [...at, "params", name]);
    if (typeof value === "string" && /[:/]/.test(value)) leave(["MS506", "MS507", "MS508", "MS509", "MS510", "MS511", "MS512", "MS516"], "URLs in params");
    if (typeof value === "string" && name === "api_version" && !/^[\w.-]+$/.test(value)) leave(["MS528"], "the api_version");
  }
};

/** Where an upstream runs is in tables that no page has: it is left, unless no rule can ask. */
const place = ({ known, model, leave }, one, code, residency) => {
  const isPlain = code === undefined && hostOf(one.endpoint, known) && !one.params && !model.local_inference && !known.has_claims;
  const codes = [...(residency ? ["MS311", "MS313"] : []), ...(isPlain ? [] : ["MS312"])];
  if (codes.length) leave(codes, "where the upstream runs");
};

const isPoliced = (reference, known) => Object.entries(reference).some(([kind, target]) => known.policed.some((policy) => {
  const [of, glob] = [policy.slice(0, policy.indexOf(":")), policy.slice(policy.indexOf(":") + 1)];
  if (of !== kind) return false;
  if (kind !== "env") return true;
  return new RegExp(`^${glob.split("*").map((part) => part.replace(/[^A-Za-z0-9_]/g, "\\$&")).join(".*")}$`, "u").test(target);
}));

const fallbacks = ({ known, model, own, add, leave }) => {
  const listed = Array.isArray(model.fallback_models)
    ? model.fallback_models.map((name, at) => [["fallback_models", at], name])
    : Object.entries(model.fallback_models ?? {}).flatMap(([cause, ids]) => ids.map((name, at) => [["fallback_models", cause, at], name]));
  const self = new Set([model.model_id, ...(model.aliases ?? [])].filter((name) => name !== undefined));
  for (const [pointer, name] of listed) {
    if (!isNamed(name, known, model, own)) add(pointer, "model", { value: quote(name) });
    if (self.has(name)) add(pointer, "itself", { value: quote(name) });
  }
  if (listed.length) leave(["MS302", "MS307", "MS310", "MS318", "MS319"], "where its fallback models lead, and who may call them");
  const had = known.named_ids.filter(([, owner]) => owner === own).map(([name]) => name);
  const isUsed = [...self, ...had].some((name) => Object.hasOwn(known.users, name) || prefixOf(name) !== null);
  if (own && isUsed) leave(["MS203", "MS302", "MS307", "MS310", "MS318", "MS319", "MS605"], "models that fall back to this one");
  const taken = known.named_ids.map(([name]) => prefixOf(name)).filter((prefix) => prefix !== null);
  if (!own && (isUsed || [...self].some((name) => taken.some((prefix) => name.startsWith(prefix))))) leave(["MS302", "MS307", "MS310", "MS318", "MS319", "MS605"], "names that this model takes from a wildcard");
  if (model.access?.visibility === "private") leave(["MS530"], "whether a key may call it");
};

const life = ({ known, model, own, day, add, leave }) => {
  const shown = quote(model.model_id ?? "");
  if (model.replaced_by !== undefined) {
    if (!isNamed(model.replaced_by, known, model, own)) add(["replaced_by"], "model", { value: quote(model.replaced_by) });
    leave(["MS605"], "whether its successor is served");
  } else if (model.status === "deprecated") add(["status"], "successor", { value: shown });
  const { sunset } = model;
  if (sunset !== undefined) {
    const at = new Date(`${sunset}T00:00:00Z`);
    const isDay = !Number.isNaN(at.getTime()) && at.toISOString().slice(0, 10) === sunset && sunset >= "2000-01-01";
    if (!isDay) add(["sunset"], "day", { value: shown, day: quote(sunset) });
    else if (sunset < day && model.status !== "disabled") add(["sunset"], "passed", { value: shown, day: sunset, more: (model.status ?? "active") === "active" ? ", not even deprecated" : "" });
    else if (sunset >= day && (model.status ?? "active") === "active") add(["sunset"], "untold", { value: shown });
  }
  (model.tags ?? []).forEach((tag, at) => { if (tag.trim().split(/\s+/).length > 1) add(["tags", at], "tag", { value: quote(tag) }); });
};

const around = ({ known, leave }) => {
  if (known.targets.length) leave(["MS7xx"], `whether ${known.targets.join(", ")} can express it`);
};

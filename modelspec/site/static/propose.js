// The form that proposes a change. It only makes YAML, checks it with the messages of `modelspec validate`
// (admin/propose.json), and opens the page of the forge.
import { copy, notify } from "./copy.js";
import { fileOf } from "./records.js";
import { Num, json, parse, yaml } from "./yaml.js";

const id = (name) => document.getElementById(name);
const form = id("propose");
const field = form.elements;
const query = new URLSearchParams(location.search);
const REFERENCE = { env: "env", file: "file", vault: "vault", kubernetes: "kubernetes" };
const KEY_HINTS = {
  env: ["Name of the variable", "For example MISTRAL_API_KEY."],
  file: ["Path of the file", "For example /run/secrets/mistral-api-key."],
  vault: ["Vault path and key", "For example kv/llm/mistral#api_key."],
  kubernetes: ["Name of the secret", "For example llm-keys."],
};
const HIDDEN = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/u;
const WORD = /^(?:[A-Z]*[a-z]*(?:[A-Z][a-z]{2,})*\d{0,4}|\d+|[A-Za-z]{0,2}\d{1,4}[A-Za-z]{1,2}\d?)$/;
const UPSTREAM = ["endpoint", "provider", "upstream_model", "key_kind", "key_name", "key_key"];

let known; // admin/propose.json
let base = null; // the model that is edited
let deleting = false;
let fallbacks = [];
const touched = new Set();

/** A value as messages show it: invisible characters escaped, cut after 60. */
const quote = (text) => {
  let out = "";
  let shown = 0;
  for (const c of text) {
    const code = c.codePointAt(0);
    const part = c !== " " && HIDDEN.test(c) ? (code > 0xffff ? "\\U" + code.toString(16).padStart(8, "0") : "\\u" + code.toString(16).padStart(4, "0")) : c;
    shown += part === c ? 1 : part.length;
    if (shown > 60) return `'${out}…'`;
    out += part;
  }
  return `'${out}'`;
};

/** Whether a text looks random, as keys do: the rule of modelspec/secret. */
const drawn = (text) => {
  const odd = text.split(/[-_./+=~\s]+/).filter((part) => part.length > 5 && !WORD.test(part)).join("");
  let surprises = 0;
  for (let i = 1; i < odd.length; i++) surprises += Math.abs(odd.charCodeAt(i) - odd.charCodeAt(i - 1)) > 1;
  return new Set(odd).size >= 8 && surprises >= 8;
};

const secretIn = (text) => {
  for (const [kind, pattern] of known.keys) {
    for (const match of text.matchAll(pattern)) if (!match.groups || drawn(match.groups.body)) return kind;
  }
  return null;
};

const strings = function* (value) {
  if (typeof value === "string" || value instanceof Num) yield value;
  else if (value && typeof value === "object") {
    for (const [key, item] of Object.entries(value)) {
      if (!Array.isArray(value)) yield key;
      yield* strings(item);
    }
  }
};

/** The content of the form, with the field names of the file; empty fields are omitted. */
const reading = () => {
  const text = (name) => field[name].value.trim();
  const several = base?.several;
  const model = {
    model_id: text("model_id"), name: text("name"), region: text("region"), priority_head: text("priority_head"),
    fallback_heads: fallbacks, load_balancing: base?.kept.load_balancing,
  };
  if (!several) {
    model.endpoint = text("endpoint") || base?.kept.endpoint;
    model.provider = text("provider");
    model.upstream_model = text("upstream_model");
    model.api_key = keyReference(text);
    model.params = base?.kept.params;
    model.upstream_region = base?.kept.upstream_region;
  }
  Object.assign(model, several && { deployments: base.kept.deployments });
  if (field.local_inference.checked) model.local_inference = true;
  for (const name of ["fallback_models", "aliases", "limits", "retry_on", "hedge", "access", "status", "sunset", "replaced_by"]) model[name] = base?.kept[name];
  model.tags = [...new Set(field.tags.value.split("\n").map((tag) => tag.trim()).filter(Boolean))];
  const faults = [];
  const metadata = field.metadata.value.trim();
  if (metadata) {
    try {
      model.metadata = parse(metadata);
    } catch {
      faults.push({ field: "metadata", code: "", text: "metadata is not JSON" });
    }
  }
  for (const [name, value] of Object.entries(model)) {
    if (value === undefined || value === null || value === "" || (Array.isArray(value) && !value.length && name !== "metadata")) delete model[name];
  }
  return { model, faults };
};

const keyReference = (text) => {
  const kind = text("key_kind");
  if (!kind) return undefined;
  return { [REFERENCE[kind]]: kind === "kubernetes" ? { secret: text("key_name"), key: text("key_key") } : text("key_name") };
};

/** Every fault of a model at its field, with the messages of `validate`. */
const faultsOf = (model) => {
  const found = [];
  const add = (at, word, values = {}) => {
    const [code, text] = known.texts[word];
    found.push({ field: at, code, text: text.replace(/\{(\w+)\}/g, (_, name) => values[name]) });
  };
  for (const [name, value] of Object.entries(model)) {
    if (name === "deployments" || base?.kept[name] === value) continue;
    const at = name === "api_key" ? "key_name" : name;
    for (const text of strings(value)) {
      const kind = !(text instanceof Num) && secretIn(text);
      if (kind) { found.push({ ...secretFault(kind), field: at }); break; }
    }
    for (const text of strings(value)) {
      if (text instanceof Num) {
        if (!text.isFinite) add(at, "number");
        else if (!text.fits) add(at, "integer");
      } else {
        const hidden = [...text].find((c) => known.unseen[c]);
        if (hidden) found.push({ field: at, code: known.unseen[hidden][0], text: known.unseen[hidden][1] });
      }
    }
  }
  if (found.some((fault) => fault.secret)) return found;
  for (const name of ["model_id", "name", "region", "priority_head"]) if (!model[name]) add(name, "missing", { field: name });
  form_("model_id", model.model_id, add);
  form_("name", model.name, add);
  form_("provider", model.provider, add);
  for (const [kind, target] of Object.entries(model.api_key ?? {})) {
    if (kind === "kubernetes") {
      form_("api_key.kubernetes.secret", target.secret, add, "key_name");
      form_("api_key.kubernetes.key", target.key, add, "key_key");
    } else form_(`api_key.${kind}`, target, add, "key_name");
  }
  if ("metadata" in model && (Array.isArray(model.metadata) || typeof model.metadata !== "object" || model.metadata === null || model.metadata instanceof Num)) {
    const value = model.metadata;
    add("metadata", "mapping", { found: Array.isArray(value) ? "a list" : typeof value === "string" ? "a string" : typeof value === "boolean" ? "true/false" : "a number" });
  }
  names(model, add);
  route(model, add);
  upstream(model, add);
  return found;
};

const secretFault = (kind) => ({ code: known.texts.secret[0], text: known.texts.secret[1].replace("{kind}", kind), secret: true });

const form_ = (name, value, add, at = name) => {
  if (value === undefined) return;
  const rule = known.forms[name];
  const length = [...value].length;
  if (rule.pattern && (!rule.pattern.test(value) || rule.not?.test(value))) add(at, rule.private ? "private" : "form", { field: name, form: rule.form, value: quote(value) });
  if (rule.most && length > rule.most) add(at, "long", { field: name, number: length, most: rule.most });
};

const names = (model, add) => {
  const own = new Set(base?.names);
  for (const name of known.names) {
    if (own.has(name) || !model.model_id || name.toLowerCase() !== model.model_id.toLowerCase()) continue;
    add("model_id", name === model.model_id ? "twice" : "case", { value: quote(model.model_id), other: quote(name) });
    return;
  }
};

const route = (model, add) => {
  const region = known.regions[model.region];
  if (model.region && !region) add("region", "region", { value: quote(model.region) });
  const heads = [["priority_head", model.priority_head], ...(model.fallback_heads ?? []).map((head) => ["fallback_heads", head])].filter(([, head]) => head);
  const weighed = Object.keys(model.load_balancing?.weights ?? {}).filter((head) => head !== model.priority_head);
  const outside = (at, head) => {
    if (region?.residency && !region.residency.includes(known.heads[head].region)) {
      add(at, "residency", { head: quote(head), region: quote(known.heads[head].region), home: quote(model.region) });
    }
  };
  for (const [at, head] of heads) {
    const repeats = at === "fallback_heads" && head === model.priority_head;
    if (!known.heads[head]) add(at, "head", { value: quote(head) });
    else if (repeats) add(at, "repeats", { value: quote(head) });
    else outside(at, head);
  }
  const all = new Set([...heads.map(([, head]) => head), ...weighed].filter((head) => known.heads[head]));
  if (known.heads[model.priority_head]?.status === "offline" && model.status !== "disabled" && ![...all].some((head) => known.heads[head].status === "active")) {
    add("priority_head", "offline", { value: quote(model.priority_head) });
  }
  if (!model.local_inference || model.endpoint) return;
  for (const head of all) if (!known.heads[head].inference_url) add("local_inference", "local", { value: quote(head) });
};

const upstream = (model, add) => {
  if (model.deployments) return;
  const provider = model.provider ?? "openai";
  const url = model.endpoint;
  const isKnown = provider in known.providers || known.words.includes(provider);
  if (!isKnown && known.forms.provider.pattern.test(provider) && provider.length <= known.forms.provider.most) add("provider", "provider", { value: quote(provider) });
  if (!url) {
    const param = known.region_params[provider];
    if (!model.provider && !model.local_inference) add("endpoint", "nowhere", {});
    else if (!model.local_inference && isKnown && !known.providers[provider] && !(model.params && param in model.params)) add("endpoint", "endpoint", { value: quote(provider) });
    return;
  }
  if (typeof url !== "string") return;
  const report = (word, host) => add("endpoint", word, { model: quote(model.model_id ?? ""), host: `'${host}'` });
  const parts = /^(https?):\/\/([^/?#\\]*)([^?#]*)(\?[^#]*)?(#.*)?$/is.exec(url);
  if (!parts) return report("scheme");
  if (/[^\x00-\x7f]/.test(parts[3] + (parts[4] ?? ""))) return report("ascii");
  if (/[\x00-\x20\x7f]/.test(url)) return report("space");
  const host = parts[2].replace(/^.*@/, "").replace(/:\d*$/, "");
  const plain = host.toLowerCase().replace(/\.$/, "");
  const isLoopback = /^(localhost|.*\.localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(plain);
  const isPrivate = !plain.includes(".") || /^(10|127|192\.168|172\.(1[6-9]|2\d|3[01])|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\.[\d.]+$/.test(plain) || known.private_ends.some((end) => plain.endsWith(`.${end}`));
  if (isLoopback && !model.local_inference) report("loopback", plain);
  else if (parts[1].toLowerCase() === "http" && !isLoopback && !isPrivate && plain) report("plain", host);
  if (parts[2].includes("@")) report("carries");
  else if (parts[5]) report("fragment");
};

/** The name of a file, as MS603 requires it: portable, with `_` for the slashes. */
const nameOf = (id) =>
  (id.replace(/\/?\*$/, "") || "any").replace(/[^A-Za-z0-9._@~+-]/g, "_").toLowerCase().replace(/^(con|prn|aux|nul|(?:com|lpt)\d)(?=\.|$)/, "$1_");

const pathOf = (model) => base?.path ?? `models.d/${nameOf(model.model_id || "my-model")}.yaml`;

const fill = (template, values) =>
  template?.replace(/\{(path|name|value)\}/g, (_, name, at) =>
    template.slice(0, at).includes("?") ? encodeURIComponent(values[name]) : values[name].split("/").map(encodeURIComponent).join("/"));

let state;

const update = () => {
  const { model, faults } = reading();
  faults.push(...faultsOf(model));
  const isSecret = faults.some((fault) => fault.secret);
  const path = pathOf(model);
  const text = isSecret ? "" : yaml(model);
  const { forge } = known;
  const values = { path, name: path.split("/").pop(), value: text };
  let href = fill(base ? forge.edit : forge.new, values);
  let copies = base || !forge.new?.includes("{value}");
  if (href && href.length > forge.longest) {
    copies = true;
    href = fill(forge.bare, values);
  }
  state = { text, path, faults, isSecret, href, copies };
  id("yaml").textContent = isSecret ? "Hidden while the form contains a secret." : text;
  id("path").textContent = path;
  const open = id("open");
  open.hidden = !href;
  open.textContent = copies ? `Copy the YAML and ${base ? "edit" : "create a new file"} on ${forge.label}` : `Create the new file on ${forge.label}`;
  open.href = faults.length || !href ? "#faults" : href;
  id("how").textContent = !href
    ? "Copy or download the file, and commit it on a branch of the configuration repository."
    : copies ? `A link cannot contain this text for ${forge.label}: paste it there${base ? " over the old text" : `, as ${path}`}, and open a pull request.` : "The link contains the text. Commit it on a new branch and open a pull request.";
  id("verdict").textContent = faults.length ? `${faults.length} ${faults.length === 1 ? "problem" : "problems"}` : "No problems found. The checks of the pull request decide.";
  show();
};

const show = () => {
  for (const box of form.querySelectorAll("[data-field]")) {
    const name = box.dataset.field;
    const fault = state.faults.filter((one) => one.field === name && (touched.has(name) || one.secret || base));
    const error = id(`e-${name}`);
    const input = id(`f-${name}`);
    error.hidden = !fault.length;
    const words = fault.map((one) => one.text).join("\n");
    if (error.textContent !== words) error.textContent = words;
    input.toggleAttribute("aria-invalid", fault.length > 0);
    if (fault.length) input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", `h-${name}${fault.length ? ` e-${name}` : ""}`);
  }
  const box = id("faults");
  if (!state.faults.length) box.hidden = true;
  else if (!box.hidden) listFaults();
};

const listFaults = () => {
  id("faults").lastElementChild.replaceChildren(...state.faults.map((fault) => {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = `#f-${fault.field}`;
    link.textContent = fault.text;
    item.append(link, fault.code ? ` (${fault.code})` : "");
    return item;
  }));
};

const refuse = () => {
  for (const box of form.querySelectorAll("[data-field]")) touched.add(box.dataset.field);
  id("faults").hidden = false;
  show();
  id("faults").focus();
};

const announce = (words) => { notify(""); requestAnimationFrame(() => notify(words)); };

const copied = async () => {
  if (state.isSecret) { refuse(); return false; }
  const done = await copy(state.text);
  if (!done) {
    getSelection().selectAllChildren(id("yaml"));
    id("yaml").focus();
  }
  announce(done ? "The YAML is on the clipboard." : "The browser did not allow copying. The YAML is selected: copy it manually.");
  return done;
};

const opened = async (event) => {
  if (deleting) return;
  update();
  if (state.faults.length) {
    event.preventDefault();
    refuse();
  } else if (state.copies) {
    event.preventDefault();
    if (await copied()) window.open(state.href, "_blank", "noopener,noreferrer");
  }
};

const download = () => {
  if (state.isSecret) { refuse(); return; }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([state.text], { type: "application/yaml" }));
  link.download = state.path.split("/").pop();
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  announce(`Downloaded ${link.download}.`);
};

const option = (value) => new Option(known.heads[value] ? `${value} (${known.heads[value].region})` : value, value);

/** Heads of the chosen region first. */
const heads = (select, chosen, first) => {
  const region = field.region.value;
  const groups = { [`In ${known.regions[region]?.title}`]: [], "In other regions": [] };
  const [near, far] = Object.values(groups);
  for (const [head, { region: where }] of Object.entries(known.heads)) (where === region ? near : far).push(option(head));
  if (chosen && !known.heads[chosen]) far.push(option(chosen));
  select.replaceChildren(new Option(first, ""), ...Object.entries(groups).filter(([, options]) => options.length).map(([label, options]) => {
    const group = document.createElement("optgroup");
    group.label = region ? label : "Heads";
    group.append(...options);
    return group;
  }));
  select.value = chosen;
};

const choices = () => {
  heads(field.priority_head, field.priority_head.value, "Choose a head");
  heads(field.fallback_heads, field.fallback_heads.value, "Choose a head");
  id("fallbacks").replaceChildren(...fallbacks.map((head, at) => {
    const item = document.createElement("li");
    const button = (words, does, off) => {
      const made = document.createElement("button");
      Object.assign(made, { type: "button", className: "quiet", textContent: words, disabled: off });
      made.setAttribute("aria-label", `${words}: ${head}`);
      Object.assign(made.dataset, { do: does, at });
      return made;
    };
    item.append(option(head).text, button("Up", "up", !at), button("Down", "down", at === fallbacks.length - 1), button("Remove", "remove"));
    return item;
  }));
};

const rearrange = (does, at) => {
  const add = field.fallback_heads.value;
  if (does === "add" && add && !fallbacks.includes(add)) fallbacks.push(add);
  if (does === "remove") fallbacks.splice(at, 1);
  if (does === "up") fallbacks.splice(at - 1, 2, fallbacks[at], fallbacks[at - 1]);
  if (does === "down") fallbacks.splice(at, 2, fallbacks[at + 1], fallbacks[at]);
  touched.add("fallback_heads");
  if (does === "add") field.fallback_heads.value = "";
  choices();
  const next = id("fallbacks").children[does === "up" ? at - 1 : does === "down" ? at + 1 : at]?.querySelector(`[data-do="${does}"]:enabled, [data-do="remove"]`);
  (does === "add" ? field.fallback_heads : next ?? field.fallback_heads).focus();
};

const keyFields = () => {
  const kind = field.key_kind.value;
  const box = (name) => form.querySelector(`[data-field="${name}"]`);
  box("key_name").hidden = !kind;
  box("key_key").hidden = kind !== "kubernetes";
  if (!kind) return;
  const [label, hint] = KEY_HINTS[kind];
  box("key_name").querySelector("label").textContent = label;
  id("h-key_name").textContent = hint;
};

/** Fill the form with a model; what it has no field for is kept as it is. */
const take = (model) => {
  const [first] = model.deployments;
  const several = model.deployments.length > 1 || ["weight", "order", "rpm", "tpm"].some((name) => first?.[name] !== null && first?.[name] !== undefined);
  const filled = (value) => (value && typeof value === "object" && !Object.values(value).some((item) => item !== null && Object.keys(item).length !== 0) ? undefined : value);
  const written = ({ location, has_own_endpoint, endpoint, ...rest }) => bare({ endpoint: has_own_endpoint ? endpoint : null, ...rest });
  const kept = {
    params: filled(model.params), upstream_region: several ? undefined : first?.region,
    deployments: several ? model.deployments.map(written) : undefined,
    request: several ? undefined : filled(first?.request), model_info: several ? undefined : filled(first?.model_info),
    aliases: model.aliases, sunset: model.sunset, replaced_by: model.replaced_by,
    limits: filled(bare(model.limits)), retry_on: model.retry_on ?? undefined, hedge: model.hedge || undefined, status: model.status === "active" ? undefined : model.status,
    fallback_models: "any" in model.fallback_models ? model.fallback_models.any : filled(model.fallback_models),
  };
  const { policy, weights } = model.load_balancing;
  if (policy !== "round_robin" || Object.keys(weights).length) kept.load_balancing = bare({ policy: policy === "round_robin" ? null : policy, weights });
  const access = bare({ ...model.access, visibility: model.access.visibility === "internal" ? null : model.access.visibility });
  if (Object.keys(access).length) kept.access = access;
  if (model.endpoint && typeof model.endpoint === "object") kept.endpoint = model.endpoint;
  base = { path: model.source.path, names: [model.model_id, ...model.aliases], several, kept };
  const implied = [known.providers[model.provider], model.local_inference && known.heads[model.priority_head]?.inference_url];
  const set = (name, value) => { field[name].value = value ?? ""; };
  for (const name of ["model_id", "name", "region"]) set(name, model[name]);
  heads(field.priority_head, model.priority_head, "Choose a head");
  fallbacks = [...model.fallback_heads];
  if (typeof model.endpoint === "string" && !implied.includes(model.endpoint)) set("endpoint", model.endpoint);
  set("provider", model.provider === "openai" && field.endpoint.value ? "" : model.provider);
  set("upstream_model", model.upstream_model === model.model_id ? "" : model.upstream_model);
  field.local_inference.checked = model.local_inference;
  set("tags", model.tags.join("\n"));
  set("metadata", Object.keys(model.metadata).length ? json(model.metadata) : "");
  for (const [kind, target] of Object.entries(model.api_key ?? {})) {
    set("key_kind", kind);
    set("key_name", target.secret ?? target);
    set("key_key", target.key);
  }
  id("several").hidden = !several;
  if (several) for (const name of UPSTREAM) form.querySelector(`[data-field="${name}"]`).hidden = true;
  if (kept.endpoint) {
    id("h-endpoint").textContent = `The URL is in the environment variable ${kept.endpoint.env}. A URL here replaces it.`;
  }
};

/** Without null and empty values, as the file would be written. */
const bare = (value) => Object.fromEntries(Object.entries(value).filter(([, item]) => item !== null && (typeof item !== "object" || item instanceof Num || Object.keys(item).length)));

const begin = async () => {
  const data = await fetch(form.dataset.source);
  known = await data.json();
  for (const rule of Object.values(known.forms)) for (const name of ["pattern", "not"]) if (rule[name]) rule[name] = new RegExp(rule[name], "u");
  known.keys = known.keys.map(([kind, source]) => [kind, new RegExp(source, "gu")]);
  const wanted = query.get("model");
  if (wanted !== null) {
    const answer = await fetch(`${form.dataset.models}${fileOf(wanted, "json")}`);
    if (!answer.ok) throw new Error(`No model is named ${quote(wanted)}.`);
    take(parse(await answer.text()).model);
    deleting = query.get("action") === "delete";
    id("title").textContent = deleting ? `Delete ${base.names[0]}` : `Change ${base.names[0]}`;
    document.title = `${id("title").textContent} · modelspec`;
    if (!deleting) id("comments").hidden = false;
  } else {
    for (const name of ["region", "priority_head"]) {
      const value = query.get(name);
      if (value === null) continue;
      if (![...field[name].options].some((one) => one.value === value)) field[name].append(new Option(value, value));
      field[name].value = value;
      touched.add(name);
    }
  }
  choices();
  if (!base?.several) keyFields();
  update();
  if (deleting) toDelete();
  id("by-hand").hidden = true;
  form.hidden = false;
};

const toDelete = () => {
  form.querySelector(".fields").hidden = true;
  for (const name of ["yaml", "verdict"]) id(name).hidden = true;
  for (const button of form.querySelectorAll("[data-do]")) button.hidden = true;
  const { forge } = known;
  const href = fill(forge.delete, { path: base.path, name: "", value: "" });
  Object.assign(id("open"), { hidden: !href, href: href ?? "#", textContent: `Delete on ${forge.label}` });
  id("how").textContent = href ? "Delete the file there on a new branch, and open a pull request." : "Delete this file on a branch of the configuration repository, and open a pull request.";
};

form.addEventListener("input", (event) => {
  if (event.target.name === "region") choices();
  if (event.target.name === "key_kind") keyFields();
  update();
});
form.addEventListener("change", (event) => {
  if (event.target.name && event.target.name !== "fallback_heads") touched.add(event.target.name);
  update();
});
form.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (!button) return;
  const does = button.dataset.do;
  if (does === "copy") copied();
  else if (does === "download") download();
  else {
    rearrange(does, Number(button.dataset.at));
    update();
  }
});
form.addEventListener("submit", (event) => event.preventDefault());
id("open").addEventListener("click", opened);

begin().catch((error) => {
  id("problem").textContent = error.message;
  id("problem").hidden = false;
});

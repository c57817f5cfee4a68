// The form that proposes a change. It only makes YAML or commands, checks the model (check.js), and opens the forge.
import { check, nameOf, prepared } from "./check.js";
import { copy, notify } from "./copy.js";
import { asWritten, changesOf, commandsOf, fieldPath, usersOf } from "./edit.js";
import { all, fallbackModels, fieldOf, idOf, raw } from "./fields.js";
import { fileOf } from "./records.js";
import { quote } from "./schema.js";
import { flow, parse, yaml } from "./yaml.js";

const id = (name) => document.getElementById(name);
const form = id("propose");
const field = form.elements;
const query = new URLSearchParams(location.search);
const KEY_HINTS = {
  env: ["Name of the variable", "For example MISTRAL_API_KEY."],
  file: ["Path of the file", "For example /run/secrets/mistral-api-key."],
  vault: ["Vault path and key", "For example kv/llm/mistral#api_key."],
  kubernetes: ["Name of the secret", "For example llm-keys."],
};
const UPSTREAM = ["endpoint", "provider", "upstream_model", "key_kind", "key_name", "key_key"];
/** Where the generated fields stand, by the id of the place. */
const PLACES = {
  "more-upstream": ["upstream_region", "params", "request", "model_info"], "more-deployments": ["deployments"],
  "more-names": ["aliases", "fallback_models"], "more-limits": ["limits", "load_balancing", "retry_on", "hedge"],
  "more-access": ["access"], "more-life": ["status", "sunset", "replaced_by"],
};
const FOLDER = /^(?:[A-Za-z0-9][A-Za-z0-9._-]*(?:\/[A-Za-z0-9][A-Za-z0-9._-]*)*)?$/;

let known; // admin/propose.json
let base = null; // the model that is edited: its id, path, value and names
let deleting = false;
let fallbacks = [];
let made = {}; // generated fields by name
let ofSchema = null;
let asJson; // the metadata as JSON
let state;
const touched = new Set();

const text = (name) => field[name].value.trim();

const keyReference = () => {
  const kind = text("key_kind");
  if (!kind) return undefined;
  return { [kind]: kind === "kubernetes" ? { secret: text("key_name"), key: text("key_key") } : text("key_name") };
};

const endpoint = () => {
  const env = /^\{\s*env:\s*([^{}]*?)\s*\}$/.exec(text("endpoint"));
  return env ? { env: env[1] } : text("endpoint");
};

/** The content of the form with the field names of the file and in their order; empty fields are omitted. */
const reading = () => {
  const given = {
    ...Object.fromEntries(Object.entries(made).map(([name, one]) => [name, one.read()])),
    ...Object.fromEntries(["model_id", "name", "region", "priority_head", "provider", "upstream_model"].map((name) => [name, text(name)])),
    endpoint: endpoint(), api_key: keyReference(), fallback_heads: [...fallbacks], local_inference: field.local_inference.checked || undefined,
    tags: [...new Set(field.tags.value.split("\n").map((tag) => tag.trim()).filter(Boolean))],
    metadata: metadata().read(),
  };
  if (given.deployments) for (const name of ["endpoint", "provider", "upstream_model", "api_key"]) delete given[name];
  const isEmpty = (value) => value === undefined || value === "" || (Array.isArray(value) && !value.length);
  return Object.fromEntries(Object.keys(known.schema.properties).filter((name) => name === "metadata" ? given.metadata !== undefined : !isEmpty(given[name])).map((name) => [name, given[name]]));
};

const metadata = () => (field.metadata_json.checked || !ofSchema ? asJson : ofSchema);


const folder = () => text("folder").replace(/^models\.d\/|^\/+|\/+$/g, "");
const pathOf = (model) => base?.path ?? `models.d/${folder() && FOLDER.test(folder()) ? `${folder()}/` : ""}${nameOf(model.model_id || "my-model")}.yaml`;

/** What the fields themselves object to: texts of no form that a file could have. */
const unread = () => {
  const found = [];
  for (const one of all([...Object.values(made), metadata()])) {
    const words = one.fault?.();
    if (words) found.push({ pointer: one.pointer, code: "", text: words, severity: "error" });
  }
  if (!base && !FOLDER.test(folder())) found.push({ pointer: ["folder"], code: "", text: "the folder must be letters, digits, '-', '_' and '.', in parts joined by '/'", severity: "error" });
  return found;
};

/** The id of the control for the place of a fault: the nearest around it. */
const controlOf = (pointer) => {
  if (pointer[0] === "api_key") return pointer.at(-1) === "key" ? "f-key_key" : field.key_kind.value ? "f-key_name" : "f-key_kind";
  if (pointer[0] === "metadata" && metadata() === asJson) return "f-metadata";
  for (let end = pointer.length; end; end--) if (id(`e${idOf(pointer.slice(0, end)).slice(1)}`)) return idOf(pointer.slice(0, end));
  return "f-model_id";
};

const fill = (template, values) =>
  template?.replace(/\{(path|name|value)\}/g, (_, name, at) =>
    template.slice(0, at).includes("?") ? encodeURIComponent(values[name]) : values[name].split("/").map(encodeURIComponent).join("/"));

const update = () => {
  const model = reading();
  const path = pathOf(model);
  const found = check(known, model, { own: base?.id ?? null, path });
  const faults = [...unread(), ...found.faults].map((fault) => ({ ...fault, control: controlOf(fault.pointer) }));
  state = { ...found, model, path, faults: faults.filter((one) => one.severity === "error"), warnings: faults.filter((one) => one.severity !== "error") };
  if (base) toChange();
  else toCreate();
  verdict();
  show();
};

const toCreate = () => {
  const { forge } = known;
  const { path, isSecret, isDoubtful, isPathDoubtful, model } = state;
  const text = isSecret ? "" : yaml(model);
  const values = { path, name: path.split("/").pop(), value: text };
  let href = fill(forge.new, values);
  let copies = !forge.new?.includes("{value}");
  // What may be a secret never enters a URL, which histories and logs keep.
  if (isDoubtful || (href && href.length > forge.longest)) {
    copies = true;
    href = fill(forge.bare, isPathDoubtful ? { ...values, path: "models.d/my-model.yaml", name: "my-model.yaml" } : values);
  }
  Object.assign(state, { text, href, copies });
  id("yaml").textContent = isSecret ? "Hidden while the form contains a secret." : text;
  id("path").textContent = path;
  open(href, copies ? `Copy the YAML and create a new file on ${forge.label}` : `Create the new file on ${forge.label}`);
  id("how").textContent = isDoubtful
    ? "The form has a text that may be a secret, so no link carries it. Copy the YAML only if you are sure that it is none."
    : !href ? "Copy or download the file, and commit it on a branch of the configuration repository."
      : copies ? `A link cannot contain this text for ${forge.label}: paste it there, as ${path}, and open a pull request.` : "The link contains the text. Commit it on a new branch and open a pull request.";
};

const open = (href, words) => Object.assign(id("open"), { hidden: !href, textContent: words, href: state.faults.length || !href ? "#faults" : href });

/** Where a change is made in the file: the line of the field, or that of the field around it. */
const lineOf = ({ pointer, before }) => {
  const line = base.lines[pointer[0]]?.raw;
  if (line === undefined) return before === undefined ? "new" : "in _defaults.yaml";
  return pointer.length > 1 ? `below ${line}` : line;
};

const shown = (value) => (value === undefined ? "not set" : typeof value === "string" ? value : flow(value));

/** The commands for what was changed, and its lines. */
const toChange = () => {
  const { forge } = known;
  const changes = changesOf(base.value, state.model);
  const text = state.isSecret ? "" : commandsOf(base.id, changes, known.schema).join("\n");
  const href = fill(forge.edit, { path: base.path, name: "", value: "" });
  Object.assign(state, { text, href, copies: false, changes });
  id("yaml").textContent = state.isSecret ? "Hidden while the form contains a secret." : text || "Change a field, and the command for it is shown here.";
  id("changes").hidden = !changes.length || state.isSecret;
  id("changes").tBodies[0].replaceChildren(...changes.map((change) => {
    const row = document.createElement("tr");
    const cells = [["th", fieldPath(change.pointer)], ["td", lineOf(change)], ["td", shown(change.before)], ["td", shown(change.after)]];
    row.append(...cells.map(([name, words]) => Object.assign(document.createElement(name), { textContent: words })));
    row.firstChild.scope = "row";
    return row;
  }));
  open(href, `Edit the file on ${forge.label}`);
  id("how").textContent = `Run the command in a clone of the configuration repository: comments and order stay as they are. With --dry-run it only shows the lines, with --commit --branch NAME it makes the branch of a pull request.${href ? ` Or change these fields on ${forge.label}.` : ""}`;
};

const counted = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

const verdict = () => {
  const { faults, warnings, left } = state;
  const isUntouched = !touched.size && !base;
  const words = isUntouched ? "Required fields are marked." : faults.length ? `${counted(faults.length, "problem")}${warnings.length ? `, ${counted(warnings.length, "warning")}` : ""}` : warnings.length ? `${counted(warnings.length, "warning")}; no fault found here.` : "No fault found here.";
  if (id("verdict").textContent !== words) id("verdict").textContent = words;
  id("left").hidden = isUntouched || state.isSecret;
  id("left").querySelector("ul").replaceChildren(...[...left, { words: "the merged repository as a whole", codes: [] }].map(({ words: what, codes }) => Object.assign(document.createElement("li"), { textContent: codes.length ? `${what} (${codes.join(", ")})` : what })));
};

const show = () => {
  const faults = [...state.faults, ...state.warnings];
  for (const error of form.querySelectorAll(".error")) {
    const name = `f${error.id.slice(1)}`;
    const own = faults.filter((one) => one.control === name && (touched.has(name) || one.code === "MS501" || base));
    const isWrong = own.some((one) => one.severity === "error");
    const words = own.map((one) => `${one.severity === "error" ? "" : `${one.severity === "info" ? "Note" : "Warning"} ${one.code}: `}${one.text}${one.help ? `; ${one.help}` : ""}`).join("\n");
    if (error.textContent !== words) error.textContent = words;
    error.hidden = !own.length;
    error.classList.toggle("is-warning", own.length > 0 && !isWrong);
    const control = id(name);
    if (control.localName === "fieldset") control.classList.toggle("is-wrong", isWrong);
    else if (isWrong) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
    const described = [id(`h${error.id.slice(1)}`) && `h${error.id.slice(1)}`, own.length && error.id].filter(Boolean).join(" ");
    if (described) control.setAttribute("aria-describedby", described);
    else control.removeAttribute("aria-describedby");
  }
  const box = id("faults");
  if (!state.faults.length) box.hidden = true;
  else if (!box.hidden) listFaults();
};

const listFaults = () => {
  id("faults").lastElementChild.replaceChildren(...state.faults.map((fault) => {
    const item = document.createElement("li");
    const link = Object.assign(document.createElement("a"), { href: `#${fault.control}`, textContent: fault.text });
    link.addEventListener("click", () => { for (let around = id(fault.control); around; around = around.parentElement) if (around.localName === "details") around.open = true; });
    item.append(link, fault.code ? ` (${fault.code})` : "");
    return item;
  }));
};

const refuse = () => {
  for (const error of form.querySelectorAll(".error")) touched.add(`f${error.id.slice(1)}`);
  id("faults").hidden = false;
  verdict();
  show();
  id("faults").focus();
};

const announce = (words) => { notify(""); requestAnimationFrame(() => notify(words)); };

const opened = async (event) => {
  if (state.faults.length && !deleting) {
    event.preventDefault();
    refuse();
  } else if (state.copies && !deleting) {
    event.preventDefault();
    const { text: words, href } = state;
    if (await copy(words)) {
      announce("The YAML is on the clipboard. Paste it into the new file.");
      window.open(href, "_blank", "noopener,noreferrer");
    } else byHand();
  }
};

const byHand = () => {
  getSelection().selectAllChildren(id("yaml"));
  announce("The browser did not allow copying. The text is selected: copy it with the keyboard.");
};

const copied = async () => {
  if (state.faults.length && !deleting) refuse();
  else if (await copy(state.text)) announce(`${base ? "The command" : "The YAML"} is on the clipboard.`);
  else byHand();
};

const download = () => {
  if (state.faults.length) { refuse(); return; }
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
      const one = document.createElement("button");
      Object.assign(one, { type: "button", className: "quiet", textContent: words, disabled: off });
      one.setAttribute("aria-label", `${words}: ${head}`);
      Object.assign(one.dataset, { do: does, at });
      return one;
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
  touched.add("f-fallback_heads");
  if (does === "add") field.fallback_heads.value = "";
  choices();
  const next = id("fallbacks").children[does === "up" ? at - 1 : does === "down" ? at + 1 : at]?.querySelector(`[data-do="${does}"]:enabled, [data-do="remove"]`);
  (does === "add" ? field.fallback_heads : next ?? field.fallback_heads).focus();
};

/** Which upstream fields are there: none beside deployments, and of the key what its kind needs. */
const upstreamFields = () => {
  const kind = field.key_kind.value;
  const several = made.deployments.read() !== undefined;
  const box = (name) => id(`f-${name}`).closest("[data-field]");
  for (const name of UPSTREAM) box(name).hidden = several;
  id("several").hidden = !several;
  if (several) return;
  box("key_name").hidden = !kind;
  box("key_key").hidden = kind !== "kubernetes";
  if (!kind) return;
  const [label, hint] = KEY_HINTS[kind];
  box("key_name").querySelector("label").textContent = label;
  id("h-key_name").textContent = hint;
};

/** Fill the form with a model. */
const take = (model, path, lines) => {
  const set = (name, value) => { field[name].value = value ?? ""; };
  for (const name of ["model_id", "name", "region", "provider", "upstream_model"]) set(name, model[name]);
  heads(field.priority_head, model.priority_head, "Choose a head");
  fallbacks = [...(model.fallback_heads ?? [])];
  set("endpoint", model.endpoint && typeof model.endpoint === "object" ? `{env: ${model.endpoint.env}}` : model.endpoint);
  field.local_inference.checked = model.local_inference === true;
  set("tags", (model.tags ?? []).join("\n"));
  field.tags.rows = Math.min(8, Math.max(2, (model.tags ?? []).length));
  for (const [kind, target] of Object.entries(model.api_key ?? {})) {
    set("key_kind", kind);
    set("key_name", target.secret ?? target);
    set("key_key", target.key);
  }
  for (const [name, one] of Object.entries(made)) one.write(model[name]);
  ofSchema?.write(model.metadata);
  asJson.write(model.metadata);
  id("f-folder").closest("[data-field]").hidden = true;
  for (const place of document.querySelectorAll("details.part")) if (PLACES[place.dataset.place].some((name) => model[name] !== undefined)) place.open = true;
  base = { id: model.model_id, path, lines, names: [model.model_id, ...(model.aliases ?? [])] };
  base.value = reading();
};

/** The fields that the schemas describe. */
const draw = () => {
  for (const [place, names] of Object.entries(PLACES)) {
    for (const name of names) {
      made[name] = name === "fallback_models" ? fallbackModels(known.schema.properties[name], known.schema, [name], {}) : fieldOf(known.schema.properties[name], known.schema, [name]);
      document.querySelector(`[data-place="${place}"]`).append(made[name].element);
    }
  }
  asJson = raw({ pointer: ["metadata"], label: "Metadata as JSON", hint: "A JSON object with any other data of your organisation." }, "");
  if (known.metadata?.properties) ofSchema = fieldOf(known.metadata, known.metadata, ["metadata"], { label: "", hint: "", bare: true });
  id("metadata").append(...[ofSchema?.element, asJson.element].filter(Boolean));
  field.metadata_json.checked = !ofSchema;
  field.metadata_json.closest("label").hidden = !ofSchema;
  toggled();
  id("folders").append(...known.folders.map((name) => new Option(name, name.replace(/^models\.d\/?/, ""))).filter((one) => one.value));
};

const toggled = () => {
  if (ofSchema) ofSchema.element.hidden = field.metadata_json.checked;
  asJson.element.hidden = !field.metadata_json.checked;
};

const switched = () => {
  const [from, to] = field.metadata_json.checked ? [ofSchema, asJson] : [asJson, ofSchema];
  const value = from.read();
  if (from.fault?.()) field.metadata_json.checked = true;
  else to.write(value);
  toggled();
};

const begin = async () => {
  known = prepared(await (await fetch(form.dataset.source)).json());
  draw();
  const wanted = query.get("model");
  if (wanted !== null) {
    const answer = await fetch(`${form.dataset.models}${fileOf(wanted, "json")}`);
    if (!answer.ok) throw new Error(`No model is named ${quote(wanted)}.`);
    const { model, lines } = parse(await answer.text());
    take(asWritten(model, lines, known), model.source.path, lines);
    deleting = query.get("action") === "delete";
    id("title").textContent = `${deleting ? "Delete" : "Change"} ${base.id}`;
    document.title = `${id("title").textContent} · modelspec`;
    for (const one of document.querySelectorAll("[data-when]")) one.hidden = one.dataset.when !== "edit";
    id("path").textContent = base.path;
    form.querySelector('[data-do="download"]').hidden = true;
  } else {
    for (const name of ["region", "priority_head"]) {
      const value = query.get(name);
      if (value === null) continue;
      if (![...field[name].options].some((one) => one.value === value)) field[name].append(new Option(value, value));
      field[name].value = value;
      touched.add(`f-${name}`);
    }
  }
  choices();
  upstreamFields();
  update();
  if (deleting) toDelete();
  id("by-hand").hidden = true;
  form.hidden = false;
};

const toDelete = () => {
  const { forge } = known;
  const users = usersOf(known, base.names);
  const href = fill(forge.delete, { path: base.path, name: "", value: "" });
  form.classList.add("is-deleting");
  for (const part of [form.querySelector(".fields"), id("verdict"), id("left"), id("changes")]) part.hidden = true;
  const [first, ...others] = base.names;
  state.text = `modelspec remove ${/^[A-Za-z0-9_.:@+/-]+$/.test(first) ? first : `'${first}'`}${users.length ? " --cascade" : ""}`;
  id("yaml").textContent = state.text;
  id("users").hidden = false;
  id("users").querySelector("h3").textContent = users.length ? `Still refers to it: ${counted(users.length, "place")}` : "Nothing refers to it.";
  id("users").querySelector("ul").replaceChildren(...users.map(([place, name]) => Object.assign(document.createElement("li"), { textContent: name === first ? place : `${place} (as ${name})` })));
  id("aliases").textContent = others.length ? `Its aliases end as well: ${others.join(", ")}.` : "";
  Object.assign(id("open"), { hidden: !href, href: href ?? "#", textContent: `Delete on ${forge.label}` });
  id("how").textContent = `${users.length ? "The command removes the file and these references; deleting the file alone would leave them broken." : "The command removes the file."}${href ? " Or delete the file on the forge, on a new branch." : ""}`;
};

form.addEventListener("input", (event) => {
  if (event.target.name === "region") choices();
  if (event.target.name === "metadata_json") switched();
  upstreamFields();
  update();
});
form.addEventListener("change", (event) => {
  for (let box = event.target.closest("[data-field]"); box; box = box.parentElement.closest("[data-field]")) {
    const error = [...box.children].find((one) => one.classList.contains("error"));
    if (error) touched.add(`f${error.id.slice(1)}`);
    if (event.target.name === "fallback_heads") touched.delete("f-fallback_heads");
  }
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

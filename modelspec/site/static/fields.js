// Form fields out of a JSON Schema: modelspec's own for a model, the organisation's for metadata.
//
// A field has an `element`, `read()` for its value (undefined where nothing is written) and `write(value)`. Numbers are
// `Num`, so that none is rounded. `pointer` says where its value stands in the model.
import { resolved } from "./schema.js";
import { Num, json, parse } from "./yaml.js";

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const ENV = /^\{\s*env:\s*([^{}:,]*?)\s*\}$/;

export const idOf = (pointer) => `f-${pointer.join("-").replace(/[^A-Za-z0-9_-]/g, "_")}`;

const make = (name, values = {}, ...inner) => {
  const made = Object.assign(document.createElement(name), values);
  made.append(...inner);
  return made;
};

/** A value out of what was typed where several types are allowed: `12`, `true`, `{env: NAME}`, JSON, else text. */
const typed = (text, types) => {
  const may = (type) => !types || types.includes(type);
  const env = ENV.exec(text);
  if (env && may("object")) return { env: env[1] };
  if (NUMBER.test(text) && (may("number") || may("integer"))) return new Num(text);
  if (/^(?:true|false)$/.test(text) && may("boolean")) return text === "true";
  if (text === "null" && may("null")) return null;
  if ((/^[[{]/.test(text) && (may("object") || may("array"))) || (/^"/.test(text) && types?.length !== 1)) {
    try { return parse(text); } catch { /* a text after all */ }
  }
  return text;
};

const shown = (value, types) => {
  if (typeof value === "string") return typed(value, types) === value ? value : JSON.stringify(value);
  if (value && typeof value === "object" && !(value instanceof Num) && Object.keys(value).join() === "env" && typeof value.env === "string") return `{env: ${value.env}}`;
  return json(value).replace(/\n\s*/g, " ");
};

/** A labelled control; `hint` and the place of its fault are described by it. */
const labelled = (context, control, name = "div") => {
  const { pointer, label, hint, required } = context;
  const id = idOf(pointer);
  const isGroup = name === "fieldset";
  const title = isGroup ? make("legend") : make("label", { htmlFor: id });
  title.append(label, ...(required ? [" ", make("span", { className: "required", textContent: "(required)" })] : []));
  const box = make(name, { className: "field" }, title);
  if (hint) box.append(make("p", { className: "hint", id: `h${id.slice(1)}`, textContent: hint }));
  const error = make("p", { className: "error", id: `e${id.slice(1)}`, hidden: true });
  box.dataset.field = JSON.stringify(pointer);
  if (!isGroup) control.id = id;
  else box.id = id;
  (isGroup ? box : control).setAttribute("aria-describedby", [hint && `h${id.slice(1)}`].filter(Boolean).join(" "));
  box.append(control, error);
  if (isGroup) box.tabIndex = -1;
  return box;
};

const plain = (context, control, read, write) => {
  control.spellcheck = false;
  control.autocapitalize = "none";
  if (context.required) control.required = true;
  return { pointer: context.pointer, element: labelled(context, control), read, write };
};

const text = (context, types) => {
  const input = make("input", { dir: "auto" });
  if (types?.every((type) => type === "integer" || type === "number")) input.inputMode = "decimal";
  const read = () => { const value = input.value.trim(); return value === "" ? undefined : typed(value, types); };
  return plain(context, input, read, (value) => { input.value = value === undefined ? "" : shown(value, types); });
};

const choices = (context, options) => {
  const select = make("select", {}, new Option("Not set", ""), ...options.map((value, at) => new Option(typeof value === "string" ? value : json(value), at)));
  const find = (value) => options.findIndex((one) => json(one) === json(value));
  return plain(context, select, () => (select.value === "" ? undefined : options[select.value]), (value) => {
    if (value !== undefined && find(value) < 0) { options.push(value); select.append(new Option(shown(value), options.length - 1)); }
    select.value = value === undefined ? "" : find(value);
  });
};

const lines = (context, types) => {
  const area = make("textarea", { rows: 2, dir: "auto" });
  const read = () => {
    const all = area.value.split("\n").map((line) => line.trim()).filter(Boolean);
    return all.length ? all.map((line) => typed(line, types)) : undefined;
  };
  return plain({ ...context, hint: [context.hint, "One per line."].filter(Boolean).join(" ") }, area, read, (value) => {
    area.value = (value ?? []).map((item) => shown(item, types)).join("\n");
    area.rows = Math.min(8, Math.max(2, (value ?? []).length));
  });
};

const checks = (context, options) => {
  const list = make("div", { className: "checks" });
  const boxes = options.map((value, at) => {
    const box = make("input", { type: "checkbox", id: `${idOf(context.pointer)}-${at}` });
    list.append(make("label", {}, box, ` ${value}`));
    return box;
  });
  let more = [];
  return {
    pointer: context.pointer, element: labelled(context, list, "fieldset"),
    read: () => { const all = [...options.filter((_, at) => boxes[at].checked), ...more]; return all.length ? all : undefined; },
    write: (value = []) => {
      boxes.forEach((box, at) => { box.checked = value.includes(options[at]); });
      more = value.filter((item) => !options.includes(item));
    },
  };
};

/** JSON, for what no field fits. */
export const raw = (context, hint = "As JSON.") => {
  const area = make("textarea", { rows: 3, className: "code" });
  let wrong = false;
  const read = () => {
    wrong = false;
    const value = area.value.trim();
    if (!value) return undefined;
    try { return parse(value); } catch { wrong = true; return undefined; }
  };
  const field = plain({ ...context, hint: [context.hint, hint].filter(Boolean).join(" ") }, area, read, (value) => { area.value = value === undefined ? "" : json(value); area.rows = Math.min(14, Math.max(3, area.value.split("\n").length)); });
  return { ...field, fault: () => (wrong ? "this is not JSON" : null) };
};

const mapping = (context, types) => {
  const area = make("textarea", { rows: 2, dir: "auto" });
  let wrong = null;
  const read = () => {
    wrong = null;
    const rows = area.value.split("\n").map((line) => line.trim()).filter(Boolean);
    const pairs = rows.map((line) => /^([^=]*?)\s*=\s*(.*)$/.exec(line));
    if (pairs.some((pair) => !pair || !pair[1])) wrong = "write one setting per line, as name = value";
    if (new Set(pairs.map((pair) => pair?.[1])).size < pairs.length) wrong = "a name is written twice";
    return rows.length ? Object.fromEntries(pairs.filter(Boolean).map(([, key, value]) => [key, typed(value, types)])) : undefined;
  };
  const hint = [context.hint, "One per line: name = value."].filter(Boolean).join(" ");
  const field = plain({ ...context, hint }, area, read, (value) => {
    const all = Object.entries(value ?? {});
    area.value = all.map(([key, item]) => `${key} = ${shown(item, types)}`).join("\n");
    area.rows = Math.min(8, Math.max(2, all.length));
  });
  return { ...field, fault: () => wrong };
};

/** Fields that stand together; what the schema has no field for stays as it was. */
const group = (context, node, root) => {
  const inner = Object.entries(node.properties ?? {}).map(([name, schema]) => [name, fieldOf(schema, root, [...context.pointer, name], { required: (context.required || context.bare) && (node.required ?? []).includes(name) })]);
  const box = make("div", {}, ...inner.map(([, field]) => field.element));
  let rest = {};
  const element = context.bare ? box : labelled(context, box, "fieldset");
  return {
    pointer: context.pointer, element, inner: inner.map(([, field]) => field),
    read: () => {
      const value = { ...Object.fromEntries(inner.map(([name, field]) => [name, field.read()]).filter(([, item]) => item !== undefined)), ...rest };
      return Object.keys(value).length ? value : undefined;
    },
    write: (value) => {
      const isMapping = value && typeof value === "object" && !Array.isArray(value) && !(value instanceof Num);
      const names = new Set(inner.map(([name]) => name));
      rest = isMapping ? Object.fromEntries(Object.entries(value).filter(([name]) => !names.has(name))) : {};
      for (const [name, field] of inner) field.write(isMapping && Object.hasOwn(value, name) ? value[name] : undefined);
    },
  };
};

const repeated = (context, node, root, changed) => {
  const list = make("div");
  const button = make("button", { type: "button", className: "button", textContent: `Add ${/^[aeiou]/i.test(context.one) ? "an" : "a"} ${context.one}` });
  const self = { pointer: context.pointer, inner: [] };
  const draw = (values) => {
    self.inner = values.map((value, at) => {
      const field = fieldOf(node, root, [...context.pointer, at], { label: `${context.one[0].toUpperCase()}${context.one.slice(1)} ${at + 1}` });
      field.write(value);
      const remove = make("button", { type: "button", className: "quiet", textContent: "Remove" });
      remove.setAttribute("aria-label", `Remove ${context.one} ${at + 1}`);
      remove.addEventListener("click", () => { draw(self.values().filter((_, other) => other !== at)); changed(); button.focus(); });
      field.element.append(remove);
      return field;
    });
    list.replaceChildren(...self.inner.map((field) => field.element));
  };
  self.values = () => self.inner.map((field) => field.read() ?? {});
  button.addEventListener("click", () => {
    draw([...self.values(), undefined]);
    changed();
    list.lastElementChild.querySelector("input, select, textarea")?.focus();
  });
  self.element = labelled(context, make("div", {}, list, button), "fieldset");
  self.read = () => (self.inner.length ? self.values() : undefined);
  self.write = (value) => draw(Array.isArray(value) ? value : []);
  return self;
};

/** Fields of a mapping that are more than a form can show: they are lines of one text. */
const MANY = 15;
const isTypes = (types, ...wanted) => types?.length && types.every((type) => wanted.includes(type));

/** The field of a schema; `changed` is called where a button changes its value. */
export const fieldOf = (schema, root, pointer, { label, hint, required = false, bare = false, changed = () => form(pointer) } = {}) => {
  const node = resolved(schema, root) ?? {};
  const name = String(pointer.at(-1));
  const context = { pointer, required, bare, label: label ?? (typeof node.title === "string" ? node.title : name), hint: hint ?? (typeof node.description === "string" ? node.description.replaceAll("`", "") : "") };
  const types = node.type === undefined ? undefined : [node.type].flat();
  if (Array.isArray(node.enum)) return choices(context, node.enum.map(fromJson));
  if (isTypes(types, "boolean")) return choices(context, [true, false]);
  if (isTypes(types, "string", "integer", "number", "boolean", "null")) return text(context, types);
  if (types?.includes("string") && isTypes(types, "string", "object")) return text({ ...context, hint: `${context.hint} Or {env: NAME}.`.trim() }, types);
  if (isTypes(types, "array")) {
    const items = resolved(node.items ?? {}, root) ?? {};
    const of = items.type === undefined ? undefined : [items.type].flat();
    if (Array.isArray(items.enum) && items.enum.every((one) => typeof one === "string")) return checks(context, items.enum);
    if (isTypes(of, "string", "integer", "number")) return lines(context, of);
    if (isTypes(of, "object") && items.properties) return repeated({ ...context, one: (typeof items.title === "string" ? items.title : "item").toLowerCase() }, items, root, changed);
  }
  if (isTypes(types, "object") && Object.keys(node.properties ?? {}).length > MANY) return mapping(context);
  if (isTypes(types, "object") && node.properties) return group(context, node, root);
  if (isTypes(types, "object") && node.patternProperties) {
    const value = resolved(Object.values(node.patternProperties)[0], root) ?? {};
    return mapping(context, value.type === undefined ? undefined : [value.type].flat());
  }
  return raw(context);
};

const fromJson = (value) => (typeof value === "number" ? new Num(String(value)) : value);
const form = (pointer) => document.getElementById(idOf(pointer))?.dispatchEvent(new Event("input", { bubbles: true }));

/** `fallback_models`: one list, or one for each cause. */
export const fallbackModels = (schema, root, pointer, context) => {
  const node = resolved(schema, root);
  const list = lines({ pointer: [...pointer, "any"], label: "On any failure", hint: "Models to try, in this order." }, ["string"]);
  const causes = Object.entries(node.properties).map(([name, one]) => [name, fieldOf(one, root, [...pointer, name])]);
  const element = labelled({ pointer, ...context, label: node.title, hint: node.description }, make("div", {}, list.element, ...causes.map(([, field]) => field.element)), "fieldset");
  const byCause = () => Object.fromEntries(causes.map(([name, field]) => [name, field.read()]).filter(([, ids]) => ids));
  return {
    pointer, element, inner: [list, ...causes.map(([, field]) => field)],
    read: () => { const ids = byCause(); return Object.keys(ids).length ? ids : list.read(); },
    write: (value) => {
      list.write(Array.isArray(value) ? value : undefined);
      for (const [name, field] of causes) field.write(Array.isArray(value) ? undefined : value?.[name]);
    },
    fault: () => (list.read() && Object.keys(byCause()).length ? "write one list, or one for each cause" : null),
  };
};

/** Every field below some, itself included. */
export const all = function* (fields) {
  for (const field of fields) {
    yield field;
    yield* all(field.inner ?? []);
  }
};

// The compact list of all models, and elements for a model.
//
// A row has texts of its own and indexes into tables of what many models share, so that a filter is decided once for
// each entry of a table, not for each model. Values come from pull requests. They enter the page as text and as
// attribute values, never as markup.

/** Lower case without accents and compatibility forms: "sao" finds "São". */
export const fold = (text) =>
  /^[\x20-\x7e\n]*$/.test(text) ? text.toLowerCase() : text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

const UNPORTABLE = /[":<>|*?\x00-\x1f\x7f]|[. ]$|^(?=(?:con|prn|aux|nul|(?:com|lpt)\d)(?:\.|$))[a-z]/gi;
const escaped = (c) => `=${c.charCodeAt(0).toString(16).padStart(2, "0")}`;

/** The path of a model's file below admin/models/, as text/portable.py names it, in a URL. */
export const fileOf = (id, ending) =>
  `${id}.${ending}`
    .split("/")
    .map((part) => encodeURIComponent(part.replace(UNPORTABLE, escaped)).replaceAll("%3D", "="))
    .join("/");

/** What a name must begin with for a wildcard to take it, as fleet/model.py says it; null where `name` is no wildcard. */
export const prefixOf = (name) => (name === "*" || name.endsWith("/*") ? name.slice(0, -1) : null);

const LINES = 200; // a step
const MODELS = '\n"models": [';

/** The text of the build's list into `list`, in steps; with `place`, the position of each column in a row. */
export function* reading(text, list) {
  const start = text.indexOf(MODELS);
  Object.assign(list, JSON.parse(`${text.slice(0, start).replace(/,\s*$/, "")}}`), { models: [] });
  list.place = Object.fromEntries(list.columns.map((name, n) => [name, n]));
  const lines = text.slice(start + MODELS.length, text.lastIndexOf("]")).trim().split("\n");
  for (let n = 0; n < lines.length; n += LINES) {
    list.models.push(...JSON.parse(`[${lines.slice(n, n + LINES).join("").replace(/,$/, "")}]`));
    yield;
  }
}

/** The value of a shared column. */
export const shared = ({ tables, place }, row, column) => tables[column][row[place[column]]];

/** One model, as people see it. */
export const modelOf = (list, row, base) => {
  const [id, name] = row;
  const of = (column) => shared(list, row, column);
  const hosts = of("host");
  const more = of("local") === "yes" ? 0 : of("endpoint").length - 1;
  return {
    id,
    name,
    href: `${base}admin/models/${fileOf(id, "html")}`,
    region: of("region"),
    regionTitle: list.titles.region[of("region")],
    head: of("head"),
    headTitle: list.titles.head[of("head")],
    host: more ? `${hosts[0]} and ${more} more` : hosts[0],
    endpoint: of("endpoint")[0],
    provider: of("provider")[0],
    status: of("status"),
    local: of("local") === "yes",
    tags: of("tag"),
  };
};

const own = {
  local: (place, { local }) => local || place.remove(),
  region: (place, { region }) => {
    place.dataset.region = region;
  },
  head: (place, { head }) => {
    place.dataset.head = head;
  },
};

const fill = (template, model, texts) => {
  const node = template.content.firstElementChild.cloneNode(true);
  node.dataset.model = model.id;
  node.dataset.status = model.status;
  for (const place of node.querySelectorAll("[data-field]")) {
    const name = place.dataset.field;
    own[name]?.(place, model);
    const text = texts[name] ?? model[name];
    if (typeof text === "string") place.textContent = text;
    if (place.localName === "a") place.href = model.href;
  }
  return node;
};

export const cardOf = (template, model) => {
  const node = fill(template, model, { region: model.regionTitle, head: model.headTitle });
  const tags = node.querySelector('[data-field="tags"]');
  const [first] = tags.children;
  if (model.tags.length === 0) tags.remove();
  tags.replaceChildren(...model.tags.map((text) => Object.assign(first.cloneNode(false), { textContent: text })));
  for (const button of node.querySelectorAll("button[data-copy]")) button.dataset.copy = model[button.dataset.of];
  return node;
};

/** A row of the table: one line, so what may be cut off is in the title too. */
export const rowOf = (template, model) => {
  const node = fill(template, model, { tags: String(model.tags.length) });
  const { name, id, regionTitle, headTitle, host, tags } = model;
  const titles = { name, id, region: regionTitle, head: headTitle, host, tags: tags.join(", ") };
  for (const [field, title] of Object.entries(titles)) {
    if (title) node.querySelector(`[data-field="${field}"]`).title = title;
  }
  return node;
};

// One record per model, from a card of the page or a row of the compact list; and elements for records.
//
//   keys      what facets compare: codes and ids, `local` as yes or no, `tag` a list
//   shown     what readers see, by `data-field`
//   text      what the search looks through: everything shown, folded
//   endpoint  what the copy button copies
//   place     its position in the default order
//
// Values come from pull requests. They enter the page as text and as attribute values, never as markup.

/** Lower case without accents and compatibility forms: "sao" finds "São". */
export const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();

const record = (keys, shown, endpoint, place, badge) => {
  const words = [...Object.values(shown), ...keys.tag];
  if (keys.local === "yes") words.push(badge);
  return { keys, shown, endpoint, place, text: fold(words.join("\n")) };
};

const FIELDS = ["id", "name", "region", "head", "host", "provider", "status"];

export const fromCard = (card, place, badge) => {
  const { region, head, provider, status, local, tags } = card.dataset;
  const field = (name) => card.querySelector(`[data-field="${name}"]`)?.textContent.trim() ?? "";
  const shown = Object.fromEntries(FIELDS.map((name) => [name, field(name)]));
  shown.id = card.dataset.id;
  const endpoint = card.querySelector('[data-of="endpoint"]')?.dataset.copy ?? shown.host;
  const keys = { region, head, provider, status, local, tag: JSON.parse(tags || "[]") };
  return { ...record(keys, shown, endpoint, place, badge), card, href: card.querySelector("a[href]")?.href };
};

const UNPORTABLE = /[":<>|*?\x00-\x1f\x7f]|[. ]$|^(?=(?:con|prn|aux|nul|(?:com|lpt)\d)(?:\.|$))[a-z]/gi;
const escaped = (c) => `=${c.charCodeAt(0).toString(16).padStart(2, "0")}`;

/** The path of a model's file below admin/models/, as text/portable.py names it, in a URL. */
export const fileOf = (id, ending) =>
  `${id}.${ending}`
    .split("/")
    .map((part) => encodeURIComponent(part.replace(UNPORTABLE, escaped)).replaceAll("%3D", "="))
    .join("/");

/** The records of the compact list. */
export const fromList = ({ regions, heads, models }, base, badge) =>
  models.map(([id, name, region, head, host, endpoint, provider, status, local, tag], place) => {
    const keys = { region, head, provider, status, local: local ? "yes" : "no", tag };
    const shown = { id, name, region: regions[region], head: heads[head], host, provider, status };
    return { ...record(keys, shown, endpoint, place, badge), href: `${base}admin/models/${fileOf(id, "html")}` };
  });

/** A copy of the template for a record. */
export const fill = (template, { keys, shown, endpoint, href }) => {
  const node = template.content.firstElementChild.cloneNode(true);
  const { tag, ...codes } = keys;
  Object.assign(node.dataset, codes, { id: shown.id });
  for (const place of node.querySelectorAll("[data-field]")) {
    const name = place.dataset.field;
    if (name === "tags") {
      const [first] = place.children;
      place.hidden = tag.length === 0;
      place.replaceChildren(
        ...tag.map((text) => Object.assign(first.cloneNode(false), { textContent: text })),
      );
    } else if (name === "local") {
      place.hidden = keys.local !== "yes";
    } else {
      place.textContent = shown[name];
      if (place.localName === "a") place.href = href;
    }
  }
  for (const button of node.querySelectorAll("button[data-copy]")) {
    button.dataset.copy = button.dataset.of === "id" ? shown.id : endpoint;
    button.hidden = false;
  }
  return node;
};

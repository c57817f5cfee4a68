// Search, facets, sorting, views and exports of the models page, which is complete without them.
//
// The controls are the state, and the query string mirrors it, so that a view can be shared by its URL.
// Up to about 2,000 models, the page has every card, and filters hide cards. With more, it has the first ones; the
// compact list is loaded after the first paint, and cards are created while the reader scrolls.

import "./copy.js";
import { download, toCsv, toJson } from "./export.js";
import { fill, fold, fromCard, fromList } from "./records.js";

const CHUNK = 60;
// What a keystroke draws at once: enough for a tall window. More follows when the reader comes near the end.
const FIRST = 24;
// The URL and the announced count are updated after a pause: browsers allow about 100 updates in 10 seconds, and
// screen readers should announce only the last count.
const PAUSE = 200;

const main = document.querySelector('main[data-page="models"]');
const part = (selector) => main.querySelector(selector);
const search = part("#q");
const sort = part("#sort");
const count = part("#count");
const none = part("#none");
const cards = part("#cards");
const table = part("#models-table");
const rows = table.tBodies[0];
const more = part("#more");
const clear = part('[data-action="clear"]');
const views = [...main.querySelectorAll("button[data-view]")];
const cardTemplate = part("#card-template");
const rowTemplate = part("#row-template");

const facets = [...main.querySelectorAll("fieldset[data-facet]")].map((fieldset) => {
  const name = fieldset.dataset.facet;
  const options = [...fieldset.querySelectorAll("input[type=checkbox]")].map((input) => ({
    input,
    label: input.closest("label"),
    count: input.closest("label").querySelector(".count"),
  }));
  return { name, options, of: name === "tag" ? ({ keys }) => keys.tag : ({ keys }) => [keys[name]] };
});

const total = Number(main.dataset.total);
const badge = cardTemplate.content.querySelector('[data-field="local"]').textContent.trim();
const standing = () => [...cards.querySelectorAll("article.card")];
let records = standing().map((card, place) => fromCard(card, place, badge));
let whole = records.length >= total;
let waiting = !whole;
let order = records;
let matches = records;
let drawn = 0;
let view = "cards";

// --- selection

/** In one pass: the models that match, and how many each option would show with the choices of the other facets. */
const select = () => {
  const words = fold(search.value).split(/\s+/).filter(Boolean);
  const chosen = facets.map(
    ({ options }) => new Set(options.filter(({ input }) => input.checked).map(({ input }) => input.value)),
  );
  const tallies = facets.map(() => new Map());
  const add = (place, model) => {
    for (const value of facets[place].of(model)) tallies[place].set(value, (tallies[place].get(value) ?? 0) + 1);
  };
  matches = order.filter((model) => {
    if (!words.every((word) => model.text.includes(word))) return false;
    const missed = [];
    facets.forEach(({ of }, place) => {
      if (chosen[place].size && !of(model).some((value) => chosen[place].has(value))) missed.push(place);
    });
    if (missed.length === 0) facets.forEach((_, place) => add(place, model));
    if (missed.length === 1) add(missed[0], model);
    return missed.length === 0;
  });
  return tallies;
};

const COLLATOR = new Intl.Collator("en", { numeric: true });

/** The default order is by id, which also breaks ties. */
const arrange = () => {
  const by = sort.value;
  order =
    by === "id"
      ? records
      : [...records].sort((one, two) => COLLATOR.compare(one.shown[by], two.shown[by]) || one.place - two.place);
};

// --- drawing

const group = (models) => {
  const section = document.createElement("section");
  section.className = "group";
  for (const model of models) {
    model.card ??= fill(cardTemplate, model);
    model.card.hidden = false;
    section.append(model.card);
  }
  return section;
};

/** Cards that already start the list stay in place, so they keep the focus. */
const keepStanding = () => {
  const present = standing();
  if (present.length > matches.length || present.some((card, place) => matches[place].card !== card)) {
    cards.replaceChildren();
    return;
  }
  for (const card of present) card.hidden = false;
  for (const section of cards.children) section.hidden = false;
  drawn = present.length;
};

const drawMore = () => {
  const next = matches.slice(drawn, drawn + (drawn ? CHUNK : FIRST));
  drawn += next.length;
  if (view === "table") rows.append(...next.map((model) => (model.row ??= fill(rowTemplate, model))));
  else if (next.length) cards.append(group(next));
  watch();
};

/** An observer reports only changes, so a button that is still in view after a chunk must be observed again. */
const watch = () => {
  more.hidden = drawn >= matches.length;
  watcher.unobserve(more);
  if (!more.hidden) watcher.observe(more);
};

const watcher = new IntersectionObserver(
  (entries) => {
    if (entries.some(({ isIntersecting }) => isIntersecting)) drawMore();
  },
  { rootMargin: "800px" },
);

const hideOthers = () => {
  const kept = new Set(matches);
  for (const model of records) {
    const hidden = !kept.has(model);
    if (model.card.hidden !== hidden) model.card.hidden = hidden;
  }
  for (const section of cards.children) section.hidden = !section.querySelector("article.card:not([hidden])");
};

const draw = () => {
  cards.hidden = view !== "cards";
  table.hidden = view !== "table";
  for (const wrapper of main.querySelectorAll("[data-wraps=table]")) wrapper.hidden = table.hidden;
  for (const button of views) button.setAttribute("aria-pressed", String(button.dataset.view === view));
  drawn = 0;
  rows.replaceChildren();
  if (view === "cards" && (whole || waiting)) {
    hideOthers();
    more.hidden = true;
  } else {
    if (view === "cards") keepStanding();
    if (drawn === 0) drawMore();
    else watch();
  }
};

/** If all cards are in the page, they move only when the order changes. */
const reorder = () => {
  arrange();
  if (!whole && !waiting) return;
  const sections = [...cards.children];
  order.forEach(({ card }, place) => sections[Math.floor(place / CHUNK)].append(card));
};

const number = (value) => value.toLocaleString("en");

const countWords = () => {
  const known = waiting || records.length === total ? total : records.length;
  const noun = known === 1 ? "model" : "models";
  return matches.length === known ? `${number(known)} ${noun}` : `${number(matches.length)} of ${number(known)} ${noun}`;
};

const filtered = () =>
  search.value !== "" || facets.some(({ options }) => options.some(({ input }) => input.checked));

const show = () => {
  const tallies = select();
  draw();
  none.hidden = matches.length > 0;
  clear.hidden = !filtered();
  // Until all models are loaded, the counts from the build are the right ones.
  if (waiting) return;
  facets.forEach(({ options }, place) => {
    for (const { input, label, count: words } of options) {
      const found = tallies[place].get(input.value) ?? 0;
      const text = number(found);
      if (words.textContent !== text) words.textContent = text;
      label.classList.toggle("no-match", found === 0);
    }
  });
};

// --- the URL

const address = () => {
  const query = new URLSearchParams();
  const others = new URLSearchParams(location.search);
  for (const name of ["ask", "from", "down"]) if (others.has(name)) query.append(name, others.get(name));
  if (search.value) query.append("q", search.value);
  for (const { name, options } of facets) {
    for (const { input } of options) if (input.checked) query.append(name, input.value);
  }
  if (sort.value !== "id") query.append("sort", sort.value);
  if (view !== "cards") query.append("view", view);
  const text = query.toString();
  return location.pathname + (text && `?${text}`) + location.hash;
};

const readAddress = () => {
  const query = new URLSearchParams(location.search);
  search.value = query.get("q") ?? "";
  for (const { name, options } of facets) {
    const wanted = query.getAll(name);
    for (const { input } of options) input.checked = wanted.includes(input.value);
  }
  const by = query.get("sort");
  sort.value = [...sort.options].some(({ value }) => value === by) ? by : "id";
  view = query.get("view") === "table" ? "table" : "cards";
};

let pause;
let typed;

const settle = () => {
  clearTimeout(pause);
  if (typed !== undefined) history.replaceState(null, "", typed);
  typed = undefined;
  const words = countWords();
  if (count.textContent !== words) count.textContent = words;
};

const whileTyping = () => {
  show();
  typed = address();
  clearTimeout(pause);
  pause = setTimeout(settle, PAUSE);
};

const onChoice = () => {
  show();
  settle();
  const next = address();
  if (next !== location.pathname + location.search + location.hash) history.pushState(null, "", next);
};

const clearAll = () => {
  search.value = "";
  for (const { options } of facets) for (const { input } of options) input.checked = false;
  onChoice();
};

// --- events

search.addEventListener("input", whileTyping);
// Enter would submit the form that contains the sort and the view.
search.form?.addEventListener("submit", (event) => {
  event.preventDefault();
  settle();
});
for (const { options } of facets) for (const { input } of options) input.addEventListener("change", onChoice);
sort.addEventListener("change", () => {
  reorder();
  onChoice();
});
for (const button of views) {
  button.addEventListener("click", () => {
    view = button.dataset.view;
    onChoice();
  });
}
more.addEventListener("click", drawMore);
clear.addEventListener("click", () => {
  clearAll();
  // The button is now hidden, so it has lost the focus.
  search.focus();
});

const EXPORTS = {
  json: () => download("models.json", "application/json", toJson(matches)),
  csv: () => download("models.csv", "text/csv", toCsv(matches)),
};
for (const button of main.querySelectorAll("button[data-export]")) {
  button.addEventListener("click", EXPORTS[button.dataset.export]);
}

document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const elsewhere = target !== search && target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]");
  if (elsewhere) return;
  if (key === "/" && target !== search) {
    event.preventDefault();
    search.focus();
    search.select();
  } else if (key === "Escape" && search.value) {
    event.preventDefault();
    search.value = "";
    whileTyping();
  } else if (key === "Escape" && filtered()) {
    clearAll();
  }
});

const fromAddress = () => {
  clearTimeout(pause);
  typed = undefined;
  readAddress();
  reorder();
  show();
  settle();
};
window.addEventListener("popstate", fromAddress);

// --- the rest of a long list

const load = async () => {
  const kept = records;
  try {
    const answer = await fetch(main.dataset.source);
    if (!answer.ok) throw new Error(answer.statusText);
    records = fromList(await answer.json(), main.dataset.base, badge);
    const byId = new Map(kept.map(({ shown, card }) => [shown.id, card]));
    for (const model of records) model.card = byId.get(model.shown.id);
    for (const pager of main.querySelectorAll("[data-pager]")) pager.hidden = true;
  } catch {
    // The first cards stay, and the controls work with them.
    records = kept;
    whole = true;
    part("#problem").hidden = false;
  }
  waiting = false;
  main.removeAttribute("aria-busy");
  reorder();
  show();
  settle();
};

fromAddress();
if (waiting) {
  main.setAttribute("aria-busy", "true");
  requestAnimationFrame(() => setTimeout(load));
}

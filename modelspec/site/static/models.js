// Search, filters, sorting, views and exports of the models page, which can be read without them.
//
// The controls are the state, and the query string mirrors it, so that a view can be shared by its URL. The list of all
// models is loaded when somebody turns to the controls or to the end of the first cards, or when the address asks for
// something: who only looks at the page pays nothing for it. It is read in slices, so that the page answers meanwhile.

import "./copy.js";
import { download, toCsv, toJson } from "./export.js";
import { makeList } from "./list.js";
import { cardOf, modelOf, reading, rowOf, shared } from "./records.js";
import { haystacks, inSlices, rank, vocabulary } from "./search.js";
import { arrange, select, valuesOf } from "./select.js";

// The URL and the announced count are updated after a pause: browsers allow about 100 updates in 10 seconds, and
// screen readers should announce only the last count.
const PAUSE = 200;

const main = document.querySelector('main[data-page="models"]');
const part = (selector) => main.querySelector(selector);
const search = part("#q");
const sort = part("#sort");
const count = part("#count");
const table = part("#models-table");
const clear = part('[data-action="clear"]');
const unserved = part('[data-action="unserved"]');
const views = [...main.querySelectorAll("button[data-view]")];
const headers = [...table.querySelectorAll("th[data-column]")];
const cardTemplate = part("#card-template");
const badge = cardTemplate.content.querySelector('[data-field="local"]').textContent.trim();
const today = Date.now();
const whole = count.textContent;

const NAMES = [
  "region", "head", "serves", "fallback", "provider", "status", "local", "tag", "reach", "residency", "key", "host",
  "upstream_region", "owner", "risk", "sunset",
];
const FIXED = {
  local: ["yes", "no"],
  residency: ["none", "kept", "unknown"],
  risk: ["one-head", "unknown-residency"],
  status: ["active", "deprecated", "disabled"],
  sunset: ["90d", "year", "later", "passed"],
};
const LEGENDS = { serves: "Served by", fallback: "Falls back to" };

/** One facet a name: `chosen` is the state, and the page has boxes for most. */
const facets = NAMES.map((name) => {
  const fieldset = part(`fieldset[data-facet="${name}"]`);
  const options = [...(fieldset?.querySelectorAll("input") ?? [])].map((input) => ({
    input,
    label: input.closest("label"),
    count: input.closest("label").querySelector(".count"),
  }));
  const legend = fieldset?.querySelector("legend").textContent ?? LEGENDS[name] ?? name;
  return { name, legend, options, chosen: new Set(), values: [] };
});

let list;
let order;
let ranks;
let found = [];
let view = "cards";
let isDescending = false;
let down = new Set();
let isUnserved = false;
let counting;
let loading;

const model = (n) => modelOf(list, list.models[found[n]], main.dataset.base);
const draw = makeList({
  cards: part("#cards"),
  table,
  more: part("#more"),
  makeCard: (n) => cardOf(cardTemplate, model(n)),
  makeRow: (n) => {
    const row = rowOf(part("#row-template"), model(n));
    row.setAttribute("aria-rowindex", String(n + 2));
    return row;
  },
});

// --- what is shown

const FIGURES = new Intl.NumberFormat("en");
const number = (value) => FIGURES.format(value);

const counted = () => {
  if (!list) return isFiltered() && main.ariaBusy !== null ? "Loading…" : whole;
  const all = list.models.length;
  const noun = all === 1 ? "model" : "models";
  const near = found.length && found.every((n) => ranks[n] === 3) ? ", spelled nearly like that" : "";
  return (found.length === all ? `${number(all)} ${noun}` : `${number(found.length)} of ${number(all)} ${noun}`) + near;
};

const isFiltered = () => search.value !== "" || (isUnserved && down.size > 0) || facets.some(({ chosen }) => chosen.size);

/** Whether all heads that serve a model are down; what has none even now is not lost by that. */
const isLost = (row) => {
  const heads = shared(list, row, "serves");
  return shared(list, row, "status") !== "disabled" && heads.length > 0 && heads.every((head) => down.has(head));
};

const show = () => {
  for (const button of views) button.setAttribute("aria-pressed", String(button.dataset.view === view));
  if (!list) {
    // As for an address that asks: no cards that do not match.
    if (isFiltered() || sort.value !== "match" || view !== "cards") document.documentElement.classList.add("query");
    return;
  }
  clear.hidden = !isFiltered();
  showChips();
  const isKept = isUnserved && down.size ? isLost : () => true;
  const query = { facets, ranks, order, byRank: sort.value === "match", isKept };
  const selected = select(list, query);
  found = selected.found;
  part("#none").hidden = found.length > 0;
  draw(view, found.length, (card, n) => list.models[found[n]][0] === card.dataset.model);
  // The list is painted before the numbers beside it.
  clearTimeout(counting);
  counting = setTimeout(() => facets.forEach(showCounts, selected.tallies));
};

/** Called with the tallies of all facets as `this`. */
const showCounts = function ({ options, values }, place) {
  const totals = new Map();
  values.forEach((entry, n) => {
    for (const value of new Set(entry)) totals.set(value, (totals.get(value) ?? 0) + this[place][n]);
  });
  for (const { input, label, count: words } of options) {
    const total = totals.get(input.value) ?? 0;
    const text = number(total);
    if (words.textContent !== text) words.textContent = text;
    label.classList.toggle("no-match", total === 0);
  }
};

const isKnown = ({ name, values, options }, value) =>
  FIXED[name]?.includes(value) ||
  options.some(({ input }) => input.value === value) ||
  values.some((entry) => entry.includes(value)) ||
  Object.hasOwn(list.titles[{ serves: "head", fallback: "head", head: "head" }[name] ?? "region"], value.replace(/^-/, ""));

const titleOf = ({ name, options }, value) => {
  const option = options.find(({ input }) => input.value === value);
  if (option) return option.label.querySelector("span").textContent;
  const titles = { serves: list?.titles.head, fallback: list?.titles.head }[name];
  return titles && Object.hasOwn(titles, value) ? titles[value] : value;
};

const chipOf = (facet, value) => {
  const item = document.createElement("li");
  const chip = document.createElement("button");
  chip.type = "button";
  chip.className = "chip";
  const isLost = list && !isKnown(facet, value);
  chip.classList.toggle("unknown", Boolean(isLost));
  const text = document.createElement("bdi");
  text.textContent = isLost ? `unknown filter: ${facet.name}=${value}` : `${facet.legend}: ${titleOf(facet, value)}`;
  chip.append(text);
  chip.setAttribute("aria-label", `Remove ${text.textContent}`);
  if (["head", "serves", "fallback"].includes(facet.name)) chip.dataset.head = value;
  if (facet.name === "region") chip.dataset.region = value;
  chip.addEventListener("click", () => {
    facet.chosen.delete(value);
    onChoice();
    (part("#chips button") ?? search).focus();
  });
  item.append(chip);
  return item;
};

const showChips = () => {
  const chips = facets.flatMap((facet) => [...facet.chosen].map((value) => chipOf(facet, value)));
  const key = chips.map(({ textContent }) => textContent).join("\n");
  const place = part("#chips");
  if (place.dataset.key === key) return;
  place.replaceChildren(...chips);
  place.dataset.key = key;
  place.hidden = chips.length === 0;
  for (const { options, chosen } of facets) for (const { input } of options) input.checked = chosen.has(input.value);
};

const showSort = () => {
  const by = sort.value === "match" && !search.value ? "id" : sort.value;
  for (const header of headers) {
    if (header.dataset.column === by) header.setAttribute("aria-sort", isDescending ? "descending" : "ascending");
    else header.removeAttribute("aria-sort");
  }
};

const searchAgain = () => {
  if (list) ranks = rank(list, search.value, badge);
};

const sortAgain = () => {
  if (list) order = arrange(list, sort.value, isDescending);
};

// --- the URL

const OURS = new Set([...NAMES, "q", "sort", "view", "service"]);

const address = () => {
  const query = new URLSearchParams();
  if (search.value) query.append("q", search.value);
  for (const { name, chosen } of facets) for (const value of chosen) query.append(name, value);
  if (isUnserved) query.append("service", "none");
  if (sort.value !== "match" || isDescending) query.append("sort", `${isDescending ? "-" : ""}${sort.value}`);
  if (view !== "cards") query.append("view", view);
  // Other scripts have their own state there.
  for (const [name, value] of new URLSearchParams(location.search)) if (!OURS.has(name)) query.append(name, value);
  const text = query.toString();
  return location.pathname + (text && `?${text}`) + location.hash;
};

const readAddress = () => {
  const query = new URLSearchParams(location.search);
  search.value = query.get("q") ?? "";
  for (const { name, chosen, options } of facets) {
    chosen.clear();
    for (const value of query.getAll(name)) if (value) chosen.add(value);
    const further = options[0]?.input.closest("details.further");
    if (further && chosen.size) further.open = true;
  }
  const [, sign, by] = /^(-?)(.*)$/s.exec(query.get("sort") ?? "");
  const isColumn = [...sort.options].some(({ value }) => value === by);
  sort.value = isColumn ? by : "match";
  isDescending = isColumn && sign === "-";
  view = query.get("view") === "table" ? "table" : "cards";
  isUnserved = query.get("service") === "none";
};

let pause;
let typed;

const settle = () => {
  clearTimeout(pause);
  if (typed !== undefined) history.replaceState(history.state, "", typed);
  typed = undefined;
  const words = counted();
  if (count.textContent !== words) count.textContent = words;
};

const whileTyping = () => {
  searchAgain();
  show();
  showSort();
  typed = address();
  clearTimeout(pause);
  pause = setTimeout(settle, PAUSE);
};

const onChoice = () => {
  show();
  showSort();
  settle();
  const next = address();
  if (next !== location.pathname + location.search + location.hash) history.pushState(null, "", next);
};

const clearAll = () => {
  search.value = "";
  isUnserved = false;
  for (const { chosen } of facets) chosen.clear();
  searchAgain();
  onChoice();
};

const sortBy = (by, descending) => {
  sort.value = by;
  isDescending = descending;
  sortAgain();
  onChoice();
};

// --- events

search.addEventListener("input", whileTyping);
search.form.addEventListener("submit", (event) => {
  event.preventDefault();
  settle();
});
for (const { options, chosen } of facets) {
  for (const { input } of options) {
    input.addEventListener("change", () => {
      chosen[input.checked ? "add" : "delete"](input.value);
      onChoice();
    });
  }
}
sort.addEventListener("change", () => sortBy(sort.value, false));
for (const header of headers) {
  header.firstElementChild.addEventListener("click", () => {
    sortBy(header.dataset.column, header.getAttribute("aria-sort") === "ascending");
  });
}
for (const button of views) {
  button.addEventListener("click", () => {
    view = button.dataset.view;
    onChoice();
  });
}
clear.addEventListener("click", () => {
  clearAll();
  // The button is now hidden, so it has lost the focus.
  search.focus();
});
unserved.addEventListener("click", () => {
  isUnserved = !isUnserved;
  showUnserved();
  onChoice();
});

const EXPORTS = {
  json: (models) => download("models.json", "application/json", toJson(models)),
  csv: (models) => download("models.csv", "text/csv", toCsv(models)),
};
for (const button of main.querySelectorAll("button[data-export]")) {
  button.addEventListener("click", async () => {
    await wanted();
    if (list) EXPORTS[button.dataset.export](found.map((_, n) => model(n)));
  });
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
  } else if (key === "Escape" && isFiltered()) {
    clearAll();
  }
});

const fromAddress = () => {
  clearTimeout(pause);
  typed = undefined;
  readAddress();
  searchAgain();
  sortAgain();
  show();
  showSort();
  settle();
};
window.addEventListener("popstate", () => {
  if (location.search) wanted();
  fromAddress();
});

// --- what if

const showUnserved = () => {
  const lost = list && down.size ? list.models.filter(isLost).length : 0;
  unserved.hidden = down.size === 0;
  unserved.textContent = `Without service: ${number(lost)}`;
  unserved.setAttribute("aria-pressed", String(isUnserved));
};

document.addEventListener("whatif", ({ detail }) => {
  down = detail.down;
  if (down.size) wanted();
  showUnserved();
  if (!isUnserved) return;
  show();
  settle();
});

// --- the list of all models

const load = async () => {
  part("#problem").hidden = true;
  main.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(main.dataset.source);
    if (!answer.ok) throw new Error(answer.statusText);
    const found = {};
    await inSlices(reading(await answer.text(), found));
    if (search.value) await inSlices(haystacks(found, badge).steps);
    list = found;
  } catch {
    part("#problem").hidden = false;
    count.textContent = whole;
  }
  main.removeAttribute("aria-busy");
  main.classList.add("is-ready");
  if (!list) return;
  for (const facet of facets) facet.values = valuesOf(list, facet.name, today);
  searchAgain();
  sortAgain();
  for (const pager of main.querySelectorAll("[data-pager]")) pager.hidden = true;
  show();
  showUnserved();
  settle();
  // What the first keystrokes would wait for.
  await inSlices(haystacks(list, badge).steps);
  await inSlices(vocabulary(list).steps);
};

const wanted = () => (loading ??= load());

const CONTROLS = ":is(.search, .filters, .status)";
for (const kind of ["focusin", "pointerover"]) {
  main.addEventListener(kind, ({ target }) => {
    if (target.closest(CONTROLS)) wanted();
  });
}
const nearEnd = new IntersectionObserver((entries) => entries.some(({ isIntersecting }) => isIntersecting) && wanted(), {
  rootMargin: "1200px",
});
for (const pager of main.querySelectorAll("[data-pager]")) nearEnd.observe(pager);
part('[data-action="retry"]').addEventListener("click", () => {
  loading = load();
});
// The focus may be there before this script is.
if (location.search || main.querySelector(`${CONTROLS}:focus-within`)) wanted();
fromAddress();

// What if a head or a region were down? `?down=a,b` of every page: heads and regions are clicked down, and what the page
// shows is marked. Other scripts listen to the event `whatif` of the document: {down, names, index, outcome, counts}, where `down`
// is the set of heads that do not answer, `outcome` the drill of decide.js, and `counts` the models of each head that it
// serves `first`, `later`, and with no other head (`alone`).
//
// Nothing is loaded before it is asked for. Names come from pull requests and URLs: they enter the page as text.

import { fileOf } from "./records.js";

const ROUTES = new URL("routes.json", import.meta.url).href;
const MOST = 50;
const PLACES = "[data-head], [data-region]";
const root = document.documentElement;
const main = document.querySelector("main");
const toggle = document.querySelector("[data-action=what-if]");

let names = []; // heads and regions that are down, as in the URL
let unknown = []; // those of the URL that nothing has
let state = null; // the detail of the event, once it is loaded
let tools; // decide.js
let dock;

/** What is down, or null where nothing is: as the event has it. */
export const current = () => (state && names.length ? state : null);

// --- elements

/** An element with attributes and children; a text is text. */
export const make = (name, attributes = {}, ...children) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(key, "");
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
};

/** A text of which nothing is hidden, and that turns nothing around it. */
export const isolated = (text) =>
  make("bdi", {}, text.replace(/[\p{C}\u2028\u2029]/gu, (c) => `\\u{${c.codePointAt(0).toString(16)}}`));

export const counted = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

/** "a", "a and b", "a, b and c". */
export const listed = (words) => [words.slice(0, -1).join(", "), words.at(-1)].filter(Boolean).join(" and ");

export const modelLink = (index, route) =>
  make("a", { href: index.models + fileOf(route.id, "html"), "data-model": route.id }, isolated(route.name));

const title = (index, name) => (index.heads.has(name) ? name : (index.regions.get(name)?.title ?? name));

// --- the URL

const isOn = () => new URLSearchParams(location.search).has("down");

const wanted = () => [...new Set((new URLSearchParams(location.search).get("down") ?? "").split(",").filter(Boolean))];

/** The query of a URL with what is down here, or without it. */
const carried = (search, on = isOn()) => {
  const query = new URLSearchParams(search);
  query.delete("down");
  const rest = query.toString();
  const down = on ? `down=${names.map(encodeURIComponent).join(",")}` : "";
  const text = [rest, down].filter(Boolean).join("&");
  return text && `?${text}`;
};

const goTo = (on, next) => {
  names = next;
  history.pushState(null, "", location.pathname + carried(location.search, on) + location.hash);
  show();
};

const onLink = (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || !main) return;
  const url = new URL(link.href.baseVal ?? link.href, location.href);
  const folder = new URL("../", import.meta.url).pathname;
  if (url.origin !== location.origin || !url.pathname.startsWith(folder) || !/(\.html|\/)$/.test(url.pathname)) return;
  const search = carried(url.search);
  if (search !== url.search) link.setAttribute("href", url.pathname + search + url.hash);
};
for (const kind of ["pointerdown", "click", "auxclick", "contextmenu"]) document.addEventListener(kind, onLink, true);

// --- marks

const isPlaceDown = ({ headRegion, down, index }, element) => {
  const { head, region } = element.dataset;
  if (head) return down.has(head);
  const heads = (index.headsOf.get(region) ?? []).filter((id) => index.heads.get(id).status !== "offline");
  return headRegion.has(region) || (heads.length > 0 && heads.every((id) => down.has(id)));
};

/** What can be clicked down: no cells and items, which a role would take out of their table or list, and nothing in a link. */
const isChoice = (element) =>
  element.matches("a, b, bdi, code, span, strong, svg *") &&
  (element.hasAttribute("data-was") || !element.hasAttribute("role")) &&
  !element.querySelector("a, button") &&
  !element.parentElement.closest("a, button");

const choiceAt = (target) => {
  let element = target.closest?.(PLACES);
  while (element && !isChoice(element)) element = element.parentElement.closest(PLACES);
  return element;
};

const dress = (element, isDown) => {
  element.classList.toggle("is-down", isDown);
  if (!isChoice(element)) return;
  if (isOn()) {
    if (!element.hasAttribute("data-was")) element.setAttribute("data-was", element.getAttribute("tabindex") ?? "");
    element.setAttribute("role", "button");
    element.setAttribute("aria-pressed", String(isDown));
    if (!element.matches("a[href]")) element.setAttribute("tabindex", "0");
  } else if (element.hasAttribute("data-was")) {
    for (const name of ["role", "aria-pressed", "tabindex"]) element.removeAttribute(name);
    if (element.dataset.was) element.setAttribute("tabindex", element.dataset.was);
    element.removeAttribute("data-was");
  }
};

const mark = (within) => {
  const view = { ...state, headRegion: new Set(names.filter((name) => !state.index.heads.has(name))) };
  const all = (selector) => [...(within.matches?.(selector) ? [within] : []), ...within.querySelectorAll(selector)];
  for (const element of all(PLACES)) {
    if (element.matches("main, article")) continue;
    dress(element, isPlaceDown(view, element));
    element.classList.toggle("is-answering", names.length > 0 && state.answering.has(element.dataset.head));
  }
  for (const element of all("[data-model]")) {
    if (element.matches("main")) continue;
    element.classList.toggle("is-lost", state.lost.has(element.dataset.model));
    element.classList.toggle("is-moved", state.moved.has(element.dataset.model));
  }
};

const perUnit = ({ first }, { capacity }) => (capacity === null ? "" : (first / capacity).toFixed(1));

/** What each head serves in tables of heads, by the title of the column. */
const COUNTS = {
  "Served first": ({ first }) => first.toLocaleString("en"),
  "As fallback": ({ later }) => later.toLocaleString("en"),
  "No other head": ({ alone }) => alone.toLocaleString("en"),
  "Models per unit": perUnit,
};

/** What the page of a head or region says of it in words, by the term. */
const facts = ({ index, counts, down }) => {
  const { page, head, region } = main.dataset;
  if (page !== "head" && page !== "region") return {};
  const heads = page === "head" ? [head] : (index.headsOf.get(region) ?? []);
  const fails = tools.failure(index, heads, down);
  const failure = fails === tools.failure(index, heads, []) ? "" : fails;
  if (page === "region") return { "If it is down": failure, "If all are down": failure };
  const [own, now] = [index.heads.get(head), counts.get(head)];
  return {
    "If it is down": failure,
    Serves: `${counted(now.first, "model")} first, ${now.later.toLocaleString("en")} as a fallback`,
    Capacity: own.capacity === null ? "" : `${counted(own.capacity, "unit")}, ${perUnit(now, own)} first models per unit`,
  };
};

/** Say beside what the page has what it is now, where that differs. */
const sayNow = (place, words, now) => {
  if (names.length && now && words !== now) place.dataset.now = now;
  else delete place.dataset.now;
};

const recount = () => {
  for (const row of document.querySelectorAll("tr:has(> th [data-head])")) {
    const { head } = row.querySelector("[data-head]").dataset;
    for (const [label, count] of Object.entries(COUNTS)) {
      const cell = row.querySelector(`td[data-label="${label}"]`);
      if (cell) sayNow(cell, cell.textContent.trim(), count(state.counts.get(head), state.index.heads.get(head)));
    }
  }
  const said = facts(state);
  for (const term of main.querySelectorAll(".rows dt")) {
    const values = [...term.parentElement.querySelectorAll("dd")];
    if (Object.hasOwn(said, term.textContent)) sayNow(values.at(-1), values.map((one) => one.textContent).join(", "), said[term.textContent]);
  }
};

/** Lists grow while they are scrolled. */
const watcher = new MutationObserver((records) => {
  if (!state) return;
  for (const { addedNodes } of records) for (const node of addedNodes) if (node.nodeType === 1) mark(node);
});

const choose = (event) => {
  const element = isOn() && state ? choiceAt(event.target) : null;
  if (!element) return;
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button > 0) return;
  if (event.type === "keydown" && (event.repeat || (event.key !== "Enter" && event.key !== " "))) return;
  event.preventDefault();
  event.stopPropagation();
  const name = element.dataset.head ?? element.dataset.region;
  goTo(true, names.includes(name) ? names.filter((one) => one !== name) : [...names, name]);
};
document.addEventListener("click", choose, true);
document.addEventListener("keydown", choose, true);

// --- the dock

const list = (summary, items) => {
  const shown = items.slice(0, MOST).map((children) => make("li", {}, ...children));
  const rest = items.length - shown.length;
  if (rest > 0) shown.push(make("li", { class: "more" }, `and ${rest.toLocaleString("en")} more`));
  return items.length ? make("details", {}, make("summary", {}, summary), make("ul", {}, ...shown)) : null;
};

const figure = (value) => String(Number(value.toFixed(2)));

const sentence = ({ index, outcome: { losses, moves, loads } }) => {
  const leaving = moves.filter(({ leaves }) => leaves).length;
  const overloaded = loads.filter((load) => load.overloaded).length;
  const parts = [
    [losses.length, "loses service", "lose service"],
    [moves.length, "moves to another head", "move to other heads"],
    [leaving, "leaves its region", "leave their region"],
  ].filter(([number]) => number);
  const words = parts.map(([number, one, many]) => `${counted(number, "model")} ${number === 1 ? one : many}`);
  if (overloaded) words.push(`${counted(overloaded, "head")} overloaded`);
  return `${listed(names.map((name) => title(index, name)))} down: ${words.join(", ") || "nothing changes"}.`;
};

/** Who answers for the model of a page. */
const answer = ({ index, down }) => {
  const route = index.routes.get(main.dataset.model);
  if (!route || !names.length) return null;
  const found = tools.decide(index, { model: route.id, down: names });
  const tiers = route.tiers.map((tier) => {
    const heads = tier.map(([head]) => make(down.has(head) ? "s" : "b", {}, head));
    return make("li", {}, ...heads.flatMap((head, place) => (place ? [" or ", head] : [head])));
  });
  const first = found.tiers.map((tier) => tier.map(([head]) => head).join(" or "));
  const says = {
    routed: `200: ${[first[0], ...first.slice(1)].join(", then ")}`,
    disabled: "404: this model is disabled",
    no_head: "503: no head is left",
  }[found.why];
  const others = found.why === "no_head" ? route.fallbacks.flatMap(([, models]) => models) : [];
  const instead = [...new Set(others)].flatMap((model, place) => {
    const one = tools.decide(index, { model, down: names });
    return [place ? ", " : " Fallback models: ", modelLink(index, one.route), ` (${one.status})`];
  });
  return make("div", { class: "what-if-model" }, make("p", {}, make("strong", {}, `This model: ${says}.`), ...instead), make("ol", { "aria-label": "Tiers" }, ...tiers));
};

const details = ({ index, outcome: { losses, moves, loads } }) => [
  list(
    `Models without service (${losses.length.toLocaleString("en")})`,
    losses.map(({ route }) => [modelLink(index, route)]),
  ),
  list(
    `Models that move (${moves.length.toLocaleString("en")})`,
    moves.map(({ route, after, leaves }) => [modelLink(index, route), ` → ${after.join(" + ")}${leaves ? ", outside its region" : ""}`]),
  ),
  list(
    "Load of heads, in models",
    loads.map(({ head, before, after, overloaded }) => [`${head}: ${figure(before)} → ${figure(after)}${overloaded ? ", overloaded" : ""}`]),
  ),
];

const picker = (index) => {
  const options = (words, all) => {
    const free = all.filter(([name]) => !names.includes(name));
    return make("optgroup", { label: words }, ...free.map(([name, text]) => make("option", { value: name }, text)));
  };
  // The code of a region that is also the id of a head means the head.
  const regions = [...index.regions.values()].filter(({ code }) => index.headsOf.get(code).length && !index.heads.has(code));
  const heads = [...index.heads.values()].filter(({ status }) => status !== "offline");
  const select = make(
    "select",
    { "aria-label": "Take down" },
    make("option", { value: "" }, "Take down…"),
    options("Regions", regions.map(({ code, title: text }) => [code, text])),
    options("Heads", heads.map(({ id, region }) => [id, `${id} (${region})`])),
  );
  select.addEventListener("change", () => {
    if (select.value) goTo(true, [...names, select.value]);
  });
  return select;
};

const button = (words, act, attributes = {}) => {
  const made = make("button", { type: "button", class: "button", ...attributes }, words);
  made.addEventListener("click", act);
  return made;
};

const draw = (problem = "") => {
  dock ??= document.body.appendChild(
    make(
      "aside",
      { class: "what-if-dock", "aria-label": "What if" },
      make("p", { role: "status", class: "what-if-words" }),
      make("div", { class: "what-if-tools" }),
      make("div", { class: "what-if-more" }),
    ),
  );
  dock.hidden = !isOn();
  const [words, bar, more] = dock.children;
  const missing = unknown.length ? `No head or region is named ${listed(unknown.map((name) => `“${name}”`))}. ` : "";
  const hint = "Choose a head or a region, here or anywhere on the page, to take it down.";
  const text = problem || (state ? missing + (names.length ? sentence(state) : hint) : "Loading…");
  if (words.textContent !== text) words.textContent = text;
  words.classList.toggle("problem", problem !== "");
  const leave = button("Leave", () => { goTo(false, []); toggle?.focus(); });
  if (!state) {
    bar.replaceChildren(leave);
    return;
  }
  const chips = names.map((name) =>
    button(title(state.index, name), () => goTo(true, names.filter((one) => one !== name)), { class: "button chip", "aria-label": `Bring ${title(state.index, name)} back` }),
  );
  const clear = names.length > 1 ? [button("Clear all", () => goTo(true, []))] : [];
  const held = bar.contains(document.activeElement);
  const select = picker(state.index);
  bar.replaceChildren(...chips, select, ...clear, leave);
  if (held) select.focus();
  const open = [...more.querySelectorAll("details")].map((one) => one.open);
  const parts = names.length ? [...(main.dataset.page === "model" ? [answer(state)] : []), ...details(state)] : [];
  more.replaceChildren(...parts.filter(Boolean));
  more.querySelectorAll("details").forEach((one, place) => { one.open = open[place] ?? false; });
};

// --- all of it

const settle = (index) => {
  const known = (name) => index.heads.has(name) || index.regions.has(name);
  unknown = names.filter((name) => !known(name));
  names = names.filter(known);
  const outcome = tools.drill(index, names);
  const down = tools.headsDown(index, names);
  const counts = new Map([...index.heads.keys()].map((head) => [head, { first: 0, later: 0, alone: 0 }]));
  for (const route of index.routes.values()) {
    const tiers = tools.without(route.tiers, down);
    tiers.forEach((tier, place) => {
      for (const [head] of tier) counts.get(head)[place ? "later" : "first"] += 1;
    });
    const heads = tiers.flat().map(([head]) => head);
    if (heads.length && heads.filter((head) => index.heads.get(head).status === "active").length < 2) counts.get(heads[0]).alone += 1;
  }
  const own = main.dataset.page === "model" ? index.routes.get(main.dataset.model) : null;
  const first = own && own.status !== "disabled" ? tools.decide(index, { model: own.id, down: names }).tiers[0] : [];
  state = {
    index, outcome, down, counts, names: [...names],
    lost: new Set(outcome.losses.map(({ route }) => route.id)),
    moved: new Set(outcome.moves.map(({ route }) => route.id)),
    answering: new Set((first ?? []).map(([head]) => head)),
  };
};

const show = async () => {
  const on = isOn();
  root.classList.toggle("what-if", on);
  toggle?.setAttribute("aria-pressed", String(on));
  if (!on && !state) return;
  if (!state) {
    draw();
    try {
      tools = await import("./decide.js");
      settle(await tools.load(ROUTES));
    } catch {
      draw("The routing table could not be read, so nothing can be said. Reload the page to try again.");
      return;
    }
    watcher.observe(main, { childList: true, subtree: true });
  } else {
    settle(state.index);
  }
  draw();
  mark(document.body);
  recount();
  document.dispatchEvent(new CustomEvent("whatif", { detail: state }));
};

toggle?.addEventListener("click", () => goTo(!isOn(), []));
window.addEventListener("popstate", () => {
  names = wanted();
  show();
});
names = wanted();
show();

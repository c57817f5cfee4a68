// The ask box: what becomes of a request for a model from a region, as `modelspec route` says it. `?ask=…&from=…` is the
// question, so that an answer can be shared. The routing table is loaded when the box is first used.
//
// Names come from pull requests and URLs: they enter the page as text and as attribute values, never as markup.

import { fold, prefixOf } from "./records.js";
import { counted, current, isolated, listed, make, modelLink } from "./whatif.js";

const ROUTES = new URL("routes.json", import.meta.url).href;
const MOST = 12;
const CONDITIONS = { any: "any failure", error: "an error", context_window: "a request that is too long", content_policy: "refused content" };
const POLICIES = { round_robin: "in turn", least_request: "by least requests", random: "at random" };

const box = document.getElementById("ask");
const form = box.querySelector("form");
const input = document.getElementById("ask-model");
const from = document.getElementById("ask-from");
const options = document.getElementById("ask-options");
const says = document.getElementById("ask-says");
const answer = document.getElementById("ask-answer");

let tools; // decide.js
let index;
let entries = [];
let active = -1;

const say = (text, kind = "") => {
  if (says.textContent !== text) says.textContent = text;
  says.dataset.kind = kind;
};

/** The index, loaded at the first call; null where it cannot be read, which the page then says. */
const ready = async () => {
  if (index) return index;
  try {
    tools = await import("./decide.js");
    const loaded = await tools.load(ROUTES);
    entries = [...loaded.names].map(([name, route]) => ({ name, route, folded: fold(name), title: fold(route.name) }));
    index = loaded;
  } catch {
    say("The routing table could not be read. Reload the page to try again.", "bad");
    return null;
  }
  return index;
};

// --- suggestions

const rank = ({ folded, title }, words) => {
  if (folded === words) return 0;
  if (folded.startsWith(words)) return 1;
  if (folded.includes(`/${words}`)) return 2;
  if (folded.includes(words)) return 3;
  return title.includes(words) ? 4 : null;
};

const suggestions = (text) => {
  const words = fold(text.trim());
  if (!words) return [];
  const found = [];
  for (const entry of entries) {
    const place = rank(entry, words);
    if (place !== null) found.push([place, entry]);
  }
  found.sort(([one], [two]) => one - two);
  if (found.length) return found.slice(0, MOST).map(([, entry]) => entry);
  return tools.nearest(index, text.trim()).map((name) => ({ name, route: index.names.get(name) }));
};

const close = () => {
  active = -1;
  options.hidden = true;
  options.replaceChildren();
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
};

const suggest = () => {
  const found = suggestions(input.value);
  close();
  if (!found.length) return;
  options.replaceChildren(
    ...found.map(({ name, route }, place) =>
      make(
        "li",
        { role: "option", id: `ask-option-${place}`, "aria-selected": "false", "data-name": name },
        isolated(name),
        name === route.name ? null : make("small", {}, isolated(name === route.id ? route.name : `${route.id}, ${route.name}`)),
      ),
    ),
  );
  options.hidden = false;
  input.setAttribute("aria-expanded", "true");
};

const point = (place) => {
  const all = options.children;
  all[active]?.setAttribute("aria-selected", "false");
  active = (place + all.length) % all.length;
  all[active].setAttribute("aria-selected", "true");
  all[active].scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-activedescendant", all[active].id);
};

// --- the answer

const forgeLink = (path, line) => {
  const text = make("code", {}, isolated(`${path}:${line}`));
  if (!index.view) return text;
  const inPath = (value) => value.split("/").map(encodeURIComponent).join("/");
  const url = index.view.replace(/\{(path|line|name)\}/g, (_, part, place, whole) => {
    const value = { path, line: String(line), name: path.split("/").at(-1) }[part];
    return whole.slice(0, place).includes("?") ? encodeURIComponent(value) : inPath(value);
  });
  return make("a", { href: url }, text);
};

const headLink = (id) => make("a", { href: index.heads.get(id).href, "data-head": id }, id);

const regionLink = (code) => {
  const region = index.regions.get(code);
  return make("a", { href: region.href, "data-region": code }, isolated(region.title));
};

/** Children with commas between them. */
const joined = (children) => children.flatMap((child, place) => (place ? [", ", child] : [child]));

const upstream = ({ endpoint, provider, key, keyHref, location, model, weight, order }) => {
  const also = [order !== null && `order ${order}`, weight !== null && `weight ${weight}`].filter(Boolean);
  return make(
    "li",
    {},
    make("code", {}, isolated(endpoint)),
    ` (${provider}) as `,
    make("code", {}, isolated(model)),
    also.length ? `, ${also.join(", ")}` : "",
    make("span", { class: "hint" }, "key: ", keyHref ? make("a", { href: keyHref }, isolated(key)) : isolated(key), `; ${location}`),
  );
};

const headItem = ([id, weight], tier, decision, model, isLocal) => {
  const head = index.heads.get(id);
  const hasActive = decision.route.tiers.flat().some(([other]) => index.heads.get(other).status === "active");
  const drains = head.status === "draining" ? `, draining${hasActive ? ": tried after every active head" : ""}` : "";
  return make(
    "li",
    {},
    headLink(id),
    " in ",
    regionLink(head.region),
    tier.length > 1 ? `, weight ${weight}` : "",
    drains,
    make("span", { class: "hint" }, make("code", {}, isolated(head.url)), " · ", forgeLink("heads.yaml", head.line)),
    isLocal ? make("ul", {}, ...tools.targetsAt(decision, model, id).map(upstream)) : null,
  );
};

const tiersOf = (decision, model) => {
  const { route, tiers } = decision;
  const isLocal = route.targets.some(({ head }) => head !== null);
  const parts = tiers.map((tier, place) => {
    const shared = tier.length > 1 ? `, shared by ${tier.length} heads ${POLICIES[route.policy] ?? route.policy}` : "";
    const title = place ? `Fallback ${place}${shared}` : `First${shared}`;
    return make("section", {}, make("h3", {}, title), make("ul", {}, ...tier.map((head) => headItem(head, tier, decision, model, isLocal))));
  });
  if (tiers.length && !isLocal) {
    const targets = tools.targetsAt(decision, model, tiers[0][0][0]).map(upstream);
    parts.push(make("section", {}, make("h3", {}, "Each head calls"), make("ul", {}, ...targets)));
  }
  return parts;
};

const about = ({ route, name }) => {
  const kind = prefixOf(name) !== null ? "wildcard" : name === route.id ? "model" : "alias";
  const rows = [
    [kind === "model" ? "Model" : `The ${kind} `, kind === "model" ? null : make("code", {}, isolated(name)), kind === "model" ? " " : " means ", modelLink(index, route), " of ", regionLink(route.region), " · ", forgeLink(route.path, route.line)],
  ];
  if (route.status !== "active") {
    const next = route.replacedBy === null ? null : index.names.get(route.replacedBy);
    rows.push([`Status: ${route.status}`, ...(next ? [", replaced by ", modelLink(index, next)] : [])]);
  }
  if (route.clients) rows.push(["May be called from ", ...(route.clients.length ? joined(route.clients.map(regionLink)) : ["nowhere"])]);
  return rows.map((children) => make("p", {}, ...children.filter((child) => child !== null)));
};

const reachOf = ({ route }) => {
  const { residency, title } = index.regions.get(route.region);
  const rule =
    residency === null ? `${title} has no residency rule`
    : route.reach.every((code) => residency.includes(code)) ? `within the residency of ${title}: ${residency.join(", ")}`
    : `beyond the residency of ${title}, by a waiver: ${residency.join(", ")}`;
  return make("section", {}, make("h3", {}, "May reach"), make("p", {}, ...joined(route.reach.map(regionLink)), make("span", { class: "hint", dir: "auto" }, rule)));
};

const othersOf = ({ route }) => {
  const rows = route.fallbacks.map(([condition, models]) =>
    make("li", {}, `After ${CONDITIONS[condition] ?? condition}: `, ...joined(models.map((name) => modelLink(index, index.names.get(name))))),
  );
  return rows.length ? make("section", {}, make("h3", {}, "Fallback models, each a request of its own"), make("ul", {}, ...rows)) : null;
};

const unusedOf = (decision) => {
  const all = tools.unused(index, decision);
  const told = all.filter(([, why]) => why !== "not_named");
  const rest = all.length - told.length;
  const rows = told.map(([id, why]) => make("li", {}, headLink(id), `: ${why}`));
  if (rest) rows.push(make("li", {}, `${counted(rest, "head")} not listed in the model's file`));
  return rows.length ? make("section", {}, make("h3", {}, "Heads not used"), make("ul", {}, ...rows)) : null;
};

const headline = ({ why, tiers, status }, model, origin, down) => {
  const name = `“${isolated(model).textContent}”`;
  const heads = (tiers[0] ?? []).map(([head]) => head);
  const gone = down.length ? ` with ${listed(down)} down` : "";
  return `${status}: ${
    {
      routed: `${name} is routed to ${heads.length > 6 ? `one of ${heads.length} heads` : heads.join(" or ")}${gone}`,
      unknown: `no model, alias or wildcard matches ${name}`,
      disabled: `${name} is disabled`,
      client_region: `${name} may not be called from ${index.regions.get(origin)?.title ?? origin}`,
      no_head: `no head is left for ${name}${gone}`,
    }[why]
  }.`;
};

const near = (model) => {
  const names = tools.nearest(index, model);
  if (!names.length) return [make("p", {}, "Names are case-sensitive; no declared name is close to this one.")];
  const buttons = names.map((name) => {
    const choice = make("button", { type: "button", class: "button" }, isolated(name));
    choice.addEventListener("click", () => {
      input.value = name;
      ask();
      input.focus();
    });
    return choice;
  });
  return [make("p", { class: "actions" }, make("span", {}, "Did you mean "), ...buttons)];
};

const draw = () => {
  const model = input.value.trim();
  const origin = from.value || null;
  const down = current()?.names ?? [];
  const decision = tools.decide(index, { model, origin, down });
  say(headline(decision, model, origin, down), decision.why === "routed" ? "good" : "bad");
  const parts =
    decision.route === null ? near(model)
    : decision.why === "routed" ? [...about(decision), ...tiersOf(decision, model), reachOf(decision), othersOf(decision), unusedOf(decision)]
    : decision.why === "no_head" ? [...about(decision), othersOf(decision), unusedOf(decision)]
    : about(decision);
  answer.replaceChildren(...parts.filter(Boolean));
};

// --- the question

const write = (model, region) => {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of [["ask", model], ["from", region]]) {
    if (value) query.set(name, value);
    else query.delete(name);
  }
  const text = query.toString();
  const next = location.pathname + (text && `?${text}`) + location.hash;
  if (next !== location.pathname + location.search + location.hash) history.pushState(null, "", next);
};

const show = async () => {
  close();
  if (!input.value.trim()) {
    say("");
    answer.replaceChildren();
    return;
  }
  if (!index) say("Loading…");
  if (await ready()) draw();
};

const ask = () => {
  write(input.value.trim(), from.value);
  return show();
};

const fromAddress = async () => {
  const query = new URLSearchParams(location.search);
  const region = query.get("from") ?? "";
  input.value = query.get("ask") ?? "";
  from.value = region;
  const isKnown = from.value === region;
  if (!isKnown) from.value = "";
  if (input.value) box.closest("details")?.setAttribute("open", "");
  await show();
  document.documentElement.classList.remove("asked");
  if (!isKnown && input.value && index) say(`No region is named “${isolated(region).textContent}”, so this is the answer for clients anywhere. ${says.textContent}`, "bad");
};

form.addEventListener("submit", (event) => {
  event.preventDefault();
  ask();
});
from.addEventListener("change", () => input.value.trim() && ask());
for (const control of [input, from]) {
  control.addEventListener("focus", async () => {
    if (index) return;
    if (!says.textContent) say("Loading…");
    if ((await ready()) && says.textContent === "Loading…") say("");
    if (document.activeElement === input && input.value) suggest();
  });
}
input.addEventListener("input", () => index && suggest());
input.addEventListener("blur", close);
input.addEventListener("keydown", (event) => {
  const { key } = event;
  if (event.isComposing || event.ctrlKey || event.metaKey) return;
  if (key === "ArrowDown" || key === "ArrowUp") {
    event.preventDefault();
    if (options.hidden && index) suggest();
    if (!options.hidden) point(key === "ArrowDown" ? active + 1 : active - (active < 0 ? 0 : 1));
  } else if (key === "Enter" && active >= 0) {
    event.preventDefault();
    input.value = options.children[active].dataset.name;
    ask();
  } else if (key === "Escape" && !options.hidden) {
    event.preventDefault();
    event.stopPropagation();
    close();
  }
});
// The focus stays in the field, so that it does not close the list before the click.
options.addEventListener("pointerdown", (event) => event.preventDefault());
options.addEventListener("click", (event) => {
  const option = event.target.closest("[role=option]");
  if (!option) return;
  input.value = option.dataset.name;
  ask();
});
window.addEventListener("popstate", fromAddress);
document.addEventListener("whatif", () => index && input.value.trim() && draw());
fromAddress();

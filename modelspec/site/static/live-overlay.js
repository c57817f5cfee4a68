// The overlay of every page: a dot at each head and model, a line on their pages, and a bar when something is down.
//
// Nothing that is drawn moves: dots are small or stand in margins, lines have their place from the build, panels come at
// the end, and the bar is fixed at the bottom of the window.

import { OLD, readUsage } from "./live-files.js";
import { ageOf, compact, duration, el, large, moment, percent, plain, seriesDays, spanShort, spanWords, sparkline, uptime } from "./live-parts.js";

const root = document.documentElement;
const main = document.querySelector("main");
const page = main.dataset.page;
const admin = new URL("../", import.meta.url);

/** What is known: `heads` by id, `models` by id, `without` the reasons of models without service. */
let known = { heads: new Map(), models: new Map(), without: new Map(), isOld: false };

const REASONS = { no_head: "no head answers", no_upstream: "no upstream answers" };
const MARKS = { up: "up", down: "down", unknown: "unknown", offline: "offline", fallback: "on a fallback" };

// --- what is known of a head or a model

const ago = (since) => (since ? Date.now() - Date.parse(since) : null);

const ofHead = (id) => {
  const head = known.heads.get(id);
  if (!head) return null;
  const state = head.declared === "offline" ? "offline" : head.state;
  const since = head.since ? ` since ${moment(head.since)}` : "";
  const reason = state === "down" && head.reason ? `: ${head.reason}` : "";
  return { state, age: ago(head.since), words: `${MARKS[state]}${since}${reason}` };
};

const ofModel = (id) => {
  const model = known.models.get(id);
  if (!model) return null;
  const since = model.since ? ` since ${moment(model.since)}` : "";
  const said = (state, words) => ({ state, age: ago(model.since), words });
  if (model.tier === null) return said("down", `without service${since}: ${REASONS[known.without.get(id)] ?? "nothing answers"}`);
  const heads = model.heads.join(", ");
  return model.tier ? said("fallback", `on a fallback${since}: ${heads} answers`) : said("up", `up at ${heads}${since}`);
};

// --- dots

const HOOKS = "[data-head], [data-model]";
const IGNORED = new Set(["main", "input", "option", "template"]);

const decorate = (element) => {
  const { head, model } = element.dataset;
  if (IGNORED.has(element.localName) || (model === undefined && element.closest(".card"))) return;
  const found = model === undefined ? ofHead(head) : ofModel(model);
  if (!found) {
    delete element.dataset.live;
    return;
  }
  element.dataset.live = found.state;
  if (element instanceof SVGElement) return;
  const place = element.localName === "tr" ? element.cells[0] : element;
  let note = place.querySelector(":scope > .live-note");
  if (!note) place.append((note = el("span", { class: "live-note" }, el("span"))));
  const text = ` ${MARKS[found.state]}${found.age === null ? "" : ` ${spanShort(found.age)}`}`;
  if (note.firstChild.textContent !== text) note.firstChild.textContent = text;
  note.dataset.state = found.state;
  note.title = plain(found.words);
};

const decorateAll = (within) => {
  if (within.matches?.(HOOKS)) decorate(within);
  for (const element of within.querySelectorAll?.(HOOKS) ?? []) decorate(element);
};

/** Cards and rows are drawn while the reader scrolls; rows may be used again for other models. */
const watcher = new MutationObserver((changes) => {
  for (const { type, target, addedNodes } of changes) {
    if (type === "attributes") decorate(target);
    else for (const node of addedNodes) if (node.nodeType === Node.ELEMENT_NODE) decorateAll(node);
  }
});

// --- the bar

const bar = el("aside", { class: "live-bar", "aria-label": "What happens now", hidden: "" });
let hidden = "";

const plural = (number, one, many = `${one}s`) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;

/** Up to `most` names, each isolated from the text around it. */
export const names = (values, most, link = (value) => value) => {
  const shown = values.slice(0, most).flatMap((value, place) => [place ? ", " : "", el("bdi", {}, link(value))]);
  return values.length > most ? [...shown, ` and ${plural(values.length - most, "more", "more")}`] : shown;
};

/** What is down and whom it touches, with up to `most` names: a list of children for each sentence. */
export const sentences = (status, most = 3) => {
  const said = [];
  const heads = status.heads.filter((head) => head.state === "down" && head.declared !== "offline");
  const link = (id) => el("a", { href: new URL(`heads/${encodeURIComponent(id)}.html`, admin).href }, id);
  if (heads.length) {
    const since = heads.length === 1 && heads[0].since ? [` since ${moment(heads[0].since)}`] : [];
    said.push([`${plural(heads.length, "head is", "heads are")} down: `, ...names(heads.map((head) => head.head_id), most, link), ...since, "."]);
  }
  const upstreams = status.upstreams.filter(({ state }) => state === "down");
  if (upstreams.length) {
    const shown = upstreams.map(({ endpoint }) => endpoint.env ?? endpoint);
    said.push([`${plural(upstreams.length, "upstream is", "upstreams are")} down: `, ...names(shown, most), "."]);
  }
  const without = status.without_service.map(({ model_id }) => model_id);
  if (without.length) {
    said.push([`${plural(without.length, "model is", "models are")} without service: `, ...names(without, most), "."]);
  }
  const moved = Object.entries(status.models).flatMap(([id, { tier }]) => (tier > 0 ? [id] : []));
  if (moved.length) said.push([`${plural(moved.length, "model is", "models are")} on a fallback: `, ...names(moved, most), "."]);
  return said;
};

const showBar = (status, usage) => {
  const faults = [status, usage].filter((file) => file?.fault).map(({ fault }) => [`${fault}.`]);
  const said = status.value ? sentences(status.value) : [];
  const age = status.value && ageOf(status.value.generated, OLD.status);
  if (age?.isOld) faults.unshift([`Status is ${age.words}.`]);
  const children = [...said, ...faults].map((sentence) => el("span", {}, ...sentence, " "));
  const text = children.map((child) => child.textContent).join("");
  // Not said again each minute, nor after it was put away.
  if (bar.dataset.text === text) return;
  bar.dataset.text = text;
  bar.dataset.state = said.length ? "down" : "fault";
  bar.hidden = !text || text === hidden || page === "traffic";
  const more = el("a", { href: new URL("traffic.html", admin).href }, "Details");
  const close = el("button", { type: "button", class: "quiet" }, "Hide");
  close.addEventListener("click", () => {
    hidden = text;
    bar.hidden = true;
  });
  bar.replaceChildren(el("div", { role: "status" }, ...children), el("div", { class: "live-actions" }, more, close));
  if (!bar.isConnected) document.querySelector(".bottom").after(bar);
};

// --- the pages of a model and a head

const panel = (id, title, ...children) => {
  const made = el("section", { class: "panel live-panel", id }, el("h2", {}, title), ...children);
  const old = document.getElementById(id);
  if (old) old.replaceWith(made);
  else main.append(made);
};

const figuresOf = (row, currency) => {
  const facts = [
    ["Requests", large(row.requests)],
    ["Errors", `${percent(row.server_errors, row.requests)} of the server, ${percent(row.client_errors, row.requests)} of the client`],
    ["On a fallback", percent(row.failovers, row.requests)],
    ["Latency", `median ${duration(row.duration_p50_ms)}, 95th percentile ${duration(row.duration_p95_ms)}`],
  ];
  if (row.input_tokens || row.output_tokens) facts.push(["Tokens", `${large(row.input_tokens)} in, ${large(row.output_tokens)} out`]);
  if (row.cost !== null) facts.push(["Cost", `${compact(row.cost)} ${currency}`]);
  const rows = facts.map(([term, value]) => el("div", {}, el("dt", {}, term), el("dd", {}, value)));
  return el("dl", { class: "rows" }, ...rows);
};

const usageAge = (usage) => {
  if (!usage.last_hour) return "no requests yet";
  const { isOld, words } = ageOf(`${usage.last_hour.slice(0, -1)}:00Z`, OLD.usage);
  return `From ${usage.first_hour.slice(0, 10)} to ${usage.last_hour.slice(0, 10)}${isOld ? `: usage is ${words}` : ""}.`;
};

const now = main.querySelector("[data-now]");

/** A dot and words in the line that the build has left free. */
const sayNow = (found, ...more) => {
  if (!now) return;
  const was = known.isOld ? "was " : "";
  now.replaceChildren(el("span", { class: "live-note", "data-state": found.state }, el("span", {}, ` ${was}${found.words}`)), ...more);
  now.title = plain(found.words);
};

const showModel = (usage) => {
  const id = main.dataset.model;
  const found = ofModel(id) ?? { state: "unknown", words: known.models.size ? "not served" : "no status" };
  const days = usage?.model_days.find(([model]) => model === id);
  const row = usage?.models.find(({ model_id }) => model_id === id);
  const parts = [];
  if (days) {
    const [, requests, most, characters] = days;
    const rate = `${compact(requests / seriesDays(usage))} requests a day`;
    sayNow(found, el("a", { href: "#requests", class: "live-rate" }, sparkline(characters, most, usage.series.last_day, "spark"), rate));
    parts.push(sparkline(characters, most, usage.series.last_day, "bars"), el("p", { class: "hint" }, `${rate}, in 28 days up to ${usage.series.last_day}.`));
  } else if (known.models.size) sayNow(found);
  if (row) parts.push(figuresOf(row, usage.currency));
  if (usage?.total && !parts.length) parts.push(el("p", {}, "None, or fewer than the models that usage.json lists."));
  if (parts.length) panel("requests", "Requests", ...parts, el("p", { class: "hint" }, usageAge(usage)));
};

const showHead = (status, usage) => {
  const id = main.dataset.head;
  const head = known.heads.get(id);
  if (head) {
    sayNow(ofHead(id));
    const facts = [head.latency_ms === null ? "" : `It last answered in ${duration(head.latency_ms)}.`, head.reason && `Last probe: ${head.reason}.`];
    const { picture, words, failures } = uptime(head.hours, status.hour);
    panel("uptime", "Uptime", picture, el("p", {}, `${words}, ${failures}.`), el("p", { class: "hint" }, facts.filter(Boolean).join(" ")));
  }
  const row = usage?.heads.find(({ head_id }) => head_id === id);
  if (row) panel("requests", "Requests", figuresOf(row, usage.currency), el("p", { class: "hint" }, usageAge(usage)));
};

// --- what if

/** The part of a tier's weight at some of its heads. */
const shareOf = (tier, isMeant) => {
  const weigh = (heads) => heads.reduce((sum, [, weight]) => sum + weight, 0);
  return weigh(tier.filter(([head]) => isMeant(head))) / weigh(tier);
};

/** Models that usage.json has days of, as modelspec/traffic/usage_live.py: with so many, there are more. */
const MOST_SERIES = 1_500;

/** Say below What if what its outage does to requests a day, of those that usage.json tells by model. */
export const weigh = async ({ down, outcome: { losses, moves } }) => {
  const dock = document.querySelector(".what-if-more");
  if (!dock) return;
  const { value: usage } = await readUsage();
  let place = dock.querySelector(".what-if-requests");
  if (!place) dock.append((place = el("p", { class: "what-if-requests" })));
  place.hidden = !down.size || !usage?.series;
  if (place.hidden) return;
  const rates = new Map(usage.model_days.map(([id, requests]) => [id, requests / seriesDays(usage)]));
  const sum = (entries) => entries.reduce((total, [id, share]) => total + share * (rates.get(id) ?? 0), 0);
  const lost = sum(losses.map(({ route }) => [route.id, 1]));
  const moved = sum(moves.map(({ route, after }) => [route.id, shareOf(route.tiers[0], (head) => !after.includes(head))]));
  const all = sum([...rates.keys()].map((id) => [id, 1]));
  const named = usage.model_days.length < MOST_SERIES ? "" : ` to the ${usage.model_days.length.toLocaleString("en")} most called models`;
  place.textContent = `Of ${large(all)} requests a day${named}, ${large(lost)} (${percent(lost, all)}) lose service and ${large(moved)} (${percent(moved, all)}) move.`;
};

// --- all of it

const styled = new Promise((done) => {
  const href = new URL("live.css", import.meta.url).href;
  if ([...document.styleSheets].some((sheet) => sheet.href === href)) return done();
  const link = el("link", { rel: "stylesheet", href });
  link.addEventListener("load", done);
  link.addEventListener("error", done);
  document.head.append(link);
});

export const overlay = async (status, usage) => {
  await styled;
  const value = status.value;
  known = {
    heads: new Map(value?.heads.map((head) => [head.head_id, head])),
    models: new Map(Object.entries(value?.models ?? {})),
    without: new Map(value?.without_service.map(({ model_id, why }) => [model_id, why])),
    isOld: Boolean(value && ageOf(value.generated, OLD.status).isOld),
  };
  root.classList.toggle("live-old", known.isOld);
  watcher.disconnect();
  decorateAll(document.body);
  if (value) watcher.observe(main, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-head", "data-model"] });
  showBar(status, usage);
  if (page === "model") showModel(usage?.value);
  if (page === "head") showHead(value, usage?.value);
};

// The Traffic page: what status.json and usage.json tell of the whole fleet.

import { OLD } from "./live-files.js";
import { names, sentences } from "./live-overlay.js";
import { ageOf, bars, compact, duration, el, large, moment, number, percent, uptime } from "./live-parts.js";
import { fileOf } from "./records.js";

const place = document.querySelector("#traffic");
const said = document.querySelector("#traffic-state");
const regions = new Map(place ? JSON.parse(place.dataset.regions) : []);
const admin = new URL("../", import.meta.url);
const OTHER = "(other)";
const SHOWN = 10;

const section = (title, ...children) => el("section", { class: "panel" }, el("h2", {}, title), ...children);

const table = (caption, headings, rows, className = "") => {
  const head = headings.map((text) => el("th", { scope: "col" }, text));
  const body = rows.map(([first, ...cells]) => el("tr", {}, el("th", { scope: "row" }, first), ...cells));
  const made = el("table", { class: `figures ${className}` }, el("caption", { class: "visually-hidden" }, caption), el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...body));
  // Wide tables scroll on their own, by the keyboard too.
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, made);
};

const named = (id, words, href) => {
  if (id === "" || id === OTHER) return el("span", { class: "hint" }, id ? "all others" : words);
  return href ? el("a", { href: new URL(href, admin).href }, el("bdi", {}, id)) : el("bdi", {}, id);
};

// --- usage

const HEADINGS = ["Requests", "Share", "Errors", "On a fallback", "p50", "p95", "Tokens in", "Tokens out"];

const figures = (caption, first, rows, name, usage) => {
  const isCosted = rows.some(({ cost }) => cost !== null);
  const cells = (row) => [
    compact(row.requests),
    percent(row.requests, usage.total.requests),
    percent(row.server_errors, row.requests),
    percent(row.failovers, row.requests),
    duration(row.duration_p50_ms),
    duration(row.duration_p95_ms),
    compact(row.input_tokens),
    compact(row.output_tokens),
    ...(isCosted ? [row.cost === null ? "–" : compact(row.cost)] : []),
  ];
  const headings = [first, ...HEADINGS, ...(isCosted ? [`Cost ${usage.currency}`] : [])];
  return table(caption, headings, rows.map((row) => [name(row), ...cells(row).map((text) => el("td", {}, text))]));
};

const tiles = ({ total, currency }) => {
  const facts = [
    [large(total.requests), "requests"],
    [percent(total.server_errors, total.requests), "answered with an error of the server, or not at all"],
    [percent(total.failovers, total.requests), "answered by a head that is not of the first tier"],
    [duration(total.duration_p95_ms), `95th percentile of the whole answer; median ${duration(total.duration_p50_ms)}`],
  ];
  if (total.input_tokens || total.output_tokens) {
    facts.push([large(total.input_tokens + total.output_tokens), `tokens: ${large(total.input_tokens)} in, ${large(total.output_tokens)} out`]);
  }
  if (total.cost !== null) facts.push([`${compact(total.cost)} ${currency}`, "cost"]);
  return el("dl", { class: "tiles facts" }, ...facts.map(([value, words]) => el("div", { class: "tile" }, el("dt", {}, words), el("dd", {}, value))));
};

const days = ({ days: rows }) => {
  const most = Math.max(...rows.map(({ requests }) => requests));
  const drawn = rows.map(({ date, requests, server_errors, failovers }) => ({
    height: most ? requests / most : 0,
    state: "requests",
    title: `${date}: ${number(requests)} requests, ${percent(server_errors, requests)} errors, ${percent(failovers, requests)} on a fallback`,
  }));
  const words = `${rows.length === 1 ? "1 day" : `${rows.length} days`} with requests up to ${rows.at(-1).date}, at most ${number(most)} a day`;
  return section("Requests by day", bars(drawn, { label: words, className: "bars wide" }), el("p", { class: "hint" }, `${words}.`));
};

/** Codes in the order of the fleet, then what is not known, then all others. */
const ordered = (codes) => {
  const rank = new Map([...regions.keys(), "", OTHER].map((code, at) => [code, at]));
  return [...new Set(codes)].sort((one, two) => (rank.get(one) ?? rank.size) - (rank.get(two) ?? rank.size));
};

const matrix = ({ regions: pairs }) => {
  const clients = ordered(pairs.map(({ client }) => client));
  const served = ordered(pairs.map(({ served: code }) => code));
  const cells = new Map(pairs.map((pair) => [JSON.stringify([pair.client, pair.served]), pair]));
  const title = (code, unknown) => (code === OTHER ? "all others" : code ? (regions.get(code) ?? code) : unknown);
  const column = (code) => (regions.has(code) ? el("abbr", { title: title(code) }, code) : el("bdi", {}, title(code, "no answer")));
  const rows = clients.map((client) => {
    const found = served.map((code) => cells.get(JSON.stringify([client, code])));
    const total = found.reduce((sum, pair) => sum + (pair?.requests ?? 0), 0);
    const each = found.map((pair) => {
      if (!pair?.requests) return el("td", { class: "none" }, "–");
      const words = `${number(pair.requests)} requests, ${percent(pair.server_errors, pair.requests)} errors, ${percent(pair.failovers, pair.requests)} on a fallback, p95 ${duration(pair.duration_p95_ms)}`;
      const cell = el("td", { title: words, "data-shade": Math.ceil((5 * pair.requests) / total) }, compact(pair.requests), " ", el("small", {}, percent(pair.requests, total)));
      if (pair.client && pair.client === pair.served) cell.dataset.home = "";
      return cell;
    });
    return [el("bdi", {}, title(client, "not known")), ...each, el("td", {}, compact(total))];
  });
  const headings = ["From clients in", ...served.map((code) => column(code)), "All"];
  return section(
    "From where to where",
    el("p", { class: "hint" }, "A row is the region of clients, a column the region that served them. The stronger the colour, the larger the share of the row; an outlined cell stayed at home."),
    table("Requests from region to region", headings, rows, "matrix"),
  );
};

const residency = ({ residency: found }) => {
  if (!found) return [];
  const words = `${large(found.outside)} of ${large(found.judged)} requests touched a region outside of the residency of their model.`;
  const more = found.unjudged ? ` ${large(found.unjudged)} more cannot be judged: the routing table does not know their model or head.` : "";
  const named = found.outside ? " modelspec usage --residency names each." : "";
  return [section("Residency", el("p", { class: found.outside ? "remark" : "fine" }, words + named + more))];
};

const headPage = (id) => `heads/${encodeURIComponent(id)}.html`;

const usageSections = (usage) => {
  const head = ({ head_id }) => named(head_id, "no head answered", headPage(head_id));
  const model = ({ model_id }) => named(model_id, "not known", `models/${fileOf(model_id, "html")}`);
  const known = usage.owners.some(({ owner }) => owner);
  return [
    tiles(usage),
    ...residency(usage),
    ...(usage.days.length ? [days(usage)] : []),
    ...(usage.regions.length ? [matrix(usage)] : []),
    section("By head", figures("Requests by head", "Head", usage.heads, head, usage)),
    section("Most called models", figures("Requests by model", "Model", usage.models, model, usage)),
    ...(known ? [section("By owner of the key", figures("Requests by owner of the key", "Owner", usage.owners, ({ owner }) => named(owner, "no owner"), usage))] : []),
  ];
};

// --- status

const now = (status) => {
  const list = sentences(status, SHOWN).map((words) => el("li", {}, ...words));
  const without = status.without_service.map(({ model_id }) => model_id);
  const link = (id) => el("a", { href: new URL(`models/${fileOf(id, "html")}`, admin).href }, id);
  const all = el("details", {}, el("summary", {}, "Models without service"), el("p", {}, ...names(without, 200, link)));
  return section(
    "Now",
    list.length ? el("ul", { class: "faults down" }, ...list) : el("p", { class: "fine" }, ageOf(status.generated, OLD.status).isOld ? "Then, every head and upstream that is probed answered." : "Every head and upstream that is probed answers."),
    ...(without.length > SHOWN ? [all] : []),
  );
};

const uptimes = (status) => {
  const rows = status.heads.map((head) => {
    const state = head.declared === "offline" ? "offline" : head.state;
    const note = el("span", { class: "live-note", "data-state": state }, el("span", {}, ` ${state}`));
    const about = head.reason ? [el("span", { class: "hint" }, ` ${head.reason}`)] : [];
    const { picture, words, failures } = uptime(head.hours, status.hour);
    const cells = [
      [note, ...about],
      [head.since ? moment(head.since) : "–"],
      [head.latency_ms === null ? "–" : duration(head.latency_ms)],
      [el("span", { class: "uptime", title: failures }, picture, words)],
    ];
    return [named(head.head_id, "", headPage(head.head_id)), ...cells.map((cell) => el("td", {}, ...cell))];
  });
  return section("Uptime of heads", table("Uptime of heads", ["Head", "State", "Since", "Latency", "90 days"], rows, "states"));
};

const stateWords = (status, usage) => {
  const parts = [status.fault, usage.fault].filter(Boolean).map((fault) => `${fault}.`);
  if (status.value) parts.push(`Status is ${ageOf(status.value.generated, OLD.status).words}.`);
  if (usage.value?.last_hour) {
    const { words } = ageOf(`${usage.value.last_hour.slice(0, -1)}:00Z`, OLD.usage);
    parts.push(`Usage is from ${usage.value.first_hour.slice(0, 10)} to ${moment(`${usage.value.last_hour.slice(0, -1)}:00Z`)}, ${words}.`);
  } else if (usage.value) parts.push("usage.json has no requests yet.");
  return parts.join(" ") || "Nothing is measured here: modelspec status writes status.json, and modelspec usage writes usage.json.";
};

let shown = "";

/** Draw the page; again only where something has changed, so that the focus stays. */
export const draw = (status, usage) => {
  const words = stateWords(status, usage);
  if (said.textContent !== words) said.textContent = words;
  const isOld = (file, at, old) => file.value && at && ageOf(at, old).isOld;
  const old = isOld(status, status.value?.generated, OLD.status) || isOld(usage, usage.value?.last_hour && `${usage.value.last_hour.slice(0, -1)}:00Z`, OLD.usage);
  said.className = status.fault || usage.fault || old ? "remark" : "hint";
  const mark = `${status.value?.generated} ${usage.value?.last_hour}`;
  if (mark === shown) return;
  shown = mark;
  place.replaceChildren(
    ...(status.value ? [now(status.value)] : []),
    ...(usage.value?.total ? usageSections(usage.value) : []),
    ...(status.value?.heads.length ? [uptimes(status.value)] : []),
  );
};

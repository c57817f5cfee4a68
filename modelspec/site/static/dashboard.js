// The dashboard: days count from the reader's own, and load, counts and map follow the heads that What if takes down.
import { without } from "./decide.js";

const SOON = 90;
const DAY = 86_400_000;
const MOST_ARCS = 30; // as in modelspec/site/map.py
const number = (value) => value.toLocaleString("en");
const counted = (count, one, many) => `${number(count)} ${count === 1 ? one : many}`;

// A build knows no day.
const now = new Date();
const today = Date.UTC(now.getFullYear(), now.getMonth(), now.getDate());
const daysTo = (day) => Math.round((Date.parse(day) - today) / DAY);

const sayCount = (line, count, words) => {
  line.querySelector("strong").textContent = number(count);
  line.querySelector("[data-words]").textContent = words;
};

const markDay = (time) => {
  const left = daysTo(time.dateTime);
  if (Number.isNaN(left)) return;
  const said = document.createElement("span");
  if (left < 0) said.textContent = ` (${counted(-left, "day", "days")} ago)`;
  else said.textContent = left === 0 ? " (today)" : ` (in ${counted(left, "day", "days")})`;
  said.className = left < 0 ? "is-past" : left <= SOON ? "is-due" : "";
  time.after(said);
};

const countSunsets = (line) => {
  let due = 0;
  let past = 0;
  for (const entry of line.dataset.days.split(" ")) {
    const [day, models] = entry.split("*");
    const left = daysTo(day);
    if (left < 0) past += Number(models);
    else if (left <= SOON) due += Number(models);
  }
  const words = `${due === 1 ? "model reaches its" : "models reach their"} sunset within ${SOON} days`;
  sayCount(line, due, past ? `${words}, and ${number(past)} ${past === 1 ? "has" : "have"} passed it` : words);
  line.hidden = !due && !past;
};

document.querySelectorAll("[data-days]").forEach(countSunsets);
document.querySelectorAll(".concerns time").forEach(markDay);

/** What the page shows of the fleet without the heads `down`: load by head and by region, flows, and two counts. */
const fleetWithout = (index, down) => {
  const heads = new Map([...index.heads.keys()].map((id) => [id, { first: 0, fallback: 0 }]));
  const regions = new Map([...index.regions.keys()].map((code) => [code, { first: 0, fallback: 0 }]));
  const flows = new Map();
  const counts = { unserved: 0, "one-head": 0 };
  const regionsOf = (tier) => new Set(tier.map(([head]) => index.heads.get(head).region));
  for (const route of index.routes.values()) {
    if (route.status === "disabled") continue;
    const tiers = without(route.tiers, down);
    const active = tiers.flat().filter(([head]) => index.heads.get(head).status === "active");
    if (!tiers.length) counts.unserved += 1;
    else if (active.length < 2) counts["one-head"] += 1;
    const seen = new Set();
    tiers.forEach((tier, place) => {
      const kind = place ? "fallback" : "first";
      for (const [head] of tier) heads.get(head)[kind] += 1;
      for (const code of regionsOf(tier)) {
        if (!seen.has(code)) regions.get(code)[kind] += 1;
        seen.add(code);
      }
    });
    for (const start of tiers.length ? regionsOf(tiers[0]) : []) {
      const away = tiers.map((tier) => [...regionsOf(tier)].filter((code) => code !== start)).find((one) => one.length);
      for (const end of away ?? []) {
        const pair = JSON.stringify([start, end]);
        flows.set(pair, (flows.get(pair) ?? 0) + 1);
      }
    }
  }
  return { heads, regions, flows, counts };
};

const percent = (value) => `${value.toFixed(1)}%`;

const drawBar = (svg, { first, fallback }, whole, mark) => {
  let start = 0;
  for (const [kind, value] of [["fill", first], ["later", fallback]]) {
    const part = svg.querySelector(`.bar-${kind}`);
    const share = value > 0 ? Math.min(Math.max(0.8, (100 * value) / whole), 100 - start) : 0;
    part.setAttribute("x", percent(start));
    part.setAttribute("width", percent(share));
    start += share;
  }
  svg.querySelector(".bar-mark")?.setAttribute("x", percent(Math.min(99.4, (100 * mark) / whole)));
};

const drawLoads = (index, before, after, down) => {
  for (const noun of ["head", "region"]) {
    const loads = after[`${noun}s`];
    const sized = [...index.heads.values()].filter(({ capacity, status }) => capacity !== null && status !== "offline");
    const capacity = sized.reduce((sum, head) => sum + head.capacity, 0);
    const average = capacity ? sized.reduce((sum, { id }) => sum + before.heads.get(id).first, 0) / capacity : 0;
    const shares = noun === "head" ? sized.map((head) => head.capacity * average) : [];
    const whole = Math.max(1, ...shares, ...[...loads.values()].map(({ first, fallback }) => first + fallback));
    for (const row of document.querySelectorAll(`.loads > [data-${noun}]`)) {
      const id = row.dataset[noun];
      const load = loads.get(id);
      const old = before[`${noun}s`].get(id);
      if (load === undefined || row.dataset.state === "offline") continue;
      const share = Number(row.dataset.capacity ?? 0) * average;
      const heads = noun === "head" ? [id] : index.headsOf.get(id);
      const words = [`${number(load.first)} first, ${number(load.fallback)} fallback`];
      if (load.first !== old.first) words.push(`${number(old.first)} first before`);
      if (share && load.first) words.push(`${(load.first / share).toFixed(1)} times its share`);
      const isDown = heads.length > 0 && heads.every((head) => down.has(head));
      row.querySelector("[data-words]").textContent = isDown ? "down" : words.join(" · ");
      drawBar(row.querySelector("svg"), load, whole, share);
    }
  }
};

const drawMap = (index, flows) => {
  const svg = document.querySelector(".map-svg");
  if (svg === null) return;
  const dots = new Map([...svg.querySelectorAll("[data-region]")].map((mark) => [mark.dataset.region, mark]));
  const drawn = [...flows]
    .map(([pair, count]) => [...JSON.parse(pair), count])
    .filter(([start, end]) => dots.has(start) && dots.has(end))
    .sort((one, two) => two[2] - one[2])
    .slice(0, MOST_ARCS);
  for (const arc of svg.querySelectorAll(".map-arc")) arc.remove();
  const place = (mark) => {
    const circle = mark.querySelector("circle");
    return ["cx", "cy", "r"].map((name) => Number(circle.getAttribute(name)));
  };
  for (const [start, end, count] of drawn) {
    const [from, to] = [place(dots.get(start)), place(dots.get(end))];
    const [width, height] = [to[0] - from[0], to[1] - from[1]];
    const bend = [from[0] + width / 2 + 0.2 * height, from[1] + height / 2 - 0.2 * width];
    const edge = ([x, y, radius]) => {
      const far = Math.hypot(bend[0] - x, bend[1] - y) || 1;
      const gap = Math.min(radius + 3, far) / far;
      return `${(x + (bend[0] - x) * gap).toFixed(1)} ${(y + (bend[1] - y) * gap).toFixed(1)}`;
    };
    const create = (name) => document.createElementNS("http://www.w3.org/2000/svg", name);
    const arc = create("path");
    arc.setAttribute("class", "map-arc");
    arc.setAttribute("d", `M${edge(from)}Q${bend.map((value) => value.toFixed(1)).join(" ")} ${edge(to)}`);
    arc.setAttribute("stroke-width", (1 + (5 * count) / drawn[0][2]).toFixed(1));
    arc.setAttribute("marker-end", "url(#map-arrow)");
    const title = create("title");
    const named = (code) => index.regions.get(code).title;
    title.textContent = `${named(start)} to ${named(end)}: ${counted(count, "model", "models")}`;
    arc.append(title);
    svg.querySelector("a, .map-point").before(arc);
  }
};

const sayConcerns = ({ counts }) => {
  const words = { unserved: "no head in service", "one-head": "no second active head" };
  for (const [kind, count] of Object.entries(counts)) {
    const line = document.querySelector(`[data-concern="${kind}"]`);
    sayCount(line, count, `${count === 1 ? "model has" : "models have"} ${words[kind]}`);
    line.hidden = !count;
    line.querySelector("ul")?.toggleAttribute("hidden", true); // names of the base state
  }
};

// The base state as the build wrote it, to come back to.
const all = (selector) => [...document.querySelectorAll(selector)];
const texts = all(".loads [data-words], .concerns strong, .concerns [data-words]").map((one) => [one, one.textContent]);
const hidden = all(".concerns > li, .concerns ul").map((one) => [one, one.hidden]);
const bars = all(".loads rect").map((one) => [one, one.getAttribute("x"), one.getAttribute("width")]);
const arcs = all(".map-arc");

const restore = () => {
  for (const [one, text] of texts) one.textContent = text;
  for (const [one, isHidden] of hidden) one.hidden = isHidden;
  for (const [one, x, width] of bars) {
    if (x !== null) one.setAttribute("x", x);
    one.setAttribute("width", width);
  }
  for (const arc of all(".map-arc")) arc.remove();
  document.querySelector(".map-svg :is(a, .map-point)")?.before(...arcs);
};

document.addEventListener("whatif", ({ detail: { down, index } }) => {
  restore();
  if (!down.size) return;
  const before = fleetWithout(index, new Set());
  const after = fleetWithout(index, down);
  drawLoads(index, before, after, down);
  drawMap(index, after.flows);
  sayConcerns(after);
});

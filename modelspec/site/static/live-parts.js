// Words, numbers, elements and pictures for what is measured. Texts are never parsed as markup.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

// --- words

const PARTS = [
  [DAY, "day"],
  [HOUR, "hour"],
  [MINUTE, "minute"],
];

/** A span of time, like "3 hours". */
export const spanWords = (milliseconds) => {
  const [size, noun] = PARTS.find(([least]) => milliseconds >= least) ?? [MINUTE, "minute"];
  const number = Math.max(1, Math.floor(milliseconds / size));
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
};

/** A span of time where there is little room, like "3 h". */
export const spanShort = (milliseconds) => spanWords(milliseconds).replace(/ (.).*/, " $1").replace(" m", " min");

/** A moment like "1 Dec, 04:30 UTC"; with its year where that is another one. */
export const moment = (instant) => {
  const date = new Date(instant);
  const year = date.getUTCFullYear() === new Date().getUTCFullYear() ? {} : { year: "numeric" };
  const shown = date.toLocaleString("en-GB", { day: "numeric", month: "short", ...year, hour: "2-digit", minute: "2-digit", timeZone: "UTC" });
  return `${shown} UTC`;
};

/** How old a file is in words, and whether that is too old. */
export const ageOf = (instant, old) => {
  const age = Date.now() - Date.parse(instant);
  if (age < -old) return { isOld: true, words: `dated ${spanWords(-age)} ahead of this clock` };
  return { isOld: age > old, words: age < 2 * MINUTE ? "up to date" : `${spanWords(age)} old` };
};

const SHORT = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
export const number = (value) => value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 1 : 0 });
/** Like "41 million": for sentences. */
export const large = (value) =>
  value < 1e5
    ? number(value)
    : value.toLocaleString("en", { notation: "compact", compactDisplay: "long", maximumSignificantDigits: 3 });
/** Like "41M": for tables. */
export const compact = (value) => (value < 10_000 ? number(value) : SHORT.format(value));
export const percent = (part, whole) => {
  if (!whole) return "–";
  const share = (100 * part) / whole;
  if (part > 0 && share < 0.01) return "< 0.01 %";
  return `${share.toLocaleString("en", { maximumFractionDigits: share < 1 ? 2 : share < 10 ? 1 : 0 })} %`;
};
export const duration = (ms) =>
  ms === null ? "–" : ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toLocaleString("en", { maximumFractionDigits: ms < 1e4 ? 2 : 0 })} s`;

// --- elements

/** A text of which nothing is hidden: what turns or hides the text around it is shown by its number. */
export const plain = (text) => text.replace(/[\p{C}\u2028\u2029]/gu, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);

/** An element with attributes and children, texts among them: nothing is ever parsed. */
export const el = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.map((child) => (typeof child === "string" ? plain(child) : child)));
  return made;
};

const SVG = "http://www.w3.org/2000/svg";
export const svg = (name, attributes = {}, ...children) => {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
};

/** Bars side by side: each has `height` (0 to 1), a `state` for its colour, and a `title`. */
export const bars = (values, { label, height = 40, className }) => {
  const width = 8;
  const picture = svg("svg", {
    viewBox: `0 0 ${values.length * width} ${height}`,
    preserveAspectRatio: "none",
    role: "img",
    "aria-label": label,
    class: className,
  });
  for (const [place, { height: share, state, title }] of values.entries()) {
    const tall = share > 0 ? Math.max(1.5, share * height) : 0;
    const bar = svg("rect", { x: place * width + 1, y: height - tall, width: width - 2, height: tall, "data-state": state });
    bar.append(svg("title", {}, title));
    picture.append(bar);
  }
  return picture;
};

/** The bars of a row of `model_days`. */
export const sparkline = (characters, most, lastDay, className) => {
  const last = Date.parse(lastDay);
  const values = [...characters].map((character, place) => {
    const share = parseInt(character, 36) / 35;
    const date = new Date(last - (characters.length - 1 - place) * DAY).toISOString().slice(0, 10);
    return { height: share, state: "requests", title: `${date}: ${share ? `about ${number(Math.ceil(share * most))}` : "no requests"}` };
  });
  return bars(values, { label: `Requests a day up to ${lastDay}, at most ${number(most)}`, className });
};

/** How many days the series has requests of: from the first hour on, at most all. */
export const seriesDays = ({ first_hour, series }) =>
  Math.min(series.days, Math.max(1, Math.round((Date.parse(series.last_day) - Date.parse(first_hour.slice(0, 10))) / DAY) + 1));

const LEVELS = "0123456789ab";

/**
 * The 90 days of an hour string that ends in the hour `ending`: a bar a day, the share of good probes, and days with failures.
 *
 * A day is bad (`down`) below 99 %, a little bad (`fallback`) below all.
 */
export const uptime = (hours, ending, days = 90) => {
  const end = Math.floor(Date.parse(ending) / HOUR);
  const begin = Math.floor(end / 24) * 24 - (days - 1) * 24;
  const values = Array.from({ length: days }, (_, place) => ({ place, good: 0, all: 0 }));
  for (const [place, level] of [...hours].entries()) {
    const hour = end - (hours.length - 1 - place);
    if (level === "-" || hour < begin) continue;
    const day = values[Math.floor((hour - begin) / 24)];
    day.all += 1;
    day.good += LEVELS.indexOf(level) / (LEVELS.length - 1);
  }
  const all = values.reduce((sum, day) => sum + day.all, 0);
  const good = values.reduce((sum, day) => sum + day.good, 0);
  const drawn = values.map(({ place, good: up, all: known }) => {
    const date = new Date((begin + place * 24) * HOUR).toISOString().slice(0, 10);
    if (!known) return { height: 1, state: "unknown", title: `${date}: not known` };
    const share = up / known;
    const state = share === 1 ? "up" : share < 0.99 ? "down" : "fallback";
    return { height: 1, state, title: `${date}: ${Math.floor(share * 10_000) / 100} % of ${known} hours` };
  });
  const bad = drawn.filter(({ state }) => state === "down" || state === "fallback");
  const share = Math.floor((good / all) * 10_000) / 100;
  const words = all ? `${share} % in ${all < 24 ? `${all} hours` : `${Math.ceil(all / 24)} days`}` : "nothing known yet";
  const last = bad.at(-1)?.title.slice(0, 10);
  return {
    picture: bars(drawn, { label: `Uptime of 90 days: ${words}; ${bad.length} days with failures`, className: "bars" }),
    words,
    failures: bad.length ? `failures on ${bad.length} ${bad.length === 1 ? "day" : "days"}, the last on ${last}` : "no failures",
  };
};

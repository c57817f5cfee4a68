// Filters, their counts and the order of the list. Nothing of the page.

import { shared } from "./records.js";

const DAY = 86_400_000;

/** What a sunset is on a day: passed, within 90 days, within a year, or later. */
export const bucket = (sunset, today) => {
  if (!sunset) return "";
  const days = Date.parse(sunset) / DAY - Math.floor(today / DAY);
  if (Number.isNaN(days)) return "";
  if (days < 0) return "passed";
  return days <= 90 ? "90d" : days <= 365 ? "year" : "later";
};

/** The values that an entry of a table has for a facet. */
export const valuesOf = (list, name, today) =>
  list.tables[name].map((entry) => (name === "sunset" ? [bucket(entry, today)] : [entry].flat()).filter(Boolean));

/**
 * The rows that match, in `order` but better ranks first if `byRank`, and how many each value of each facet would show.
 *
 * @param facets [{name, values, chosen: Set}]
 * @param isKept one more condition, on a row
 */
export const select = (list, { facets, ranks, order, byRank, isKept }) => {
  const { models, place } = list;
  const columns = facets.map(({ name }) => place[name]);
  const tallies = facets.map(({ values }) => new Uint32Array(values.length));
  const active = facets.map(({ chosen }, n) => (chosen.size ? n : -1)).filter((n) => n >= 0);
  const allowed = facets.map(({ values, chosen }) => values.map((entry) => entry.some((value) => chosen.has(value))));
  const found = [[], [], [], []];
  for (const n of order) {
    const row = models[n];
    if (ranks[n] === 255 || !isKept(row)) continue;
    let missed = -1;
    let misses = 0;
    for (const facet of active) {
      if (!allowed[facet][row[columns[facet]]]) { missed = facet; misses++; }
    }
    if (misses === 0) {
      found[byRank ? ranks[n] : 0].push(n);
      for (let facet = 0; facet < facets.length; facet++) tallies[facet][row[columns[facet]]]++;
    } else if (misses === 1) tallies[missed][row[columns[missed]]]++;
  }
  return { found: found.flat(), tallies };
};

const COLLATOR = new Intl.Collator("en", { numeric: true });

/** The positions of all models by a column; the default order is by id, which also breaks ties. */
export const arrange = (list, by, isDown) => {
  const order = list.models.map((_, n) => n);
  if (by === "match" || by === "id") return isDown ? order.reverse() : order;
  const key = { region: "titles", head: "titles" }[by] ? (row) => list.titles[by][shared(list, row, by)] : (row) => (by === "name" ? row[1] : [shared(list, row, by)].flat()[0]);
  const sign = isDown ? -1 : 1;
  if (by === "tag") {
    const length = (n) => shared(list, list.models[n], "tag").length;
    return order.sort((one, two) => sign * (length(one) - length(two)) || one - two);
  }
  const keys = list.models.map(key);
  const places = new Map([...new Set(keys)].sort(COLLATOR.compare).map((text, n) => [text, n]));
  const compared = keys.map((text) => places.get(text));
  return order.sort((one, two) => sign * (compared[one] - compared[two]) || one - two);
};

// The outcome of one request and of a drill, by `routes.json`: modelspec/routing/decide.py and modelspec/ask/drill.py
// in the browser. `tests/site/test_site_decide_js.py` puts the same cases to both.
//
// Nothing here knows the page. Names come from pull requests: they are keys of Maps, never of objects.

import { prefixOf } from "./records.js";

/** The HTTP status of each outcome. */
const STATUS = { routed: 200, unknown: 404, disabled: 404, client_region: 403, no_head: 503 };

/** A head is overloaded if a drill gives it more than this many times the fleet's average load per capacity. */
export const OVERLOAD = 2;

const MOST_MOVES = 8; // as in modelspec/site/places.py

const pairs = (flat) => Array.from({ length: flat.length / 2 }, (_, place) => [flat[2 * place], flat[2 * place + 1]]);

/**
 * What requests and drills need of `routes.json`, prepared once.
 *
 * `heads`, `regions` and `routes` are Maps by id, in the order of the file; `names` leads from each id and alias to its
 * route, wildcards included. The tiers of a route are lists of [head, weight].
 */
export const indexOf = ({ regions, heads, routes, upstreams, models, view }) => {
  const index = { regions: new Map(), heads: new Map(), routes: new Map(), names: new Map(), wildcards: new Map() };
  Object.assign(index, { headsOf: new Map(), byHead: new Map(), models, view, longest: 0 });
  for (const [code, title, residency, href] of regions) {
    index.regions.set(code, { code, title, residency, href });
    index.headsOf.set(code, []);
  }
  for (const [id, region, url, status, capacity, line, href] of heads) {
    index.heads.set(id, { id, region, url, status, capacity, line, href });
    index.headsOf.get(region)?.push(id);
    index.byHead.set(id, []);
  }
  const kinds = new Map(
    upstreams.map(([name, [endpoint, provider, key, location, region, weight, order, keyHref]]) => [
      name, { endpoint, provider, key, location, region, weight, order, keyHref },
    ]),
  );
  routes.forEach(([id, name, region, tiers, reach, targets, line, more = {}], place) => {
    const route = {
      id, name: name || id, region, reach, line, place,
      tiers: tiers.map(pairs),
      targets: targets.map(([kind, model, head = null]) => ({ ...kinds.get(kind), model, head })),
      status: more.status ?? "active",
      path: more.path ?? `models.d/${id}.yaml`,
      aliases: more.aliases ?? [],
      policy: more.policy ?? "round_robin",
      offline: more.offline ?? [],
      fallbacks: Object.entries(more.fallbacks ?? {}),
      replacedBy: more.replaced_by ?? null,
      clients: more.clients ?? null,
    };
    index.routes.set(id, route);
    for (const each of [id, ...route.aliases]) if (!index.names.has(each)) index.names.set(each, route);
    for (const [head] of route.tiers[0] ?? []) index.byHead.get(head).push(route);
  });
  for (const name of index.names.keys()) {
    const prefix = prefixOf(name);
    if (prefix === null) continue;
    index.wildcards.set(prefix, name);
    index.longest = Math.max(index.longest, prefix.length);
  }
  index.loads = new Map([...index.heads.keys()].map((head) => [head, 0]));
  for (const { tiers } of index.routes.values()) if (tiers.length) add(index.loads, tiers[0], 1);
  index.average = average(index);
  return index;
};

const loading = new Map();

/** The index of a file at a URL, loaded once. It throws where the file is not there or is not what it should be. */
export const load = (url) => {
  const read = async () => {
    const answer = await fetch(url);
    if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
    return indexOf(await answer.json());
  };
  if (!loading.has(url)) {
    loading.set(url, read());
    loading.get(url).catch(() => loading.delete(url));
  }
  return loading.get(url);
};

/** The id, alias or wildcard that takes a request for `name`, or null: an exact name, else the longest prefix, else `*`. */
export const declared = (index, name) => {
  if (index.names.has(name)) return name;
  let end = index.longest;
  while (end > 0 && (end = name.lastIndexOf("/", end - 1)) >= 0) {
    const found = index.wildcards.get(name.slice(0, end + 1));
    if (found !== undefined) return found;
  }
  return index.wildcards.get("") ?? null;
};

/** The heads that do not answer. A name that both a head and a region have means the head; an unknown one throws. */
export const headsDown = (index, down) => {
  const gone = new Set();
  for (const name of down) {
    const heads = index.heads.has(name) ? [name] : index.headsOf.get(name);
    if (heads === undefined) throw new RangeError(`neither a head nor a region: ${name}`);
    for (const head of heads) gone.add(head);
  }
  return gone;
};

/** The tiers that are left, and in each the heads that are left. */
export const without = (tiers, gone) =>
  gone.size ? tiers.map((tier) => tier.filter(([head]) => !gone.has(head))).filter((tier) => tier.length) : tiers;

/**
 * Decide one request: `model` as the client sends it, `origin` its region or null for anywhere, `down` heads and regions.
 *
 * `why` is what decided; `tiers` are those that are left, in order, and none unless it is routed.
 */
export const decide = (index, { model, origin = null, down = [] }) => {
  const name = declared(index, model);
  const route = name === null ? null : index.names.get(name);
  const refused = (why) => ({ status: STATUS[why], why, route, name, tiers: [] });
  if (route === null) return refused("unknown");
  if (route.status === "disabled") return refused("disabled");
  if (origin !== null && route.clients !== null && !route.clients.includes(origin)) return refused("client_region");
  const tiers = without(route.tiers, headsDown(index, down));
  return tiers.length ? { status: STATUS.routed, why: "routed", route, name, tiers } : refused("no_head");
};

/** The upstreams that a head calls. Of a wildcard, `*` in the upstream's name stands for the rest of the client's. */
export const targetsAt = ({ route, name }, model, head) => {
  const targets = route.targets.filter((target) => target.head === null || target.head === head);
  const prefix = prefixOf(name);
  if (prefix === null) return targets;
  const rest = model.slice(prefix.length);
  return targets.map((target) => {
    const start = prefixOf(target.model);
    return start === null ? target : { ...target, model: start + rest };
  });
};

/** Every head that a request is not sent to and why (`down`, `offline`, `not_named`), in the order of the fleet. */
export const unused = (index, { why, route, tiers }) => {
  if (why !== "routed" && why !== "no_head") return [];
  const asked = new Set(tiers.flat().map(([head]) => head));
  const named = new Set([...route.offline, ...route.tiers.flat().map(([head]) => head)]);
  const reason = ({ id, status }) => (!named.has(id) ? "not_named" : status === "offline" ? "offline" : "down");
  return [...index.heads.values()].filter(({ id }) => !asked.has(id)).map((head) => [head.id, reason(head)]);
};

/** To six decimals as Python rounds: exactly, and a tie to the even digit. Ties are odd multiples of 1/128. */
const rounded = (value) => {
  const scaled = value * 128;
  if (Number.isInteger(scaled) && scaled % 2 !== 0) {
    const below = Math.floor(value * 1e6);
    return (below % 2 === 0 ? below : below + 1) / 1e6;
  }
  return Number(value.toFixed(6)) + 0;
};

const add = (loads, tier, models) => {
  const total = tier.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [head, weight] of tier) loads.set(head, loads.get(head) + (models * weight) / total);
};

/** Models per unit of capacity, over heads that are not offline and declare a capacity; null without any. */
const average = ({ heads, loads }) => {
  const sized = [...heads.values()].filter(({ capacity, status }) => capacity !== null && status !== "offline");
  const capacity = sized.reduce((sum, head) => sum + head.capacity, 0);
  return capacity ? rounded(sized.reduce((sum, head) => sum + loads.get(head.id), 0) / capacity) : null;
};

const isHome = (index, route, tier) => tier.every(([head]) => index.heads.get(head).region === route.region);

/** What becomes of the models that `heads` serve first if these fail too, in words, as pages of heads and regions have it. */
export const failure = (index, heads, down) => {
  const others = new Set([...down].filter((head) => !heads.includes(head)));
  const gone = new Set([...others, ...heads]);
  const moves = new Map();
  let [lost, leaving] = [0, 0];
  for (const route of index.routes.values()) {
    const [first] = without(route.tiers, others);
    if (!first?.some(([head]) => heads.includes(head))) continue;
    const [next] = without(route.tiers, gone);
    if (!next) lost += 1;
    else {
      const ids = next.map(([head]) => head);
      const names = [ids.slice(0, -1).join(", "), ids.at(-1)].filter(Boolean).join(" and ");
      moves.set(names, (moves.get(names) ?? 0) + 1);
      leaving += isHome(index, route, first) && !isHome(index, route, next);
    }
  }
  const most = [...moves].sort(([, one], [, other]) => other - one);
  const rest = most.slice(MOST_MOVES).reduce((sum, [, number]) => sum + number, 0);
  const models = (number) => `${number.toLocaleString("en")} model${number === 1 ? "" : "s"}`;
  return [
    lost && `${models(lost)} without service`,
    ...most.slice(0, MOST_MOVES).map(([names, number]) => `${models(number)} to ${names}`),
    rest && `${models(rest)} to other heads`,
    leaving && `${models(leaving)} would leave their own region`,
  ].filter(Boolean).join(", ") || "nothing changes";
};

/**
 * Take heads and regions down together.
 *
 * `heads` are those that it takes down; `losses` models without a head, `moves` those that others serve, each with the
 * heads of its first tier `before` and `after`; `leaves`: they were all in its region, and now are not. `loads` are
 * those that change, in models.
 */
export const drill = (index, down) => {
  const gone = headsDown(index, down);
  const loads = new Map(index.loads);
  const losses = [];
  const moves = [];
  const touched = new Set();
  for (const head of gone) for (const route of index.byHead.get(head)) touched.add(route);
  const ids = (tier) => tier.map(([head]) => head);
  for (const route of [...touched].sort((one, two) => one.place - two.place)) {
    const [first] = route.tiers;
    const [next] = without(route.tiers, gone);
    add(loads, first, -1);
    if (next === undefined) {
      losses.push({ route, before: ids(first) });
      continue;
    }
    add(loads, next, 1);
    moves.push({ route, before: ids(first), after: ids(next), leaves: isHome(index, route, first) && !isHome(index, route, next) });
  }
  const heads = [...index.heads.values()];
  const changes = heads.map(({ id, capacity }) => {
    const [before, after] = [rounded(index.loads.get(id)), rounded(loads.get(id))];
    const isSized = index.average !== null && capacity !== null && after > before;
    const overloaded = isSized && rounded(after / capacity) > rounded(OVERLOAD * index.average);
    return { head: id, capacity, before, after, overloaded };
  });
  return {
    heads: heads.filter(({ id, status }) => gone.has(id) && status !== "offline").map(({ id }) => id),
    losses,
    moves,
    loads: changes.filter(({ before, after }) => before !== after),
  };
};

/** By way of upper case, "ß" becomes "ss", as when Python folds it. */
const folded = (name) => [...name.toUpperCase().toLowerCase().replaceAll("_", "-")];

/** How many slips a name of a length may hold before it is another name. */
const allowed = (length) => (length >= 12 ? 3 : length >= 6 ? 2 : 1);

/** Optimal string alignment: letters wrong, missing, added or swapped; more than `most` is Infinity. */
const slips = (one, two, most) => {
  if (Math.abs(one.length - two.length) > most) return Infinity;
  let [above, before] = [[], Array.from({ length: two.length + 1 }, (_, place) => place)];
  for (let i = 1; i <= one.length; i++) {
    const row = [i];
    for (let j = 1; j <= two.length; j++) {
      row[j] = Math.min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (one[i - 1] === two[j - 1] ? 0 : 1));
      const isSwapped = i > 1 && j > 1 && one[i - 1] === two[j - 2] && one[i - 2] === two[j - 1];
      if (isSwapped) row[j] = Math.min(row[j], above[j - 2] + 1);
    }
    if (Math.min(...row) > most && Math.min(...before) > most) return Infinity;
    [above, before] = [before, row];
  }
  return before[two.length] > most ? Infinity : before[two.length];
};

/** The declared names that `name` is most likely a slip of, the nearest first: as modelspec/text/names.py says. */
export const nearest = (index, name, most = 3) => {
  const wanted = folded(name);
  if (wanted.length === 0 || [...name].length > 128) return [];
  const sorted = (text) => text.toSorted().join("");
  const isShort = wanted.length < 3;
  const found = [];
  for (const key of index.names.keys()) {
    const text = folded(key);
    if (isShort && sorted(text) !== sorted(wanted)) continue;
    const distance = slips(wanted, text, allowed(wanted.length));
    if (distance < Infinity) found.push([distance, Math.abs(text.length - wanted.length), text.join(""), key]);
  }
  const order = (one, two) => (one < two ? -1 : one > two ? 1 : 0);
  found.sort((one, two) => one[0] - two[0] || one[1] - two[1] || order(one[2], two[2]) || order(one[3], two[3]));
  return found.slice(0, most).map(([, , , key]) => key);
};

// What the search box means: words in any order, `field:value`, and words that are nearly right. Nothing of the page.

import { fold } from "./records.js";

const LITERAL = new Map([["id", "id"], ["name", "name"], ["alias", "aliases"], ["upstream", "upstream"], ["fallback_model", "models"]]);
const PART = /([a-z_]+):(?:"([^"]*)"?|(\S+))|\S+/giu;

const columnOf = (field, { tables }) => LITERAL.get(field) ?? (Object.hasOwn(tables, field) ? field : undefined);

/** The words, folded, and the fields with their values; `head:` alone is not finished, so it says nothing yet. */
export const parse = (text, list) => {
  const words = [];
  const fields = [];
  for (const [whole, name, quoted, plain] of text.matchAll(PART)) {
    const column = name && columnOf(name.toLowerCase(), list);
    if (column) fields.push([column, fold(quoted ?? plain)]);
    else if (!whole.endsWith(":") || !columnOf(whole.slice(0, -1).toLowerCase(), list)) words.push(fold(whole));
  }
  return { words, fields };
};

const SEARCHED = [
  "region", "head", "fallback", "serves", "provider", "status", "tag", "key", "host", "endpoint", "owner", "local",
];

const SLICE = 8; // milliseconds

/** All steps of a generator, in slices between which the page answers. */
export const inSlices = async (steps) => {
  let start = performance.now();
  for (const _ of steps) {
    if (performance.now() - start < SLICE) continue;
    await (globalThis.scheduler?.yield?.() ?? new Promise((resolve) => setTimeout(resolve)));
    start = performance.now();
  }
};

const STEP = 100; // models

/** What takes long: `steps` for slices, and `whole()` for whoever cannot wait. */
const stepwise = (make) => {
  const made = { all: [], ends: [], tokens: new Map() };
  const steps = make(made);
  const whole = () => {
    for (const _ of steps);
    return made;
  };
  return { steps, whole };
};

/** What each model is searched in: its names first, so that a match there is known by its position. */
function* haystackSteps(list, badge, { all, ends }) {
  const { titles, tables, place, words } = list;
  const title = { region: titles.region, head: titles.head, fallback: titles.head, serves: titles.head, local: { yes: badge, no: "" } };
  const say = (column, value) => title[column]?.[value] ?? value;
  const texts = SEARCHED.map((column) => tables[column].map((entry) => fold([entry].flat().map((value) => say(column, value)).join("\n"))));
  const places = SEARCHED.map((column) => place[column]);
  const spoken = words.map(fold);
  for (const row of list.models) {
    const aliases = row[place.aliases] ?? [];
    const parts = [fold(`${row[0]}\n${row[1]}\n${aliases.join("\n")}`)];
    ends.push(parts[0].length);
    for (let n = 0; n < places.length; n++) parts.push(texts[n][row[places[n]]]);
    for (const column of ["upstream", "models"]) if (row[place[column]]?.length) parts.push(fold(row[place[column]].join("\n")));
    for (const word of row[place.words] ?? []) parts.push(spoken[word]);
    all.push(parts.join("\n")); // not by +=: the first search would have to copy it
    if (all.length % STEP === 0) yield;
  }
}

/** Made once, since a keystroke has no time for it. */
export const haystacks = (list, badge) => (list.haystacks ??= stepwise((made) => haystackSteps(list, badge, made)));

const FEW = 3;
const NAMED = 0;
const IN_NAMES = 1;
const ELSEWHERE = 2;
const NEARLY = 3;

/**
 * How well each model matches, in the order of the list: 0 an exact id or alias, 1 in its names, 2 elsewhere,
 * 3 nearly; 255 is none.
 */
export const rank = (list, text, badge) => {
  const { words, fields } = parse(text, list);
  const ranks = new Uint8Array(list.models.length).fill(words.length ? 255 : ELSEWHERE);
  const inFields = fields.map((field) => fieldTest(list, field));
  const isIn = (row) => inFields.every((test) => test(row));
  if (words.length) {
    const { found, isNamed } = byWords(list, words, badge, ranks, isIn);
    if (found < FEW && !isNamed) byNearWords(list, words, badge, ranks, isIn);
  } else if (fields.length) {
    list.models.forEach((row, n) => { if (!isIn(row)) ranks[n] = 255; });
  }
  return ranks;
};

const byWords = (list, words, badge, ranks, isIn) => {
  const { all, ends } = haystacks(list, badge).whole();
  const name = `\n${words.join(" ")}\n`;
  let found = 0;
  let isNamed = false;
  for (let n = 0; n < all.length; n++) {
    let best = IN_NAMES;
    for (const word of words) {
      const at = all[n].indexOf(word);
      if (at < 0) { best = 255; break; }
      if (at >= ends[n]) best = ELSEWHERE;
    }
    if (best === 255 || !isIn(list.models[n])) continue;
    if (best === IN_NAMES && `\n${all[n].slice(0, ends[n])}\n`.includes(name)) best = NAMED;
    isNamed ||= best === NAMED;
    ranks[n] = best;
    found++;
  }
  return { found, isNamed };
};

/** Whole values if there are such, else parts of them: `region:eu` is not `region:eu-west`. */
const fieldTest = (list, [column, value]) => {
  const { tables, titles, place } = list;
  const at = place[column];
  if (!tables[column]) return (row) => Boolean([row[at] ?? []].flat().some((text) => fold(text).includes(value)));
  const values = tables[column].map((entry) => [entry].flat().map(fold));
  const title = (code) => fold(titles[column]?.[code] ?? "");
  const isWhole = values.some((entry) => entry.includes(value));
  const allowed = tables[column].map((entry, n) =>
    isWhole ? values[n].includes(value) : values[n].some((text) => text.includes(value)) || [entry].flat().some((code) => title(code).includes(value)),
  );
  return (row) => allowed[row[at]];
};

// --- words that are nearly right

const tokensOf = (text) => text.match(/[\p{L}\p{N}]+/gu) ?? [];
const lettersOf = (token) => {
  let letters = 0;
  for (let n = 0; n < token.length; n++) letters |= 1 << token.charCodeAt(n) % 31;
  return letters;
};

function* vocabularySteps({ models, place, tables, titles, words }, { tokens }) {
  const learn = (text) => {
    for (const token of tokensOf(fold(text))) if (token.length > 2 && !tokens.has(token)) tokens.set(token, lettersOf(token));
  };
  let step = 0;
  for (const row of models) {
    [row[0], row[1], row[place.aliases] ?? [], row[place.upstream] ?? []].flat().forEach(learn);
    if (++step % STEP === 0) yield;
  }
  for (const column of SEARCHED) {
    tables[column].flat().forEach(learn);
    yield;
  }
  for (const text of [...Object.values(titles.region), ...words]) learn(text);
}

/** Every word of the list, each once, with the set of its letters. */
export const vocabulary = (list) => (list.vocabulary ??= stepwise((made) => vocabularySteps(list, made)));

const bits = (number) => {
  let count = 0;
  for (let rest = number; rest; rest &= rest - 1) count++;
  return count;
};

/**
 * Edits from a word to the beginning of a token: insert, delete, replace, swap neighbours; more than `most` is `most + 1`.
 * The restricted Damerau-Levenshtein distance.
 */
export const distance = (word, token, most) => {
  const width = Math.min(token.length, word.length + most);
  let before = [];
  let last = Array.from({ length: width + 1 }, (_, n) => n);
  for (let i = 1; i <= word.length; i++) {
    const line = [i];
    let least = i;
    for (let j = 1; j <= width; j++) {
      const isSame = word[i - 1] === token[j - 1];
      let edits = Math.min(last[j - 1] + (isSame ? 0 : 1), last[j] + 1, line[j - 1] + 1);
      if (i > 1 && j > 1 && word[i - 1] === token[j - 2] && word[i - 2] === token[j - 1]) edits = Math.min(edits, before[j - 2] + 1);
      line.push(edits);
      least = Math.min(least, edits);
    }
    if (least > most) return most + 1;
    before = last;
    last = line;
  }
  return Math.min(most + 1, ...last);
};

const MOST_NEAR = 8;

/** The tokens nearest to a misspelled word. Digits are not misspelled, and short words are too near to everything. */
const near = (list, word) => {
  const most = word.length < 4 || !/\p{L}/u.test(word) ? 0 : word.length < 8 ? 1 : 2;
  const { tokens } = vocabulary(list).whole();
  if (!most || [...tokens.keys()].some((token) => token.startsWith(word))) return [word];
  const letters = lettersOf(word);
  let best = most;
  let found = [];
  for (const [token, has] of tokens) {
    if (token.length < word.length - most || bits(letters & ~has) > most) continue;
    const edits = distance(word, token, best);
    if (edits > best) continue;
    if (edits < best) found = [];
    best = edits;
    found.push(token);
  }
  return found.slice(0, MOST_NEAR);
};

const byNearWords = (list, words, badge, ranks, isIn) => {
  const { all } = haystacks(list, badge).whole();
  const parts = [...new Set(words.flatMap(tokensOf))];
  if (!parts.length) return;
  const wanted = parts.map((part) => near(list, part));
  if (wanted.every(([token], n) => token === parts[n])) return;
  for (let n = 0; n < all.length; n++) {
    if (ranks[n] !== 255 || !isIn(list.models[n])) continue;
    if (wanted.every((tokens) => tokens.some((token) => all[n].includes(token)))) ranks[n] = NEARLY;
  }
};

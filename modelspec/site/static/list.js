// The list of results, as cards or as rows. Only what is near the viewport has elements: cards come in groups that are
// emptied when they are far away, and of the table's rows, which are all equally high, only a window is drawn.

const GROUP = 12; // cards; in two, three or four columns, no row has a gap
const FIRST = 60; // cards that are there without scrolling
const REST = 100; // milliseconds until they are, so that the next keystroke does not wait for them
const ROW = 36; // pixels, as in models.css
const BEYOND = 10; // rows above and below the viewport
const LEAPS = 3; // frames that a scroll of a viewport and more each is not followed

/** As many cards as the window shows below the search, which ends 350 pixels down; a card has about 230. */
const inSight = () => {
  const columns = Math.max(1, Math.floor(innerWidth / 400));
  return Math.min(GROUP, columns * Math.max(1, Math.ceil((innerHeight - 350) / 230)));
};

/**
 * @param makeCard, makeRow  from the number of a result to its element
 * @returns draw(view, total, isSame): isSame says whether an element of the page stands for a result
 */
export const makeList = ({ cards, table, more, makeCard, makeRow }) => {
  const [above, rows, below] = table.tBodies;
  let view = "cards";
  let total = 0;
  let drawn = 0;
  let rest;

  // --- cards

  const ranges = new WeakMap();

  const fillGroup = (group, most = GROUP) => {
    const [from, to] = ranges.get(group);
    for (let n = from + group.childElementCount; n < Math.min(to, from + most); n++) group.append(makeCard(n));
  };

  /** The observer adds what is beyond `most` cards, after the next frame. */
  const addGroup = (group = document.createElement("section"), most = GROUP) => {
    group.className = "group";
    const to = Math.min(total, drawn + GROUP);
    ranges.set(group, [drawn, to]);
    drawn = to;
    if (!group.parentNode) cards.append(group);
    fillGroup(group, most);
    distance.observe(group);
    watch();
  };

  const distance = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) {
        if (isIntersecting) {
          fillGroup(target);
          target.style.blockSize = "";
        } else if (target.isConnected && target.childElementCount && !target.contains(document.activeElement)) {
          target.style.blockSize = `${target.offsetHeight}px`;
          target.replaceChildren();
        }
      }
    },
    { rootMargin: "3000px" },
  );

  const watch = () => {
    more.hidden = view !== "cards" || drawn >= total;
    // An observer reports only changes, so a button that is still in view must be observed again.
    nearEnd.unobserve(more);
    if (!more.hidden) nearEnd.observe(more);
  };

  const nearEnd = new IntersectionObserver(
    (entries) => {
      if (entries.some(({ isIntersecting }) => isIntersecting)) addGroup();
    },
    { rootMargin: "1200px" },
  );
  more.addEventListener("click", () => addGroup());

  /** Groups of the page whose cards begin the list stay, so that they keep the focus and nothing moves. */
  const keepStanding = (isSame) => {
    const groups = [...cards.children];
    const standing = groups.flatMap((group) => [...group.children]);
    if (!standing.length || standing.length > total || !standing.every(isSame)) return false;
    if (groups.slice(0, -1).some(({ childElementCount }) => childElementCount !== GROUP)) return false;
    for (const group of groups) addGroup(group);
    return true;
  };

  const drawCards = (isSame) => {
    drawn = 0;
    distance.disconnect();
    if (!keepStanding(isSame)) {
      cards.replaceChildren();
      addGroup(undefined, inSight());
    }
    rest = setTimeout(() => {
      while (drawn < Math.min(FIRST, total)) addGroup();
    }, REST);
  };

  // --- rows

  let first = 0;
  let last = 0;

  const drawRows = (from, to) => {
    if (from >= last || to <= first) {
      rows.replaceChildren();
      first = last = from;
    }
    const isLost = rows.contains(document.activeElement);
    for (; first < from; first++) rows.firstElementChild.remove();
    for (; last > to; last--) rows.lastElementChild.remove();
    if (first > from) {
      const added = [];
      for (let n = from; n < first; n++) added.push(makeRow(n));
      rows.prepend(...added);
      first = from;
    }
    for (; last < to; last++) rows.append(makeRow(last));
    if (isLost && !rows.contains(document.activeElement)) table.focus({ preventScroll: true });
    for (const [space, count] of [[above, first], [below, total - last]]) {
      space.hidden = count === 0;
      space.rows[0].cells[0].style.blockSize = `${count * ROW}px`;
    }
  };

  const follow = () => {
    const top = table.tHead.getBoundingClientRect().height + table.getBoundingClientRect().top;
    const from = Math.max(0, Math.min(total, Math.floor(-top / ROW)) - BEYOND);
    const to = Math.min(total, Math.max(0, Math.ceil((innerHeight - top) / ROW)) + BEYOND);
    drawRows(from, Math.max(from, to));
  };

  let frame = 0;
  let place = 0;
  let leaps = 0;

  /** Rows that pass faster than anybody can read wait until the scroll slows down, but not long. */
  const onFrame = () => {
    frame = 0;
    const isLeap = Math.abs(scrollY - place) >= innerHeight;
    place = scrollY;
    leaps = isLeap && leaps < LEAPS ? leaps + 1 : 0;
    if (leaps) onMove();
    else follow();
  };
  const onMove = () => {
    if (view === "table" && !frame) frame = requestAnimationFrame(onFrame);
  };
  addEventListener("scroll", onMove, { passive: true });
  addEventListener("resize", onMove);

  // On paper, everything is near; before the list is there, that is what the page has.
  addEventListener("beforeprint", () => {
    if (!total) return;
    distance.disconnect();
    if (view === "table") drawRows(0, total);
    else {
      while (drawn < total) addGroup();
      distance.disconnect();
      for (const group of cards.children) {
        group.style.blockSize = "";
        fillGroup(group);
      }
    }
  });
  addEventListener("afterprint", () => {
    if (!total) return;
    if (view === "table") follow();
    else for (const group of cards.children) distance.observe(group);
  });

  return (wanted, count, isSame) => {
    clearTimeout(rest);
    view = wanted;
    total = count;
    cards.hidden = view !== "cards";
    table.hidden = view !== "table";
    if (view === "cards") drawCards(isSame);
    else {
      more.hidden = true;
      table.setAttribute("aria-rowcount", String(total + 1));
      rows.replaceChildren();
      first = last = 0;
      follow();
    }
  };
};

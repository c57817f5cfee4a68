// Copy buttons: every `button[data-copy]` of a page, those that are added later too.

/** The words that a screen reader hears; the element is in the page from the start, else nothing is announced. */
export const say = (words) => {
  const notice = document.getElementById("notice");
  if (notice) notice.textContent = words;
};

/** Whether the text is on the clipboard now. Without https there is no `navigator.clipboard`. */
export const copy = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
};

const copyBySelection = (text) => {
  const focused = document.activeElement;
  const area = document.createElement("textarea");
  area.className = "visually-hidden";
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  focused?.focus({ preventScroll: true });
  return done;
};

const back = new WeakMap();

document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("button[data-copy]");
  if (!button) return;
  const text = button.dataset.copy;
  const done = await copy(text);
  say("");
  // Two copies of the same text are two announcements: an unchanged text is not read again.
  requestAnimationFrame(() => say(done ? `Copied ${text}` : "The browser did not allow copying."));
  clearTimeout(back.get(button));
  button.dataset.copied = done ? "yes" : "no";
  back.set(button, setTimeout(() => delete button.dataset.copied, 2000));
});

for (const part of document.querySelectorAll("[data-js]")) part.hidden = false;

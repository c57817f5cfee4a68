// Copy buttons: every `button[data-copy]` of a page, including those that are added later.

/** Text for screen readers; they announce changes only if the element was in the page from the start. */
export const notify = (words) => {
  const notice = document.getElementById("notice");
  if (notice) notice.textContent = words;
};

/** Copy a text; whether it worked. Without https there is no `navigator.clipboard`. */
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
  notify("");
  // Screen readers do not announce an unchanged text again.
  requestAnimationFrame(() => notify(done ? `Copied ${text}` : "The browser did not allow copying."));
  clearTimeout(back.get(button));
  button.dataset.copied = done ? "yes" : "no";
  back.set(button, setTimeout(() => delete button.dataset.copied, 2000));
});

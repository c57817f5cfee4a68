// What must be known before the first paint, so that nothing moves after it: that scripts run (`js`: controls have their
// place from the start), that the address has a state (`query`: the list waits for it), and the colour scheme.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  root.classList.toggle("query", location.search !== "");
  const query = new URLSearchParams(location.search);
  root.classList.toggle("what-if", query.has("down"));
  // What follows a shared answer appears with it, or soon where no answer comes.
  root.classList.toggle("asked", Boolean(query.get("ask")));
  if (query.get("ask")) setTimeout(() => root.classList.remove("asked"), 3000);
  const names = { auto: "system", light: "light", dark: "dark" };
  const order = Object.keys(names);
  const key = "modelspec-theme";
  // Storage may be unavailable (private window, policy): then the choice lasts as long as the page.
  const attempt = (action) => {
    try {
      return action();
    } catch {
      return null;
    }
  };
  const stored = attempt(() => localStorage.getItem(key));
  if (order.includes(stored)) root.dataset.theme = stored;
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.querySelector("[data-action=theme]");
    if (!button) return;
    const show = () => {
      button.textContent = `Theme: ${names[root.dataset.theme]}`;
    };
    button.addEventListener("click", () => {
      root.dataset.theme = order[(order.indexOf(root.dataset.theme) + 1) % order.length];
      attempt(() => localStorage.setItem(key, root.dataset.theme));
      show();
    });
    show();
  });
})();

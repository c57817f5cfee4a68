// Added by `modelspec serve` only: reloads the page when the site changes, and shows faults that stop the build.
const script = document.currentScript;
const shownVersion = script.dataset.version;
const events = new EventSource(new URL("events", script.src));
let overlay = null;

function showFaults(faults) {
  if (overlay === null) {
    overlay = document.createElement("section");
    overlay.className = "modelspec-faults";
    overlay.setAttribute("role", "alert");
    const title = document.createElement("h2");
    title.textContent = "The repository has errors";
    const note = document.createElement("p");
    note.textContent = "This page is the last good build. It is replaced as soon as the errors are fixed.";
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "Hide";
    close.addEventListener("click", () => { overlay.hidden = true; });
    overlay.append(title, close, note, document.createElement("pre"));
    document.body.append(overlay);
  }
  overlay.hidden = false;
  overlay.querySelector("pre").textContent = faults;
}

events.addEventListener("message", (event) => {
  const { version, faults } = JSON.parse(event.data);
  if (version !== shownVersion) {
    events.close();
    location.reload();
  } else if (faults === null) {
    overlay?.remove();
    overlay = null;
  } else if (version === "") {
    document.querySelector("pre").textContent = faults;
  } else {
    showFaults(faults);
  }
});

// What happens now, over the built page. Without live files, this is all that is loaded: it asks, and shows nothing.

import { readStatus, readUsage } from "./live-files.js";

const EVERY = 60_000;
const NEEDS_USAGE = ["model", "head", "traffic"];

const main = document.querySelector("main");
const isTraffic = main?.dataset.page === "traffic";

// A page that is left while a script is on its way gets none of it.
const left = () => null;

const update = async () => {
  const status = await readStatus();
  const wanted = NEEDS_USAGE.includes(main?.dataset.page) || (!status.value && !status.fault);
  const usage = wanted ? await readUsage() : null;
  const isThere = [status, usage].some((file) => file?.value || file?.fault);
  if (isThere || isTraffic) {
    await (await import("./live-overlay.js").catch(left))?.overlay(status, usage);
    if (isTraffic) (await import("./traffic.js").catch(left))?.draw(status, usage);
  }
  document.documentElement.classList.toggle("has-live", isThere);
  return isThere;
};

// A page that stays open must not go on showing what was.
const again = async () => {
  if (document.visibilityState === "visible") await update();
  setTimeout(again, EVERY);
};

const first = main ? update() : Promise.resolve(false);
// Before anything is awaited: What if may be on from the start.
document.addEventListener("whatif", async ({ detail }) => {
  if (await first) (await import("./live-overlay.js").catch(left))?.weigh(detail);
});
if (await first) setTimeout(again, EVERY);

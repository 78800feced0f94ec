// The console: reads the simulator every second, and shows what changed.
import { call, readAll } from "./api.mjs";
import { showActivity } from "./activity.mjs";
import { cardStates, customerCard, onChange } from "./customers.mjs";
import { byId, showEach } from "./dom.mjs";
import { showFaults } from "./faults.mjs";
import { learnPhrases } from "./phrases.mjs";

const SHOWN = 60;
const PERIOD_MS = 1000;
let last = null;
let asked = 0;

function draw() {
  if (last === null) return;
  showActivity(last, SHOWN);
  showEach(byId("customers"), cardStates(last.customers, last.notifications, Date.now()),
    (state) => state.customer.userId, (state) => customerCard(state, run));
}

/** Read and draw; an answer that was overtaken by a newer one is not drawn. */
async function refresh() {
  const number = ++asked;
  const all = await readAll(SHOWN);
  await learnPhrases(all.customers.map((customer) => customer.locale));
  if (number !== asked) return;
  last = all;
  draw();
}

function tell(problem) {
  byId("problem").textContent = problem;
  byId("problem").hidden = problem === "";
}

/** Carry out what somebody asked for, and show the result or what was wrong. */
async function run(work) {
  tell("");
  try {
    await work();
  } catch (error) {
    tell(error.message);
  }
  await refresh().catch(() => {});
}

let away = false;

async function poll() {
  if (!document.hidden) {
    try {
      await refresh();
      if (away) tell("");
      away = false;
    } catch {
      away = true;
      tell("The simulator does not answer.");
    }
  }
  setTimeout(poll, PERIOD_MS);
}

onChange(draw);
byId("add").onsubmit = (event) => {
  event.preventDefault();
  run(async () => {
    const { userId } = await call("POST", "/customers", { region: byId("region").value });
    await refresh();
    byId("customers").querySelector(`[data-user="${CSS.escape(userId)}"]`)?.scrollIntoView({ block: "nearest" });
  });
};
byId("flush").onclick = () => run(() => call("POST", "/events/flush"));
run(() => showFaults(byId("faults"), run));
poll();

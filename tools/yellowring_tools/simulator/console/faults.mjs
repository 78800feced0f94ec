// The faults: a form made of the fault document itself, and what is often wanted.
import { call } from "./api.mjs";
import { make } from "./dom.mjs";

const SPELLINGS = ["iso", "iso-ms", "epoch-ms", "epoch-s", "mixed"];

const PRESETS = {
  "All is well": {},
  "Doubled, shuffled, late": { events: { copies: 2, shuffle: true, delayMs: [0, 3000], timestamps: "mixed" } },
  "Stormy": { api: { error5xx: 0.1, throttle: 0.1, resetAfterAccept: 0.05, timeout: 0.05, timeoutSeconds: 3 } },
  "100 a second": { api: { ratePerSecond: 100, retryAfter: 1 } },
  "Hold the events": { events: { hold: true } },
};

const GROUPS = { events: "Skill events and messages", api: "Events and messages API", lwa: "Tokens", userinfo: "Accounts (userinfo)", messages: "Messages" };

/** Write a key as words: `delayMs` is "delay (ms)". */
export function words(key) {
  const spaced = key.replace(/([a-z])([A-Z0-9])/g, "$1 $2").toLowerCase();
  return spaced.replace(/ ms$/, " (ms)").replace(/ seconds$/, " (s)").replace(" 5xx", " 5xx");
}

function field(path, key, value) {
  const name = path.join(".");
  const number = (text, place) => make("input", {
    type: "number", step: "any", min: 0, value: text ?? "", name: place,
    placeholder: value === null ? "none" : "",
    attributes: { "aria-label": place === name ? words(key) : `${words(key)}: ${place.at(-1) === "0" ? "least" : "most"}` },
  });
  let input;
  if (typeof value === "boolean") input = make("input", { type: "checkbox", checked: value, name });
  else if (Array.isArray(value)) input = make("span", { className: "pair" }, ...value.map((each, index) => number(each, `${name}.${index}`)));
  else if (typeof value === "string") {
    input = make("select", { name }, ...SPELLINGS.map((text) => make("option", { textContent: text, selected: text === value })));
  } else input = number(value, name);
  return make(Array.isArray(value) ? "div" : "label", { className: "field" }, make("span", { textContent: words(key) }), input);
}

/** Read the form back as a fault document; a number left empty has its default. */
export function readForm(inputs) {
  const faults = {};
  for (const input of inputs) {
    const value = input.type === "checkbox" ? input.checked : input.type === "number"
      ? (input.value === "" ? null : Number(input.value)) : input.value;
    if (value === null) continue;
    const path = input.name.split(".");
    const last = path.pop();
    let place = faults;
    path.forEach((key, index) => {
      const next = index + 1 < path.length ? path[index + 1] : last;
      place = place[key] ??= /^\d$/.test(next) ? [] : {};
    });
    place[last] = value;
  }
  return faults;
}

/** Fill the form with the faults in force. */
export async function showFaults(form, run, news = "") {
  const faults = await call("GET", "/faults");
  const groups = Object.entries(faults).filter(([, value]) => value !== null && typeof value === "object");
  const single = Object.entries(faults).filter(([, value]) => value === null || typeof value !== "object");
  const put = async (document) => {
    await call("PUT", "/faults", document);
    await showFaults(form, run, `In force since ${new Date().toLocaleTimeString([], { hour12: false })}`);
  };
  const open = [...form.querySelectorAll("details[open]")].map((details) => details.dataset.group);
  const groupOpen = (group) => (form.childElementCount ? open.includes(group) : group === "events");
  form.replaceChildren(
    make("div", { className: "presets", attributes: { role: "group", "aria-label": "Often wanted" } },
      ...Object.entries(PRESETS).map(([name, document]) => make("button", {
        type: "button", textContent: name, onclick: () => run(() => put(document)) }))),
    ...groups.map(([group, values]) => make("details", { open: groupOpen(group), dataset: { group } },
      make("summary", { textContent: GROUPS[group] ?? words(group) }),
      ...Object.entries(values).map(([key, value]) => field([group, key], key, value)))),
    ...single.map(([key, value]) => field([key], key, value)),
    make("p", { className: "soft", textContent: "Shares of requests go from 0, never, to 1, always." }),
    make("div", { className: "actions" },
      make("button", { className: "primary", textContent: "Put in force" }),
      make("output", { className: "soft", textContent: news })));
  form.onsubmit = (event) => {
    event.preventDefault();
    run(() => put(readForm(form.querySelectorAll("input, select"))));
  };
}

// The customers: their rings, what Alexa says to them, and all that they can do.
import { act } from "./api.mjs";
import { byId, clock, make, plural, short } from "./dom.mjs";
import { byIntent, phrasesOf, spoken } from "./phrases.mjs";

const SWITCHES = [
  ["enable", (c) => c.state === "new" || c.state === "disabled", "disable", (c) => c.enabled],
  ["grant", (c) => (c.enabled || c.state === "new") && c.permissions.length === 0,
    "revoke", (c) => c.permissions.length > 0],
  ["subscribe", (c) => (c.enabled || c.state === "new") && c.subscriptions.length < 8,
    "unsubscribe", (c) => c.subscriptions.length > 0],
];

const SHOWN_TURNS = 4;
const MS_PER_CHARACTER = 90;
const LONGEST_PAUSE_MS = 1500;

const turns = new Map();
const speaking = new Set();
let changed = () => {};

/** Have `work` called whenever a ring begins or stops to speak, or somebody said something. */
export function onChange(work) {
  changed = work;
}

/** Say sentences aloud, one after the other; the ring is blue meanwhile. */
function speakAloud(userId, locale, sentences) {
  if (!("speechSynthesis" in window) || sentences.length === 0) return;
  const stop = () => { if (speaking.delete(userId)) changed(); };
  sentences.forEach((sentence, index) => {
    const speech = Object.assign(new SpeechSynthesisUtterance(sentence), { lang: locale });
    if (index === sentences.length - 1) Object.assign(speech, { onend: stop, onerror: stop });
    speechSynthesis.speak(speech);
  });
  speaking.add(userId);
  // A machine without a voice tells neither the end nor an error.
  setTimeout(stop, LONGEST_PAUSE_MS + sentences.join(" ").length * MS_PER_CHARACTER);
}

function note(userId, ...lines) {
  const spoken = lines.filter((line) => line.text);
  turns.set(userId, [...(turns.get(userId) ?? []), ...spoken].slice(-SHOWN_TURNS));
  byId("said").textContent = spoken.filter((line) => line.who === "alexa").map((line) => line.text).join(" ");
}

function answered(customer, answer) {
  note(customer.userId, { who: "alexa", text: answer.speech });
  speakAloud(customer.userId, customer.locale, answer.speech ? [answer.speech] : []);
}

async function say(customer, phrase, slots) {
  note(customer.userId, { who: "you", text: spoken(phrase.text, slots) });
  answered(customer, await act(customer.userId, "say", { intent: phrase.intent, slots }));
}

const ANSWERS = { ACCEPTED: "I approve", DENIED: "no", NOT_ANSWERED: "(says nothing)" };

async function answerConsent(customer, status) {
  note(customer.userId, { who: "you", text: ANSWERS[status] });
  answered(customer, await act(customer.userId, "consent", { status }));
}

async function listen(customer) {
  const { sentences } = await act(customer.userId, "listen");
  note(customer.userId, { who: "you", text: "Alexa, what are my notifications?" },
    ...sentences.map((text) => ({ who: "alexa", text })));
  speakAloud(customer.userId, customer.locale, sentences);
}

/** Put together what a card shows, so that it is drawn anew only when that changed. */
export function cardStates(customers, notifications, nowMs) {
  const received = new Map();
  for (const each of notifications) received.set(each.userId, [...(received.get(each.userId) ?? []), each]);
  return [...customers]
    .sort((one, other) => (one.state === "gone") - (other.state === "gone"))
    .map((customer) => {
      const own = received.get(customer.userId) ?? [];
      const waits = (each) => each.sentence !== null && each.heardAt === null && Date.parse(each.expiryTime) > nowMs;
      return {
        customer,
        waiting: own.filter(waits).slice(-3),
        earlier: own.filter((each) => !waits(each)).slice(-8),
        turns: turns.get(customer.userId) ?? [],
        speaks: speaking.has(customer.userId),
        ...phrasesOf(customer.locale),
      };
    });
}

function button(text, doing, run, more = {}) {
  return make("button", { type: "button", textContent: text, dataset: { focus: text },
    onclick: () => run(doing), ...more });
}

function echo({ customer, speaks }) {
  const { waiting } = customer;
  const light = speaks ? "speaks" : waiting > 0 ? "waits" : customer.enabled ? "" : "off";
  const said = speaks ? "Alexa is speaking" : waiting > 0
    ? `Yellow ring: ${plural(waiting, "notification")} waiting` : "Ring is off";
  return make("div", { className: `echo ${light}`, title: said, textContent: waiting || "",
    attributes: { role: "img", "aria-label": said } });
}

function facts(customer) {
  const granted = customer.permissions.length > 0;
  const chip = (text, kind = "") => make("span", { className: `chip ${kind}`, textContent: text });
  return make("div", { className: "chips" },
    chip(customer.state, { enabled: "good", disabled: "bad" }[customer.state]),
    chip(`${customer.region.toUpperCase()} · ${customer.locale}`),
    customer.enabled ? chip(granted ? "permission given" : "no permission", granted ? "good" : "") : null,
    customer.voice.session ? chip("in conversation", "late") : null);
}

function newsBubble(notification, run) {
  const { userId, locale, sentence } = notification;
  const aloud = "speechSynthesis" in window && button("Speak", async () => speakAloud(userId, locale, [sentence]), run,
    { className: "speak", attributes: { "aria-label": `Speak: ${sentence}` },
      dataset: { focus: `speak ${notification.referenceId}` } });
  return make("li", { className: "bubble news" },
    make("div", { className: "line" }, make("span", { textContent: sentence }), aloud || null),
    make("small", { textContent: `${notification.referenceId} · ${clock(notification.acceptedAt)}` }));
}

function turnBubble({ who, text }) {
  const quiet = make("span", { className: "quiet", textContent: who === "you" ? "You: " : "Alexa: " });
  return make("li", { className: `bubble ${who}` }, quiet, text);
}

function questions(customer, run) {
  const { consent, card } = customer.voice;
  const box = (text, ...buttons) => make("div", { className: "ask" },
    make("p", { textContent: text }), make("div", { className: "actions" }, ...buttons));
  if (consent) {
    return box("Alexa asks: may this skill send you notifications?",
      button("I approve", () => answerConsent(customer, "ACCEPTED"), run, { className: "primary" }),
      button("No", () => answerConsent(customer, "DENIED"), run),
      button("Say nothing", () => answerConsent(customer, "NOT_ANSWERED"), run));
  }
  if (card) {
    return box("In the Alexa app: this skill would like to send you notifications.",
      button("Allow", () => act(customer.userId, "card", { accept: true }), run, { className: "primary" }),
      button("Put away", () => act(customer.userId, "card", { accept: false }), run));
  }
  return null;
}

function blank(customer, place, { name, values }) {
  const list = `values-${customer.number}-${place}-${name}`;
  return make("label", { className: "inline" }, name,
    make("input", { name, placeholder: values[0], autocomplete: "off", dataset: { focus: `slot ${place} ${name}` },
      attributes: { list } }),
    make("datalist", { id: list }, ...values.map((value) => make("option", { value }))));
}

function talk({ customer, phrases }, run) {
  const blanks = make("div", { className: "blanks" });
  const option = (place) => make("option", { value: String(place), textContent: phrases[place].text });
  const choice = make("select", { dataset: { focus: "phrase" }, attributes: { "aria-label": "What to say" } },
    ...byIntent(phrases).map(({ intent, places }) => (places.length === 1 ? option(places[0])
      : make("optgroup", { label: intent }, ...places.map(option)))));
  const choose = () => blanks.replaceChildren(
    ...phrases[choice.value].slots.map((each) => blank(customer, choice.value, each)));
  choice.onchange = choose;
  choose();
  return make("form", { className: "talk", onsubmit: (event) => {
    event.preventDefault();
    const slots = Object.fromEntries([...blanks.querySelectorAll("input")]
      .map((input) => [input.name, input.value.trim() || input.placeholder]));
    run(() => say(customer, phrases[choice.value], slots));
  } }, choice, make("button", { textContent: "Say", dataset: { focus: "Say" },
    disabled: customer.state === "disabled" || customer.voice.consent !== null }), blanks);
}

function account(customer, run) {
  const possible = customer.enabled || customer.state === "new";
  if (customer.subject !== null) {
    return make("div", { className: "account" },
      make("span", {}, "Linked to account ", make("b", { textContent: customer.subject })),
      button("unlink", () => act(customer.userId, "unlink"), run));
  }
  const subject = make("input", { required: true, maxLength: 1000, placeholder: "customer id, such as 4711", autocomplete: "off",
    disabled: !possible, dataset: { focus: "subject" } });
  return make("form", { className: "account", onsubmit: (event) => {
    event.preventDefault();
    run(() => act(customer.userId, "link", { subject: subject.value }));
  } }, make("label", { className: "inline" }, "Account", subject),
  make("button", { textContent: "link", disabled: !possible, dataset: { focus: "link" } }));
}

function switches(customer, run) {
  const one = (action, possible) => button(action, () => act(customer.userId, action), run,
    { disabled: !possible(customer) });
  return make("fieldset", { className: "switches" },
    make("legend", { className: "soft", textContent: "In the Alexa app" }),
    ...SWITCHES.map(([on, canOn, off, canOff]) =>
      make("div", { className: "switch" }, one(on, canOn), one(off, canOff))));
}

function details(state) {
  const { customer, earlier } = state;
  const names = customer.subscriptions.map((name) => name.split(".")[1]);
  const subscribed = names.length === 8 ? "all eight events" : plural(names.length, "event");
  const heard = customer.notifications - customer.waiting;
  if (names.length === 0 && heard === 0) return null;
  return make("details", {},
    make("summary", { textContent: [names.length ? `Subscribed to ${subscribed}` : "No subscriptions",
      heard ? `${heard} heard, expired or without a ring` : ""].filter(Boolean).join(" · ") }),
    make("ul", {}, ...(names.length && names.length < 8 ? [make("li", { textContent: names.join(", ") })] : []),
      ...(names.length === 8 ? [make("li", { textContent: names.join(", ") })] : []),
      ...earlier.map((each) => make("li", { textContent:
        `${clock(each.acceptedAt)} ${each.sentence ?? `No ring: ${each.noRing}`}` }))));
}

/** Draw a customer; `run` carries out what a button does, and shows what went wrong. */
export function customerCard(state, run) {
  const { customer, waiting } = state;
  if (customer.state === "gone") {
    return make("article", { className: "card gone soft", title: customer.userId, textContent:
      `Customer ${customer.number} left, and came back under a new user id: ${short(customer.successor)}` });
  }
  const bubbles = [...waiting.map((each) => newsBubble(each, run)), ...state.turns.map(turnBubble)];
  const hidden = customer.waiting - waiting.length;
  return make("article", { className: `card ${customer.waiting ? "rings" : ""}`, dataset: { user: customer.userId },
    attributes: { "aria-label": `Customer ${customer.number}` } },
  make("div", { className: "top" }, echo(state),
    make("div", {}, make("h3", {}, `Customer ${customer.number} `,
      make("code", { className: "soft", title: customer.userId, textContent: short(customer.userId) })), facts(customer))),
  hidden > 0 ? make("p", { className: "soft", textContent: `and ${hidden} more that wait` }) : null,
  bubbles.length ? make("ul", { className: "bubbles" }, ...bubbles) : null,
  questions(customer, run),
  details(state),
  make("div", { className: "foot" },
    customer.waiting ? button("Listen to the notifications", () => listen(customer), run, { className: "yellow" }) : null,
    talk(state, run),
    state.problem ? make("p", { className: "soft", textContent: state.problem }) : null,
    switches(customer, run),
    account(customer, run)));
}

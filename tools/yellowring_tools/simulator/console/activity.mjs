// What goes on: tiles, requests per second, and what the skill was told.
import { breakable, byId, clock, make, plural, short, showEach, span } from "./dom.mjs";

const LATE_MS = 1000;
const SAMPLES = 60;

/** Counts requests per second out of totals that grow; a total that shrank begins anew. */
export class Rate {
  constructor() {
    this.samples = [];
    this.last = null;
  }

  add(total, atMs) {
    if (this.last !== null && total >= this.last.total) {
      const seconds = Math.max(atMs - this.last.atMs, 1) / 1000;
      this.samples = [...this.samples, (total - this.last.total) / seconds].slice(-SAMPLES);
    } else {
      this.samples = [];
    }
    this.last = { total, atMs };
  }

  get now() {
    return this.samples.at(-1) ?? 0;
  }

  /** Points of a line in a box, newest at its right edge. */
  points(width, height) {
    const most = Math.max(1, ...this.samples);
    const start = SAMPLES - this.samples.length;
    return this.samples
      .map((rate, index) => {
        const x = ((start + index) * width) / (SAMPLES - 1);
        return `${x.toFixed(1)},${(height - 2 - (rate / most) * (height - 4)).toFixed(1)}`;
      })
      .join(" ");
  }
}

/**
 * Say what was odd about the delivery of each event: doubled, repeated, late, or overtaken by a
 * newer event of the same customer. Gives an array of lists of words, one for each event.
 */
export function oddities(events) {
  const arrivals = events.map((event) => {
    const first = event.deliveries.find((delivery) => delivery.acknowledged);
    return first === undefined ? null : Date.parse(event.timestamp) + first.afterMs;
  });
  return events.map((event, index) => {
    const words = [];
    if (event.copies > 1) words.push(`sent ×${event.copies}`);
    const failures = event.deliveries.filter((delivery) => !delivery.acknowledged).length;
    if (failures > 0) words.push(`repeated after ${plural(failures, "failure")}`);
    if (arrivals[index] === null) return words;
    const after = event.deliveries.find((delivery) => delivery.acknowledged).afterMs;
    if (after >= LATE_MS) words.push(`late ${span(after)}`);
    const overtaken = events.some((other, place) =>
      other.userId === event.userId && arrivals[place] !== null &&
      Date.parse(other.timestamp) > Date.parse(event.timestamp) && arrivals[place] < arrivals[index]);
    if (overtaken) words.push("overtaken");
    return words;
  });
}

const KIND = { delivered: "good", failed: "bad", pending: "" };

function eventItem({ event, odd, name }) {
  const message = event.type === "MessageReceived";
  return make("li", { title: event.lastError ?? event.id },
    make("div", { className: "line" },
      make("b", {}, ...breakable(message ? "Message" : event.type)),
      make("span", { className: `chip ${KIND[event.state]}`, textContent: event.state })),
    make("div", { className: "soft", textContent:
      `${clock(event.timestamp)} · ${name}` +
      (message ? ` · ${JSON.stringify(event.data).slice(0, 90)}` : "") }),
    make("div", { className: "chips" },
      ...event.deliveries.slice(-6).map((delivery) => make("span", {
        className: `chip ${delivery.acknowledged ? "" : "bad"}`,
        title: delivery.acknowledged ? "acknowledged" : event.lastError ?? "not acknowledged",
        textContent: `${delivery.acknowledged ? "✓" : "✗"} ${span(delivery.afterMs)}`,
      })),
      ...odd.map((word) => make("span", { className: "chip late", textContent: word }))));
}

function showFeed(events, messages, customers) {
  const names = new Map(customers.map((customer) => [customer.userId, `Customer ${customer.number}`]));
  const told = [...events.events, ...messages.messages]
    .sort((one, other) => Date.parse(other.timestamp) - Date.parse(one.timestamp));
  const odd = oddities(told);
  const items = told.map((event, index) => ({
    event, odd: odd[index], name: names.get(event.userId) ?? short(event.userId),
  }));
  showEach(byId("events"), items, (item) => item.event.id, eventItem);
  const { pending, delivered, failed, attempts } = events.summary;
  byId("summary").textContent =
    `${plural(delivered, "event")} delivered in ${plural(attempts, "delivery", "deliveries")}` +
    (pending ? `, ${pending} on the way` : "") + (failed ? `, ${failed} given up` : "") +
    ` · ${plural(messages.summary.delivered, "message")}` +
    (messages.summary.pending ? `, ${messages.summary.pending} on the way` : "");
  byId("count-events").textContent = events.summary.delivered;
  byId("flush").hidden = pending + messages.summary.pending === 0;
}

const MEANING = {
  202: "accepted", 400: "wrong request", 401: "not authorized", 403: "not reachable",
  404: "no such user", 409: "already sent", 429: "slow down", 432: "daily limit",
  reset: "connection reset", timeout: "no answer",
};

function statusItem([status, count]) {
  const kind = status === "202" ? "good" : status >= "500" || status === "400" ? "bad" : "late";
  const meaning = MEANING[status] ?? "server error";
  return make("li", { className: `chip ${kind}`, textContent: `${count} × ${status} ${meaning}` });
}

const rate = new Rate();

function showRequests(requests) {
  showEach(byId("statuses"), Object.entries(requests.byStatus), ([status]) => status, statusItem);
  const sent = requests.messages.total;
  byId("requests").textContent =
    (requests.total ? `${plural(requests.total, "event request")}, at most ` +
      `${requests.perSecondMaximum} in a second` : "No events yet") +
    (sent ? ` · ${plural(sent, "message request")}` : "") +
    (requests.userinfo.total ? ` · ${plural(requests.userinfo.total, "userinfo request")}` : "") +
    ` · ${plural(requests.tokensIssued, "token")} issued`;
  rate.add(requests.total + sent, Date.now());
  byId("rate").textContent = rate.now >= 10 ? Math.round(rate.now) : Number(rate.now.toFixed(1));
  byId("spark").setAttribute("points", rate.points(120, 30));
}

/** Show the header, the tiles and the panels. */
export function showActivity({ health, customers, notifications, events, messages, requests }, shown) {
  byId("skill").textContent =
    `${health.skillId ?? "no skill yet"} · ${health.stage} · ${health.function ?? "no skill function connected"}`;
  byId("count-customers").textContent = health.customers;
  const rings = customers.filter((customer) => customer.waiting > 0).length;
  const some = health.customers > shown;
  byId("count-rings").textContent = some && rings ? `${rings}+` : rings;
  byId("count-rings").parentElement.classList.toggle("lit", rings > 0);
  byId("count-notifications").textContent = health.notifications;
  byId("more").hidden = !some;
  byId("more").textContent = `The newest ${shown} of ${health.customers} customers`;
  byId("welcome").hidden = health.customers > 0;
  showFeed(events, messages, customers);
  showRequests(requests);
}

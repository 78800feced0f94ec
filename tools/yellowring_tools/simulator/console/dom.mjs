// Elements, lists of them that keep the focus, and how things are written.

/** Make an element; text is only ever set as text, so nothing that a request carried is markup. */
export function make(tag, properties = {}, ...children) {
  const { dataset = {}, attributes = {}, ...rest } = properties;
  const element = Object.assign(document.createElement(tag), rest);
  Object.assign(element.dataset, dataset);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

export const byId = (id) => document.getElementById(id);

const drawn = new WeakMap();

/**
 * Show one element per item, in order. An element is made anew only when its item's state
 * changed; what had the focus in it (told by data-focus), or else its neighbour, has it again.
 */
export function showEach(parent, items, keyOf, draw) {
  const before = drawn.get(parent) ?? new Map();
  const after = new Map();
  for (const item of items) {
    const key = keyOf(item);
    const state = JSON.stringify(item);
    const known = before.get(key);
    const same = known !== undefined && known.state === state;
    after.set(key, { state, element: same ? known.element : replaced(known?.element, draw(item)) });
  }
  drawn.set(parent, after);
  const wanted = [...after.values()].map((each) => each.element);
  for (const child of [...parent.children]) if (!wanted.includes(child)) child.remove();
  wanted.forEach((element, index) => {
    if (parent.children[index] !== element) parent.insertBefore(element, parent.children[index] ?? null);
  });
}

function replaced(old, fresh) {
  if (!old?.isConnected) return fresh;
  const focused = old.contains(document.activeElement) ? document.activeElement.dataset.focus : undefined;
  // A select comes before the inputs that its choice makes.
  for (const field of old.querySelectorAll("select[data-focus], input[data-focus]")) {
    const same = fresh.querySelector(`[data-focus="${CSS.escape(field.dataset.focus)}"]`);
    if (!same || same.value === field.value) continue;
    same.value = field.value;
    same.onchange?.();
  }
  const details = fresh.querySelector("details");
  if (details && old.querySelector("details[open]")) details.open = true;
  old.replaceWith(fresh);
  if (focused) {
    const same = fresh.querySelector(`[data-focus="${CSS.escape(focused)}"]`);
    const nearby = same?.parentElement.querySelector("button:not(:disabled)");
    const next = same && !same.disabled ? same : nearby ?? fresh.querySelector("button:not(:disabled)");
    next?.focus({ preventScroll: true });
  }
  return fresh;
}

/** Write a user id so that it can be told from others; the whole is for a title. */
export function short(userId) {
  const name = userId.replace("amzn1.ask.account.", "");
  return name.length > 16 ? `${name.slice(0, 15)}…` : name;
}

/** Write a name of several words in one so that it can break between them. */
export function breakable(name) {
  const words = name.split(/(?<=[a-z])(?=[A-Z])/);
  return words.flatMap((word, index) => (index === 0 ? [word] : [document.createElement("wbr"), word]));
}

export const clock = (iso) => new Date(iso).toLocaleTimeString([], { hour12: false });

/** Write a time span in milliseconds as a person would. */
export function span(milliseconds) {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return `${Math.round(milliseconds / 60_000)} min`;
}

export const plural = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

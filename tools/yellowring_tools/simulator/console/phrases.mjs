// What customers can say: the phrases of the skill's own interaction model.
import { call } from "./api.mjs";

const OPEN = { intent: "LaunchRequest", text: "(opens the skill)", slots: [] };
const known = new Map();

/** Read the phrases of locales that were not read yet; without an answer there is one phrase. */
export async function learnPhrases(locales) {
  const fresh = [...new Set(locales)].filter((locale) => !known.has(locale));
  await Promise.all(fresh.map(async (locale) => {
    const { phrases, problem } = await call("GET", `/phrases?locale=${encodeURIComponent(locale)}`);
    known.set(locale, { phrases, problem });
  }));
}

/** Give the phrases of a locale, and what is wrong with its model. */
export const phrasesOf = (locale) => known.get(locale) ?? { phrases: [OPEN], problem: null };

/** Write a phrase as it is said, its slots filled; one without a value is said by its name. */
export const spoken = (text, slots) =>
  text.replace(/\{\s*(\w+)\s*\}/g, (whole, name) => slots[name] || name);

/** Group phrases that follow each other by intent, for a list to choose from. */
export function byIntent(phrases) {
  const groups = [];
  phrases.forEach((phrase, place) => {
    if (groups.at(-1)?.intent !== phrase.intent) groups.push({ intent: phrase.intent, places: [] });
    groups.at(-1).places.push(place);
  });
  return groups;
}

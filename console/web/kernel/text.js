// The texts of the console. A key is "area.name"; each area has a file in text/en and one in text/zh,
// which is loaded with the first page that names it. A text is a string with {names}, or an object with
// the plural forms of the language, chosen by {n}: { one: '{n} zone', other: '{n} zones' }.
import { signal } from './signal.js';

export const languages = { en: 'English', zh: '中文' };
const stored = 'opsledger.language';
const dictionaries = { en: {}, zh: {} };
const wanted = new Set(['shell', 'ui', 'changes', 'time', 'search']);

export const language = signal(first());

function first() {
  const asked = new URLSearchParams(location.search).get('lang');
  if (asked in languages) return asked;
  const kept = localStorage.getItem(stored);
  if (kept in languages) return kept;
  return (navigator.languages ?? []).some((l) => l.toLowerCase().startsWith('zh')) ? 'zh' : 'en';
}

async function load(lang, area) {
  dictionaries[lang][area] ??= (await import(`../text/${lang}/${area}.js`)).default;
}

// needTexts resolves when the texts of the areas are there, in the language of now.
export async function needTexts(areas = []) {
  areas.forEach((area) => wanted.add(area));
  await Promise.all([...wanted].map((area) => load(language.value, area)));
}

// speak changes the language, once its texts are there.
export async function speak(lang) {
  await Promise.all([...wanted].map((area) => load(lang, area)));
  localStorage.setItem(stored, lang);
  document.documentElement.lang = lang === 'zh' ? 'zh-CN' : 'en';
  language.value = lang;
}

// t is a text in the language of now. A key that nobody has written is shown as it is.
export function t(key, values = {}) {
  const dot = key.indexOf('.');
  let text = dictionaries[language.value][key.slice(0, dot)]?.[key.slice(dot + 1)];
  if (text === undefined) return key;
  if (typeof text === 'object') text = text[plural(values.n)] ?? text.other;
  return text.replace(/\{(\w+)\}/g, (all, name) => (name in values ? shown(values[name]) : all));
}

// has says whether there is such a text, for names that the API may add to.
export function has(key) {
  const dot = key.indexOf('.');
  return dictionaries[language.value][key.slice(0, dot)]?.[key.slice(dot + 1)] !== undefined;
}

const plural = (n) => new Intl.PluralRules(language.value).select(Number(n) || 0);
const shown = (value) => (typeof value === 'number' ? number(value) : String(value ?? ''));

// number writes a number as the language does, with at most so many digits after the point.
export const number = (n, digits = 0) => new Intl.NumberFormat(language.value, { maximumFractionDigits: digits }).format(n);

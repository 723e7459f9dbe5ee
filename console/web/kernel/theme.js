// Light, dark, or what the system says; kept in the browser.
import { signal } from './signal.js';

const stored = 'opsledger.theme';
export const themes = ['system', 'light', 'dark'];
const dark = matchMedia('(prefers-color-scheme: dark)');
const kept = localStorage.getItem(stored);

// theme is what was chosen, shade what is shown: plots are drawn anew when it changes.
export const theme = signal(themes.includes(kept) ? kept : 'system');
export const shade = signal('light');

export function setTheme(name) {
  localStorage.setItem(stored, name);
  theme.value = name;
  apply();
}

function apply() {
  const name = theme.value === 'system' ? (dark.matches ? 'dark' : 'light') : theme.value;
  document.documentElement.dataset.theme = name;
  shade.value = name;
}

dark.addEventListener('change', apply);
apply();

// color is a colour of the theme, for what is drawn on a canvas: color('--accent').
export const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// The start of the console: who is logged in, then the page of the address.
import { html, render } from './kernel/view.js';
import { findSession } from './kernel/session.js';
import { language, needTexts, speak } from './kernel/text.js';
import { place } from './kernel/router.js';
import './kernel/theme.js';
import { Shell } from './pages/shell/shell.js';


place.watch(({ query }) => {
  if (query.lang && query.lang !== language.value) speak(query.lang);
});

async function start() {
  const root = document.getElementById('app');
  document.documentElement.lang = language.value === 'zh' ? 'zh-CN' : 'en';
  await Promise.all([needTexts(), findSession()]);
  render(html`<${Shell} />`, root);
}

start();

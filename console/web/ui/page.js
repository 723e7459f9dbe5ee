// The frame of a page: its heading, what can be done, and its content.
import { cx, html, useEffect } from '../kernel/view.js';
import { href } from '../kernel/router.js';

// Page names the document after its title. crumbs are [text, path] of the pages above it.
export function Page({ title, crumbs = [], actions, note, children, class: more, full }) {
  useEffect(() => { document.title = `${title} · opsledger`; }, [title]);
  return html`<article class=${cx('page', full && 'full', more)}>
    <header class="page-head">
      <div class="page-title">${crumbs.length > 0 && html`<nav class="crumbs">${crumbs.map(([text, path]) => html`<a key=${path} href=${href(path)}>${text}</a><span aria-hidden="true">/</span>`)}</nav>`}
        <h1 tabindex="-1">${title}</h1>${note && html`<span class="page-note">${note}</span>`}</div>
      ${actions && html`<div class="page-actions">${actions}</div>`}
    </header>
    ${children}
  </article>`;
}

// Panel is a part of a page with a heading.
export function Panel({ title, note, actions, children, class: more, flush }) {
  return html`<section class=${cx('panel', flush && 'flush', more)}>
    ${title && html`<header><h2>${title}</h2>${note && html`<span class="dim">${note}</span>`}<span class="grow" />${actions}</header>`}
    <div class="panel-body">${children}</div>
  </section>`;
}

// Facts are names and values: [[name, value], …]; those without a value are left out.
export const Facts = ({ of }) => html`<dl class="facts">${of.filter((f) => f && f[1] !== undefined && f[1] !== '').map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;

// Small things that say how something is.
import { cx, html } from '../kernel/view.js';
import { t, has } from '../kernel/text.js';
import { agoTime, fullTime, parseTime, shortTime } from '../kernel/time.js';
import { Button } from './button.js';
import { Icon } from './icon.js';

// Badge has a kind: 'good', 'wait', 'bad', 'accent' or none.
export const Badge = ({ kind = '', children, title }) => html`<span class=${cx('badge', kind)} title=${title}>${children}</span>`;

const kinds = { INSYNC: 'good', PENDING: 'wait', FAILED: 'bad' };

// LiveState says how far a change, or a server, is: INSYNC, PENDING or FAILED.
export function LiveState({ state, title, testid = 'live-state', percent }) {
  const text = has(`ui.state.${state}`) ? t(`ui.state.${state}`) : state;
  return html`<span class=${cx('live', kinds[state])} data-testid=${testid} data-state=${state} title=${title}><i aria-hidden="true"></i>${text}${percent !== undefined && percent < 100 && state === 'PENDING' ? ` ${percent} %` : ''}</span>`;
}

export const Dot = ({ kind }) => html`<span class=${cx('dot', kind)} aria-hidden="true"></span>`;

// Time shows when something was; the whole time stands in its title. form is 'ago', 'short' or 'full'.
export function Time({ value, form = 'ago' }) {
  const date = parseTime(value);
  if (!date) return html`<span class="dim">–</span>`;
  const text = { ago: agoTime, short: shortTime, full: fullTime }[form](date);
  return html`<time datetime=${date.toISOString()} title=${fullTime(date)} class="time">${text}</time>`;
}

export const Spinner = () => html`<span class="spinner" role="status"><span class="unseen">${t('ui.loading')}</span></span>`;

// Skeleton stands where data will be, so that nothing jumps when it comes.
export const Skeleton = ({ lines = 3 }) => html`<div class="skeleton" aria-busy="true"><span class="unseen" role="status">${t('ui.loading')}</span>${Array.from({ length: lines }, (_, i) => html`<i key=${i} />`)}</div>`;

// Empty says that there is nothing, and what to do about it.
export const Empty = ({ icon = 'info', title, children, action }) => html`<div class="empty"><${Icon} name=${icon} size=${22} /><p class="empty-title">${title}</p>${children && html`<p>${children}</p>`}${action}</div>`;

// Loaded shows children(data) once there is data, what failed, or that it is yet to come.
export function Loaded({ of, children, lines }) {
  if (of.data !== undefined && !(of.error && of.error.status === 404)) return html`${of.error && html`<${Failed} of=${of} />`}${children(of.data)}`;
  if (of.error) return html`<${Failed} of=${of} />`;
  return html`<${Skeleton} lines=${lines} />`;
}

const Failed = ({ of }) => html`<div class="failure" role="alert"><p>${of.error.message}</p><${Button} small icon="refresh" onClick=${of.reload}>${t('ui.again')}<//></div>`;

// Progress is a bar of so many percent.
export const Progress = ({ percent, label, kind }) => html`<span class=${cx('progress', kind)} role="progressbar" aria-valuenow=${percent} aria-valuemin="0" aria-valuemax="100" aria-label=${label}><i style=${{ width: `${Math.max(0, Math.min(100, percent))}%` }} /></span>`;

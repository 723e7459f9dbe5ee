// Times, in the zone of the user's browser, with the offset so that nobody has to guess.
import { language, t } from './text.js';

const pad = (n, width = 2) => String(Math.abs(n)).padStart(width, '0');

// serverZone is the zone of the times that the DNS dialect writes without one.
let serverZone = 'UTC';
export const setServerZone = (zone) => { serverZone = zone || 'UTC'; };

// parseTime reads what the API writes: RFC 3339, seconds, or a time without a zone. It is null for none.
export function parseTime(value) {
  if (value === null || value === undefined || value === '' || value === 0) return null;
  if (value instanceof Date) return value;
  if (typeof value === 'number') return new Date(value * 1000);
  const text = String(value);
  if (/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(text)) return inServerZone(text);
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? null : date;
}

function inServerZone(text) {
  const wall = new Date(`${text.replace(' ', 'T')}Z`).getTime();
  const once = wall - offsetOf(serverZone, wall);
  return new Date(wall - offsetOf(serverZone, once)); // the offset of that moment, not of the wall's
}

function offsetOf(zone, moment) {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric',
  }).formatToParts(moment);
  const part = (type) => Number(parts.find((p) => p.type === type).value);
  const wall = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return wall - Math.floor(moment / 1000) * 1000;
}

export function offset(date = new Date()) {
  const minutes = -date.getTimezoneOffset();
  return `${minutes < 0 ? '−' : '+'}${pad(Math.trunc(minutes / 60))}:${pad(minutes % 60)}`;
}

const day = (d) => `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())}`;
const clock = (d) => `${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}`;

// fullTime is 2026-12-01 16:31:05 +08:00.
export function fullTime(value) {
  const date = parseTime(value);
  return date ? `${day(date)} ${clock(date)} ${offset(date)}` : '';
}

// shortTime is the clock of today, and the day of any other.
export function shortTime(value) {
  const date = parseTime(value);
  if (!date) return '';
  return day(date) === day(new Date()) ? clock(date) : `${day(date)} ${clock(date).slice(0, 5)}`;
}

const steps = [[60, 'second', 1], [3600, 'minute', 60], [86400, 'hour', 3600], [86400 * 30, 'day', 86400], [86400 * 365, 'month', 86400 * 30]];

// agoTime says how long ago it was, or in how long it will be.
export function agoTime(value) {
  const date = parseTime(value);
  if (!date) return '';
  const seconds = (date.getTime() - Date.now()) / 1000;
  if (Math.abs(seconds) < 5) return t('ui.justNow');
  const [, unit, size] = steps.find(([below]) => Math.abs(seconds) < below) ?? [0, 'year', 86400 * 365];
  return new Intl.RelativeTimeFormat(language.value, { numeric: 'auto', style: 'short' }).format(Math.round(seconds / size), unit);
}

// inputTime is the form of <input type="datetime-local">, and fromInput what it means.
export const inputTime = (date) => `${day(date)}T${clock(date)}`;
export const fromInput = (text) => (text ? new Date(text).toISOString() : '');

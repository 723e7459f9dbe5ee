// Plots of what changes with time. The library is loaded with the first plot.
import { html, useEffect, useRef } from '../kernel/view.js';
import { useSignal } from '../kernel/signal.js';
import { color, shade } from '../kernel/theme.js';

let library;
const loadLibrary = () => (library ??= import('../lib/uplot.js').then((m) => m.default));

// Plot draws series over seconds: data is [times, values, …], series [{ label, color: '--accent', unit }].
export function Plot({ data, series, height = 120, label, min = 0, max }) {
  const element = useRef(null);
  const plot = useRef(null);
  const shadeNow = useSignal(shade);
  useEffect(() => {
    let over = false;
    let watcher;
    loadLibrary().then((UPlot) => {
      const at = element.current; // which is gone before the effect's end is told
      if (over || !at) return;
      plot.current = new UPlot(options(at.clientWidth, height, series, min, max), data, at);
      watcher = new ResizeObserver(() => plot.current?.setSize({ width: at.clientWidth, height }));
      watcher.observe(at);
    });
    return () => {
      over = true;
      watcher?.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [shadeNow, series.map((s) => s.label).join(), height]);
  useEffect(() => { plot.current?.setData(data); }, [data]);
  return html`<div class="plot" ref=${element} role="img" aria-label=${label}></div>`;
}

function options(width, height, series, min, max) {
  const axis = { stroke: color('--dim'), grid: { stroke: color('--line'), width: 1 }, ticks: { show: false }, font: '11px system-ui' };
  return {
    width, height, legend: { show: false }, cursor: { points: { size: 6 } }, padding: [8, 4, 0, 0],
    scales: { x: { range: () => [Date.now() / 1000 - span, Date.now() / 1000] }, y: { range: (u, low, high) => [min, max ?? Math.max(1, (high ?? 0) * 1.15)] } },
    axes: [{ ...axis, size: 22, space: 70, values: (u, ticks) => ticks.map(clock) }, { ...axis, size: 42, space: 28, values: (u, ticks) => ticks.map(short) }],
    series: [{}, ...series.map((s) => ({ label: s.label, stroke: color(s.color), width: 1.5, fill: s.fill ? color(s.fill) : undefined, points: { show: false } }))],
  };
}

const span = 300; // seconds that a plot shows

const clock = (seconds) => new Date(seconds * 1000).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
const short = (n) => (n >= 1e6 ? `${n / 1e6}M` : n >= 1e3 ? `${n / 1e3}k` : String(Math.round(n * 100) / 100));

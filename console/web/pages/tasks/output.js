// The output of an attempt, followed as it is printed.
import { readMessages } from '../../kernel/events.js';
import { useEffect, useRef, useState } from '../../kernel/view.js';

/**
 * useOutput follows the output of a task's attempt, or of the newest for 0. It returns { lines, missing, state, error }, where
 * lines is one array that grows, each { line, at, err, text } or { from, to } for lines that are not kept. The component is
 * drawn anew once for each frame in which something came, however many lines that were.
 */
export function useOutput(task, attempt) {
  const [, draw] = useState(0);
  const held = useRef(null);
  if (held.current?.task !== task || held.current?.attempt !== attempt) held.current = new Output(task, attempt);
  const output = held.current;
  useEffect(() => {
    output.onChange = () => draw((n) => n + 1);
    output.follow();
    return () => output.stop();
  }, [output]);
  return output;
}

class Output {
  constructor(task, attempt) {
    this.task = task;
    this.attempt = attempt;
    this.lines = [];
    this.state = '';
    this.ended = false;
    this.error = null;
    this.last = ''; // id of the last message that came, behind which the stream is resumed
    this.onChange = () => {};
  }

  async follow() {
    this.control = new AbortController();
    const { signal } = this.control;
    for (let wait = 300; !signal.aborted && !this.ended; wait = Math.min(wait * 2, 5000)) {
      try {
        if (await this.connect(signal)) wait = 300;
        this.error = null;
      } catch (error) {
        if (signal.aborted) return;
        this.error = error;
      }
      this.changed();
      if (!this.ended) await new Promise((resolve) => { setTimeout(resolve, wait); });
    }
  }

  stop() {
    this.control?.abort();
    cancelAnimationFrame(this.frame);
    this.frame = 0;
  }

  /** connect reads the stream to its end, and says whether anything came. */
  async connect(signal) {
    const headers = { Accept: 'text/event-stream' };
    if (this.last) headers['Last-Event-ID'] = this.last;
    const query = this.attempt && !this.last ? `?attempt=${this.attempt}` : '';
    const response = await fetch(`/v1/tasks/${this.task}/log${query}`, { headers, signal, credentials: 'same-origin', cache: 'no-store' });
    if (response.status === 204) this.ended = true;
    if (response.status === 204) return true;
    if (!response.ok) throw new Error((await response.json().catch(() => ({}))).error ?? `HTTP ${response.status}`);
    const before = this.lines.length;
    await readMessages(response.body, (message) => this.take(message));
    return this.lines.length > before;
  }

  take(message) {
    if (message.id) this.last = message.id;
    if (!message.data) return;
    const data = JSON.parse(message.data);
    if (message.event === 'end') {
      this.ended = true;
      this.state = data.state;
    } else {
      this.lines.push(data); // a line, or { from, to } of those that are missing
    }
    this.changed();
  }

  changed() {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.onChange();
    });
  }
}

/** readOutput returns at most so many lines of an attempt, at once. */
export async function readOutput(get, task, attempt, most) {
  const lines = [];
  for (let after = 0; lines.length < most;) {
    const page = await get(`/v1/tasks/${task}/log`, { attempt, after, count: 1000 });
    lines.push(...page.lines);
    if (page.end || page.after === after) break;
    after = page.after;
  }
  return lines.slice(0, most);
}

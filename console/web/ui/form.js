// A form: its values, the errors of its fields as the API names them, and its submission.
import { html, useState } from '../kernel/view.js';

// useForm keeps the values of a form. submit(values) is what sends it; what it throws is shown at the field that is to
// blame, or above the buttons. at(name) is what an Input of the field needs.
export function useForm(initial, submit) {
  const [values, setValues] = useState(initial);
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const set = (changes) => {
    setValues((v) => ({ ...v, ...changes }));
    setProblem((p) => (p?.field && p.field in changes ? null : p));
  };
  const send = async (event) => {
    event?.preventDefault();
    if (busy) return undefined;
    setBusy(true);
    setProblem(null);
    try {
      return await submit(values);
    } catch (error) {
      setProblem(error);
      return undefined;
    } finally {
      setBusy(false);
    }
  };
  const names = Object.keys(values);
  const at = (name) => ({
    value: values[name],
    onValue: (value) => set({ [name]: value }),
    error: problem && fieldOf(problem.field) === name ? problem.message : undefined,
  });
  const general = problem && !names.includes(fieldOf(problem.field)) ? problem : null;
  return { values, set, at, busy, send, error: general, problem, reset: (to) => { setValues(to ?? initial); setProblem(null); } };
}

// fieldOf is the field of the form that "restrict.zones[1]" is of.
const fieldOf = (name = '') => name.split(/[.[]/)[0];

// Failure says why something did not work.
export function Failure({ error }) {
  if (!error) return null;
  return html`<div class="failure" role="alert"><p>${error.message}</p>
    ${error.conflicts?.length > 0 && html`<ul>${error.conflicts.map((c) => html`<li><b>${c.resource}</b> ${c.error} <span class="dim">#${c.position}</span></li>`)}</ul>`}
    ${error.lines?.length > 0 && html`<ul>${error.lines.slice(0, 50).map((l) => html`<li><span class="mono">${l.line}</span> ${l.error}</li>`)}</ul>`}
  </div>`;
}

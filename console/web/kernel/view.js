// What pages are written with: one place for the view library, so that it can be replaced.
import { h } from '../lib/preact.js';
import htm from '../lib/htm.js';

export { render, Fragment, Component, createContext, createPortal } from '../lib/preact.js';
export {
  useState, useEffect, useLayoutEffect, useMemo, useRef, useCallback, useReducer, useContext, useId, useErrorBoundary,
} from '../lib/hooks.js';

export const html = htm.bind(h);

// cx joins the names of classes that are given.
export const cx = (...names) => names.filter(Boolean).join(' ');

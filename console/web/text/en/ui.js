// Words that many pages use.
export default {
  add: 'Add', save: 'Save', cancel: 'Cancel', close: 'Close', confirm: 'Confirm', edit: 'Edit', delete: 'Delete', apply: 'Apply', preview: 'Preview', copy: 'Copy', copied: 'Copied',
  again: 'Try again', loading: 'Loading…', actions: 'Actions', more: 'More', all: 'All', none: 'None', yes: 'Yes', no: 'No', optional: 'optional', filter: 'Filter', search: 'Search',
  name: 'Name', description: 'Description', created: 'Created', changed: 'Changed', by: 'By', state: 'State', since: 'Since', time: 'Time', error: 'Error', type: 'Type', value: 'Value', comment: 'Comment', position: 'Position',
  saved: 'Saved', deleted: '{name} is deleted', undo: 'Undo', details: 'Details', history: 'History', settings: 'Settings',
  pages: 'Pages', previous: 'Previous', next: 'Next', total: { one: '{n} entry', other: '{n} entries' }, range: '{from}–{to} of {total}', loadMore: 'Load more',
  justNow: 'just now', unknown: 'not known', notAllowed: 'You may not do this', readOnlyPast: 'The past cannot be changed',
  'state.INSYNC': 'Live', 'state.PENDING': 'On its way', 'state.FAILED': 'Failed',
};

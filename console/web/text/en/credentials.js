export default {
  add: 'Add credential', none: 'No credentials yet', hint: 'Programs act with credentials in place of a login, within the rights of their user and the bounds given here.', made: 'The credential is made', once: 'The secret is shown this one time. Keep it where the program finds it.', secret: 'Secret', kept: 'I have kept it',
  keyName: 'Name of the key', algorithm: 'Algorithm', token: 'Token', tsig: 'TSIG key for DNS messages', actsFor: 'Acts for', myself: 'Myself', serviceOnly: 'Of others, service users alone.', bounds: 'Bounds', unbounded: 'unbounded', lastUsed: 'Last used', inClear: 'seen in clear', expires: 'Ends', never: 'never',
  readOnly: 'Read only', view: 'View', allViews: 'All views', zones: 'Zones', names: 'Names', types: 'Record types', patternHint: '* is one label, ** any number of them.', end: 'End credential {name}', endBody: 'Programs that use it are refused at once. This cannot be undone.', endAction: 'End it', ended: '{name} has ended',
};

export default {
  hint: 'Options, logging and keys of all name servers; views and zones are generated around them.', changed: 'not applied yet', discard: 'Discard', check: 'Check', applied: 'The configuration is on its way to all servers',
  conflict: 'Somebody else changed the configuration meanwhile. Copy what you need, and reload the page.', previewTitle: 'Apply this configuration?', accepted: 'named accepts it.', same: 'Nothing is different.', difference: 'What is different',
  servers: { one: 'It goes to {n} server.', other: 'It goes to {n} servers.' }, former: 'Former texts', noFormer: 'It is as it came', show: 'Show',
};

export default {
  busy: 'Searching …', none: 'Nothing was found', all: 'Show all results', results: 'Search', details: 'Details', hint: 'Search names, values, addresses, users, machines and tasks.', found: { one: '{n} result', other: '{n} results' }, more: 'More', timedOut: 'Not all records were looked through yet.',
  'kinds.zone': 'Zone', 'kinds.record': 'Record', 'kinds.view': 'View', 'kinds.server': 'Server', 'kinds.machine': 'Machine', 'kinds.user': 'User', 'kinds.task': 'Task',
  replace: 'Replace everywhere', replaceTitle: 'Replace a value in many zones', find: 'Value to find', set: 'New value', ttl: 'New TTL', type: 'Type', zones: 'Zones', zonesHint: 'Patterns such as **.example.com, one a line. Empty: all zones.', preview: 'Preview', replacing: 'Replace {find} by {set}', settingTtl: 'TTL {ttl} for {find}',
};

export default {
  add: 'Add server', edit: 'Edit {name}', none: 'No servers yet', noneHint: 'Add a server, then enrol its agent on the host.',
  host: 'Host name', env: 'Environment', kind: 'Kind', master: 'Primary', slave: 'Secondary', lag: 'Lag', rate: 'Questions', zones: 'Zones', zone: 'Zone', view: 'View',
  monitoring: 'Items of the monitoring', zb_process: 'Process item', zb_port: 'Port item', zb_resolve: 'Resolve item', zb_rate: 'Rate item',
  away: 'Agent away', process: 'named runs', port: 'Port answers', resolve: 'Clients get answers', position: 'Proved up to', version: 'Version', upSince: 'Running since',
  behind: { one: '{n} behind', other: '{n} behind' }, refused: { one: '{n} refused', other: '{n} refused' },
  failedZones: 'Zones not served as the log says', noFailed: 'All zones are served as the log says', moreFailed: 'More is wrong than is listed here.',
  drift: 'Drift', noDrift: 'Nobody has changed this server past the log', olderDrift: 'Older findings are in the audit.', driftDifference: 'What the log says, and what was found', driftZones: { one: '{n} zone', other: '{n} zones' }, driftAdopted: { one: '{n} record taken over', other: '{n} records taken over' },
  'what.records': 'Records', 'what.serial': 'Serial', 'what.zone_missing': 'Zone missing', 'what.zone_added': 'Zone that is not in the log', 'what.configuration': 'Configuration', 'what.process': 'Process of named', 'what.many': 'Many zones',
  'done.repaired': 'Repaired', 'done.adopted': 'Taken over', 'done.reported': 'Left as it is', onDrift: 'What becomes of drift', onDriftIs: 'On drift: {mode}', 'mode.repair': 'Repair', 'mode.adopt': 'Take over', 'mode.report': 'Report',
  'modeHint.repair': 'The server gets again what the log says.', 'modeHint.adopt': 'Records that somebody changed there are changed in the log, by the rules of any change. All else is repaired.', 'modeHint.report': 'The server keeps what it has, and fails for that zone, until the zone or this setting changes.',
  deleteTitle: 'Delete server {name}?', deleteBody: 'Its agent gets no more changes, and its privileges end. It can be undone in the audit.',
};

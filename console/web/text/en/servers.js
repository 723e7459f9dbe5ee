export default {
  add: 'Add server', edit: 'Edit {name}', none: 'No servers yet', noneHint: 'Add a server, then enrol its agent on the host.',
  host: 'Host name', env: 'Environment', kind: 'Kind', master: 'Primary', slave: 'Secondary', lag: 'Lag', rate: 'Questions', zones: 'Zones', zone: 'Zone', view: 'View',
  monitoring: 'Items of the monitoring', zb_process: 'Process item', zb_port: 'Port item', zb_resolve: 'Resolve item', zb_rate: 'Rate item',
  away: 'Agent away', process: 'named runs', port: 'Port answers', resolve: 'Clients get answers', position: 'Proved up to', version: 'Version', upSince: 'Running since',
  behind: { one: '{n} behind', other: '{n} behind' }, refused: { one: '{n} refused', other: '{n} refused' },
  failedZones: 'Zones not served as the log says', noFailed: 'All zones are served as the log says', moreFailed: 'More is wrong than is listed here.',
  deleteTitle: 'Delete server {name}?', deleteBody: 'Its agent gets no more changes, and its privileges end. It can be undone in the audit.',
};

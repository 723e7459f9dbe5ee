export default {
  matrix: 'Name servers and views', server: 'Server', changes: 'Changes', tasks: 'Tasks', liveServers: 'Servers live', zones: 'Zones', rate: 'Questions', lag: 'Largest lag', hosts: 'Hosts online', running: 'Tasks under way',
  failedIn: { one: '{n} zone of {view} fails on {server}', other: '{n} zones of {view} fail on {server}' }, noSamples: 'The plots begin in a moment', noChanges: 'Nothing was changed yet', noTasks: 'No tasks yet',
  andMore: { one: 'and {n} more', other: 'and {n} more' }, needs: 'Needs somebody', allWell: 'Everything that the log says is live.',
  'need.away': 'The agent of {name} is away', 'need.server': '{name} does not serve as the log says', 'need.zones': { one: '{n} zone is not served as the log says', other: '{n} zones are not served as the log says' },
  'need.drift': { one: '{name} was changed past the log, {n} time in a day', other: '{name} was changed past the log, {n} times in a day' }, 'need.rollout': 'Rollout #{n} was stopped',
  'need.host': 'Host {name} is offline', 'need.duplicate': 'Two processes run as host {name}', 'need.task': 'Task failed: {name}',
  'task.created': 'Planned', 'task.queued': 'Queued', 'task.running': 'Running', 'task.succeeded': 'Succeeded', 'task.failed': 'Failed', 'task.cancelled': 'Cancelled', 'task.expired': 'Expired', 'task.unknown': 'Unknown',
  'task.revert_queued': 'Revert queued', 'task.reverting': 'Reverting', 'task.reverted': 'Reverted', 'task.revert_failed': 'Revert failed',
  'event.RecordAdded': 'Record added', 'event.RecordUpdated': 'Record changed', 'event.RecordDeleted': 'Record deleted', 'event.ZoneCreated': 'Zone created', 'event.ZoneUpdated': 'Zone changed', 'event.ZoneDeleted': 'Zone deleted', 'event.ZoneRestored': 'Zone restored', 'event.ZoneSettingsChanged': 'Zone settings',
  'event.ViewCreated': 'View created', 'event.ViewUpdated': 'View changed', 'event.ViewDeleted': 'View deleted', 'event.ViewsOrdered': 'Views ordered', 'event.ServerCreated': 'Server added', 'event.ServerUpdated': 'Server changed', 'event.ServerDeleted': 'Server deleted', 'event.ServerEnrolled': 'Server enrolled', 'event.ServerWithdrawn': 'Server withdrawn', 'event.BindConfChanged': 'BIND configuration', 'event.ZoneImported': 'Zone imported', 'event.FleetChanged': 'Name server set',
};

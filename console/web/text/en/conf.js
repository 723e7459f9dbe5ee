export default {
  hint: 'Options, logging and keys of all name servers; views and zones are generated around them.', changed: 'not applied yet', discard: 'Discard', check: 'Check', applied: 'The configuration is on its way to all servers',
  conflict: 'Somebody else changed the configuration meanwhile. Copy what you need, and reload the page.', previewTitle: 'Apply this configuration?', accepted: 'named accepts it.', same: 'Nothing is different.', difference: 'What is different',
  servers: { one: 'It goes to {n} server.', other: 'It goes to {n} servers.' }, plan: 'Stages', noPlan: 'No stages', noPlanHint: 'A new configuration goes to all servers at once.', stages: 'Stages, one a line', stagesHint: 'Names of environments or hosts. Servers that no line names are the last stage; without lines there are no stages.',
  soak: 'Seconds that a stage has to be well', soakHint: 'Before the next stage gets the configuration.', soakIs: { one: 'Each stage is watched for {n} second.', other: 'Each stage is watched for {n} seconds.' }, stage: 'Stage {n}', allOthers: 'all other servers', noServers: 'No server with an agent',
  rollout: 'Rollout', 'rollout.running': 'Stage {n} of {of}', 'rollout.done': 'Done', 'rollout.stopped': 'Stopped', continue: 'Next stage now', stop: 'Stop', stopTitle: 'Stop the rollout?', stopBody: 'All servers get back the configuration that it replaced.',
  reachedAt: 'reached with #{position}', notReached: 'waits', hereNow: 'is watched, {n} s', atOnce: 'To all servers at once, without stages',
  former: 'Former texts', noFormer: 'It is as it came', show: 'Show',
};

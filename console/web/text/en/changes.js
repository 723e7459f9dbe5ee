export default {
  apply: 'Apply', back: 'Back', undo: 'Undo', dismiss: 'Dismiss', deciding: 'Asking what this would do …',
  nothing: 'This changes nothing: it is so already.', notServed: 'No line of a served zone changes.', config: 'BIND configuration',
  more: 'There is more than is shown.', allLines: { one: 'Show the line', other: 'Show all {n} lines' },
  servers: { one: '{n} server is concerned:', other: '{n} servers are concerned:' },
  operation: 'Change {n}:', took: 'live in {ms} ms', ofServers: '{n} of {all} servers', behind: 'does not serve it yet', away: 'its agent is away',
  conflict: 'Somebody else has changed it meanwhile. Nothing was applied.', was: 'It was', theirs: 'It is now', mine: 'You want',
  mineOver: 'Preview mine over it', undoing: 'Undo: {what}', gone: 'deleted', lastBy: 'Last changed by {who}, {when}, by the door {door}.',
};

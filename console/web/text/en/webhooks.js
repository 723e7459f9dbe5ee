export default {
  add: 'Add webhook', edit: 'Edit webhook', none: 'No webhooks yet', hint: 'Events are sent to an address as they happen, by Standard Webhooks. A webhook sees what its maker may see.', url: 'Address', what: 'Events', everything: 'all events', actsAs: 'Acts as', cursor: 'Delivered up to', lastSuccess: 'Last success',
  actionsOf: 'Actions of webhook {id}', pause: 'Pause', resume: 'Resume', test: 'Send a test', rotate: 'New secret', delivered: 'Delivered in {ms} ms', deleteTitle: 'Delete this webhook?', deleted: 'The webhook is deleted', secret: 'Secret of the webhook',
  types: 'Types of events', typesHint: 'All where there are none.', resource: 'Resource', from: 'From position', fromHint: 'Empty: where it is.', 'state.ACTIVE': 'Delivering', 'state.FAILING': 'Failing', 'state.PAUSED': 'Paused',
};

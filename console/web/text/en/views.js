export default {
  title: 'Views and their clients', add: 'Add view', edit: 'Edit view {name}', delete: 'Delete view {name}', none: 'No views yet', noneHint: 'A view says which clients are served which records. Zones need one.',
  hint: 'A client is served by the first view whose list has its address. An admin moves a view by dragging it, by its arrows, or by Alt with ↑ and ↓.',
  acl: 'Clients', aclHint: 'One address, network, any, none or !exception in each line.', up: 'Move {name} up', down: 'Move {name} down',
  orderChanged: 'The order is not saved yet', saveOrder: 'Save the order', orderSaved: 'The order is saved', deleteTitle: 'Delete view {name}?', deleteBody: 'A view that zones use cannot be deleted. It can be undone in the audit.',
};

export default {
  moment: 'Moment that is shown', skip: 'Skip to the content', navigation: 'Navigation', noPage: 'There is no such page', broken: 'This page broke', updated: 'opsledger was updated under this page', reload: 'Reload',
  away: 'The connection is lost. Trying to reach opsledger again…',
  login: 'Log in', logout: 'Log out', username: 'Username', password: 'Password', wrongLogin: 'The name or the password is wrong', loginNote: 'Your local account, or your account of the directory.', localAccount: 'This is a local account',
  search: 'Search', searchHint: 'Search zones, records, addresses…', help: 'Keyboard', language: 'Language', theme: 'Theme', account: 'My account', user: 'User {name}',
  'themes.system': 'As the system', 'themes.light': 'Light', 'themes.dark': 'Dark',
  'stream.on': 'Changes appear by themselves', 'stream.opening': 'Connecting to the live changes', 'stream.off': 'No place for another live stream: this page looks for changes every few seconds', 'streamShort.on': 'Live', 'streamShort.opening': 'Connecting', 'streamShort.off': 'Not live',
  'group.dns': 'DNS', 'group.hosts': 'Hosts', 'group.log': 'Log', 'group.access': 'Access',
  'nav.overview': 'Overview', 'nav.zones': 'Zones', 'nav.views': 'Views & ACLs', 'nav.servers': 'Servers', 'nav.conf': 'BIND configuration', 'nav.tasks': 'Tasks', 'nav.machines': 'Machines', 'nav.logins': 'Who can log in',
  'nav.audit': 'Audit', 'nav.proof': 'Proof', 'nav.users': 'Users', 'nav.roles': 'Roles', 'nav.privileges': 'Privileges', 'nav.credentials': 'Credentials', 'nav.webhooks': 'Webhooks', 'nav.api': 'API',
  'keys.here': 'On this page', 'keys.goto': 'Go to', 'keys.rows': 'Through the rows of a table', 'keys.open': 'Open the row', 'keys.close': 'Close what is open', 'keys.tab': 'To the next field',
};

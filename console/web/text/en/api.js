export default {
  title: 'API', find: 'Find an operation', operations: 'Operations', count: { one: '{n} operation', other: '{n} operations' }, nothing: 'No such operation', replies: 'Replies', try: 'Try it with your session', body: 'Body', send: 'Send', dry: 'Dry run: decide, and change nothing',
};

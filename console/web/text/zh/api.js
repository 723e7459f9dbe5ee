export default {
  title: 'API', find: '查找接口', operations: '接口', count: { other: '{n} 个接口' }, nothing: '没有这样的接口', replies: '响应', try: '用当前会话试用', body: '请求体', send: '发送', dry: '试运行：只判定，不修改',
};

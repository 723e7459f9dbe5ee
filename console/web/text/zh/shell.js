export default {
  moment: '显示的时刻', skip: '跳到正文', navigation: '导航', noPage: '没有这个页面', broken: '页面出错', updated: 'opsledger 已更新，请重新加载页面', reload: '重新加载',
  away: '连接已断开，正在重新连接 opsledger…',
  login: '登录', logout: '退出登录', username: '用户名', password: '密码', wrongLogin: '用户名或密码错误', loginNote: '使用本地账号或目录账号登录。', localAccount: '这是本地账号',
  search: '搜索', searchHint: '搜索域名、记录、地址…', help: '键盘快捷键', language: '语言', theme: '主题', account: '我的账号', user: '用户 {name}',
  'themes.system': '跟随系统', 'themes.light': '浅色', 'themes.dark': '深色',
  'stream.on': '变更会自动显示', 'stream.opening': '正在连接实时变更', 'stream.off': '实时连接已满：本页每隔几秒查询一次变更', 'streamShort.on': '实时', 'streamShort.opening': '连接中', 'streamShort.off': '非实时',
  'group.dns': 'DNS', 'group.hosts': '主机', 'group.log': '日志', 'group.access': '权限',
  'nav.overview': '总览', 'nav.zones': '域名', 'nav.views': '视图与 ACL', 'nav.servers': '服务器', 'nav.conf': 'BIND 配置', 'nav.tasks': '任务', 'nav.machines': '机器', 'nav.logins': '谁能登录',
  'nav.audit': '审计', 'nav.proof': '证明', 'nav.users': '用户', 'nav.roles': '角色', 'nav.privileges': '权限项', 'nav.credentials': '凭据', 'nav.webhooks': 'Webhook', 'nav.api': 'API',
  'keys.here': '本页', 'keys.goto': '前往', 'keys.rows': '在表格的行间移动', 'keys.open': '打开该行', 'keys.close': '关闭打开的内容', 'keys.tab': '下一个字段',
};

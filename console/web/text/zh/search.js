export default {
  busy: '正在搜索…', none: '没有找到', all: '显示全部结果', results: '搜索', details: '详情', hint: '搜索名称、值、地址、用户、主机和任务。', found: { other: '{n} 个结果' }, more: '更多', timedOut: '尚未查遍全部记录。',
  'kinds.zone': '域名', 'kinds.record': '记录', 'kinds.view': '视图', 'kinds.server': '服务器', 'kinds.machine': '主机', 'kinds.user': '用户', 'kinds.task': '任务',
  replace: '批量替换', replaceTitle: '在多个域名中替换值', find: '要查找的值', set: '新值', ttl: '新 TTL', type: '类型', zones: '域名', zonesHint: '如 **.example.com 的模式，每行一个。留空：全部域名。', preview: '预览', replacing: '将 {find} 替换为 {set}', settingTtl: '将 {find} 的 TTL 设为 {ttl}',
};

export default {
  add: '添加服务器', edit: '编辑 {name}', none: '还没有服务器', noneHint: '先添加服务器，再在主机上注册代理。',
  host: '主机名', env: '环境', kind: '类型', master: '主', slave: '从', lag: '延迟', rate: '查询量', zones: '域名数', zone: '域名', view: '视图',
  monitoring: '监控项', zb_process: '进程监控项', zb_port: '端口监控项', zb_resolve: '解析监控项', zb_rate: '解析量监控项',
  away: '代理离线', process: 'named 运行中', port: '端口应答', resolve: '客户端可解析', position: '已证实到', version: '版本', upSince: '启动于',
  behind: { other: '{n} 个落后' }, refused: { other: '{n} 个被拒绝' },
  failedZones: '与日志不一致的域名', noFailed: '所有域名均与日志一致', moreFailed: '还有未列出的问题。',
  drift: '偏移', noDrift: '没有人绕过日志修改此服务器', olderDrift: '更早的记录在审计中。', driftDifference: '日志内容与实际内容', driftZones: { other: '{n} 个域名' }, driftAdopted: { other: '采纳了 {n} 条记录' },
  'what.records': '记录', 'what.serial': '序列号', 'what.zone_missing': '缺少域名', 'what.zone_added': '日志中没有的域名', 'what.configuration': '配置', 'what.process': 'named 进程', 'what.many': '多个域名',
  'done.repaired': '已修复', 'done.adopted': '已采纳', 'done.reported': '保留原样', onDrift: '偏移的处理方式', onDriftIs: '偏移处理：{mode}', 'mode.repair': '修复', 'mode.adopt': '采纳', 'mode.report': '仅报告',
  'modeHint.repair': '服务器恢复为日志的内容。', 'modeHint.adopt': '他人在服务器上修改的记录按普通变更的规则写入日志，其余一律修复。', 'modeHint.report': '服务器保留现状，该域名视为失败，直到域名或此设置改变。',
  deleteTitle: '删除服务器 {name}？', deleteBody: '其代理将不再收到变更，相关权限项也会失效。可在审计中撤销。',
};

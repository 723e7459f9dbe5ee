export default {
  matrix: '服务器与视图', server: '服务器', changes: '变更', tasks: '任务', liveServers: '已生效服务器', zones: '域名', rate: '查询量', lag: '最大延迟', hosts: '在线主机', running: '进行中的任务',
  failedIn: { other: '{server} 上视图 {view} 有 {n} 个域名失败' }, noSamples: '图表即将开始', noChanges: '还没有变更', noTasks: '还没有任务',
  andMore: { other: '等 {n} 项' }, needs: '需要处理', allWell: '日志中的一切均已生效。',
  'need.away': '{name} 的代理离线', 'need.server': '{name} 的服务与日志不一致', 'need.zones': { other: '{n} 个域名的服务与日志不一致' },
  'need.drift': { other: '{name} 在一天内被绕过日志修改 {n} 次' }, 'need.rollout': '下发 #{n} 已停止',
  'need.host': '主机 {name} 离线', 'need.duplicate': '有两个进程以主机 {name} 运行', 'need.task': '任务失败：{name}',
  'task.created': '已计划', 'task.queued': '排队中', 'task.running': '执行中', 'task.succeeded': '成功', 'task.failed': '失败', 'task.cancelled': '已取消', 'task.expired': '已过期', 'task.unknown': '未知',
  'task.revert_queued': '等待回滚', 'task.reverting': '回滚中', 'task.reverted': '已回滚', 'task.revert_failed': '回滚失败',
  'event.RecordAdded': '添加记录', 'event.RecordUpdated': '修改记录', 'event.RecordDeleted': '删除记录', 'event.ZoneCreated': '创建域名', 'event.ZoneUpdated': '修改域名', 'event.ZoneDeleted': '删除域名', 'event.ZoneRestored': '恢复域名', 'event.ZoneSettingsChanged': '域名设置',
  'event.ViewCreated': '创建视图', 'event.ViewUpdated': '修改视图', 'event.ViewDeleted': '删除视图', 'event.ViewsOrdered': '视图排序', 'event.ServerCreated': '添加服务器', 'event.ServerUpdated': '修改服务器', 'event.ServerDeleted': '删除服务器', 'event.ServerEnrolled': '注册服务器', 'event.ServerWithdrawn': '撤销服务器', 'event.BindConfChanged': 'BIND 配置', 'event.ZoneImported': '导入域名', 'event.FleetChanged': '名称服务器集合',
  'event.DriftFound': '发现偏移', 'event.RolloutPlanned': '计划阶段', 'event.RolloutStarted': '开始下发', 'event.RolloutStageReached': '下发进入下一阶段', 'event.RolloutEnded': '下发完成', 'event.RolloutStopped': '下发停止', 'event.ServerSettingsChanged': '服务器设置', 'event.ServerProved': '服务器列入 NS',
};

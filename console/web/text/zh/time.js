export default {
  moment: '时刻', slider: '日志中的时刻', now: '现在', live: '当前状态', readOnly: '过去，只读', backToNow: '回到现在', changeBefore: '上一次变更之前', changeAfter: '下一次变更之后', calendar: '选择日期和时间', keyTime: '查看其他时刻',
  momentHint: '位置（1021）、时间（2026-12-01 16:30）或多久以前（-90m、-2h、-3d）。', noMoment: '这不是一个时刻', from: '从', to: '到', compare: '对比', chooseMoments: '选择两个时刻', same: '没有差异', backToFirst: '恢复到前一时刻', moreRows: { other: '还有 {n} 项' },
  host: '主机', nothing: '没有发生过任何事', more: '更多', undo: '撤销', undoSince: '撤销此后的全部变更（含本次）', backTo: '将域名恢复到此前', seeBefore: '查看此前的页面', compareNow: '对比此前与现在', asItWas: '查看当时的页面',
  since: '#{position} 以来的全部变更', zoneBefore: '域名恢复到 #{position} 之前', zoneAt: '域名恢复到 #{position}', events: { other: '{n} 个事件' }, allEntries: { other: '显示全部 {n} 项' }, credential: '凭据',
  'doors.dns': 'DNS API', 'doors.ops': '运维 API', 'doors.v1': 'API v1', 'doors.console': '控制台', 'doors.pdns': 'PowerDNS', 'doors.powerdns': 'PowerDNS', 'doors.ddns': 'RFC 2136', 'doors.update': 'RFC 2136', 'doors.import': '导入', 'doors.revert': '撤销', 'doors.admin': '管理',
  'what.RecordAdded': '添加记录', 'what.RecordUpdated': '修改记录', 'what.RecordDeleted': '删除记录', 'what.ZoneAdded': '新建域名', 'what.ZoneUpdated': '修改域名', 'what.ZoneDeleted': '删除域名', 'what.ZoneRestored': '恢复域名', 'what.ZoneImported': '导入域名文件', 'what.ZoneSettingsChanged': '修改设置', 'what.RecordRestored': '恢复记录',
};

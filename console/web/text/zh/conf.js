export default {
  hint: '所有服务器的选项、日志与密钥；视图和域名会自动生成。', changed: '尚未应用', discard: '放弃', check: '检查', applied: '配置正在下发到所有服务器',
  conflict: '其他人同时修改了配置。请复制需要的内容并重新加载页面。', previewTitle: '应用此配置？', accepted: 'named 接受该配置。', same: '没有差异。', difference: '差异',
  servers: { other: '将下发到 {n} 台服务器。' }, plan: '阶段', noPlan: '没有阶段', noPlanHint: '新配置会同时下发到所有服务器。', stages: '阶段，每行一个', stagesHint: '环境名或主机名。未列出的服务器属于最后阶段；不填则没有阶段。',
  soak: '每个阶段须正常的秒数', soakHint: '之后下一阶段才会收到配置。', soakIs: { other: '每个阶段观察 {n} 秒。' }, stage: '第 {n} 阶段', allOthers: '其余服务器', noServers: '没有带代理的服务器',
  rollout: '分阶段下发', 'rollout.running': '第 {n} / {of} 阶段', 'rollout.done': '已完成', 'rollout.stopped': '已停止', continue: '立即进入下一阶段', stop: '停止', stopTitle: '停止下发？', stopBody: '所有服务器都将恢复之前的配置。',
  reachedAt: '于 #{position} 到达', notReached: '等待中', hereNow: '观察 {n} 秒', atOnce: '跳过阶段，立即下发到所有服务器',
  former: '历史配置', noFormer: '仍为初始配置', show: '查看',
};

export default {
  add: '添加 Webhook', edit: '编辑 Webhook', none: '还没有 Webhook', hint: '事件发生时按 Standard Webhooks 发送到指定地址。Webhook 只能看到其创建者可见的内容。', url: '地址', what: '事件', everything: '全部事件', actsAs: '身份', cursor: '已投递到', lastSuccess: '最近成功',
  actionsOf: 'Webhook {id} 的操作', pause: '暂停', resume: '恢复', test: '发送测试', rotate: '更换密钥', delivered: '{ms} 毫秒内送达', deleteTitle: '删除此 Webhook？', deleted: 'Webhook 已删除', secret: 'Webhook 密钥',
  types: '事件类型', typesHint: '留空为全部。', resource: '资源', from: '起始位置', fromHint: '留空：当前位置。', 'state.ACTIVE': '投递中', 'state.FAILING': '失败重试中', 'state.PAUSED': '已暂停',
};

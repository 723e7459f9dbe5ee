export default {
  add: '添加凭据', none: '还没有凭据', hint: '程序使用凭据代替登录，权限不超过其用户以及此处的限制。', made: '凭据已创建', once: '密钥只显示这一次，请妥善保存。', secret: '密钥', kept: '我已保存',
  keyName: '密钥名', algorithm: '算法', token: '令牌', tsig: '用于 DNS 报文的 TSIG 密钥', actsFor: '代表', myself: '我自己', serviceOnly: '其他用户仅限服务用户。', bounds: '限制', unbounded: '无限制', lastUsed: '最近使用', inClear: '曾明文出现', expires: '到期', never: '永不',
  readOnly: '只读', view: '视图', allViews: '全部视图', zones: '域名', names: '名称', types: '记录类型', patternHint: '* 为一级标签，** 为任意级。', end: '结束凭据 {name}', endBody: '使用它的程序将立即被拒绝。此操作不可撤销。', endAction: '结束', ended: '{name} 已结束',
};

export default {
  title: '视图与客户端', add: '添加视图', edit: '编辑视图 {name}', delete: '删除视图 {name}', none: '还没有视图', noneHint: '视图决定哪些客户端得到哪些记录。域名需要视图。',
  hint: '客户端由第一个包含其地址的视图服务。管理员可拖动视图，或用箭头、Alt 加 ↑ ↓ 移动。',
  acl: '客户端', aclHint: '每行一个地址、网段、any、none 或 !例外。', up: '上移 {name}', down: '下移 {name}',
  orderChanged: '顺序尚未保存', saveOrder: '保存顺序', orderSaved: '顺序已保存', deleteTitle: '删除视图 {name}？', deleteBody: '仍被域名使用的视图不能删除。可在审计中撤销。',
};

// 多个页面共用的词。
export default {
  add: '添加', save: '保存', cancel: '取消', close: '关闭', confirm: '确认', edit: '编辑', delete: '删除', apply: '应用', preview: '预览', copy: '复制', copied: '已复制',
  again: '重试', loading: '加载中…', actions: '操作', more: '更多', all: '全部', none: '无', yes: '是', no: '否', optional: '可选', filter: '筛选', search: '搜索',
  name: '名称', description: '说明', created: '创建时间', changed: '修改时间', by: '操作人', state: '状态', since: '自', time: '时间', error: '错误', type: '类型', value: '值', comment: '备注', position: '位置',
  saved: '已保存', deleted: '{name} 已删除', undo: '撤销', details: '详情', history: '历史', settings: '设置',
  pages: '分页', previous: '上一页', next: '下一页', total: { other: '共 {n} 条' }, range: '第 {from}–{to} 条，共 {total} 条', loadMore: '加载更多',
  justNow: '刚刚', unknown: '未知', notAllowed: '无权执行此操作', readOnlyPast: '过去的内容不可修改',
  'state.INSYNC': '已生效', 'state.PENDING': '生效中', 'state.FAILED': '失败',
};

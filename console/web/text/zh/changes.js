export default {
  apply: '应用', back: '返回', undo: '撤销', dismiss: '关闭', deciding: '正在预演此变更…',
  nothing: '没有任何变化：现状已是如此。', notServed: '所服务的域名内容没有任何一行改变。', config: 'BIND 配置',
  more: '还有未显示的内容。', allLines: { other: '显示全部 {n} 行' },
  servers: { other: '涉及 {n} 台服务器：' },
  operation: '第 {n} 项变更：', took: '{ms} 毫秒后生效', ofServers: '{n}/{all} 台服务器', behind: '尚未生效', away: '其代理不在线',
  conflict: '其他人已在此期间修改了它，什么都没有应用。', was: '原来', theirs: '现在', mine: '您想要',
  mineOver: '在其基础上预览我的修改', undoing: '撤销：{what}', gone: '已删除', lastBy: '最后由 {who} 于 {when} 通过 {door} 修改。',
};

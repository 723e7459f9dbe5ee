export default {
  hint: '所有服务器的选项、日志与密钥；视图和域名会自动生成。', changed: '尚未应用', discard: '放弃', check: '检查', applied: '配置正在下发到所有服务器',
  conflict: '其他人同时修改了配置。请复制需要的内容并重新加载页面。', previewTitle: '应用此配置？', accepted: 'named 接受该配置。', same: '没有差异。', difference: '差异',
  servers: { other: '将下发到 {n} 台服务器。' }, former: '历史配置', noFormer: '仍为初始配置', show: '查看',
};

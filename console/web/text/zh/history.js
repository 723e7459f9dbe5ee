export default {
  none: '还没有变更', by: '{name}，通过 {door}', asOf: '查看当时的页面', somebody: '某人',
};

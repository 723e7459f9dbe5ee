export default {
  none: '还没有变更', asOf: '查看当时的页面',
};

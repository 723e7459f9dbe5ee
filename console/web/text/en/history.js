export default {
  none: 'Nothing happened yet', by: '{name}, by {door}', asOf: 'See the page as it was then', somebody: 'somebody',
};

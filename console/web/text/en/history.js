export default {
  none: 'Nothing happened yet', asOf: 'See the page as it was then',
};

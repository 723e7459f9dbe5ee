// All components, so that a page imports them from one place.
export { Icon } from './icon.js';
export { Button, IconButton, LinkButton } from './button.js';
export { Checkbox, Field, Input, Select, TextArea } from './field.js';
export { Failure, useForm } from './form.js';
export { confirm, Dialog, FormDialog } from './dialog.js';
export { toast, toastError, warn } from './toast.js';
export { Menu } from './menu.js';
export { Pager, Table } from './table.js';
export { Badge, Dot, Empty, LiveState, Loaded, Progress, Skeleton, Spinner, Time } from './state.js';
export { Facts, Page, Panel } from './page.js';
export { Tabs } from './tabs.js';
export { Plot } from './plot.js';

// A zone as a master file, as it is served, or was.
import { t } from '../../kernel/text.js';
import { toast, toastError } from '../../ui/toast.js';
import { get } from '../../kernel/http.js';

// exportMenu are entries of a menu: a file for each view. The browser reads it as it comes.
export function exportMenu(zone, views, moment) {
  const address = (view) => `/v1/zones/${zone.id}/export?${new URLSearchParams({ view, ...(moment ? { as_of: moment } : {}) })}`;
  return views.flatMap((view) => [
    { text: t('zones.export', { view }), icon: 'download', run: () => download(address(view), `${zone.name}.${view}.zone`) },
    ...(views.length === 1 ? [{ text: t('zones.copyZone'), icon: 'copy', run: () => copy(zone.id, view).catch(toastError) }] : []),
  ]);
}

function download(address, name) {
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
}

async function copy(zone, view) {
  await navigator.clipboard.writeText(await get(`/v1/zones/${zone}/export`, { view }));
  toast(t('zones.copied'));
}

// Which events may be offered an undo.
import { asOf } from '../../kernel/router.js';
import { isAdmin } from '../../kernel/session.js';

/** Events that are never undone, or that follow from others: the API says so, too. */
const never = new Set([
  'UserRegistered', 'UserDeleted', 'UserPasswordChanged', 'UserLinked', 'UserKeysChanged', 'UserLoggedIn', 'LoginFailed', 'SessionEnded', 'LogKeyRotated',
  'CredentialAdded', 'CredentialDeleted', 'EnrolmentTokenAdded', 'EnrolmentTokenEnded', 'WebhookAdded', 'WebhookChanged', 'WebhookRotated', 'WebhookDeleted', 'ServerEnrolled', 'ServerWithdrawn',
  'ZonesRenumbered', 'ImportBegun', 'ImportVoided', 'HostEnrolled', 'HostWithdrawn', 'AttemptAccepted', 'CancelRequested', 'AttemptStarted',
  'AttemptProgressed', 'AttemptFinished', 'AttemptPresumed', 'RecordsStaged', 'AccountKeysSet', 'DriftFound',
]);

/** undoable says whether an undo of an event is offered. Who lacks the right of one of its inverses is refused by the API. */
export const undoable = (event) => !asOf.value && !never.has(event.type) && (isAdmin() || event.context !== 'access');

package feed

import (
	"strconv"
	"strings"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/access"
	"github.com/opsledger/opsledger/domain/dns"
	"github.com/opsledger/opsledger/domain/ops"
)

// The kinds of what events are on.
const (
	kindServer, kindView, kindZone, kindRecord                   = "server", "view", "zone", "record"
	kindUser, kindRole, kindPrivilege                            = "user", "role", "privilege"
	kindCredential                                               = "credential"
	kindMachine, kindTask, kindAccount                           = "machine", "task", "account"
	kindBindConf, kindFleet, kindViewOrder, kindRollout, kindAll = "bind_conf", "fleet", "view_order", "rollout", "zones"
	kindLogKey, kindWebhook                                      = "log_key", "webhook"
)

// subject is what an event is on.
type subject struct {
	kind string
	// id is that of a resource with a number, ref that of one with a text; neither of one of
	// which there is only one.
	id  int64
	ref string
	// name is what the event calls it, empty if it does not say.
	name string
	// zone is the zone that a record is in.
	zone int64
	// code is the permission code by which it is read, see [access.Entry].
	code int
}

func of(kind string, id int64, name string) subject { return subject{kind: kind, id: id, name: name} }

func ofRecord(id, zone int64, host string) subject {
	return subject{kind: kindRecord, id: id, name: host, zone: zone}
}

func ofTask(task string) subject {
	return subject{kind: kindTask, ref: task, code: access.CodeGetTask}
}

func ofMachine(id int64, name string) subject {
	return subject{kind: kindMachine, id: id, name: name, code: access.CodeGetMachine}
}

func ofAccount(machine int64, account string) subject {
	return subject{
		kind: kindAccount, ref: strconv.FormatInt(machine, 10) + "/" + account, name: account, code: access.CodeGetSSHKey,
	}
}

// subjectOf says what an event is on. An event that it does not know is for admin alone.
func subjectOf(e domain.Event) (s subject, known bool) {
	switch e.(type) {
	case access.UserRegistered, access.UserProfileChanged, access.UserRolesChanged, access.UserPermissionsChanged,
		access.UserPasswordChanged, access.UserLinked, access.UserDeleted, access.UserLoggedIn, access.LoginFailed,
		access.SessionEnded:
		s = ofUser(e)
	case ops.MachineAdded, ops.MachineUpdated, ops.MachineDeleted, ops.HostEnrolled, ops.HostWithdrawn,
		ops.UserKeysChanged, ops.AccountGranted, ops.AccountRevoked, ops.AccountKeysSet:
		s = ofHost(e)
	default:
		if s = ofDNS(e); s.kind == "" {
			s = ofOther(e)
		}
	}
	return s, s.kind != ""
}

func ofUser(e domain.Event) subject {
	switch e := e.(type) {
	case access.UserRegistered:
		return of(kindUser, int64(e.ID), e.Username)
	case access.UserProfileChanged:
		return of(kindUser, int64(e.ID), "")
	case access.UserRolesChanged:
		return of(kindUser, int64(e.ID), "")
	case access.UserPermissionsChanged:
		return of(kindUser, int64(e.ID), "")
	case access.UserPasswordChanged:
		return of(kindUser, int64(e.ID), "")
	case access.UserLinked:
		return of(kindUser, int64(e.ID), "")
	case access.UserDeleted:
		return of(kindUser, int64(e.ID), e.Username)
	case access.UserLoggedIn:
		return of(kindUser, int64(e.ID), "")
	case access.LoginFailed:
		return of(kindUser, int64(e.ID), "") // of nobody where nobody has the name
	case access.SessionEnded:
		return of(kindUser, int64(e.ID), "")
	default:
		return subject{}
	}
}

func ofDNS(e domain.Event) subject {
	switch e := e.(type) {
	case dns.ServerCreated:
		return of(kindServer, e.ID, e.Server.Host)
	case dns.ServerUpdated:
		return of(kindServer, e.ID, e.After.Host)
	case dns.ServerDeleted:
		return of(kindServer, e.ID, e.Server.Host)
	case dns.ServerEnrolled:
		return of(kindServer, e.ID, "")
	case dns.ServerProved:
		return of(kindServer, e.ID, "")
	case dns.ServerWithdrawn:
		return of(kindServer, e.ID, "")
	case dns.ServerSettingsChanged:
		return of(kindServer, e.ID, "")
	case dns.DriftFound:
		if e.ZoneID == 0 {
			return of(kindServer, e.ServerID, "")
		}
		return of(kindZone, e.ZoneID, e.Zone)
	case dns.ViewCreated:
		return of(kindView, e.ID, e.View.Name)
	case dns.ViewUpdated:
		return of(kindView, e.ID, e.After.Name)
	case dns.ViewDeleted:
		return of(kindView, e.ID, e.View.Name)
	case dns.ZoneCreated:
		return of(kindZone, e.ID, e.Zone.Name)
	case dns.ZoneUpdated:
		return of(kindZone, e.ID, e.After.Name)
	case dns.ZoneDeleted:
		return of(kindZone, e.ID, e.Zone.Name)
	case dns.ZoneRestored:
		return of(kindZone, e.ID, e.After.Name)
	case dns.ZoneSettingsChanged:
		return of(kindZone, e.ID, "")
	case dns.RecordAdded:
		return ofRecord(e.ID, e.ZoneID, e.Record.Host)
	case dns.RecordUpdated:
		return ofRecord(e.ID, e.ZoneID, e.After.Host)
	case dns.RecordDeleted:
		return ofRecord(e.ID, e.ZoneID, e.Record.Host)
	case dns.ImportBegun:
		return of(kindZone, e.ZoneID, "")
	case dns.RecordsStaged:
		return of(kindZone, e.ZoneID, "")
	case dns.ZoneImported:
		return of(kindZone, e.ZoneID, "")
	case dns.ImportVoided:
		return of(kindZone, e.ZoneID, "")
	default:
		return subject{}
	}
}

func ofHost(e domain.Event) subject {
	switch e := e.(type) {
	case ops.MachineAdded:
		return ofMachine(e.ID, e.Machine.Name)
	case ops.MachineUpdated:
		return ofMachine(e.ID, e.After.Name)
	case ops.MachineDeleted:
		return ofMachine(e.ID, e.Machine.Name)
	case ops.HostEnrolled:
		return ofMachine(e.ID, "")
	case ops.HostWithdrawn:
		return ofMachine(e.ID, "")
	case ops.UserKeysChanged:
		return subject{kind: kindUser, id: int64(e.User), code: access.CodeGetSSHKey}
	case ops.AccountGranted:
		return ofAccount(e.Machine, e.Account)
	case ops.AccountRevoked:
		return ofAccount(e.Machine, e.Account)
	case ops.AccountKeysSet:
		return ofAccount(e.Machine, e.Account)
	default:
		return subject{}
	}
}

func ofOther(e domain.Event) subject {
	switch e := e.(type) {
	case dns.BindConfChanged:
		return subject{kind: kindBindConf}
	case dns.FleetChanged:
		return subject{kind: kindFleet}
	case dns.ViewsOrdered:
		return subject{kind: kindViewOrder}
	case dns.RolloutPlanned, dns.RolloutStarted, dns.RolloutStageReached, dns.RolloutEnded, dns.RolloutStopped:
		return subject{kind: kindRollout}
	case dns.ZonesRenumbered:
		return subject{kind: kindAll}
	case access.RoleCreated:
		return of(kindRole, e.ID, e.Name)
	case access.RoleChanged:
		return of(kindRole, e.ID, e.Name)
	case access.RoleDeleted:
		return of(kindRole, e.ID, e.Name)
	case access.PrivilegeCreated:
		return of(kindPrivilege, e.ID, e.Privilege.Name)
	case access.PrivilegeChanged:
		return of(kindPrivilege, e.ID, e.After.Name)
	case access.PrivilegeDeleted:
		return of(kindPrivilege, e.ID, e.Privilege.Name)
	case access.LogKeyRotated:
		return subject{kind: kindLogKey}
	case access.CredentialAdded:
		return of(kindCredential, int64(e.ID), e.Name)
	case access.CredentialDeleted:
		return of(kindCredential, int64(e.ID), e.Name)
	case access.EnrolmentTokenAdded:
		return of(kindCredential, int64(e.ID), e.Target.Name)
	case access.EnrolmentTokenEnded:
		return of(kindCredential, int64(e.ID), e.Target.Name)
	case access.WebhookAdded:
		return of(kindWebhook, int64(e.ID), e.Webhook.Origin)
	case access.WebhookChanged:
		return of(kindWebhook, int64(e.ID), e.After.Origin)
	case access.WebhookRotated:
		return of(kindWebhook, int64(e.ID), "")
	case access.WebhookDeleted:
		return of(kindWebhook, int64(e.ID), e.Webhook.Origin)
	case ops.TaskCreated:
		return ofTask(e.Task)
	case ops.TaskDeleted:
		return ofTask(e.Task)
	case ops.TaskRestored:
		return ofTask(e.Task)
	case ops.AttemptAccepted:
		return ofTask(e.Task)
	case ops.CancelRequested:
		return ofTask(e.Task)
	case ops.AttemptStarted:
		return ofTask(e.Task)
	case ops.AttemptProgressed:
		return ofTask(e.Task)
	case ops.AttemptFinished:
		return ofTask(e.Task)
	case ops.AttemptPresumed:
		return ofTask(e.Task)
	default:
		return subject{}
	}
}

// ParseResource returns the tags of the events on a resource, which is written as kind and id
// with a colon between, or as the kind alone where there is only one. Those of a zone are also
// those on its records, those of a user also those on the user's logins and ssh keys.
func ParseResource(text string) (tags []domain.Tag, ok bool) {
	kind, ref, numbered := strings.Cut(text, ":")
	if !numbered {
		single := map[string]domain.Tag{
			kindBindConf: dns.TagBindConf, kindFleet: dns.TagFleet, kindViewOrder: dns.TagViewOrder, kindRollout: dns.TagRollout,
			kindAll: dns.TagRenumbering, kindLogKey: access.TagLogKey,
		}
		tag, ok := single[kind]
		return []domain.Tag{tag}, ok
	}
	switch kind {
	case kindTask:
		return []domain.Tag{ops.TagTask(ref)}, ops.IsTaskID(ref)
	case kindAccount:
		machine, account, cut := strings.Cut(ref, "/")
		id, err := strconv.ParseInt(machine, 10, 64)
		return []domain.Tag{ops.TagAccount(id, account)}, cut && err == nil && id > 0 && account != ""
	}
	id, err := strconv.ParseInt(ref, 10, 64)
	if err != nil || id < 1 || strconv.FormatInt(id, 10) != ref {
		return nil, false
	}
	tags = numberedTags(kind, id)
	return tags, tags != nil
}

func numberedTags(kind string, id int64) []domain.Tag {
	switch kind {
	case kindServer:
		return []domain.Tag{dns.TagServer(id)}
	case kindView:
		return []domain.Tag{dns.TagView(id)}
	case kindZone:
		return []domain.Tag{dns.TagZone(id), dns.TagZoneRecords(id)}
	case kindRecord:
		return []domain.Tag{dns.TagRecord(id)}
	case kindUser:
		user := domain.UserID(id)
		return []domain.Tag{access.TagUser(user), access.TagLogin(user), access.TagUserKeys(user)}
	case kindRole:
		return []domain.Tag{access.TagRole(id)}
	case kindPrivilege:
		return []domain.Tag{access.TagPrivilege(id)}
	case kindCredential:
		return []domain.Tag{access.TagCredential(domain.CredentialID(id))}
	case kindWebhook:
		return []domain.Tag{access.TagWebhook(access.WebhookID(id))}
	case kindMachine:
		return []domain.Tag{ops.TagMachine(id), ops.TagMachineAccounts(id)}
	default:
		return nil
	}
}

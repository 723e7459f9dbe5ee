package opsmodel

import (
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/ssh"

	"github.com/opsledger/opsledger/domain"
	"github.com/opsledger/opsledger/domain/ops"
	"github.com/opsledger/opsledger/projections/oplog"
)

// maxShown bounds how much of a task's content stands in an entry, in characters: each
// change of the task would repeat it.
const maxShown = 1000

// log adds an event's entry to the operation log.
func (b *batch) log(r domain.Recorded, operation string, on oplog.Target, texts oplog.Texts) error {
	operator, err := b.operators.Of(r)
	if err != nil {
		return err
	}
	b.entries = append(b.entries, oplog.New(r, operator, operation, on, texts))
	return nil
}

// logTask writes an entry for what somebody wanted of a task. What hosts report of
// attempts, and what the control plane presumes, is no operation.
func (b *batch) logTask(r domain.Recorded, was, is Task) error {
	operation := oplog.OperationChange
	switch r.Event.(type) {
	case ops.TaskCreated, ops.TaskRestored:
		operation = oplog.OperationAdd
	case ops.TaskDeleted:
		operation = oplog.OperationDelete
	case ops.AttemptAccepted, ops.CancelRequested:
	case ops.AttemptPresumed:
		// A cancellation that ends the attempt at once is of two events, and one entry.
		if r.Actor == domain.System || was.Attempt.Cancelling && was.Changed == r.Position-1 {
			return nil
		}
	default:
		return nil
	}
	target := oplog.Target{Type: oplog.TargetTask, Name: is.Name, ID: is.ID}
	return b.log(r, operation, target, oplog.TextsOf(operation, b.taskDetail(was), b.taskDetail(is)))
}

func (b *batch) taskDetail(t Task) *oplog.Detail {
	d := oplog.NewDetail()
	d.Number("id", t.ID)
	d.Line("任务ID", t.Name)
	d.Line("机器IP", t.IP)
	d.Line("指令", t.Order.Action)
	d.Line("更新目标", t.Order.Target)
	d.Line("版本号", t.Order.Version)
	d.Line("变更内容", shown(t.Order.Content))
	d.Line("变更描述", shown(t.Description))
	d.Line("创建人", t.CreatorName)
	d.Line("创建时间", t.Created.In(b.location).Format(time.DateTime))
	d.Line("状态", string(t.State))
	if t.Attempt.Cancelling && t.State.Open() {
		d.Line("取消", "是")
	}
	d.Line("执行人", t.Executor)
	return d
}

// shown is a text as far as an entry shows it.
func shown(text string) string {
	if utf8.RuneCountInString(text) <= maxShown {
		return text
	}
	return string([]rune(text)[:maxShown]) + "…"
}

func (b *batch) logMachine(r domain.Recorded, operation string, was, is Machine) error {
	target := oplog.Target{Type: oplog.TargetMachine, Name: is.Name, ID: is.ID}
	return b.log(r, operation, target, oplog.TextsOf(operation, machineDetail(was), machineDetail(is)))
}

func machineDetail(m Machine) *oplog.Detail {
	d := oplog.NewDetail()
	d.Number("id", m.ID)
	d.Line("机器名称", m.Name)
	d.Line("内网IP", m.InsideIP)
	d.Line("外网IP", m.OutsideIP)
	d.Line("机器用途", m.Usage)
	d.Number("是否初始化", int64(m.Initialized))
	d.Line("所在机房", m.Location)
	return d
}

// logKeys writes an entry for an event on ssh keys, which is on the user whose keys they
// are. What a machine is told in consequence is no operation.
func (b *batch) logKeys(r domain.Recorded) error {
	switch e := r.Event.(type) {
	case ops.UserKeysChanged:
		name := b.operators[e.User]
		was, is := keysDetail(name, e.Before), keysDetail(name, e.After)
		return b.log(r, oplog.OperationChange, keyTarget(e.User, name), oplog.Changed(was, is))
	case ops.AccountGranted:
		return b.log(r, oplog.OperationAdd, keyTarget(e.User, e.Username), b.grantTexts(e.Username, e.Machine, e.Account))
	case ops.AccountRevoked:
		return b.log(r, oplog.OperationDelete, keyTarget(e.User, e.Username), b.grantTexts(e.Username, e.Machine, e.Account))
	default:
		return nil
	}
}

func keyTarget(user domain.UserID, name string) oplog.Target {
	return oplog.Target{Type: oplog.TargetSSHKey, Name: name, ID: int64(user)}
}

// keysDetail shows keys by their fingerprints, as /v1/access does.
func keysDetail(username string, keys []string) *oplog.Detail {
	d := oplog.NewDetail()
	d.Line("用户名", username)
	for _, key := range keys {
		kind, _, _ := strings.Cut(key, " ")
		fingerprint := "?"
		if public, _, _, _, err := ssh.ParseAuthorizedKey([]byte(key)); err == nil {
			fingerprint = ssh.FingerprintSHA256(public)
		}
		d.Line("公钥", kind+" "+fingerprint)
	}
	return d
}

func (b *batch) grantTexts(username string, machine int64, account string) oplog.Texts {
	d := oplog.NewDetail()
	d.Line("用户名", username)
	if m, exists := b.machines.Get(machine); exists {
		d.Line("机器名称", m.Name)
		d.Line("内网IP", m.InsideIP)
	}
	d.Line("系统账号", account)
	return oplog.Stated(d)
}
